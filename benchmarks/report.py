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
    "stream": "Rows of a stream, each in a call of its own, {dtype}, {threads}: µs a row",
    "classes": "ReLU, softmax and cross-entropy, {batches}, {dtype}, {threads}: µs a sample",
    "rules": "Update rule {rule}, mini-batches of {batch}, {dtype}, {threads}: µs a sample",
    "full batch": "All {batch} rows in one batch, tanh, Adam, {dtype}, {threads}: µs an epoch",
    "second order": "Half the mean squared error brought down to {goal:g}, {threads}: ms (steps)",
    "limit online": "Online training beside the memory it must move, {dtype}, {threads}: µs a sample",
    "limit": "Mini-batches of {batch} beside the peak of multiply-adds, {dtype}, {threads}: µs a sample",
}


REMARKS = {
    "full batch": (
        "SimpleChains has published 41 µs an epoch of this, by 18 cores; two such would take some 370"
    ),
    "second order": (
        "steps are accepted ones for chainrule and scikit-learn, evaluations for SciPy; how many SciPy and "
        "scikit-learn need was counted before, and chainrule itself watches for the goal"
    ),
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
    left_out = {"tools", "output", "rows"} | ({"goal"} if row.task.kind != "minimise" else set())
    task = {key: value for key, value in asdict(row.task).items() if key not in left_out}
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
        facts["gflops"] = (
            row.task.flops * (1 if row.task.per_sample else row.prepared.rows) / row.median / 1e3
        )
    return facts


def one_line(rows: list[Row]) -> str:
    """A task's medians, while the benchmark runs."""
    task = rows[0].task
    times = ", ".join(f"{row.tool} {_number(row.median)}" for row in rows)
    where = f"{_line(task)}, batch {task.batch_size}, {task.dtype}, {_threads(task.threads)}"
    if task.group == "rules":
        where = f"{task.rule_name}, {where}"
    return f"{task.group}: {where}: {times} µs"


def tables(rows: list[Row], *, markdown: bool) -> str:
    """All tables, each with what is to be known about its tools below."""
    by_table: dict[str, dict[Task, dict[str, Row]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        by_table[_title(row.task)][row.task][row.tool] = row
    shown = [_table(title, lines, markdown=markdown) for title, lines in by_table.items()]
    return "".join([*shown, *_beside_descent(rows, markdown=markdown)])


def _beside_descent(rows: list[Row], *, markdown: bool) -> Iterator[str]:
    """For each number of threads, how many times as long as descent each rule takes, with the same tool."""
    found = [row for row in rows if row.task.group == "rules"]
    descent = {
        (row.task.threads, row.task.sizes, row.tool): row.median
        for row in found
        if row.task.rule_name == "descent"
    }
    for threads in dict.fromkeys(row.task.threads for row in found):
        grid: dict[str, dict[str, str]] = defaultdict(dict)
        for row in found:
            before = descent.get((threads, row.task.sizes, row.tool))
            if row.task.threads == threads and row.task.rule_name != "descent" and before:
                cells = grid[f"{row.task.network}, {row.task.rule_name}"]
                cells[row.tool] = f"×{_number(row.median / before)}"
        tools = list(dict.fromkeys(tool for cells in grid.values() for tool in cells))
        lines = [["network, rule", *tools]]
        lines += [[name, *(cells.get(tool, "–") for tool in tools)] for name, cells in grid.items()]
        title = f"Update rules beside descent by the same tool, {_threads(threads)}"
        yield "\n".join([_heading(title, markdown=markdown), "", *_grid(lines, markdown=markdown), "", ""])


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
        .format(
            dtype=task.dtype,
            threads=_threads(task.threads),
            batch=batch,
            batches="online" if task.batch_size == 1 else f"mini-batches of {batch}",
            rule=task.rule_name,
            goal=task.goal,
        )
        .replace(" 1 rows", " one row")
    )


def _table(title: str, lines: dict[Task, dict[str, Row]], *, markdown: bool) -> str:
    """One table."""
    tools = list(dict.fromkeys(tool for cells in lines.values() for tool in cells))
    grid = [["network", *tools]]
    for task, cells in lines.items():
        grid.append([_line(task), *(_cell(cells.get(tool), cells[OURS]) for tool in tools)])
    bullet = "- " if markdown else "  "
    notes = [note for tool in tools for note in _notes(tool, lines)]
    notes += [REMARKS[group] for group in {task.group for task in lines} if group in REMARKS]
    body = _grid(grid, markdown=markdown)
    noted = [bullet + note for note in notes]
    return "\n".join([_heading(title, markdown=markdown), "", *body, "", *noted, "", ""])


def _heading(title: str, *, markdown: bool) -> str:
    """Title of a table."""
    return f"**{title}**" if markdown else title


def _grid(grid: list[list[str]], *, markdown: bool) -> list[str]:
    """Lines of a table."""
    return _markdown(grid) if markdown else _aligned(grid)


def _line(task: Task) -> str:
    """What a line of a table is called."""
    named = {"lbfgs": "L-BFGS", "levenberg_marquardt": "Levenberg-Marquardt"}
    return f"{task.network}, {named[task.rule]}" if task.kind == "minimise" else task.network


def _median(row: Row) -> str:
    """Median in the unit of its table; of a minimisation with its steps."""
    if row.task.kind == "minimise":
        return f"{_number(row.median / 1000)} ({row.prepared.steps})"
    return _number(row.median)


def _cell(row: Row | None, ours: Row) -> str:
    """Median, and how many times ours it is; of a limit, the part of our time that it is."""
    if row is None:
        return "–"
    if row.tool == OURS:
        return _median(row)
    ratio = row.median / ours.median
    if row.task.group == "limit":
        return f"{_median(row)} ({ratio:.0%})"
    times = f"×{_number(ratio)}"
    return f"{_median(row)} {times}" if row.task.kind == "minimise" else f"{_median(row)} ({times})"


def _notes(tool: str, lines: dict[Task, dict[str, Row]]) -> Iterator[str]:
    """Forms of a tool, where each was the fastest, and how equal its numbers were."""
    rows = {task: cells[tool] for task, cells in lines.items() if tool in cells}
    networks = defaultdict(list)
    for task, row in rows.items():
        networks[row.prepared.setting].append(_line(task))
    several = len(networks) > 1
    used = "; ".join(
        f"{setting} ({', '.join(names)})" if several else setting for setting, names in networks.items()
    )
    differences = [row.difference for row in rows.values() if row.difference is not None]
    if tool == OURS and any(task.kind == "train" and task.group != "stream" for task in rows):
        calls = ", ".join(_number(row.whole_call) for row in rows.values())
        epochs = ", ".join(str(row.prepared.epochs) for row in rows.values())
        used += f"; with the copies and losses before and after, in calls of {epochs} epochs: {calls}"
    if not differences:
        yield f"{tool}: {used}"
        return
    identity = any(row.prepared.output != row.task.output for row in rows.values())
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
