"""A target that never varied: it is not learnt, and answered with its constant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from chainrule.errors import InputError
from chainrule.stored import Finite, Name, Stored, Text
from chainrule.tables.columns.held import Held
from chainrule.tables.encoding.targets.answers import Answer
from chainrule.tables.encoding.worked import Step, WorkedAnswer

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
    label : str or None
        The value as it is written, where it is none. Without either, it was missing in all rows.
    held : Held or None
        How its column held it, where that is no text.

    Examples
    --------
    >>> ConstantTarget("doors", number=4.0).answers(np.zeros((2, 0))).plain()
    [4.0, 4.0]
    """

    name: Name
    number: Finite | None = None
    label: Text | None = None
    held: Held | None = None

    def __post_init__(self) -> None:
        try:
            self._label()
        except (pa.ArrowException, ValueError, OverflowError) as error:
            raise InputError(
                parameter="label",
                given=self.label,
                needs="must be of the type that its column held",
                advice="Fit the model again.",
            ) from error

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in Y: it has none."""
        return ()

    @property
    def words(self) -> str:
        """What becomes of it, in words."""
        return "a constant, not learnt"

    def answers(self, outputs: npt.NDArray[np.float64]) -> Answer:
        """Say its value in each row, by outputs of shape (n_rows, 0)."""
        n_rows = len(outputs)
        if self.label is None:
            return Answer(pa.array(np.full(n_rows, np.nan if self.number is None else self.number)))
        return Answer(self._label().take(pa.array(np.zeros(n_rows, dtype=np.int64))), [self.label] * n_rows)

    def worked_answer(self, outputs: npt.NDArray[np.float64] | None = None) -> WorkedAnswer:  # noqa: ARG002 (it has none)
        """Its value, whatever the row."""
        number = "missing" if self.number is None else self.number
        constant = number if self.label is None else self.label
        return WorkedAnswer(self.name, Step("", "{constant}", {"constant": constant}, constant))

    def _label(self) -> pa.Array:
        """The label in its type."""
        return (self.held or Held("string")).cells([self.label or ""] if self.label is not None else [])
