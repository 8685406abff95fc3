"""The training loop, whichever engine runs the epochs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import DivergenceError, InputError
from chainrule.network import as_pairs
from chainrule.random_streams import Purpose, permutation
from chainrule.training.engines import engine_named, loss_over_table
from chainrule.training.history import Epoch, History
from chainrule.training.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import numpy.typing as npt

    from chainrule.network import Network
    from chainrule.training.engines import Engine, State

__all__ = ["StoppedBy", "TrainingResult", "train"]


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


@dataclass(frozen=True)
class TrainingResult:
    """What training gives back, however it ended.

    Attributes
    ----------
    network : Network
        The network after the last completed epoch.
    history : History
        Loss and time of each completed epoch.
    stopped_by : StoppedBy
        What ended it: all epochs were run, the mean loss was reached, or Ctrl-C.

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


def train(
    net: Network,
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    *,
    rate: float,
    epochs: int,
    batch_size: int = 1,
    shuffle: bool = True,
    seed: int = 0,
    engine: str = "compiled",
    threads: int | None = None,
    loss_goal: float | None = None,
    on_epoch: Callable[[Epoch], object] | None = None,
) -> TrainingResult:
    r"""Train a network by back-propagation and gradient descent, as the derivation says.

    Parameters
    ----------
    net : Network
        Where to start; it is not changed.
    X : array of shape (n_samples, n_inputs)
    Y : array of shape (n_samples, n_outputs)
    rate : float
        Learning rate :math:`\eta`, above 0. It multiplies the gradient of a batch's *mean* loss, and so
        means the same at every batch size.
    epochs : int
        How often to go through all samples.
    batch_size : int
        Samples an update; 1 is the notes' update after every sample. The last batch of an epoch takes
        what is left.
    shuffle : bool
        Whether each epoch takes the samples in a new random order, settled by `seed` and the epoch.
    seed : int
        Settles the orders; the same seed gives the same bits.
    engine : {"compiled", "reference"}
        What runs the epochs: fast kernels that compute the same bits on every machine, compiled once and
        kept on the disk; or the equations themselves, for any activation and loss.
    threads : int, optional
        Threads for the mini-batches of the compiled engine; as many as pay off where not given. Their
        number changes no bit of the result.
    loss_goal : float, optional
        Stop after the first epoch whose samples had a mean loss of at most this, each as it was when its
        turn came.
    on_epoch : callable, optional
        Called with an `Epoch` (number, loss, seconds) after every epoch.

    Returns
    -------
    TrainingResult
        The network after the last completed epoch, also when Ctrl-C ended the training: it then is, to
        the last bit, the network of as many epochs as the history has.

    Raises
    ------
    DivergenceError
        The loss or a weight stopped being finite; carries the network before that epoch.
    InputError, ShapeError
        A setting or an array does not fit, or the compiled engine has no kernel for an activation.
    UnknownNameError
        There is no such engine.

    Notes
    -----
    One update is the passes (2) to (5), (7), (9) and the update (8) of docs/derivation.md.

    Examples
    --------
    Exclusive or, with the notes' logistic units and updates:

    >>> from chainrule import Network, train
    >>> X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    >>> start = Network.random((2, 3, 1), start="uniform", seed=1)
    >>> result = train(start, X, Y, rate=0.7, epochs=5000, loss_goal=0.0025)
    >>> result.stopped_by.value
    'loss_goal'
    >>> result.network(X).round().tolist()
    [[0.0], [1.0], [1.0], [0.0]]
    """
    settings = Settings(rate, epochs, batch_size, shuffle, seed, loss_goal, threads)
    samples, targets = as_pairs(X, Y, net.sizes, net.dtype)
    with engine_named(engine, net, samples, targets, settings) as running:
        return _Run(net, samples, targets, settings, running).result(on_epoch)


