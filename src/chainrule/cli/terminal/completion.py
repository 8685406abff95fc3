"""What a shell offers behind an option when the tabulator is typed: known names, columns of the table."""

from __future__ import annotations

import csv
import os
import re
import shlex
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["columns_of_table", "models", "one_of"]

LONGEST_LINE, MOST_LINES, MOST_COLUMNS = 65_536, 20, 1000  # of a table, that are looked at
DELIMITERS = ",;\t|"
# Shells evaluate what they are offered: nothing else than this is, whatever stands in a file.
HARMLESS = re.compile(r"\w[\w.@%+-]*")
HARMLESS_PATH = re.compile(r"[\w./][\w./@%+-]*")
SUFFIXES = {".safetensors", ".st"}
VARIABLES = ("_TYPER_COMPLETE_ARGS", "COMP_WORDS")  # where a shell leaves what was typed so far


def one_of(names: Sequence[str]) -> Callable[[str], list[str]]:
    """What offers the names that begin as what was typed.

    Examples
    --------
    >>> one_of(["relu", "tanh", "selu"])("t")
    ['tanh']
    """

    def offered(incomplete: str) -> list[str]:
        return [name for name in names if name.startswith(incomplete)]

    return offered


def models(incomplete: str) -> list[str]:
    """Model files that begin as what was typed; where there are none the shell offers all files."""
    folder = Path(incomplete or ".") if incomplete.endswith("/") else Path(incomplete).parent
    try:
        names = sorted(path.name for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())
    except OSError:
        return []
    before = incomplete[: incomplete.rfind("/") + 1]
    found = [before + name for name in names if (before + name).startswith(incomplete)]
    return [path for path in found if HARMLESS_PATH.fullmatch(path)][:MOST_COLUMNS]


def columns_of_table(incomplete: str) -> list[str]:
    """Columns of the table that stands in the line so far, of which the last is begun.

    A column whose name a shell would take apart is offered by its number, which options take as well.
    """
    before, comma, begun = incomplete.rpartition(",")
    typed = next(filter(None, map(os.environ.get, VARIABLES)), "")
    try:
        words = shlex.split(typed)
    except ValueError:  # a quote that is still open
        words = typed.split()
    paths = (Path(word) for word in words[1:] if not word.startswith("-"))
    names = next((found for path in paths if (found := _names_of(path))), [])
    offered = [name if HARMLESS.fullmatch(name) else str(k) for k, name in enumerate(names, 1)]
    return [f"{before}{comma}{name}" for name in offered if name.startswith(begun)][:MOST_COLUMNS]


def _names_of(path: Path) -> list[str]:
    """Names in the header of a text file, as far as that can be told at a glance; none of any other file."""
    try:
        if not path.is_file():
            return []
        with path.open("rb") as file:
            lines = list(_lines(iter(lambda: file.readline(LONGEST_LINE), b"")))
    except OSError:
        return []
    if any("\0" in line for line in lines):
        return []
    best: tuple[int, int, list[list[str]]] = (0, 0, [])  # records of the usual width, that width, all of them
    for one in DELIMITERS:
        records = list(csv.reader(lines, delimiter=one))
        usual = Counter(len(record) for record in records if len(record) > 1).most_common(1)
        best = max([best, *((n, width, records) for width, n in usual)], key=lambda found: found[:2])
    _, width, records = best
    header = (record for record in records if len(record) == width and all(map(str.strip, record)))
    return [name.strip() for name in next(header, [])]


def _lines(content: Iterator[bytes]) -> Iterator[str]:
    """The first lines of a file as text."""
    for line in islice(content, MOST_LINES):
        try:
            yield line.decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError:
            yield line.decode("latin-1").rstrip("\r\n")
