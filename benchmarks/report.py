"""Rows as tables for people, and as JSON for programs."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from benchmarks.equality import BOUNDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measuring import Row
    from benchmarks.tasks import Task

__all__ = ["as_json", "one_line", "tables"]

OURS = "chainrule"
TITLES = {
    "online": "Online training, {dtype}, {threads}: µs a sample",
    "mini-batch": "Mini-batches of {batch}, {dtype}, {threads}: µs a sample",
    "prediction": "Prediction, {dtype}, {threads}, {batch} rows a call: µs a row",
    "limit online": "Online training beside the memory it must move, {dtype}, {threads}: µs a sample",
    "limit": "Mini-batches of {batch} beside the peak of multiply-adds, {dtype}, {threads}: µs a sample",
}


def as_json(machine: dict[str, object], rows: list[Row], missing: list[str]) -> str:
    """Everything that was measured, as JSON with a line for each row."""
    ours = {row.task: row.median for row in rows if row.tool == OURS}
    facts = ",\n  ".join(_json(_rounded(_facts(row, ours[row.task]))) for row in rows)
    return (
        f'{{\n "machine": {_json(machine)},\n "missing": {_json(missing)},\n "rows": [\n  {facts}\n ]\n}}\n'
    )


def _json(value: object) -> str:
    """On one line."""
    return json.dumps(value, ensure_ascii=False)


def _rounded(value: Any) -> Any:
    """The same with four digits to each number that is no whole one."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return {key: _rounded(item) for key, item in value.items()} if isinstance(value, dict) else value


def _facts(row: Row, ours: float) -> dict[str, Any]:
    """One row, flat."""
    task = {key: value for key, value in asdict(row.task).items() if key not in {"tools", "output", "rows"}}
    facts = task | {"network": row.task.network, "tool": row.tool} | asdict(row.prepared)
    facts |= {
        "us": row.microseconds,
        "us_median": row.median,
        "us_min": min(row.microseconds),
        "us_max": max(row.microseconds),
        "us_whole_call": row.whole_call,
        "ratio": row.median / ours,
        "difference": row.difference,
        "bound": None if row.difference is None else BOUNDS[row.task.dtype],
    }
    if row.task.kind == "train":
        facts["gflops"] = row.task.flops / row.median / 1e3
    return facts


def one_line(rows: list[Row]) -> str:
    """A task's medians, while the benchmark runs."""
    task = rows[0].task
    times = ", ".join(f"{row.tool} {_number(row.median)}" for row in rows)
    where = f"{task.network}, batch {task.batch_size}, {task.dtype}, {_threads(task.threads)}"
    return f"{task.group}: {where}: {times} µs"


def tables(rows: list[Row], *, markdown: bool) -> str:
    """All tables, each with what is to be known about its tools below."""
    by_table: dict[str, dict[Task, dict[str, Row]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        by_table[_title(row.task)][row.task][row.tool] = row
    return "".join(_table(title, lines, markdown=markdown) for title, lines in by_table.items())


def _title(task: Task) -> str:
    """Title of the table that the task stands in."""
    kind = task.group
    if kind == "float64":
        kind = "online" if task.batch_size == 1 else "mini-batch"
    elif kind == "limit" and task.batch_size == 1:
        kind = "limit online"
    batch = f"{task.batch_size:,}".replace(",", " ")
    return (
        TITLES[kind]
        .format(dtype=task.dtype, threads=_threads(task.threads), batch=batch)
        .replace(" 1 rows", " one row")
    )


def _table(title: str, lines: dict[Task, dict[str, Row]], *, markdown: bool) -> str:
    """One table."""
    tools = list(dict.fromkeys(tool for cells in lines.values() for tool in cells))
    grid = [["network", *tools]]
    for task, cells in lines.items():
        grid.append([task.network, *(_cell(cells.get(tool), cells[OURS]) for tool in tools)])
    body = _markdown(grid) if markdown else _aligned(grid)
    heading = f"**{title}**" if markdown else title
    bullet = "- " if markdown else "  "
    notes = [bullet + note for tool in tools for note in _notes(tool, lines)]
    return "\n".join([heading, "", *body, "", *notes, "", ""])


def _cell(row: Row | None, ours: Row) -> str:
    """Median, and how many times ours it is; of a limit, the part of our time that it is."""
    if row is None:
        return "–"
    if row.tool == OURS:
        return _number(row.median)
    ratio = row.median / ours.median
    return (
        f"{_number(row.median)} ({ratio:.0%})"
        if row.difference is None
        else f"{_number(row.median)} (×{_number(ratio)})"
    )


def _notes(tool: str, lines: dict[Task, dict[str, Row]]) -> Iterator[str]:
    """Forms of a tool, where each was the fastest, and how equal its numbers were."""
    rows = {task: cells[tool] for task, cells in lines.items() if tool in cells}
    networks = defaultdict(list)
    for task, row in rows.items():
        networks[row.prepared.setting].append(task.network)
    several = len(networks) > 1
    used = "; ".join(
        f"{setting} ({', '.join(names)})" if several else setting for setting, names in networks.items()
    )
    differences = [row.difference for row in rows.values() if row.difference is not None]
    if tool == OURS and any(task.kind == "train" for task in rows):
        calls = ", ".join(_number(row.whole_call) for row in rows.values())
        epochs = ", ".join(str(row.prepared.epochs) for row in rows.values())
        used += f"; with the copies and losses before and after, in calls of {epochs} epochs: {calls}"
    if not differences:
        yield f"{tool}: {used}"
        return
    identity = any(row.prepared.output == "identity" for row in rows.values())
    condition = " (of a network with identity outputs)" if identity else ""
    what = "weights" if next(iter(rows)).kind == "train" else "outputs"
    yield f"{tool}: {used}; {what} equal to ours{condition} within {max(differences):.1g}"


def _aligned(grid: list[list[str]]) -> list[str]:
    """Columns as wide as their widest cell, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        for cells in grid
    ]


def _markdown(grid: list[list[str]]) -> list[str]:
    """The same for Markdown."""
    rule = ["---", *["--:"] * (len(grid[0]) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in [grid[0], rule, *grid[1:]]]


def _number(value: float) -> str:
    """Two or three digits that matter, without exponents."""
    if value >= 100:  # noqa: PLR2004 -- from here on no decimals
        return f"{value:.0f}"
    return f"{value:.2g}" if value < 1 else f"{value:.3g}"


def _threads(count: int) -> str:
    """In words."""
    return "one thread" if count == 1 else f"{count} threads"
