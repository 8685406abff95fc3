"""Workers as the benchmark sees them: a process with its threads and cores, that answers questions."""

from __future__ import annotations

import multiprocessing
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.rivals import Unavailable
from benchmarks.targets import FOREIGN, settings
from benchmarks.worker import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.rivals import Options

__all__ = ["Worker", "aside", "cores", "environment", "limits"]

PATIENCE = 180.0  # seconds for one answer


def aside(threads: int) -> tuple[set[int], set[int]] | None:
    """Cores beside those of so many threads, and theirs; None where there are none to spare."""
    if sys.platform != "linux":  # the others cannot move a process
        return None
    there = sorted(os.sched_getaffinity(0))
    return ({*there[:-threads]}, {*there[-threads:]}) if len(there) > threads else None


class Worker:
    """A process of one tool, with so many threads on as many cores.

    Limits of threads and instructions are in its environment from the start, because most libraries read
    them when they load.
    """

    def __init__(self, tool: str, threads: int, dtype: str, options: Options) -> None:
        self.tool = tool
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process = context.Process(target=serve, args=(other, tool, options), daemon=True)
        with environment(limits(threads, dtype, options.target)), cores(threads):
            self.process.start()
        other.close()

    def tell(self, question: str, *args: Any) -> None:
        """Ask, without waiting for the answer."""
        try:
            self.connection.send((question, *args))
        except OSError as error:
            message = f"{self.tool}'s process has ended"
            raise Unavailable(message) from error

    def hear(self) -> Any:
        """Answer to the oldest question that waits.

        Raises
        ------
        Unavailable
            The tool cannot do it, failed, died or took too long.
        """
        if not self.connection.poll(PATIENCE):
            self.process.kill()
            message = f"{self.tool} took more than {PATIENCE:g} seconds"
            raise Unavailable(message)
        try:
            outcome, answer = self.connection.recv()
        except (EOFError, OSError) as error:
            message = f"{self.tool}'s process has ended"
            raise Unavailable(message) from error
        if outcome != "done":
            message = answer if outcome == "unavailable" else f"{self.tool} failed:\n{answer}"
            raise Unavailable(message)
        return answer

    def ask(self, question: str, *args: Any) -> Any:
        """Ask, and wait for the answer."""
        self.tell(question, *args)
        return self.hear()

    def close(self) -> None:
        """End the process."""
        self.connection.close()
        self.process.join(timeout=2)
        if self.process.is_alive():
            self.process.kill()


def limits(threads: int, dtype: str, target: str) -> dict[str, str]:
    """Environment that keeps a library to so many threads and to the instructions of a target."""
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    found = dict.fromkeys(variables, str(threads)) | settings(target)
    found |= {"JAX_PLATFORMS": "cpu", "JAX_ENABLE_X64": str(int(dtype == "float64"))}
    if threads == 1:
        found["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen=false {found.get('XLA_FLAGS', '')}".strip()
    return found


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Variables for the processes that start meanwhile, in place of those that tools would listen to."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(FOREIGN):
            del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def cores(threads: int) -> Iterator[None]:
    """The last cores for the processes that start meanwhile, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[-threads:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
