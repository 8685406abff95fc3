"""Words for a training that is under way, on a line of a terminal or a notebook; and that of a notebook."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chainrule.displays import MovingLine, in_notebook
from chainrule.lines import cut
from chainrule.training.progress import Callbacks
from chainrule.words import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainrule.training.progress import Progress

__all__ = ["TrainingLine", "TrainingWords", "progress_line", "shown_in_notebook"]

SECONDS_BEFORE = 1.0  # what is over by then needs no line
SECONDS_BETWEEN = 0.1
SECONDS_BETWEEN_LOOKS = 0.01  # at each of several trainings, of which none may take longer than the above
HINT = "   (interrupt the kernel to stop and keep the network)"


class TrainingWords:
    """What is to be said of one training, or of several at once."""

    def __init__(self) -> None:
        # By fold and network, with the epochs that it had when it was first heard of.
        self.heard: dict[tuple[object, object], tuple[Progress, int]] = {}

    def hear(self, training: Progress) -> None:
        """Know of a training, and where it began."""
        which = training.fold, training.member
        if which not in self.heard:  # the first one has compiled what they need
            before = len(training.epochs) - (0 if training.samples else 1)
            self.heard[which] = training, 0 if self.heard else before
        elif self.heard[which][0] is not training:  # it goes on
            self.heard[which] = training, len(training.epochs)

    def line(self, training: Progress) -> TrainingLine:
        """How far a training is that was heard of, or the least far of several at once."""
        which = training.fold, training.member
        several = [one for one in self.heard.values() if (one[0].fold, one[0].member) != (None, None)]
        under_way = [one for one in several if not one[0].is_over and one[0].fold == training.fold]
        if training.member is None:
            under_way = [one for one in several if not one[0].is_over]
        least = min(under_way, key=lambda one: _done(one[0]), default=self.heard[which])
        return progress_line(
            *least,
            folds=[one.fold[0] for one, _ in under_way if one.fold is not None],
            members=[one.member[0] for one, _ in under_way if one.member is not None],
        )


@dataclass(frozen=True)
class TrainingLine:
    """What there is to tell of a training, in pieces: in little room the less needed are left out."""

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

    def in_room(self, room: int, hint: str, hint_short: str) -> str:
        """So many columns: one piece after the other is shortened or shed, and the time left as the last."""
        line = replace(self, hint=hint)
        for shorter in (
            {"hint": hint_short},
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


def progress_line(
    training: Progress, epochs_at_first: int, folds: Sequence[int] = (), members: Sequence[int] = ()
) -> TrainingLine:
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
    return TrainingLine(which, short, at, within, loss, loss_short, validation, speed, left)


def _of_several(what: str, n: int, numbers: Sequence[int], of: str) -> str:
    """Which of several trainings are under way."""
    found = sorted(set(numbers))
    return f"{what}{'s' * (len(found) > 1)} {', '.join(map(str, found))}{of}{n}, "


def _done(training: Progress) -> float:
    """Epochs so far, and the part of the one under way."""
    return len(training.epochs) + training.samples / training.n_samples


@contextmanager
def shown_in_notebook(callbacks: Callbacks) -> Iterator[Callbacks]:
    """Callbacks as they were given; where none was, and a notebook runs this, one that moves a line.

    Who gives some shows, or does, what he likes. The line comes after a second, is moved ten times a second
    at most, which lets as many epochs be run in one call as without it, and is empty at the end.
    """
    if callbacks.are_there or not in_notebook():
        yield callbacks
        return
    line = _Line()
    try:
        yield Callbacks(on_time=line.show, every_seconds=SECONDS_BETWEEN_LOOKS)
    finally:
        line.clear()


class _Line:
    """The line of one call."""

    def __init__(self) -> None:
        self._line, self._words = MovingLine(), TrainingWords()
        self._next = time.monotonic() + SECONDS_BEFORE

    def show(self, training: Progress) -> None:
        """Say how far a training is, unless that was said just now."""
        self._words.hear(training)
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + SECONDS_BETWEEN
        hint = HINT if training.fold is None else ""
        self._line.show(f"{self._words.line(training)}{hint}")

    def clear(self) -> None:
        """Leave nothing of it, and let go of the trainings."""
        self._line.clear()
        self._words = TrainingWords()
