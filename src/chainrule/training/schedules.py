r"""Rate schedules: from the rate that was given to that of each epoch.

A schedule is a generator of factors: it yields the factor of an epoch, and is sent the loss that was watched
in it (that of the validation rows where there are any, else that of the training rows). So it has no state
to save: a training that goes on sends it the losses that it has had.

They count in epochs, as the schedulers of PyTorch do when they are stepped once an epoch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

from chainrule.equations import name_of, object_named
from chainrule.given import keep_whole, positive_number, share_below_1

if TYPE_CHECKING:
    from collections.abc import Generator

    Factors: TypeAlias = Generator[float, float, None]

__all__ = [
    "SCHEDULES",
    "Constant",
    "Cosine",
    "Exponential",
    "ReduceOnPlateau",
    "Schedule",
    "Step",
    "WarmUp",
    "name_of_schedule",
    "schedule_named",
]


class Schedule(Protocol):
    """What training needs of a schedule.

    Examples
    --------
    >>> factors = schedule_named("exponential:0.5").factors(epochs=3)
    >>> next(factors), factors.send(0.1), factors.send(0.1)
    (1.0, 0.5, 0.25)
    """

    name: ClassVar[str]

    def factors(self, epochs: int) -> Factors:
        """Factor of the rate for each epoch; each is answered with the loss that was watched in it."""
        ...


@dataclass(frozen=True)
class Constant:
    """The rate as it was given.

    Examples
    --------
    >>> next(Constant().factors(epochs=3))
    1.0
    """

    name: ClassVar[str] = "constant"

    def factors(self, epochs: int) -> Factors:  # noqa: ARG002 (interface)
        """Always 1."""
        while True:
            yield 1.0


@dataclass(frozen=True)
class Step:
    """A rate that falls by a factor every so many epochs.

    Examples
    --------
    >>> factors = Step(every=2, factor=0.1).factors(epochs=3)
    >>> next(factors), factors.send(0.5), factors.send(0.5)
    (1.0, 1.0, 0.1)
    """

    every: int = 30
    factor: float = 0.1
    name: ClassVar[str] = "step"

    def __post_init__(self) -> None:
        keep_whole(self, "every")
        positive_number(self.factor, "factor", "0.1")

    def factors(self, epochs: int) -> Factors:  # noqa: ARG002 (interface)
        """Powers of the factor."""
        factor = 1.0
        while True:
            for _ in range(self.every):
                yield factor
            factor *= self.factor


@dataclass(frozen=True)
class Exponential:
    """A rate that falls by a factor every epoch.

    Examples
    --------
    >>> factors = Exponential(0.5).factors(epochs=3)
    >>> next(factors), factors.send(0.1)
    (1.0, 0.5)
    """

    factor: float = 0.99
    name: ClassVar[str] = "exponential"

    def __post_init__(self) -> None:
        positive_number(self.factor, "factor", "0.99")

    def factors(self, epochs: int) -> Factors:  # noqa: ARG002 (interface)
        """Powers of the factor."""
        factor = 1.0
        while True:
            yield factor
            factor *= self.factor


@dataclass(frozen=True)
class Cosine:
    r"""A rate that falls as half a cosine wave, from its full height towards a final share of it.

    Parameters
    ----------
    final : float
        Share of the rate that the wave ends in, after the last epoch.

    References
    ----------
    Loshchilov & Hutter (2017), SGDR: stochastic gradient descent with warm restarts, ICLR.

    Examples
    --------
    >>> factors = Cosine().factors(epochs=2)
    >>> next(factors), factors.send(0.1)
    (1.0, 0.5)
    """

    final: float = 0.0
    name: ClassVar[str] = "cosine"

    def __post_init__(self) -> None:
        share_below_1(self.final, "final", "0.01")

    def factors(self, epochs: int) -> Factors:
        """Half a wave over so many epochs."""
        for epoch in range(epochs):
            yield self.final + (1 - self.final) * (1 + _cosine_of_half_turns(epoch / epochs)) / 2
        while True:
            yield self.final


@dataclass(frozen=True)
class ReduceOnPlateau:
    """A rate that falls by a factor when the watched loss has not fallen for some epochs.

    Parameters
    ----------
    patience : int
        Epochs without a new lowest loss that are let pass; the next one lowers the rate.
    factor : float
    threshold : float
        Share of the lowest loss by which a new one must be lower.

    Examples
    --------
    >>> factors = ReduceOnPlateau(patience=1, factor=0.5).factors(epochs=9)
    >>> next(factors), factors.send(1.0), factors.send(1.0), factors.send(1.0)
    (1.0, 1.0, 1.0, 0.5)
    """

    patience: int = 10
    factor: float = 0.1
    threshold: float = 1e-4
    name: ClassVar[str] = "plateau"

    def __post_init__(self) -> None:
        keep_whole(self, "patience")
        positive_number(self.factor, "factor", "0.1")
        share_below_1(self.threshold, "threshold", "0.0001")

    def factors(self, epochs: int) -> Factors:  # noqa: ARG002 (interface)
        """Powers of the factor."""
        factor, lowest, waited = 1.0, math.inf, 0
        while True:
            loss = yield factor
            if loss < lowest - abs(lowest) * self.threshold if math.isfinite(lowest) else loss < lowest:
                lowest, waited = loss, 0
            else:
                waited += 1
            if waited > self.patience:
                factor, waited = factor * self.factor, 0


@dataclass(frozen=True)
class WarmUp:
    """A rate that grows in equal steps to its full height, and then follows another schedule.

    Parameters
    ----------
    epochs : int
        Epochs until the full height; the first one has that share of it.
    then : Schedule

    Examples
    --------
    >>> factors = WarmUp(epochs=2).factors(epochs=9)
    >>> next(factors), factors.send(0.1)
    (0.5, 1.0)
    """

    epochs: int = 5
    then: Schedule = field(default_factory=Constant)
    name: ClassVar[str] = "warm_up"

    def __post_init__(self) -> None:
        keep_whole(self, "epochs")

    def factors(self, epochs: int) -> Factors:
        """Shares that grow, then those of the other schedule."""
        for epoch in range(1, self.epochs):
            yield epoch / self.epochs
        yield from self.then.factors(max(epochs - self.epochs + 1, 1))


SCHEDULES: dict[str, Schedule] = {
    schedule.name: schedule
    for schedule in (Constant(), Step(), Exponential(), Cosine(), ReduceOnPlateau(), WarmUp())
}


def schedule_named(text: str) -> Schedule:
    """Schedule that a text stands for; what follows a warm-up comes after a comma.

    Raises
    ------
    UnknownNameError, InputError
        There is no such schedule, or a number after a colon is none that it takes.

    Examples
    --------
    >>> schedule_named("warm_up:3,cosine")
    WarmUp(epochs=3, then=Cosine(final=0.0))
    """
    first, _, rest = text.partition(",")
    schedule: Schedule = object_named("schedule", first.strip(), SCHEDULES)
    if rest and isinstance(schedule, WarmUp):
        return WarmUp(schedule.epochs, schedule_named(rest))
    return object_named("schedule", text, SCHEDULES) if rest else schedule


def name_of_schedule(schedule: Schedule) -> str:
    """Text that stands for a schedule.

    Examples
    --------
    >>> name_of_schedule(WarmUp(3, Cosine()))
    'warm_up:3,cosine'
    """
    if isinstance(schedule, WarmUp):
        then = "" if isinstance(schedule.then, Constant) else f",{name_of_schedule(schedule.then)}"
        return f"warm_up:{schedule.epochs}{then}"
    return name_of(schedule)


TERMS = 12  # of the cosine's series up to a quarter turn; what is left out is below 1e-17


def _cosine_of_half_turns(x: float) -> float:
    r"""Cosine :math:`\cos \pi x` for x from 0 to 1, by its series: libraries differ in last digits."""
    if x > 0.5:  # noqa: PLR2004 (a quarter turn)
        return -_cosine_of_half_turns(1 - x)
    square, sum_ = -(math.pi * x) * (math.pi * x), 1.0
    for n in range(TERMS, 0, -1):
        sum_ = 1 + sum_ * square / ((2 * n - 1) * (2 * n))
    return sum_
