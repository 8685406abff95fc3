"""Each member of a network that shares its weights among several, as a network of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.errors import InputError

if TYPE_CHECKING:
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
    layers = zip(net.layers, net.weights, strict=True)
    steps = [layer.of_member(w, number - 1) for layer, w in layers]
    return {
        "weights": [w for _, w in steps],
        "activations": net.activations,
        "loss": net.loss,
        "layers": [layer for layer, _ in steps],
    }
