"""Losses of rows, as training computes them: what a training stops by is the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.compiled.addresses import give_addresses
from chainrule.compiled.codes import activation_codes, loss_code
from chainrule.compiled.compiling import EVALUATION, kernel
from chainrule.compiled.forward import PREDICTION_ROWS, forward_rows
from chainrule.compiled.layout import flat, pack, reserve
from chainrule.compiled.losses import start_deltas
from chainrule.compiled.samples import copy_numbers
from chainrule.compiled.target import TILE_ROWS
from chainrule.compiled.team import restore_environment, standard_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.equations import Activation, Loss

__all__ = ["losses_of"]


@kernel(*EVALUATION)
def evaluate_rows(M, layers, places, X, Y, W, first, stop, losses):
    """Losses of the samples from `first` up to `stop`, each times its weight, written to their places."""
    environment = standard_environment()
    bottom, top = layers[0], layers[len(layers) - 1]
    while first < stop:
        rows = min(PREDICTION_ROWS, stop - first)
        for r in range(rows):
            sample = first + r
            copy_numbers(M, bottom.before + r * bottom.before_width, X, sample * bottom.inputs, bottom.inputs)
            copy_numbers(M, places.targets + r * top.width, Y, sample * top.units, top.units)
            M[places.sample_weights + r] = W[sample]
        forward_rows(M, layers, 0, (rows + TILE_ROWS - 1) // TILE_ROWS * TILE_ROWS)
        start_deltas(M, top, places, 0, rows)
        for r in range(rows):
            losses[first + r] = M[places.losses + r]
        first += rows
    restore_environment(environment)


def losses_of(
    weights: Sequence[npt.NDArray[Any]],
    activations: Sequence[Activation],
    loss: Loss,
    X: npt.NDArray[Any],
    Y: npt.NDArray[Any],
    sample_weight: npt.NDArray[Any] | None,
) -> npt.NDArray[Any]:
    """Loss of each sample times its weight, shape (n_samples,), for X and Y of the weights' dtype."""
    dtype = weights[0].dtype
    sizes = (weights[0].shape[1] - 1, *(w.shape[0] for w in weights))
    code = loss_code(loss, activations[-1])
    memory = reserve(sizes, activation_codes(activations), dtype, PREDICTION_ROWS, loss=code)
    give_addresses(memory, training=True)
    pack(memory, weights)
    W = np.ones(len(X), dtype) if sample_weight is None else sample_weight
    losses = np.empty(len(X), dtype)
    evaluate_rows.of(dtype)(*memory, flat(X), flat(Y), flat(W), 0, len(X), losses)
    return losses
