"""How notebooks show what a training gives back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.displays import Html, display
from chainrule.network import network_parts
from chainrule.training.displays.history import history_parts, said_of
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainrule.training.result import TrainingResult

__all__ = ["ended", "result_display", "result_parts"]


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
