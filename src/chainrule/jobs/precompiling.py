"""All kernels compiled ahead of time, as a job: for images, for CI, and for machines that many use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.errors import InputError
from chainrule.interrupts import put_off
from chainrule.jobs.job import Job

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PrecompileJob", "PrecompileOutcome"]


@dataclass(frozen=True)
class PrecompileOutcome:
    """What was compiled, for which processor, and where it is kept.

    Attributes
    ----------
    folder : str
    cpu : str
        LLVM's name of the processor, or that of the baseline.
    n_compiled, n_kept : int
        Kernels that this job compiled, and that are there now.
    seconds : float
    """

    folder: str
    cpu: str
    n_compiled: int
    n_kept: int
    seconds: float

    def summary(self) -> dict[str, Any]:
        """Everything as plain data."""
        return vars(self).copy()


class PrecompileJob(Job):
    """Compile all kernels and keep them, so that no fit and no prediction has to.

    Parameters
    ----------
    cpu : str, optional
        Baseline that other machines have at least, as x86-64-v3; this machine's own processor by default.
    """

    def __init__(self, *, cpu: str | None = None) -> None:
        super().__init__()
        self.cpu = cpu

    def run(self, on_next: Callable[[str], object] = lambda _kernel: None) -> PrecompileOutcome:
        """Compile; `on_next` hears of each kernel before it.

        Raises
        ------
        UnknownNameError, InputError
            There is no such baseline, or this machine cannot run it.
        OutputError
            The folder cannot be written, or others may write there.
        """
        if not callable(on_next):
            raise InputError(
                parameter="on_next",
                given=on_next,
                needs="must be a function of a text",
                advice="Leave it out where nobody listens.",
            )

        def next_one(kernel: str) -> None:
            self.look()
            on_next(kernel)

        try:
            with put_off():  # a signal while Numba loads its C parts would be told as a fault of theirs
                if self.cpu is not None:
                    from chainrule.compiled.machine.processor import compile_for  # noqa: PLC0415

                    compile_for(self.cpu)
                from chainrule.compiled.precompiling import precompile  # noqa: PLC0415 (Numba takes its time)
            found = precompile(next_one)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("What is compiled is kept, and the next time begins there.") from None
        return PrecompileOutcome(
            str(found.folder), found.processor, found.n_compiled, found.n_kept, found.seconds
        )
