"""Counts that a user gives."""

from __future__ import annotations

import operator

from chainrule.errors import InputError

__all__ = ["whole_number_from_1"]


def whole_number_from_1(value: object, name: str) -> int:
    """Int of at least 1, or InputError."""
    try:
        number = 0 if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = 0
    if number < 1:
        message = f"{name} is {value!r} but must be a whole number of at least 1. Try 1."
        raise InputError(message)
    return number
