"""`--plot`: whether a picture can be drawn and kept, before anything is done, and the picture itself."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from chainrule.cli.paths import output_path
from chainrule.cli.printing import print_rows
from chainrule.disk import check_writable, write_file
from chainrule.errors import InputError, argument
from chainrule.jobs.job import refuse_to_replace
from chainrule.plots import ENDINGS, needs_matplotlib, picture_of
from chainrule.words import printable, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["NO_PICTURE", "Plotting"]


class Plotting:
    """A picture that was asked for, or none.

    Parameters
    ----------
    typed : str or None
        For --plot.
    overwrite : bool
    **others : paths
        Files that it must not take the place of, each by what it is.

    Raises
    ------
    InputError, OutputError, MissingPackageError
        It is no picture, it cannot be written there, or nothing can draw it.
    """

    def __init__(self, typed: str | None, *, overwrite: bool, **others: Path | None) -> None:
        self.overwrite = overwrite
        self.path = None if typed is None else output_path(typed, "plot")
        if self.path is None:
            return
        self.ending = self.path.suffix.removeprefix(".").lower()
        if self.ending not in ENDINGS:
            known = ", ".join(f".{one}" for one in ENDINGS)
            stem = self.path.stem if self.path.stem[:1].isalnum() else "picture"  # of .png or -
            example = argument("plot", f"{stem}.svg")
            raise InputError(
                parameter="plot",
                given=typed,
                needs=f"must end in one of {known}",
                advice=f"{suggestion(self.ending, ENDINGS)} Try {example}.".lstrip(),
            )
        needs_matplotlib()
        for what, other in others.items():
            refuse_to_replace(self.path, other, what, "plot")
        check_writable(self.path, overwrite=overwrite)

    def beside(
        self,
        tell: Callable[[dict[str, str]], None],
        thing: Any,  # noqa: ANN401 (what can be drawn)
        words: str,
    ) -> None:
        """Draw a thing, if it is to be, and tell a result; neither costs the other.

        The picture is first, since who reads the result may have had enough of it.

        Parameters
        ----------
        tell : callable
            Print the result, with where the picture is: an entry of a summary, or none.
        thing : whatever `picture_of` takes
        words : str
            Title of the picture.
        """
        try:
            drawn = self._draw(thing, words)
        except BaseException:
            with contextlib.suppress(BrokenPipeError):  # nobody reads on, which is the lesser fault
                tell({})
            raise
        tell(drawn)

    def _draw(self, thing: Any, words: str) -> dict[str, str]:  # noqa: ANN401 (as above)
        if self.path is None:
            return {}
        write_file(self.path, picture_of(thing, "summary", self.ending, words), overwrite=self.overwrite)
        return {"plot": str(self.path)}

    @staticmethod
    def say(drawn: dict[str, str]) -> None:
        """Print where it is, if it was drawn."""
        print_rows([("Plot", printable(path)) for path in drawn.values()])


NO_PICTURE = Plotting(None, overwrite=False)
