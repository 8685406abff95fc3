"""The command that makes a model again: every setting and every decision about its table is said."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.arithmetic import ARITHMETIC
from chainrule.cli.options import typed_encodings, typed_settings
from chainrule.cli.paths import shell_word
from chainrule.errors import InputError, argument
from chainrule.tables import (
    BinaryInput,
    CategoryInput,
    ClassTarget,
    ConstantTarget,
    CycleInput,
    DateInput,
    DateTarget,
    MissingInput,
    NumberInput,
    NumberTarget,
    TextInput,
    reading_option,
)
from chainrule.training import other_bits
from chainrule.words import counted, series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainrule.models import Model, TrainingRecord
    from chainrule.tables import Encoding, InputPart, Layout, RowRoles, TargetPart

__all__ = ["fit_command", "remarks_on_repeating"]

TWO = 2


def fit_command(model: Model) -> list[str]:
    """What is typed to get the model's weights and predictions again, to the last bit, from its table.

    It is the command with its table, and options with their values.

    Raises
    ------
    InputError
        The model holds no encoding, training or report, or no command could say how it was fitted.
    """
    if model.encoding is None or model.training is None or model.report is None:
        raise InputError(
            "The model does not hold all that would make it again.",
            parameter="model",
            needs="must be fitted to a table by this version or a later one",
            advice="Fit it again.",
        )
    _refuse_what_no_option_says(model.training)
    options = map(shlex.join, _of_table(model.encoding))
    settings = typed_settings(model.training, usual_too=True, split=model.encoding.rows.split)
    table = "TABLE" if model.report.table == "the data frame" else shell_word(Path(model.report.table))
    return [f"chainrule fit {table}", *options, *settings]


def _refuse_what_no_option_says(record: TrainingRecord) -> None:
    """Raise InputError where the model was fitted in Python with more than options can say."""
    if record.beside:
        raise InputError(
            f"No option says {series(list(map(argument, record.beside)))}, which the model was fitted with.",
            parameter="model",
            needs="must be fitted to a table and settings alone",
            advice="Fit it again in Python, with chainrule.fit.",
        )
    if record.seed_of_rows is not None:
        raise InputError(
            "The model is one network of an ensemble, whose rows are those of the whole.",
            parameter="model",
            needs="must be fitted by itself",
            advice="Ask the file of the ensemble.",
        )
    try:
        _ = record.settings
    except InputError as error:
        raise InputError(
            f"The model was fitted with what this program does not know. {error.what}",
            parameter="model",
            needs="must be fitted with what has a name here",
            advice="Fit it again in Python, with the object itself, or enter its class with `register`.",
        ) from error


def remarks_on_repeating(record: TrainingRecord | None) -> Iterator[str]:
    """Why the command makes another network: where it trains on, and where the arithmetic is another one."""
    if record is None:
        return
    outside = {"callback": "a callback", "interrupt": "an interruption"}
    if record.stopped_by in outside:
        after = counted(record.epochs_run, "epoch")
        yield (
            f"the training was ended by {outside[record.stopped_by]} after {after}, which no option says: "
            "the command trains on."
        )
    first, settings = record.arithmetic[:1], record.settings.for_rows(record.n_training_rows)
    if other_bits(first, settings, record.engine):
        yield (
            f"the network was trained by arithmetic {first[0]}, and this version has arithmetic "
            f"{ARITHMETIC}: last digits of what the command makes differ."
        )


def _of_table(encoding: Encoding) -> Iterator[tuple[str, ...]]:
    """Each option that says something of the table, with its value."""
    for name in encoding.target_names:
        yield "--target", name
    if encoding.layout is not None:
        yield from _of_layout(encoding.layout)
    in_order = dict.fromkeys(part.name for part in encoding.inputs)
    yield from _listed("--inputs", tuple(in_order))
    for part in (*encoding.inputs, *encoding.targets):
        option = _kind_of(part)
        if option:
            yield option
        if isinstance(part, NumberTarget) and part.learnt_as == "log":
            yield "--log", part.name
    yield from typed_encodings(encoding, usual_too=True)
    if encoding.kind == "classes" and len(encoding.classes or ()) == TWO:
        yield ("--one-unit",) if encoding.n_outputs == 1 else ("--no-one-unit",)
    yield from _of_rows(encoding.rows)


def _listed(option: str, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Names parted by commas, or each by itself where one has a comma or blanks at its ends."""
    if any("," in name or name != name.strip() for name in names):
        yield from ((option, name) for name in names)
    else:
        yield option, ",".join(names)


def _of_layout(layout: Layout) -> Iterator[tuple[str, ...]]:
    marks = {"\t": "tab", " ": "blanks"}
    if layout.delimiter and layout.source == "text":
        yield "--delimiter", marks.get(layout.delimiter, layout.delimiter)
    if layout.source == "text":
        yield "--encoding", layout.encoding
    if layout.sheet:
        yield "--sheet", layout.sheet
    if layout.source in {"text", "workbook"}:
        yield ("--header",) if layout.header_lines else ("--no-header",)
    yield from _listed("--names", layout.names)  # which may be others than those of the file


def _kind_of(part: InputPart | TargetPart) -> tuple[str, str] | None:
    """The option that says what a column is."""
    match part:
        case NumberInput() | NumberTarget() | DateInput() | DateTarget():
            kind = "--dates" if isinstance(part, (DateInput, DateTarget)) else "--numbers"
            form = reading_option(part.reading).partition(":")[2]
            return kind, f"{part.name}:{form}" if form else part.name
        case CategoryInput() | BinaryInput():
            return "--categories", part.name
        case ClassTarget():
            return "--classes", part.name
        case TextInput():
            return "--text", part.name
        case MissingInput():
            return "--missing", part.name
        case CycleInput() | ConstantTarget():  # beside its number; whatever it is
            return None


def _of_rows(rows: RowRoles) -> Iterator[tuple[str, ...]]:
    for name in rows.ids:
        yield "--id", name
    for option, column in (("--weights", rows.weights), ("--group", rows.group)):
        if column is not None:
            yield option, column
    if rows.in_order:
        yield ("--in-order",)
