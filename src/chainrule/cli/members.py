"""The networks of an ensemble, in lines."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from chainrule.equations import Dense, Identity, name_of
from chainrule.network import Ensemble, members_of
from chainrule.scores import member_lines, number_text
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations import Activation, Layer
    from chainrule.models import Model, TrainingRecord
    from chainrule.network import Network
    from chainrule.scores import Score

__all__ = ["beside_members", "members_rows", "network_rows", "weights_in"]

MOST_MEMBERS = 20  # that have a line each


def weights_in(network: Network | Ensemble) -> int:
    """Number of weights, of all networks of an ensemble."""
    return sum(w.size for net in members_of(network) for w in net.weights)


def network_rows(network: Network | Ensemble, *, with_activations: bool = True) -> list[tuple[str, str]]:
    """Sizes, activations and loss, and how many networks have them; and all weights."""
    kinds = []
    for words, alike in groupby(
        _words(net, with_activations=with_activations) for net in members_of(network)
    ):
        n = len(list(alike))
        kinds.append(f"{counted(n, 'network')} {words}" if isinstance(network, Ensemble) else words)
    averaged = ", averaged" * isinstance(network, Ensemble)
    return [("Network", f"{'; '.join(kinds)}{averaged}; {weights_in(network)} weights")]


def _words(net: Network, *, with_activations: bool) -> str:
    layers = zip(net.layers, net.activations, strict=True)
    functions = [_layer_words(layer, g) for layer, g in layers] if with_activations else []
    names = ", ".join([*functions, name_of(net.loss)])
    return f"{'-'.join(map(str, net.sizes))}, {names}" + ("" if with_activations else f", {net.dtype}")


def _layer_words(layer: Layer, g: Activation) -> str:
    """What follows a dense layer, and what any other one is."""
    if type(layer) is Dense:
        return name_of(g)
    return name_of(layer) if type(g) is Identity else f"{name_of(layer)} with {name_of(g)}"


def members_rows(model: Model) -> list[tuple[str, str]]:
    """A line for each network of an ensemble, and the spread of their losses; nothing for one network."""
    records = [one.training for one in model.members if one.training is not None]
    if not records:
        return []
    lines = [_member_line(k, one) for k, one in enumerate(records[:MOST_MEMBERS], 1)]
    if len(records) > MOST_MEMBERS:
        lines.append(f"… {len(records) - MOST_MEMBERS} more: see --json")
    losses = [one.final_loss for one in records]
    low, high, mean = map(number_text, (min(losses), max(losses), sum(losses) / len(losses)))
    lines.append(f"loss {low} to {high}, mean {mean}")
    asked = None if model.training is None else model.training.ensemble
    if asked is not None and asked > len(records):
        lines.append(
            f"{len(records)} of {asked}: the others were not complete when the training was interrupted"
        )
    return [("" if k else "Networks", line) for k, line in enumerate(lines)]


def _member_line(k: int, record: TrainingRecord) -> str:
    best = "" if record.best_epoch in {None, record.epochs_run} else f", the best was {record.best_epoch}"
    epochs = counted(record.epochs_run, "epoch")
    return f"{k}: seed {record.seed}, {epochs}{best}, loss {number_text(record.final_loss)}"


def beside_members(scores: Sequence[Score], width: int) -> list[str]:
    """Lines that say what the networks of an ensemble score alone; none for one network."""
    return ["", *member_lines(scores, width)] if scores else []
