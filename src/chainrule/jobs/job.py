"""What all jobs share: who hears of them, how they are cancelled, and which files they must not lose."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from chainrule.errors import Faults, InputError, ModelFileError, OutputError, argument
from chainrule.files import load_model
from chainrule.given import path_given
from chainrule.interrupts import signal_came
from chainrule.tables import as_table
from chainrule.words import alike, counted, printable, shown

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from chainrule.models import Model
    from chainrule.tables import Table
    from chainrule.training import Progress

__all__ = ["Face", "Job", "Silence", "begin", "hearing", "note_all", "refuse_to_replace", "same_file"]


MOST_NOTES = 20


class Face(Protocol):
    """Who hears of a job while it runs."""

    def note(self, text: str) -> None:
        """Hear of something that the reader of the result should know; parameters may be marked in it."""

    def progress(self, training: Progress) -> None:
        """Hear, about ten times a second, how far a training is."""


class Silence:
    """A face that lets nothing be heard."""

    def note(self, text: str) -> None:
        """Nothing."""

    def progress(self, training: Progress) -> None:
        """Nothing."""


def hearing(face: object) -> Any:  # noqa: ANN401 (a face, however it is made)
    """The face that was given, or one of silence for None; InputError for what cannot hear."""
    if face is None:
        return Silence()
    if not all(callable(getattr(face, name, None)) for name in ("note", "progress")):
        raise InputError(
            parameter="face",
            given=face,
            needs="must be an object with note() and progress(), or None",
            advice="Leave it out where nobody listens.",
        )
    return face


def begin(face: Face, text: str) -> None:
    """Let a face hear what a job does next, if it has a method `step` for that."""
    step = getattr(face, "step", None)
    if callable(step):
        step(text)


def note_all(face: Face, notes: Sequence[str]) -> None:
    """Let a face hear the first of many notes, and how many more there are."""
    for text in notes[:MOST_NOTES]:
        face.note(text)
    if len(notes) > MOST_NOTES:
        face.note(f"{counted(len(notes) - MOST_NOTES, 'note')} more, which the report has")


class Job:
    """A job that another thread may cancel."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """End the job soon: a fit keeps its network and a checkpoint, all else leaves nothing.

        Examples
        --------
        >>> job = Job()
        >>> job.cancel()
        >>> job.was_cancelled
        True
        """
        self._cancelled.set()

    @property
    def was_cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    @staticmethod
    def read(table: Any, face: Face, **how: Any) -> Table:  # noqa: ANN401 (a path, or any frame that speaks Arrow; as `read_table` takes them)
        """Table, with what its reader should know said."""
        source, face = as_table(table, **how), hearing(face)
        told = [one.sentence if one.is_warning else one.words for one in source.decisions]
        together = [
            f"column {shown(one.column)}: {one.words}" if one.column else "" for one in source.decisions
        ]
        note_all(face, alike(together, told))
        return source

    @staticmethod
    def load(model: Any, parameter: str = "model") -> Model:  # noqa: ANN401 (a path)
        """Model of a file; an error names what its path was given for."""
        path_given(model, parameter)
        try:
            return load_model(model)
        except ModelFileError as error:
            error.parameter = parameter
            raise

    def _load_and_read(
        self,
        model: Any,  # noqa: ANN401 (a path)
        table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        face: Face,
        faults: Faults | None = None,
    ) -> tuple[Model, Table]:
        """Model, and table as the one was read that it has learnt; or what is wrong with both, at once."""
        faults, encoding = faults or Faults(), None
        with faults:
            loaded = self.load(model)
            encoding = loaded.table_encoding
        with faults:
            source = self.read(table, face, **(encoding.how_read if encoding is not None else {}))
        faults.refuse()
        return loaded, source

    def look(self) -> None:
        """Raise KeyboardInterrupt, as Ctrl-C does, where the job was cancelled or a library lost a signal."""
        if self.was_cancelled or signal_came():
            raise KeyboardInterrupt


def same_file(one: str | os.PathLike[str], other: object) -> bool:
    """Whether both are paths that lead to one file that exists, through whatever links."""
    try:
        return Path(one).samefile(other)  # type: ignore[arg-type]
    except (OSError, TypeError, ValueError):
        return False


def refuse_to_replace(out: Path, other: object, what: str, parameter: str = "out") -> None:
    """Refuse to write one result over another, or over what it was made from, whatever may be replaced."""
    named_alike = isinstance(other, Path) and out.absolute() == other.absolute()  # of which none is there yet
    if named_alike or same_file(out, other):
        raise OutputError(
            f"{printable(str(out))} is the {what} itself, which would be lost.",
            parameter=parameter,
            given=out,
            needs=f"must be another file than the {what}",
            advice=f"Give another name with {argument(parameter)}.",
        )
