"""Figures as tables, for a terminal or for a page; of several kinds of processors side by side."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from benchmarks.figures import OURS, task_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

__all__ = ["grid", "number", "one_line", "tables", "titled"]

Fact = dict[str, Any]

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
    "growth": "Growth with {axis}, mini-batches, {dtype}, {threads}: µs a sample",
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
LIMITS = ("one pass", "two passes", "multiply-adds")


def tables(kinds: Mapping[str, list[Fact]], *, markdown: bool) -> str:
    """All tables with their titles, each with what is to be known about its tools below."""
    titles = list(dict.fromkeys(titled(fact) for facts in kinds.values() for fact in facts))
    shown = []
    for title in titles:
        within = {kind: [f for f in facts if titled(f) == title] for kind, facts in kinds.items()}
        bullet = "- " if markdown else "  "
        noted = [bullet + note for facts in within.values() for note in _notes(facts)]
        heading = f"**{title}**" if markdown else title
        shown.append("\n".join([heading, "", *grid(within, markdown=markdown), "", *noted, "", ""]))
    return "".join(shown)


def grid(kinds: Mapping[str, list[Fact]], *, markdown: bool) -> list[str]:
    """Lines of one table: a line for each task and kind of processor, a column for each tool."""
    lines: dict[Hashable, dict[str, dict[str, Fact]]] = defaultdict(lambda: defaultdict(dict))
    for kind, facts in kinds.items():
        for fact in facts:
            lines[task_of(fact)][kind][fact["tool"]] = fact
    tools = list(dict.fromkeys(fact["tool"] for facts in kinds.values() for fact in facts))
    several = len(kinds) > 1
    cells = [["network", *(["instructions"] if several else []), *tools]]
    for of_kinds in lines.values():
        for kind, found in of_kinds.items():
            line = [_line(found[OURS]), *([kind] if several else [])]
            cells.append([*line, *(_cell(found.get(tool), found) for tool in tools)])
    return _markdown(cells, 2 if several else 1) if markdown else _aligned(cells)


def one_line(facts: list[Fact]) -> str:
    """A task's medians, while the benchmark runs."""
    first = facts[0]
    where = [_line(first), f"batch {first['batch_size']}", first["dtype"], _threads(first["threads"])]
    if first["group"] == "rules":
        where.insert(0, _rule(first))
    times = ", ".join(f"{fact['tool']} {number(fact['us_median'])}" for fact in facts)
    return f"{first['group']}: {', '.join(where)}: {times} µs"


def titled(fact: Fact) -> str:
    """Title of the table that a figure stands in."""
    kind, batch = fact["group"], f"{fact['batch_size']:,}".replace(",", " ")
    if kind == "float64":
        kind = "online" if fact["batch_size"] == 1 else "mini-batch"
    elif kind == "limit" and fact["batch_size"] == 1:
        kind = "limit online"
    return (
        TITLES[kind]
        .format(
            dtype=fact["dtype"],
            threads=_threads(fact["threads"]),
            batch=batch,
            batches="online" if fact["batch_size"] == 1 else f"mini-batches of {batch}",
            rule=_rule(fact),
            goal=fact["goal"],
            axis=fact["axis"],
        )
        .replace(" 1 rows", " one row")
    )


def number(value: float) -> str:
    """Two or three digits that matter, without exponents."""
    if value >= 100:  # noqa: PLR2004 -- from here on no decimals
        return f"{value:.0f}"
    return f"{value:.2g}" if value < 1 else f"{value:.3g}"


def _rule(fact: Fact) -> str:
    """Name of the update rule without its parameters."""
    return str(fact["rule"]).partition(":")[0]


def _line(fact: Fact) -> str:
    """What a line of a table is called."""
    network = "-".join(map(str, fact["sizes"]))
    if fact["kind"] == "minimise":
        named = {"lbfgs": "L-BFGS", "levenberg_marquardt": "Levenberg-Marquardt"}
        return f"{network}, {named[fact['rule']]}"
    if fact["axis"] == "batch":
        return f"{network}, batches of {fact['batch_size']}"
    return f"{network}, {fact['samples']} rows" if fact["axis"] == "rows" else network


def _median(fact: Fact) -> str:
    """Median in the unit of its table; of a minimisation with its steps."""
    if fact["kind"] == "minimise":
        return f"{number(fact['us_median'] / 1000)} ({fact['steps']})"
    return number(fact["us_median"])


def _cell(fact: Fact | None, found: Mapping[str, Fact]) -> str:
    """Median, and how many times ours it is; of a limit, the part of our time that it is.

    Of the fastest rival, the quartiles of that ratio too.
    """
    if fact is None:
        return "–"
    if fact["tool"] == OURS:
        return _median(fact)
    if fact["tool"] in LIMITS:
        return f"{_median(fact)} ({fact['ratio']:.0%})"
    rivals = [other["ratio"] for tool, other in found.items() if tool != OURS]
    spread = ""
    if fact["ratio"] == min(rivals):
        spread = ", {} to {}".format(*(f"{ratio:.2f}" for ratio in fact["ratio_quartiles"]))
        return f"{_median(fact)} (×{fact['ratio']:.2f}{spread})"
    return f"{_median(fact)} (×{number(fact['ratio'])})"


def _notes(facts: list[Fact]) -> Iterator[str]:
    """Forms of the tools, where each was the fastest, and how equal their numbers were."""
    for tool in dict.fromkeys(fact["tool"] for fact in facts):
        yield _note(tool, [fact for fact in facts if fact["tool"] == tool])
    for group in dict.fromkeys(fact["group"] for fact in facts):
        if group in REMARKS:
            yield REMARKS[group]


def _note(tool: str, facts: list[Fact]) -> str:
    """What is to be known about one tool."""
    networks = defaultdict(list)
    for fact in facts:
        networks[fact["setting"]].append(_line(fact))
    several = len(networks) > 1
    used = "; ".join(
        f"{setting} ({', '.join(names)})" if several else setting for setting, names in networks.items()
    )
    if tool == OURS and any(fact["kind"] == "train" and fact["group"] != "stream" for fact in facts):
        calls = ", ".join(number(fact["us_whole_call"]) for fact in facts)
        epochs = ", ".join(str(fact["epochs"]) for fact in facts)
        used += f"; with the copies and losses before and after, in calls of {epochs} epochs: {calls}"
    differences = [fact["difference"] for fact in facts if "difference" in fact]
    if not differences:
        return f"{tool}: {used}"
    identity = any("trained_output" in fact for fact in facts)
    condition = " (of a network with identity outputs)" if identity else ""
    what = "weights" if facts[0]["kind"] == "train" else "outputs"
    return f"{tool}: {used}; {what} equal to ours{condition} within {max(differences):.1g}"


def _aligned(cells: list[list[str]]) -> list[str]:
    """Columns as wide as their widest cell, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    ]


def _markdown(cells: list[list[str]], names: int) -> list[str]:
    """The same for Markdown, where so many columns are names."""
    rule = [*["---"] * names, *["--:"] * (len(cells[0]) - names)]
    return [f"| {' | '.join(line)} |" for line in [cells[0], rule, *cells[1:]]]


def _threads(count: int) -> str:
    """In words."""
    return "one thread" if count == 1 else f"{count} threads"
