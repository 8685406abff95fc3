"""A network in training: its packed weights, the samples, and the kernel that fits both."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np

from chainrule.compiled.addresses import for_batches, for_online_training
from chainrule.compiled.codes import activation_codes, are_dense, loss_code, narrow_suits
from chainrule.compiled.evaluation import Evaluator, evaluate_rows
from chainrule.compiled.kernels.blocks import train_blocks
from chainrule.compiled.kernels.epochs import N_PARTIALS, train_epochs
from chainrule.compiled.kernels.halves import BLOCK_ROWS, levels_of
from chainrule.compiled.kernels.minibatch import INPUTS_AT_ONCE, train_minibatches
from chainrule.compiled.kernels.narrow import WIDTHS, train_narrow
from chainrule.compiled.kernels.narrow_minibatch import MOST_INPUTS, MOST_UNITS, train_narrow_minibatches
from chainrule.compiled.kernels.online import train_online
from chainrule.compiled.kernels.shuffling import NUMBERS_A_BLOCK
from chainrule.compiled.layout import (
    Memory,
    flat,
    lanes_of,
    pack,
    padded,
    reserve,
    sizes_of,
    squares,
    unpack,
)
from chainrule.compiled.machine.pace import SHORTER, Pace
from chainrule.compiled.machine.target import TILE_COLUMNS, TILE_ROWS, useful_threads
from chainrule.compiled.machine.team import STOP, TEAM_LENGTH
from chainrule.compiled.twins.rules import DECAY, FUSED, GRADIENTS, POWER1, POWER2, rule_code, rule_numbers
from chainrule.equations import RULES, Descent, layers_of, members_of
from chainrule.random_streams import Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from chainrule.compiled.machine.compiling import Kernel
    from chainrule.equations import Activation, Layer, Loss, RateFactors, Rule, RuleState

__all__ = ["Block", "State", "Trainer"]

# Packed weights and arrays of the rule, and its numbers.
State: TypeAlias = "tuple[npt.NDArray[Any], npt.NDArray[np.float64]]"

SAMPLES_AT_FIRST = 1 << 12
WORK_AT_FIRST = 1 << 26  # weights times samples
MOST_KEPT = 1 << 22  # hidden units times samples, of those that drop out in one run of a kernel
ROWS_PADDED_TO = 8  # whole tiles, of whichever size; the next batches may be as large without another trainer
# Halvings of a large batch after which threads share its parts out, so that two or three are all busy.
LEVELS_TO_SHARE = 3
# Epochs in one call of a kernel. Where it would do fewer in that time, what Python does between two of them
# hardly counts; and their states are so few numbers that they stay in the processor's cache.
FEWEST_AT_ONCE, MOST_STATES = 64, 1 << 18


@dataclass(frozen=True)
class Block:
    """Epochs that were run in one call.

    Attributes
    ----------
    losses, watched_losses : arrays of shape (n_epochs,), float64
        Sums over the samples, as `Trainer.epoch` gives them, and over the watched rows after the epoch. The
        latter is rounded once; NaN where there are none or something in it is not finite.
    arrays, numbers : arrays of shapes (n_epochs, size) and (n_epochs, 2)
        What `Trainer.state` gave after each epoch. In the last one something may not be finite.
    seconds : float
        Time of all of them.
    """

    losses: npt.NDArray[np.float64]
    watched_losses: npt.NDArray[np.float64]
    arrays: npt.NDArray[Any]
    numbers: npt.NDArray[np.float64]
    seconds: float

    def __len__(self) -> int:
        return len(self.losses)

    def state(self, epoch: int) -> State:
        """State after one of the epochs, counted from 0 on."""
        return self.arrays[epoch].copy(), self.numbers[epoch].copy()

    def states(self, n_epochs: int) -> State:
        """Views of the states after the first epochs, one below the other."""
        return self.arrays[:n_epochs], self.numbers[:n_epochs]


class Trainer:
    """Trains packed weights, an epoch at a time.

    Parameters
    ----------
    weights : sequence of arrays of shape (units, 1 + inputs)
    activations : sequence of Activation
        One a layer.
    loss : Loss
    X, Y : arrays of the weights' dtype
    batch_size : int
    sample_weight : array of shape (n_samples,), optional
    rule : Rule or None
        None for gradients alone.
    l1, l2 : float
    clip_norm : float, optional
    masks : sequence of arrays of the shapes of the weights, optional
    factors : sequence of RateFactors, optional
        Of the rate, for each matrix.
    dropout : callable, optional
        Of epoch, first place in its order and number of samples: what is left of each hidden unit's output.
    threads : int or None
        None for as many as pay off.
    kinds : sequence of Layer, optional
        All layers are dense where none are given.
    """

    def __init__(
        self,
        weights: Sequence[npt.NDArray[Any]],
        activations: Sequence[Activation],
        loss: Loss,
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        *,
        batch_size: int,
        sample_weight: npt.NDArray[Any] | None = None,
        rule: Rule | None = Descent(),  # noqa: B008 (frozen)
        l1: float = 0.0,
        l2: float = 0.0,
        clip_norm: float | None = None,
        masks: Sequence[npt.NDArray[Any]] | None = None,
        factors: Sequence[RateFactors] | None = None,
        dropout: Callable[[int, int, int], npt.NDArray[Any]] | None = None,
        threads: int | None = None,
        kinds: Sequence[Layer] | None = None,
    ) -> None:
        self._kinds = layers_of(kinds, len(weights))
        self._sizes, self._members = sizes_of(weights, self._kinds), members_of(self._kinds)
        self._dtype = weights[0].dtype
        self._activations = activation_codes(activations)
        self._loss = loss_code(loss, activations[-1])
        self._ones = flat(np.empty(0, self._dtype))
        self._give(X, Y, sample_weight, batch_size)
        self._threads = 1
        self._rule, self._masks, self._dropout = rule, masks, dropout
        self._n_arrays, self._n_numbers = (len(RULES.fact(rule, name)) for name in ("arrays", "numbers"))
        n_weights = sum(w.size for w in weights)
        penalised = bool(l1 or l2) or clip_norm is not None or masks is not None
        self._is_plain, self._clips = type(rule) is Descent and not penalised, clip_norm is not None
        self._is_plain = self._is_plain and factors is None
        self._is_prepared = penalised or rule is None  # sums of gradients are not enough for its rule
        self._kernel, self._most_rows = self._kernel_for(self._batch_size), 1
        n_sums = 0
        if self._kernel is train_blocks:
            n_sums = self._prepare_blocks(threads, n_weights)
        elif self._kernel is train_minibatches:
            self._prepare_batches(threads, n_weights)
        elif self._kernel is train_narrow_minibatches:
            n_sums = self._prepare_narrow_batches()
        else:
            self._prepare_online()
        self._numbers = rule_numbers(rule, l1=l1, l2=l2, clip_norm=clip_norm, n_sums=n_sums)
        self._run = self._kernel.of(self._dtype)
        pack(self._memory, weights)
        if masks is not None:
            pack(self._memory, masks, "masks")
        for layer, own in zip(self._memory.layers, factors or (), strict=False):
            layer["bias_factor"], layer["rate_factor"], layer["decay_factor"] = own
        self._team = np.zeros(TEAM_LENGTH, np.int64)
        self._pool = ThreadPoolExecutor(self._threads - 1) if self._threads > 1 else None
        self._pace = Pace(self._threads, max(1, min(SAMPLES_AT_FIRST, WORK_AT_FIRST // n_weights)))
        self._process = os.getpid()

    def _kernel_for(self, batch_size: int) -> Kernel:
        """The kernel for batches of such a size: in registers where the layers are narrow enough."""
        of_batches = train_blocks if batch_size > BLOCK_ROWS else train_minibatches
        if not self._is_plain or self._dropout is not None or not are_dense(self._kinds):
            return of_batches
        widest, is_narrow = max(self._sizes[1:]), narrow_suits(self._activations, self._loss)
        if batch_size > 1:
            is_small = is_narrow and self._sizes[0] <= MOST_INPUTS and widest <= MOST_UNITS
            return train_narrow_minibatches if is_small else of_batches
        width = next((width for width in WIDTHS if widest <= width), None) if is_narrow else None
        return train_narrow[width] if width else train_online

    def _reserve(self, rows: int, **extras: Any) -> Memory:
        return reserve(
            *(self._sizes, self._activations, self._dtype, rows),
            loss=self._loss,
            kinds=self._kinds,
            **extras,
        )

    def _prepare_online(self) -> None:
        """One sample at a time, in one register a layer where the layers are narrow enough."""
        width = next((width for width, kernel in train_narrow.items() if kernel is self._kernel), None)
        self._memory = self._reserve(1, pad_to=width)
        if width is None:
            for_online_training(self._memory)

    def _prepare_narrow_batches(self) -> int:
        """One vector of samples at a time, and a gradient in each of its lanes; gives the number of sums."""
        lanes, n_sums = lanes_of(self._dtype), levels_of(self._batch_size) + 1
        sizes = {"pad_to": MOST_UNITS, "gradient_lanes": lanes, "n_sums": n_sums}
        self._memory = self._reserve(lanes, gradient_copies=1, **sizes)
        self._most_rows = max(self._batch_size, BLOCK_ROWS)
        return n_sums

    def _prepare_batches(self, threads: int | None, n_weights: int) -> None:
        """A whole batch at a time, shared by threads, each with a tile of rows at least."""
        self._most_rows = padded(self._batch_size, ROWS_PADDED_TO)
        threads = threads or useful_threads(self._most_rows * n_weights)
        self._threads = min(threads, max(1, self._most_rows // TILE_ROWS))
        self._prepare_rule(self._most_rows, keeps_gradients=self._clips or self._rule is None)

    def _prepare_blocks(self, threads: int | None, n_weights: int) -> int:
        """A block of a batch at a time for each thread; gives the number of sums."""
        self._most_rows, levels = self._batch_size, levels_of(self._batch_size)
        threads = threads or useful_threads(self._batch_size * n_weights)
        shared = min(levels, max(LEVELS_TO_SHARE, threads.bit_length()))
        self._threads = min(threads, 1 << shared)
        n_sums = (1 << shared) + self._threads * (levels - shared)
        self._prepare_rule(self._threads * BLOCK_ROWS, keeps_gradients=True, copies=n_sums)
        self._memory.places["levels"], self._memory.places["own_levels"] = shared, levels - shared
        return n_sums

    def _prepare_rule(self, rows: int, *, keeps_gradients: bool, copies: int = 1) -> None:
        """Room for so many rows, and for what the rule needs."""
        at_once = self._threads * INPUTS_AT_ONCE * TILE_COLUMNS * lanes_of(self._dtype)
        self._memory = self._reserve(
            rows,
            with_transposed=True,
            gradient_copies=copies if keeps_gradients else 0,
            n_gradients_at_once=0 if keeps_gradients or self._is_plain else at_once,
            with_masks=self._masks is not None,
            with_dropout=self._dropout is not None,
            n_states=self._n_arrays,
        )
        if self._rule is None:
            self._memory.places["rule"] = GRADIENTS
        else:
            self._memory.places["rule"] = FUSED if self._is_plain else rule_code(self._rule)
        for_batches(self._memory, prepared=self._is_prepared)

    def _give(
        self,
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        sample_weight: npt.NDArray[Any] | None,
        batch_size: int,
        place: int = 0,
    ) -> None:
        """Take samples, of which the first one has this place in its epoch."""
        n = len(X)
        if sample_weight is None and len(self._ones) < n:
            self._ones = flat(np.ones(n, self._dtype))
        W = self._ones[:n] if sample_weight is None else flat(sample_weight)
        self._samples = flat(X), flat(Y), W
        self._batch_size, self._place = min(batch_size, n) * self._members, place

    def take(
        self,
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        sample_weight: npt.NDArray[Any] | None,
        batch_size: int,
        place: int,
    ) -> bool:
        """Train on other samples from now on, of which the first one has this place in its epoch.

        False where that needs another trainer: another kernel, more room, or a team that can still meet.
        """
        rows = min(batch_size, len(X)) * self._members
        if rows > self._most_rows or self._kernel_for(rows) is not self._kernel:
            return False
        # An interrupt has sent the team away; and a process that was forked has none of its threads.
        if self._pool is not None and (self._team[STOP] or self._process != os.getpid()):
            return False
        self._give(X, Y, sample_weight, batch_size, place)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._pool is not None:
            self._team[STOP] = 1
            self._pool.shutdown()

    def epoch(
        self,
        order: npt.NDArray[np.intp],
        *,
        rate: float,
        number: int = 1,
        steps_at_once: int | None = None,
    ) -> Iterator[tuple[int, float]]:
        """Train on the samples in this order; of a network with members, each of them on every sample.

        Yields about ten times a second, or after so many updates, how many samples are done, and the sum of
        their losses, each before the update that it led to: one sum, wherever the epoch is cut.
        """
        loss, first, members = 0.0, 0, self._members
        order = flat(order if members == 1 else np.repeat(order, members))
        while first < len(order):
            stop = min(first + self._chunk(steps_at_once), len(order))
            loss = self._train(order, first, stop, rate, loss, number)
            first = stop
            yield first // members, loss / members

    def _chunk(self, steps_at_once: int | None) -> int:
        """Samples of the next run of a kernel: whole batches."""
        if steps_at_once is not None:
            return steps_at_once * self._batch_size
        samples = self._pace.samples
        if self._dropout is not None:
            samples = min(samples, MOST_KEPT // max(1, sum(self._sizes[1:-1])))
        return max(samples // self._batch_size, 1) * self._batch_size

    def decay_by(self, factor: float) -> None:
        """Multiply the rule's decay in the epochs to come."""
        given: Any = self._rule
        self._numbers[DECAY] = given.decay * factor

    def watch(
        self, X: npt.NDArray[Any], Y: npt.NDArray[Any], sample_weight: npt.NDArray[Any] | None = None
    ) -> Evaluator:
        """Rows of the weights' dtype whose losses `epochs` is to give."""
        return Evaluator(self._sizes, self._activations, self._loss, X, Y, sample_weight, self._kinds)

    def epochs_at_once(self, watched: Evaluator | None = None) -> int:
        """How many epochs `epochs` does in a tenth of a second, by what those before took.

        0 where units that drop out or members need `epoch`, or where it would save little.
        """
        n_epochs = self._pace.samples // self._rows(watched)
        fewest = FEWEST_AT_ONCE // (SHORTER if self._pace.threads > 1 else 1)
        if self._dropout is not None or self._members > 1 or n_epochs < fewest:
            return 0
        return min(n_epochs, MOST_STATES // len(self._memory.state))

    def epochs(
        self,
        first: int,
        rates: npt.NDArray[np.float64],
        *,
        seed: int | None,
        watched: Evaluator | None = None,
        loss_goal: float | None = None,
        decays: npt.NDArray[np.float64] | None = None,
    ) -> Block:
        """Train for an epoch at each of these rates, without a look at the time: see `epochs_at_once`.

        The bits are those of `epoch` with the orders of the stream (seed, SHUFFLE, number of the epoch). The
        last epoch is that whose mean loss reaches the goal, or in which something stops being finite.

        Parameters
        ----------
        first : int
            Number of the first epoch.
        rates : array of shape (n_epochs,), float64
        seed : int or None
            None for the samples in their own order in each epoch.
        watched : Evaluator, optional
            Rows from `watch`.
        loss_goal : float, optional
        decays : array of shape (n_epochs,), optional
            What the rule's decay is multiplied by in each epoch.
        """
        given: Any = self._rule
        decays = np.empty(0) if decays is None else decays * given.decay
        n, n_epochs, size = len(self._samples[2]), len(rates), len(self._memory.state)
        raw, ends = np.empty(padded(n, NUMBERS_A_BLOCK), np.uint64), np.empty(n, np.int64)
        stream = np.uint64(seed or 0), np.uint64(Purpose.SHUFFLE)
        losses, watched_losses = np.empty(n_epochs), np.full(n_epochs, np.nan)
        arrays, numbers = np.empty((n_epochs, size), self._dtype), np.empty((n_epochs, 2))
        evaluation: tuple[Any, ...] = 0, *self._memory, *self._samples, np.empty(0, self._dtype)
        if watched is not None:
            address = evaluate_rows.address(self._dtype)
            evaluation = address, *watched.memory, *watched.samples, watched.row_losses
        arguments = (
            *(self._kernel.address(self._dtype), *self._memory, *self._samples),
            *(self._batch_size, self._numbers, self._team),
            *(*evaluation, np.empty(N_PARTIALS)),
            *(first, rates, decays, -inf if loss_goal is None else loss_goal),
            *(np.arange(n), raw, ends[: 0 if seed is None else n], *stream),
            *(losses, watched_losses, arrays.reshape(-1), numbers.reshape(-1)),
        )
        kernel = train_epochs.of(self._dtype)
        began = time.perf_counter()
        done = int(self._on_threads(kernel, arguments))
        seconds = max(time.perf_counter() - began, 1e-6)
        self._pace.took(done * self._rows(watched), seconds)
        return Block(losses[:done], watched_losses[:done], arrays[:done], numbers[:done], seconds)

    def _rows(self, watched: Evaluator | None) -> int:
        """Rows of an epoch."""
        return len(self._samples[2]) + (0 if watched is None else len(watched.row_losses))

    @property
    def state(self) -> State:
        """Copies of all that an update changes."""
        return self._memory.state.copy(), self._numbers[[POWER1, POWER2]]

    def weights_of(self, state: State) -> tuple[Any, ...]:
        """Public weights of such a copy."""
        return unpack(state[0], self._memory.layers)

    def squares_of(self, states: State) -> npt.NDArray[np.float64]:
        """Sum of the squares of all weights but bias weights, in states one below the other."""
        return squares(states[0], self._memory.layers)

    def rule_of(self, state: State) -> tuple[RuleState, ...]:
        """State of the rule for each weight matrix, as the equations have it."""
        if self._rule is None:
            return tuple(() for _ in self._memory.layers)
        names = ("first", "second")[: self._n_arrays]
        arrays = [unpack(state[0], self._memory.layers, name) for name in names]
        numbers = [float(number) for number in state[1][: self._n_numbers]]
        return tuple((*(of_all[m] for of_all in arrays), *numbers) for m in range(len(self._memory.layers)))

    def resume(self, weights: Sequence[npt.NDArray[Any]], rule: Sequence[RuleState]) -> None:
        """Go on from public weights and a state of the rule."""
        array = self._memory.array
        array[~np.isfinite(array)] = 0  # what an overflow left beside them would spread
        pack(self._memory, weights)
        if self._rule is None:
            return
        for k, name in enumerate(("first", "second")[: self._n_arrays]):
            pack(self._memory, [of_matrix[k] for of_matrix in rule], name)
        for place, number in zip((POWER1, POWER2), rule[0][self._n_arrays :], strict=False):
            self._numbers[place] = number

    def restore(self, state: State) -> None:
        """Go on from such a copy; also where numbers that are not finite lie between the weights since."""
        self._memory.state[:] = state[0]
        self.resume(self.weights_of(state), self.rule_of(state))

    def losses_and_gradients(
        self, weights: Sequence[npt.NDArray[Any]]
    ) -> tuple[float, tuple[npt.NDArray[Any], ...]]:
        """Sum of all samples' losses, and the gradient of the mean loss and the penalties, for some weights.

        Only for a trainer without a rule, with one batch of all samples.
        """
        pack(self._memory, weights)
        order = np.repeat(np.arange(len(self._samples[2])), self._members)
        loss = self._train(flat(order), 0, len(order), 1.0, 0.0, 1) / self._members
        return loss, unpack(self._memory.array, self._memory.layers, "gradients")

    def _train(
        self, order: npt.NDArray[np.intp], first: int, stop: int, rate: float, loss: float, number: int
    ) -> float:
        """Train on the samples ``order[first:stop]``; the loss and theirs.

        Every thread of the team runs the kernel; this one is number 0.
        """
        began = time.perf_counter()
        kept = self._samples[2]  # anything that is not looked at
        if self._dropout is not None:
            members = self._members
            kept = self._dropout(number, self._place + first // members, (stop - first) // members)
            kept = flat(kept if members == 1 else np.repeat(kept, members, axis=0))
        arguments = (
            *self._memory,
            *self._samples,
            order,
            first,
            stop,
            self._batch_size,
            float(rate),
            loss,
            kept,
            self._numbers,
            self._team,
        )
        loss = self._on_threads(self._run, arguments)
        self._pace.took(stop - first, time.perf_counter() - began)
        return loss

    def _on_threads(self, kernel: Callable[..., float], arguments: tuple[Any, ...]) -> float:
        """Run a kernel on as many threads as the pace says; what it gives to the first of them."""
        threads = self._pace.threads
        if self._pool is None or threads == 1:
            return float(kernel(*arguments, 0, 1))
        try:
            others = [
                self._pool.submit(self._share, kernel, arguments, me, threads) for me in range(1, threads)
            ]
            result = self._share(kernel, arguments, 0, threads)
            for other in others:
                other.result()
        except BaseException:  # Ctrl-C
            self._team[STOP] = 1
            raise
        return result

    def _share(
        self, kernel: Callable[..., float], arguments: tuple[Any, ...], me: int, threads: int
    ) -> float:
        """One thread's part. Whatever ends it early ends all, who else would wait for it for ever."""
        try:
            return float(kernel(*arguments, me, threads))
        except BaseException:
            self._team[STOP] = 1
            raise
