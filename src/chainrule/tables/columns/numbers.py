"""Numbers as people write them: the digits, what parts them, and what stands beside them.

A cell that is a number is cut once into its digits and what is beside them. The whole column then settles
which mark is the decimal one, which parts thousands, and which signs and units belong to the column; one cell
is read by that alone, whatever stands in the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.stored import Stored
from chainrule.tables.columns import grammar
from chainrule.tables.columns.grammar import Found, Note, Words
from chainrule.tables.columns.notation.digits import (
    THOUSANDS,
    affix,
    body_pattern,
    has_power,
    plain_numbers,
    split_numbers,
)
from chainrule.words import counted, listed

if TYPE_CHECKING:
    from chainrule.tables.columns.grammar import BoolArray, Distinct, FloatArray
    from chainrule.tables.columns.notation.digits import Beside, Parts

__all__ = [
    "NUMBER_FORMS", "NumberReading", "number_form", "read_numbers", "settle_numbers",
]  # fmt: skip

Marks: TypeAlias = tuple[Literal[".", ","], Literal["", ",", ".", " ", "'"]]
Notation: TypeAlias = Literal["bounds", "brackets", "minus behind", "multiples"]

MOST_AFFIXES = 200  # different texts beside the numbers of a column: with more it is a text
FEW_OTHERS = 10  # of which one may be otherwise


class NumberReading(Stored, frozen=True, tag_field="cells", tag="number"):
    """The cells are numbers.

    Attributes
    ----------
    decimal : {".", ","}, optional
        The decimal mark. By default that of the table, and nothing but plain numbers is read.
    thousands : {"", ",", ".", " ", "'"}
        What may part groups of three digits.
    signs : tuple of str
        What may stand before or after the digits and counts for nothing: "%", "€", "kg".
    notations : tuple of {"bounds", "brackets", "minus behind", "multiples"}
        What else may be written: ``<5`` and ``5+`` for 5, ``(5)`` and ``5-`` for -5, ``1.2K`` for 1200.
    words : tuple of str
        Texts that are read as missing, beyond the tokens that always are.

    Examples
    --------
    >>> NumberReading(decimal=",", thousands=".").words
    ()
    """

    decimal: Literal[".", ","] | None = None
    thousands: Literal["", ",", ".", " ", "'"] = ""
    signs: Words = ()
    notations: tuple[Notation, ...] = ()
    words: Words = ()


def read_numbers(cells: pa.Array, reading: NumberReading) -> FloatArray:
    """The values of trimmed strings by a reading with a decimal mark; NaN for nulls and what is none.

    Examples
    --------
    >>> cells = pa.array(["1.234,5 €", "-7", "8 $"], pa.large_string())
    >>> read_numbers(cells, NumberReading(decimal=",", thousands=".", signs=("€",))).tolist()
    [1234.5, -7.0, nan]
    """
    if reading.decimal == "." and not reading.notations:
        plain = plain_numbers(cells)
        if plain is not None:
            return plain
    parts = split_numbers(cells)
    fits = grammar.matches(parts.body, body_pattern(reading.decimal or ".", reading.thousands))
    fits &= _allowed(parts, reading)
    kept, codes = parts.body.filter(pa.array(fits)), pa.array(parts.codes[fits])
    if reading.thousands:
        kept = pc.replace_substring_regex(kept, THOUSANDS[reading.thousands], "")
    if reading.decimal == ",":
        kept = pc.replace_substring(kept, ",", ".")
    signs = pa.array(["-" if one.is_negative else "" for one in parts.beside], pa.large_string())
    powers = pa.array([_power(one, reading) for one in parts.beside], pa.large_string())
    if len(kept):
        nothing = pa.scalar("", pa.large_string())
        kept = pc.binary_join_element_wise(signs.take(codes), kept, powers.take(codes), nothing)
    values = np.full(len(cells), np.nan)
    values[fits] = pc.cast(kept, pa.float64()).to_numpy(zero_copy_only=False)
    return values


def _power(beside: Beside, reading: NumberReading) -> str:
    """The power of ten that a letter behind a number stands for, as an exponent."""
    power = affix(beside.after).power if "multiples" in reading.notations else 0
    return f"e{power}" if power else ""


def _allowed(parts: Parts, reading: NumberReading) -> BoolArray:
    """Which cells have nothing beside their digits but what the reading allows."""
    groups = {affix(one).group for one in reading.signs} | {""}
    with_powers = "multiples" in reading.notations

    def fits(text: str) -> bool:
        one = affix(text)
        return text in reading.signs or (one.group in groups and (with_powers or not one.power))

    def belongs(beside: Beside) -> bool:
        if beside.before and affix(beside.after).group:  # a number has one sign or unit
            return False
        return all(map(fits, beside.texts)) and _notations_of(beside) <= {*reading.notations}

    good = parts.where(belongs)
    if with_powers:  # of ten, which are written in one way
        good &= ~(grammar.matches(parts.body, "[eEiI]") & parts.where(lambda one: has_power(one.after)))
    return good


def _notations_of(beside: Beside) -> set[Notation]:
    """What a number needs to be allowed, by what stands beside it."""
    needs: set[Notation] = {beside.sign} if beside.sign in {"brackets", "minus behind"} else set()
    return needs | {"bounds"} if beside.bound else needs


def settle_numbers(cells: Distinct, hint: str, form: str = "", *, is_asked: bool = False) -> Found:
    """Find the reading by which most of the cells of a column are numbers.

    Parameters
    ----------
    cells : Distinct
    hint : {".", ","}
        The decimal mark that the table seems to have.
    form : str
        One of `NUMBER_FORMS`, or nothing.
    is_asked : bool
        Whether the column was said to hold numbers: then whatever stands beside them is overlooked.

    Examples
    --------
    >>> found = settle_numbers(grammar.distinct(pa.array(["1.234,5", "2.000"], pa.large_string())), ".")
    >>> found.reading.decimal, found.reading.thousands, found.is_read.tolist()
    (',', '.', [True, True])
    """
    parts = split_numbers(cells.texts)
    notations, is_number, notes = _settle_notations(parts, cells, is_asked=is_asked)
    signs, is_number, more = _settle_signs(parts, cells, is_number, is_asked=is_asked)
    multiples: tuple[Notation, ...] = ("multiples",) if _MULTIPLES in more else ()
    decimal, thousands, is_read, of_marks = _settle_marks(parts.body, cells, is_number, hint, form)
    reading = NumberReading(decimal, thousands, signs, (*notations, *multiples))
    return Found(reading, is_read & _allowed(parts, reading), (*of_marks, *notes, *more))


def _settle_notations(
    parts: Parts, cells: Distinct, *, is_asked: bool
) -> tuple[tuple[Notation, ...], BoolArray, tuple[Note, ...]]:
    """Which notations the column has, the cells that remain numbers, and what is to be said."""
    is_number, found, notes = parts.is_cut, [], []
    for notation, words in _SAYS.items():
        flags = parts.where(lambda one, notation=notation: notation in _notations_of(one))  # type: ignore[misc]
        n_such, n_other = cells.count(flags & is_number), cells.count(is_number & ~flags)
        if not n_such:
            continue
        if notation == "bounds":  # of classes such as <30 and >30 nothing else is there
            is_one = len({one.bound for one in parts.beside if one.bound}) == 1
            takes = n_other >= n_such or is_one
        else:  # where all cells have brackets, these say nothing of a sign
            takes = n_other > 0
        if takes or is_asked:
            found.append(notation)
            said = f"{words} ({counted(n_such, 'cell')})"
            notes.append(Note(said, is_guess=True, is_warning=notation == "bounds"))
        else:
            is_number = is_number & ~flags
    return tuple(found), is_number, tuple(notes)


_SAYS: dict[Notation, str] = {
    "bounds": "bounds such as <5 or 5+ are read as the number itself",
    "brackets": "numbers in brackets are read as negative",
    "minus behind": "numbers with a minus behind them are read as negative",
}
_MULTIPLES = Note("letters behind numbers multiply them: K by a thousand, M by a million, B by a billion")


def _settle_signs(
    parts: Parts, cells: Distinct, is_number: BoolArray, *, is_asked: bool
) -> tuple[tuple[str, ...], BoolArray, tuple[Note, ...]]:
    """Which signs and units belong to the column, the cells that remain numbers, and what is to be said."""
    n_with = _counted_texts(parts, cells, is_number)
    if not n_with:
        return (), is_number, ()
    taken, notes = set[str](), tuple[Note, ...]()
    if len(n_with) <= MOST_AFFIXES:
        taken, notes = _taken(n_with, cells.count(is_number), is_asked=is_asked)
    is_number = is_number & parts.where(lambda one: taken.issuperset(one.texts))
    is_multiple = _MULTIPLES in notes
    return tuple(sorted(one for one in taken if affix(one).group or not is_multiple)), is_number, notes


def _counted_texts(parts: Parts, cells: Distinct, is_number: BoolArray) -> dict[str, int]:
    """How many cells have each of the texts beside their numbers."""
    n_with: dict[str, int] = {}
    counts = np.bincount(parts.codes[is_number], cells.counts[is_number], len(parts.beside))
    for one, count in zip(parts.beside, counts.tolist(), strict=True):
        for text in one.texts if count else ():
            n_with[text] = n_with.get(text, 0) + int(count)
    return n_with


def _taken(n_with: dict[str, int], n_numbers: int, *, is_asked: bool) -> tuple[set[str], tuple[Note, ...]]:
    """Which texts beside the numbers belong to the column, of those that so many cells have each."""
    powers = {text for text in n_with if affix(text).power}
    # Letters that are all m may well be metres, and all b bytes.
    is_multiple = bool(powers) and (len(powers) > 1 or not powers <= {"m", "b"})

    def group(text: str) -> str:
        return affix(text).group or ("" if is_multiple else text)

    n_of: dict[str, int] = {}
    for text, n in n_with.items():
        if group(text):
            n_of[group(text)] = n_of.get(group(text), 0) + n
    best = min(n_of, key=lambda one: (-n_of[one], one), default="")
    mixed = FEW_OTHERS * (sum(n_of.values()) - n_of.get(best, 0)) > sum(n_of.values())
    if mixed and not is_asked:
        return set(), ()
    taken = {text for text in n_with if is_asked or group(text) in {"", best}}
    units = {text for text in taken if affix(text).kind == "unit" or affix(text).power}
    if not is_asked and 2 * sum(n_with[text] for text in units) < n_numbers:
        taken -= units  # a few letters behind numbers are rather those of codes
    return taken, _said_of(taken, n_with, n_numbers, is_multiple=is_multiple)


def _said_of(
    taken: set[str], n_with: dict[str, int], n_numbers: int, *, is_multiple: bool
) -> tuple[Note, ...]:
    """What is said of the texts that are taken for signs and units."""
    signs = sorted(one for one in taken if affix(one).group or not is_multiple)
    notes = [_MULTIPLES] if is_multiple and any(map(has_power, taken)) else []
    if signs:
        n_signs = sum(n_with[one] for one in signs)
        is_mixed = n_signs < n_numbers or len({affix(one).group for one in signs}) > 1
        where = f" in {counted(n_signs, 'cell')} of {n_numbers}" if n_signs < n_numbers else ""
        alike = ", all read as if they were alike" if is_mixed else ""
        notes.append(Note(f"numbers with {listed(signs)} beside them{where}{alike}", is_mixed, is_mixed))
    return tuple(notes)


def _settle_marks(
    body: pa.Array, cells: Distinct, is_number: BoolArray, hint: str, form: str
) -> tuple[Literal[".", ","], Literal["", ",", ".", " ", "'"], BoolArray, tuple[Note, ...]]:
    """Which marks let the most cells be numbers, which cells these are, and what is to be said.

    Of marks that fit equally the plain ones come first, with the table's own decimal mark before the other;
    but a comma before three digits parts thousands where the table says nothing.
    """
    fits = {
        marks: is_number & grammar.matches(body, body_pattern(*marks))
        for marks in _candidates(hint)
        if form in {"", number_form(*marks), number_form(marks[0])}
    }
    n_read = {marks: cells.count(flags) for marks, flags in fits.items()}
    most = max(n_read.values())
    best = [marks for marks, n in n_read.items() if n == most]
    decimal, thousands = best[0]
    other = "," if decimal == "." else "."
    notes = []
    if most and (thousands, other) == (other, thousands) and (other, "") in best and not form:
        notes.append(_unclear(thousands))
    elif most and thousands:
        notes.append(Note(f"numbers with {_CALLED[thousands]} between thousands"))
    if most and decimal == "," and hint == ".":
        notes.append(Note("numbers with a decimal comma"))
    return decimal, thousands, fits[best[0]], tuple(notes)


def _candidates(hint: str) -> tuple[Marks, ...]:
    """All pairs of a decimal mark and one of thousands, each before those that it wins against."""
    first: Literal[".", ","] = "," if hint == "," else "."
    second: Literal[".", ","] = "." if first == "," else ","
    beside: tuple[Literal[" ", "'"], ...] = (" ", "'")
    return (
        (first, ""), (first, second), (second, ""), (second, first),
        *((decimal, thousands) for thousands in beside for decimal in (first, second)),
    )  # fmt: skip


def number_form(decimal: str, thousands: str = "") -> str:
    """What marks are called in what is asked of a column.

    Examples
    --------
    >>> number_form(","), number_form(".", " ")
    ('decimal-comma', 'decimal-point-thousands-blank')
    """
    form = f"decimal-{_NAMES[decimal]}"
    return f"{form}-thousands-{_NAMES[thousands]}" if thousands else form


_NAMES = {".": "point", ",": "comma", " ": "blank", "'": "apostrophe"}
_CALLED = {".": "points", ",": "commas", " ": "blanks", "'": "apostrophes"}
NUMBER_FORMS = tuple(
    dict.fromkeys(number_form(*marks) for marks in sorted(_candidates("."), key=lambda one: one[1]))
)


def _unclear(thousands: str) -> Note:
    """What is said where a mark may part thousands in all cells, or be the decimal one."""
    mark = f"the {_NAMES[thousands]} is a decimal mark"
    return Note(
        f"numbers like 1{thousands}234 are read as 1234, for no cell tells whether {mark}",
        is_guess=True,
        is_warning=True,
        form=f"numbers:{number_form(thousands)}",
    )
