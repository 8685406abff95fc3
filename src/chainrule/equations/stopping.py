"""When to stop for the sake of rows that are not trained on.

A criterion is a function of the completed epochs: it says whether to stop after them. So it has no state to
save: a training that goes on has the epochs that it has had.

References
----------
Prechelt (1998), Early stopping — but when?, in: Neural networks: tricks of the trade, Springer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from chainrule.equations.kinds import Kind
from chainrule.given import keep_between, keep_whole

if TYPE_CHECKING:
    from chainrule.equations.past import Past, PastEpoch

__all__ = [
    "CRITERIA", "Criterion", "GeneralizationLoss", "Patience", "ProgressQuotient", "generalization_loss",
    "training_progress",
]  # fmt: skip


class Criterion(Protocol):
    """What training needs of a criterion.

    Examples
    --------
    >>> from chainrule.equations.past import Past, PastEpoch
    >>> Patience(1).stops(Past([PastEpoch(0.5, watched=0.5), PastEpoch(0.4, watched=0.6)]))
    True
    """

    name: ClassVar[str]

    def stops(self, past: Past) -> bool:
        """Whether to stop after these epochs, of which there is at least one."""
        ...


CRITERIA: Kind[Criterion] = Kind("stopping criterion", "stops")


@CRITERIA.register
@dataclass(frozen=True)
class Patience:
    """Stop when the watched value has not been lower than ever before for so many epochs.

    Examples
    --------
    >>> Patience(10)
    Patience(epochs=10)
    """

    epochs: int = 10
    name: ClassVar[str] = "patience"
    also_called: ClassVar[tuple[str, ...]] = ("early_stopping",)

    def __post_init__(self) -> None:
        keep_whole(self, "epochs")

    def stops(self, past: Past) -> bool:
        """Whether that many epochs were waited in vain."""
        return past.gathered(Patience, _waited, (math.inf, 0))[1] >= self.epochs


def _waited(before: tuple[float, int], epoch: PastEpoch) -> tuple[float, int]:
    """Lowest watched value, and epochs since then, after one more epoch."""
    lowest, waited = before
    return (epoch.watched, 0) if epoch.watched < lowest else (lowest, waited + 1)


def _lowest(past: Past) -> float:
    """Lowest watched value."""
    return past.gathered(_lowest, lambda lowest, epoch: min(lowest, epoch.watched), math.inf)


def generalization_loss(watched: float, lowest: float) -> float:
    """How much higher than its lowest the watched value is, in per cent of that one's size, equation (46).

    It is 0 at the lowest value, and infinite above one of 0, and where the watched value is no number.

    Examples
    --------
    >>> generalization_loss(1.05, lowest=1.0)
    5.000000000000004
    >>> generalization_loss(-0.75, lowest=-1.0)
    25.0
    """
    return 100 * _rise(watched, lowest)


def training_progress(strip: list[float]) -> float:
    """Mean training loss of a strip of epochs above its lowest one, in per mille of its size, equation (47).

    Examples
    --------
    >>> training_progress([1.5, 1.0])
    250.0
    """
    try:
        sum_ = math.fsum(strip)
    except OverflowError:  # finite losses with a sum beyond float64: halves, which are exact, have one
        return training_progress([loss / 2 for loss in strip])
    return 1000 * _rise(sum_, min(strip) * len(strip))


def _rise(value: float, lowest: float) -> float:
    """How much higher than the lowest a value is, as a share of that one's size; NaN is above all numbers."""
    value = math.inf if math.isnan(value) else value
    if value <= lowest:
        return 0.0
    return abs(value / lowest - 1) if lowest and math.isfinite(lowest) else math.inf


@CRITERIA.register
@dataclass(frozen=True)
class GeneralizationLoss:
    """Stop when the watched value is so many per cent of its lowest's size above that, equation (46).

    Examples
    --------
    >>> from chainrule.equations.past import Past, PastEpoch
    >>> GeneralizationLoss(5.0).stops(Past([PastEpoch(1.0, watched=1.0), PastEpoch(0.9, watched=1.06)]))
    True
    """

    most: float = 5.0
    name: ClassVar[str] = "generalization_loss"
    also_called: ClassVar[tuple[str, ...]] = ("gl",)

    def __post_init__(self) -> None:
        keep_between(self, "most", 0.0, math.inf, example=5.0)

    def stops(self, past: Past) -> bool:
        """Whether the watched value is that far above its lowest."""
        return generalization_loss(past[-1].watched, _lowest(past)) > self.most


@CRITERIA.register
@dataclass(frozen=True)
class ProgressQuotient:
    """Stop when generalization loss is high beside the progress that training still makes, equation (47).

    Parameters
    ----------
    most : float
        Per cent of generalization loss for each per mille of training progress.
    strip : int
        Epochs over which the progress is taken; there is a verdict after each strip.

    Examples
    --------
    >>> from chainrule.equations.past import Past, PastEpoch
    >>> past = Past([PastEpoch(1.001, watched=1.0), PastEpoch(1.0, watched=1.1)])
    >>> ProgressQuotient(most=1.0, strip=2).stops(past)
    True
    """

    most: float = 0.5
    strip: int = 5
    name: ClassVar[str] = "progress_quotient"
    also_called: ClassVar[tuple[str, ...]] = ("pq",)

    def __post_init__(self) -> None:
        keep_between(self, "most", 0.0, math.inf, example=0.5)
        keep_whole(self, "strip")

    def stops(self, past: Past) -> bool:
        """Whether the quotient is that high, at the end of each strip."""
        if len(past) % self.strip:
            return False
        progress = training_progress([epoch.loss for epoch in past[-self.strip :]])
        return generalization_loss(past[-1].watched, _lowest(past)) > self.most * progress
