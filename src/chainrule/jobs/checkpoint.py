"""The checkpoint of a long fit: kept while it trains, so that nothing but a minute can be lost."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.disk import OwnFile, named_after, written_somewhere
from chainrule.errors import InputError, ModelFileError, OutputError, argument
from chainrule.files import content_of, load_model, load_state
from chainrule.files.states import refuse_unsavable
from chainrule.models.ensembles import checkpoint_of_members
from chainrule.models.learning import checkpoint
from chainrule.training import StoppedBy
from chainrule.words import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.jobs.job import Face
    from chainrule.models import Calibration, Dataset, FitResult, Model
    from chainrule.settings import FitSettings
    from chainrule.training import Progress, TrainingState

__all__ = ["Checkpoint"]

SECONDS_BETWEEN = 60.0
OWN_NAME = re.compile(r"\.checkpoint(-\d+)?(\.[^.]*)?$")


class Checkpoint:
    """Writes the state of a training every minute: beside its model, or in place of what it goes on from.

    Where it cannot be written the training goes on. What stands beside the model under its name is left as it
    is, and so is a checkpoint under a name that its user gave it. `remove` ends it; a training that diverged
    keeps it. Of an ensemble it is the states of all networks, those that the training goes on from included.
    A recipe keeps none: what it mixes depends on all its networks, and takes seconds.
    """

    def __init__(
        self,
        data: Dataset,
        settings: FitSettings,
        path: Path,
        *,
        resumed: str | Path | None,
        face: Face,
        states: Sequence[TrainingState] = (),
    ) -> None:
        self.data, self.settings, self.face = data, settings, face
        self.resumed = None if resumed is None else Path(resumed)
        self.goes_on = self.resumed is not None and _is_own(self.resumed)
        asked = self.resumed if self.resumed and self.goes_on else named_after(path, ".checkpoint")
        self.file = OwnFile(asked, replaces=self.goes_on)
        self.began = self.last = time.monotonic()
        self.states = {state.settings["seed"]: state for state in states}  # of an ensemble
        self.looked_at: dict[object, float] = {}  # when, of an ensemble's network
        self.complaint = ""
        self.calibration: Calibration | None = None  # by folds, which are not judged again
        self.is_possible = settings.recipe is None  # of which there is nothing that a fit could go on from
        if not self.is_possible:
            return
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
        last = self.looked_at.get(training.member, self.began)
        # Another network's state may be written in between: what is written then is to be half a minute old.
        pause = SECONDS_BETWEEN / (1 if training.member is None else 2)
        if self.is_possible and time.monotonic() - last >= pause and training.epochs:
            self.took(training.state)
            self.looked_at[training.member] = time.monotonic()

    def took(self, state: TrainingState) -> None:
        """Take in the state of a training, and write it with those of others, likewise."""
        self.states[state.settings["seed"]] = state
        if self.is_possible and time.monotonic() - self.last >= SECONDS_BETWEEN:
            self.last = time.monotonic()
            try:
                self.file.write(content_of(self._model(list(self.states.values()))))
            except (OutputError, InputError, MemoryError) as error:
                if self.complaint != _fault(error):  # once for each reason
                    self.complaint = _fault(error)
                    self.face.note(f"{self.complaint} The training goes on without a checkpoint there.")

    def keep(self, result: FitResult) -> Path | None:
        """Write the state of a fit that was interrupted, here or where there is room. Where it stands."""
        if result.stopped_by is not StoppedBy.INTERRUPT or not self.is_possible:
            return None
        content = b""
        try:
            own = [one.training.state for one in (*result.members, *result.unfinished)]
            states = self.states | {state.settings["seed"]: state for state in own}
            content = content_of(self._model(list(states.values()) if own else [result.training.state]))
            self.file.write(content)
        except (OutputError, InputError, MemoryError) as error:
            kept = written_somewhere(content, self.file.path) if content else None
            where = "The checkpoint is lost." if kept is None else f"It is kept in {printable(str(kept))}."
            older = f" An older one is {printable(str(self.file.path))}." if self.file.is_left else ""
            self.face.note(f"{_fault(error)} {where}{older}")
            return kept or (self.file.path if older else None)
        return self.file.path

    def _model(self, states: Sequence[TrainingState]) -> Model:
        """Model of a checkpoint."""
        if self.settings.ensemble is None:
            return checkpoint(self.data, self.settings, states[-1], self.calibration)
        return checkpoint_of_members(self.data, self.settings, states, self.calibration)

    def stands(self) -> str:
        """Where a checkpoint of this training stands from its way, if one does."""
        return f" Its checkpoint is {printable(str(self.file.path))}." if self.file.is_left else ""

    def remove(self) -> None:
        """Remove what a fit that ended by itself has kept on its way, or went on from."""
        name = printable(str(self.file.path))
        if self.file.remove() and self.goes_on:
            self.face.note(f"{name} is removed: its training has ended.")
        elif self.resumed is not None and not self.goes_on:
            self.face.note(f"{printable(str(self.resumed))} stays: its name is one that you gave it.")
        if self.file.is_left:
            self.face.note(f"{name} could not be removed. Its training has ended: delete it.")

    @staticmethod
    def _left(path: Path) -> str:
        """That something stands under the checkpoint's name, and what can be done with it."""
        name = printable(str(path))
        try:
            if not load_model(path).states:
                load_state(path)  # which says so
        except ModelFileError as error:
            what = error.what if path.exists() else "It is a link that leads nowhere."
            return f"{name} stays as it is, and this training keeps its checkpoint beside it. {what}"
        return (
            f"{name} is the checkpoint of a training that did not end, and stays as it is: go on with it by "
            f"{argument('resume', str(path))}, or delete it."
        )


def _is_own(path: Path) -> bool:
    """Whether a file has a name that a fit gives its checkpoint, and is no link."""
    return OWN_NAME.search(path.name) is not None and not path.is_symlink()


def _fault(error: Exception) -> str:
    """Why a checkpoint was not written."""
    return getattr(error, "what", "") or "There is too little memory for a checkpoint."
