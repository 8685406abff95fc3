"""How notebooks show what a training gives back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chainrule.displays import Html, display, folded, some_of, table
from chainrule.network import network_parts
from chainrule.training.displays.history import history_parts, said_of
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainrule.training.restarts import Restarts
    from chainrule.training.result import TrainingResult

__all__ = ["ended", "restarts_display", "result_display", "result_parts"]

MOST_SEEDS = 10


def result_display(result: TrainingResult) -> str:
    """Network, losses, and what went badly."""
    return display("Training", *result_parts(result), *network_parts(result.network), more=ended(result))


def ended(result: TrainingResult) -> str:
    """How many epochs there were, and what ended them."""
    n_epochs = counted(len(result.history.epochs), "epoch")
    return f"{n_epochs}, stopped by {str(result.stopped_by).replace('_', ' ')}"


def result_parts(result: TrainingResult) -> Iterator[Html]:
    """Losses, and what went badly."""
    yield from said_of(result.diagnosis)
    yield from history_parts(result.history, result.best_epoch)


def restarts_display(many: Restarts, in_short: str) -> str:
    """What came of each seed, and the best training."""
    rows: list[list[object]] = []
    best = None  # its line, where it is among those that are shown
    for line, k in enumerate(some_of(len(many.results), MOST_SEEDS)):
        if k is None:
            rows.append(["…"] * 4)
            continue
        one, figure = many.results[k], many.figures[k]
        if many.seeds[k] == many.best_seed:
            best = line
        said = "none" if math.isnan(figure) else f"{figure:.6g}"
        rows.append([many.seeds[k], len(one.history.epochs), str(one.stopped_by).replace("_", " "), said])
    heads = ["seed", "epochs", "stopped by", many.judged_by.replace("_", " ")]
    marked = [] if best is None else [(best, 3)]
    return display(
        "Restarts",
        table(heads, rows, caption="Seeds", words=[2], marked=marked),
        folded(f"The best, of seed {many.best_seed}", *result_parts(many.best), is_open=True),
        folded("Its network", *network_parts(many.best.network)),
        more=in_short,
    )
