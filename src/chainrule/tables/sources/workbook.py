"""Write one sheet of a workbook as delimited text: a program of its own, so that no file ends another.

A workbook of a few kilobytes may say that it has seventeen thousand million cells, and its reader then ends
the process. So this runs in one that may take a stated share of the memory, answers in one line of JSON, and
knows nothing of this package. python-calamine is imported here alone.
"""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import json
import os
import re
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import python_calamine

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

LEAST_MEMORY = 2 * 2**30
SMALLEST_TABLE = 2  # rows and columns, below which a sheet is rather a note
ROWS_AT_A_TIME = 1000
LONGEST_NUMBER = 6  # of a sheet, in digits
WHOLE = 1e15  # below which a number that is whole is written as an integer
ERRORS = re.compile(r"#(?:N/A|NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|GETTING_DATA|SPILL!|CALC!)|Err:5[0-9]{2}")
ERROR_CELL = re.compile(rb'<(?:\w+:)?c\b([^>]*\bt="e"[^>]*)>')
CELL_PLACE = re.compile(rb'\br="([A-Z]+[0-9]+)"')
LONGEST_TAG = 2**16
BLANKS = " \t"
SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
RELATION = re.compile(rb'\b\w+:id="([^"]*)"')
RELATIONSHIP = re.compile(rb"<Relationship\b[^>]*>")
TARGET = re.compile(rb'\bTarget="([^"]*)"')
MOST_SHOWN = 3
KINDS = {
    int: "number",
    float: "number",
    bool: "boolean",
    dt.date: "date",
    dt.datetime: "datetime",
    dt.time: "time",
    dt.timedelta: "duration",
}


def main(arguments: Sequence[str]) -> None:
    """Take the paths of the workbook and of the text to be written, and the sheet, and print the answer."""
    source, target, asked = arguments
    _limit_memory()
    try:
        answer = _write(source, target, asked)
    except python_calamine.PasswordError:
        answer = {"fault": "password"}
    except MemoryError:
        answer = {"fault": "large"}
    sys.stdout.write(json.dumps(answer))


def _limit_memory() -> None:
    """Let this process have half of the memory of the machine, where the system can be told so."""
    try:
        import resource  # noqa: PLC0415 (not on Windows)

        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        most = max(LEAST_MEMORY, memory // 2)
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(
            resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard)
        )
    except (ImportError, AttributeError, ValueError, OSError):
        return


def _write(source: str, target: str, asked: str) -> dict[str, Any]:
    with python_calamine.load_workbook(source) as book:
        sheets = [one for one in book.sheets_metadata if one.typ == python_calamine.SheetTypeEnum.WorkSheet]
        names = [one.name for one in sheets]
        name = _named(names, asked) if asked else ""
        if name is None:
            return {"fault": "sheet", "sheets": names}
        sheet = book.get_sheet_by_name(name) if name else _first_table(book, sheets)
        if sheet is None or sheet.start is None:
            return {"fault": "empty", "sheets": names}
        answer = _write_rows(sheet, target)
        place = [one.name for one in book.sheets_metadata].index(sheet.name)
        others = [] if asked else _others(book, [one for one in names if one != sheet.name])
    n_errors, first = _typed_errors(source, place)
    return {
        **answer,
        "sheet": sheet.name,
        "others": others,
        "errors": answer["errors"] + n_errors,
        "first": first,
    }


def _named(names: Sequence[str], asked: str) -> str | None:
    """The sheet of this name, else of this number from 1; None where there is none."""
    is_number = asked.isascii() and asked.isdigit() and len(asked) < LONGEST_NUMBER
    if asked in names or not is_number:
        return asked if asked in names else None
    return names[int(asked) - 1] if 0 < int(asked) <= len(names) else None


