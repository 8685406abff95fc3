"""The study's tables in Markdown: errors, seconds, and what they come to."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Any

from benchmarks.tabular.study import SHOWN, Study
from benchmarks.tabular.summary import (
    best_of,
    difference,
    geometric_mean,
    is_much_worse,
    mean_ranks,
    ratio,
    spread,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["certainty", "coverage", "errors", "seconds", "summary"]

BEST = ("mlp", "linear", "lightgbm", "realmlp")
SECONDS = "fit_processor_seconds"


def errors(study: Study, ours: str) -> list[str]:
    """Mean error of each tool on each table, and ours beside the best and beside the MLP."""
    tools, found = study.tools, study.values()
    heads = [SHOWN.get(tool, tool) for tool in tools]
    lines = _head("table", "rows × columns", *heads, "in the best's", "less the MLP's, in standard errors")
    for name, fact in study.tables.items():
        of_tools, kind = found[name], f", {fact['classes']} classes" if fact["classes"] else ""
        most = max(map(len, of_tools.values()))
        least = min(spread(splits)[0] for splits in of_tools.values() if len(splits) == most)
        cells = [_error(of_tools.get(tool), least) for tool in tools]
        lines.append(
            _line(f"{name}{kind}", f"{fact['rows']} × {fact['columns']}", *cells, *_beside(of_tools, ours))
        )
    return lines


def seconds(study: Study) -> list[str]:
    """Mean seconds of a fit."""
    tools, found = study.tools, study.values(SECONDS)
    lines = _head("table", *(SHOWN.get(tool, tool) for tool in tools))
    for name, of_tools in found.items():
        cells = [f"{spread(of_tools[tool])[0]:.2f}" if tool in of_tools else "" for tool in tools]
        lines.append(_line(name, *cells))
    return lines


def certainty(study: Study, ours: str) -> list[str]:
    """Log loss and calibration error of our probabilities, as they are and calibrated, means of splits."""
    columns = ("log_loss", "log_loss_after", "calibration_error", "calibration_error_after")
    rows = _facts(study, ours, "log_loss")
    if not rows:
        return ["None here."]
    lines = _head("table", "log loss", "calibrated", "calibration error", "calibrated")
    for name, facts in rows.items():
        means = [statistics.fmean(fact[column] for fact in facts) for column in columns]
        lines.append(_line(name, *(f"{mean:.4f}" for mean in means)))
    of_all = [
        [statistics.fmean(fact[column] for fact in facts) for facts in rows.values()] for column in columns
    ]
    lines.append(_line("mean", *(f"{statistics.fmean(one):.4f}" for one in of_all)))
    return lines


def coverage(study: Study, ours: str) -> list[str]:
    """Share of the test rows' numbers within our intervals of 90 %, mean over the splits, least and most."""
    rows = _facts(study, ours, "coverage")
    if not rows:
        return ["None here."]
    lines = _head("table", "within", "least", "most")
    shares = {name: [fact["coverage"] for fact in facts] for name, facts in rows.items()}
    for name, found in shares.items():
        lines.append(
            _line(name, *(f"{one:.3f}" for one in (statistics.fmean(found), min(found), max(found))))
        )
    means = [statistics.fmean(found) for found in shares.values()]
    lines.append(_line("mean", *(f"{one:.3f}" for one in (statistics.fmean(means), min(means), max(means)))))
    return lines


def _facts(study: Study, ours: str, named: str) -> dict[str, list[dict[str, Any]]]:
    """Results of ours that have such a fact, by table."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in study.rows:
        if row["tool"] == ours and named in row:
            found.setdefault(row["table"], []).append(row)
    return found


def summary(study: Study, ours: str) -> list[str]:
    """Mean ranks and geometric means."""
    found, times = study.values(), study.values(SECONDS)
    of_ours = {name: tools for name, tools in found.items() if ours in tools}
    lines = [*_head("what", "figure", "tables"), *_ranks(list(of_ours.values()), study.tools, ours)]
    for tool in (tool for tool in study.tools if tool != ours):
        ratios = [ratio(tools[ours], tools[tool]) for tools in of_ours.values() if tool in tools]
        lines.append(_geometric(f"error in that of {SHOWN.get(tool, tool)}", ratios))
    best = [best_of(tools[ours], rivals)[1] for tools in of_ours.values() if (rivals := _rivals(tools))]
    lines.append(_geometric("error in the best's of the linear model, the MLP, LightGBM and RealMLP", best))
    worse = [
        name for name, tools in of_ours.items() if "mlp" in tools and is_much_worse(tools[ours], tools["mlp"])
    ]
    lines.append(_line("more than a fifth worse than the MLP", ", ".join(worse) or "none", str(len(of_ours))))
    for tool in (tool for tool in study.tools if tool != ours):
        both = [tools for tools in times.values() if ours in tools and tool in tools]
        ratios = [ratio(tools[ours], tools[tool], added=0.0) for tools in both]
        lines.append(_geometric(f"seconds in those of {SHOWN.get(tool, tool)}", ratios))
    return lines


def _ranks(tables: Sequence[dict[str, dict[int, float]]], tools: Sequence[str], ours: str) -> list[str]:
    """Mean ranks of us and the rivals on all tables; where one ran on few, on those, too."""
    beside = [tool for tool in tools if tool == ours or tool in SHOWN]
    everywhere = [tool for tool in beside if all(tool in table for table in tables)]
    lines = []
    for what, ranked in (("mean rank", everywhere), ("mean rank where all ran", beside)):
        common = [table for table in tables if set(ranked) <= set(table)]
        if what == "mean rank" or (common and ranked != everywhere):
            ranks = sorted(mean_ranks(common, ranked).items(), key=lambda one: one[1])
            told = ", ".join(f"{SHOWN.get(tool, tool)} {rank:.2f}" for tool, rank in ranks)
            lines.append(_line(what, told, str(len(common))))
    return lines


def _beside(of_tools: dict[str, dict[int, float]], ours: str) -> tuple[str, str]:
    if ours not in of_tools:
        return "", ""
    rivals = _rivals(of_tools)
    best = f"{best_of(of_tools[ours], rivals)[1]:.2f}" if rivals else ""
    if "mlp" not in of_tools:
        return best, ""
    mean, error = difference(of_tools[ours], of_tools["mlp"])
    return best, f"{mean / error:+.1f}" if error > 0 else f"{mean:+.4f} / 0"


def _rivals(of_tools: dict[str, dict[int, float]]) -> dict[str, dict[int, float]]:
    return {tool: of_tools[tool] for tool in BEST if tool in of_tools}


def _error(splits: dict[int, float] | None, least: float) -> str:
    if splits is None:
        return ""
    mean, error = spread(splits)
    told = f"{mean:.4f}" if math.isnan(error) else f"{mean:.4f} ± {error:.4f}"
    return f"**{told}**" if mean == least else told


def _geometric(what: str, ratios: Sequence[float]) -> str:
    return _line(what, f"{geometric_mean(ratios):.3f}", str(len(ratios)))


def _head(*cells: str) -> list[str]:
    return [_line(*cells), _line("---", *["---:"] * (len(cells) - 1))]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
