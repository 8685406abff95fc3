"""What schedules and stopping criteria look back on: the completed epochs of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

__all__ = ["Past", "PastEpoch"]

T = TypeVar("T")


class PastEpoch(NamedTuple):
    """What there is to know of a completed epoch.

    Attributes
    ----------
    loss : float
        Mean loss over the training rows.
    watched : float
        Loss over the validation rows where there are any, minus the score where a metric is watched, else the
        training loss: the lower, the better.
    factor : float
        What the rate was multiplied with.

    Examples
    --------
    >>> PastEpoch(loss=0.5, watched=0.75).factor
    1.0
    """

    loss: float
    watched: float
    factor: float = 1.0


class Past(list[PastEpoch]):
    """Completed epochs, the oldest first: a list that only ever grows, at its end.

    What has been gathered from all of them is kept beside them, so that looking back to the first epoch costs
    as little in a long training as in a short one.

    Examples
    --------
    >>> past = Past([PastEpoch(0.5, 0.75), PastEpoch(0.25, 0.5)])
    >>> past.gathered("sum", lambda sum_, epoch: sum_ + epoch.loss, 0.0)
    0.75
    """

    def __init__(self, epochs: Iterable[PastEpoch] = ()) -> None:
        super().__init__(epochs)
        self._gathered: dict[Hashable, tuple[int, Any]] = {}
        self._since: dict[int, Past] = {}

    def gathered(self, key: Hashable, step: Callable[[T, PastEpoch], T], start: T) -> T:
        """What a step makes of all epochs, one after the other; the key stands for the step and its start."""
        n: int
        found: T
        n, found = self._gathered.get(key, (0, start))
        for place in range(n, len(self)):
            found = step(found, self[place])
        self._gathered[key] = len(self), found
        return found

    def since(self, n: int) -> Past:
        """The epochs after the first n.

        Examples
        --------
        >>> Past([PastEpoch(0.5, 0.75), PastEpoch(0.25, 0.5)]).since(1)
        [PastEpoch(loss=0.25, watched=0.5, factor=1.0)]
        """
        later = self._since.setdefault(n, type(self)())
        later.extend(self[n + len(later) :])
        return later
