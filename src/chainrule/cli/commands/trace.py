"""`chainrule trace`."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from chainrule.cli.printing import LONGEST_LINE, note, print_json, say
from chainrule.cli.progress import TrainingProgress
from chainrule.given import whole_number_from_1
from chainrule.words import named

if TYPE_CHECKING:
    from chainrule.jobs import TraceJob

__all__ = ["run"]


def run(job: TraceJob, *, digits: int, units: int, as_json: bool) -> None:
    """Trace one row, and print."""
    most = whole_number_from_1(units, "units")
    with TrainingProgress(job.table) as face:
        outcome = job.run(face)
    text = outcome.step.text(digits=digits, most=most)
    if as_json:
        print_json(outcome.summary())
        return
    inputs = ", ".join(f"x_{j} = {named(name)}" for j, name in enumerate(outcome.inputs[:most], 1))
    outputs = ", ".join(f"y_{k} = {named(name)}" for k, name in enumerate(outcome.outputs[:most], 1))
    heading = f"Row {outcome.row} of {named(outcome.table)}, encoded: {inputs}; {outputs}"
    note(textwrap.fill(heading, LONGEST_LINE, subsequent_indent="  ", break_on_hyphens=False))
    say(text)
