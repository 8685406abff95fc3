"""`chainrule inspect`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.cli.printing import print_json, print_report
from chainrule.cli.terminal.progress import TrainingProgress

if TYPE_CHECKING:
    from chainrule.jobs import InspectJob

__all__ = ["run"]


def run(job: InspectJob, *, as_json: bool) -> None:
    """Read, and print what became of the table."""
    with TrainingProgress(job.table) as face:
        outcome = job.run(face)
    if as_json:
        print_json(outcome.summary())
    else:
        print_report(outcome.report, all_columns=True)
