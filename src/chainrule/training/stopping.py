"""When to stop for the sake of rows that are not trained on.

A criterion is a generator: it is sent the training loss and the watched value of each epoch, and answers
whether to stop. So it has no state to save: a training that goes on sends it what it has had.

References
----------
Prechelt (1998), Early stopping — but when?, in: Neural networks: tricks of the trade, Springer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

from chainrule.equations import object_named
from chainrule.given import keep_whole, positive_number

if TYPE_CHECKING:
    from collections.abc import Generator

    Verdicts: TypeAlias = Generator[bool, tuple[float, float], None]

__all__ = [
    "CRITERIA",
    "Criterion",
    "GeneralizationLoss",
    "Patience",
    "ProgressQuotient",
    "criterion_named",
    "generalization_loss",
    "training_progress",
]


class Criterion(Protocol):
    """What training needs of a criterion.

    Examples
    --------
    >>> verdicts = Patience(1).verdicts()
    >>> next(verdicts), verdicts.send((0.5, 0.5)), verdicts.send((0.4, 0.6))
    (False, False, True)
    """

    name: ClassVar[str]

    def verdicts(self) -> Verdicts:
        """Whether to stop, after each epoch's training loss and watched value: the lower, the better."""
        ...


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

    def __post_init__(self) -> None:
        keep_whole(self, "epochs")

    def verdicts(self) -> Verdicts:
        """Whether that many epochs were waited in vain."""
        lowest, waited = math.inf, 0
        _, watched = yield False
        while True:
            lowest, waited = (watched, 0) if watched < lowest else (lowest, waited + 1)
            _, watched = yield waited >= self.epochs


def generalization_loss(watched: float, lowest: float) -> float:
    """How much higher than its lowest the validation loss is, in per cent, equation (46).

    Examples
    --------
    >>> generalization_loss(1.05, lowest=1.0)
    5.000000000000004
    """
    return 100 * (watched / lowest - 1) if lowest > 0 else (0.0 if watched <= lowest else math.inf)


def training_progress(strip: list[float]) -> float:
    """Mean training loss of a strip of epochs above its lowest one, in per mille of that, equation (47).

    Examples
    --------
    >>> training_progress([1.5, 1.0])
    250.0
    """
    lowest = min(strip) * len(strip)
    return 1000 * (math.fsum(strip) / lowest - 1) if lowest > 0 else 0.0


@dataclass(frozen=True)
class GeneralizationLoss:
    """Stop when the validation loss is so many per cent above its lowest, equation (46).

    Examples
    --------
    >>> verdicts = GeneralizationLoss(5.0).verdicts()
    >>> next(verdicts), verdicts.send((1.0, 1.0)), verdicts.send((0.9, 1.06))
    (False, False, True)
    """

    most: float = 5.0
    name: ClassVar[str] = "generalization_loss"

    def __post_init__(self) -> None:
        positive_number(self.most, "most", "5")

    def verdicts(self) -> Verdicts:
        """Whether the loss is that far above its lowest."""
        lowest = math.inf
        _, watched = yield False
        while True:
            lowest = min(lowest, watched)
            _, watched = yield generalization_loss(watched, lowest) > self.most


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
    >>> verdicts = ProgressQuotient(most=1.0, strip=2).verdicts()
    >>> next(verdicts), verdicts.send((1.001, 1.0)), verdicts.send((1.0, 1.1))
    (False, False, True)
    """

    most: float = 0.5
    strip: int = 5
    name: ClassVar[str] = "progress_quotient"

    def __post_init__(self) -> None:
        positive_number(self.most, "most", "0.5")
        keep_whole(self, "strip")

    def verdicts(self) -> Verdicts:
        """Whether the quotient is that high, at the end of each strip."""
        lowest, strip = math.inf, list[float]()
        loss, watched = yield False
        while True:
            lowest = min(lowest, watched)
            strip.append(loss)
            stop = False
            if len(strip) == self.strip:
                loss_above, progress = generalization_loss(watched, lowest), training_progress(strip)
                stop = loss_above > self.most * progress
                strip.clear()
            loss, watched = yield stop


CRITERIA: dict[str, Criterion] = {
    criterion.name: criterion for criterion in (Patience(), GeneralizationLoss(), ProgressQuotient())
}


def criterion_named(text: str) -> Criterion:
    """Criterion that a text stands for.

    Raises
    ------
    UnknownNameError, InputError
        There is no such criterion, or a number after a colon is none that it takes.

    Examples
    --------
    >>> criterion_named("patience:20")
    Patience(epochs=20)
    """
    return object_named("stopping criterion", text, CRITERIA)
