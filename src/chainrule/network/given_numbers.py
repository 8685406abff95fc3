"""Numbers that a user gives."""

from __future__ import annotations

import math
import operator

from chainrule.errors import InputError

__all__ = ["keep_whole", "not_negative_number", "positive_number", "share_below_1", "whole_number_from_1"]


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


def positive_number(value: object, name: str, example: str) -> float:
    """Finite float above 0, or InputError."""
    number = _as_float(value)
    if not 0 < number < math.inf:
        message = f"{name} is {value!r} but must be a finite number above 0. Try {example}."
        raise InputError(message)
    return number


def not_negative_number(value: object, name: str, example: str) -> float:
    """Finite float of at least 0, or InputError."""
    number = _as_float(value)
    if not 0 <= number < math.inf:
        message = f"{name} is {value!r} but must be a finite number of at least 0. Try {example}."
        raise InputError(message)
    return number


def share_below_1(value: object, name: str, example: str) -> float:
    """Float of at least 0 and below 1, or InputError."""
    number = _as_float(value)
    if not 0 <= number < 1:
        message = f"{name} is {value!r} but must be at least 0 and below 1. Try {example}."
        raise InputError(message)
    return number


def _as_float(value: object) -> float:
    """Float, or NaN for what is no number."""
    try:
        return math.nan if isinstance(value, (str, bytes, bool)) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan


def keep_whole(record: object, name: str) -> None:
    """Keep a field of a frozen record as an int of at least 1: numbers that come from a text are floats."""
    value = getattr(record, name)
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    object.__setattr__(record, name, whole_number_from_1(whole, name))
