"""What scikit-learn's rules make of each epoch: its curves, when to stop, and when to lower the rate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from chainrule.equations import Past
    from chainrule.estimators.callbacks import Told
    from chainrule.training import Epoch

    Array = npt.NDArray[Any]
    Weights = Sequence[Array]

__all__ = ["Measure", "Standing", "Watch"]

SMALLEST_RATE = 1e-6  # at which "adaptive" gives up
FIFTH = 5.0  # what "adaptive" divides the rate by
MANY = 2**31  # epochs
PART_IN_VAIN = 4  # epochs that may turn out to be undone are at most those before, divided by this


class Measure(NamedTuple):
    """How scikit-learn measures a loss: what the mean is multiplied with, what is added, and the penalty.

    Examples
    --------
    >>> Measure(share=0.5, offset=1.0, l2=0.0).of(4.0)
    3.0
    """

    share: float
    offset: float
    l2: float

    def of(self, loss: float) -> float:
        """Loss without the penalty."""
        return self.share * loss + self.offset

    def penalties(self, stacks: Weights) -> list[float]:
        """Penalty on the weights after each epoch, in stacks of matrices; bias weights have none."""
        sums: Any = 0.0
        for w in stacks:
            squares = w[:, :, 1:].astype(np.float64) ** 2
            sums = sums + squares.reshape(len(w), -1).sum(axis=1)
        found: list[float] = (self.l2 / 2 * sums).tolist()
        return found


class Standing(NamedTuple):
    """Where a training stands after an epoch, by scikit-learn's rules."""

    loss: float  # with the penalty
    penalty: float
    best: float  # the lowest loss, or the highest score
    best_weights: Weights | None  # those with the highest score
    in_vain: int  # epochs since it was better
    factor: float  # of the rate, in the epoch that comes
    score: float | None = None


