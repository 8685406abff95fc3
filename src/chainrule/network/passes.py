"""Whole-network passes, as compositions of the equations: nothing is computed here that stands elsewhere.

They take weights and activations, not a Network, so that the gradient check can send complex weights
through the very lines that training runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainrule.equations import flush_to_zero, gradient, hidden_delta, net_input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations import Activation, Array, Loss

__all__ = ["ForwardPass", "backward", "forward", "gradients", "loss_over_rows"]


@dataclass(frozen=True)
class ForwardPass:
    """What a forward pass leaves: net inputs and activations of every layer but the inputs.

    Attributes
    ----------
    z : tuple of arrays of shape (n_samples, n_units)
        Net inputs; ``z[m]`` belongs to the layer that ``weights[m]`` leads to.
    a : tuple of arrays of shape (n_samples, n_units)
        Activations; ``a[-1]`` are the outputs.

    Examples
    --------
    >>> from chainrule import Network
    >>> passed = Network([[[0.0, 2.0]], [[1.0, 0.0]]], activations="identity").forward([[3.0]])
    >>> [z.tolist() for z in passed.z]
    [[[6.0]], [[1.0]]]
    """

    z: tuple[Array, ...]
    a: tuple[Array, ...]


def forward(weights: Sequence[Array], activations: Sequence[Activation], X: Array) -> ForwardPass:
    """From inputs to outputs: net input (2), then activation, layer by layer."""
    z: list[Array] = []
    a: list[Array] = [X]
    for layer_weights, activation in zip(weights, activations, strict=True):
        z.append(net_input(layer_weights, a[-1]))
        a.append(activation.forward(z[-1]))
    return ForwardPass(tuple(z), tuple(a[1:]))


def backward(
    weights: Sequence[Array],
    activations: Sequence[Activation],
    loss: Loss,
    passed: ForwardPass,
    Y: Array,
) -> tuple[Array, ...]:
    """From targets to deltas: output delta (7), then hidden deltas (9); the tiniest are 0."""
    deltas = [flush_to_zero(loss.output_delta(passed.z[-1], passed.a[-1], Y, activations[-1]))]
    for m in range(len(weights) - 2, -1, -1):
        delta = hidden_delta(deltas[-1], weights[m + 1], passed.z[m], passed.a[m], activations[m])
        deltas.append(flush_to_zero(delta))
    return tuple(reversed(deltas))


def gradients(X: Array, passed: ForwardPass, deltas: Sequence[Array]) -> tuple[Array, ...]:
    """Gradient of the batch's mean loss in every weight matrix."""
    return tuple(gradient(delta, a) for delta, a in zip(deltas, (X, *passed.a[:-1]), strict=True))


def loss_over_rows(
    weights: Sequence[Array], activations: Sequence[Activation], loss: Loss, X: Array, Y: Array
) -> Array:
    """Loss of every sample, shape ``(n_samples,)``."""
    return loss.value(forward(weights, activations, X).a[-1], Y)
