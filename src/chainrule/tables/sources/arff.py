"""Read ARFF, the format of Weka: names and types stand in its header, and the rows below ``@data``."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from chainrule.errors import TableError
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.columns.layout import Layout
from chainrule.tables.columns.table import refuse_too_wide
from chainrule.tables.sources.typed_text import places_of, read_text, retyped
from chainrule.words import counted, listed, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TextIO

    from chainrule.tables.columns.layout import Given
    from chainrule.tables.columns.table import Table
    from chainrule.tables.sources.source import File, TemporaryFolder

__all__ = ["read_arff"]

Type: TypeAlias = Literal["number", "text", "category", "date"]

NUMBERS = frozenset({"numeric", "real", "integer"})
USUAL_DATE = "yyyy-MM-dd'T'HH:mm:ss"
# Letters of Java's dates, and what Python calls them.
DATE_LETTERS = {
    "yyyy": "%Y", "yy": "%y", "y": "%Y", "MM": "%m", "M": "%m", "MMM": "%b", "MMMM": "%B", "dd": "%d",
    "d": "%d",
    "HH": "%H", "H": "%H", "hh": "%I", "h": "%I", "mm": "%M", "m": "%M", "ss": "%S", "s": "%S", "SSS": "%f",
    "a": "%p", "EEE": "%a", "EEEE": "%A",
}  # fmt: skip
DATE_PART = re.compile(r"'([^']*)'|([A-Za-z])\2*|[^A-Za-z']+")
DECLARATION = re.compile(r"\s*@(relation|attribute|data|end)\b\s*(.*)", re.IGNORECASE | re.DOTALL)
QUOTED = re.compile(r"""'((?:[^'\\]|\\.)*+)'|"((?:[^"\\]|\\.)*+)\"""", re.DOTALL)
NAME = re.compile(rf"(?:{QUOTED.pattern}|([^\s{{]+))\s*(.*)", re.DOTALL)
CELL = re.compile(rf"[ \t]*(?:{QUOTED.pattern}|((?:[^,\\]|\\.)*+))[ \t]*(,|\Z)", re.DOTALL)
WORD = re.compile(rf"[\s]*(?:{QUOTED.pattern}|([^\s]+))")
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
SPARSE = re.compile(r"\s*([0-9]{1,9})\s+(.*)", re.DOTALL)
WEIGHT = re.compile(r"\{[^,{}]*\}")
SPECIAL = re.compile(r"""['"\\{]""")
MOST_SHOWN = 3
MISSING = "?"


@dataclass(frozen=True)
class _Attribute:
    """A column as the header declares it."""

    name: str
    kind: Type
    labels: tuple[str, ...] = ()
    pattern: str | None = ""  # of dates, for Python; None for one that it does not know

    @property
    def absent(self) -> str:
        """What a cell is that a sparse row leaves out."""
        return {"number": "0", "category": next(iter(self.labels), MISSING)}.get(self.kind, MISSING)


def read_arff(file: File, given: Given, folder: TemporaryFolder) -> Table:
    """Read a table with the types that its header declares.

    Parameters
    ----------
    file : File
        In UTF-8.
    given : Given
    folder : TemporaryFolder
        Where the rows are written as delimited text, so that they are cut and judged as that is.

    Returns
    -------
    Table
        Numbers and dates have types, where all their cells are such; nominal columns hold categories.

    Raises
    ------
    TableError
        The header is damaged, or the rows do not fit it.
    """
    with file.path.open(encoding="utf-8-sig") as lines:
        attributes, n_lines = _header(lines, file.title)
        rows = _Rows(attributes, file.title, n_lines)
        path = folder.new_file()
        with path.open("x", encoding="utf-8", newline="") as target:
            writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerows(rows.cut(lines))
    rows.check()
    plain = replace(given, header=False, names=given.names or tuple(one.name for one in attributes))
    said = (*file.decisions, *rows.decisions())
    table = read_text(replace(file, path=path, decisions=said), plain, None)
    nominal = [place for place, one in enumerate(attributes) if one.kind == "category"]
    casts = {place: _cast_of(one) for place, one in enumerate(attributes)}
    table = retyped(table, casts, nominal, MISSING)
    decisions = (*table.decisions, *_said_cells(table, attributes))
    # As if it had a line of names.
    layout = Layout(delimiter=",", names=tuple(places_of(table)), source="ARFF")
    return replace(table, layout=layout, decisions=decisions)


