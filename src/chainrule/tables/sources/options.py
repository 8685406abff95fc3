"""What a user says of a table, checked: each by itself, and against what the source is."""

from __future__ import annotations

import codecs
from encodings.aliases import aliases
from typing import TYPE_CHECKING, Literal, cast

from chainrule.errors import InputError, UnknownNameError
from chainrule.given import truth
from chainrule.table_options import treatment_of_bad_rows
from chainrule.tables.columns.layout import Given
from chainrule.words import counted, listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["checked_options", "refuse_meaningless"]

DELIMITERS = {
    "tab": "\t",
    "\\t": "\t",
    "comma": ",",
    "semicolon": ";",
    "pipe": "|",
    "space": " ",
    "blanks": " ",
}
NEVER_DELIMITERS = frozenset("\"'\r\n\0")
DECIMALS = {"point": ".", "comma": ","}
USUAL_ENCODINGS = (
    "utf-8", "utf-16", "latin-1", "windows-1252", "cp1252", "cp1251", "shift_jis", "gb18030", "big5",
)  # fmt: skip
MOST_SHEETS = 100_000
# What each option is about, for sources that have no such thing.
ABOUT = {
    "header": "line of names",
    "delimiter": "delimiter",
    "encoding": "encoding to be named",
    "sheet": "sheets",
}


def checked_options(
    *,
    header: object = None,
    names: object = None,
    delimiter: object = None,
    decimal: object = None,
    encoding: object = None,
    sheet: object = None,
    bad_rows: object = "empty",
    strict: object = False,
) -> Given:
    r"""Make one record of what was said of a table.

    Raises
    ------
    InputError
        One of them is no such thing; the message says which, and what it must be.

    Examples
    --------
    >>> checked_options(delimiter="tab", encoding="windows-1252", sheet=2).delimiter
    '\t'
    >>> checked_options(encoding="latin-l")
    Traceback (most recent call last):
    chainrule.errors.UnknownNameError: There is no encoding 'latin-l'. Did you mean 'latin-1'? There are: ...
    """
    return Given(
        header=None if header is None else truth(header, "header"),
        names=None if names is None else _names(names),
        delimiter=None if delimiter is None else _delimiter(delimiter),
        decimal=None if decimal is None else _decimal(decimal),
        encoding=None if encoding is None else _encoding(encoding),
        sheet=None if sheet is None else _sheet(sheet),
        bad_rows=_bad_rows(bad_rows),
        strict=truth(strict, "strict"),
    )


def refuse_meaningless(given: Given, means: Iterable[str], what: str) -> None:
    """Raise InputError for an option about a thing that this source does not have.

    Parameters
    ----------
    given : Given
    means : iterable of str
        Those of the options about names, cells and sheets that have a meaning for the source.
    what : str
        What the source is: "a Parquet file".
    """
    for name, thing in ABOUT.items():
        if getattr(given, name) is not None and name not in means:
            raise InputError(
                f"{name} is {getattr(given, name)!r}",
                parameter=name,
                given=getattr(given, name),
                needs=f"{what} has no {thing}",
                advice="Leave it out.",
            )


def _names(names: object) -> tuple[str, ...]:
    texts = () if isinstance(names, (str, bytes)) else _listed(names)
    if not texts or not all(isinstance(one, str) and one.strip() for one in texts):
        raise InputError(
            parameter="names",
            given=names,
            needs="must be a list of names, none of them blank",
            advice="Give one for each column, as in ['age', 'city'].",
        )
    stripped = [cast("str", one).strip() for one in texts]
    repeated = [one for place, one in enumerate(stripped) if one in set(stripped[:place])][:1]
    if repeated:
        raise InputError(
            f"names has {shown(repeated[0])} {counted(stripped.count(repeated[0]), 'time')}",
            parameter="names",
            given=names,
            needs="every name must be there once",
            advice="Give each column a name of its own.",
        )
    return tuple(stripped)


def _listed(names: object) -> tuple[object, ...]:
    try:
        return tuple(cast("Iterable[object]", names))
    except TypeError:
        return ()


def _delimiter(delimiter: object) -> str:
    mark = DELIMITERS.get(delimiter, delimiter) if isinstance(delimiter, str) else None
    if mark is None or len(mark) > 1 or mark in NEVER_DELIMITERS:
        words = listed(name for name in DELIMITERS if name.isalpha())
        raise InputError(
            parameter="delimiter",
            given=delimiter,
            needs=f"must be one character that is no quote and no line end, or one of {words}",
            advice="Give ';' or 'tab', for example.",
        )
    return mark


def _decimal(decimal: object) -> str:
    mark = DECIMALS.get(decimal, decimal) if isinstance(decimal, str) else None
    if mark not in DECIMALS.values():
        raise InputError(
            parameter="decimal", given=decimal, needs="must be '.' or ','", advice="Give one of them."
        )
    return cast("str", mark)


def _encoding(encoding: object) -> str:
    if not isinstance(encoding, str):
        raise InputError(
            parameter="encoding",
            given=encoding,
            needs="must be the name of an encoding",
            advice="Give 'utf-8' or 'cp1252', for example.",
        )
    try:
        "a".encode(encoding)  # what is no encoding of text is refused there
        codecs.getincrementaldecoder(encoding)
    except (LookupError, UnicodeError, ValueError) as error:
        names = (set(aliases) | set(aliases.values())) - {*USUAL_ENCODINGS, encoding}
        known = [*USUAL_ENCODINGS, *sorted(names)]
        raise UnknownNameError("encoding", encoding, known, "encoding") from error
    return encoding


def _sheet(sheet: object) -> str:
    if isinstance(sheet, str) and sheet:
        return sheet
    if not isinstance(sheet, int) or isinstance(sheet, bool) or not 1 <= sheet <= MOST_SHEETS:
        raise InputError(
            parameter="sheet",
            given=sheet,
            needs="must be the name of a sheet, or its number from 1",
            advice="Give 1 for the first.",
        )
    return str(sheet)


def _bad_rows(bad_rows: object) -> Literal["fail", "empty"]:
    return cast("Literal['fail', 'empty']", treatment_of_bad_rows(bad_rows))
