"""The checkpoint of a long fit: kept while it trains, so that nothing but a minute can be lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from chainrule.errors import InputError
from chainrule.files import save
from chainrule.files.states import refuse_unsavable
from chainrule.models.fitting import checkpoint
from chainrule.training import StoppedBy

if TYPE_CHECKING:
    from pathlib import Path

    from chainrule.models import Dataset, FitResult
    from chainrule.settings import FitSettings
    from chainrule.training import Progress

__all__ = ["Checkpoint"]

SECONDS_BETWEEN = 60.0


class Checkpoint:
    """Writes the state of a training beside its model every minute; a fit that ends by itself removes it."""

    def __init__(self, data: Dataset, settings: FitSettings, path: Path) -> None:
        self.data, self.settings = data, settings
        self.path = path.with_name(f"{path.stem}.checkpoint{path.suffix}")
        self.last, self.written = time.monotonic(), False
        self.refusal: InputError | None = None
        try:
            refuse_unsavable(settings.to_json())
        except InputError as error:  # the fit itself can be
            self.refusal = error

    def __call__(self, training: Progress) -> None:
        """Write the state, unless that was done within the last minute."""
        if not self.refusal and time.monotonic() - self.last >= SECONDS_BETWEEN and training.epochs:
            save(checkpoint(self.data, self.settings, training.state), self.path)
            self.last, self.written = time.monotonic(), True

    def finish(self, result: FitResult) -> Path | None:
        """Write the state of a fit that was interrupted; remove that of one that was not. Where it stands."""
        if result.stopped_by is StoppedBy.INTERRUPT and not self.refusal:
            save(checkpoint(self.data, self.settings, result.training.state), self.path)
            return self.path
        if self.written:
            self.path.unlink(missing_ok=True)
        return None
