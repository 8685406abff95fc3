"""`chainrule score`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from chainrule.cli.members import beside_members
from chainrule.cli.plots import NO_PICTURE
from chainrule.cli.printing import note, print_json, print_lines
from chainrule.cli.terminal import width_of
from chainrule.cli.terminal.progress import TrainingProgress
from chainrule.scores import each_of, score_lines
from chainrule.words import counted, named, printable

if TYPE_CHECKING:
    from chainrule.cli.plots import Plotting
    from chainrule.jobs import ScoreJob

__all__ = ["run"]


def run(job: ScoreJob, picture: Plotting = NO_PICTURE, *, as_json: bool) -> None:
    """Score, print, and draw where that was asked for."""
    with TrainingProgress(job.table) as face:
        outcome = job.run(face)

    def tell(drawn: dict[str, str]) -> None:
        if as_json:
            print_json(outcome.summary() | drawn)
            return
        rows = counted(outcome.n_rows, "row")
        title = f"Score of {printable(outcome.model)} on the {rows} of {named(outcome.table)}:"
        room = width_of(sys.stdout) - 2
        lines = [*score_lines(outcome.score, width=room), *beside_members(outcome.of_members, room)]
        print_lines(title, lines)
        picture.say(drawn)
        note("Rows that the model was trained on flatter it: score it on others.")

    words = f"How good {printable(outcome.model)} is on {printable(outcome.table)}"
    picture.beside(tell, each_of(outcome.score), words)
