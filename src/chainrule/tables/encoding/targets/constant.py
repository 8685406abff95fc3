"""A target that never varied: it is not learnt, and answered with its constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.stored import Finite, Name, Stored, Text

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["ConstantTarget"]


class ConstantTarget(Stored, frozen=True, tag_field="kind", tag="constant", omit_defaults=True):
    """One of several targets that had one value in all training rows: it has no column of Y.

    Attributes
    ----------
    name : str
        The column's name.
    number : float or None
        The value, where it is a number.
    label : str
        The value as it is written, where it is none. Without either, it was missing in all rows.

    Examples
    --------
    >>> ConstantTarget("doors", number=4.0).answer(2)
    array([4., 4.])
    """

    name: Name
    number: Finite | None = None
    label: Text = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in Y: it has none."""
        return ()

    @property
    def words(self) -> str:
        """What becomes of it, in words."""
        return "a constant, not learnt"

    def answer(self, n_rows: int) -> npt.NDArray[Any]:
        """Return its value for so many rows, shape (n_rows,)."""
        number = np.nan if self.number is None else self.number
        return np.full(n_rows, self.label or number)
