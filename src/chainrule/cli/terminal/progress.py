"""Progress of a long job, on stderr."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from chainrule.cli.printing import Notes
from chainrule.cli.terminal.size import is_terminal, terminal_width, width_of
from chainrule.cli.terminal.streams import aside, note
from chainrule.lines import cut, span
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
        # By fold and network, with the epochs that it had when it was first heard of.
        self.heard: dict[tuple[object, object], tuple[Progress, int]] = {}

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
            self._draw(line.in_room(_room(), HINT if training.fold is None else HINT_BEFORE))
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

    @staticmethod
    def line(
        training: Progress, epochs_at_first: int, folds: Sequence[int] = (), members: Sequence[int] = ()
    ) -> _Line:
        """Folds at once, or networks, epoch, losses, epochs a second and most time left."""
        done = _done(training)
        rate = (done - epochs_at_first) / training.seconds if training.seconds > 0 else 0.0
        loss = loss_short = validation = speed = left = within = ""
        if training.epochs:
            epoch = training.epoch
            loss, loss_short = f"   loss {epoch.loss:.6g}", f"   loss {epoch.loss:.3g}"
            if epoch.validation_loss is not None:
                validation = f"   validation {epoch.validation_loss:.6g}"
        number = len(training.epochs)
        if 0 < training.samples < training.n_samples:  # in the one after those that are done
            number, within = number + 1, f", {100 * training.samples // training.n_samples} % of its rows"
        several = (("fold", training.fold, folds), ("network", training.member, members))
        there = [(what, one[1], numbers) for what, one, numbers in several if one is not None]
        which, short = ("".join(_of_several(*one, of=of) for one in there) for of in (" of ", "/"))
        if training.cycle is not None:
            which = f"cycle {training.cycle[0]} of at most {training.cycle[1]}, {which}"
            short = f"cycle {training.cycle[0]}/{training.cycle[1]}, {short}"
        # The first epoch may have compiled kernels, and would promise too long a wait.
        if len(training.epochs) != epochs_at_first and rate > 0:
            speed = f"   {rate:.3g} epochs/s"
            left = f"   {duration((training.n_epochs - done) / rate)} left"
        at = f"epoch {number} of {training.n_epochs}"
        return _Line(which, short, at, within, loss, loss_short, validation, speed, left)

    def _draw(self, line: str) -> None:
        """Replace the line that stands on the terminal."""
        if self.on_terminal:
            aside(f"\r\x1b[K{line}")


@dataclass(frozen=True)
class _Line:
    """What there is to tell of a training, in pieces."""

    which: str
    which_short: str
    epoch: str
    within: str
    loss: str
    loss_short: str
    validation: str
    rate: str
    left: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.which}{self.epoch}{self.within}"
        return f"{where}{self.loss}{self.validation}{self.rate}{self.left}{self.hint}"

    def in_room(self, room: int, hint: str) -> str:
        """So many columns: one piece after the other is shortened or shed, and the time left as the last."""
        line = replace(self, hint=hint)
        for shorter in (
            {"hint": HINT_BEFORE},
            {"rate": ""},
            {"within": ""},
            {"validation": ""},
            {"which": self.which_short},
            {"loss": self.loss_short},
            {"loss": ""},
            {"hint": "", "loss": self.loss_short},
            {"loss": ""},
            {"which": "", "loss": self.loss_short},
            {"loss": ""},
            {"left": ""},
        ):
            if len(str(line)) <= room:
                break
            line = replace(line, **shorter)
        return cut(str(line), room, middle=False)


def _of_several(what: str, n: int, numbers: Sequence[int], of: str) -> str:
    """Which of several trainings are under way."""
    found = sorted(set(numbers))
    return f"{what}{'s' * (len(found) > 1)} {', '.join(map(str, found))}{of}{n}, "


def _done(training: Progress) -> float:
    """Epochs so far, and the part of the one under way."""
    return len(training.epochs) + training.samples / training.n_samples


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
