"""One step of back-propagation on one row, as a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.errors import InputError, argument
from chainrule.given import own_number, positive_number
from chainrule.inspection import trace
from chainrule.jobs.job import Face, Job, Silence, hearing

if TYPE_CHECKING:
    from chainrule.inspection import Trace

__all__ = ["TraceJob", "TraceOutcome"]

RATE_WITHOUT_TRAINING = 0.1


@dataclass(frozen=True)
class TraceOutcome:
    """A trace, and what it is of."""

    model: str
    table: str
    row: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    step: Trace

    def summary(self) -> dict[str, Any]:
        """Every number as plain data."""
        named = {"inputs": list(self.inputs), "outputs": list(self.outputs)}
        return {"model": self.model, "table": self.table, "row": self.row, **named, **self.step.to_json()}


class TraceJob(Job):
    """Trace one step on a row of a table, counted from 1, at a rate or at that of the model's training."""

    def __init__(self, model: Any, table: Any, *, row: int = 1, rate: float | None = None) -> None:  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        super().__init__()
        self.model, self.table, self.row = model, table, row
        self.rate = None if rate is None else positive_number(rate, "rate", "0.1")

    def run(self, face: Face | None = None) -> TraceOutcome:
        """Load, read, trace."""
        hearing(face)  # nothing is said, but every job checks who listens
        model, source = self._load_and_read(self.model, self.table, Silence())
        row = own_number(self.row)
        if row not in range(1, source.n_rows + 1):
            raise InputError(
                parameter="row",
                given=self.row,
                needs=f"{source.title} has rows 1 to {source.n_rows}",
                advice=f"Try {argument('row', 1)}.",
            )
        rate = self.rate
        if rate is None:
            rate = model.training.rate if model.training else None
        rate = RATE_WITHOUT_TRAINING if rate is None else rate
        one_row, encoding = source.take([int(row) - 1]), model.table_encoding
        X, Y = encoding.encode_inputs(one_row), encoding.encode_targets(one_row)
        self.look()
        step = trace(model.network, X[0], Y[0], rate=rate)
        names = encoding.input_names, encoding.output_names
        return TraceOutcome(str(self.model), source.title, int(row), *names, step)
