"""`chainrule trace`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from chainrule.cli.printing import print_json, say
from chainrule.cli.terminal import width_of
from chainrule.cli.terminal.progress import TrainingProgress
from chainrule.given import whole_number_from_1

if TYPE_CHECKING:
    from chainrule.jobs import TraceJob

__all__ = ["run"]


def run(job: TraceJob, *, digits: int, units: int, as_json: bool) -> None:
    """Trace one row, and print."""
    most = whole_number_from_1(units, "units")
    with TrainingProgress(job.table) as face:
        outcome = job.run(face)
    text = outcome.text(digits, most, width_of(sys.stdout))
    if as_json:
        print_json(outcome.summary())
    else:
        say(text)
