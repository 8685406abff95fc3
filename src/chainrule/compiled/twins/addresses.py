"""Which routines a network needs: their addresses in the records that kernels read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.compiled.twins.losses import START
from chainrule.compiled.twins.rules import UPDATE
from chainrule.compiled.twins.units import BACKWARD, FORWARD
from chainrule.equations import LOSSES

if TYPE_CHECKING:
    from chainrule.compiled.layout import Memory

__all__ = ["give_addresses"]

FUSED = {LOSSES.fact(loss, "code") for loss in LOSSES.values() if LOSSES.fact(loss, "fused_with")}


def give_addresses(memory: Memory, *, training: bool) -> None:
    """Write the addresses of the routines for the activations, the loss and the rule of a memory."""
    dtype = memory.array.dtype
    fused = training and int(memory.places["loss"]) in FUSED
    for m, layer in enumerate(memory.layers):
        layer["forward"] = FORWARD[int(layer["activation"])].address(dtype)
        if training and not (fused and m == len(memory.layers) - 1):
            layer["backward"] = BACKWARD[int(layer["activation"])].address(dtype)
    if training:
        memory.places["start"] = START[int(memory.places["loss"])].address(dtype)
        if int(memory.places["rule"]) in UPDATE:
            memory.places["update"] = UPDATE[int(memory.places["rule"])].address(dtype)
