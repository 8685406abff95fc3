"""How a file is laid out: what its user says of it, what was found out, which of its rows are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from chainrule.errors import InputError
from chainrule.stored import MOST, NO_SURROGATES, Meta, Name, Stored
from chainrule.words import counted, joined

__all__ = ["COMMENT", "EMPTY", "NAMES_AGAIN", "Given", "Layout", "LeftOut"]

MOST_HEADER_LINES = 1000
LONGEST_ENCODING = 40  # characters of its name
LONGEST_SHEET = 1000  # as of others' workbooks; Excel has 31


class Layout(Stored, frozen=True, kw_only=True):
    """How delimited text is cut into names and rows: stored in a model, and applied again when it predicts.

    Attributes
    ----------
    delimiter : str
        The character between two cells; ``" "`` for runs of blanks, nothing for a table of one column.
    quote : str
        The character around a quoted cell; nothing where quotes are characters like any other.
    encoding : str
        The encoding of the file.
    header_lines : int
        Lines of names; 0 where there is none.
    comment : str
        What begins a line that is no row; nothing where none does.
    names : tuple of str
        All columns of the file, in order, by the names that they have in the table: also those left out.
    replaced : tuple of str
        The names in the file, where the user gave others in their place; nothing where not.
    source : {"text", "workbook", "ARFF", "typed"}
        What the file was before it was cut as text; "typed" for one that never was, such as a data frame.
    sheet : str
        The sheet of a workbook that the user asked for; nothing where not.

    Examples
    --------
    >>> Layout(delimiter=";", names=("city", "rain")).header_lines
    1
    """

    delimiter: Annotated[str, Meta(max_length=1, pattern=NO_SURROGATES)]
    quote: Literal['"', "'", ""] = '"'
    encoding: Annotated[str, Meta(min_length=1, max_length=LONGEST_ENCODING, pattern=NO_SURROGATES)] = "utf-8"
    header_lines: Annotated[int, Meta(ge=0, le=MOST_HEADER_LINES)] = 1
    comment: Annotated[str, Meta(max_length=2, pattern=NO_SURROGATES)] = ""
    names: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=MOST)]
    replaced: Annotated[tuple[Name, ...], Meta(max_length=MOST)] = ()
    source: Literal["text", "workbook", "ARFF", "typed"] = "text"
    sheet: Annotated[str, Meta(max_length=LONGEST_SHEET, pattern=NO_SURROGATES)] = ""

    def __post_init__(self) -> None:
        if self.replaced and len(self.replaced) != len(self.names):
            raise InputError(
                f"There are {counted(len(self.names), 'name')}, and {len(self.replaced)} that they replaced",
                given=self.replaced,
                needs="each name replaces one, or none does",
                advice="Leave the replaced ones out.",
            )


@dataclass(frozen=True)
class Given:
    """What the user says of a file; None, or the default, for what is to be found out.

    Attributes
    ----------
    header : bool, optional
        Whether the file has a line of names.
    names : tuple of str, optional
        The names of all its columns, in order, in place of any in the file.
    delimiter : str, optional
        The character between two cells; ``" "`` for runs of blanks, nothing for a table of one column.
    decimal : {".", ","}, optional
        The decimal mark of all its numbers.
    encoding, sheet : str, optional
        The encoding of a text; the sheet of a workbook.
    bad_rows : {"empty", "fail"}
        Whether a row that cannot be cut as the others is made empty, or is an error.
    strict : bool
        Whether nothing may be guessed.

    Examples
    --------
    >>> Given(header=False).bad_rows
    'empty'
    """

    header: bool | None = None
    names: tuple[str, ...] | None = None
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    bad_rows: Literal["fail", "empty"] = "empty"
    strict: bool = False


class LeftOut(NamedTuple):
    """Rows of the file that are none of the table: why, how many, and the first of them, counted from 1.

    Examples
    --------
    >>> LeftOut("empty", 1, (3,)).words, LeftOut("empty", 3, (3, 5)).words
    ('row 3 is empty: left out', '3 rows (3, 5 and 1 more) are empty: left out')
    """

    reason: str
    count: int  # type: ignore[assignment]  # (no one counts in the tuple)
    first: tuple[int, ...]

    @property
    def words(self) -> str:
        """What is said of them."""
        numbers = [str(number) for number in self.first]
        if self.count == 1:
            return f"row {numbers[0]} {WHAT_ROWS_ARE[self.reason][0]}: left out"
        listing = joined(numbers + [""] * (self.count - len(numbers)), len(numbers))
        return f"{self.count} rows ({listing}) {WHAT_ROWS_ARE[self.reason][1]}: left out"


EMPTY, NAMES_AGAIN, COMMENT = "empty", "repeats the names", "comment"
WHAT_ROWS_ARE = {
    EMPTY: ("is empty", "are empty"),
    NAMES_AGAIN: ("repeats the names", "repeat the names"),
    COMMENT: ("is a comment", "are comments"),
}
