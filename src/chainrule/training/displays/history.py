"""How notebooks show losses, as a picture and in figures, and what went badly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.displays import (
    Curve,
    Html,
    curves,
    display,
    element,
    facts,
    folded,
    paragraph,
    remark,
    some_of,
    table,
    warning,
)
from chainrule.displays.style import CLASS
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainrule.training.diagnosis import Diagnosis
    from chainrule.training.history import History

__all__ = ["diagnosis_display", "history_display", "history_parts", "said_of"]

MOST_EPOCHS = 10
SIX = "{:.6g}".format


def history_display(history: History) -> str:
    """Losses alone."""
    return display("History", *history_parts(history), more=counted(len(history.epochs), "epoch"))


def history_parts(history: History, best_epoch: int | None = None) -> Iterator[Html]:
    """A picture of losses, the figures at both ends, and those of the first and the last epochs."""
    epochs = history.epochs
    lines = [Curve("training loss", history.loss)]
    if any(loss is not None for loss in history.validation_loss):
        lines.append(Curve("validation loss", history.validation_loss))
    drawn = curves("Loss", lines, best=best_epoch)
    yield drawn
    if drawn and len(lines) > 1:
        yield paragraph("Training loss whole (blue), validation loss dashed (orange).", small=True)
    pairs: list[tuple[str, object]] = [
        ("Loss before", SIX(history.loss_before)),
        ("Loss after", SIX(history.loss_after)),
    ]
    if best_epoch is not None:
        pairs.append(("Best epoch", f"{best_epoch} of {len(epochs)}"))
    if epochs:
        spent = element("span", f"{sum(history.seconds):.3g} s", class_=f"{CLASS}-time")
        pairs.append(("Time", spent))
    yield facts(pairs)
    if any(score is not None for score in history.score):
        yield folded("Score of each epoch", curves("Score", [Curve("score", history.score)], best=best_epoch))
    names = {"rate": "rate", "loss": "training loss", "validation_loss": "validation loss", "score": "score"}
    kept = [name for name in names if any(getattr(one, name) is not None for one in epochs)]
    rows = []
    for k in some_of(len(epochs), MOST_EPOCHS):
        of_one = ["…"] * len(kept) if k is None else [_written(getattr(epochs[k], name)) for name in kept]
        rows.append(["…" if k is None else str(epochs[k].number), *of_one])
    yield folded("Epochs", table(["epoch", *(names[name] for name in kept)], rows, caption="Epochs"))


def _written(value: float | None) -> str:
    return "" if value is None else SIX(value)


def said_of(diagnosis: Sequence[Diagnosis]) -> Iterator[Html]:
    """What went badly, or ended too soon."""
    for one in diagnosis:
        yield warning(one.message) if one.is_warning else remark(one.message)


def diagnosis_display(diagnosis: Diagnosis) -> str:
    """One cause alone."""
    return display("Diagnosis", *said_of([diagnosis]), more=str(diagnosis.cause).replace("_", " "))
