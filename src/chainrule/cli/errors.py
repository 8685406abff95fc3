"""What a command does about an error: one message, and an exit code."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec

import typer

from chainrule.cli.naming import in_options
from chainrule.cli.printing import note
from chainrule.errors import ChainruleError, DivergenceError, said
from chainrule.interrupts import Watch, exit_code

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DIVERGED", "WRONG_INPUT", "exits_with_a_message"]

DIVERGED, WRONG_INPUT = 1, 2

Arguments = ParamSpec("Arguments")


def exits_with_a_message(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Turn an error of this package, and a signal, into one message on stderr and an exit code."""

    @functools.wraps(command)
    def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        watch = Watch()
        try:
            with watch:
                command(*args, **kwargs)
        except typer.Exit:
            raise
        except (Exception, KeyboardInterrupt) as error:
            known = _message(error, interrupted=watch.interrupted)
            if known is None:
                raise
            message, code = known
            note(message)
            raise typer.Exit(code) from error

    return guarded


def _message(error: BaseException, *, interrupted: bool) -> tuple[str, int] | None:
    """Message and exit code; None for an error that nobody foresaw."""
    if isinstance(error, KeyboardInterrupt) or interrupted:
        kept = str(error) if isinstance(error, KeyboardInterrupt) else ""
        return f"Interrupted. {kept or 'Nothing was written.'}", exit_code()
    if isinstance(error, ChainruleError):
        code = DIVERGED if isinstance(error, DivergenceError) else WRONG_INPUT
        return f"Error: {said(error, in_options)}", code
    if isinstance(error, MemoryError):
        reason = str(error).rstrip(".") or "Out of memory"
        return f"Error: {reason}. Take a smaller table or fewer hidden units.", WRONG_INPUT
    return None
