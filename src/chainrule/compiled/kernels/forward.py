"""The forward pass over several samples, and prediction, which is nothing else."""

from __future__ import annotations

from chainrule.compiled.kernels.samples import copy_numbers
from chainrule.compiled.machine.compiling import FLOATS, LAYERS, SAMPLES, WHOLE, kernel, part
from chainrule.compiled.machine.target import FEW_ROWS
from chainrule.compiled.machine.team import restore_environment, standard_environment
from chainrule.compiled.twins.routines import call_product, call_rows

__all__ = ["PREDICTION_ROWS", "forward_rows", "predict_rows"]

PREDICTION_ROWS = 64  # samples at a time: fours, at least as many as a vector has lanes
FEW = 2  # rows that are quicker one by one than in a tile


@part
def forward_rows(M, layers, row, stop):
    """Compiled twin of forward, equations (2) and (3), for one row or for fours of rows."""
    for m in range(len(layers)):
        layer = layers[m]
        before = layer.before + row * layer.before_width
        z = layer.net_inputs + row * layer.width
        n = layer.inputs + 1
        right, right_rows = layer.weights, layer.before_width
        if layer.kind == 0:
            call_product(
                layer.product, M, before, layer.before_width, right, right_rows, n, z, layer.width, stop - row
            )
        else:
            call_rows(layer.product, M, layer, row, stop)
        call_rows(layer.forward, M, layer, row, stop)
        if layer.kept != 0:
            call_rows(layer.send, M, layer, row, stop)


@kernel(FLOATS, LAYERS, SAMPLES, WHOLE, WHOLE, FLOATS, WHOLE)
def predict_rows(M, layers, X, first, stop, outputs, members):
    """Outputs of the samples from `first` up to `stop`, written to their places in `outputs`."""
    environment = standard_environment()
    bottom, top = layers[0], layers[len(layers) - 1]
    while first < stop:
        rows = min(PREDICTION_ROWS, stop - first)
        if rows <= FEW:
            rows = 1
        for r in range(rows):
            begin = (first + r) * bottom.inputs
            copy_numbers(M, bottom.before + r * bottom.before_width, X, begin, bottom.inputs)
            if bottom.members_at != 0:
                M[bottom.members_at + r] = (first + r) % members
        forward_rows(M, layers, 0, 1 if rows == 1 else (rows + FEW_ROWS - 1) // FEW_ROWS * FEW_ROWS)
        for r in range(rows):
            output = top.outputs + r * top.outputs_width
            copy_numbers(outputs, (first + r) * top.units, M, output, top.units)
        first += rows
    restore_environment(environment)
