"""`chainrule predict`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.cli.printing import give, note, print_json
from chainrule.cli.terminal.progress import TrainingProgress
from chainrule.words import printable

if TYPE_CHECKING:
    from chainrule.jobs import PredictionJob

__all__ = ["run"]


def run(job: PredictionJob, *, as_json: bool) -> None:
    """Predict, and write or print."""
    with TrainingProgress(job.table) as face:
        outcome = job.run(face)
    if outcome.path is not None:
        note(f"Wrote {len(outcome.predictions)} predictions to {printable(str(outcome.path))}.")
    if as_json:
        print_json(outcome.summary())
    elif outcome.path is None:
        give(outcome.csv())
