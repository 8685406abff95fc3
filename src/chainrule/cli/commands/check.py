"""`chainrule check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from chainrule.cli.printing import print_json, say
from chainrule.cli.progress import TrainingProgress

if TYPE_CHECKING:
    from chainrule.jobs import CheckJob

__all__ = ["run"]

FAILED = 1


def run(job: CheckJob, *, as_json: bool) -> None:
    """Check, print, and fail where the gradients disagree."""
    with TrainingProgress(job.table) as face:
        outcome = job.run(face)
    if as_json:
        print_json(outcome.summary())
    else:
        say(str(outcome.check))
    if not outcome.check.passed:
        raise typer.Exit(FAILED)
