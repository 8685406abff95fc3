"""Each member of a network that shares its weights among several, as a network of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.equations import Dense, MemberBias, MemberDense, MemberScale, Scale
from chainrule.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.equations import Layer
    from chainrule.network.network import Network

__all__ = ["member_of"]


def member_of(net: Network, number: int) -> dict[str, Any]:
    """What makes the network of member `number`, counted from 1.

    Raises
    ------
    InputError
        There is no such member.
    """
    if not 1 <= number <= net.members:
        raise InputError(
            parameter="number",
            given=number,
            needs=f"the network has the members 1 to {net.members}",
            advice="Try 1.",
        )
    steps = [_own_of(layer, w, number - 1) for layer, w in zip(net.layers, net.weights, strict=True)]
    return {
        "weights": [w for _, w in steps],
        "activations": net.activations,
        "loss": net.loss,
        "layers": [layer for layer, _ in steps],
    }


def _own_of(layer: Layer, w: npt.NDArray[Any], i: int) -> tuple[Layer, npt.NDArray[Any]]:
    """The layer of one member alone, and its matrix."""
    if isinstance(layer, MemberScale):
        return Scale(), w[:, [i]]
    if isinstance(layer, MemberBias):
        return MemberBias(1), w[:, [i]]
    if isinstance(layer, MemberDense):
        units = len(w) // layer.members
        return Dense(), w[i * units : (i + 1) * units]
    return layer, w