class _Rows:
    """The rows below ``@data``, cut one by one, and what is to be said of them."""

    def __init__(self, attributes: Sequence[_Attribute], title: str, n_lines: int) -> None:
        self.attributes, self.title, self.n_lines = attributes, title, n_lines
        self.n_rows = self.n_sparse = self.n_weights = self.n_odd = 0

    def cut(self, lines: TextIO) -> Iterator[Sequence[str]]:
        """Cut each line that is no comment; a question mark stands for a missing value."""
        width = len(self.attributes)
        for number, line in enumerate(lines, start=self.n_lines + 1):
            text = line.strip()
            if not text or text.startswith("%"):
                continue
            self.n_rows += 1
            if text.startswith("{") and text.endswith("}"):
                self.n_sparse += 1
                cells = self._sparse(text[1:-1], number)
            elif SPECIAL.search(text):
                cells = self._quoted(text, width)
            elif "," in text or width == 1:
                cells = [cell.strip() for cell in text.split(",")]
            else:
                cells = text.split()
            self.n_odd += len(cells) != width
            yield cells

    def check(self) -> None:
        """Raise TableError where there are no rows, or most of them do not have the declared width."""
        declared = counted(len(self.attributes), "attribute")
        if not self.n_rows:
            raise TableError(
                f"{self.title} declares {declared} but has no rows.",
                needs="needs at least one row",
                advice="Add at least one row below @data.",
            )
        if self.n_odd * 2 > self.n_rows:
            raise TableError(
                f"{counted(self.n_odd, 'row')} of {self.title} have another number of cells",
                needs=f"the header declares {declared}",
                advice="Correct the header, or the rows.",
            )

    def decisions(self) -> tuple[Decision, ...]:
        """What was decided about the rows."""
        sparse, weights = counted(self.n_sparse, "sparse row"), counted(self.n_weights, "row")
        said = []
        if self.n_sparse:
            words = f"{sparse}: what one leaves out is 0, of a nominal column its first label"
            said.append(Decision(words, is_guess=False))
        if self.n_weights:
            words = f"the weights of {weights} are not used"
            said.append(Decision(words, is_warning=True, advice="Make a column of them."))
        return tuple(said)

    def _quoted(self, text: str, width: int) -> list[str]:
        cells = []
        place = 0
        while True:
            match = CELL.match(text, place)
            if match is None:  # a quote that is not closed, or a text behind one that is
                end = text.find(",", place)
                end = len(text) if end < 0 else end
                cells.append(text[place:end].strip())
                is_last, place = end == len(text), end + 1
            else:
                cells.append(_unescaped(match[1], match[2], match[3]))
                is_last, place = not match[4], match.end()
            if is_last:
                break
        if len(cells) == width + 1 and WEIGHT.fullmatch(cells[-1]):
            self.n_weights += 1
            del cells[-1]
        return cells

    def _sparse(self, text: str, line: int) -> list[str]:
        cells = [one.absent for one in self.attributes]
        for pair in self._pairs(text):
            match = SPARSE.fullmatch(pair)
            if match is None or int(match[1]) >= len(cells):
                raise TableError(
                    f"Line {line} of {self.title} has {shown(pair)}",
                    needs=f"a sparse row has pairs of a place, from 0 to {len(cells) - 1}, and a value",
                    advice="Correct the line.",
                )
            value = QUOTED.fullmatch(match[2])
            cells[int(match[1])] = _unescaped(value[1], value[2], None) if value else match[2].strip()
        return cells

    @staticmethod
    def _pairs(text: str) -> Iterator[str]:
        """Cut at commas outside of quotes."""
        for match in re.finditer(r"""(?:[^,'"\\]|\\.|'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"|['"])++""", text):
            if match[0].strip():
                yield match[0].strip()


def _header(lines: TextIO, title: str) -> tuple[list[_Attribute], int]:
    """The attributes, and how many lines there are down to ``@data``."""
    attributes: list[_Attribute] = []
    for number, line in enumerate(iter(lines.readline, ""), start=1):
        text = line.strip()
        if not text or text.startswith("%"):
            continue
        match = DECLARATION.fullmatch(text)
        if match is None:
            raise _no_declaration(number, text, title)
        if match[1].lower() == "data":
            if attributes:
                return attributes, number
            break
        if match[1].lower() == "attribute":
            attributes.append(_attribute(match[2], number, title))
            refuse_too_wide(title, len(attributes))
    raise TableError(
        f"{title} has no rows: there is no @data below {counted(len(attributes), 'attribute')}.",
        needs="must have @attribute lines, @data and rows",
        advice="Save it again.",
    )


