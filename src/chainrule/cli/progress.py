"""Progress of a long training, on stderr."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

import typer

if TYPE_CHECKING:
    from types import TracebackType

    from chainrule.training import Epoch

__all__ = ["TrainingProgress"]

SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_DRAWS = 0.1


class TrainingProgress:
    """One line that is drawn anew on a terminal; elsewhere a line every ten seconds."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.on_terminal = sys.stderr.isatty()
        self.began = self.last_shown = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.on_terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def __call__(self, epoch: Epoch) -> None:
        """Show an epoch, unless the last one was shown just now."""
        now = time.monotonic()
        pause = SECONDS_BETWEEN_DRAWS if self.on_terminal else SECONDS_BETWEEN_LINES
        if now - self.last_shown < pause:
            return
        self.last_shown = now
        line = self.line(epoch, now - self.began)
        if self.on_terminal:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
        else:
            typer.echo(line, err=True)

    def line(self, epoch: Epoch, seconds: float) -> str:
        """Epoch, loss, epochs a second and time left."""
        rate = epoch.number / seconds if seconds > 0 else 0.0
        left = (self.epochs - epoch.number) / rate if rate > 0 else 0.0
        return (
            f"epoch {epoch.number} of {self.epochs}   loss {epoch.loss:.6g}   "
            f"{rate:.3g} epochs/s   {_duration(left)} left   (Ctrl-C stops and keeps the network)"
        )


def _duration(seconds: float) -> str:
    """Time as people say it."""
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 (seconds of a minute)
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02} h"  # noqa: PLR2004
