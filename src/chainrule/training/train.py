"""The training loop, whichever engine runs the epochs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import DivergenceError, InputError, UnknownNameError
from chainrule.network import as_pairs
from chainrule.random_streams import Purpose, permutation
from chainrule.training import reference
from chainrule.training.history import Epoch, History
from chainrule.training.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import numpy.typing as npt

    from chainrule.network import Network

__all__ = ["ENGINES", "StoppedBy", "TrainingResult", "train"]

ENGINES = ("reference",)


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
    engine: str = "reference",
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
    engine : {"reference"}
        What runs the epochs: the equations themselves.
    loss_goal : float, optional
        Stop after the first epoch with a mean loss of at most this.
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
        A setting or an array does not fit.

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
    settings = Settings(rate, epochs, batch_size, shuffle, seed, loss_goal)
    if engine not in ENGINES:
        what = "engine"
        raise UnknownNameError(what, str(engine), ENGINES)
    samples, targets = as_pairs(X, Y, net.sizes, net.dtype)
    return _run(net, samples, targets, settings, on_epoch)


def _run(
    net: Network,
    X: npt.NDArray[Any],
    Y: npt.NDArray[Any],
    settings: Settings,
    on_epoch: Callable[[Epoch], object] | None,
) -> TrainingResult:
    """Epoch after epoch, until one of the reasons to stop; the network changes only with a whole epoch."""
    loss_before = _finite_loss_before(net, X, Y)
    epochs: list[Epoch] = []
    latest, stopped_by = (net, 0), StoppedBy.EPOCHS
    try:
        for number in range(1, settings.epochs + 1):
            began = time.perf_counter()
            after = _after_epoch(latest[0], X, Y, settings, number)
            loss = reference.loss_over_table(after, X, Y) if after else np.nan
            if after is None or not np.isfinite(loss):
                raise _diverged(latest[0], History(loss_before, tuple(epochs)), settings.rate)
            epochs.append(Epoch(number, loss, time.perf_counter() - began))
            latest = (after, number)  # one assignment, so that Ctrl-C cannot part the two
            if on_epoch is not None:
                on_epoch(epochs[-1])
            if settings.loss_goal is not None and loss <= settings.loss_goal:
                stopped_by = StoppedBy.LOSS_GOAL
                break
    except KeyboardInterrupt:
        stopped_by = StoppedBy.INTERRUPT
    net, n_epochs = latest
    return TrainingResult(net, History(loss_before, tuple(epochs[:n_epochs])), stopped_by)


def _after_epoch(
    net: Network, X: npt.NDArray[Any], Y: npt.NDArray[Any], settings: Settings, number: int
) -> Network | None:
    """Network after one more epoch; None where a weight is no longer finite."""
    order = _order(len(X), settings, number)
    weights = reference.epoch(net, X, Y, order, settings)
    finite = all(np.isfinite(w).all() for w in weights)
    return net.with_weights(weights) if finite else None


def _order(n: int, settings: Settings, number: int) -> npt.NDArray[np.intp]:
    """Order of the samples in an epoch, counted from 1."""
    if not settings.shuffle:
        return np.arange(n)
    return permutation(n, seed=settings.seed, purpose=Purpose.SHUFFLE, counter=number)


def _finite_loss_before(net: Network, X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> float:
    """Mean loss of the network that training starts from."""
    loss = reference.loss_over_table(net, X, Y)
    if not np.isfinite(loss):
        message = (
            f"The loss of the network before training is {loss} but must be finite. "
            "Standardise X and Y, or start from smaller weights."
        )
        raise InputError(message)
    return loss


def _diverged(net: Network, history: History, rate: float) -> DivergenceError:
    """Error for the epoch after those in `history`."""
    epoch = len(history.epochs) + 1
    message = (
        f"The training diverged: in epoch {epoch}, at rate {rate:g}, a weight or the loss stopped being "
        f"finite (the loss was {history.last_loss:g} before that epoch). Try a rate of {rate / 10:g}, and "
        "inputs and targets scaled to a standard deviation of 1."
    )
    return DivergenceError(message, network=net, history=history, epoch=epoch, rate=rate)
