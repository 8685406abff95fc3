"""Progress of a long training, on stderr."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Self

from chainrule.cli.printing import Notes, aside, note
from chainrule.training.displays.progress import TrainingWords
from chainrule.words import named

if TYPE_CHECKING:
    from types import TracebackType

    from chainrule.training import Progress

__all__ = ["TrainingProgress"]

SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_DRAWS = 0.1
HINT = "   (Ctrl-C stops and keeps the network)"
HINT_BEFORE = "   (Ctrl-C stops)"
USUAL_WIDTH = 80


class TrainingProgress(Notes):
    """One line that is drawn anew on a terminal; elsewhere a line every ten seconds.

    Parameters
    ----------
    table : path, optional
        What a job reads first, which may take some seconds.
    """

    def __init__(self, table: object = None) -> None:
        self.table = table
        self.on_terminal = (
            sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM", "") != "dumb"
        )
        self.last_shown = time.monotonic()
        self.words = TrainingWords()

    def __enter__(self) -> Self:
        if self.on_terminal and self.table is not None:
            self._draw(fitted(f"reading {named(str(self.table))} …", HINT_BEFORE, _width()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._draw("")

    def note(self, text: str) -> None:
        """Print a note, not behind the line that is drawn."""
        self._draw("")
        super().note(text)

    def progress(self, training: Progress) -> None:
        """Show how far a training is, or the least far of several at once, unless that was shown just now."""
        now = time.monotonic()
        self.words.hear(training)
        pause = SECONDS_BETWEEN_DRAWS if self.on_terminal else SECONDS_BETWEEN_LINES
        if now - self.last_shown < pause:
            return
        self.last_shown = now
        line = self.words.line(training)
        if self.on_terminal:
            self._draw(fitted(line, HINT if training.fold is None else HINT_BEFORE, _width()))
        else:
            note(line)

    def step(self, text: str) -> None:
        """Show which step of a long job comes next, unless one was shown just now."""
        now = time.monotonic()
        if self.on_terminal:
            self._draw(fitted(text, HINT_BEFORE, _width()))
        elif now - self.last_shown >= SECONDS_BETWEEN_LINES:
            self.last_shown = now
            note(text)

    def _draw(self, line: str) -> None:
        """Replace the line that stands on the terminal."""
        if self.on_terminal:
            aside(f"\r\x1b[K{line}")


def _width() -> int:
    """Columns of the terminal behind stderr."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or USUAL_WIDTH
    except (OSError, ValueError):
        return USUAL_WIDTH


def fitted(line: str, hint: str, width: int) -> str:
    """Line with its hint where both have room: a line that the terminal breaks could not be drawn anew.

    Examples
    --------
    >>> fitted("epoch 1 of 9", " (more)", 20), fitted("epoch 1 of 9", " (more)", 10)
    ('epoch 1 of 9 (more)', 'epoch 1 o')
    """
    return line + hint if len(line + hint) < width else line[: width - 1]
