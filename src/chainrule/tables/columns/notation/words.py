"""Words among cells that are otherwise numbers or dates, and columns of two words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.tables.columns import grammar

if TYPE_CHECKING:
    from chainrule.tables.columns.grammar import BoolArray, Distinct

__all__ = ["are_pair", "may_hold_values", "says_none", "words_for_none"]

PAIRS = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off"))
# What says beside numbers and dates that there is none, in any letter case.
_FOR_NONE = (
    "none missing unknown unk n.a. na nil void blank empty undefined unspecified tbd tba null nodata",
    "n/d nd n.d. n.v. k.a. s/d s.d. inconnu unbekannt desconocido",
    ". .. ... \u2026 * ** # -- --- \u2013 \u2014",
)
FOR_NONE = frozenset({
    *(word for line in _FOR_NONE for word in line.split()),
    *("no data", "not available", "not applicable", "not known", "no value", "keine angabe"),
})  # fmt: skip
ENOUGH = 10  # different values beside which one other word is none of them
FEW_OTHERS = 10  # of so many cells one may be otherwise


def words_for_none(cells: Distinct, is_read: BoolArray) -> tuple[str, ...] | None:
    """The cells that hold no value where the others do, sorted; None where they are too many for that.

    Words that say so may be any number. One other word may have up to half of all cells, beside ten different
    values or more; several others may have a tenth.

    Examples
    --------
    >>> import numpy as np
    >>> import pyarrow as pa
    >>> cells = grammar.distinct(pa.array(["1", "2", "unknown"], pa.large_string()))
    >>> words_for_none(cells, np.array([True, True, False]))
    ('unknown',)
    """
    n_read = cells.count(is_read)
    if not n_read:
        return None
    others = cells.only(~is_read)
    is_known = grammar.where_text(others.texts, says_none)
    n_others, n_different = others.count(~is_known), int((~is_known).sum())
    is_one = n_different == 1 and is_read.sum() >= ENOUGH and n_others <= n_read
    if n_others and not is_one and n_others * FEW_OTHERS > n_others + n_read:
        return None
    return tuple(sorted(others.texts.to_pylist()))


def says_none(text: str) -> bool:
    """Whether a word says that there is no value."""
    return text.casefold() in FOR_NONE


def are_pair(cells: Distinct) -> bool:
    """Whether the cells are true or false, or two words such as yes and no, in any letter case.

    Examples
    --------
    >>> import pyarrow as pa
    >>> [are_pair(grammar.distinct(pa.array(cells))) for cells in (["Yes", "no"], ["yes", "off"], ["TRUE"])]
    [True, False, True]
    """
    if len(cells.texts) > 2 ** len(PAIRS):  # more than there are spellings
        return False
    found = {text.casefold() for text in cells.texts.to_pylist()}
    return found <= {*PAIRS[0]} or any(found == {*pair} for pair in PAIRS)


def may_hold_values(cells: Distinct) -> bool:
    """Whether enough of the cells have a digit, so that they may be numbers, dates or durations."""
    has_digit = grammar.matches(cells.texts, "[0-9]")
    n_with = cells.count(has_digit)
    if not n_with:
        return False
    others = cells.only(~has_digit)
    return n_with >= others.count(~grammar.where_text(others.texts, says_none))
