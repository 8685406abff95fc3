"""The checkpoint of a long fit: kept while it trains, so that nothing but a minute can be lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from chainrule.disk import OwnFile, written_somewhere
from chainrule.errors import InputError, ModelFileError, OutputError, argument
from chainrule.files import content_of, load_state
from chainrule.files.states import refuse_unsavable
from chainrule.jobs.job import same_file
from chainrule.models.fitting import checkpoint
from chainrule.training import StoppedBy
from chainrule.words import printable

if TYPE_CHECKING:
    from pathlib import Path

    from chainrule.jobs.job import Face
    from chainrule.models import Dataset, FitResult
    from chainrule.settings import FitSettings
    from chainrule.training import Progress

__all__ = ["Checkpoint"]

SECONDS_BETWEEN = 60.0


class Checkpoint:
    """Writes the state of a training beside its model every minute; a fit that ends by itself removes it.

    Where it cannot be written the training goes on. What stands under its name is left as it is, unless it
    is the checkpoint that this training goes on from.
    """

    def __init__(
        self, data: Dataset, settings: FitSettings, path: Path, *, resumed: str | Path | None, face: Face
    ) -> None:
        self.data, self.settings, self.face = data, settings, face
        asked = path.with_name(f"{path.stem}.checkpoint{path.suffix}")
        self.goes_on = not asked.is_symlink() and same_file(asked, resumed)
        self.file = OwnFile(asked, replaces=self.goes_on)
        self.last = time.monotonic()
        self.complaint = ""
        self.is_possible = True
        try:
            refuse_unsavable(settings.to_json())
        except InputError as error:  # the fit itself can be
            self.is_possible = False
            face.note(f"No checkpoint will be kept. {error.what}")
            return
        if self.file.path != asked:
            face.note(self._left(asked))

    def __call__(self, training: Progress) -> None:
        """Write the state, unless that was done within the last minute."""
        if self.is_possible and time.monotonic() - self.last >= SECONDS_BETWEEN and training.epochs:
            self.last = time.monotonic()
            try:
                self.file.write(content_of(checkpoint(self.data, self.settings, training.state)))
            except (OutputError, InputError) as error:
                if self.complaint != error.what:  # once for each reason
                    self.complaint = error.what
                    self.face.note(f"{error.what} The training goes on without a checkpoint there.")

    def keep(self, result: FitResult) -> Path | None:
        """Write the state of a fit that was interrupted, here or where there is room. Where it stands."""
        if result.stopped_by is not StoppedBy.INTERRUPT or not self.is_possible:
            return None
        content = content_of(checkpoint(self.data, self.settings, result.training.state))
        try:
            self.file.write(content)
        except OutputError as error:
            kept = written_somewhere(content, self.file.path)
            where = "The checkpoint is lost." if kept is None else f"It is kept in {printable(str(kept))}."
            self.face.note(f"{error.what} {where}")
            return kept
        return self.file.path

    def stands(self) -> str:
        """That a checkpoint of this training stands beside what could not be saved, where one does."""
        return f" Its checkpoint is {printable(str(self.file.path))}." if self.file.is_left else ""

    def remove(self) -> None:
        """Remove what a fit that ended by itself has kept on its way, or went on from."""
        name = printable(str(self.file.path))
        if self.file.remove() and self.goes_on:
            self.face.note(f"{name} is removed: its training has ended.")
        if self.file.is_left:
            self.face.note(f"{name} could not be removed. Its training has ended: delete it.")

    @staticmethod
    def _left(path: Path) -> str:
        """That something stands under the checkpoint's name, and what can be done with it."""
        name = printable(str(path))
        try:
            load_state(path)
        except ModelFileError:
            return f"{name} is no checkpoint and stays as it is; this training keeps its own beside it."
        return (
            f"{name} is the checkpoint of a training that did not end, and stays as it is: go on with it by "
            f"{argument('resume', str(path))}, or delete it."
        )
