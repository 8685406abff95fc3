"""The measurement of a task: prepare every tool, compare its numbers, then take turns."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from benchmarks.equality import BOUNDS, UnequalError, difference, loss_of
from benchmarks.figures import OURS, facts
from benchmarks.processes import Worker, aside
from benchmarks.rivals import Unavailable
from benchmarks.tasks import Task, samples, start_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.rivals import Options
    from benchmarks.worker import Prepared

__all__ = ["LIMIT", "Crew", "Row", "measure"]

LIMIT = "multiply-adds"
COMPILES = "JAX"
TOO_FAST = 1.2  # times the limit, which is twice as high with the next larger instructions
PATIENCE = 20  # measurements of the limit before a tool is called too fast for it
MOVED = 20  # the check's updates must move the weights by so many times the bound, or it would prove nothing


@dataclass(frozen=True)
class Row:
    """One tool's times for one task.

    Attributes
    ----------
    task : Task
    tool : str
    prepared : Prepared
        Its form and amount of work.
    difference : float or None
        Between its numbers and ours; None for ours and for limits.
    microseconds : list of float
        A sample, for each repetition; for a single row's prediction, a call; for a full batch, an epoch; for
        a minimisation, all of it.
    whole_calls : list of float
        The same, of all that chainrule's call does besides; otherwise as above.
    """

    task: Task
    tool: str
    prepared: Prepared
    difference: float | None
    microseconds: list[float] = field(default_factory=list)
    whole_calls: list[float] = field(default_factory=list)


class Crew:
    """The workers for one number type and number of threads, started together; a context manager."""

    def __init__(self, tools: list[str], threads: int, dtype: str, options: Options) -> None:
        self.threads, self.dtype = threads, dtype
        self.workers = {tool: Worker(tool, threads, dtype, options) for tool in tools}
        self.versions: dict[str, str] = {}

    def load(self, missing: Callable[[str, str], None]) -> None:
        """Let all load their tool at once; those that cannot are left out."""
        for worker in self.workers.values():
            worker.tell("versions")
        for tool in list(self.workers):
            try:
                self.versions |= self.workers[tool].hear()
            except Unavailable as reason:
                if tool == OURS:
                    raise
                missing(tool, str(reason))
                self.workers.pop(tool).close()

    def rates(self, missing: Callable[[str, str], None]) -> dict[str, float]:
        """Operations a nanosecond in each tool's products of matrices, and in the limit of multiply-adds.

        A tool that is faster than the limit does not keep to the target's instructions, and is left out.
        """
        asked = self.dtype, self.threads
        found = {tool: worker.ask("rate", *asked) for tool, worker in self.workers.items()}
        rates = {tool: rate for tool, rate in found.items() if rate}
        for tool in [tool for tool in rates if tool != LIMIT]:
            for _ in range(PATIENCE):  # a busy machine can slow the limit
                if rates[tool] <= TOO_FAST * rates[LIMIT]:
                    break
                rates[LIMIT] = max(rates[LIMIT], self.workers[LIMIT].ask("rate", *asked))
            else:
                allowed = f"{rates[tool]:.0f} GFLOP/s, but the target allows {rates[LIMIT]:.0f}"
                missing(tool, f"it multiplies at {allowed}")
                self.workers.pop(tool).close()
        return {tool: round(rate, 1) for tool, rate in rates.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers.values():
            worker.close()


def measure(
    task: Task, crew: Crew, repetitions: int, missing: Callable[[str, str], None]
) -> list[dict[str, Any]]:
    """Figures of a task, ours first.

    Raises
    ------
    UnequalError
        A tool's numbers are not ours.
    Unavailable
        chainrule itself cannot do the task.
    """
    rows = list(_prepared(task, crew, missing))
    for _ in range(repetitions):
        for row in list(rows):
            try:
                seconds, whole = crew.workers[row.tool].ask("repeat")
            except Unavailable as reason:
                if row.tool == OURS:
                    raise
                missing(row.tool, str(reason))
                rows.remove(row)
                continue
            scale = 1e6 / (row.prepared.epochs * (row.prepared.rows if task.per_sample else 1))
            row.microseconds.append(scale * seconds)
            row.whole_calls.append(scale * whole)
            if task.threads > 1:
                time.sleep(0.05)  # idle threads of some libraries go on spinning for a while
    return [facts(row, rows[0].microseconds) for row in rows]


def _prepared(task: Task, crew: Crew, missing: Callable[[str, str], None]) -> Iterator[Row]:
    """Rows without times, of the tools that are ready and equal."""
    references: dict[str, Any] = {}

    def lack(tool: str, reason: Unavailable) -> None:
        if tool == OURS:
            raise reason  # without us there is nothing to compare with
        missing(tool, f"{task.group}, {task.network}: {reason}")

    for tool, prepared in _ready(task, crew, lack).items():
        try:
            row = _equal(task, tool, prepared, crew, references)
        except Unavailable as reason:
            lack(tool, reason)
        else:
            yield row


def _ready(task: Task, crew: Crew, lack: Callable[[str, Unavailable], None]) -> dict[str, Prepared]:
    """What each tool is going to do; the one that compiles most does so on a core of its own meanwhile."""
    tools = [tool for tool in task.tools if tool in crew.workers]
    places = aside(crew.threads)
    early = COMPILES if places and COMPILES in tools else None
    if places and early:
        crew.workers[early].ask("move", places[0])
        crew.workers[early].tell("prepare", task)
    found = {}
    for tool in sorted(tools, key=lambda tool: tool == early):
        worker = crew.workers[tool]
        try:
            found[tool] = worker.hear() if tool == early else worker.ask("prepare", task)
            if places and tool == early:
                worker.ask("move", places[1])
        except Unavailable as reason:
            lack(tool, reason)
    return {tool: found[tool] for tool in tools if tool in found}


def _equal(task: Task, tool: str, prepared: Prepared, crew: Crew, references: dict[str, Any]) -> Row:
    """Row without times of one tool, after its numbers were compared with ours."""
    numbers = crew.workers[tool].ask("check", task)
    if task.kind == "minimise":
        _check_reached(task, tool, numbers)
        return Row(task, tool, prepared, None)
    if tool == OURS:
        references[task.output] = numbers
        _check_moved(task, numbers)
        return Row(task, tool, prepared, None)
    if numbers is None:
        return Row(task, tool, prepared, None)
    if prepared.output not in references:
        other = task.with_output(prepared.output)
        references[prepared.output] = crew.workers[OURS].ask("check", other)
        _check_moved(other, references[prepared.output])
    found = difference(references[prepared.output], numbers)
    if not found <= BOUNDS[task.dtype]:
        message = (
            f"{task.group}, {task.network}, batch {task.batch_size}, {task.dtype}: the numbers of {tool} "
            f"({prepared.setting}) differ from chainrule's by {found:.2g} of the largest, "
            f"but at most {BOUNDS[task.dtype]:g} is rounding. No times are given."
        )
        raise UnequalError(message)
    return Row(task, tool, prepared, found)


def _check_reached(task: Task, tool: str, weights: list[Any]) -> None:
    """Refuse a minimisation that has not reached its goal."""
    loss, before = (loss_of(w, *samples(task)) for w in (weights, [*start_network(task).weights]))
    if not loss <= task.goal * (1 + BOUNDS[task.dtype]) < before:
        message = (
            f"{task.group}, {task.network}, {task.rule}: {tool} ended at {loss:g}, not at {task.goal:g}."
        )
        raise UnequalError(message)


def _check_moved(task: Task, numbers: list[Any]) -> None:
    """Refuse a check that would also pass without any training."""
    if task.kind != "train":
        return
    moved = difference([*start_network(task).weights], numbers)
    if not MOVED * BOUNDS[task.dtype] < moved < float("inf"):
        message = (
            f"{task.network}: the check's updates at rate {task.rate:g} move the weights by {moved:.2g} only."
        )
        raise UnequalError(message)
