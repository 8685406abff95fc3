"""Compiled twins of the losses: what the outputs of a sample cost, and what starts the backward pass.

To add one: a function like `start_deltas`, a code for it, and a choice between them, made once a row.
"""

from __future__ import annotations

from chainrule.compiled.compiling import part
from chainrule.compiled.vectors import constant, first_lanes, lanes, load, store, total

__all__ = ["start_deltas"]


@part(forceinline=True)
def start_deltas(M, layer, targets, row):
    """Compiled twin of RSS, equations (4) and (7): the residuals of one row, and their loss."""
    y = targets + row * layer.width
    a = layer.outputs + row * layer.outputs_width
    delta = layer.deltas + row * layer.width
    squares = constant(load(M, y), 0.0)
    for k in range(0, layer.width, lanes(M)):
        real = layer.units - k
        residual = load(M, y + k) - load(M, a + k)
        residual = first_lanes(real, residual, constant(residual, 0.0))
        squares = squares + residual * residual
        store(M, delta + k, residual)
    return total(squares) / 2
