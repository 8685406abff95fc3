"""The engines behind one door, chosen by name; never one for the other in silence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

import numpy as np

from chainrule.errors import UnknownNameError
from chainrule.training.reference import ReferenceEngine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    import numpy.typing as npt

    from chainrule.network import Network
    from chainrule.training.settings import Settings

__all__ = ["ENGINES", "Engine", "State", "engine_named", "loss_over_table"]

# Weights in a form of the engine's own, that later epochs do not change.
State: TypeAlias = Any

ROWS_AT_ONCE = 4096  # bounds the memory of a pass over a whole table

ENGINES = ("compiled", "reference")


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

    def epoch(self, order: npt.NDArray[np.intp]) -> float:
        """Train once on the samples in this order; mean loss of each before the update that it led to."""
        ...

    @property
    def state(self) -> State:
        """The weights as they are."""
        ...

    def outputs(self, net: Network, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Outputs of a network, in the arithmetic of this engine."""
        ...

    def weights_of(self, state: State) -> Sequence[npt.NDArray[Any]]:
        """Weight matrices of such a state."""
        ...


def engine_named(
    name: str, net: Network, X: npt.NDArray[Any], Y: npt.NDArray[Any], settings: Settings
) -> Engine:
    """Engine of this name, ready to train the network on the samples.

    Raises
    ------
    UnknownNameError
        There is no such engine.
    InputError
        The compiled engine has no kernel for an activation or the loss.
    """
    if name not in ENGINES:
        what = "engine"
        raise UnknownNameError(what, str(name), ENGINES)
    if name == "reference":
        return ReferenceEngine(net, X, Y, settings)
    from chainrule.training.compiled import CompiledEngine  # noqa: PLC0415 (Numba takes its time to load)

    return CompiledEngine(net, X, Y, settings)


def loss_over_table(engine: Engine, net: Network, X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> float:
    """Mean loss over all rows; the sum over rows is rounded once, and so has no order."""
    with np.errstate(over="ignore", invalid="ignore"):  # the caller looks for what is not finite
        losses = [
            net.loss.value(
                engine.outputs(net, X[first : first + ROWS_AT_ONCE]).astype(np.float64),
                Y[first : first + ROWS_AT_ONCE].astype(np.float64),
            )
            for first in range(0, len(X), ROWS_AT_ONCE)
        ]
    try:
        return math.fsum(np.concatenate(losses)) / len(X)
    except OverflowError:  # finite losses with a sum beyond float64
        return math.inf
