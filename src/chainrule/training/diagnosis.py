"""A plain word when training went badly: what the figures say, and what to do.

Charter: silent where training went well. Only a network that is hardly better than always giving the same
answer, or whose loss grew, is looked into; what is said of it names the figure that says so. Beside it, a
word where the epochs ended too soon: a goal was missed, or the loss still fell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import ACTIVATIONS, LOSSES, RULES, columns_spared
from chainrule.errors import Remark, argument
from chainrule.network import Objective, each_member, forward
from chainrule.training.displays.history import diagnosis_display
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.equations import Activation, Loss
    from chainrule.settings import Settings
    from chainrule.training.history import History
    from chainrule.training.task import Task

__all__ = ["FEWEST_EPOCHS", "Diagnosis", "advice_after_divergence", "constant_loss", "diagnose"]

FEWEST_EPOCHS = 10  # fewer are a trial, of which nobody expects anything
ROWS = 1000  # that are looked at
HARDLY_BETTER, FAR_BETTER = 0.95, 0.1  # shares of the loss of a constant answer
GROWN = 1.1  # a loss that was low already goes up and down a little
FAR = 10.0  # times that loss
LARGE, SMALL = 10.0, 0.1  # root mean square of a column, which of a standardised one is 1
MOST_SAMPLES = 0.95  # on which a unit must be saturated to be called so
FLAT = 0.05  # share of its largest that the slope of a saturated unit is below
HARDLY_MOVED = 0.2  # length of the weights' way, as a share of theirs
SHRUNK = 0.5  # share of the weights' length
STILL_FALLING = 0.15  # share of its whole way that a fifth of the epochs is worth, which in a line is 0.2
AS_STEEP = 0.5  # share of the slope at the start, below which weights have come to where they were going


@dataclass(frozen=True)
class Diagnosis:
    """What went badly, and why.

    Attributes
    ----------
    cause : str
        "data_not_scaled", "dead_units", "saturated_units", "start_too_large", "penalties_too_large",
        "loss_grew", "rate_too_small" or "unknown"; "goal_missed" or "still_falling", where the epochs ended
        too soon; of a fit, "class_never_predicted"; of a recipe, "cycle_left_out".
    message : str
        The figure, and what to do.
    is_warning : bool
        Whether it was a `TrainingWarning`, too. That a loss still fell is none: it may be a trial.

    Examples
    --------
    >>> print(Diagnosis("rate_too_small", "The weights hardly moved. Try a rate of 0.1."))
    The weights hardly moved. Try a rate of 0.1.
    """

    cause: str
    message: str
    is_warning: bool = True

    def __str__(self) -> str:
        return self.message

    def _repr_html_(self) -> str:
        return diagnosis_display(self)


def diagnose(
    task: Task,
    after: Sequence[npt.NDArray[Any]],
    history: History,
    settings: Settings,
    *,
    ran_out: bool = False,
) -> tuple[Diagnosis, ...]:
    """Find out why a training went badly, and whether its epochs ran out too soon; else nothing."""
    badly = _went_badly(task, after, history, settings)
    if not ran_out:
        return badly
    return (*badly, *_missed_goal(history, settings), *(() if badly else _still_falling(history, settings)))


def _missed_goal(history: History, settings: Settings) -> tuple[Diagnosis, ...]:
    """A goal that no epoch reached."""
    goal = settings.loss_goal
    if goal is None:
        return ()
    what = f"{argument('loss_goal', goal)} was not reached"
    found = f"{what}: the last epoch had a mean loss of {history.loss[-1]:.4g}"
    return (Diagnosis("goal_missed", Remark(f"{found}. Try more epochs, or a higher goal.")),)


def _still_falling(history: History, settings: Settings) -> tuple[Diagnosis, ...]:
    """A loss, of the rows that are watched where there are any, that was on its way down."""
    watched = [loss for loss in history.validation_loss if loss is not None]
    losses = watched or list(history.loss)
    n = max(1, len(losses) // 5)
    before, last = losses[-2 * n : -n], losses[-n:]
    if not before or not max(last) < min(before):  # NaN neither
        return ()
    an_epoch = (sum(before) - sum(last)) / n**2
    way = history.loss_before - sum(last) / n
    if not an_epoch * len(losses) / 5 > STILL_FALLING * way > 0:
        return ()
    which, epochs = "validation loss" if watched else "loss", counted(len(losses), "epoch")
    rate = "" if settings.rate is None else ", or a higher rate"
    found = f"The {which} still fell when the {epochs} ended, by {an_epoch:.2g} an epoch to {losses[-1]:.4g}"
    return (Diagnosis("still_falling", Remark(f"{found}. Try more epochs{rate}."), is_warning=False),)


def _went_badly(
    task: Task, after: Sequence[npt.NDArray[Any]], history: History, settings: Settings
) -> tuple[Diagnosis, ...]:
    """Why a training went badly; nothing where it went well, or where it was a short trial."""
    loss, constant = history.loss_after, constant_loss(task.net.loss, task.Y, task.sample_weight)
    far_from_it = constant is None or loss > FAR_BETTER * constant
    grew = loss > GROWN * history.loss_before and far_from_it
    hardly_better = constant is not None and loss > HARDLY_BETTER * constant > 0
    if len(history.epochs) < FEWEST_EPOCHS or not (grew or hardly_better):
        return ()
    if grew:
        begin = f"The loss grew from {history.loss_before:.4g} to {loss:.4g}"
    else:
        where = "is above" if HARDLY_BETTER * loss > (constant or 0) else "hardly differs from"
        begin = f"The loss {loss:.4g} {where} {constant:.4g}, that of one answer to all"
    causes = [
        *_not_scaled(task),
        *_units(task, after, settings, grew=grew),
        *_far_start(task, history.loss_before),
        *_shrunk(task, after, settings),
        *([_grew(settings)] if grew else _hardly_moved(task, after, history, settings)),
    ]
    unknown = (
        "unknown",
        "Try more epochs or hidden units, another rate, or inputs that say more of the targets",
    )
    return tuple(Diagnosis(cause, Remark(f"{begin}. {advice}.")) for cause, advice in causes[:1] or [unknown])


def advice_after_divergence(task: Task, settings: Settings, loss_before: float) -> str:
    """What to do about numbers that stopped being finite; without its full stop."""
    for _, advice in [*_not_scaled(task), *_far_start(task, loss_before)]:
        return advice
    if settings.rate is None:
        return "Start from smaller weights, or take another update rule"
    return f"Try a rate of {_lower_rate(settings):g}"


def constant_loss(
    loss: Loss, Y: npt.NDArray[Any], sample_weight: npt.NDArray[Any] | None = None
) -> float | None:
    """Mean loss of the best answer that is the same for every sample; None for a loss of the user's own.

    Examples
    --------
    >>> from chainrule.equations import RSS
    >>> constant_loss(RSS(), np.array([[0.0], [2.0]]))
    0.5
    >>> constant_loss(RSS(), np.array([[0.0], [2.0]]), np.array([2.0, 0.0]))
    0.0
    """
    y = Y.astype(np.float64)
    weight = np.ones(len(y)) if sample_weight is None else sample_weight.astype(np.float64)
    best = LOSSES.fact(loss, "best_constant")
    if best is None:
        return None
    if best == "mean":
        present = ~np.isnan(y) * weight[:, np.newaxis]
        answer = np.nansum(present * y, axis=0) / np.maximum(present.sum(axis=0), np.finfo(float).tiny)
    else:
        share = getattr(loss, "share", 0.5)
        answer = np.array([_quantile(column, share, weight) for column in y.T])
    with np.errstate(divide="ignore", invalid="ignore"):
        values = loss.values(np.broadcast_to(answer, y.shape), y) * weight[:, np.newaxis]
    return float(np.nansum(values) / len(y))  # 0 times the logarithm of 0 is NaN, and counts for nothing


def _quantile(column: npt.NDArray[Any], share: float, weight: npt.NDArray[Any]) -> float:
    """Quantile of the numbers that are present; NaN where none has a weight."""
    here = ~np.isnan(column) & (weight > 0)
    if not here.any():
        return math.nan
    return float(np.quantile(column[here], share, weights=weight[here], method="inverted_cdf"))


def _not_scaled(task: Task) -> list[tuple[str, str]]:
    """Inputs or targets of a size that weights near 1 are no match for."""
    inputs = [(_size(x), f"X[:, {j}]", x) for j, x in enumerate(task.X.T)]
    targets = [(_size(y), f"Y[:, {k}]", y) for k, y in enumerate(task.Y.T)]
    if not LOSSES.fact(task.net.loss, "is_of_residuals"):
        targets = []
    size, name, values = max([*inputs, *targets], key=lambda one: one[0])
    if size <= LARGE:
        size, name, values = max(inputs, key=lambda one: one[0])
        if size >= SMALL:
            return []
    with np.errstate(over="ignore", invalid="ignore"):
        values = values.astype(np.float64)
        figures = f"mean {np.nanmean(values):.4g}, deviation {np.nanstd(values):.4g}"
    advice = (
        f"The data are not scaled: {name} has {figures}. Standardise every column of inputs, and targets "
        "that are numbers: subtract its mean and divide by its deviation"
    )
    return [("data_not_scaled", advice)]


def _size(column: npt.NDArray[Any]) -> float:
    """Root mean square of the numbers that are present; 0 where none is."""
    present = column[~np.isnan(column)].astype(np.float64)
    largest = float(np.abs(present).max(initial=0.0))
    return largest * float(np.sqrt(np.mean((present / largest) ** 2))) if largest else 0.0


def _units(
    task: Task, after: Sequence[npt.NDArray[Any]], settings: Settings, *, grew: bool
) -> list[tuple[str, str]]:
    """Units that no longer learn: never above 0, or always at the flat end of their activation.

    Where they were so before training, the first weights are to blame, else the rate. A loss that has grown
    since was not made to grow by units that were stuck before.
    """
    then, now = _stuck_units(task, task.net.weights), _stuck_units(task, after)
    lower = "Take another update rule"
    if settings.rate is not None:
        lower = f"Try a rate of {_lower_rate(settings, grew=grew):g}"
    found = []
    for m, (units, g, (dead_then, flat_then), (dead, flat)) in enumerate(
        zip(task.net.sizes[1:], task.net.activations, then, now, strict=True), 2
    ):
        if 2 * dead >= units and not (grew and 2 * dead_then >= units):
            advice = "Take other first weights" if 2 * dead_then >= units else lower
            what = f"{dead} of {units} units of layer {m} are dead, 0 for every sample"
            before = f"before training, {dead_then} were"
            found.append(("dead_units", f"{what}; {before}. {advice}, or the activation leaky_relu"))
        if 2 * flat >= units and not (grew and 2 * flat_then >= units):
            advice = "Take smaller first weights" if 2 * flat_then >= units else lower
            other = "" if m == len(task.net.sizes) else f", or the activation relu in place of {g.name}"
            what = (
                f"{flat} of {units} units of layer {m} are saturated: their slope is below {FLAT:.0%} of its "
                f"largest for {MOST_SAMPLES:.0%} of the samples; before training, {flat_then} were"
            )
            found.append(("saturated_units", f"{what}. {advice}{other}"))
    return found


def _stuck_units(task: Task, weights: Sequence[npt.NDArray[Any]]) -> list[tuple[int, int]]:
    """How many units of each layer are dead, and how many saturated.

    Outputs are saturated where their loss is one of squares; the others draw them back.
    """
    with np.errstate(over="ignore"):
        rows = each_member(task.X[:ROWS], task.net.members)
        passed = forward(weights, task.net.activations, rows, layers=task.net.layers)
    stuck = [
        (
            int((z <= 0).all(axis=0).sum()) if ACTIVATIONS.fact(g, "dies") else 0,
            int((_is_flat(g, z).mean(axis=0) >= MOST_SAMPLES).sum()),
        )
        for g, z in zip(task.net.activations, passed.z, strict=True)
    ]
    return stuck if LOSSES.fact(task.net.loss, "is_of_squares") else [*stuck[:-1], (0, 0)]


def _far_start(task: Task, loss_before: float) -> list[tuple[str, str]]:
    """First weights whose outputs are far from the targets."""
    constant = constant_loss(task.net.loss, task.Y, task.sample_weight)
    if not constant or loss_before < FAR * constant:
        return []
    times = f"{loss_before:.4g}, {loss_before / constant:.3g} times that of one answer to all"
    what = f"The first weights are too large: before training the loss was {times}"
    return [("start_too_large", f"{what}. Take smaller ones")]


def _shrunk(task: Task, after: Sequence[npt.NDArray[Any]], settings: Settings) -> list[tuple[str, str]]:
    """Weights that penalties have left small."""
    if not (settings.l1 or settings.l2):
        return []
    name = "l2" if settings.l2 >= settings.l1 else "l1"
    length, now = (
        _norm(
            [
                w[:, columns_spared(layer, w.shape[1]) :]
                for layer, w in zip(task.net.layers, weights, strict=True)
            ]
        )
        for weights in (task.net.weights, after)
    )
    if now > SHRUNK * length:
        return []
    given = getattr(settings, name)
    advice = f"{argument(name, given)} is too large: the weights shrank to {now / length:.1%} of their length"
    return [("penalties_too_large", f"{advice}. Try {given / 10:g}")]


def _is_flat(g: Activation, z: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where the slope of a sigmoid is a small share of its largest, which is at 0."""
    if not ACTIVATIONS.fact(g, "saturates"):
        return np.zeros(z.shape, dtype=bool)
    ones, middle = np.ones_like(z), np.zeros_like(z)
    slope = g.backward(z, g.forward(z), ones)
    return np.asarray(slope < FLAT * g.backward(middle, g.forward(middle), ones))


