r"""Rate schedules: from the rate that was given to that of each epoch.

A schedule is a function of the completed epochs: it gives the factor of the next one's rate. So it has no
state to save: a training that goes on has the epochs that it has had.

They count in epochs, as the schedulers of PyTorch do when they are stepped once an epoch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol

from chainrule.equations.kinds import Kind
from chainrule.errors import InputError
from chainrule.given import keep_between, keep_share, keep_whole

if TYPE_CHECKING:
    from chainrule.equations.past import Past, PastEpoch

__all__ = [
    "SCHEDULES", "Constant", "CosLog", "Cosine", "Exponential", "FlatCosine", "ReduceOnPlateau", "Schedule",
    "Step", "WarmUp",
]  # fmt: skip


MOST_WAVES = 20


class Schedule(Protocol):
    """What training needs of a schedule.

    Examples
    --------
    >>> from chainrule.equations.past import Past, PastEpoch
    >>> SCHEDULES.named("exponential:0.5").next_factor(Past([PastEpoch(loss=0.1, watched=0.1)]), epochs=3)
    0.5
    """

    name: ClassVar[str]

    def next_factor(self, past: Past, epochs: int) -> float:
        """Factor of the rate for the epoch after those of the past, of so many that are to be run."""
        ...


SCHEDULES: Kind[Schedule] = Kind("schedule", "next_factor")


@SCHEDULES.facts
class ScheduleFacts:
    """What is to be known of a schedule; one's own may say it, or nothing.

    Attributes
    ----------
    heeds_losses : bool
        Whether a factor depends on the losses of the past; else on their number and the factors alone, so
        that the rates of many epochs are known before the first of them is run.
    """

    heeds_losses: ClassVar[bool] = True


@SCHEDULES.register
@dataclass(frozen=True)
class Constant:
    """The rate as it was given.

    Examples
    --------
    >>> from chainrule.equations.past import Past
    >>> Constant().next_factor(Past(), epochs=3)
    1.0
    """

    name: ClassVar[str] = "constant"
    also_called: ClassVar[tuple[str, ...]] = ("fixed", "none")
    heeds_losses: ClassVar[bool] = False

    def next_factor(self, past: Past, epochs: int) -> float:  # noqa: ARG002 (interface)
        """Always 1."""
        return 1.0


@SCHEDULES.register
@dataclass(frozen=True)
class Step:
    """A rate that falls by a factor every so many epochs.

    Examples
    --------
    >>> from chainrule.equations.past import Past, PastEpoch
    >>> Step(every=2, factor=0.1).next_factor(Past([PastEpoch(0.5, 0.5)] * 2), epochs=3)
    0.1
    """

    every: int = 30
    factor: float = 0.1
    name: ClassVar[str] = "step"
    also_called: ClassVar[tuple[str, ...]] = ("step_decay", "step_lr", "staircase")
    heeds_losses: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_whole(self, "every")
        keep_between(self, "factor", 0.0, math.inf, example=0.1)

    def next_factor(self, past: Past, epochs: int) -> float:  # noqa: ARG002 (interface)
        """The factor of the epoch before, or its product with this schedule's."""
        before = past[-1].factor if past else 1.0
        return before * self.factor if past and len(past) % self.every == 0 else before


@SCHEDULES.register
@dataclass(frozen=True)
class Exponential:
    """A rate that falls by a factor every epoch.

    Examples
    --------
    >>> from chainrule.equations.past import Past, PastEpoch
    >>> Exponential(0.5).next_factor(Past([PastEpoch(0.5, 0.5)]), epochs=3)
    0.5
    """

    factor: float = 0.99
    name: ClassVar[str] = "exponential"
    also_called: ClassVar[tuple[str, ...]] = ("exp", "exponential_decay", "exponential_lr")
    heeds_losses: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_between(self, "factor", 0.0, math.inf, example=0.99)

    def next_factor(self, past: Past, epochs: int) -> float:  # noqa: ARG002 (interface)
        """Product of the factor of the epoch before and this schedule's."""
        return past[-1].factor * self.factor if past else 1.0


