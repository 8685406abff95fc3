"""How notebooks show what is inside an estimator, below what scikit-learn shows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.displays import Curve, Html, curves, display, facts, folded, paragraph
from chainrule.models.displays.model import network_with_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainrule.network import Ensemble, Network

__all__ = ["fitted_display"]


def fitted_display(
    network: Network | Ensemble,
    inputs: Sequence[str],
    outputs: Sequence[str],
    losses: Sequence[float],
    scores: Sequence[float],
) -> str:
    """Network and losses of a fitted estimator.

    Parameters
    ----------
    network : Network or Ensemble
    inputs, outputs : sequence of str
        What they are called, if that is known.
    losses, scores : sequence of float
        Of each epoch: as scikit-learn's `loss_curve_` and `validation_scores_`.
    """
    return display("Network", *_parts(network, inputs, outputs, losses, scores))


def _parts(
    network: Network | Ensemble,
    inputs: Sequence[str],
    outputs: Sequence[str],
    losses: Sequence[float],
    scores: Sequence[float],
) -> Iterator[Html]:
    yield from network_with_names(network, inputs, outputs)
    if losses:
        pairs = [("Epochs", len(losses)), ("Loss of the first", losses[0]), ("Loss of the last", losses[-1])]
        written = [(word, f"{value:.6g}") for word, value in pairs]
        yield folded("Losses", curves("Loss", [Curve("training loss", losses)]), facts(written), is_open=True)
    if scores:
        best = 1 + max(range(len(scores)), key=scores.__getitem__)
        drawn = curves("Score", [Curve("validation score", scores)], best=best)
        words = paragraph(f"Best score {scores[best - 1]:.6g}, of epoch {best}")
        yield folded("Validation scores", drawn, words, is_open=True)
