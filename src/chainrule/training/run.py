"""The training loop, whichever engine runs the epochs."""

from __future__ import annotations

import math
import time
import warnings
from itertools import repeat
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import CRITERIA, SCHEDULES, Past, PastEpoch, name_of
from chainrule.errors import DivergenceError, InputError, TrainingWarning
from chainrule.random_streams import Purpose, permutation
from chainrule.scores import heeds_weights, metric_named
from chainrule.training.diagnosis import advice_after_divergence, diagnose
from chainrule.training.engines import loss_over_rows
from chainrule.training.history import Epoch, History
from chainrule.training.progress import Progress
from chainrule.training.result import StoppedBy, TrainingResult
from chainrule.training.state import TrainingState, check_resumable, fingerprint
from chainrule.words import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from chainrule.equations.schedules import Schedule
    from chainrule.network import Network
    from chainrule.settings import Settings
    from chainrule.training.engines import Engine, State
    from chainrule.training.progress import Callbacks
    from chainrule.training.task import Rows, Task

    Matrices = Sequence[npt.NDArray[Any]]

__all__ = ["Run"]

FEWEST_EPOCHS, MOST_EPOCHS = 200, 1 << 16  # that are worth a kernel for many, and of its first call
ASSUMED_FALL = 0.99  # share of the loss that is left after each epoch of a call, until it is known
FEWEST_KEPT, MOST_MISSED = 3, 3  # so many calls that keep fewer epochs, and epochs run one by one


