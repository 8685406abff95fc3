"""Read a sheet of a workbook: as delimited text, and then with the types that its cells have.

So a table means the same as a workbook and as a CSV file: where it begins, which row has the names, and what
is no row are found by one and the same reading.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from chainrule.errors import TableError, UnknownNameError, argument
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.columns.layout import Layout
from chainrule.tables.sources.typed_text import read_text, retyped
from chainrule.words import counted, listed, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chainrule.tables.columns.layout import Given
    from chainrule.tables.columns.table import Table
    from chainrule.tables.sources.source import File, TemporaryFolder

__all__ = ["read_workbook"]

PROGRAM = Path(__file__).with_name("workbook.py")
# A number as that program writes it: a text cell of other digits, such as 007, stays text.
PLAIN_NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-][0-9]+)?$"


def read_workbook(
    file: File, given: Given, layout: Layout | None, folder: TemporaryFolder, absent: Sequence[str] = ()
) -> Table:
    """Read the sheet that was asked for, or the first that has a table.

    Parameters
    ----------
    file : File
        Excel's own (.xlsx, .xlsm, .xlsb, .xls) or OpenDocument (.ods).
    given : Given
    layout : Layout, optional
        Of the table that a model was fitted to.
    folder : TemporaryFolder
    absent : sequence of str
        Names of columns that may be missing where there is no line of names.

    Returns
    -------
    Table
        Numbers, booleans, dates and times with their types; columns of mixed cells as text.

    Raises
    ------
    TableError, UnknownNameError
        It is damaged, protected, or has no table, or no such sheet.
    """
    path = folder.new_file()
    learnt = "" if layout is None or given.sheet is not None else layout.sheet
    answer = _answer(file, path, given.sheet or learnt)
    if learnt and answer.get("fault") == "sheet":  # a workbook of new rows may have another
        answer = _answer(file, path, "")
    if answer.get("fault") == "sheet":
        raise UnknownNameError("sheet", given.sheet or "", answer["sheets"], "sheet")
    if "fault" in answer:
        raise _refused(file, answer["fault"], given.sheet)
    decisions = (*file.decisions, *_said_sheet(answer), *_said_errors(answer))
    table = read_text(replace(file, path=path, decisions=decisions), given, layout, absent)
    if table.layout is not None:
        asked = given.sheet or learnt
        layout = Layout(
            delimiter=",", header_lines=table.layout.header_lines, names=table.layout.names,
            replaced=table.layout.replaced, source="workbook", sheet=asked,
        )  # fmt: skip
        table = replace(table, layout=layout)
    return retyped(table, {place: _typed_as(kinds) for place, kinds in enumerate(answer["kinds"])})


def _answer(file: File, target: Path, sheet: str) -> dict[str, Any]:
    """What the program says; it ends without a word where the file is damaged, or takes too much memory."""
    command = [sys.executable, "-P", str(PROGRAM), str(file.path.absolute()), str(target), sheet]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)  # noqa: S603
        answer: dict[str, Any] = json.loads(done.stdout)
    except subprocess.CalledProcessError as error:
        fault = "damaged" if error.returncode > 0 else "large"
        return {"fault": fault}
    except OSError as error:
        raise TableError(
            f"{file.title} cannot be read: {sys.executable!r}, which would read it, does not start.",
            needs="a workbook is read in a process of its own",
            advice="Save the sheet as CSV.",
        ) from error
    return answer


def _refused(file: File, fault: str, sheet: str | None) -> TableError:
    where = f"Sheet {shown(sheet)} of {file.title}" if sheet else file.title
    what, needs, advice = {
        "password": (
            f"{file.title} is protected by a password",
            "a workbook must be readable without one",
            "Save it without a password.",
        ),
        "empty": (
            f"{where} has no cell with a value",
            "a table needs at least one row",
            "Give a sheet with a table.",
        ),
        "large": (
            f"{file.title} has more cells than fit into half of the memory of this machine, or is damaged",
            "a sheet must fit into it",
            "Remove what stands far from the table, or save the sheet as CSV.",
        ),
        "damaged": (
            f"{file.title} is a workbook but cannot be read: it is cut short or damaged, or holds no sheets.",
            "must be a whole workbook",
            "Save it again, or save the sheet as CSV.",
        ),
    }[fault]
    return TableError(what, needs=needs, advice=advice)


def _said_sheet(answer: dict[str, Any]) -> tuple[Decision, ...]:
    others = answer["others"]
    if not others:
        return ()
    words = f"sheet {shown(answer['sheet'])}, the first with a table; there are also {listed(others)}"
    return (Decision(words, advice=f"Give {argument('sheet', others[0])} for another."),)


def _said_errors(answer: dict[str, Any]) -> tuple[Decision, ...]:
    if not answer["errors"]:
        return ()
    first = f" (the first is {answer['first'][0]})" if answer["first"] else ""
    words = f"{counted(answer['errors'], 'cell')} with an error such as #DIV/0! taken as missing{first}"
    return (Decision(words, is_guess=False, is_warning=True, advice="Correct them in the workbook."),)


def _typed_as(kinds: list[str]) -> Callable[[pa.Array], pa.Array] | None:
    """How a column becomes typed whose cells, but for texts, are of these kinds; None where it stays text."""
    return CASTS.get(frozenset(kinds))


def _numbers(cells: pa.Array) -> pa.Array:
    if not pc.all(pc.match_substring_regex(cells, PLAIN_NUMBER)).as_py():
        raise ValueError("a text among numbers")
    return pc.cast(cells, pa.float64())


def _booleans(cells: pa.Array) -> pa.Array:
    return pc.cast(cells, pa.bool_())


def _dates(cells: pa.Array) -> pa.Array:
    return pc.cast(pc.cast(cells, pa.timestamp("us")), pa.date32())


def _datetimes(cells: pa.Array) -> pa.Array:
    return pc.cast(cells, pa.timestamp("us"))


def _times(cells: pa.Array) -> pa.Array:
    return pa.array([cell and dt.time.fromisoformat(cell) for cell in cells.to_pylist()], pa.time64("us"))


def _durations(cells: pa.Array) -> pa.Array:
    return pa.array([cell and _span(cell) for cell in cells.to_pylist()], pa.duration("us"))


def _span(clock: str) -> dt.timedelta:
    hours, minutes, seconds = clock.removeprefix("-").split(":")
    span = dt.timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    return -span if clock.startswith("-") else span


CASTS: dict[frozenset[str], Callable[[pa.Array], pa.Array]] = {
    frozenset({"number"}): _numbers,
    frozenset({"boolean"}): _booleans,
    frozenset({"date"}): _dates,
    frozenset({"datetime"}): _datetimes,
    frozenset({"date", "datetime"}): _datetimes,
    frozenset({"time"}): _times,
    frozenset({"duration"}): _durations,
    frozenset({"time", "duration"}): _durations,
}
