"""How notebooks show a network: its layers as a picture, what each holds, and its weights if they are few."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from chainrule.displays import (
    Between,
    Html,
    Layer,
    display,
    facts,
    folded,
    layers_picture,
    paragraph,
    some_of,
    table,
)
from chainrule.equations import Dense, Identity, name_of
from chainrule.words import counted, named, told_apart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainrule.network.network import Network

__all__ = ["ensemble_display", "ensemble_parts", "network_display", "network_parts"]

FEW_WEIGHTS, MOST_MATRICES, MOST_MEMBERS, LONGEST_NAME = 150, 12, 12, 20
LEGEND = (
    "Lines are weights between the units that are drawn, thicker for a larger size beside the largest of "
    "their matrix: whole (blue) above 0, dashed (orange) below."
)


def network_display(net: Network) -> str:
    """A network alone."""
    return display("Network", *network_parts(net), more=repr(net)[len("Network(") : -1])


def network_parts(net: Network, inputs: Sequence[str] = (), outputs: Sequence[str] = ()) -> Iterator[Html]:
    """A picture of a network, with names of its inputs and outputs where these are known, and its numbers."""
    yield layers_picture(list(_layers(net, inputs, outputs)), list(_between(net)))
    if any(type(layer) is Dense for layer in net.layers):
        yield paragraph(LEGEND, small=True)
    n_weights = sum(w.size for w in net.weights)
    members = f"{net.members} share weights; a prediction is the mean of theirs" if net.members > 1 else None
    yield facts(
        [
            ("Weights", f"{n_weights}, {net.dtype}"),
            ("Loss", name_of(net.loss)),
            ("Members", members),
        ]
    )
    yield folded("Layers", _table_of_layers(net))
    if n_weights <= FEW_WEIGHTS:
        yield folded("All weights", *(_table_of_weights(net, m, inputs) for m in range(len(net.weights))))


def ensemble_display(title: str, members: Sequence[Network], weights: Sequence[float] | None) -> str:
    """Several networks that answer as one."""
    return display("Ensemble", *ensemble_parts(members, weights), more=title)


def ensemble_parts(
    members: Sequence[Network],
    weights: Sequence[float] | None,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
) -> Iterator[Html]:
    """What each network is and counts; and of the most frequent kinds, the first one as a picture."""
    shares = "the same" if weights is None else "by the shares below"
    yield facts([("Networks", f"{len(members)}, of whose outputs the mean is taken; each counts {shares}")])
    rows = []
    for k in some_of(len(members), MOST_MEMBERS):
        if k is None:
            rows.append(["…"] * (4 if weights is None else 5))
            continue
        net = members[k]
        share = () if weights is None else (f"{100 * weights[k]:.4g} %",)
        rows.append([f"{k + 1}", *share, *_in_short(net)])
    heads = ["network", *([] if weights is None else ["share"]), "sizes", "activations", "weights"]
    words = [len(heads) - 3, len(heads) - 2]
    listed = table(heads, rows, caption="Networks of the ensemble", words=words)
    yield folded("Each network", listed, is_open=True)
    kinds = Counter(map(repr, members))
    for kind, n in kinds.most_common(2):
        first = next(k for k, one in enumerate(members) if repr(one) == kind)
        alike = f", the first of {n} alike" if n > 1 else ""
        yield folded(f"Network {first + 1}{alike}", *network_parts(members[first], inputs, outputs))


def _in_short(net: Network) -> tuple[str, str, str]:
    """Sizes, activations and number of weights."""
    names = [name_of(g) for g in net.activations]
    return (
        "-".join(str(size) for size in _cut(net.sizes)),
        ", ".join(str(name) for name in _cut(names)),
        str(sum(w.size for w in net.weights)),
    )


def _cut(things: Sequence[object]) -> list[object]:
    return ["…" if k is None else things[k] for k in some_of(len(things), MOST_MATRICES)]


def _layers(net: Network, inputs: Sequence[str], outputs: Sequence[str]) -> Iterator[Layer]:
    """Inputs, and what each matrix leads to."""
    n_inputs = net.sizes[0]
    yield Layer(n_inputs, (str(n_inputs), "input" if n_inputs == 1 else "inputs"), inputs)
    last = len(net.layers) - 1
    for m, (layer, g, size) in enumerate(zip(net.layers, net.activations, net.sizes[1:], strict=True)):
        kind = [] if type(layer) is Dense else [name_of(layer)]
        then = [] if kind and type(g) is Identity else [name_of(g)]
        yield Layer(size, (str(size), *kind, *then), outputs if m == last else ())


def _between(net: Network) -> Iterator[Between]:
    for layer, w in zip(net.layers, net.weights, strict=True):
        yield Between(w[:, 1:] if type(layer) is Dense else None)


def _table_of_layers(net: Network) -> Html:
    """A line for each matrix."""
    rows = []
    for k in some_of(len(net.weights), MOST_MATRICES):
        if k is None:
            rows.append(["…"] * 5)
            continue
        w = net.weights[k]
        largest = float(np.max(np.abs(w), initial=0.0))
        rows.append(
            [
                f"W({k + 1})",
                net.layers[k].words(w.shape),
                name_of(net.activations[k]),
                str(w.size),
                f"{largest:.4g}",
            ]
        )
    heads = ["matrix", "holds", "activation", "numbers", "largest size"]
    return table(heads, rows, caption="Layers", words=[2], text=[1])


def _table_of_weights(net: Network, m: int, inputs: Sequence[str]) -> Html:
    """Every number of a matrix: of a dense one a line for each unit, under what it comes from."""
    w, is_dense = net.weights[m], type(net.layers[m]) is Dense
    heads = [f"W({m + 1})", *(str(j) for j in range(1, w.shape[1] + 1))]
    if is_dense:
        names = inputs if m == 0 and len(inputs) == net.sizes[0] else ()
        sources = told_apart(names, LONGEST_NAME) or [f"from {j}" for j in range(1, w.shape[1])]
        heads = [f"W({m + 1})", "bias", *sources]
    rows = [
        [f"{'unit' if is_dense else 'line'} {k}", *(f"{value:.6g}" for value in line)]
        for k, line in enumerate(w.tolist(), 1)
    ]
    return table(heads, rows, caption=named(f"Weights of matrix {m + 1}, {counted(len(rows), 'line')}"))
