"""What targets are together: numbers, the classes of one of them, or several labels of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from chainrule.errors import InputError, argument
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.columns.readings import (
    DateReading,
    DurationReading,
    NumberReading,
    kind_of_labels,
    read_cells,
)
from chainrule.tables.encoding.levels import levels_of
from chainrule.words import listed, shown

if TYPE_CHECKING:
    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.readings import Reading
    from chainrule.tables.columns.roles import Roles

__all__ = ["TargetKind", "kind_of_targets"]

TargetKind: TypeAlias = Literal["numbers", "classes", "labels"]

FEWEST_FOR_CLASSES = 4  # rows: two for each of two classes


def kind_of_targets(
    columns: tuple[Column, ...],
    readings: list[Reading],
    roles: Roles,
    decisions: list[Decision],
    *,
    may_be_classes: bool,
) -> TargetKind:
    """What is learnt; InputError where one of several targets has more than two classes."""
    of_classes = [
        column.name
        for column, reading in zip(columns, readings, strict=True)
        if _holds_classes(column, reading, roles.asked.get(column.name, ""))
    ]
    are_numbers = roles.asked.get(columns[0].name, "").startswith("numbers") or roles.log
    if len(columns) == 1:
        if of_classes:
            return "classes"
        may_be_two = may_be_classes and not are_numbers
        return "classes" if may_be_two and _has_two_values(columns[0], readings[0], decisions) else "numbers"
    if not of_classes and (are_numbers or not may_be_classes):
        return "numbers"
    others = [
        column.name
        for column, reading in zip(columns, readings, strict=True)
        if not _is_on_or_off(column, reading, column.name in of_classes)
    ]
    if not others:
        _say_labels(columns, of_classes, decisions)
        return "labels"
    if of_classes:
        names = [column.name for column in columns]
        raise InputError(
            f"The targets are {listed(names)}, of which {listed(of_classes)} hold classes,",
            parameter="target",
            given=names,
            needs="a network has one target of classes, several of two classes each, or numbers, and "
            f"{shown(others[0])} does not go with the others",
            advice="Fit a network for each kind.",
        )
    return "numbers"


def _holds_classes(column: Column, reading: Reading, asked: str) -> bool:
    """Whether a target is one of classes, whatever its values are."""
    kinds = (NumberReading, DurationReading, DateReading)
    return asked in {"classes", "categories"} or column.is_category or not isinstance(reading, kinds)


def _is_on_or_off(column: Column, reading: Reading, is_of_classes: bool) -> bool:  # noqa: FBT001 (of one place)
    """Whether a target has two classes at most; of numbers, 0 and 1 alone."""
    if is_of_classes:
        return len(levels_of(column, kind_of_labels(column))) <= 2  # noqa: PLR2004 (two classes)
    if not isinstance(reading, NumberReading):
        return False
    values = read_cells(column, reading).values
    return bool(np.isin(values[~np.isnan(values)], (0.0, 1.0)).all())


def _say_labels(columns: tuple[Column, ...], of_classes: list[str], decisions: list[Decision]) -> None:
    """Say that several targets are learnt as labels, each of which a row has or has not."""
    names = [column.name for column in columns if column.name not in of_classes]
    for name in names:  # what to do about it is told once
        advice = f"{argument('numbers', names)} learns them as numbers." if name == names[0] else ""
        decisions.append(Decision("0 and 1 are two classes, which a row has or has not", name, advice=advice))


def _has_two_values(column: Column, reading: Reading, decisions: list[Decision]) -> bool:
    """Whether numbers are but two, each twice on average: that is decided to be two classes.

    Not where a cell that has a value, as infinity, was read as missing: of a class it would be one more.
    """
    if not isinstance(reading, NumberReading):
        return False
    values = read_cells(column, reading).values
    if (np.isnan(values) & ~column.missing).any():
        return False
    there = values[~np.isnan(values)]
    if len(there) < FEWEST_FOR_CLASSES or len(np.unique(there)) != 2:  # noqa: PLR2004 (two classes)
        return False
    advice = f"{argument('numbers', [column.name])} learns them as numbers."
    decisions.append(Decision("two distinct numbers are two classes", column.name, advice=advice))
    return True
