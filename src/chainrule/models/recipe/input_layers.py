"""The layers between inputs and the first hidden layer, settled by the rows that are learnt from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import LAYERS, STARTS, Order, Periodic, Piecewise, parametric_layer
from chainrule.models.beside import parted
from chainrule.network import Network, tabm_layers, with_tabm_start
from chainrule.tables import DateInput, NumberInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from chainrule.equations import Layer
    from chainrule.models.dataset import Dataset
    from chainrule.settings import FitSettings

__all__ = [
    "columns_of_numbers", "quantile_edges", "random_network", "start_network", "start_networks",
]  # fmt: skip


def start_network(data: Dataset, settings: FitSettings) -> Network:
    """Network to start from: random, but for what its input layers take from the training rows."""
    [net] = start_networks(data, [settings])
    return net


def start_networks(data: Dataset, settings: Iterable[FitSettings]) -> Iterator[Network]:
    """Networks whose settings differ in their seeds: what they take from rows is learnt once.

    What stands before bins must start alike for every seed, as an order and a scale do.
    """
    numbers, learnt = columns_of_numbers(data), None
    for own in settings:
        net = _random(data, own, numbers)
        if learnt is None:
            learnt = _learnt(net, numbers, data.X[data.training_rows])
        yield net.with_weights([learnt.get(m, w) for m, w in enumerate(net.weights)]) if learnt else net


def random_network(data: Dataset, settings: FitSettings) -> Network:
    """The same without what input layers take from the training rows."""
    return _random(data, settings, columns_of_numbers(data))


def _random(data: Dataset, settings: FitSettings, numbers: npt.NDArray[np.intp]) -> Network:
    """Network with these numbers among its inputs."""
    sizes = (data.X.shape[1], *settings.hidden, data.Y.shape[1])
    hidden = [settings.activation] * len(settings.hidden)
    kinds: list[Layer] = [LAYERS.named(name) for name in settings.input_layers]
    needs_rows = STARTS.fact(STARTS.made_of(settings.start), "needs_rows")
    rows = data.X[parted(data, settings)[0]] if needs_rows else None
    layers: list[Any] = ["dense"] * (len(hidden) + 1)
    after = [*hidden, settings.output]
    if settings.members is not None:
        layers, after = tabm_layers(hidden, settings.output, settings.members)
    elif not kinds and parametric_layer(settings.activation) is None:
        return Network.random(
            *(sizes, [*hidden, settings.output], settings.loss, settings.seed, settings.dtype),
            start=settings.start,
            X=rows,
        )
    layers, after = _with_parametric(layers, after)
    chain = _chain_of(kinds, numbers, data.X.shape[1])
    net = Network.random(
        *(sizes, [*["identity"] * len(chain), *after], settings.loss, settings.seed),
        settings.dtype,
        start=settings.start,
        layers=[*chain, *layers],
        X=rows,
    )
    return net if settings.members is None else with_tabm_start(net)


def _with_parametric(layers: list[Any], after: list[Any]) -> tuple[list[Any], list[Any]]:
    """Layers and what follows each: an activation, or a layer that learns a part of one."""
    chain: list[tuple[Any, Any]] = []
    for layer, g in zip(layers, after, strict=True):
        parts = parametric_layer(g)
        chain += [(layer, g)] if parts is None else [(layer, "identity"), (parts, "identity")]
    return [layer for layer, _ in chain], [g for _, g in chain]


def columns_of_numbers(data: Dataset) -> npt.NDArray[np.intp]:
    """Columns of X that are numbers or times and in no bins yet, with three values or more in the rows."""
    places, first = [], 0
    for part in data.encoding.inputs:
        if isinstance(part, NumberInput):
            places += list(range(first, first + part.has_standard + (part.squash is not None)))
        elif isinstance(part, DateInput):
            places += list(range(first, first + len(part.names)))
        first += len(part.names)
    found = np.array(places, dtype=np.intp)
    X = data.X[np.ix_(data.training_rows, found)]
    varied: npt.NDArray[np.intp] = found[((X.min(axis=0) != X) & (X.max(axis=0) != X)).any(axis=0)]
    return varied


def _chain_of(kinds: list[Layer], numbers: npt.NDArray[np.intp], n_inputs: int) -> list[Layer]:
    """The layers as asked for, with the numbers before all other inputs where that matters to one."""
    chain: list[Layer] = []
    passed, is_ordered = n_inputs - len(numbers), np.array_equal(numbers, np.arange(len(numbers)))
    for kind in kinds:
        if not isinstance(kind, (Piecewise, Periodic)):
            chain.append(kind)
            continue
        if not len(numbers):
            continue  # there is nothing to embed
        if not is_ordered:
            chain.append(Order())
            is_ordered = True
        own: Any = replace(kind, passed=passed)
        chain.append(own)
        passed = own.sizes(own.shape(passed + len(numbers), 0))[1] - len(numbers)
    return chain


def _learnt(
    net: Network, numbers: npt.NDArray[np.intp], X: npt.NDArray[np.float64]
) -> dict[int, npt.NDArray[Any]]:
    """What layers that are held learn of the training rows, by the layer's place."""
    learnt: dict[int, npt.NDArray[Any]] = {}
    for m, layer in enumerate(net.layers):
        if isinstance(layer, Order):
            others = np.setdiff1d(np.arange(X.shape[1]), numbers)
            learnt[m] = np.concatenate([numbers, others]).astype(net.dtype)[:, np.newaxis]
        elif isinstance(layer, Piecewise):
            before = X.astype(net.dtype)
            for k, kind in enumerate(net.layers[:m]):
                before = kind.forward(learnt.get(k, net.weights[k]), before)  # the identity follows these
            edges = [quantile_edges(before[:, j], layer.bins) for j in range(len(net.weights[m]))]
            learnt[m] = np.array(edges).astype(net.dtype)
    return learnt


def quantile_edges(values: npt.NDArray[Any], bins: int) -> npt.NDArray[Any]:
    """Edges of bins that hold about as many values each, from the smallest value to the largest.

    Where fewer values differ than there are edges the last ones are all the largest, of bins without a width.

    Examples
    --------
    >>> quantile_edges(np.array([5.0, 1.0, 2.0, 2.0, 9.0]), 4)
    array([1., 2., 5., 9., 9.])
    """
    ordered = np.sort(values)
    places = np.arange(bins + 1) * (len(ordered) - 1) // bins
    edges = np.unique(ordered[places])
    filled: npt.NDArray[Any] = np.concatenate([edges, np.full(bins + 1 - len(edges), edges[-1])])
    return filled
