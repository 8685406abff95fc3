"""What a callback is given: a view of a training that is under way."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from chainrule.errors import InputError
from chainrule.given import positive_number
from chainrule.network import Network
from chainrule.training.state import TrainingState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from threading import RLock

    import numpy as np
    import numpy.typing as npt

    from chainrule.training.history import Epoch

__all__ = ["Callbacks", "Observer", "Progress", "of_one_of_several"]


@dataclass
class Progress:
    """A training as it stands when a callback is called; it goes on, and a copy or a pickle stands still.

    Attributes
    ----------
    epochs : sequence of Epoch
        The completed epochs; they grow, and must not be changed.
    n_epochs : int
        Epochs that are to be run.
    steps : int
        Updates so far, in all epochs.
    samples : int
        Samples that the epoch under way has taken.
    n_samples : int
        Samples of an epoch.
    evaluations : int
        Times that L-BFGS has computed the loss and its gradient since the training began, or went on; 0 for
        other rules.
    fold : tuple of int, optional
        Where this is one training of a cross-validation: which fold, from 1, of how many.
    member : tuple of int, optional
        Where this is one training of an ensemble: which network, from 1, of how many.
    cycle : tuple of int, optional
        Where this is one training of a recipe: which cycle, from 1, of how many at most. `n_epochs` counts
        epochs up to its end, then.
    is_over : bool
        Whether the training has ended.

    Examples
    --------
    >>> from chainrule import Network, train
    >>> def until_good(progress):
    ...     if progress.epoch.loss < 0.01:
    ...         progress.stop()
    >>> result = train(Network.random((1, 1)), [[0.0], [1.0]], [[0.0], [1.0]], rate=9, epochs=999,
    ...                on_epoch=until_good)
    >>> result.stopped_by.value
    'callback'
    """

    n_epochs: int
    n_samples: int
    _network: Network | Callable[[], Network] = field(repr=False)
    _state: TrainingState | Callable[[], TrainingState] = field(repr=False)
    epochs: list[Epoch] = field(default_factory=list)
    steps: int = 0
    samples: int = 0
    stopped: bool = False
    evaluations: int = 0
    fold: tuple[int, int] | None = None
    member: tuple[int, int] | None = None
    cycle: tuple[int, int] | None = None
    is_over: bool = False
    _began: float = field(default_factory=time.perf_counter, repr=False)
    _ended: float | None = field(default=None, repr=False)

    @property
    def epoch(self) -> Epoch:
        """The last completed epoch; IndexError before the first."""
        return self.epochs[-1]

    @property
    def seconds(self) -> float:
        """Time since the training began, or went on."""
        return (time.perf_counter() if self._ended is None else self._ended) - self._began

    @property
    def network(self) -> Network:
        """The network as it is now."""
        return self._network if isinstance(self._network, Network) else self._network()

    @property
    def state(self) -> TrainingState:
        """State after the last completed epoch, from which a training can go on."""
        return self._state if isinstance(self._state, TrainingState) else self._state()

    def __getstate__(self) -> dict[str, Any]:
        still = {"_network": self.network, "_state": self.state, "_ended": self._began + self.seconds}
        return vars(self) | {"epochs": list(self.epochs)} | still

    def stop(self) -> None:
        """End the training here: it gives back the network of the last completed epoch, or the best one."""
        self.stopped = True


class Observer(Protocol):
    """What looks at epochs as they were run, and may end the training after one of them.

    Unlike callbacks it lets epochs be run many at a time.
    """

    def at_once(self) -> int:
        """How many epochs may be run before the next look."""
        ...

    def take_in(
        self,
        epochs: Sequence[Epoch],
        weights: Callable[[], Sequence[npt.NDArray[Any]]],
        squares: Callable[[], npt.NDArray[np.float64]],
        evaluations: int,
    ) -> int | None:
        """Look at epochs; how many of them are all that the training is to have, where it is to end.

        Some of them may be undone afterwards, by another one's criterion, by a schedule or by Ctrl-C: the
        next epochs, and in the end the history, say by their numbers which were kept.

        Parameters
        ----------
        epochs : sequence of Epoch
        weights : callable
            Gives the weights after each of them: stacks (n_epochs, units, 1 + inputs), one a layer.
        squares : callable
            Gives the sum of their squares, without those of bias weights, shape (n_epochs,).
        evaluations : int
            As `Progress` has them.
        """
        ...


def of_one_of_several(call: Any, one_at_a_time: RLock, **facts: object) -> Any:  # noqa: ANN401 (a callback, or what is none)
    """A callback that is told which of several trainings it hears of, and hears of one at a time.

    Of what is no function `Callbacks` complains.

    Parameters
    ----------
    call : callable or other
    one_at_a_time : RLock
        Of all these trainings.
    **facts
        What its `Progress` is to say: the fold, the member.
    """
    if not callable(call):
        return call

    def told(training: Progress) -> object:
        for name, fact in facts.items():
            setattr(training, name, fact)
        with one_at_a_time:
            return call(training)

    return told


@dataclass(frozen=True)
class Callbacks:
    """What is called after each update, after each epoch, and whenever some seconds have passed."""

    on_step: Callable[[Progress], object] | None = None
    on_epoch: Callable[[Progress], object] | None = None
    on_time: Callable[[Progress], object] | None = None
    every_seconds: float = 1.0

    def __post_init__(self) -> None:
        positive_number(self.every_seconds, "every_seconds", "1")
        for name in ("on_step", "on_epoch", "on_time"):
            given = getattr(self, name)
            if given is not None and not callable(given):
                raise InputError(
                    parameter=name,
                    given=given,
                    needs="must be a function of the progress, or None",
                    advice="Give the function itself, without calling it.",
                )

    @property
    def are_there(self) -> bool:
        """Whether anything is called."""
        return not (self.on_step is self.on_epoch is self.on_time is None)
