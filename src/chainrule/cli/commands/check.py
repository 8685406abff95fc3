"""`chainrule check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from chainrule.cli.printing import print_json, say
from chainrule.cli.terminal import width_of
from chainrule.cli.terminal.progress import TrainingProgress
from chainrule.inspection import check_lines

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
        first, *rest = check_lines(outcome.check, width_of(sys.stdout))
        say(first, bold=first.find(":"))
        say("\n".join(rest))
    if not outcome.check.passed:
        raise typer.Exit(FAILED)
