"""What happened in each epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from chainrule.arithmetic import ARITHMETIC
from chainrule.training.displays.history import history_display
from chainrule.words import counted

__all__ = ["Epoch", "History"]


class Epoch(NamedTuple):
    """One completed epoch.

    Attributes
    ----------
    number : int
        Counted from 1.
    loss : float
        Mean loss over the training rows, each as it was when its turn came: before the update that it
        led to, with the units that had dropped out; without penalties.
    seconds : float
        Time that the epoch took; of many short ones that ran in one call, each has its share.
    rate : float or None
        Learning rate of the epoch, where the rule has one.
    validation_loss : float or None
        Mean loss over the validation rows after the epoch, where there are any.
    score : float or None
        The metric on the validation rows, or else the training rows, where one other than the loss is
        watched.

    Examples
    --------
    >>> Epoch(number=1, loss=0.25, seconds=0.001).loss
    0.25
    """

    number: int
    loss: float
    seconds: float
    rate: float | None = None
    validation_loss: float | None = None
    score: float | None = None


@dataclass(frozen=True, repr=False)
class History:
    r"""Losses and time of every epoch that was completed.

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
    arithmetic : tuple of int
        Version of the arithmetic that computed the epochs; several, one after the other, where the training
        went on by another one whose bits are not the same.

    Examples
    --------
    >>> history = History(loss_before=0.5, epochs=(Epoch(1, 0.375, 0.001),), loss_after=0.25)
    >>> history.loss, history.seconds
    ((0.375,), (0.001,))
    """

    loss_before: float
    epochs: tuple[Epoch, ...]
    loss_after: float
    arithmetic: tuple[int, ...] = (ARITHMETIC,)

    @property
    def loss(self) -> tuple[float, ...]:
        """Mean loss met in each epoch."""
        return tuple(epoch.loss for epoch in self.epochs)

    @property
    def seconds(self) -> tuple[float, ...]:
        """Time that each epoch took."""
        return tuple(epoch.seconds for epoch in self.epochs)

    @property
    def rate(self) -> tuple[float | None, ...]:
        """Rate of each epoch."""
        return tuple(epoch.rate for epoch in self.epochs)

    @property
    def validation_loss(self) -> tuple[float | None, ...]:
        """Mean loss over the validation rows after each epoch."""
        return tuple(epoch.validation_loss for epoch in self.epochs)

    @property
    def score(self) -> tuple[float | None, ...]:
        """The watched metric after each epoch."""
        return tuple(epoch.score for epoch in self.epochs)

    def _repr_html_(self) -> str:
        return history_display(self)

    def __repr__(self) -> str:
        losses = f"loss {self.loss_before:.6g} to {self.loss_after:.6g}"
        return f"History({counted(len(self.epochs), 'epoch')}, {losses})"