class Run:
    """One training: what it was given, and what it has reached."""

    def __init__(  # noqa: PLR0917 (made in one place)
        self,
        task: Task,
        validation: Rows | None,
        settings: Settings,
        engine: Engine,
        callbacks: Callbacks,
        resume: TrainingState | None,
    ) -> None:
        self.task, self.validation, self.settings, self.engine = task, validation, settings, engine
        self.callbacks = callbacks
        self.progress = Progress(
            settings.epochs,
            len(task.rows),
            lambda: self._network(self.engine.state),
            self._make_state,
        )
        self.metric = metric_named(settings.metric)
        self.criteria = settings.criteria
        self.past = Past()
        self.heeds_past = bool(self.criteria) or settings.schedule != SCHEDULES["constant"]
        # What an engine that can run many epochs at once is asked for; a short training would wait longer for
        # its kernel than it gains.
        is_long = settings.epochs >= FEWEST_EPOCHS and settings.rate is not None and self.metric is None
        self.in_blocks = is_long and hasattr(engine, "epochs_at_once")
        self.watched: Any = None
        self.most_at_once, self.n_missed = MOST_EPOCHS, 0
        self.last_time = time.monotonic()
        self.data: str | None = None
        self.ended: StoppedBy | None = None
        if resume is None:
            self.loss_before = self._finite_loss_before()
            self.best: tuple[float, int, Matrices] | None = None
        else:
            self._go_on_from(resume)
        # States after the last completed epoch and after the one before it, and the number of the last: one
        # assignment, so that Ctrl-C cannot part them.
        self.latest = (engine.state, engine.state, len(self.progress.epochs))

    def _go_on_from(self, state: TrainingState) -> None:
        """Stand where the state was kept, with its epochs behind."""
        check_resumable(state, self.task.net, self.settings, self._fingerprint())
        self.loss_before = state.loss_before
        self.engine.resume(state.network.weights, state.rule)
        self.best = None
        for epoch in state.epochs:
            self.ended = self._reason(epoch, self._verdict(epoch, self._next_factor()))
        self.progress.epochs = list(state.epochs)
        self.progress.steps = len(state.epochs) * self._steps_an_epoch()
        if state.best is not None and state.best_epoch is not None:
            watched = math.inf if not state.best_epoch else self._watched(state.epochs[state.best_epoch - 1])
            self.best = (watched, state.best_epoch, state.best.weights)

    def result(self) -> TrainingResult:
        """Epoch after epoch, until there is a reason to stop; only whole epochs change the network."""
        try:
            stopped_by = self.ended
            while stopped_by is None:
                n_epochs = self._epochs_at_once()
                stopped_by = self._next_epochs(n_epochs) if n_epochs > 1 else self._next_epoch()
            return self._reached(stopped_by)
        except KeyboardInterrupt:
            return self._reached(StoppedBy.INTERRUPT)

    def _next_epoch(self) -> StoppedBy | None:
        """Run an epoch and take it in; the reason to end there or before it, if there is one."""
        number = self.latest[2] + 1
        if number > self.settings.epochs:
            return StoppedBy.EPOCHS
        began = time.perf_counter()
        factor = self._next_factor()
        rate = None if self.settings.rate is None else self.settings.rate * factor
        loss = self._run_epoch(number, rate)
        if self.engine.converged:
            return StoppedBy.CONVERGED
        if self.progress.stopped:
            return StoppedBy.CALLBACK
        return self._completed(number, loss, began, rate, factor)

    def _epochs_at_once(self) -> int:
        """How many epochs the engine may run before Python is needed: for a callback, a metric, or Ctrl-C."""
        callbacks, left = self.callbacks, self.settings.epochs - self.latest[2]
        if not self.in_blocks or callbacks.on_step is not None or callbacks.on_epoch is not None:
            return 0
        engine: Any = self.engine
        if self.watched is None and self.validation is not None:
            self.watched = engine.watch(self.validation.X, self.validation.Y, self.validation.sample_weight)
        return int(min(engine.epochs_at_once(self.watched), left, self.most_at_once))

    def _next_epochs(self, n_epochs: int) -> StoppedBy | None:
        """Run many epochs in one call, and take in those before a reason to stop, or another rate."""
        engine: Any = self.engine
        factors = self._assumed_factors(n_epochs)
        n_epochs = len(factors)
        rate: Any = self.settings.rate
        rates = np.array([rate * factor for factor in factors])
        block = engine.epochs(
            self.latest[2] + 1,
            rates,
            seed=self.settings.seed if self.settings.shuffle else None,
            watched=self.watched,
            loss_goal=self.settings.loss_goal,
        )
        losses: list[float] = (block.losses / len(self.task.rows)).tolist()
        validation_losses = self._watched_losses(block)
        is_finite = math.isfinite(losses[-1]) and _all_finite(block.state(len(block) - 1))
        n_kept, stopped_by, best = len(block) if is_finite else len(block) - 1, None, None
        if self.heeds_past:
            watched = losses if self.validation is None else validation_losses
            n_kept, stopped_by, best = self._judged(losses[:n_kept], watched, factors)
        # Where the rate was another than assumed it may be so soon again.
        self.most_at_once = 2 * (n_kept if n_kept < n_epochs else self.most_at_once)
        if n_kept:
            seconds = repeat(block.seconds / len(block))
            self._keep(block, n_kept, zip(losses, seconds, rates.tolist(), validation_losses, strict=False))
            if self.settings.loss_goal is not None and losses[n_kept - 1] <= self.settings.loss_goal:
                stopped_by = StoppedBy.LOSS_GOAL
            if best is not None:
                value, place = best
                number = self.latest[2] - n_kept + 1 + place
                self.best = (value, number, self.engine.weights_of(block.state(place)))
        if stopped_by is None and not is_finite and n_kept == len(block) - 1:
            is_assumed = self.heeds_past and self._next_factor() != factors[n_kept]
            if not is_assumed:  # else the epoch may end well at the rate that it has
                raise self._diverged()
        is_missed = stopped_by is None and n_kept < min(FEWEST_KEPT, n_epochs)
        self.n_missed = self.n_missed + 1 if is_missed else 0
        if self.n_missed == MOST_MISSED:
            self.in_blocks = False
        self._tell_the_time()
        return stopped_by or (StoppedBy.CALLBACK if self.progress.stopped else None)

    def _assumed_factors(self, n_epochs: int) -> list[float]:
        """Factors of the next epochs if each were better than all before it."""
        if not self.heeds_past:
            return [1.0] * n_epochs
        past, factors = Past(self.past), [self._next_factor()]
        loss = past[-1].loss if past else 1.0
        watched = min((epoch.watched for epoch in past), default=1.0)
        while len(factors) < n_epochs:
            loss, watched = loss * ASSUMED_FALL, watched * ASSUMED_FALL
            past.append(PastEpoch(loss, watched, factors[-1]))
            try:
                factors.append(self._factor_after(past))
            except Exception:  # noqa: BLE001 (one's own schedule may fail at losses that never come)
                break
        return factors

    def _watched_losses(self, block: Any) -> list[float] | list[None]:  # noqa: ANN401 (of many epochs)
        """Mean loss over the validation rows after each epoch of a block; the last may not be finite."""
        if self.validation is None:
            return [None] * len(block)
        found: list[float] = (block.watched_losses / len(self.validation)).tolist()
        for place, loss in enumerate(found):
            if math.isnan(loss):
                weights = self.engine.weights_of(block.state(place))
                found[place] = loss_over_rows(self.engine, weights, self.validation)
        return found

    def _judged(
        self, losses: list[float], watched: list[Any], factors: list[float]
    ) -> tuple[int, StoppedBy | None, tuple[float, int] | None]:
        """How many epochs count, until a reason to stop or a rate that was not assumed; and the best."""
        best: tuple[float, int] | None = None
        lowest = None if self.best is None else self.best[0]
        for place, (loss, value, factor) in enumerate(zip(losses, watched, factors, strict=False)):
            if place and self._next_factor() != factor:
                return place, None, best
            verdict = self._judge(loss, value, factor)
            if self.criteria and _is_better(value, lowest):
                lowest, best = value, (value, place)
            if verdict is not None:
                return place + 1, verdict, best
        return len(losses), None, best

    def _keep(self, block: Any, n_kept: int, told: Iterable[tuple[Any, ...]]) -> None:  # noqa: ANN401 (of many epochs)
        """Keep the first epochs of a block; the engine goes on from the last of them."""
        first, (last, _, _) = self.latest[2] + 1, self.latest
        numbered = zip(range(first, first + n_kept), told, strict=False)
        self.progress.epochs.extend(Epoch(number, *one) for number, one in numbered)
        self.progress.steps = (first + n_kept - 1) * self._steps_an_epoch()
        state, before = block.state(n_kept - 1), block.state(n_kept - 2) if n_kept > 1 else last
        if n_kept < len(block):
            self.engine.resume(self.engine.weights_of(state), self.engine.rule_of(state))
        self.latest = (state, before, first + n_kept - 1)

    def _run_epoch(self, number: int, rate: float | None) -> float:
        """Train once on all samples; mean of their losses."""
        progress, callbacks = self.progress, self.callbacks
        steps_at_once = None if callbacks.on_step is None else 1
        steps_before, loss = progress.steps, 0.0
        for samples, loss in self.engine.epoch(  # noqa: B007 (the last one counts)
            self._order(number), rate=rate, number=number, steps_at_once=steps_at_once
        ):
            progress.samples = samples
            progress.steps = steps_before + -(-samples // (self.settings.batch_size or 1))
            if callbacks.on_step is not None:
                callbacks.on_step(progress)
            self._tell_the_time()
            if progress.stopped:
                break
        progress.samples = 0
        return loss / len(self.task.rows)

    def _completed(
        self, number: int, loss: float, began: float, rate: float | None, factor: float
    ) -> StoppedBy | None:
        """Keep an epoch, and find a reason to stop; DivergenceError where it is not finite."""
        state = self.engine.state
        if not np.isfinite(loss) or not _all_finite(state):
            raise self._diverged()
        validation_loss, score = self._validated(state)
        epoch = Epoch(number, loss, time.perf_counter() - began, rate, validation_loss, score)
        self.progress.epochs.append(epoch)
        self.latest = (state, self.latest[0], number)
        verdict = self._verdict(epoch, factor)
        if self.criteria:
            self._keep_the_best(epoch, state)
        if self.callbacks.on_epoch is not None:
            self.callbacks.on_epoch(self.progress)
        return self._reason(epoch, StoppedBy.CALLBACK if self.progress.stopped else verdict)

    def _reason(self, epoch: Epoch, verdict: StoppedBy | None) -> StoppedBy | None:
        """Reason to stop after an epoch: a goal that was reached goes before all others."""
        if self.settings.loss_goal is not None and epoch.loss <= self.settings.loss_goal:
            return StoppedBy.LOSS_GOAL
        return verdict

    def _next_factor(self) -> float:
        return self._factor_after(self.past)

    def _factor_after(self, past: Past) -> float:
        """What the schedule makes of a past; InputError where that is no factor."""
        schedule: Schedule = self.settings.schedule
        given: Any = schedule.next_factor(past, self.settings.epochs)
        if not isinstance(given, Real) or not 0 <= float(given) < math.inf:
            raise InputError(
                f"The schedule {name_of(schedule)} gave {quoted(given)} for epoch {len(past) + 1}.",
                parameter="schedule",
                given=given,
                needs="must give a finite number of at least 0 for every epoch",
                advice="Correct its next_factor.",
            )
        return float(given)

    def _verdict(self, epoch: Epoch, factor: float) -> StoppedBy | None:
        """Add an epoch to the past, and hear what the criteria say to it."""
        return self._judge(epoch.loss, self._watched(epoch), factor)

    def _judge(self, loss: float, watched: float, factor: float) -> StoppedBy | None:
        """The same of its losses and its factor."""
        self.past.append(PastEpoch(loss, watched, factor))
        for criterion in self.criteria:
            if criterion.stops(self.past):
                return StoppedBy.STOPPING if CRITERIA.is_own(criterion) else StoppedBy(criterion.name)
        return None

    def _rate_of(self, number: int) -> float:
        """Rate of an epoch that was completed, or of the one that comes next."""
        rate: Any = self.settings.rate
        completed: list[Any] = self.progress.epochs
        return float(rate * self._next_factor() if number > len(completed) else completed[number - 1].rate)

    def _keep_the_best(self, epoch: Epoch, state: State) -> None:
        """Keep the network of the epoch where no other one was watched to be as good."""
        watched = self._watched(epoch)
        if _is_better(watched, None if self.best is None else self.best[0]):
            self.best = (watched, epoch.number, self.engine.weights_of(state))

    def _watched(self, epoch: Epoch) -> float:
        """The watched value of an epoch: the smaller, the better."""
        if epoch.score is not None:
            return -epoch.score
        return epoch.loss if epoch.validation_loss is None else epoch.validation_loss

    def _validated(self, state: State) -> tuple[float | None, float | None]:
        """Loss over the validation rows, and the metric."""
        if self.validation is None and self.metric is None:
            return None, None
        weights = self.engine.weights_of(state)
        loss, score = None, None
        if self.validation is not None:
            loss = loss_over_rows(self.engine, weights, self.validation)
        if self.metric is not None:
            rows = self.task.rows if self.validation is None else self.validation
            outputs = self.task.net.with_weights(weights)(rows.X, threads=self.settings.threads)
            # A function of the user's own takes targets and outputs alone.
            weight = (rows.sample_weight,) if heeds_weights(self.metric) else ()
            score = float(self.metric(rows.Y, outputs, *weight))
        return loss, score

    def _tell_the_time(self) -> None:
        """Call what is to be called every so many seconds."""
        callbacks, now = self.callbacks, time.monotonic()
        if callbacks.on_time is not None and now - self.last_time >= callbacks.every_seconds:
            self.last_time = now
            callbacks.on_time(self.progress)

    def _reached(self, stopped_by: StoppedBy) -> TrainingResult:
        """What the training has led to: the best network where there is a criterion, else the last."""
        state, _, n_epochs = self.latest
        weights, best_epoch = self.engine.weights_of(state), n_epochs if self.criteria else None
        if self.best is not None:
            _, best_epoch, weights = self.best
        loss = self._loss(weights)
        if not np.isfinite(loss):  # the weights are finite, but what they lead to is not
            raise self._diverged()
        history = self._history(n_epochs, loss)
        net = self.task.net.with_weights(weights)
        diagnosis = diagnose(self.task, weights, history, self.settings)
        for one in diagnosis:
            warnings.warn(one.message, TrainingWarning, stacklevel=5)
        return TrainingResult(net, history, stopped_by, best_epoch, diagnosis, self._make_state)

    def _make_state(self) -> TrainingState:
        """State after the last completed epoch."""
        state, _, n_epochs = self.latest
        net = self.task.net
        best = None if self.best is None else net.with_weights(self.best[2])
        return TrainingState(
            network=self._network(state),
            rule=tuple(tuple(one) for one in self.engine.rule_of(state)),
            best=best,
            best_epoch=None if self.best is None else self.best[1],
            loss_before=self.loss_before,
            epochs=tuple(self.progress.epochs[:n_epochs]),
            settings=self.settings.to_json(),
            data=self._fingerprint(),
        )

    def _fingerprint(self) -> str:
        if self.data is None:
            self.data = fingerprint(self.task, self.validation)
        return self.data

    def _order(self, number: int) -> npt.NDArray[np.intp]:
        """Order of the samples in an epoch, counted from 1."""
        n = len(self.task.rows)
        if not self.settings.shuffle:
            return np.arange(n)
        return permutation(n, seed=self.settings.seed, purpose=Purpose.SHUFFLE, counter=number)

    def _steps_an_epoch(self) -> int:
        return -(-len(self.task.rows) // (self.settings.batch_size or 1))

    def _loss(self, weights: Matrices) -> float:
        """Mean loss over all training rows."""
        return loss_over_rows(self.engine, weights, self.task.rows)

    def _network(self, state: State) -> Network:
        return self.task.net.with_weights(self.engine.weights_of(state))

    def _history(self, n_epochs: int, loss_after: float) -> History:
        return History(self.loss_before, tuple(self.progress.epochs[:n_epochs]), loss_after)

    def _finite_loss_before(self) -> float:
        """Mean loss of the network that training starts from."""
        loss = self._loss(self.task.net.weights)
        if not np.isfinite(loss):
            raise InputError(
                f"The loss of the network before training is {loss}",
                given=loss,
                needs="must be finite",
                advice="Standardise X and Y, or start from smaller weights.",
            )
        return loss

    def _diverged(self) -> DivergenceError:
        """Error for the epoch in which the loss stopped being finite, with the network before it.

        That may be seen an epoch late: the losses met in one say little of the network at its end.
        """
        last, before, n_epochs = self.latest
        weights, loss, n_epochs = next(
            (weights, loss, n)
            for weights, n in (
                (self.engine.weights_of(last), n_epochs),
                (self.engine.weights_of(before), n_epochs - 1),
                (self.task.net.weights, 0),
            )
            if np.isfinite(loss := self._loss(weights))
        )
        net, history, epoch = self.task.net.with_weights(weights), self._history(n_epochs, loss), n_epochs + 1
        rate = math.nan if self.settings.rate is None else self._rate_of(epoch)
        at_rate = "" if self.settings.rate is None else f", at rate {rate:g},"
        return DivergenceError(
            f"The training diverged: in epoch {epoch}{at_rate} a weight or the loss stopped being finite "
            f"(the loss was {history.loss_after:g} before that epoch).",
            network=net,
            history=history,
            epoch=epoch,
            rate=rate,
            needs="must keep the weights and the loss finite",
            advice=f"{advice_after_divergence(self.task, self.settings, self.loss_before)}.",
        )


def _is_better(watched: float, best: float | None) -> bool:
    """Whether a watched value is lower than the best before, or the first that is a number."""
    return best is None or watched < best or (math.isnan(best) and not math.isnan(watched))


def _all_finite(state: State) -> bool:
    """Whether every number is finite, in one array or in several."""
    if isinstance(state, (tuple, list)):
        return all(_all_finite(part) for part in state)
    return bool(np.isfinite(state).all())
