"""What a command does about an error: one message, and an exit code."""

from __future__ import annotations

import functools
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec

import typer

from chainrule.cli.interrupts import Watch
from chainrule.cli.printing import note
from chainrule.errors import ChainruleError, DivergenceError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["DIVERGED", "INTERRUPTED", "WRONG_INPUT", "exits_with_a_message", "speaking_of_options"]

DIVERGED, WRONG_INPUT, INTERRUPTED = 1, 2, 130

# Parameters of Python that are options, too.
OPTIONS = (
    "batch_size", "class_weight", "defaults", "dropout", "epochs", "held_out", "hidden", "l2", "loss_goal",
    "patience", "rate", "seed", "validation",
)  # fmt: skip

Arguments = ParamSpec("Arguments")


def exits_with_a_message(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Turn an error of this package, and Ctrl-C, into one message on stderr and an exit code."""

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


@contextmanager
def speaking_of_options() -> Iterator[None]:
    """Let an error that names a parameter as Python does name the option instead."""
    try:
        yield
    except InputError as error:
        words = str(error)
        for name in OPTIONS:
            option = f"--{name.replace('_', '-')}"
            words = re.sub(rf"(?<![\w-]){name}(?= (?:is|of) )|(?<=Leave ){name}(?= out)", option, words)
            words = re.sub(rf"(?<![\w-]){name}=", f"{option} ", words)
        if words == str(error):
            raise
        raise InputError(words) from error


def _message(error: BaseException, *, interrupted: bool) -> tuple[str, int] | None:
    """Message and exit code; None for an error that nobody foresaw."""
    if isinstance(error, KeyboardInterrupt) or interrupted:
        return "Interrupted. Nothing was written.", INTERRUPTED
    if isinstance(error, ChainruleError):
        return f"Error: {error}", DIVERGED if isinstance(error, DivergenceError) else WRONG_INPUT
    if isinstance(error, MemoryError):
        reason = str(error).rstrip(".") or "Out of memory"
        return f"Error: {reason}. Take a smaller table or fewer hidden units.", WRONG_INPUT
    return None