class _Run:
    """One training: what it was given, and what it has reached."""

    def __init__(
        self, net: Network, X: npt.NDArray[Any], Y: npt.NDArray[Any], settings: Settings, engine: Engine
    ) -> None:
        self.net, self.settings, self.engine = net, settings, engine
        self.X, self.Y = X, Y
        self.loss_before = self._finite_loss_before()
        self.epochs: list[Epoch] = []
        # States after the last completed epoch and after the one before it, and the number of the last: one
        # assignment, so that Ctrl-C cannot part them.
        self.latest = (engine.state, engine.state, 0)

    def result(self, on_epoch: Callable[[Epoch], object] | None) -> TrainingResult:
        """Epoch after epoch, until there is a reason to stop; only whole epochs change the network."""
        stopped_by = StoppedBy.EPOCHS
        try:
            for number in range(1, self.settings.epochs + 1):
                epoch = self._next_epoch(number)
                if on_epoch is not None:
                    on_epoch(epoch)
                if self.settings.loss_goal is not None and epoch.loss <= self.settings.loss_goal:
                    stopped_by = StoppedBy.LOSS_GOAL
                    break
            return self._reached(stopped_by)
        except KeyboardInterrupt:
            return self._reached(StoppedBy.INTERRUPT)

    def _reached(self, stopped_by: StoppedBy) -> TrainingResult:
        """What the last completed epoch has led to."""
        state, _, n_epochs = self.latest
        net = self._network(state)
        loss = self._loss(net)
        if not np.isfinite(loss):  # the weights are finite, but what they lead to is not
            raise self._diverged()
        return TrainingResult(net, self._history(n_epochs, loss), stopped_by)

    def _next_epoch(self, number: int) -> Epoch:
        """Train once on all samples; DivergenceError where a weight or the loss is no longer finite."""
        began = time.perf_counter()
        loss = self.engine.epoch(self._order(number))
        state = self.engine.state
        if not np.isfinite(loss) or not _all_finite(state):
            raise self._diverged()
        epoch = Epoch(number, loss, time.perf_counter() - began)
        self.epochs.append(epoch)
        self.latest = (state, self.latest[0], number)
        return epoch

    def _order(self, number: int) -> npt.NDArray[np.intp]:
        """Order of the samples in an epoch, counted from 1."""
        if not self.settings.shuffle:
            return np.arange(len(self.X))
        return permutation(len(self.X), seed=self.settings.seed, purpose=Purpose.SHUFFLE, counter=number)

    def _loss(self, net: Network) -> float:
        """Mean loss over all samples."""
        return loss_over_table(self.engine, net, self.X, self.Y)

    def _network(self, state: State) -> Network:
        return self.net.with_weights(self.engine.weights_of(state))

    def _history(self, n_epochs: int, loss_after: float) -> History:
        return History(self.loss_before, tuple(self.epochs[:n_epochs]), loss_after)

    def _finite_loss_before(self) -> float:
        """Mean loss of the network that training starts from."""
        loss = self._loss(self.net)
        if not np.isfinite(loss):
            message = (
                f"The loss of the network before training is {loss} but must be finite. "
                "Standardise X and Y, or start from smaller weights."
            )
            raise InputError(message)
        return loss

    def _diverged(self) -> DivergenceError:
        """Error for the epoch in which the loss stopped being finite, with the network before it.

        That may be seen an epoch late: the losses met in one say little of the network at its end.
        """
        last, before, n_epochs = self.latest
        net, loss, n_epochs = next(
            (net, loss, n)
            for net, n in (
                (self._network(last), n_epochs),
                (self._network(before), n_epochs - 1),
                (self.net, 0),
            )
            if np.isfinite(loss := self._loss(net))
        )
        history, rate, epoch = self._history(n_epochs, loss), self.settings.rate, n_epochs + 1
        message = (
            f"The training diverged: in epoch {epoch}, at rate {rate:g}, a weight or the loss stopped being "
            f"finite (the loss was {history.loss_after:g} before that epoch). Try a rate of {rate / 10:g}, "
            "and inputs and targets scaled to a standard deviation of 1."
        )
        return DivergenceError(message, network=net, history=history, epoch=epoch, rate=rate)


def _all_finite(state: State) -> bool:
    """Whether every number is finite, in one array or in several."""
    arrays = state if isinstance(state, tuple) else (state,)
    return all(bool(np.isfinite(array).all()) for array in arrays)
