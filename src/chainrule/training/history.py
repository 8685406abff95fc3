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
        Mean loss over the training rows of the network as it stood *after* the epoch.
    seconds : float
        Time that the epoch took, its loss included.

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

    Losses are means over samples, of :math:`\tfrac{1}{2} \sum_k (y_k - a_k)^2` for RSS; the last one can
    be computed again from the network that training gave back.

    Attributes
    ----------
    loss_before : float
        Mean loss over the training rows before the first epoch.
    epochs : tuple of Epoch

    Examples
    --------
    >>> history = History(loss_before=0.5, epochs=(Epoch(1, 0.25, 0.001),))
    >>> history.loss, history.seconds, history.last_loss
    ((0.25,), (0.001,), 0.25)
    """

    loss_before: float
    epochs: tuple[Epoch, ...] = ()

    @property
    def loss(self) -> tuple[float, ...]:
        """Mean loss after each epoch."""
        return tuple(epoch.loss for epoch in self.epochs)

    @property
    def seconds(self) -> tuple[float, ...]:
        """Time that each epoch took."""
        return tuple(epoch.seconds for epoch in self.epochs)

    @property
    def last_loss(self) -> float:
        """Mean loss after the last completed epoch; before training where there is none."""
        return self.epochs[-1].loss if self.epochs else self.loss_before
