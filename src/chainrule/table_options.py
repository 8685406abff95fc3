"""What may be said of a table: how its file is read, and what its columns are for. All else is found out.

Each option is defined once: the options of the command line, their help and the docstrings are made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from textwrap import fill
from typing import Any, NamedTuple, Self, TypeVar

from chainrule.errors import InputError, UnknownNameError, argument
from chainrule.given import truth
from chainrule.words import quoted

F = TypeVar("F")

__all__ = [
    "BINS",
    "COLUMNS",
    "EVERY_COLUMN",
    "FILE",
    "MOST_BINS",
    "NumberEncoding",
    "Option",
    "TableOptions",
    "column_names",
    "documented_options",
    "options_of",
    "parted_options",
    "treatment_of_bad_rows",
]

COLUMNS, FILE = "Columns", "Table"  # what an option is about


@dataclass(frozen=True)
class Option:
    """Definition of one option.

    Attributes
    ----------
    name : str
    meaning : str
        One or more sentences, in plain text.
    takes : str
        "COLUMNS" for any number of columns, "COLUMN" for one, "ENCODING" for encodings of columns, another
        word for a text of its own, "" for a switch.
    about : str
        Heading that it stands under.
    is_open : bool
        Whether a switch may be on, off, or not given.

    Examples
    --------
    >>> {one.name: one.takes for one in options_of()}["ignore"]
    'COLUMNS'
    """

    name: str
    meaning: str
    takes: str
    about: str
    is_open: bool = False


def _columns(meaning: str, takes: str = "COLUMNS") -> Any:  # noqa: ANN401 (what dataclasses take for a field)
    return field(default=None, metadata={"option": Option("", meaning, takes, COLUMNS, not takes)})


def _file(meaning: str, takes: str, default: object = None) -> Any:  # noqa: ANN401 (as above)
    is_open = not takes and default is None
    return field(default=default, metadata={"option": Option("", meaning, takes, FILE, is_open)})


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """What is said of a table. A column is given by its name, its number from 1, or a pattern such as ``Q*``.

    Examples
    --------
    >>> TableOptions(ignore="id").ignore
    ('id',)
    >>> TableOptions(bad_rows="skip")
    Traceback (most recent call last):
    chainrule.errors.UnknownNameError: There is no treatment of bad rows 'skip'. ...
    """

    inputs: tuple[str, ...] | None = _columns(
        "The only columns to learn from. Default: all that tell anything."
    )
    ignore: tuple[str, ...] | None = _columns("Columns to leave out.")
    classes: tuple[str, ...] | None = _columns("Columns of numbers that are classes or categories.")
    numbers: tuple[str, ...] | None = _columns(
        "Columns that are numbers, whatever they look like; a form may follow, as in price:decimal-comma."
    )
    categories: tuple[str, ...] | None = _columns(
        "Columns of which each value is a category, even where there are many."
    )
    dates: tuple[str, ...] | None = _columns(
        "Columns that are dates; a form may follow, as in sold:day-month-year."
    )
    text: tuple[str, ...] | None = _columns("Columns of free text, learnt by the parts of their words.")
    missing: tuple[str, ...] | None = _columns("Columns of which only counts whether they have a value.")
    log: tuple[str, ...] | None = _columns("Targets above 0 that are learnt by their logarithm.")
    as_is: tuple[str, ...] | None = _columns("Columns of numbers that are learnt as they are, not scaled.")
    numbers_as: tuple[tuple[str, str], ...] | None = _columns(
        "Encoding of the inputs that are numbers: standard, squashed, piecewise or piecewise:16 (by how many "
        "bins), or several of them joined by +. Of some columns: age,fare=squashed. Default: standard, and "
        "squashed beside it where some values are far from most.",
        "ENCODING",
    )
    one_unit: bool | None = _columns(
        "Whether a target of two classes has one output, 0 for the first and 1 for the second. Default: "
        "where the outputs are not softmax.",
        "",
    )
    weights: str | None = _columns("Column that says what each row counts.", "COLUMN")
    id: tuple[str, ...] | None = _columns("Columns that name the rows: not learnt, and kept in predictions.")
    split: str | None = _columns(
        "Column that says for each row: train, validation or test. Test rows are held out.", "COLUMN"
    )
    group: str | None = _columns(
        "Column of which rows of one value are never parted between training and held-out rows.", "COLUMN"
    )
    in_order: bool = field(
        default=False,
        metadata={
            "option": Option(
                "", "Hold out the last rows, for rows that follow each other in time.", "", COLUMNS
            )
        },
    )
    header: bool | None = _file(
        "Whether the file has a line of names; without one its columns are c1, c2, …", ""
    )
    names: tuple[str, ...] | None = _file("Names of the columns, in place of those of the file.", "NAMES")
    delimiter: str | None = _file("What stands between two cells: a character, tab, or blanks.", "MARK")
    decimal: str | None = _file("Decimal mark of all numbers: a point or a comma.", "MARK")
    encoding: str | None = _file("Encoding of the text, such as utf-8 or cp1252.", "NAME")
    sheet: str | None = _file("Sheet of a workbook, by name or number.", "NAME")
    bad_rows: str = _file(
        "A row that has other cells than its table: fail, or empty, which empties what cannot be trusted.",
        "NAME",
        "empty",
    )
    strict: bool = _file("Guess nothing: what would be decided is an error that says so.", "", default=False)

    def __post_init__(self) -> None:
        for one in options_of():
            value = getattr(self, one.name)
            if one.takes == "NAMES" and isinstance(value, str):
                value = value.split(",")
            if one.takes in {"COLUMNS", "NAMES"}:
                names = None if value is None else column_names(value, one.name)
                object.__setattr__(self, one.name, names)
            elif one.takes == "ENCODING" and value is not None:
                object.__setattr__(self, one.name, _encodings(value, one.name))
            elif one.takes == "COLUMN" and value is not None:
                object.__setattr__(self, one.name, _name(value, one.name))
        object.__setattr__(self, "strict", truth(self.strict, "strict"))
        object.__setattr__(self, "in_order", truth(self.in_order, "in_order"))
        if self.one_unit is not None:
            object.__setattr__(self, "one_unit", truth(self.one_unit, "one_unit"))
        treatment_of_bad_rows(self.bad_rows)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Options from what was given by name; None stands for what was not.

        Raises
        ------
        UnknownNameError
            There is no such option.
        """
        of_table, other = parted_options(given)
        for name in other:
            raise UnknownNameError("option of tables", name, [one.name for one in options_of()], name)
        return cls(**of_table)

    @property
    def of_file(self) -> dict[str, Any]:
        """What `read_table` takes of them."""
        return {one.name: getattr(self, one.name) for one in options_of() if one.about == FILE}


