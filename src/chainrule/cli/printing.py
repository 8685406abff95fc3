"""How results look: aligned plain text, or JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chainrule.models import ClassScore, NumberScore, Score

__all__ = ["note", "print_json", "print_rows", "score_lines", "score_to_json", "shortened"]

MOST_CLASSES = 30


def print_json(data: object) -> None:
    """Print one JSON document; floats keep all their bits."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))


def note(text: str) -> None:
    """Print what is not the result."""
    typer.echo(text, err=True)


def print_rows(rows: Iterable[tuple[str, str]]) -> None:
    """Print words with what they name, one below the other."""
    for word, text in rows:
        typer.echo(f"{word:<10}{text}".rstrip())


def shortened(names: Sequence[str], most: int = 8) -> str:
    """Names separated by commas, cut after `most` of them."""
    more = f", … {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def score_to_json(score: Score | None) -> Any:  # noqa: ANN401 (JSON)
    """Score as plain data: an object for classes, a list with one object for each number."""
    if score is None:
        return None
    return [one.to_json() for one in score] if isinstance(score, tuple) else score.to_json()


def score_lines(score: Score) -> list[str]:
    """Score beside that of always guessing the majority, or the mean."""
    if isinstance(score, tuple):
        return _number_lines(score)
    return _class_lines(score)


def _class_lines(score: ClassScore) -> list[str]:
    """Accuracy, and recall for each class."""
    guess = f"always {score.majority}" if score.majority else ""
    lines = [f"{'':<24}{'network':>10}{'':4}{guess}"]
    baseline = f"{'':4}{score.majority_accuracy:.3f}" if score.majority else ""
    lines.append(f"{'accuracy':<24}{score.accuracy:>10.3f}{baseline}")
    for name, recall in list(score.recall.items())[:MOST_CLASSES]:
        shown = "no rows" if recall is None else f"{recall:.3f}"
        lines.append(f"{'recall of ' + name:<24}{shown:>10}")
    if len(score.recall) > MOST_CLASSES:
        lines.append(f"… {len(score.recall) - MOST_CLASSES} more classes: see --json")
    return lines


def _number_lines(scores: Sequence[NumberScore]) -> list[str]:
    """RMSE and R² for each target."""
    lines = [f"{'':<24}{'network':>12}{'':4}always the mean"]
    for score in scores:
        target = f" of {score.target}" if len(scores) > 1 else ""
        lines.append(f"{'RMSE' + target:<24}{score.rmse:>12.6g}{'':4}{score.mean_rmse:.6g}")
        lines.append(f"{'R²' + target:<24}{_r2(score.r2):>12}{'':4}{_r2(score.mean_r2)}")
    return lines


def _r2(value: float | None) -> str:
    """R², which rows that do not vary have none of."""
    return "none" if value is None else f"{value:.3f}"