@SCHEDULES.register
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
    >>> from chainrule.equations.past import Past, PastEpoch
    >>> Cosine().next_factor(Past([PastEpoch(0.5, 0.5)]), epochs=2)
    0.5
    """

    final: float = 0.0
    name: ClassVar[str] = "cosine"
    also_called: ClassVar[tuple[str, ...]] = ("cosine_annealing", "cosine_decay")
    heeds_losses: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_share(self, "final", example=0.01)

    def next_factor(self, past: Past, epochs: int) -> float:
        """Half a wave over so many epochs, and its end after them."""
        if len(past) >= epochs:
            return self.final
        return self.final + (1 - self.final) * (1 + _cosine_of_half_turns(len(past) / epochs)) / 2


@SCHEDULES.register
@dataclass(frozen=True)
class FlatCosine:
    r"""The rate as it was given for half of the epochs, and half a cosine wave towards 0 in the others.

    Examples
    --------
    >>> from chainrule.equations.past import Past, PastEpoch
    >>> FlatCosine().next_factor(Past([PastEpoch(0.5, 0.5)] * 3), epochs=4)
    0.5
    """

    name: ClassVar[str] = "flat_cosine"
    also_called: ClassVar[tuple[str, ...]] = ("flat_cos",)
    heeds_losses: ClassVar[bool] = False

    def next_factor(self, past: Past, epochs: int) -> float:
        """1, and half a wave over the second half of so many epochs, and its end after them."""
        if len(past) >= epochs:
            return 0.0
        return (1 + _cosine_of_half_turns(max(2 * len(past) / epochs - 1, 0.0))) / 2


@SCHEDULES.register
@dataclass(frozen=True)
class CosLog:
    r"""Whole cosine waves, each twice as long as the one before, which begin and end at 0.

    .. math:: \tfrac12 (1 - \cos(2 \pi \log_2(1 + (2^w - 1) t)))

    Parameters
    ----------
    waves : int
        w, from 1 to 20.

    Notes
    -----
    t is the share of the epochs that are over in the middle of an epoch, so that none has the rate 0. A short
    training has few epochs in its first wave, which takes a fifteenth of them where there are four.

    References
    ----------
    Holzmüller, Grinsztajn & Steinwart (2024), Better by default: strong pre-tuned MLPs and boosted trees
    on tabular data, NeurIPS 37.

    Examples
    --------
    >>> from chainrule.equations.past import Past, PastEpoch
    >>> [round(CosLog().next_factor(Past([PastEpoch(0.5, 0.5)] * n), epochs=15), 3) for n in range(5)]
    [0.93, 0.718, 0.324, 0.259, 0.984]
    """

    waves: int = 4
    name: ClassVar[str] = "coslog"
    also_called: ClassVar[tuple[str, ...]] = ("coslog4", "cosine_restarts")
    heeds_losses: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_whole(self, "waves")
        if self.waves > MOST_WAVES:
            raise InputError(
                parameter="waves",
                given=self.waves,
                needs=f"may be at most {MOST_WAVES}: each is twice as long as the one before",
                advice="Try 4.",
            )

    def next_factor(self, past: Past, epochs: int) -> float:
        """What the middle of an epoch has, and 0 after so many."""
        if len(past) >= epochs:
            return 0.0
        waves = _binary_logarithm(1 + (2**self.waves - 1) * (len(past) + 0.5) / epochs)
        half_turns = 2 * (waves - math.floor(waves))
        return (1 - _cosine_of_half_turns(min(half_turns, 2 - half_turns))) / 2


@SCHEDULES.register
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
    >>> from chainrule.equations.past import Past, PastEpoch
    >>> ReduceOnPlateau(patience=1, factor=0.5).next_factor(Past([PastEpoch(1.0, 1.0)] * 3), epochs=9)
    0.5
    """

    patience: int = 10
    factor: float = 0.1
    threshold: float = 1e-4
    name: ClassVar[str] = "plateau"
    also_called: ClassVar[tuple[str, ...]] = ("reduce_on_plateau", "reduce_lr_on_plateau")
    heeds_losses: ClassVar[bool] = True

    def __post_init__(self) -> None:
        keep_whole(self, "patience")
        keep_between(self, "factor", 0.0, math.inf, example=0.1)
        keep_share(self, "threshold", example=0.0001)

    def next_factor(self, past: Past, epochs: int) -> float:  # noqa: ARG002 (interface)
        """Powers of the factor."""
        return past.gathered(self, self._after, (1.0, math.inf, 0))[0]

    def _after(self, before: tuple[float, float, int], epoch: PastEpoch) -> tuple[float, float, int]:
        """Factor, lowest loss and epochs waited after one more epoch."""
        factor, lowest, waited = before
        loss = epoch.watched
        if loss < lowest - abs(lowest) * self.threshold if math.isfinite(lowest) else loss < lowest:
            return factor, loss, 0
        return (factor, lowest, waited + 1) if waited < self.patience else (factor * self.factor, lowest, 0)


@SCHEDULES.register
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
    >>> from chainrule.equations.past import Past
    >>> WarmUp(epochs=2).next_factor(Past(), epochs=9)
    0.5
    """

    epochs: int = 5
    then: Schedule = field(default_factory=Constant)
    name: ClassVar[str] = "warm_up"

    def __post_init__(self) -> None:
        keep_whole(self, "epochs")
        object.__setattr__(self, "then", SCHEDULES.made_of(self.then, "then"))

    @property
    def heeds_losses(self) -> bool:
        """Whether the other schedule does."""
        return bool(SCHEDULES.fact(self.then, "heeds_losses"))

    def next_factor(self, past: Past, epochs: int) -> float:
        """Shares that grow, then those of the other schedule, which knows nothing of the epochs before it."""
        if len(past) < self.epochs - 1:
            return (len(past) + 1) / self.epochs
        return self.then.next_factor(past.since(self.epochs - 1), max(epochs - self.epochs + 1, 1))


# Of the cosine's series up to a quarter turn, and of the logarithm's; what is left out is below 1e-17.
TERMS = 12
LOGARITHM_OF_2, LOGARITHM_OF_3_QUARTERS = 0.6931471805599453, -0.2876820724517809


def _cosine_of_half_turns(x: float) -> float:
    r"""Cosine :math:`\cos \pi x` for x from 0 to 1, by its series: libraries differ in last digits."""
    if x > 0.5:  # noqa: PLR2004 (a quarter turn)
        return -_cosine_of_half_turns(1 - x)
    square, sum_ = -(math.pi * x) * (math.pi * x), 1.0
    for n in range(TERMS, 0, -1):
        sum_ = 1 + sum_ * square / ((2 * n - 1) * (2 * n))
    return sum_


def _binary_logarithm(x: float) -> float:
    r"""Logarithm of x above 0 to base 2, by the series of :math:`2\,\mathrm{artanh}`, for the same reason."""
    mantissa, exponent = math.frexp(x)  # from a half to 1
    s = (mantissa - 0.75) / (mantissa + 0.75)
    square, sum_ = s * s, 0.0
    for n in range(TERMS, -1, -1):
        sum_ = sum_ * square + 2 / (2 * n + 1)
    return exponent + (s * sum_ + LOGARITHM_OF_3_QUARTERS) / LOGARITHM_OF_2