EVERY_COLUMN = "*"
BINS, MOST_BINS = 16, 1000
STANDARD, SQUASHED, PIECEWISE = "standard", "squashed", "piecewise"


class NumberEncoding(NamedTuple):
    """What a number becomes: one or several of three things, side by side in this order.

    Attributes
    ----------
    standard : bool
        Whether there is (x - mean) / deviation.
    squashed : bool
        Whether there is the same by median and quartiles, with a smooth edge.
    n_bins : int
        By how many bins there are components of the piecewise-linear encoding; 0 for none.

    Examples
    --------
    >>> NumberEncoding.of("piecewise+standard")
    NumberEncoding(standard=True, squashed=False, n_bins=16)
    >>> str(NumberEncoding.of("squashed + piecewise:8"))
    'squashed+piecewise:8'
    """

    standard: bool = False
    squashed: bool = False
    n_bins: int = 0

    @classmethod
    def of(cls, text: object, parameter: str = "numbers_as") -> NumberEncoding:
        """The encoding of a name.

        Raises
        ------
        UnknownNameError, InputError
            There is none of it, or too many bins.
        """
        found = cls()
        for part in text.split("+") if isinstance(text, str) else [text]:
            name, colon, bins = part.strip().partition(":") if isinstance(part, str) else ("", "", "")
            if name == PIECEWISE:
                found = found._replace(n_bins=_bins(bins, parameter) if colon else BINS)
            elif name in {STANDARD, SQUASHED} and not colon:
                found = found._replace(**{name: True})
            else:
                known = (STANDARD, SQUASHED, PIECEWISE, f"{PIECEWISE}:{BINS}")
                given = part if isinstance(part, str) else quoted(part)
                raise UnknownNameError("encoding of numbers", given, known, parameter)
        return found

    def __str__(self) -> str:
        names = [STANDARD] * self.standard + [SQUASHED] * self.squashed
        return "+".join([*names, *[f"{PIECEWISE}:{self.n_bins}"] * (self.n_bins > 0)])


