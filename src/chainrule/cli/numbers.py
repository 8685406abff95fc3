"""Options that are numbers: taken as text, so that what is no number gets a message like every other."""

from __future__ import annotations

from typing import overload

from chainrule.errors import InputError, argument

__all__ = ["number", "whole"]


@overload
def number(name: str, text: str) -> float: ...
@overload
def number(name: str, text: None) -> None: ...
@overload
def number(name: str, text: str | None) -> float | None: ...
def number(name: str, text: str | None) -> float | None:
    """Float that was typed for an option; None where it was not given."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError(
            parameter=name, given=text, needs="must be a number", advice=f"Try {argument(name, 0.1)}."
        ) from None


@overload
def whole(name: str, text: str) -> int: ...
@overload
def whole(name: str, text: None) -> None: ...
@overload
def whole(name: str, text: str | None) -> int | None: ...
def whole(name: str, text: str | None) -> int | None:
    """Int that was typed for an option; None where it was not given."""
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise InputError(
            parameter=name, given=text, needs="must be a whole number", advice=f"Try {argument(name, 10)}."
        ) from None
