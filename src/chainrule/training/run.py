"""The training loop, whichever engine runs the epochs."""

from __future__ import annotations

import math
import time
import warnings
import weakref
from functools import partial
from itertools import repeat
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.arithmetic import ARITHMETIC
from chainrule.equations import CRITERIA, SCHEDULES, Constant, Past, PastEpoch, name_of
from chainrule.errors import DivergenceError, InputError, TrainingWarning
from chainrule.interrupts import interruptible, look
from chainrule.random_streams import Purpose, permutation
from chainrule.scores import heeds_weights, metric_named
from chainrule.training.diagnosis import advice_after_divergence, diagnose
from chainrule.training.engines import loss_over_rows, squares_of
from chainrule.training.history import Epoch, History
from chainrule.training.progress import Progress
from chainrule.training.result import StoppedBy, TrainingResult
from chainrule.training.state import (
    TrainingState,
    arithmetic_after,
    check_resumable,
    fingerprint,
    other_bits,
)
from chainrule.words import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    from chainrule.compiled.trainer import Block
    from chainrule.equations.schedules import Schedule
    from chainrule.network import Network
    from chainrule.settings import Settings
    from chainrule.training.engines import BlockEngine, Engine, State
    from chainrule.training.progress import Callbacks, Observer
    from chainrule.training.task import Rows, Task

    Matrices = Sequence[npt.NDArray[Any]]
    Best = tuple[float, int, Matrices]  # watched value, number of the epoch, weights after it

__all__ = ["Run", "all_finite", "rows_of_epoch"]

FEWEST_IN_A_BLOCK = 8  # fewer are no faster than one by one
EPOCHS_UNTIL_ANOTHER = 32  # one by one, after a block of which hardly an epoch could be kept


