"""What columns were learnt as, in words; and how notebooks show that, and what became of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.displays import Html, display, folded, paragraph, some_of, table, warning
from chainrule.tables.encoding.categories import BinaryInput, CategoryInput
from chainrule.tables.encoding.dates import CycleInput, DateInput, spread_in_words
from chainrule.tables.encoding.numbers import MissingInput
from chainrule.tables.encoding.statistics import Spread
from chainrule.tables.encoding.targets.classes import ClassTarget
from chainrule.tables.encoding.targets.constant import ConstantTarget
from chainrule.tables.encoding.targets.dates import DateTarget
from chainrule.tables.encoding.targets.numbers import NumberTarget
from chainrule.tables.encoding.texts import TextInput
from chainrule.tables.encoding.worked import worked_value
from chainrule.words import counted, named, series, shortened, told_apart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainrule.tables.encoding.encoding import Encoding, InputPart, TargetPart
    from chainrule.tables.encoding.report import Report

__all__ = ["encoding_display", "encoding_parts", "learnt_as", "report_display", "report_parts"]

MOST_COLUMNS, MOST_WARNINGS, LONGEST_NAME, ROOM = 40, 20, 28, 80


def learnt_as(part: InputPart | TargetPart, room: int) -> str:  # noqa: PLR0911 (one for each kind)
    """What a column was learnt as."""
    missing = ", missing" if getattr(part, "has_missing", False) else ""
    match part:
        case ClassTarget():
            kind = "one unit" if part.one_unit else "classes"
            return f"{kind}: {shortened(part.labels, room - len(kind) - 2)}"
        case ConstantTarget():
            return f"constant: {part.label if part.number is None else f'{part.number:g}'}"
        case CategoryInput():
            return f"classes: {shortened(part.categories, room - 25)}{', rest' * part.has_rest}{missing}"
        case BinaryInput():
            return f"0 or 1: {shortened(part.levels, room - 18)}{missing}"
        case TextInput() | MissingInput() | CycleInput():
            text = (
                f"text, {part.n_columns} columns" if isinstance(part, TextInput) else "whether it is missing"
            )
            return (
                f"its place in {part.CYCLES[part.part]}" if isinstance(part, CycleInput) else text + missing
            )
        case DateInput() | DateTarget():
            cycles = part.parts if isinstance(part, DateInput) else ()
            place = f", place in the {series(cycles)}" if cycles else ""
            words = spread_in_words(Spread(part.mean, part.scale), part.reading)
            mean, scale = (worked_value(words[name], six) for name in ("mean", "scale"))
            if isinstance(part, DateTarget) and part.scaled != "spread":
                return f"time, less {mean}, divided by {scale}"
            return f"time, mean {mean}, deviation {scale}{place}{missing}"
    constant = "  (constant: encoded as 0)" if part.scale == 0 else ""
    bins = getattr(part, "bins", None)
    beside = ", squashed" if getattr(part, "squash", None) else ""
    beside += f", {counted(bins.n_columns, 'bin')}" if bins else ""
    kind = {"log": "logarithm", "count": "count"}.get(getattr(part, "learnt_as", ""), "number")
    if isinstance(part, NumberTarget) and part.scaled not in {"spread", "as_is"}:
        return f"{kind}, less {part.mean:.6g}, divided by {part.scale:.6g}"
    if part.is_plain:
        return f"{kind}, as it is{missing}"
    return f"{kind}, mean {part.mean:.6g}, deviation {part.scale:.6g}{beside}{missing}{constant}"


def six(value: float) -> str:
    """Six digits."""
    return f"{value:.6g}"


def encoding_display(encoding: Encoding) -> str:
    """How columns become inputs, and outputs answers."""
    inputs, outputs = counted(encoding.n_inputs, "input"), counted(encoding.n_outputs, "output")
    return display("Encoding", *encoding_parts(encoding), more=f"{inputs}, {outputs}")


def encoding_parts(encoding: Encoding) -> Iterator[Html]:
    """What each column was learnt as, and how many inputs or outputs it is."""
    yield _columns(encoding.inputs, "inputs", "Inputs")
    title = "Target" if len(encoding.targets) == 1 else "Targets"
    yield _columns(encoding.targets, "outputs", title)


def _columns(parts: Sequence[InputPart | TargetPart], many: str, title: str) -> Html:
    names = told_apart([one.name for one in parts], LONGEST_NAME)
    rows = [
        ["…"] * 3 if k is None else [names[k], learnt_as(parts[k], ROOM), len(parts[k].names)]
        for k in some_of(len(parts), MOST_COLUMNS)
    ]
    return table([title, "learnt as", many], rows, caption=title, text=[1])


def report_display(report: Report) -> str:
    """What became of a table."""
    return display("Report", *report_parts(report), more=named(report.table))


def report_parts(report: Report) -> Iterator[Html]:
    """Rows, columns, and what to look at: warnings first."""
    warnings = report.all_warnings
    yield from map(warning, warnings[:MOST_WARNINGS])
    if len(warnings) > MOST_WARNINGS:
        yield paragraph(f"… {counted(len(warnings) - MOST_WARNINGS, 'more warning')}")
    for word, text in report.extent:
        yield paragraph(f"{word}: {text}" if word else text)
    columns = report.columns
    names = told_apart([one.name for one in columns], LONGEST_NAME)
    rows = [
        ["…"] * 4 if k is None else [names[k], columns[k].role, columns[k].becomes, columns[k].why]
        for k in some_of(len(columns), MOST_COLUMNS)
    ]
    heads = ["column", "role", "becomes", "why"]
    yield folded("Columns", table(heads, rows, caption="Columns", words=[1], text=[2, 3]), is_open=True)
