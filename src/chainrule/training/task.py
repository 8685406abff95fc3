"""What is trained on what: checked once, and kept together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.network import Network

__all__ = ["Rows", "Task"]


@dataclass(frozen=True)
class Rows:
    """Samples with their targets, and their weights where they are not all equal."""

    X: npt.NDArray[Any]
    Y: npt.NDArray[Any]
    sample_weight: npt.NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.X)


@dataclass(frozen=True)
class Task:
    """A network to start from and the rows to train it on.

    Attributes
    ----------
    net : Network
    rows : Rows
    masks : sequence of arrays of the shapes of the weights, optional
        1 for a weight that is trained, 0 for one that is held.
    """

    net: Network
    rows: Rows
    masks: Sequence[npt.NDArray[Any]] | None = None

    @property
    def X(self) -> npt.NDArray[Any]:
        """Inputs of the rows."""
        return self.rows.X

    @property
    def Y(self) -> npt.NDArray[Any]:
        """Targets of the rows."""
        return self.rows.Y

    @property
    def sample_weight(self) -> npt.NDArray[Any] | None:
        """Weights of the rows, with the mean 1; None where all are equal."""
        return self.rows.sample_weight
