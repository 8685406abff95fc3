"""`chainrule precompile`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.cli.printing import print_json, print_rows
from chainrule.cli.terminal.progress import TrainingProgress
from chainrule.words import counted, duration

if TYPE_CHECKING:
    from chainrule.jobs import PrecompileJob

__all__ = ["run"]


def run(job: PrecompileJob, *, as_json: bool) -> None:
    """Compile, and print what was and where it is."""
    with TrainingProgress() as face:
        outcome = job.run(face.step)
    if as_json:
        print_json(outcome.summary())
        return
    time = duration(outcome.seconds)
    print_rows(
        [
            ("Compiled", f"{outcome.n_compiled} of {counted(outcome.n_kept, 'kernel')} in {time}"),
            ("For", f"{outcome.cpu}, float32 and float64"),
            ("Kept", outcome.folder),
        ]
    )