class Watch:
    """Observer of a training, and its schedule where scikit-learn's rule lowers the rate.

    Parameters
    ----------
    estimator : object
        Its parameters count, and where it stands.
    weights : sequence of arrays
        Before the first epoch.
    measure : Measure
    n_samples, steps : int
        Samples and updates an epoch; no updates for a rule whose loss is that after its step, and which knows
        itself when to end.
    past : int
        Epochs of the training that it goes on from.
    score_of : callable, optional
        Score of weights on rows that are held out, or that were given to be watched.
    told : Told, optional
        Callbacks that hear of each epoch.
    judges : bool
        Whether scikit-learn's rules end the training, and not rules of its settings.
    """

    def __init__(  # noqa: PLR0917 (made in one place)
        self,
        estimator: Any,
        weights: Weights,
        measure: Measure,
        n_samples: int,
        steps: int,
        past: int = 0,
        score_of: Callable[[Weights], float] | None = None,
        *,
        told: Told | None = None,
        judges: bool = True,
    ) -> None:
        est = self.estimator = estimator
        self.measure, self.n_samples, self.steps, self.past = measure, n_samples, steps, past
        self.score_of, self.told, self.judges, self.ran_out = score_of, told, judges, False
        self.by_score = score_of is not None and bool(est.early_stopping)
        self.name, self.heeds_losses = est.learning_rate, est.learning_rate == "adaptive"
        [penalty] = measure.penalties([w[np.newaxis] for w in weights])
        best = est.best_validation_score_ if self.by_score else est.best_loss_
        # One after each epoch, below where it begins: whatever undoes epochs takes the last ones away.
        self.standings = [Standing(math.nan, penalty, best, weights, est._no_improvement_count, est._factor)]

    def at_once(self) -> int:
        """As many epochs as there must be before it can stop, or few beside those that were run."""
        n = len(self.standings) - 1
        if self.estimator.verbose or self.told is not None:
            return 1
        if not self.judges:
            return MANY
        surely = self.estimator.n_iter_no_change + 1 - self.standings[-1].in_vain
        return int(min(max(surely, n // PART_IN_VAIN), self.estimator.max_iter))

    def take_in(
        self, epochs: Sequence[Epoch], weights: Callable[[], Weights], evaluations: int
    ) -> int | None:
        """Take in epochs, up to one that ends the training."""
        self.keep(epochs[0].number - 1)
        needs_weights = self.measure.l2 or self.score_of is not None or self.told is not None
        stacks = weights() if needs_weights else ()
        penalties = self.measure.penalties(stacks) if self.measure.l2 else [0.0] * len(epochs)
        for n, epoch in enumerate(epochs):
            before = self.standings[-1]
            loss = self.measure.of(epoch.loss) + self._penalty_met(before.penalty, penalties[n])
            if self.estimator.verbose:
                self._say(f"Iteration {len(self.standings)}, loss = {loss:.8f}")
            if not self.judges:
                score = None if self.score_of is None else self._score([w[n] for w in stacks])
                best = min(before.best, loss)
                self.standings.append(
                    before._replace(loss=loss, penalty=penalties[n], best=best, score=score)
                )
                ends = False
            elif not self.steps:
                self.standings.append(before._replace(loss=loss, best=min(before.best, loss)))
                ends = self.ran_out = evaluations > self.estimator.max_fun
            else:
                ends = self._judge(loss, penalties[n], [w[n] for w in stacks])
            if self.told is not None:
                ends = self.told.epoch([w[n] for w in stacks]) or ends
            if ends:
                return n + 1
        return None

    def next_factor(self, past: Past, epochs: int) -> float:
        """Factor of the rate, which `heeds_losses` where it is adaptive."""
        n = len(past)
        return self._shrunk(n) if n and not self.heeds_losses else self.standings[n].factor

    def keep(self, n_epochs: int) -> None:
        """Forget all epochs after so many of the training."""
        del self.standings[n_epochs - self.past + 1 :]

    def leave(self, n_epochs: int) -> None:
        """Say in the estimator what so many epochs of the training have led to."""
        self.keep(n_epochs)
        est, [_, *after], last = self.estimator, self.standings, self.standings[-1]
        est.n_iter_ = len(after)
        est.t_ += len(after) * self.n_samples
        est._no_improvement_count, est._factor = last.in_vain, last.factor
        est.loss_curve_ += [one.loss for one in after]
        if after:
            est.loss_ = last.loss
        scores = [one.score for one in after if one.score is not None]
        if self.by_score:
            est.best_validation_score_ = last.best
        else:
            est.best_loss_ = last.best
            if scores:
                est.best_validation_score_ = max([*scores, *(est.validation_scores_ or ())])
        if self.score_of is not None:
            est.validation_scores_ = [*(est.validation_scores_ or ()), *scores]

    def diverged(self) -> None:
        """Take in an epoch that left the finite numbers."""
        self.standings.append(self.standings[-1]._replace(loss=math.nan, score=math.nan))

    def _penalty_met(self, before: float, after: float) -> float:
        """Mean penalty of an epoch's batches, whose weights are taken to change evenly."""
        if not self.steps:
            return after
        return before + (after - before) * (self.steps - 1) / (2 * self.steps)

    def _judge(self, loss: float, penalty: float, weights: Weights) -> bool:
        """Stand where an epoch has led to; whether it is the last one."""
        est, before = self.estimator, self.standings[-1]
        best, best_weights, score = min(before.best, loss), before.best_weights, None
        is_better = loss <= before.best - est.tol
        if self.score_of is not None:
            score = self._score(weights)
        if self.by_score and score is not None:
            is_better = not score < before.best + est.tol
            best = max(before.best, score)
            if score > before.best:  # copies: the stacks that they are from may be large
                best_weights = [w.copy() for w in weights]
        in_vain, factor = 0 if is_better else before.in_vain + 1, before.factor
        if self.name == "invscaling":
            factor = self._shrunk(self.past + len(self.standings))
        gives_up = bool(in_vain > est.n_iter_no_change)
        if gives_up:
            what = "Validation score" if self.by_score else "Training loss"
            missed = f"tol={est.tol:f} for {est.n_iter_no_change} consecutive epochs"
            ends, rate = "Stopping.", est.learning_rate_init * factor
            if self.name == "adaptive" and est.solver != "adam":
                ends = "Learning rate too small. Stopping."
                if rate > SMALLEST_RATE:
                    gives_up, in_vain, factor = False, 0, factor / FIFTH
                    ends = f"Setting learning rate to {rate / FIFTH:f}"
            self._say(f"{what} did not improve more than {missed}. {ends}")
        self.standings.append(Standing(loss, penalty, best, best_weights, in_vain, factor, score))
        return gives_up

    def _score(self, weights: Weights) -> float:
        """Score of weights on the rows that are held out or watched."""
        assert self.score_of is not None  # noqa: S101 (as its callers see)
        with np.errstate(over="ignore", invalid="ignore"):  # on the way to divergence
            score = self.score_of(weights)
        self._say(f"Validation score: {score:f}")
        return score

    def _shrunk(self, n_epochs: int) -> float:
        """Factor of "invscaling" after so many epochs of the training."""
        t = self.estimator.t_ + (n_epochs - self.past) * self.n_samples
        return float(1 / (t + 1) ** self.estimator.power_t)

    def _say(self, text: str) -> None:
        if self.estimator.verbose:
            print(text)  # noqa: T201 (what verbose asks for)
