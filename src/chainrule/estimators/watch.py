"""What scikit-learn's rules make of each epoch: its curves, when to stop, and when to lower the rate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.training import squares_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from chainrule.equations import Past
    from chainrule.estimators.callbacks import Told
    from chainrule.training import Epoch

    Array = npt.NDArray[Any]
    Weights = Sequence[Array]

__all__ = ["Measure", "Watch"]

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

    def of(self, loss: Any) -> Any:
        """Loss without the penalty, of one or of many."""
        return self.share * loss + self.offset

    def penalty(self, squares: Any) -> Any:
        """Penalty of weights whose squares have this sum, or these; bias weights have none."""
        return self.l2 / 2 * squares


class Watch:
    """Observer of a training, and its schedule where scikit-learn's rule lowers the rate.

    It knows where the training stood after each epoch, so that epochs can be undone. That is kept in lists of
    numbers, of which Python's collection of garbage takes no notice.

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
    is_one : bool
        Whether it ends after an epoch, of as many as its schedule is to know of.
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
        is_one: bool = False,
    ) -> None:
        est = self.estimator = estimator
        self.measure, self.n_samples, self.steps, self.past = measure, n_samples, steps, past
        self.score_of, self.told, self.judges, self.ran_out = score_of, told, judges, False
        self.is_one = is_one
        self.by_score = score_of is not None and bool(est.early_stopping and steps and judges)
        self.name, self.heeds_losses = est.learning_rate, est.learning_rate == "adaptive"
        # One after each epoch, behind that before the first.
        self.losses = [math.nan]  # with the penalty
        self.penalties: list[float] = measure.penalty(squares_of([w[np.newaxis] for w in weights])).tolist()
        self.bests = [est.best_validation_score_ if self.by_score else est.best_loss_]
        self.in_vain = [est._no_improvement_count]  # epochs since it was better
        self.factors = [est._factor]  # of the rate, in the epoch that comes
        self.scores: list[float | None] = [None]
        self.best_weights: list[tuple[int, Weights]] = [(0, weights)]  # after which epoch the score was best

    def at_once(self) -> int:
        """As many epochs as there must be before it can stop, or few beside those that were run."""
        if self.estimator.verbose or self.told is not None or self.is_one:
            return 1
        if not self.judges:
            return MANY
        surely = self.estimator.n_iter_no_change + 1 - self.in_vain[-1]
        return int(min(max(surely, (len(self.losses) - 1) // PART_IN_VAIN), self.estimator.max_iter))

    def take_in(
        self,
        epochs: Sequence[Epoch],
        weights: Callable[[], Weights],
        squares: Callable[[], Array],
        evaluations: int,
    ) -> int | None:
        """Take in epochs, up to one that ends the training."""
        self.keep(epochs[0].number - 1)
        stacks = weights() if self.score_of is not None or self.told is not None else ()
        after = self.measure.penalty(squares()) if self.measure.l2 else np.zeros(len(epochs))
        before = np.concatenate([self.penalties[-1:], after[:-1]])
        losses = self.measure.of(np.array([epoch.loss for epoch in epochs])) + self._met(before, after)
        if len(epochs) > 1 and self._is_plain():
            return self._take_in_at_once(losses, after)
        for n, (loss, penalty) in enumerate(zip(losses.tolist(), after.tolist(), strict=True)):
            if self.estimator.verbose:
                self._say(f"Iteration {len(self.losses)}, loss = {loss:.8f}")
            own = [w[n] for w in stacks]
            score = None if self.score_of is None else self._score(own)
            ends = self._judge(loss, penalty, own, score)
            if not self.steps and self.judges:
                ends = self.ran_out = evaluations > self.estimator.max_fun
            if self.told is not None:
                ends = self.told.epoch(own) or ends
            if ends or self.is_one:
                return n + 1
        return None

    def next_factor(self, past: Past, epochs: int) -> float:
        """Factor of the rate, which `heeds_losses` where it is adaptive."""
        n = len(past)
        return self._shrunk(n) if n and not self.heeds_losses else self.factors[n]

    def keep(self, n_epochs: int) -> None:
        """Forget all epochs after so many of the training."""
        n = n_epochs - self.past
        for one in (self.losses, self.penalties, self.bests, self.in_vain, self.factors, self.scores):
            del one[n + 1 :]
        while self.best_weights[-1][0] > n:
            del self.best_weights[-1]

    def leave(self, n_epochs: int) -> None:
        """Say in the estimator what so many epochs of the training have led to."""
        self.keep(n_epochs)
        est, after = self.estimator, self.losses[1:]
        est.n_iter_ = len(after)
        est.t_ += len(after) * self.n_samples
        est._no_improvement_count, est._factor = self.in_vain[-1], self.factors[-1]
        est.loss_curve_ += after
        if after:
            est.loss_ = after[-1]
        scores = [score for score in self.scores if score is not None]
        if self.by_score:
            est.best_validation_score_ = self.bests[-1]
        else:
            est.best_loss_ = self.bests[-1]
            if scores:
                est.best_validation_score_ = max([*scores, *(est.validation_scores_ or ())])
        if self.score_of is not None:
            est.validation_scores_ = [*(est.validation_scores_ or ()), *scores]

    @property
    def best(self) -> Weights:
        """The weights with the best score."""
        return self.best_weights[-1][1]

    def diverged(self) -> None:
        """Take in an epoch that left the finite numbers."""
        self._stand(
            math.nan, self.penalties[-1], self.bests[-1], self.in_vain[-1], self.factors[-1], math.nan
        )

    def _is_plain(self) -> bool:
        """Whether losses alone are judged, at one rate, and nobody hears of it."""
        is_quiet = not self.estimator.verbose and self.told is None and self.score_of is None
        return (
            is_quiet and bool(self.steps or not self.judges) and self.name not in {"invscaling", "adaptive"}
        )

    def _take_in_at_once(self, losses: Array, penalties: Array) -> int | None:
        """The same as one after the other, of many epochs."""
        est, n = self.estimator, len(losses)
        lowest = np.minimum.accumulate(np.concatenate([self.bests[-1:], losses]))
        number, in_vain, end = np.arange(1, n + 1), np.full(n, self.in_vain[-1]), None
        if self.judges:
            better = np.maximum.accumulate(np.where(losses <= lowest[:-1] - est.tol, number, 0))
            in_vain = number - better + np.where(better, 0, self.in_vain[-1])
            too_many = in_vain > est.n_iter_no_change
            end = int(np.argmax(too_many)) + 1 if too_many.any() else None
        self.losses += losses[:end].tolist()
        self.penalties += penalties[:end].tolist()
        self.bests += lowest[1:][:end].tolist()
        self.in_vain += in_vain[:end].tolist()
        kept = len(self.losses) - len(self.factors)
        self.factors += self.factors[-1:] * kept
        self.scores += [None] * kept
        return end

    def _met(self, before: Array, after: Array) -> Array:
        """Mean penalty of each epoch's batches, whose weights are taken to change evenly."""
        if not self.steps:
            return after
        return before + (after - before) * (self.steps - 1) / (2 * self.steps)

    def _stand(  # noqa: PLR0917 (the columns)
        self, loss: float, penalty: float, best: float, in_vain: int, factor: float, score: float | None
    ) -> None:
        """Stand after one more epoch."""
        self.losses.append(loss)
        self.penalties.append(penalty)
        self.bests.append(best)
        self.in_vain.append(in_vain)
        self.factors.append(factor)
        self.scores.append(score)

    def _judge(self, loss: float, penalty: float, weights: Weights, score: float | None) -> bool:
        """Stand where an epoch has led to; whether it is the last one."""
        est, best, factor = self.estimator, self.bests[-1], self.factors[-1]
        if not self.judges or not self.steps:
            self._stand(loss, penalty, min(best, loss), self.in_vain[-1], factor, score)
            return False
        is_better, now = loss <= best - est.tol, min(best, loss)
        if self.by_score and score is not None:
            is_better, now = not score < best + est.tol, max(best, score)
            if score > best:  # copies: the stacks that they are from may be large
                self.best_weights.append((len(self.losses), [w.copy() for w in weights]))
        in_vain = 0 if is_better else self.in_vain[-1] + 1
        if self.name == "invscaling":
            factor = self._shrunk(self.past + len(self.losses))
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
        self._stand(loss, penalty, now, in_vain, factor, score)
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
