"""Options that are numbers: taken as text, so that what is no number gets a message like every other."""

from __future__ import annotations

from typing import overload

from chainrule.errors import InputError

__all__ = ["number", "whole"]


@overload
def number(option: str, text: str) -> float: ...
@overload
def number(option: str, text: None) -> None: ...
@overload
def number(option: str, text: str | None) -> float | None: ...
def number(option: str, text: str | None) -> float | None:
    """Float that was typed for an option; None where it was not given."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        message = f"{option} is {text!r} but must be a number. Try {option} 0.1."
        raise InputError(message) from None


@overload
def whole(option: str, text: str) -> int: ...
@overload
def whole(option: str, text: None) -> None: ...
@overload
def whole(option: str, text: str | None) -> int | None: ...
def whole(option: str, text: str | None) -> int | None:
    """Int that was typed for an option; None where it was not given."""
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        message = f"{option} is {text!r} but must be a whole number. Try {option} 10."
        raise InputError(message) from None
