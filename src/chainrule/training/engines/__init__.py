"""The engines: what the training loop asks of each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    import numpy.typing as npt

    from chainrule.compiled.evaluation import Evaluator
    from chainrule.compiled.trainer import Block
    from chainrule.training.task import Rows

__all__ = ["BlockEngine", "Engine", "GradientEngine", "State", "StreamEngine", "loss_over_rows"]

# Weights and rule state in a form of the engine's own, that later epochs do not change.
State: TypeAlias = Any

ROWS_AT_ONCE = 4096  # bounds the memory of a pass over a whole table


class Engine(Protocol):
    """What the training loop needs of an engine, as a context in which it may hold threads."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

    def epoch(
        self,
        order: npt.NDArray[np.intp],
        *,
        rate: Any,  # noqa: ANN401 (float, or None for a rule without)
        number: int,
        steps_at_once: int | None = None,
    ) -> Iterator[tuple[int, float]]:
        """Train once on the samples in this order.

        Yields now and then how many samples are done, and the sum of their losses, each before the update
        that it led to; after every `steps_at_once` updates where that is given.
        """
        ...

    @property
    def state(self) -> State:
        """Weights and state of the rule as they are."""
        ...

    @property
    def converged(self) -> bool:
        """Whether the last epoch that was asked for found no step to take."""
        ...

    def losses(
        self,
        weights: Sequence[npt.NDArray[Any]],
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        sample_weight: npt.NDArray[Any] | None,
    ) -> npt.NDArray[Any]:
        """Loss of each sample times its weight, in the arithmetic of this engine."""
        ...

    def weights_of(self, state: State) -> Sequence[npt.NDArray[Any]]:
        """Weight matrices of such a state."""
        ...

    def rule_of(self, state: State) -> Sequence[tuple[Any, ...]]:
        """State of the rule, for each weight matrix, in such a state."""
        ...

    def resume(self, weights: Sequence[npt.NDArray[Any]], rule: Any) -> None:  # noqa: ANN401 (as rule_of gives)
        """Go on from weights and a state of the rule."""
        ...

    def in_blocks(self, n_epochs: int) -> BlockEngine | None:
        """Itself, where it can run many epochs in one call, and so many are worth what that takes once."""
        ...


class BlockEngine(Engine, Protocol):
    """An engine that runs many epochs in one call, by the bits of `epoch`."""

    def watch(
        self, X: npt.NDArray[Any], Y: npt.NDArray[Any], sample_weight: npt.NDArray[Any] | None
    ) -> Evaluator:
        """Rows whose losses `epochs` is to give."""
        ...

    def epochs_at_once(self, watched: Evaluator | None) -> int:
        """How many epochs one call is to run, so that it takes about a tenth of a second."""
        ...

    def epochs(
        self,
        first: int,
        rates: npt.NDArray[np.float64],
        *,
        seed: int | None,
        watched: Evaluator | None,
        loss_goal: float | None,
        decays: npt.NDArray[np.float64] | None = None,
    ) -> Block:
        """Train for an epoch at each of the rates, up to one that reaches the goal or is not finite."""
        ...

    def squares_of(self, states: State) -> npt.NDArray[np.float64]:
        """Sum of the squares of all weights but bias weights, in each of the states of a block."""
        ...

    def restore(self, state: State) -> None:
        """Go on from a state, whatever was met since."""
        ...


class StreamEngine(Engine, Protocol):
    """An engine that can go on with other rows than those that it was made for."""

    def go_on_with(self, rows: Rows, batch_size: int, place: int) -> bool:
        """Train on these rows from now on, of which the first one has this place in its epoch.

        False where that needs another engine.
        """
        ...


class GradientEngine(Engine, Protocol):
    """An engine that another one may ask for gradients."""

    def decay_by(self, factor: float) -> None:
        """Multiply the rule's decay in the epochs to come."""
        ...

    def losses_and_gradients(
        self, weights: Sequence[npt.NDArray[Any]]
    ) -> tuple[float, Sequence[npt.NDArray[Any]]]:
        """Sum of the training samples' losses, and the gradient of the objective over all of them."""
        ...

    def direction_of(
        self, steps: npt.NDArray[Any], changes: npt.NDArray[Any], gradient: npt.NDArray[Any]
    ) -> npt.NDArray[Any]:
        """Direction of L-BFGS, equation (48)."""
        ...


def squares_of(stacks: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.float64]:
    """Sum of the squares of all weights but bias weights, in stacks (n, units, 1 + inputs), one a layer.

    Examples
    --------
    >>> squares_of([np.array([[[5.0, 1.0, 2.0]]])])
    array([5.])
    """
    sums = np.zeros(len(stacks[0]))
    for w in stacks:
        own = w[:, :, 1:].astype(np.float64, copy=False)
        sums += np.einsum("eij,eij->e", own, own)
    return sums


def loss_over_rows(engine: Engine, weights: Sequence[npt.NDArray[Any]], rows: Rows) -> float:
    """Mean loss over all rows; the sum over rows is rounded once, and so has no order."""
    losses = [
        engine.losses(
            weights,
            rows.X[first : first + ROWS_AT_ONCE],
            rows.Y[first : first + ROWS_AT_ONCE],
            None if rows.sample_weight is None else rows.sample_weight[first : first + ROWS_AT_ONCE],
        )
        for first in range(0, len(rows), ROWS_AT_ONCE)
    ]
    try:
        return math.fsum(np.concatenate(losses).tolist()) / len(rows)
    except OverflowError:  # finite losses with a sum beyond float64
        return math.inf
