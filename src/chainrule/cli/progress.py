"""Progress of a long training, on stderr."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Self

from chainrule.cli.printing import Notes, aside, note
from chainrule.words import named

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from chainrule.training import Progress

__all__ = ["TrainingProgress", "duration"]

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
        # By fold and network, with the epochs that it had when it was first heard of.
        self.heard: dict[tuple[object, object], tuple[Progress, int]] = {}

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
        now, which = time.monotonic(), (training.fold, training.member)
        if which not in self.heard:  # the first one has compiled what they need
            before = len(training.epochs) - (0 if training.samples else 1)
            self.heard[which] = training, 0 if self.heard else before
        elif self.heard[which][0] is not training:  # it goes on
            self.heard[which] = training, len(training.epochs)
        pause = SECONDS_BETWEEN_DRAWS if self.on_terminal else SECONDS_BETWEEN_LINES
        if now - self.last_shown < pause:
            return
        self.last_shown = now
        several = [one for one in self.heard.values() if (one[0].fold, one[0].member) != (None, None)]
        under_way = [one for one in several if not one[0].is_over and one[0].fold == training.fold]
        if training.member is None:
            under_way = [one for one in several if not one[0].is_over]
        least = min(under_way, key=lambda one: _done(one[0]), default=self.heard[which])
        line = self.line(
            *least,
            folds=[one.fold[0] for one, _ in under_way if one.fold is not None],
            members=[one.member[0] for one, _ in under_way if one.member is not None],
        )
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

    @staticmethod
    def line(
        training: Progress, epochs_at_first: int, folds: Sequence[int] = (), members: Sequence[int] = ()
    ) -> str:
        """Folds at once, or networks, epoch, losses, epochs a second and most time left."""
        done = _done(training)
        rate = (done - epochs_at_first) / training.seconds if training.seconds > 0 else 0.0
        losses = ""
        if training.epochs:
            epoch = training.epoch
            losses = f"   loss {epoch.loss:.6g}"
            if epoch.validation_loss is not None:
                losses += f"   validation {epoch.validation_loss:.6g}"
        number, within = len(training.epochs), ""
        if 0 < training.samples < training.n_samples:  # in the one after those that are done
            number, within = number + 1, f", {100 * training.samples // training.n_samples} % of its rows"
        parts = (("fold", training.fold, folds), ("network", training.member, members))
        which = "".join(_of_several(what, one[1], numbers) for what, one, numbers in parts if one is not None)
        if training.cycle is not None:
            which = f"cycle {training.cycle[0]} of at most {training.cycle[1]}, {which}"
        line = f"{which}epoch {number} of {training.n_epochs}{within}{losses}"
        if len(training.epochs) == epochs_at_first or rate <= 0:
            return line  # the first epoch may have compiled kernels, and would promise too long a wait
        left = (training.n_epochs - done) / rate
        return f"{line}   {rate:.3g} epochs/s   {duration(left)} left"

    def _draw(self, line: str) -> None:
        """Replace the line that stands on the terminal."""
        if self.on_terminal:
            aside(f"\r\x1b[K{line}")


def _of_several(what: str, n: int, numbers: Sequence[int]) -> str:
    """Which of several trainings are under way."""
    found = sorted(set(numbers))
    return f"{what}{'s' * (len(found) > 1)} {', '.join(map(str, found))} of {n}, "


def _done(training: Progress) -> float:
    """Epochs so far, and the part of the one under way."""
    return len(training.epochs) + training.samples / training.n_samples


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


def duration(seconds: float) -> str:
    """Time as people say it.

    Examples
    --------
    >>> duration(7.4), duration(61), duration(7300)
    ('7 s', '1:01 min', '2:01 h')
    """
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 (seconds of a minute)
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02} h"  # noqa: PLR2004
