"""What a training gives back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from chainrule.training.displays.result import result_display

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule.network import Network
    from chainrule.training.diagnosis import Diagnosis
    from chainrule.training.history import History
    from chainrule.training.state import TrainingState

__all__ = ["StoppedBy", "TrainingResult"]


class StoppedBy(StrEnum):
    """What ended a training.

    Examples
    --------
    >>> StoppedBy("epochs") == "epochs"
    True
    """

    EPOCHS = "epochs"
    LOSS_GOAL = "loss_goal"
    INTERRUPT = "interrupt"
    PATIENCE = "patience"
    GENERALIZATION_LOSS = "generalization_loss"
    PROGRESS_QUOTIENT = "progress_quotient"
    STOPPING = "stopping"
    CALLBACK = "callback"
    CONVERGED = "converged"


@dataclass(frozen=True)
class TrainingResult:
    """What training gives back, however it ended.

    Attributes
    ----------
    network : Network
        The network after the last completed epoch; with a stopping criterion, after the best one.
    history : History
        Losses and time of each completed epoch.
    stopped_by : StoppedBy
        What ended it.
    best_epoch : int or None
        Epoch that the network is from, where there is a stopping criterion; 0 for the network before
        training.
    diagnosis : tuple of Diagnosis
        What went badly, or ended too soon, and what to do about it; most were a `TrainingWarning`, too.

    Examples
    --------
    >>> from chainrule import Network, train
    >>> result = train(Network.random((1, 1)), [[0.0], [1.0]], [[0.0], [1.0]], rate=1, epochs=3)
    >>> len(result.history.epochs), result.stopped_by.value
    (3, 'epochs')
    """

    network: Network
    history: History
    stopped_by: StoppedBy
    best_epoch: int | None
    diagnosis: tuple[Diagnosis, ...]
    _state: TrainingState | Callable[[], TrainingState]

    @property
    def state(self) -> TrainingState:
        """Where the training stands: another one goes on from it, ``train(..., resume=state)``."""
        return self._state() if callable(self._state) else self._state

    def __getstate__(self) -> dict[str, Any]:
        # A copy or a pickle has the state, and not the training that makes it when it is asked for.
        return vars(self) | {"_state": self.state}

    def __repr__(self) -> str:
        n = len(self.history.epochs)
        return f"TrainingResult({self.network!r}, {n} epochs, stopped by {self.stopped_by})"

    def _repr_html_(self) -> str:
        return result_display(self)
