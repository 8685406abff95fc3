"""What a message about a table advises: sentences of what can be done."""

from __future__ import annotations

from typing import Literal, TypeAlias

from chainrule.errors import argument

__all__ = ["Role", "remedies", "way_out"]

# What a column is used for: while a model is fitted, or when one that has learnt it takes a new table.
Role: TypeAlias = Literal["input", "target", "learnt input", "learnt target"]


def way_out(role: Role | None, name: str) -> str:
    """What can be done without the column; nothing where a model has learnt it and needs it.

    Examples
    --------
    >>> from chainrule.errors import said
    >>> said(way_out("input", "day")), way_out("target", "day"), way_out("learnt input", "day")
    ("ignore the column (ignore=['day'])", 'choose another target', '')
    """
    if role == "input":
        return f"ignore the column ({argument('ignore', [name])})"
    return "choose another target" if role == "target" else ""


def remedies(*ways: str) -> str:
    """Make one sentence of what can be done; ways that are empty are left out.

    Examples
    --------
    >>> remedies("correct the cell", "remove the row", ""), remedies("fill it in", "sort it", "go")
    ('Correct the cell, or remove the row.', 'Fill it in, sort it, or go.')
    """
    given = [way for way in ways if way]
    sentence = ", or ".join([", ".join(given[:-1]), given[-1]] if len(given) > 1 else given)
    return f"{sentence[0].upper()}{sentence[1:]}."
