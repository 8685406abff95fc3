"""`chainrule predict`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.cli.printing import Notes, give, note, print_json

if TYPE_CHECKING:
    from chainrule.jobs import PredictionJob

__all__ = ["run"]


def run(job: PredictionJob, *, as_json: bool) -> None:
    """Predict, and write or print."""
    outcome = job.run(Notes())
    if outcome.path is not None:
        note(f"Wrote {outcome.predictions.n_rows} predictions to {outcome.path}.")
    if as_json:
        print_json(outcome.summary())
    elif outcome.path is None:
        give(outcome.csv())
