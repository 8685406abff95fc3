"""Which routines a network needs: their addresses in the records that kernels read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.compiled.kernels.gradients import ADD_GRADIENTS, TRANSPOSE
from chainrule.compiled.kernels.products import PRODUCT
from chainrule.compiled.twins.layers import GRADIENTS, NET_INPUTS, PASS_BACK
from chainrule.compiled.twins.losses import FUSED_START, START
from chainrule.compiled.twins.rules import PREPARE, UPDATE
from chainrule.compiled.twins.units import BACKWARD, DROP, FORWARD, SEND

if TYPE_CHECKING:
    from chainrule.compiled.layout import Memory

__all__ = ["for_batches", "for_losses", "for_online_training", "for_predictions"]


def for_predictions(memory: Memory) -> None:
    """What takes several rows forward."""
    dtype = memory.array.dtype
    for layer in memory.layers:
        layer["product"] = NET_INPUTS.get(int(layer["kind"]), PRODUCT).address(dtype)
        layer["forward"] = FORWARD[int(layer["activation"])].address(dtype)


def for_losses(memory: Memory) -> None:
    """The same, and what computes the losses of rows."""
    for_predictions(memory)
    _give_start(memory)


def for_online_training(memory: Memory) -> None:
    """What takes one row forward and backward."""
    dtype = memory.array.dtype
    for layer in memory.layers:
        layer["forward"] = FORWARD[int(layer["activation"])].address(dtype)
    _give_backward(memory)


def for_batches(memory: Memory, *, prepared: bool) -> None:
    """What takes rows forward and backward, and updates; `prepared` where sums of gradients do not do."""
    dtype, places = memory.array.dtype, memory.places
    for_predictions(memory)
    _give_backward(memory)
    for m, layer in enumerate(memory.layers):
        kind = int(layer["kind"])
        if not layer["is_held"]:
            layer["add_gradients"] = GRADIENTS.get(kind, ADD_GRADIENTS).address(dtype)
        if kind in PASS_BACK and m > int(places["bottom"]):
            layer["pass_back"] = PASS_BACK[kind].address(dtype)
        if layer["transposed"]:
            layer["transpose"] = TRANSPOSE.address(dtype)
    for layer in memory.layers:
        if layer["kept"]:
            layer["send"], layer["drop"] = SEND.address(dtype), DROP.address(dtype)
    if prepared:
        places["prepare"] = PREPARE.address(dtype)
    if int(places["rule"]) in UPDATE:
        places["update"] = UPDATE[int(places["rule"])].address(dtype)


def _give_backward(memory: Memory) -> None:
    for layer in memory.layers[int(memory.places["bottom"]) : -1]:
        layer["backward"] = BACKWARD[int(layer["activation"])].address(memory.array.dtype)
    _give_start(memory)


def _give_start(memory: Memory) -> None:
    """What begins with the deltas of the outputs; a loss that is fused passes nothing back through them."""
    dtype, top = memory.array.dtype, memory.layers[-1]
    loss, activation = int(memory.places["loss"]), int(top["activation"])
    fused = FUSED_START.get((loss, activation))
    if fused is None:
        top["backward"] = BACKWARD[activation].address(dtype)
    memory.places["start"] = (START[loss] if fused is None else fused).address(dtype)