def _bins(text: str, parameter: str) -> int:
    """A number of bins from what stands behind the colon."""
    is_one = text.isascii() and text.isdecimal() and 0 < int(text[: len(str(MOST_BINS)) + 1]) <= MOST_BINS
    if is_one:
        return int(text)
    raise InputError(
        parameter=parameter,
        given=f"{PIECEWISE}:{text}",
        needs=f"has a whole number of bins, from 1 to {MOST_BINS}",
        advice=f"Try {argument(parameter, f'{PIECEWISE}:{BINS}')}.",
    )


def _encodings(value: object, parameter: str) -> tuple[tuple[str, str], ...]:
    """Pairs of columns and their encoding: that of all columns first, and what was given later last."""
    if isinstance(value, Mapping):
        pairs = [(_name(columns, parameter), one) for columns, one in value.items()]
    else:
        given = value if isinstance(value, (list, tuple)) else [value]
        pairs = [one if isinstance(one, tuple) else _pair(one) for one in given]
    for one in pairs:
        if len(one) != 2 or not isinstance(one[0], str):  # noqa: PLR2004 (a pair)
            raise InputError(
                parameter=parameter,
                given=one,
                needs="must be names of encodings, or pairs of a column and one",
                advice=f"Try {{'age': '{SQUASHED}'}}.",
            )
    found = [(columns, str(NumberEncoding.of(one, parameter))) for columns, one in pairs]
    return tuple(sorted(found, key=lambda pair: pair[0] != EVERY_COLUMN))


def _pair(text: object) -> tuple[str, object]:
    """Columns and their encoding from one text: standard, or age,fare=squashed."""
    columns, equals, encoding = text.rpartition("=") if isinstance(text, str) else ("", "", text)
    return (columns if equals else EVERY_COLUMN), encoding


BAD_ROWS = ("empty", "fail")


def treatment_of_bad_rows(given: object) -> str:
    """What is done with a row that cannot be cut as the others; UnknownNameError for what is no such thing.

    Examples
    --------
    >>> treatment_of_bad_rows("fail")
    'fail'
    """
    if isinstance(given, str) and given in BAD_ROWS:
        return given
    raise UnknownNameError(
        "treatment of bad rows", given if isinstance(given, str) else quoted(given), BAD_ROWS, "bad_rows"
    )


@cache
def options_of() -> tuple[Option, ...]:
    """Definitions of all options, in their order."""
    return tuple(replace(one.metadata["option"], name=one.name) for one in fields(TableOptions))


def documented_options(function: F) -> F:
    """Write the definitions of the options into a docstring, in the place of ``{options}``."""
    entries = [_entry(one) for one in options_of()]
    function.__doc__ = (function.__doc__ or "").replace("    {options}\n", "".join(entries))
    return function


def _entry(one: Option) -> str:
    """An option as numpydoc has it."""
    kinds = {
        "COLUMNS": "str or sequence of str",
        "NAMES": "sequence of str",
        "": "bool",
        "ENCODING": "str or dict",
    }
    kind = kinds.get(one.takes, "str")
    lines = fill(one.meaning, 110, initial_indent=" " * 8, subsequent_indent=" " * 8, break_on_hyphens=False)
    return f"    {one.name} : {kind}, optional\n{lines}\n"


def parted_options(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was given, parted in options of the table and all else; None stands for what was not given.

    Examples
    --------
    >>> parted_options({"ignore": ["id"], "epochs": 3, "dates": None})
    ({'ignore': ['id']}, {'epochs': 3})
    """
    known = {one.name for one in options_of()}
    asked = {name: value for name, value in given.items() if value is not None}
    of_table = {name: value for name, value in asked.items() if name in known}
    return of_table, {name: value for name, value in asked.items() if name not in known}


def column_names(value: object, parameter: str) -> tuple[str, ...]:
    """Columns as they were given, by name or number, as a tuple of texts; one alone may stand for itself.

    Raises
    ------
    InputError
        They are no names or numbers.
    """
    value = value.tolist() if hasattr(value, "tolist") else value  # of NumPy or pandas
    if isinstance(value, (str, int)):
        return (_name(value, parameter),)
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=str)
    if not isinstance(value, (list, tuple, range)):
        raise _no_names(value, parameter)
    return tuple(_name(one, parameter) for one in value)


def _name(value: object, parameter: str) -> str:
    """A column by its name or number."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _no_names(value, parameter)
    try:
        return str(value)
    except ValueError:  # of a number with thousands of digits
        raise _no_names(value, parameter) from None


def _no_names(value: object, parameter: str) -> InputError:
    return InputError(
        f"{argument(parameter)} is {quoted(value)}",
        parameter=parameter,
        given=value,
        needs="must be names of columns",
        advice="Give them as text, or by their numbers from 1.",
    )
