"""One step of back-propagation on one row, as a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import ACTIVATIONS, OutputRange
from chainrule.errors import InputError, argument
from chainrule.given import own_number, positive_number, whole_number_from_1
from chainrule.inspection import checked_limits, fitting, trace, trace_forward
from chainrule.jobs.job import Face, Job, Silence, hearing
from chainrule.jobs.members import Averaged, member_of
from chainrule.jobs.worked_row import (
    answer_lines,
    answers_as_json,
    cell_lines,
    cells_as_json,
    probability_lines,
)
from chainrule.lines import WIDTH, wrapped
from chainrule.tables import worked_answers, worked_cells
from chainrule.words import listed, named

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.inspection import ForwardTrace, Trace
    from chainrule.models import Calibration
    from chainrule.tables import Encoding, Table, WorkedAnswer, WorkedCell

__all__ = ["TraceJob", "TraceOutcome"]

RATE_WITHOUT_TRAINING = 0.1


@dataclass(frozen=True)
class TraceOutcome:
    """A row from its cells to the answer: what its cells became, a trace, and what the outputs answer.

    Attributes
    ----------
    model, table : str
        What they are called.
    row : int
        Counted from 1, as in the file.
    encoding : Encoding
    step : Trace or ForwardTrace
        Of the forward pass alone where the row has no value of a target.
    cells, targets : tuples of WorkedCell
        The cells that became x, and those that became y.
    answers, answers_after : tuples of WorkedAnswer
        Before and after the step; none where the outputs are NaN. Of an ensemble those of one network.
    without : tuple of str
        Names of the targets that the row has no value of.
    mean : Averaged or None
        Of an ensemble, how its networks' outputs are averaged before the step.
    calibration : Calibration or None
        By which outputs, of an ensemble their mean, become probabilities.
    """

    model: str
    table: str
    row: int
    encoding: Encoding
    step: Trace | ForwardTrace
    cells: tuple[WorkedCell, ...]
    targets: tuple[WorkedCell, ...]
    answers: tuple[WorkedAnswer, ...]
    answers_after: tuple[WorkedAnswer, ...]
    without: tuple[str, ...] = ()
    mean: Averaged | None = None
    calibration: Calibration | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the columns of X."""
        return self.encoding.input_names

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns of Y."""
        return self.encoding.output_names

    def text(self, digits: int = 6, most: int = 8, width: int = WIDTH) -> str:
        """Worked example of the whole row: cells to inputs, the step, outputs to the answer.

        Parameters
        ----------
        digits, most, width : int
            As of `Trace.text`; `most` holds for the columns of the table as well.
        """
        (digits, most), width = checked_limits(digits, most), whole_number_from_1(width, "width")
        became = "inputs" if self.without else "inputs and targets"
        lines = [f"Row {self.row} of {named(self.table)}: from cells to {became}"]
        if self.mean is not None:
            lines.append(f"By network {self.mean.member} of the {len(self.mean.outputs)} that are averaged")
        for cells in (self.cells, self.targets):
            lines += ["", *cell_lines(cells, digits, most, width)] if cells else []
        if self.without:
            names = listed(self.without, most)
            words = f"The row has no value of {names} to learn from, so that there is the forward pass alone."
            lines += ["", *wrapped(words, width)]
        lines += ["", self.step.text(digits, most, width), "", "From outputs to the answer"]
        network, layer = self.step.network, len(self.step.z) + 1
        shares = ACTIVATIONS.fact(network.activations[-1], "outputs") is OutputRange.SHARES
        before, after = self._probabilities
        for answers, worked, when in (
            (self.answers, before, ""),
            (self.answers_after, after, " after the step"),
        ):
            are_own = self.mean is None
            own = shares and not (are_own and worked)
            lines += answer_lines(answers, layer, digits, most, shares=own, when=when, width=width)
            lines += probability_lines(worked if are_own else (), layer, digits, most, when=when, width=width)
        if not self.answers or (not self.without and not self.answers_after):
            lines.append(f"  the outputs {'after the step ' * bool(self.answers)}are no numbers")
        if self.mean is not None:
            lines += ["", *self.mean.lines(digits, most, shares=shares and not before, width=width)]
            lines += probability_lines(before, "mean", digits, most, width=width)
        return "\n".join(fitting("\n".join(lines).split("\n"), width))

    @property
    def _probabilities(self) -> tuple[tuple[WorkedAnswer, ...], tuple[WorkedAnswer, ...]]:
        """How outputs become probabilities, before and after the step, at a temperature."""

        def worked(outputs: npt.NDArray[Any] | None) -> tuple[WorkedAnswer, ...]:
            if self.calibration is None or outputs is None or np.isnan(outputs).any():
                return ()
            return self.calibration.worked(self.encoding, outputs.astype(np.float64))

        if self.mean is not None:
            return worked(self.mean.mean), ()
        return worked(self.step.a[-1]), worked(getattr(self.step, "outputs_after", None))

    def summary(self) -> dict[str, Any]:
        """Every number as plain data."""
        named = {"inputs": list(self.inputs), "outputs": list(self.outputs)}
        encoding = self.encoding
        cells = {
            "cells": cells_as_json(self.cells, worked_cells(encoding.inputs, None, "x"), "inputs"),
            "targets": cells_as_json(
                self.targets, () if self.without else worked_cells(encoding.targets, None, "y"), "outputs"
            ),
        }
        answer = answers_as_json(worked_answers(encoding.targets, None), self.answers, self.answers_after)
        here = {"model": self.model, "table": self.table, "row": self.row, **named}
        mean = {} if self.mean is None else self.mean.to_json(worked_answers(encoding.targets, None))
        names = ("probabilities", "probabilities_after")
        probabilities = {
            name: [{"target": one.target, "of": one.step.left, "value": one.step.value} for one in worked]
            for name, worked in zip(names, self._probabilities, strict=True)
            if worked
        }
        return {**here, **cells, **self.step.to_json(), "answer": answer, **mean, **probabilities}


class TraceJob(Job):
    """Trace one step on a row, counted from 1 as in the file, at a rate or that of the model's training.

    Of an ensemble it is the step of one of its networks, the first one unless another `member` is asked for.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401 (a path)
        table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        *,
        row: int = 1,
        rate: float | None = None,
        member: int = 1,
    ) -> None:
        super().__init__()
        self.member = whole_number_from_1(member, "member")
        self.model, self.table, self.row = model, table, row
        self.rate = None if rate is None else positive_number(rate, "rate", "0.1")

    def run(self, face: Face | None = None) -> TraceOutcome:
        """Load, read, trace."""
        hearing(face)  # nothing is said, but every job checks who listens
        model, source = self._load_and_read(self.model, self.table, Silence())
        place = _place_of(self.row, source)
        rate = self.rate
        if rate is None:
            rate = model.training.rate if model.training else None
        rate = RATE_WITHOUT_TRAINING if rate is None else rate
        one_row, encoding = source.take([place]), model.table_encoding
        x = encoding.encode_inputs(one_row)[0]
        self.look()
        y, without = _targets_of(one_row, encoding)
        cells = worked_cells(encoding.inputs, one_row, "x")
        about = str(self.model), source.title, int(own_number(self.row)), encoding
        net, mean = member_of(model, self.member).network, None
        if model.members:
            outputs = tuple(one.network(x) for one in model.members)
            average = model.network(x)
            mean = Averaged(self.member, outputs, average, _answers_of(average, encoding))
        if without:
            passed = trace_forward(net, x)
            answers = _answers_of(passed.a[-1], encoding)
            return TraceOutcome(*about, passed, cells, (), answers, (), without, mean, model.calibration)
        step, targets = trace(net, x, y, rate=rate), worked_cells(encoding.targets, one_row, "y")
        answers, after = (_answers_of(one, encoding) for one in (step.a[-1], step.outputs_after))
        return TraceOutcome(
            *about, step, cells, targets, answers, after, mean=mean, calibration=model.calibration
        )


