"""What a command does about an error: one message, and an exit code."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, ParamSpec

import typer

from chainrule.cli.naming import in_options
from chainrule.cli.printing import note
from chainrule.disk import written_files
from chainrule.errors import ChainruleError, DivergenceError, OutputError, said
from chainrule.interrupts import Watch, exit_code, put_off, signal_came
from chainrule.words import printable, series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["DIVERGED", "WRONG_INPUT", "exits_with_a_message"]

DIVERGED, WRONG_INPUT = 1, 2

Arguments = ParamSpec("Arguments")


def exits_with_a_message(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Turn an error of this package, and a signal, into one message on stderr and an exit code."""

    @functools.wraps(command)
    def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        with Watch(), written_files() as written:
            try:
                command(*args, **kwargs)
                if signal_came():  # where a KeyboardInterrupt was lost
                    raise KeyboardInterrupt  # noqa: TRY301 (as if it had come through)
            except typer.Exit:
                raise
            except (Exception, KeyboardInterrupt) as error:
                with put_off():
                    known = _message(error, written)
                    if known is None:
                        raise
                    message, code = known
                    note(message)
                raise typer.Exit(code) from error

    return guarded


def _message(error: BaseException, written: Sequence[Path]) -> tuple[str, int] | None:
    """Message and exit code; None for an error that nobody foresaw."""
    if isinstance(error, KeyboardInterrupt) or signal_came():
        return f"Interrupted. {_left(error, written)}", exit_code()
    if isinstance(error, ChainruleError):
        code = DIVERGED if isinstance(error, DivergenceError) else WRONG_INPUT
        return f"Error: {said(error, in_options)}", code
    if isinstance(error, MemoryError):
        reason = str(error).rstrip(".") or "Out of memory"
        return f"Error: {reason}. Take a smaller table or fewer hidden units.", WRONG_INPUT
    return None


def _left(error: BaseException, written: Sequence[Path]) -> str:
    """What an interrupted command has left, and where a result is that found no place."""
    for one in (error, error.__context__):
        if isinstance(one, (DivergenceError, OutputError)):
            return said(one, in_options)
    if isinstance(error, KeyboardInterrupt) and str(error):
        return str(error)
    names = [printable(str(path)) for path in written if os.path.lexists(path)]
    if not names:
        return "Nothing was saved."
    return f"{series(names)} {'is' if len(names) == 1 else 'are'} saved."
