"""What happened in each epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Epoch", "History"]


class Epoch(NamedTuple):
    """One completed epoch.

    Attributes
    ----------
    number : int
        Counted from 1.
    loss : float
        Mean loss over the training rows, each as it was when its turn came: before the update that it
        led to.
    seconds : float
        Time that the epoch took.

    Examples
    --------
    >>> Epoch(number=1, loss=0.25, seconds=0.001).loss
    0.25
    """

    number: int
    loss: float
    seconds: float


@dataclass(frozen=True)
class History:
    r"""Loss and time of every epoch that was completed.

    Losses are means over samples, of :math:`\tfrac{1}{2} \sum_k (y_k - a_k)^2` for RSS. An epoch's loss is
    met on the way, at no cost, and belongs to no one network; the losses before and after belong to the first
    network and to the one given back, and can be computed again from them.

    Attributes
    ----------
    loss_before : float
        Mean loss over the training rows before the first epoch.
    epochs : tuple of Epoch
    loss_after : float
        Mean loss over the training rows of the network that is given back.

    Examples
    --------
    >>> history = History(loss_before=0.5, epochs=(Epoch(1, 0.375, 0.001),), loss_after=0.25)
    >>> history.loss, history.seconds
    ((0.375,), (0.001,))
    """

    loss_before: float
    epochs: tuple[Epoch, ...]
    loss_after: float

    @property
    def loss(self) -> tuple[float, ...]:
        """Mean loss met in each epoch."""
        return tuple(epoch.loss for epoch in self.epochs)

    @property
    def seconds(self) -> tuple[float, ...]:
        """Time that each epoch took."""
        return tuple(epoch.seconds for epoch in self.epochs)