def _place_of(row: object, table: Table) -> int:
    """Index of a row by its number in the file, as every message counts: those that are left out, too."""
    numbering = table.columns[0].numbering
    numbers = (np.arange(table.n_rows) if numbering is None else numbering) + 1
    number = own_number(row)
    place = int(np.searchsorted(numbers, number))
    if place < len(numbers) and numbers[place] == number:
        return place
    last = int(numbers[-1]) if len(numbers) else 0
    is_left_out = number in range(1, last)
    raise InputError(
        parameter="row",
        given=row,
        needs=f"{table.title} has {'that row left out' if is_left_out else f'rows 1 to {last}'}",
        advice=f"Try {argument('row', int(numbers[place]) if is_left_out else 1)}.",
    )


def _targets_of(row: Table, encoding: Encoding) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    """Y of one row, and the names of the targets that it has no value of; then Y is of no use."""
    parts = [part for part in encoding.targets if part.names]  # what has no output is not learnt
    names = tuple(part.name for part in parts)
    absent = tuple(name for name in names if name not in row.names)
    if absent:
        return np.zeros(0), absent
    if not encoding.has_target(row).all():
        return np.zeros(0), names
    y: npt.NDArray[np.float64] = encoding.encode_targets(row)[0]
    ends = np.cumsum([len(part.names) for part in parts])[:-1]
    return y, tuple(name for name, own in zip(names, np.split(y, ends), strict=True) if np.isnan(own).any())


def _answers_of(outputs: npt.NDArray[Any], encoding: Encoding) -> tuple[WorkedAnswer, ...]:
    """What outputs answer; nothing where one is NaN."""
    return () if np.isnan(outputs).any() else worked_answers(encoding.targets, outputs.astype(np.float64))
