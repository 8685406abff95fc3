"""Whole-network passes, as compositions of the equations: nothing is computed here that stands elsewhere.

They take weights and activations, not a Network, so that the gradient check can send complex weights
through the very lines that training runs; and the kinds of layers, where not all are dense.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainrule.equations import (
    dropped_out,
    flush_to_zero,
    hidden_delta,
    layers_of,
    output_delta,
    sample_losses,
)
from chainrule.equations.arrays import array_namespace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations import Activation, Array, Layer, Loss

__all__ = [
    "ForwardPass", "backward", "each_member", "forward", "gradients", "jacobian", "loss_over_rows",
]  # fmt: skip


@dataclass(frozen=True)
class ForwardPass:
    """What a forward pass leaves: net inputs and activations of every layer but the inputs.

    Attributes
    ----------
    z : tuple of arrays of shape (n_samples, n_units)
        Net inputs; ``z[m]`` belongs to the layer that ``weights[m]`` leads to.
    a : tuple of arrays of shape (n_samples, n_units)
        Activations; ``a[-1]`` are the outputs.
    sent : tuple of arrays of shape (n_samples, n_units)
        What each layer sends to the one after it: its activations, without the units that drop out.

    Examples
    --------
    >>> from chainrule import Network
    >>> passed = Network([[[0.0, 2.0]], [[1.0, 0.0]]], activations="identity").forward([[3.0]])
    >>> [z.tolist() for z in passed.z]
    [[[6.0]], [[1.0]]]
    """

    z: tuple[Array, ...]
    a: tuple[Array, ...]
    sent: tuple[Array, ...]


def each_member(rows: Array, members: int) -> Array:
    """Rows, each as often as there are members of a network, one below the other.

    Examples
    --------
    >>> import numpy as np
    >>> each_member(np.array([[1.0], [2.0]]), 2)
    array([[1.],
           [1.],
           [2.],
           [2.]])
    """
    return rows if members == 1 else array_namespace(rows).repeat(rows, members, axis=0)


def forward(
    weights: Sequence[Array],
    activations: Sequence[Activation],
    X: Array,
    kept: Sequence[Array] | None = None,
    *,
    layers: Sequence[Layer] | None = None,
) -> ForwardPass:
    """From inputs to outputs: net input (2), then activation, then dropout (37), layer by layer.

    `kept` holds, for each hidden layer, what `dropped_out` takes; None where no unit drops out.
    """
    z: list[Array] = []
    a: list[Array] = []
    sent: list[Array] = [X]
    kinds, of_units = layers_of(layers, len(weights)), (*(kept or [None] * (len(weights) - 1)), None)
    for layer, w, activation, dropped in zip(kinds, weights, activations, of_units, strict=True):
        z.append(layer.forward(w, sent[-1]))
        a.append(activation.forward(z[-1]))
        sent.append(a[-1] if dropped is None else dropped_out(a[-1], dropped))
    return ForwardPass(tuple(z), tuple(a), tuple(sent[1:]))


def backward(
    weights: Sequence[Array],
    activations: Sequence[Activation],
    loss: Loss,
    passed: ForwardPass,
    Y: Array,
    *,
    sample_weight: Array | None = None,
    kept: Sequence[Array] | None = None,
    layers: Sequence[Layer] | None = None,
) -> tuple[Array, ...]:
    """From targets to deltas: output delta (7), then hidden deltas (9); the tiniest are 0."""
    delta = output_delta(loss, passed.z[-1], passed.a[-1], Y, activations[-1])
    if sample_weight is not None:
        delta = delta * sample_weight[:, None]
    deltas, kinds = [flush_to_zero(delta)], layers_of(layers, len(weights))
    for m in range(len(weights) - 2, -1, -1):
        dropped = kept[m] if kept else None
        of_unit = passed.z[m], passed.a[m], activations[m]
        delta = hidden_delta(deltas[-1], weights[m + 1], *of_unit, dropped, kinds[m + 1])
        deltas.append(flush_to_zero(delta))
    return tuple(reversed(deltas))


def gradients(
    weights: Sequence[Array],
    X: Array,
    passed: ForwardPass,
    deltas: Sequence[Array],
    *,
    layers: Sequence[Layer] | None = None,
) -> tuple[Array, ...]:
    """Gradient of the batch's mean loss in every weight matrix."""
    steps = zip(layers_of(layers, len(weights)), weights, (X, *passed.sent[:-1]), deltas, strict=True)
    return tuple(layer.gradient(w, a_before, delta) for layer, w, a_before, delta in steps)


def jacobian(
    weights: Sequence[Array],
    activations: Sequence[Activation],
    X: Array,
    *,
    layers: Sequence[Layer] | None = None,
) -> tuple[Array, Array]:
    """Outputs, and their derivatives in every weight, by back-propagation of each output by itself.

    Returns
    -------
    outputs : array of shape (n_samples, n_outputs)
    derivatives : array of shape (n_samples * n_outputs, n_weights)
        One row for each output of each sample, in the order of the outputs' numbers; one column for each
        weight, matrix by matrix and row by row.
    """
    passed, kinds = forward(weights, activations, X, layers=layers), layers_of(layers, len(weights))
    xp = array_namespace(X)
    outputs = passed.a[-1]
    of_outputs = []
    for k in range(outputs.shape[1]):
        alone = xp.zeros_like(outputs)
        alone[:, k] = 1
        deltas = [activations[-1].backward(passed.z[-1], outputs, alone)]
        for m in range(len(weights) - 2, -1, -1):
            of_unit = passed.z[m], passed.a[m], activations[m]
            deltas.append(hidden_delta(deltas[-1], weights[m + 1], *of_unit, layer_next=kinds[m + 1]))
        steps = zip(kinds, weights, (X, *passed.a[:-1]), reversed(deltas), strict=True)
        products = [
            xp.reshape(layer.products(w, a_before, delta), (X.shape[0], -1))
            for layer, w, a_before, delta in steps
        ]
        of_outputs.append(xp.concat(products, axis=1))
    rows = xp.stack(of_outputs, axis=1)
    return outputs, xp.reshape(rows, (-1, rows.shape[2]))


def loss_over_rows(
    weights: Sequence[Array],
    activations: Sequence[Activation],
    loss: Loss,
    X: Array,
    Y: Array,
    *,
    layers: Sequence[Layer] | None = None,
) -> Array:
    """Loss of every sample, shape ``(n_samples,)``."""
    passed = forward(weights, activations, X, layers=layers)
    return sample_losses(loss, passed.z[-1], passed.a[-1], Y, activations[-1])
