"""The digits of a number and what stands beside them: a sign, a currency, a unit, brackets, a bound."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.tables.columns import grammar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from chainrule.tables.columns.grammar import BoolArray, FloatArray

__all__ = [
    "THOUSANDS", "Affix", "Beside", "Parts", "affix", "body_pattern", "has_power", "plain_numbers",
    "split_numbers",
]  # fmt: skip

# Currencies that go by several names, and those that have a code or a word only.
_SAME = {
    "$": ("$", "USD", "US$"), "€": ("€", "EUR"), "£": ("£", "GBP"), "¥": ("¥", "JPY", "CNY", "RMB"),
    "₹": ("₹", "INR", "Rs", "Rs."), "kr": ("kr", "kr.", "SEK", "NOK", "DKK"), "Fr.": ("Fr.", "Fr", "CHF"),
    "zł": ("zł", "PLN"), "R$": ("R$", "BRL"), "C$": ("C$", "CAD", "CA$"), "A$": ("A$", "AUD", "AU$"),
}  # fmt: skip
_CODES = ("MXN NZD CZK HUF TRY ZAR SGD HKD THB IDR ILS UAH RUB KRW TWD BTC AED SAR PHP MYR CLP COP ARS VND",)
_CURRENCIES = {name: group for group, names in _SAME.items() for name in names} | {
    one: one for codes in _CODES for one in codes.split()
}
_POWERS = {
    "k": 3, "thousand": 3, "tsd": 3, "m": 6, "mn": 6, "mln": 6, "mio": 6, "million": 6, "millions": 6,
    "b": 9, "bn": 9, "mrd": 9, "billion": 9, "billions": 9, "trillion": 12,
}  # fmt: skip
_MULTIPLE = re.compile(rf"({'|'.join(sorted(_POWERS, key=len, reverse=True))})\.?\s*(.*)", re.IGNORECASE)
LONGEST_SINGULAR = 3
MOST_KEPT = 1000  # answers about different texts

THOUSANDS = {",": ",", ".": "[.]", " ": r"[ \x{a0}\x{202f}\x{2009}]", "'": r"['\x{2019}]"}
_DIGITS = (
    r"(?:[0-9]+(?:[.,'\x{2019} \x{a0}\x{202f}\x{2009}][0-9]+)*(?:[.,]?[eE][+-]?[0-9]+)?"
    rf"|[.,][0-9]+(?:[eE][+-]?[0-9]+)?|{grammar.INFINITY})"
)
_BARE = f"^[+-]?{_DIGITS}[.,]?$"
_BEFORE = "[^0-9.,]{0,8}[a-z][.] ?|[^0-9.,]{0,12}"  # of points, those that end a word: Rs. 5
_CUT = rf"^(?P<lead>{_BEFORE})(?P<body>{_DIGITS})(?P<mark>[.,]?)(?P<tail>[^0-9]{{0,24}}[23]?)$"

_B = "[ \u00a0\u202f\u2009]*"
_MINUS = "\u2212-"  # last in a class, where a minus is no range
_CURRENCY = "|".join(re.escape(name) for name in sorted(_CURRENCIES, key=len, reverse=True))
_SYMBOLS = "$\u00a2-\u00a5\u20a0-\u20c0"
_LETTER = rf"(?:[^\W\d_]|[{_SYMBOLS}°%‰\u2032\u2033])"
_UNIT = (
    rf"(?:[^\W\d_]*m[23]|{_LETTER}{{1,12}}[²³]?)(?:[/·^][^\W\d_]{{1,8}}[23²³]?)?\.?"
    rf"(?:{_B}{_LETTER}{{1,8}})?\.?"
)
_LEAD = re.compile(
    rf"(\(?){_B}([<>]=?|[≤≥~≈])?{_B}([+{_MINUS}]?){_B}((?:{_CURRENCY}|[{_SYMBOLS}])?){_B}([+{_MINUS}]?)"
)
_OUTSIDE = re.compile(rf"((?:{_CURRENCY}|[{_SYMBOLS}])){_B}\(")  # $(3.50) for ($3.50)
_TAIL = re.compile(rf"(?:[.,][-–—]{{1,2}})?{_B}((?:{_UNIT})?)([+{_MINUS}]?)(\)?)")


class Affix(NamedTuple):
    """What stands beside a number: what it is, a power of ten that it stands for, and what it is called."""

    kind: Literal["", "per cent", "currency", "unit"]
    group: str = ""
    power: int = 0


@lru_cache(maxsize=MOST_KEPT)
def affix(text: str) -> Affix:
    """What a text beside a number is.

    Examples
    --------
    >>> affix("USD"), affix("M €"), affix("kg").kind
    (Affix(kind='currency', group='$', power=0), Affix(kind='currency', group='€', power=6), 'unit')
    """
    if not text:
        return Affix("")
    if text in {"%", "‰"}:
        return Affix("per cent", text)
    if text in _CURRENCIES or unicodedata.category(text[0]) == "Sc" == unicodedata.category(text[-1]):
        return Affix("currency", _CURRENCIES.get(text, text))
    if text in {"st", "nd", "rd", "th"}:
        return Affix("unit", "th")
    multiple = _MULTIPLE.fullmatch(text)
    if multiple and (not multiple[2] or affix(multiple[2]).kind == "currency"):
        return Affix(*affix(multiple[2])[:2], _POWERS[multiple[1].lower()])
    unit = text.rstrip(".").translate(str.maketrans("²³", "23"))
    is_plural = len(unit) > LONGEST_SINGULAR and unit.endswith("s")
    return Affix("unit", unit.removesuffix("s") if is_plural else unit)


Sign: TypeAlias = Literal["", "+", "-", "brackets", "minus behind"]


class Beside(NamedTuple):
    """What stands before and after the digits of a number."""

    before: str = ""
    after: str = ""
    bound: str = ""
    sign: Sign = ""

    @property
    def is_negative(self) -> bool:
        """Whether the number is below 0."""
        return self.sign not in {"", "+"}

    @property
    def texts(self) -> tuple[str, ...]:
        """The signs and units, but those that are not there."""
        return tuple(one for one in (self.before, self.after) if one)


@dataclass(frozen=True)
class Parts:
    """The cells of a column cut into the digits and what is beside them.

    Attributes
    ----------
    body : pyarrow.Array of large strings, length n
        The digits, with their marks and exponent; null where a cell is no number.
    beside : sequence of Beside
        The different things that stand beside them.
    codes : array of shape (n,)
        Which of these each cell has; -1 where it is no number.
    """

    body: pa.Array
    beside: Sequence[Beside]
    codes: npt.NDArray[np.int64]

    def where(self, holds: Callable[[Beside], bool]) -> BoolArray:
        """Of which cells something holds that is said of what is beside their digits, shape (n,)."""
        answers = np.array([*map(holds, self.beside), False], dtype=bool)
        found: BoolArray = answers[self.codes]
        return found

    @property
    def is_cut(self) -> BoolArray:
        """Which cells are digits with something beside them, or nothing."""
        return self.codes >= 0


_BESIDE_BARE = (Beside(), Beside(sign="+"), Beside(sign="-"))


def split_numbers(cells: pa.Array) -> Parts:
    """Cut trimmed strings into numbers and what is beside them.

    Examples
    --------
    >>> parts = split_numbers(pa.array(["-$3.50", "12 kg", "<5", "5-8"], pa.large_string()))
    >>> parts.body.to_pylist(), parts.where(lambda one: one.after == "kg").tolist()
    (['3.50', '12', '5', None], [False, True, False, False])
    """
    is_bare = grammar.matches(cells, _BARE)  # the usual case, and the quick one
    bare = cells.filter(pa.array(is_bare))
    codes = np.full(len(cells), -1)
    codes[is_bare] = _flags(pc.starts_with(bare, "+")) + 2 * _flags(pc.starts_with(bare, "-"))
    body = pc.if_else(pa.array(is_bare), pc.utf8_ltrim(cells, "+-"), None)
    if is_bare.all():
        return Parts(body, _BESIDE_BARE, codes)
    digits, beside, other_codes = _cut(cells.filter(pa.array(~is_bare)))
    codes[~is_bare] = np.where(other_codes < 0, -1, other_codes + len(_BESIDE_BARE))
    return Parts(pc.replace_with_mask(body, pa.array(~is_bare), digits), (*_BESIDE_BARE, *beside), codes)


def _cut(cells: pa.Array) -> tuple[pa.Array, list[Beside], npt.NDArray[np.int64]]:
    """The digits of cells that are more than digits, what is beside them, and which of it each has."""
    found = pc.extract_regex(cells, _CUT)
    lead, digits, mark, tail = found.flatten()
    # In 12,- the mark belongs to what is behind it.
    of_tail = _flags(pc.match_substring_regex(tail, "^[-–—]"))
    body = pc.binary_join_element_wise(digits, pc.if_else(pa.array(of_tail), "", mark), _EMPTY)
    tail = pc.binary_join_element_wise(pc.if_else(pa.array(of_tail), mark, ""), tail, _EMPTY)
    leads, tails = pc.dictionary_encode(lead), pc.dictionary_encode(tail)
    n_tails = max(len(tails.dictionary), 1)
    pairs = _numbers(leads.indices) * n_tails + _numbers(tails.indices)
    different, codes = np.unique(np.where(_flags(found.is_valid()), pairs, -1), return_inverse=True)
    beside: list[Beside] = []
    places = []
    for pair in different.tolist():
        one = None
        if pair >= 0:
            one = _beside(leads.dictionary[pair // n_tails].as_py(), tails.dictionary[pair % n_tails].as_py())
        places.append(-1 if one is None else len(beside))
        beside += [] if one is None else [one]
    codes = np.array(places, np.int64)[codes]
    return pc.if_else(pa.array(codes >= 0), body, None), beside, codes


@lru_cache(maxsize=MOST_KEPT)
def _beside(lead: str, tail: str) -> Beside | None:
    """What stands before and after digits, None where it is nothing that belongs to a number.

    Examples
    --------
    >>> _beside("-$", " M"), _beside("$(", ")").sign, _beside("in ", "") is None
    (Beside(before='$', after='M', bound='', sign='-'), 'brackets', True)
    """
    outside = _OUTSIDE.fullmatch(lead)
    before, behind = _LEAD.fullmatch("(" + outside[1] if outside else lead), _TAIL.fullmatch(tail)
    if not before or not behind:
        return None
    opened, bound, sign, currency, inner = before.groups("")
    unit, end, closed = behind.groups("")
    if any(one.isnumeric() and one not in "23²³" for one in unit):  # such as a half
        return None
    signs = [one for one in (sign, inner, end, opened) if one]
    if bool(opened) != bool(closed) or len(signs) > 1 or (bound and end == "+"):
        return None
    if end == "+":  # a bound, as < before is
        return Beside(currency, unit, "+")
    if not signs:
        return Beside(currency, unit, bound)
    return Beside(currency, unit, bound, "minus behind" if end else _SIGNS[signs[0]])


_SIGNS: dict[str, Sign] = {"(": "brackets", "+": "+", "-": "-", "\u2212": "-"}
_EMPTY = pa.scalar("", pa.large_string())


def _flags(array: pa.Array) -> BoolArray:
    flags: BoolArray = pc.fill_null(array, fill_value=False).to_numpy(zero_copy_only=False)
    return flags


def _numbers(indices: pa.Array) -> npt.NDArray[np.int64]:
    numbers: npt.NDArray[np.int64] = pc.fill_null(indices, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return numbers


def body_pattern(decimal: str, thousands: str) -> str:
    """The regular expression of the digits of a number with these marks."""
    whole, mark = "[0-9]+", f"[{decimal}]"
    if thousands:
        by_three = f"[1-9][0-9]{{0,2}}(?:{THOUSANDS[thousands]}[0-9]{{3}})+"
        in_india = "|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}" if thousands == "," else ""
        whole = f"(?:{by_three}{in_india}|[0-9]+)"
    return f"^(?:(?:{whole}(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?|{grammar.INFINITY})$"


def plain_numbers(cells: pa.Array) -> FloatArray | None:
    """The values of trimmed strings, NaN for nulls; None where one is no plain number with a decimal point.

    Examples
    --------
    >>> plain_numbers(pa.array(["1.50", None], pa.large_string())).tolist()
    [1.5, nan]
    >>> plain_numbers(pa.array(["1.50", "1,5"], pa.large_string())) is None
    True
    """
    try:
        values = pc.cast(cells, pa.float64())
    except pa.ArrowInvalid:
        return None
    numbers: FloatArray = pc.fill_null(values, float("nan")).to_numpy(zero_copy_only=False)
    # Arrow also reads "nan" and the like, which is no number.
    return numbers if np.isnan(numbers).sum() == cells.null_count else None


def has_power(text: str) -> bool:
    """Whether a text beside a number stands for a power of ten."""
    return bool(affix(text).power)
