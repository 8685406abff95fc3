"""Figures of one kind of processor with one target: a JSON file, in which newer ones replace older.

A figure is a flat record of one tool's times for one task. Those of a task stay together: a run that measured
the task again replaces all of them, and leaves those of other tasks. Each says which run it is from.
"""

from __future__ import annotations

import json
import os
import statistics
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from benchmarks.equality import BOUNDS
from benchmarks.targets import slug

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from benchmarks.measuring import Row

__all__ = ["FOLDER", "OURS", "Figures", "facts", "file_of", "task_of"]

FOLDER = Path(__file__).parent / "figures"
OURS = "chainrule"
KIND = ("processor", "vendor", "family", "model", "target")
TASK = (
    "group", "axis", "kind", "sizes", "batch_size", "dtype", "threads", "samples", "activation", "output",
    "loss", "rule", "goal",
)  # fmt: skip


def file_of(machine: dict[str, Any]) -> Path:
    """Where the figures of this machine and target are kept in the repository."""
    return FOLDER / f"{slug(machine, machine['target'])}.json"


def task_of(fact: dict[str, Any]) -> Hashable:
    """What a figure is of, but for the tool."""
    return json.dumps([fact.get(name) for name in TASK])


@dataclass
class Figures:
    """What one kind of processor gave with one target.

    Attributes
    ----------
    kind : dict
        Processor and target.
    runs : list of dict
        Date, versions, plan and what else was noted of each run.
    rows : list of dict
        The figures; `run` is the place of their run.
    """

    kind: dict[str, Any]
    runs: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of_run(cls, machine: dict[str, Any], rows: list[dict[str, Any]], **noted: Any) -> Self:
        """Those of one run."""
        kind = {name: machine[name] for name in KIND}
        run = {name: value for name, value in machine.items() if name not in KIND} | noted
        return cls(kind, [run], [row | {"run": 0} for row in rows])

    @classmethod
    def read(cls, path: Path) -> Self:
        """Figures of a file."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def before(self, older: Figures) -> Figures:
        """These, and those of older runs of which these have none."""
        mine = {task_of(row) for row in self.rows}
        kept = [row for row in older.rows if task_of(row) not in mine]
        places = sorted({row["run"] for row in kept})
        shifted = [row | {"run": places.index(row["run"])} for row in kept]
        newer = [row | {"run": row["run"] + len(places)} for row in self.rows]
        runs = [older.runs[place] for place in places] + self.runs
        return Figures(self.kind, runs, sorted([*shifted, *newer], key=_place))

    def write(self, path: Path) -> None:
        """Write the file whole, or leave what was there; a line for each figure."""
        runs, rows = (",\n  ".join(map(_json, lines)) for lines in (self.runs, self.rows))
        text = f'{{\n "kind": {_json(self.kind)},\n "runs": [\n  {runs}\n ],\n "rows": [\n  {rows}\n ]\n}}\n'
        path.parent.mkdir(exist_ok=True)
        new = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            new.write_text(text, encoding="utf-8")
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)


def _json(value: object) -> str:
    """On one line."""
    return json.dumps(value, ensure_ascii=False)


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    """Where a figure stands in a file: tasks of a group in order, tools as they were."""
    from benchmarks.tasks import GROUPS  # noqa: PLC0415 -- tasks load chainrule, which reading does not need

    groups = list(GROUPS)
    known = groups.index(row["group"]) if row["group"] in groups else len(groups)
    n_weights = sum(n_in * n_out for n_in, n_out in pairwise(row["sizes"]))
    return known, row["axis"], row["threads"], row["batch_size"], row["rule"], n_weights, row["samples"]


def facts(row: Row, turns: Iterable[float]) -> dict[str, Any]:
    """One figure.

    Parameters
    ----------
    row : Row
    turns : iterable of float
        chainrule's times in the same turns.
    """
    task = {name: value for name, value in asdict(row.task).items() if name not in {"tools", "rows"}}
    ratios = [time / ours for time, ours in zip(row.microseconds, turns, strict=False)]
    found = task | {"samples": row.task.rows, "network": row.task.network, "tool": row.tool}
    found |= {"setting": row.prepared.setting, "rows": row.prepared.rows, "epochs": row.prepared.epochs}
    if row.prepared.output != row.task.output:
        found["trained_output"] = row.prepared.output
    if row.prepared.steps is not None:
        found["steps"] = row.prepared.steps
    found |= {"us": row.microseconds, "us_median": statistics.median(row.microseconds)}
    if row.tool == OURS:
        found["us_whole_call"] = statistics.median(row.whole_calls)
    else:
        found |= {"ratio": statistics.median(ratios), "ratio_quartiles": quartiles(ratios)}
    if row.difference is not None:
        found |= {"difference": row.difference, "bound": BOUNDS[row.task.dtype]}
    if row.task.kind == "train":
        updates = 1 if row.task.per_sample else row.prepared.rows
        found["gflops"] = row.task.flops * updates / found["us_median"] / 1e3
    return {name: _rounded(value) for name, value in found.items()}


def quartiles(values: list[float]) -> list[float]:
    """First and third quartile."""
    if len(values) == 1:
        return [*values, *values]
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return [first, third]


def _rounded(value: Any) -> Any:
    """The same with four digits to each number that is no whole one."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return value
