"""A plain word when training went badly: what the figures say, and what to do.

Charter: silent where training went well. Only a network that is hardly better than always giving the same
answer, or whose loss grew, is looked into; what is said of it names the figure that says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import (
    RSS,
    Absolute,
    BinaryCrossEntropy,
    CrossEntropy,
    Huber,
    LeakyReLU,
    Logistic,
    Poisson,
    Quantile,
    ReLU,
    Softsign,
    Tanh,
)
from chainrule.network import forward

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.equations import Activation, Loss
    from chainrule.training.history import History
    from chainrule.training.settings import Settings
    from chainrule.training.task import Task

__all__ = ["Diagnosis", "constant_loss", "diagnose"]

FEWEST_EPOCHS = 10  # fewer are a trial, of which nobody expects anything
ROWS = 1000  # that are looked at
HARDLY_BETTER = 0.95  # share of the loss of a constant answer
LARGE, SMALL = 10.0, 0.1  # root mean square of a column, which of a standardised one is 1
MOST_SAMPLES = 0.95  # on which a unit must be saturated to be called so
FLAT = 0.05  # share of its largest that the slope of a saturated unit is below
HARDLY_MOVED = 0.2  # length of the weights' way, as a share of theirs


@dataclass(frozen=True)
class Diagnosis:
    """What went badly, and why.

    Attributes
    ----------
    cause : str
        "loss_grew", "data_not_scaled", "saturated_units", "dead_units", "rate_too_small" or "unknown".
    message : str
        The figure, and what to do.

    Examples
    --------
    >>> print(Diagnosis("rate_too_small", "The weights hardly moved. Try a rate of 0.1."))
    The weights hardly moved. Try a rate of 0.1.
    """

    cause: str
    message: str

    def __str__(self) -> str:
        return self.message


def diagnose(
    task: Task, after: Sequence[npt.NDArray[Any]], history: History, settings: Settings
) -> tuple[Diagnosis, ...]:
    """Find out why a training went badly; nothing where it went well, or where it was a short trial."""
    constant = constant_loss(task.net.loss, task.Y)
    grew = history.loss_after > history.loss_before
    hardly_better = constant is not None and history.loss_after > HARDLY_BETTER * constant > 0
    if len(history.epochs) < FEWEST_EPOCHS or not (grew or hardly_better):
        return ()
    begin = (
        f"The loss grew from {history.loss_before:.4g} to {history.loss_after:.4g}"
        if grew
        else f"The loss {history.loss_after:.4g} is hardly below {constant:.4g}, that of one answer to all"
    )
    causes = [
        *_not_scaled(task),
        *_units(task, after),
        *([_grew(settings)] if grew else _hardly_moved(task, after, settings)),
    ]
    unknown = (
        "unknown",
        "Try more epochs or hidden units, another rate, or inputs that say more of the targets",
    )
    return tuple(Diagnosis(cause, f"{begin}. {advice}.") for cause, advice in causes[:1] or [unknown])


def constant_loss(loss: Loss, Y: npt.NDArray[Any]) -> float | None:
    """Mean loss of the best answer that is the same for every sample; None for a loss of the user's own.

    Examples
    --------
    >>> constant_loss(RSS(), np.array([[0.0], [2.0]]))
    0.5
    """
    y = Y.astype(np.float64)
    if type(loss) in {RSS, CrossEntropy, BinaryCrossEntropy, Poisson}:
        answer = np.nanmean(y, axis=0)
    elif type(loss) in {Absolute, Huber}:
        answer = np.nanmedian(y, axis=0)
    elif isinstance(loss, Quantile):
        answer = np.nanquantile(y, loss.share, axis=0)
    else:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        values = loss.values(np.broadcast_to(answer, y.shape), y)
    return float(np.nansum(values) / len(y))  # 0 times the logarithm of 0 is NaN, and counts for nothing


def _not_scaled(task: Task) -> list[tuple[str, str]]:
    """Inputs or targets of a size that weights near 1 are no match for."""
    columns = [(f"X[:, {j}]", x) for j, x in enumerate(task.X.T)]
    if isinstance(task.net.loss, (RSS, Absolute, Huber, Quantile)):
        columns += [(f"Y[:, {k}]", y) for k, y in enumerate(task.Y.T)]
    sizes = [(float(np.sqrt(np.nanmean(x.astype(np.float64) ** 2))), name, x) for name, x in columns]
    size, name, values = max(sizes, key=lambda one: one[0])
    if size <= LARGE and max(size for size, name, _ in sizes if name.startswith("X")) >= SMALL:
        return []
    figures = f"mean {np.nanmean(values):.4g}, deviation {np.nanstd(values):.4g}"
    advice = (
        f"The data are not scaled: {name} has {figures}. Standardise every column of inputs, and targets "
        "that are numbers: subtract its mean and divide by its deviation"
    )
    return [("data_not_scaled", advice)]


def _units(task: Task, weights: Sequence[npt.NDArray[Any]]) -> list[tuple[str, str]]:
    """Hidden units that no longer learn: always at the flat end of their activation, or never above 0."""
    with np.errstate(over="ignore"):
        passed = forward(weights, task.net.activations, task.X[:ROWS])
    found = []
    for m, (g, z) in enumerate(zip(task.net.activations[:-1], passed.z[:-1], strict=True), 2):
        dead = int((z <= 0).all(axis=0).sum()) if isinstance(g, (ReLU, LeakyReLU)) else 0
        saturated = int((_is_flat(g, z).mean(axis=0) >= MOST_SAMPLES).sum())
        units = z.shape[1]
        if 2 * dead >= units and isinstance(g, ReLU):
            advice = "Take a lower rate, the activation leaky_relu, or other first weights"
            found.append(
                ("dead_units", f"{dead} of {units} units of layer {m} are dead: 0 for every sample. {advice}")
            )
        if 2 * saturated >= units:
            advice = "Take smaller first weights or a lower rate, or the activation relu"
            flat = f"their slope is below {FLAT:.0%} of its largest for {MOST_SAMPLES:.0%} of the samples"
            found.append(
                (
                    "saturated_units",
                    f"{saturated} of {units} units of layer {m} are saturated: {flat}. {advice}",
                )
            )
    return found


def _is_flat(g: Activation, z: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where the slope of a sigmoid is a small share of its largest, which is at 0."""
    if not isinstance(g, (Logistic, Tanh, Softsign)):
        return np.zeros(z.shape, dtype=bool)
    ones, middle = np.ones_like(z), np.zeros_like(z)
    slope = g.backward(z, g.forward(z), ones)
    return np.asarray(slope < FLAT * g.backward(middle, g.forward(middle), ones))


def _grew(settings: Settings) -> tuple[str, str]:
    """A loss that grew."""
    if settings.rate is None:
        return "loss_grew", "Start from other weights, or take another update rule"
    return "loss_grew", f"The rate {settings.rate:g} is too large. Try {settings.rate / 10:g}"


def _hardly_moved(task: Task, after: Sequence[npt.NDArray[Any]], settings: Settings) -> list[tuple[str, str]]:
    """Weights that are almost where they started."""
    way = np.sqrt(sum(float(np.sum((b - a) ** 2)) for a, b in zip(task.net.weights, after, strict=True)))
    length = np.sqrt(sum(float(np.sum(a**2)) for a in task.net.weights))
    if settings.rate is None or way > HARDLY_MOVED * length:
        return []
    moved = f"in {settings.epochs} epochs the weights moved by {way / length:.1%} of their length"
    return [
        ("rate_too_small", f"The rate {settings.rate:g} is too small: {moved}. Try {10 * settings.rate:g}")
    ]
