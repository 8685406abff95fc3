"""Which column is what: inputs, targets, ignored, declared classes; and that the lists agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from chainrule.errors import InputError
from chainrule.tables.columns.table import refuse_absent
from chainrule.words import listed, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.tables.columns.table import Table

__all__ = ["Roles", "settle_roles"]

PARAMETERS = {"targets": "target"}  # lists that callers have under another name


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
        raise InputError(
            "No target was given",
            parameter="target",
            needs="training needs one",
            advice="Name the column to be predicted.",
        )
    _refuse_common("targets", targets, "inputs", inputs or ())
    _refuse_common("targets", targets, "ignore", ignore)
    _refuse_common("inputs", inputs or (), "ignore", ignore)
    left_out = {*targets, *ignore}
    chosen = tuple(name for name in table.names if name not in left_out) if inputs is None else tuple(inputs)
    if need_inputs and not chosen:
        raise InputError(
            f"No input column is left of {listed(table.names)}",
            parameter="ignore" if inputs is None else "inputs",
            given=tuple(ignore) if inputs is None else tuple(inputs),
            needs="training needs one",
            advice="Ignore fewer columns.",
        )
    return Roles(chosen, tuple(targets), tuple(classes))


def _check_names(table: Table, where: str, names: Sequence[str]) -> None:
    parameter = PARAMETERS.get(where, where)
    if isinstance(names, str):
        raise InputError(
            f"{where} is {shown(names)}",
            parameter=parameter,
            given=names,
            needs="must be a list of column names",
            advice=f"Write [{shown(names)}].",
        )
    seen: set[str] = set()
    for name in names:
        if not isinstance(cast("object", name), str):
            raise InputError(
                f"{where} has {shown(name)}",
                parameter=parameter,
                given=name,
                needs="must be a list of column names",
                advice="Give their names.",
            )
        if name in seen:
            raise InputError(
                f"{where} has the column {shown(name)} twice",
                parameter=parameter,
                given=name,
                needs="each must be there once",
                advice="Name it once.",
            )
        seen.add(name)
    refuse_absent(table, names, parameter)


def _refuse_common(where: str, names: Sequence[str], other_where: str, others: Sequence[str]) -> None:
    excluded = frozenset(others)
    common = [name for name in names if name in excluded]
    if common:
        raise InputError(
            f"{listed(common)} is both in {where} and in {other_where}",
            parameter=PARAMETERS.get(other_where, other_where),
            given=common[0],
            needs="a column has one role",
            advice="Name it in one of them only.",
        )
