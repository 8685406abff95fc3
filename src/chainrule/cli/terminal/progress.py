"""Progress of a long job, on stderr."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Self

from chainrule.cli.printing import Notes
from chainrule.cli.terminal.size import is_terminal, terminal_width, width_of
from chainrule.cli.terminal.streams import aside, note
from chainrule.lines import cut, span
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


class TrainingProgress(Notes):
    """One line that is drawn anew on a terminal; elsewhere a line every ten seconds.

    Parameters
    ----------
    table : path, optional
        What a job reads first, which may take some seconds.
    """

    def __init__(self, table: object = None) -> None:
        self.table = table
        self.on_terminal = is_terminal(sys.stderr) and os.environ.get("TERM", "") != "dumb"
        self.last_shown = time.monotonic()
        self.last_step = ""  # its first word
        self.words = TrainingWords()

    def __enter__(self) -> Self:
        if self.on_terminal and self.table is not None:
            self._draw(fitted(f"reading {named(str(self.table))} …", HINT_BEFORE, _room()))
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
            self._draw(line.in_room(_room(), HINT if training.fold is None else HINT_BEFORE, HINT_BEFORE))
        else:
            note(str(line))

    def step(self, text: str) -> None:
        """Show which step of a long job comes next, unless one of its kind was shown just now."""
        now, kind = time.monotonic(), text.partition(" ")[0]
        is_new, self.last_step = kind != self.last_step, kind
        if self.on_terminal and (is_new or now - self.last_shown >= SECONDS_BETWEEN_DRAWS):
            self.last_shown = now
            self._draw(fitted(f"{text} …", HINT_BEFORE, _room()))
        elif not self.on_terminal and now - self.last_shown >= SECONDS_BETWEEN_LINES:
            self.last_shown = now
            note(text)

    def _draw(self, line: str) -> None:
        """Replace the line that stands on the terminal."""
        if self.on_terminal:
            aside(f"\r\x1b[K{line}")


def _room() -> int:
    """Columns of a line that is drawn anew, which one that the terminal breaks could not be."""
    return min(terminal_width(sys.stderr), width_of(sys.stderr)) - 1


def fitted(line: str, hint: str, room: int) -> str:
    """Line with its hint where both have room.

    Examples
    --------
    >>> fitted("epoch 1 of 9", " (more)", 19), fitted("epoch 1 of 9", " (more)", 10)
    ('epoch 1 of 9 (more)', 'epoch 1 o…')
    """
    return line + hint if span(line + hint) <= room else cut(line, room, middle=False)
