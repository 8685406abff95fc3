"""Which column is what: inputs, targets, ignored, declared classes; and that the lists agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from chainrule.errors import InputError
from chainrule.words import listed, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.tables.columns.table import Table

__all__ = ["Roles", "settle_roles"]


class Roles(NamedTuple):
    """The names of the input and target columns, and of those declared to hold classes."""

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    classes: tuple[str, ...]


def settle_roles(
    table: Table,
    targets: Sequence[str],
    inputs: Sequence[str] | None,
    ignore: Sequence[str],
    classes: Sequence[str],
    *,
    need_inputs: bool = True,
) -> Roles:
    """Check the lists of names against the table and one another.

    Raises
    ------
    UnknownNameError
        A name is no column of the table.
    InputError
        No target, no input, a name twice in one list, or in two lists that exclude each other.
    """
    lists = {"targets": targets, "inputs": inputs or (), "ignore": ignore, "classes": classes}
    for where, names in lists.items():
        _check_names(table, where, names)
    if not targets:
        message = "No target was given but training needs one. Name the column to be predicted."
        raise InputError(message)
    _refuse_common("targets", targets, "inputs", inputs or ())
    _refuse_common("targets", targets, "ignore", ignore)
    _refuse_common("inputs", inputs or (), "ignore", ignore)
    left_out = {*targets, *ignore}
    chosen = tuple(name for name in table.names if name not in left_out) if inputs is None else tuple(inputs)
    if need_inputs and not chosen:
        message = (
            f"No input column is left of {listed(table.names)} but training needs one. Ignore fewer columns."
        )
        raise InputError(message)
    return Roles(chosen, tuple(targets), tuple(classes))


def _check_names(table: Table, where: str, names: Sequence[str]) -> None:
    if isinstance(names, str):
        message = f"{where} is {shown(names)} but must be a list of column names. Write [{shown(names)}]."
        raise InputError(message)
    seen: set[str] = set()
    for name in names:
        if not isinstance(cast("object", name), str):
            message = f"{where} has {shown(name)} but must be a list of column names. Give their names."
            raise InputError(message)
        table.column(name)
        if name in seen:
            message = f"{where} has the column {shown(name)} twice but each must be there once. Name it once."
            raise InputError(message)
        seen.add(name)


def _refuse_common(where: str, names: Sequence[str], other_where: str, others: Sequence[str]) -> None:
    common = [name for name in names if name in others]
    if common:
        message = (
            f"{listed(common)} is both in {where} and in {other_where} but a column has one role. "
            "Name it in one of them only."
        )
        raise InputError(message)
