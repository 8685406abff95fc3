"""Whole-network passes, as compositions of the equations: nothing is computed here that stands elsewhere.

They take weights and activations, not a Network, so that the gradient check can send complex weights
through the very lines that training runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainrule.equations import (
    dropped_out,
    flush_to_zero,
    gradient,
    hidden_delta,
    net_input,
    output_delta,
    sample_losses,
    with_bias_unit,
)
from chainrule.equations.arrays import array_namespace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations import Activation, Array, Loss

__all__ = ["ForwardPass", "backward", "forward", "gradients", "jacobian", "loss_over_rows"]


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


def forward(
    weights: Sequence[Array],
    activations: Sequence[Activation],
    X: Array,
    kept: Sequence[Array] | None = None,
) -> ForwardPass:
    """From inputs to outputs: net input (2), then activation, then dropout (37), layer by layer.

    `kept` holds, for each hidden layer, what `dropped_out` takes; None where no unit drops out.
    """
    z: list[Array] = []
    a: list[Array] = []
    sent: list[Array] = [X]
    for m, (layer_weights, activation) in enumerate(zip(weights, activations, strict=True)):
        z.append(net_input(layer_weights, sent[-1]))
        a.append(activation.forward(z[-1]))
        sent.append(dropped_out(a[-1], kept[m]) if kept and m < len(kept) else a[-1])
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
) -> tuple[Array, ...]:
    """From targets to deltas: output delta (7), then hidden deltas (9); the tiniest are 0."""
    delta = output_delta(loss, passed.z[-1], passed.a[-1], Y, activations[-1])
    if sample_weight is not None:
        delta = delta * sample_weight[:, None]
    deltas = [flush_to_zero(delta)]
    for m in range(len(weights) - 2, -1, -1):
        dropped = kept[m] if kept else None
        delta = hidden_delta(deltas[-1], weights[m + 1], passed.z[m], passed.a[m], activations[m], dropped)
        deltas.append(flush_to_zero(delta))
    return tuple(reversed(deltas))


def gradients(X: Array, passed: ForwardPass, deltas: Sequence[Array]) -> tuple[Array, ...]:
    """Gradient of the batch's mean loss in every weight matrix."""
    return tuple(gradient(delta, a) for delta, a in zip(deltas, (X, *passed.sent[:-1]), strict=True))


def jacobian(weights: Sequence[Array], activations: Sequence[Activation], X: Array) -> tuple[Array, Array]:
    """Outputs, and their derivatives in every weight, by back-propagation of each output by itself.

    Returns
    -------
    outputs : array of shape (n_samples, n_outputs)
    derivatives : array of shape (n_samples * n_outputs, n_weights)
        One row for each output of each sample, in the order of the outputs' numbers; one column for each
        weight, matrix by matrix and row by row.
    """
    passed = forward(weights, activations, X)
    xp = array_namespace(X)
    outputs = passed.a[-1]
    of_outputs = []
    for k in range(outputs.shape[1]):
        alone = xp.zeros_like(outputs)
        alone[:, k] = 1
        deltas = [activations[-1].backward(passed.z[-1], outputs, alone)]
        for m in range(len(weights) - 2, -1, -1):
            deltas.append(hidden_delta(deltas[-1], weights[m + 1], passed.z[m], passed.a[m], activations[m]))
        products = [
            xp.reshape(delta[:, :, None] * with_bias_unit(a)[:, None, :], (X.shape[0], -1))
            for delta, a in zip(reversed(deltas), (X, *passed.a[:-1]), strict=True)
        ]
        of_outputs.append(xp.concat(products, axis=1))
    rows = xp.stack(of_outputs, axis=1)
    return outputs, xp.reshape(rows, (-1, rows.shape[2]))


def loss_over_rows(
    weights: Sequence[Array], activations: Sequence[Activation], loss: Loss, X: Array, Y: Array
) -> Array:
    """Loss of every sample, shape ``(n_samples,)``."""
    passed = forward(weights, activations, X)
    return sample_losses(loss, passed.z[-1], passed.a[-1], Y, activations[-1])
