"""What a command does about an error: one message, and an exit code."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec

import typer

from chainrule.errors import ChainruleError, DivergenceError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DIVERGED", "INTERRUPTED", "WRONG_INPUT", "exits_with_a_message"]

DIVERGED, WRONG_INPUT, INTERRUPTED = 1, 2, 130

Arguments = ParamSpec("Arguments")


def exits_with_a_message(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Turn an error of this package, and Ctrl-C, into one message on stderr and an exit code."""

    @functools.wraps(command)
    def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ChainruleError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(DIVERGED if isinstance(error, DivergenceError) else WRONG_INPUT) from error
        except KeyboardInterrupt as error:
            typer.echo("Interrupted. Nothing was written.", err=True)
            raise typer.Exit(INTERRUPTED) from error

    return guarded