def _grew(settings: Settings) -> tuple[str, str]:
    """A loss that grew: the steps were too long."""
    if settings.rate is None:
        return "loss_grew", "Start from other weights, or take another update rule"
    return "loss_grew", f"The rate {settings.rate:g} is too large. Try {_lower_rate(settings):g}"


def _lower_rate(settings: Settings, *, grew: bool = True) -> float:
    """Rate to try where this one is too large: a tenth, and no more than is usual.

    Where the loss did not grow, a tenth alone, if the gradients have a say in how long steps are: then a rate
    far above the usual one may be right for a problem.
    """
    tenth = (settings.rate or 0.0) / 10
    is_bound = grew or RULES.fact(settings.rule, "rate_is_step")
    return min(tenth, _usual_rate(settings)) if is_bound else tenth


def _usual_rate(settings: Settings) -> float:
    """Rate that is usual for the rule; any for one of the user's own that has none."""
    usual: float | None = RULES.fact(settings.rule, "usual_rate")
    return math.inf if usual is None else usual


def _hardly_moved(
    task: Task, after: Sequence[npt.NDArray[Any]], history: History, settings: Settings
) -> list[tuple[str, str]]:
    """Weights that are almost where they started, though the slope there is about what it was."""
    before = task.net.weights
    way, length = _norm([b - a for a, b in zip(before, after, strict=True)]), _norm(before)
    if settings.rate is None or length == 0 or way > HARDLY_MOVED * length:
        return []
    if _norm(_slopes(task, after, settings)) < AS_STEEP * _norm(_slopes(task, before, settings)):
        return []  # they have arrived
    moved = f"in {len(history.epochs)} epochs the weights moved by {way / length:.1g} of their length"
    factor = 10.0 ** math.ceil(math.log10(length / way)) if way else math.inf
    # What is usual is reached in more than one step of ten.
    advised = max(10 * settings.rate, min(factor * settings.rate, _usual_rate(settings)))
    advice = f"Try {advised:g}, or more epochs"
    return [("rate_too_small", f"The rate {settings.rate:g} is too small: {moved}. {advice}")]


def _slopes(
    task: Task, weights: Sequence[npt.NDArray[Any]], settings: Settings
) -> Sequence[npt.NDArray[Any]]:
    """Gradient over the rows that are looked at."""
    net = task.net
    objective = Objective(net.activations, net.loss, settings.l1, settings.l2, task.masks, net.layers)
    share = None if task.sample_weight is None else task.sample_weight[:ROWS]
    slopes: Sequence[npt.NDArray[Any]] = objective.losses_and_gradients(
        weights, task.X[:ROWS], task.Y[:ROWS], share
    )[1]
    return slopes


def _norm(matrices: Sequence[npt.NDArray[Any]]) -> float:
    """Root of the sum of all squares."""
    return math.sqrt(sum(float(np.sum(w.astype(np.float64) ** 2)) for w in matrices))