def _first_table(
    book: python_calamine.CalamineWorkbook, sheets: Sequence[python_calamine.SheetMetadata]
) -> python_calamine.CalamineSheet | None:
    """The first sheet of two rows and two columns, else of two rows, else of a cell; the hidden ones last."""
    visible = python_calamine.SheetVisibleEnum.Visible
    found: dict[int, python_calamine.CalamineSheet] = {}
    for one in sorted(sheets, key=lambda one: one.visible != visible):
        sheet = book.get_sheet_by_name(one.name)
        if sheet.start is None:
            continue
        is_high, is_wide = sheet.height >= SMALLEST_TABLE, sheet.width >= SMALLEST_TABLE
        rank = int(is_high) + int(is_high and is_wide)
        found.setdefault(rank, sheet)
        if is_high and is_wide:
            break
    return found[max(found)] if found else None


def _others(book: python_calamine.CalamineWorkbook, names: Sequence[str]) -> list[str]:
    """The other sheets, from the first on that has a cell; those after it are not looked at."""
    for place, name in enumerate(names):
        if book.get_sheet_by_name(name).start is not None:
            return list(names[place:])
    return []


def _write_rows(sheet: python_calamine.CalamineSheet, target: str) -> dict[str, Any]:
    """Write the rows, all cells quoted, and note of each column which types its cells have."""
    types: list[set[type]] = [set() for _ in range(sheet.width)]
    n_errors = 0
    rows = itertools.islice(sheet.iter_rows(), (sheet.start or (0, 0))[0], None)
    with Path(target).open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        while some := list(itertools.islice(rows, ROWS_AT_A_TIME)):
            for seen, cells in zip(types, zip(*some, strict=True), strict=True):
                seen.update(map(type, cells))
            texts = [[_text(cell) for cell in cells] for cells in some]
            n_errors += _without_errors(texts)
            writer.writerows(texts)
    return {
        "kinds": [sorted({KINDS[one] for one in seen if one in KINDS}) for seen in types],
        "errors": n_errors,
    }


def _text(cell: object) -> str:
    """A cell as a delimited text has it."""
    if isinstance(cell, str):
        return cell.strip(BLANKS)
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() and abs(cell) < WHOLE else repr(cell)
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, dt.timedelta):
        return _clock(cell)
    return cell.isoformat() if isinstance(cell, (dt.date, dt.time)) else str(cell)


def _clock(span: dt.timedelta) -> str:
    """Hours, minutes and seconds, as many hours as there are."""
    microseconds = span // dt.timedelta(microseconds=1)
    seconds, rest = divmod(abs(microseconds), 10**6)
    fraction = f".{rest:06}" if rest else ""
    sign = "-" if microseconds < 0 else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


def _without_errors(rows: list[list[str]]) -> int:
    """Empty the cells whose text is an error, as some programs write it, and count them."""
    found = [(row, place) for row in rows for place, text in enumerate(row) if text[:1] in {"#", "E"}]
    errors = [(row, place) for row, place in found if ERRORS.fullmatch(row[place])]
    for row, place in errors:
        row[place] = ""
    return len(errors)


def _typed_errors(source: str, place: int) -> tuple[int, list[str]]:
    """How many cells hold an error, and the first of them; calamine itself gives them as empty ones.

    Only of workbooks that are XML: of others, none is found.
    """
    n_errors, first = 0, list[str]()
    try:
        with zipfile.ZipFile(source) as archive, archive.open(_part_of(archive, place)) as part:
            rest = b""
            while block := part.read(2**20):
                text = rest + block
                end = text.rfind(b"<")
                errors = ERROR_CELL.findall(text, 0, end)
                n_errors += len(errors)
                first += [CELL_PLACE.findall(one)[0].decode() for one in errors[:MOST_SHOWN] if b"r=" in one]
                rest = text[end:] if len(text) - end < LONGEST_TAG else b""
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile):
        return 0, []
    return n_errors, first[:MOST_SHOWN]


def _part_of(archive: zipfile.ZipFile, place: int) -> str:
    """The part of the archive that holds this sheet; IndexError or KeyError where it is unusual."""
    identity = RELATION.findall(SHEET.findall(archive.read("xl/workbook.xml"))[place])[0]
    for one in RELATIONSHIP.findall(archive.read("xl/_rels/workbook.xml.rels")):
        if b'Id="' + identity + b'"' in one:
            target: str = TARGET.findall(one)[0].decode()
            return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    raise KeyError(identity)


if __name__ == "__main__":
    main(sys.argv[1:])