class _Reached(NamedTuple):
    """Where whole epochs have led to: one record, one assignment, so that Ctrl-C cannot part it.

    Attributes
    ----------
    state, before : State
        After the last completed epoch, and after the one before it.
    n_epochs : int
    best : tuple of watched value, number of the epoch and weights after it, or None
        Where there is a criterion.
    """

    state: State
    before: State
    n_epochs: int
    best: Best | None


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
        observer: Observer | None = None,
        *,
        engine_name: str = "",
        warn: bool = True,
    ) -> None:
        self.observer, self.warn = observer, warn
        self.arithmetic: tuple[int, ...] = (ARITHMETIC,)
        self.task, self.validation, self.settings, self.engine = task, validation, settings, engine
        self.callbacks = callbacks
        # Where no callback can keep the progress, the two do not hold each other, and with them all rows, for
        # the garbage collector.
        own: Any = self if callbacks.are_there else weakref.proxy(self)
        self.rows_an_epoch = rows_of_epoch(settings, len(task.rows))
        self.drawn: tuple[int, npt.NDArray[np.intp]] | None = None  # an order, and the number that it has
        self.progress = Progress(
            settings.epochs,
            self.rows_an_epoch,
            lambda: own._network(own.engine.state),  # noqa: SLF001 (its own)
            lambda: own._make_state(),  # noqa: PLW0108, SLF001 (a method would hold it)
        )
        self.metric = metric_named(settings.metric)
        self.criteria = settings.criteria
        self.heeds_losses = SCHEDULES.fact(settings.schedule, "heeds_losses")
        self.heeds_past = bool(self.criteria) or self.heeds_losses
        # The past, where it is heeded; and factors of it and of epochs to come, where no loss is.
        self.past, self.ahead, self.decays = Past(), Past(), Past()
        self.last_time = time.monotonic()
        # Of the rows as they are now: they are the user's own, who may change them later.
        self.data = fingerprint(task, validation)
        self.ended: StoppedBy | None = None
        best = None
        if resume is None:
            self.loss_before = self._finite_loss_before()
        else:
            best = self._go_on_from(resume, engine_name)
        self.reached = _Reached(engine.state, engine.state, len(self.progress.epochs), best)
        self.blocks = self._in_blocks()
        self.most_at_once = settings.epochs
        self.watched = None
        if self.blocks is not None and validation is not None:
            self.watched = self.blocks.watch(validation.X, validation.Y, validation.sample_weight)

    def _in_blocks(self) -> BlockEngine | None:
        """Engine for many epochs in one call, where nothing needs Python between two of them."""
        callbacks = self.callbacks
        is_called = callbacks.on_step is not None or callbacks.on_epoch is not None
        if self.rows_an_epoch < len(self.task.rows):
            return None
        left = self.settings.epochs - self.reached.n_epochs
        left = min(left, getattr(self.observer, "epochs_left", left))
        if is_called or self.metric is not None or self.settings.rate is None or left < FEWEST_IN_A_BLOCK:
            return None
        return self.engine.in_blocks(left)

    def _go_on_from(self, state: TrainingState, engine_name: str) -> Best | None:
        """Stand where the state was kept, with its epochs behind; the best network of it."""
        check_resumable(state, self.task.net, self.settings, self.data)
        self.arithmetic = arithmetic_after(state.arithmetic, self.settings, engine_name)
        if words := other_bits(state.arithmetic, self.settings, engine_name):
            warnings.warn(words, TrainingWarning, stacklevel=5)
        self.engine.resume(state.network.weights, state.rule)
        self.loss_before = state.loss_before if state.epochs else self._loss(state.network.weights)
        if self.heeds_past:
            for n, epoch in enumerate(state.epochs):
                self._remember(epoch, *self._assumed_factors(n, 1))
        if state.epochs:
            self.ended = self._reason(state.epochs[-1], self._verdict())
        self.progress.epochs = list(state.epochs)
        self.progress.steps = len(state.epochs) * self._steps_an_epoch()
        if state.best is None or state.best_epoch is None:
            return None
        watched = math.inf if not state.best_epoch else self._watched(state.epochs[state.best_epoch - 1])
        return watched, state.best_epoch, state.best.weights

    def result(self) -> TrainingResult:
        """Epoch after epoch, until there is a reason to stop; only whole epochs change the network."""
        try:
            with interruptible():
                stopped_by = self.ended
                while stopped_by is None:
                    stopped_by = self._next()
            return self._result(stopped_by)
        except KeyboardInterrupt:
            return self._result(StoppedBy.INTERRUPT)

    def _next(self) -> StoppedBy | None:
        """Run an epoch or many and take them in; the reason to end there or before, if there is one."""
        left = self.settings.epochs - self.reached.n_epochs
        if not left:
            return StoppedBy.EPOCHS
        if self.blocks is not None:
            n_epochs = min(left, self.most_at_once, self.blocks.epochs_at_once(self.watched))
            if self.observer is not None:
                n_epochs = min(n_epochs, self.observer.at_once())
            if 0 < left - n_epochs < FEWEST_IN_A_BLOCK <= left - FEWEST_IN_A_BLOCK:
                n_epochs = left - FEWEST_IN_A_BLOCK  # what is left would be too little for a block of its own
            if n_epochs >= FEWEST_IN_A_BLOCK:
                return self._next_block(self.blocks, n_epochs)
            self.most_at_once += 1
        return self._next_epoch(self.reached.n_epochs + 1)

    def _next_epoch(self, number: int) -> StoppedBy | None:
        """One epoch; DivergenceError where it is not finite."""
        began, [factor] = time.perf_counter(), self._assumed_factors(number - 1, 1)
        rate = None if self.settings.rate is None else self.settings.rate * factor
        loss = self._run_epoch(number, rate)
        if self.engine.converged:
            return StoppedBy.CONVERGED
        if self.progress.stopped:
            return StoppedBy.CALLBACK
        state = self.engine.state
        if not np.isfinite(loss) or not all_finite(state):
            raise self._diverged()
        validation_loss, score = self._validated(state)
        epoch = Epoch(number, loss, time.perf_counter() - began, rate, validation_loss, score)
        _, verdict = self._take_in([epoch], [factor], lambda _: state, state)
        if self.callbacks.on_epoch is not None:
            self.callbacks.on_epoch(self.progress)
        return self._reason(epoch, StoppedBy.CALLBACK if self.progress.stopped else verdict)

    def _next_block(self, engine: BlockEngine, n_epochs: int) -> StoppedBy | None:
        """Many epochs in one call, at rates that are assumed; those that should have had others are undone.

        An epoch that is not finite is undone, too: it will not be by itself either.
        """
        settings, first = self.settings, self.reached.n_epochs + 1
        factors = self._assumed_factors(first - 1, n_epochs)
        n_epochs = len(factors)
        rates = [settings.rate * factor for factor in factors]  # type: ignore[operator]  # there is one
        decays = None
        if type(settings.decay_schedule) is not Constant:
            decays = np.array(self._decays(first, n_epochs))
        block = engine.epochs(
            first,
            np.array(rates),
            seed=settings.seed if settings.shuffle else None,
            watched=self.watched,
            loss_goal=settings.loss_goal,
            decays=decays,
        )
        last = len(block) - 1
        n_finite = last + bool(np.isfinite(block.losses[last]) and all_finite(block.state(last)))
        columns = (
            range(first, first + n_finite),
            (block.losses / self.rows_an_epoch).tolist(),
            repeat(block.seconds / len(block)),
            rates,
            self._validation_losses(block, n_finite),
            repeat(None),
        )
        epochs = list(map(Epoch._make, zip(*columns, strict=False)))
        kept, verdict = self._take_in(epochs, factors, block.state, block.states(n_finite))
        if kept < len(block):
            engine.restore(self.reached.state)
        # Where the rate was another than assumed it may soon be so again.
        self.most_at_once = 2 * kept if 2 * kept >= FEWEST_IN_A_BLOCK else -EPOCHS_UNTIL_ANOTHER
        self.progress.steps = self.reached.n_epochs * self._steps_an_epoch()
        self._tell_the_time()
        if not kept:
            return StoppedBy.CALLBACK if self.progress.stopped else None
        return self._reason(epochs[kept - 1], StoppedBy.CALLBACK if self.progress.stopped else verdict)

    def _assumed_factors(self, n_past: int, n_epochs: int) -> list[float]:
        """Factors of the epochs after so many; where losses are heeded, all are taken for the first one's."""
        if type(self.settings.schedule) is Constant:  # with no look at epochs that others have left behind
            return [1.0] * n_epochs
        if self.heeds_losses:
            return [self._next_factor(self.past)] * n_epochs
        while len(self.ahead) < n_past + n_epochs:
            try:
                factor = self._next_factor(self.ahead)
            except Exception:
                if len(self.ahead) <= n_past:
                    raise
                break  # one's own schedule may fail at an epoch that is never reached
            self.ahead.append(PastEpoch(math.nan, math.nan, factor))
        return [epoch.factor for epoch in self.ahead[n_past : n_past + n_epochs]]

    def _decays(self, first: int, n_epochs: int) -> list[float]:
        """What the decay is multiplied by in some epochs."""
        schedule = self.settings.decay_schedule
        while len(self.decays) < first + n_epochs - 1:
            factor = self._next_factor(self.decays, schedule, "decay_schedule")
            self.decays.append(PastEpoch(math.nan, math.nan, factor))
        return [epoch.factor for epoch in self.decays[first - 1 : first + n_epochs - 1]]

    def _rate_of(self, number: int) -> float:
        """Rate of an epoch that was completed, or of the one that comes next."""
        rate: Any = self.settings.rate
        completed: list[Any] = self.progress.epochs
        if number > len(completed):
            return float(rate * self._assumed_factors(len(completed), 1)[0])
        return float(completed[number - 1].rate)

    def _validation_losses(self, block: Block, n_epochs: int) -> Iterable[float | None]:
        """Loss over the validation rows after each of the first epochs of a block."""
        rows = self.validation
        if rows is None:
            return repeat(None)
        losses: list[float] = (block.watched_losses[:n_epochs] / len(rows)).tolist()
        for e in np.flatnonzero(np.isnan(losses)).tolist():
            losses[e] = loss_over_rows(self.engine, self.engine.weights_of(block.state(e)), rows)
        return losses

    def _run_epoch(self, number: int, rate: float | None) -> float:
        """Train once on all samples; mean of their losses."""
        progress, callbacks = self.progress, self.callbacks
        steps_at_once = None if callbacks.on_step is None else 1
        steps_before, loss = progress.steps, 0.0
        if type(self.settings.decay_schedule) is not Constant:
            engine: Any = self.engine
            engine.decay_by(*self._decays(number, 1))
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
        progress.samples, progress.evaluations = 0, getattr(self.engine, "evaluations", 0)
        return loss / self.rows_an_epoch

    def _take_in(
        self,
        epochs: Sequence[Epoch],
        factors: Sequence[float],
        state_of: Callable[[int], State],
        states: State,
    ) -> tuple[int, StoppedBy | None]:
        """Keep epochs, up to one that a criterion ends or before one that should have had another rate.

        How many those were, and the criterion's verdict.
        """
        end = None
        if self.observer is not None and epochs:
            looks = partial(self._stacks, states), partial(self._squares, states)
            end = self.observer.take_in(epochs, *looks, self.progress.evaluations)
        epochs = epochs[:end]
        kept, verdict = self._judged(epochs, factors) if self.heeds_past else (len(epochs), None)
        if kept == end and verdict is None:
            verdict = StoppedBy.CALLBACK
        if kept:
            state, best = state_of(kept - 1), self._best_of(epochs[:kept], state_of)
            before = state_of(kept - 2) if kept > 1 else self.reached.state
            self.progress.epochs += epochs[:kept]
            self.reached = _Reached(state, before, epochs[kept - 1].number, best)
        return kept, verdict

    def _stacks(self, states: State) -> Matrices:
        """Weights in one state, or in each of several, as a stack for each layer."""
        return [w.reshape(-1, *w.shape[-2:]) for w in self.engine.weights_of(states)]

    def _squares(self, states: State) -> npt.NDArray[np.float64]:
        """Sum of the squares of such weights but bias weights, one for each state."""
        if self.blocks is not None:
            return self.blocks.squares_of(states)
        return squares_of(self._stacks(states))

    def _judged(self, epochs: Sequence[Epoch], factors: Sequence[float]) -> tuple[int, StoppedBy | None]:
        """How many of these epochs are to be kept, and a criterion's verdict on the last of them."""
        for n, (epoch, factor) in enumerate(zip(epochs, factors, strict=False)):
            if n and self.heeds_losses and self._next_factor(self.past) != factor:
                return n, None
            self._remember(epoch, factor)
            verdict = self._verdict()
            if verdict is not None:
                return n + 1, verdict
        return len(epochs), None

    def _reason(self, epoch: Epoch, verdict: StoppedBy | None) -> StoppedBy | None:
        """Reason to stop after an epoch: a goal that was reached goes before all others."""
        if self.settings.loss_goal is not None and epoch.loss <= self.settings.loss_goal:
            return StoppedBy.LOSS_GOAL
        return verdict

    def _next_factor(
        self, past: Past, schedule: Schedule | None = None, parameter: str = "schedule"
    ) -> float:
        """What a schedule, that of the rate unless another is given, makes of a past; or InputError."""
        schedule = schedule or self.settings.schedule
        given: Any = schedule.next_factor(past, self.settings.epochs)
        if not isinstance(given, Real) or not 0 <= float(given) < math.inf:
            raise InputError(
                f"The schedule {name_of(schedule)} gave {quoted(given)} for epoch {len(past) + 1}.",
                parameter=parameter,
                given=given,
                needs="must give a finite number of at least 0 for every epoch",
                advice="Correct its next_factor.",
            )
        return float(given)

    def _remember(self, epoch: Epoch, factor: float) -> None:
        """Add an epoch to the past."""
        self.past.append(PastEpoch(epoch.loss, self._watched(epoch), factor))

    def _verdict(self) -> StoppedBy | None:
        """What the criteria say to the past."""
        for criterion in self.criteria:
            if criterion.stops(self.past):
                return StoppedBy.STOPPING if CRITERIA.is_own(criterion) else StoppedBy(criterion.name)
        return None

    def _best_of(self, epochs: Sequence[Epoch], state_of: Callable[[int], State]) -> Best | None:
        """The best network so far: of an epoch before which none was watched to be as good."""
        best = self.reached.best
        if not self.criteria:
            return best
        watched = [self._watched(epoch) for epoch in epochs]
        first = min(range(len(epochs)), key=lambda e: _rank(watched[e]))
        if best is not None and not _rank(watched[first]) < _rank(best[0]):
            return best
        return watched[first], epochs[first].number, self.engine.weights_of(state_of(first))

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
            score = self._score(self.metric(_read_only(rows.Y), outputs, *weight))
        return loss, score

    def _score(self, given: Any) -> float:  # noqa: ANN401 (whatever a user's own gives)
        """What a metric gave, as a number."""
        try:
            return float(given)
        except (TypeError, ValueError):
            raise InputError(
                f"The metric {name_of(self.metric)} gave {quoted(given)}",
                parameter="metric",
                given=given,
                needs="must give a number",
                advice="Return one, the larger the better.",
            ) from None

    def _tell_the_time(self) -> None:
        """Call what is to be called every so many seconds; KeyboardInterrupt where this thread is to stop."""
        look()
        callbacks, now = self.callbacks, time.monotonic()
        if callbacks.on_time is not None and now - self.last_time >= callbacks.every_seconds:
            self.last_time = now
            callbacks.on_time(self.progress)

    def _result(self, stopped_by: StoppedBy) -> TrainingResult:
        """What the training has led to: the best network where there is a criterion, else the last."""
        self.progress.is_over = True
        state, _, n_epochs, best = self.reached
        weights, best_epoch = self.engine.weights_of(state), n_epochs if self.criteria else None
        if best is not None:
            _, best_epoch, weights = best
        loss = self._loss(weights)
        if not np.isfinite(loss):  # the weights are finite, but what they lead to is not
            raise self._diverged()
        history = self._history(n_epochs, loss)
        net = self.task.net.with_weights(weights)
        ran_out = stopped_by is StoppedBy.EPOCHS
        diagnosis = diagnose(self.task, weights, history, self.settings, ran_out=ran_out)
        for one in (one for one in diagnosis if one.is_warning and self.warn):
            warnings.warn(one.message, TrainingWarning, stacklevel=5)
        return TrainingResult(net, history, stopped_by, best_epoch, diagnosis, self._make_state)

    def _make_state(self) -> TrainingState:
        """State after the last completed epoch."""
        state, _, n_epochs, best = self.reached
        net = self.task.net
        return TrainingState(
            network=self._network(state),
            rule=tuple(tuple(one) for one in self.engine.rule_of(state)),
            best=None if best is None else net.with_weights(best[2]),
            best_epoch=None if best is None else best[1],
            loss_before=self.loss_before,
            epochs=tuple(self.progress.epochs[:n_epochs]),
            settings=self.settings.to_json(),
            data=self.data,
            arithmetic=self.arithmetic,
        )

    def _order(self, number: int) -> npt.NDArray[np.intp]:
        """Order of the samples in an epoch, counted from 1: of all, or the next ones of the orders of all."""
        n, rows = len(self.task.rows), self.rows_an_epoch
        if rows == n:
            return self._order_of_all(number)
        first, parts = (number - 1) * rows, []
        while rows:
            number, place = first // n + 1, first % n
            if self.drawn is None or self.drawn[0] != number:
                self.drawn = number, self._order_of_all(number)
            parts.append(self.drawn[1][place : place + rows])
            first, rows = first + len(parts[-1]), rows - len(parts[-1])
        return np.concatenate(parts)

    def _order_of_all(self, number: int) -> npt.NDArray[np.intp]:
        """All samples, in the order of this number."""
        n = len(self.task.rows)
        if not self.settings.shuffle:
            return np.arange(n)
        return permutation(n, seed=self.settings.seed, purpose=Purpose.SHUFFLE, counter=number)

    def _steps_an_epoch(self) -> int:
        return -(-self.rows_an_epoch // (self.settings.batch_size or 1))

    def _loss(self, weights: Matrices) -> float:
        """Mean loss over all training rows."""
        return loss_over_rows(self.engine, weights, self.task.rows)

    def _network(self, state: State) -> Network:
        return self.task.net.with_weights(self.engine.weights_of(state))

    def _history(self, n_epochs: int, loss_after: float) -> History:
        epochs = tuple(self.progress.epochs[:n_epochs])
        return History(self.loss_before, epochs, loss_after, self.arithmetic)

    def _finite_loss_before(self) -> float:
        """Mean loss of the network that training starts from."""
        loss = self._loss(self.task.net.weights)
        if not np.isfinite(loss):
            raise _no_loss(loss)
        return loss

    def _diverged(self) -> DivergenceError:
        """Error for the epoch in which the loss stopped being finite, with the network before it.

        That may be seen an epoch late: the losses met in one say little of the network at its end.
        """
        last, before, n_epochs, _ = self.reached
        known = [(self.engine.weights_of(last), n_epochs), (self.engine.weights_of(before), n_epochs - 1)]
        for known_weights, n in [*known, (self.task.net.weights, 0)]:
            if np.isfinite(loss := self._loss(known_weights)):
                weights, n_epochs = known_weights, n
                break
        else:  # it goes on with other rows than those whose loss was finite
            raise _no_loss(loss)
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


def rows_of_epoch(settings: Settings, n_rows: int) -> int:
    """Rows that are gone through in an epoch: all of them, or those of so many batches.

    Examples
    --------
    >>> from chainrule.settings import Settings
    >>> rows_of_epoch(Settings(rate=0.1, epochs=1, batch_size=32, steps_per_epoch=10), 1000)
    320
    """
    if settings.steps_per_epoch is None:
        return n_rows
    return min(n_rows, settings.steps_per_epoch * (settings.batch_size or 1))


def _no_loss(loss: float) -> InputError:
    """Error for a network that there is nothing to train from."""
    return InputError(
        f"The loss of the network before training is {loss}",
        given=loss,
        needs="must be finite",
        advice="Standardise X and Y, or start from smaller weights.",
    )


def all_finite(state: State) -> bool:
    """Whether every number is finite, in one array or in several."""
    if isinstance(state, (tuple, list)):
        return all(map(all_finite, state))
    return bool(np.isfinite(state).all())


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same numbers, for a function of the user's own to look at."""
    view = array.view()
    view.flags.writeable = False
    return view


def _rank(watched: float) -> tuple[bool, float]:
    """What orders watched values, the best one first: NaN comes after all numbers."""
    return math.isnan(watched), watched