def _attribute(text: str, line: int, title: str) -> _Attribute:
    match = NAME.fullmatch(text)
    if match is None or not match[4]:
        raise _no_declaration(line, f"@attribute {text}", title)
    name, declared = _unescaped(match[1], match[2], match[3]), match[4].strip()
    kind = declared.split(maxsplit=1)[0].lower()
    if declared.startswith("{") and declared.endswith("}"):
        return _Attribute(name, "category", tuple(_labels(declared[1:-1])))
    if kind == "date":
        found = WORD.fullmatch(declared[len(kind) :])
        pattern = _unescaped(found[1], found[2], found[3]) if found else USUAL_DATE
        return _Attribute(name, "date", pattern=_python_pattern(pattern))
    if kind in NUMBERS or kind == "string":
        return _Attribute(name, "number" if kind in NUMBERS else "text")
    raise TableError(
        f"Line {line} of {title} declares {shown(name)} to be {shown(declared)}",
        needs="a column can be numeric, real, integer, string, a date, or nominal, such as {yes, no}",
        advice="Remove the column, or declare it as one of these.",
    )


def _labels(text: str) -> Iterator[str]:
    place = 0
    while place < len(text):
        match = CELL.match(text, place)
        if match is None:
            return
        label = _unescaped(match[1], match[2], match[3])
        if label or match[3] is None:
            yield label
        place = match.end()


def _unescaped(single: str | None, double: str | None, plain: str | None) -> str:
    """The text of a cell or name that is quoted in one way or the other, or not at all."""
    quoted = single if single is not None else double
    text = quoted if quoted is not None else (plain or "").strip()
    return ESCAPED.sub(lambda match: ESCAPES.get(match[1], match[1]), text) if "\\" in text else text


def _python_pattern(pattern: str) -> str | None:
    """A pattern of Java's dates in Python's letters; None where it has others, or one twice.

    Examples
    --------
    >>> _python_pattern("dd.MM.yyyy 'at' HH:mm")
    '%d.%m.%Y at %H:%M'
    """
    parts = []
    for match in DATE_PART.finditer(pattern):
        if match[2] is None:
            parts.append((match[1] if match[1] is not None else match[0]).replace("%", "%%"))
        elif DATE_LETTERS.get(match[0], "") not in {"", *parts}:  # Python takes each letter once
            parts.append(DATE_LETTERS[match[0]])
        else:
            return None
    return "".join(parts)


def _cast_of(attribute: _Attribute) -> Callable[[pa.Array], pa.Array] | None:
    if attribute.kind == "number":
        return lambda cells: pc.cast(cells, pa.float64())
    if attribute.kind == "date" and attribute.pattern:
        pattern = attribute.pattern
        return lambda cells: pa.array(
            [cell and datetime.strptime(cell, pattern) for cell in cells.to_pylist()],  # noqa: DTZ007 (wall clocks)
            pa.timestamp("us"),
        )
    return None


def _said_cells(table: Table, attributes: Sequence[_Attribute]) -> Iterator[Decision]:
    """What is said of columns whose cells are not what the header declares."""
    places = places_of(table)
    for column in table.columns:
        attribute = attributes[places[column.name]]
        if attribute.kind in {"number", "date"} and column.is_text:
            words = f"its cells are not all {attribute.kind}s, as the header declares: read as text"
            yield Decision(words, column.name, is_warning=True, advice="Correct the cells, or the header.")
        elif attribute.kind == "category":
            found = frozenset(pc.unique(column.cells).to_pylist()) - {None, "", *attribute.labels}
            if found:
                words = f"the header does not list {listed(sorted(found), MOST_SHOWN)}: taken as they are"
                yield Decision(
                    words, column.name, is_warning=True, advice="Correct the cells, or the header."
                )


def _no_declaration(line: int, text: str, title: str) -> TableError:
    return TableError(
        f"Line {line} of {title} is {shown(text)}",
        needs="the header of an ARFF file has lines of @relation, @attribute and @data",
        advice="Correct it.",
    )
