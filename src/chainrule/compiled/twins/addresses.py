"""Which routines a network needs: their addresses in the records that kernels read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.compiled.twins.losses import FUSED_START, START
from chainrule.compiled.twins.rules import UPDATE
from chainrule.compiled.twins.units import BACKWARD, FORWARD

if TYPE_CHECKING:
    from chainrule.compiled.layout import Memory

__all__ = ["give_addresses"]


def give_addresses(memory: Memory, *, training: bool) -> None:
    """Write the addresses of the routines for the activations, the loss and the rule of a memory."""
    dtype = memory.array.dtype
    loss = int(memory.places["loss"])
    fused = FUSED_START.get((loss, int(memory.layers[-1]["activation"])))
    for m, layer in enumerate(memory.layers):
        layer["forward"] = FORWARD[int(layer["activation"])].address(dtype)
        if training and not (fused is not None and m == len(memory.layers) - 1):
            layer["backward"] = BACKWARD[int(layer["activation"])].address(dtype)
    if training:
        memory.places["start"] = (START[loss] if fused is None else fused).address(dtype)
        if int(memory.places["rule"]) in UPDATE:
            memory.places["update"] = UPDATE[int(memory.places["rule"])].address(dtype)
