"""What a cell that is text may mean: a number, a boolean, nothing at all, a date.

The grammar is small and stated in docs/tables.md, and nothing else is ever taken for a number: no
thousands separators, no per cent signs, no hexadecimal digits, no other alphabet's digits.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    BoolArray = npt.NDArray[np.bool_]
    FloatArray = npt.NDArray[np.float64]

__all__ = [
    "MISSING_TOKENS", "canonical_number", "matches", "missing_cells", "number_pattern", "numbers_in",
    "trimmed", "without_signs",
]  # fmt: skip

MISSING_TOKENS = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "?", "#N/A")
BLANKS = " \t"

_INFINITY = "[iI][nN][fF](?:[iI][nN][iI][tT][yY])?"
_DATE = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = "(?:[01][0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
BOOLEAN_PATTERN = "^(?i:true|false)$"
DATE_PATTERN = f"^(?:{_DATE}(?:[T ]{_TIME})?|{_TIME})$"

# Dates that no standard settles: a column is one of dates where all its cells look like this.
_MONTH = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_PART, _TWO = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0[1-9]|[12][0-9]|3[01])"
_OTHER_DATE = (
    f"{_PART}[./-]{_PART}[./-][0-9]{{4}}|{_PART}/{_PART}/[0-9]{{2}}|{_TWO}[.-]{_TWO}[.-][0-9]{{2}}"
    f"|[0-9]{{4}}[./-]{_PART}[./-]{_PART}"
    rf"|{_PART}\.?[ -]{_MONTH}[ -][0-9]{{2,4}}|{_MONTH} {_PART},? [0-9]{{4}}"
)
OTHER_DATE_PATTERN = f"^(?:{_OTHER_DATE})(?:[ T,]+[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9.]+)?(?: ?(?i:[ap]m))?)?$"

# What people write beside a number: the sign of per cent or of a currency, with or without blanks.
_SIGN = r"(?:[%‰]|\p{Sc}|EUR|USD|GBP|CHF)"
_SIGNS = rf"^([+-]?){_SIGN}[ \x{{a0}}\x{{202f}}]*|[ \x{{a0}}\x{{202f}}]*{_SIGN}$"

# Either separator in either role: a cell like this may be a number to its writer, but which one?
AMBIGUOUS_PATTERN = (
    "^[+-]?(?:[0-9]*[.,][0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]{1,3}(?:,[0-9]{3})+(?:[.][0-9]*)?"
    "|[0-9]{1,3}(?:[.][0-9]{3})+(?:,[0-9]*)?|[0-9]+"
    r"|[0-9]{1,3}(?:[ '\x{2019}\x{a0}\x{202f}][0-9]{3})+(?:[.,][0-9]*)?)$"
)
THOUSANDS_PATTERN = "^[+-]?[1-9][0-9]{0,2},[0-9]{3}$"

_WHOLE = re.compile(r"([+-]?)0*([0-9]+)(?:\.0*)?")
LARGEST_PLAIN_WHOLE = 1e16


def number_pattern(decimal: str) -> str:
    """The regular expression of a number, with this decimal mark."""
    digits = f"(?:[0-9]+(?:[{decimal}][0-9]*)?|[{decimal}][0-9]+)"
    return f"^[+-]?(?:{digits}(?:[eE][+-]?[0-9]+)?|{_INFINITY})$"


def trimmed(cells: pa.Array) -> pa.Array:
    """An Arrow array of strings without surrounding blanks."""
    return pc.utf8_trim(cells, characters=BLANKS)


def without_signs(cells: pa.Array) -> pa.Array:
    """An Arrow array of strings without a sign of per cent or of a currency at either end.

    Examples
    --------
    >>> without_signs(pa.array(["12 %", "-€ 3", "x"])).to_pylist()
    ['12', '-3', 'x']
    """
    return pc.replace_substring_regex(cells, _SIGNS, r"\1")


def matches(cells: pa.Array, pattern: str) -> BoolArray:
    """Say which strings of an Arrow array match; a null does not."""
    found: BoolArray = pc.fill_null(pc.match_substring_regex(cells, pattern), fill_value=False).to_numpy(
        zero_copy_only=False
    )
    return found


def missing_cells(cells: pa.Array) -> BoolArray:
    """Say which cells of an Arrow array hold no value: nulls, NaN, and the missing tokens.

    Examples
    --------
    >>> missing_cells(pa.array(["1", "NA", None, "None"], pa.large_string())).tolist()
    [False, True, True, False]
    """
    missing = cells.is_null(nan_is_null=True)
    if pa.types.is_large_string(cells.type):
        missing = pc.or_(missing, pc.is_in(trimmed(cells), pa.array(MISSING_TOKENS, pa.large_string())))
    flags: BoolArray = missing.to_numpy(zero_copy_only=False)
    return flags


def numbers_in(cells: pa.Array, decimal: str) -> FloatArray:
    """The value of each string that is a number by the grammar; NaN for every other cell."""
    cells = trimmed(cells)
    fits = pa.array(matches(cells, number_pattern(decimal)))
    plain = pc.replace_substring(cells, ",", ".") if decimal == "," else cells
    values = pc.cast(pc.if_else(fits, plain, None), pa.float64())
    numbers: FloatArray = pc.fill_null(values, float("nan")).to_numpy(zero_copy_only=False)
    return numbers


def canonical_number(cell: object) -> str:
    """Spell a number in the one way that its label has: "1" for 1, 1.0, "01" and "+1.00".

    Whole numbers keep all their digits, so that long identifiers stay apart.

    Examples
    --------
    >>> canonical_number("01"), canonical_number(1.0), canonical_number("-0"), canonical_number("5e-1")
    ('1', '1', '0', '0.5')
    """
    whole = _WHOLE.fullmatch(str(cell))
    if whole:
        digits = whole[2]
        return f"-{digits}" if whole[1] == "-" and digits != "0" else digits
    value = float(str(cell))
    return str(int(value)) if value.is_integer() and abs(value) < LARGEST_PLAIN_WHOLE else repr(value)
