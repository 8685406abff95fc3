"""Options that are numbers: taken as text, so that what is no number gets a message like every other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from chainrule.errors import Faults, InputError, argument

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["number", "together", "whole"]


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
        is_long = text.strip().lstrip("+-").isdecimal()  # which Python refuses to read
        needs = f"must be a whole number{' of at most 300 digits' * is_long}"
        raise InputError(
            parameter=name, given=text, needs=needs, advice=f"Try {argument(name, 10)}."
        ) from None


def together(**typed: tuple[Callable[[str, Any], Any], str | None]) -> dict[str, Any]:
    """Numbers of several options, each read by `number` or `whole`; what is none is said at once.

    Examples
    --------
    >>> together(rows=(whole, "3"), rate=(number, None))
    {'rows': 3, 'rate': None}
    """
    faults, given = Faults(), {}
    for name, (read, text) in typed.items():
        with faults:
            given[name] = read(name, text)
    faults.refuse()
    return given
