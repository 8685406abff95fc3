"""What a cell that is text may mean: a number, a boolean, nothing at all, a date.

The grammar is small and stated in docs/tables.md. What people write beside the digits of a number (thousands
separators, signs of per cent, units) is not in it: the whole column settles that, see the readings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.stored import MOST, Meta, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    BoolArray = npt.NDArray[np.bool_]
    FloatArray = npt.NDArray[np.float64]
    IntArray = npt.NDArray[np.int64]

__all__ = [
    "INFINITY", "MISSING_TOKENS", "Distinct", "Found", "Note", "Words", "canonical_number", "distinct",
    "fraction", "matches", "missing_cells", "number_pattern", "numbers_in", "trimmed", "where_text",
]  # fmt: skip

Words = Annotated[tuple[Text, ...], Meta(max_length=MOST)]  # that a reading takes for missing

# None and none are not among them: they may well be categories.
MISSING_TOKENS = (
    "", "?", "-", "...", "NA", "N/A", "n/a", "<NA>", "#NA", "#N/A", "#N/A N/A", "NaN", "nan", "-NaN", "-nan",
    "NaT", "NULL", "null", "(null)", "\\N", "1.#QNAN", "-1.#QNAN", "1.#IND", "-1.#IND",
    "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!",
)  # fmt: skip
BLANKS = " \t\r\n\v\f\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000\ufeff"

INFINITY = "[iI][nN][fF](?:[iI][nN][iI][tT][yY])?"
BOOLEAN_PATTERN = "^(?i:true|false)$"

_WHOLE = re.compile(r"([+-]?)0*([0-9]+)(?:\.0*)?")
LARGEST_PLAIN_WHOLE = 1e16


def thousands_pattern(mark: str) -> str:
    """The regular expression of a number in which this mark may part thousands."""
    return f"^[+-]?[1-9][0-9]{{0,2}}[{mark}][0-9]{{3}}$"


def number_pattern(decimal: str) -> str:
    """The regular expression of a number, with this decimal mark."""
    digits = f"(?:[0-9]+(?:[{decimal}][0-9]*)?|[{decimal}][0-9]+)"
    return f"^[+-]?(?:{digits}(?:[eE][+-]?[0-9]+)?|{INFINITY})$"


def trimmed(cells: pa.Array) -> pa.Array:
    """An Arrow array of strings without surrounding blanks."""
    return pc.utf8_trim(cells, characters=BLANKS)


class Distinct(NamedTuple):
    """The different cells of a column that are text and not missing.

    Attributes
    ----------
    texts : pyarrow.Array of large strings, length n
        Without surrounding blanks, each once, in the order in which they come.
    counts : array of shape (n,)
        How many cells each of them has.
    """

    texts: pa.Array
    counts: npt.NDArray[np.int64]

    def only(self, which: BoolArray) -> Distinct:
        """Those of these places alone."""
        return Distinct(self.texts.filter(pa.array(which)), self.counts[which])

    def count(self, which: BoolArray) -> int:
        """How many cells those of these places have."""
        return int(self.counts[which].sum())


def distinct(cells: pa.Array) -> Distinct:
    """The different cells of an Arrow array of strings, trimmed, without nulls.

    Examples
    --------
    >>> distinct(pa.array(["b", "a ", None, "a"], pa.large_string())).texts.to_pylist()
    ['b', 'a']
    """
    counted = pc.value_counts(trimmed(cells.drop_null()))
    return Distinct(counted.field("values"), counted.field("counts").to_numpy(zero_copy_only=False))


class Note(NamedTuple):
    """What was decided about the cells of a column; `form` is what may be asked to have it otherwise."""

    words: str
    is_guess: bool = False
    is_warning: bool = False
    form: str = ""


class Found(NamedTuple):
    """How the cells of a column can be read: a reading, which of the different cells it reads, and notes."""

    reading: Any
    is_read: BoolArray
    notes: tuple[Note, ...] = ()


def where_text(cells: pa.Array, holds: Callable[[str], bool]) -> BoolArray:
    """Say of which strings something holds, asked once for each different one; of a null it does not."""
    coded = pc.dictionary_encode(cells)
    answers = np.array([*map(holds, coded.dictionary.to_pylist()), False], dtype=bool)
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    found: BoolArray = answers[codes]
    return found


def fraction(digits: pa.Array) -> FloatArray:
    """The fraction of a second whose digits are these, 0 where there are none."""
    texts = pc.binary_join_element_wise("0.", digits.cast(pa.string()), "0", "")
    values: FloatArray = pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False)
    return values


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
