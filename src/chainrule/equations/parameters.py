"""Parameters of activations, losses and update rules: checked where an object is made."""

from __future__ import annotations

import math

from chainrule.errors import InputError

__all__ = ["check_between", "check_share"]


def check_between(value: float, name: str, low: float, high: float, *, example: float) -> None:
    """Raise InputError for a number that is not strictly between two others; `high` may be infinity.

    Examples
    --------
    >>> check_between(-1.0, "limit", 0.0, math.inf, example=1.0)
    Traceback (most recent call last):
    chainrule.errors.InputError: limit is -1.0 but must be a finite number above 0. Try 1.
    """
    if not _is_number(value) or not low < value < high:
        end = "" if high == math.inf else f" and below {high:g}"
        message = f"{name} is {value!r} but must be a finite number above {low:g}{end}. Try {example:g}."
        raise InputError(message)


def check_share(value: float, name: str, *, example: float) -> None:
    """Raise InputError for a number that is not at least 0 and below 1.

    Examples
    --------
    >>> check_share(1.0, "momentum", example=0.9)
    Traceback (most recent call last):
    chainrule.errors.InputError: momentum is 1.0 but must be at least 0 and below 1. Try 0.9.
    """
    if not _is_number(value) or not 0 <= value < 1:
        message = f"{name} is {value!r} but must be at least 0 and below 1. Try {example:g}."
        raise InputError(message)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
