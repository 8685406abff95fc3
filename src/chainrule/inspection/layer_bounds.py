"""What rounding does in a layer of any kind, by its functions alone: slowly, and without a look inside.

A dense layer is a product of matrices, of which `rounding` knows better bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from chainrule.equations import Layer

    Numbers = npt.NDArray[Any]

__all__ = ["interval_of_inputs", "reach_of_inputs", "reach_of_units", "reach_of_weights"]


def reach_of_units(layer: Layer, w: Numbers, a_before: Numbers, of_before: Numbers, n_units: int) -> Numbers:
    """How far net inputs move where inputs move by so much, signs set aside: (n_samples, n_units)."""
    sums = [
        np.sum(np.abs(layer.backward(w, a_before, unit)) * of_before, axis=1)
        for unit in _units(len(a_before), n_units)
    ]
    return np.stack(sums, axis=1)


def reach_of_inputs(  # noqa: PLR0917 (what a pass leaves)
    layer: Layer, w: Numbers, a_before: Numbers, of_before: Numbers, delta: Numbers, of_delta: Numbers
) -> Numbers:
    """How far what is passed back moves with the deltas and with the inputs: (n_samples, n_inputs)."""
    reach = np.zeros_like(a_before)
    for k, unit in enumerate(_units(*delta.shape)):
        reach += np.abs(layer.backward(w, a_before, unit)) * of_delta[:, [k]]
    here = layer.backward(w, a_before, delta)
    moved = [np.abs(layer.backward(w, a_before + s * of_before, delta) - here) for s in (1, -1)]
    total: Numbers = reach + np.maximum(*moved)
    return total


def reach_of_weights(  # noqa: PLR0917 (what a pass leaves)
    layer: Layer, w: Numbers, a_before: Numbers, of_before: Numbers, delta: Numbers, of_delta: Numbers
) -> Numbers:
    """How far each sample's share in the gradient of each weight moves: (n_samples, *shape)."""
    reach = np.zeros((len(delta), *w.shape))
    for k, unit in enumerate(_units(*delta.shape)):
        reach += np.abs(layer.products(w, a_before, unit)) * of_delta[:, k, np.newaxis, np.newaxis]
    here = layer.products(w, a_before, delta)
    moved = [np.abs(layer.products(w, a_before + s * of_before, delta) - here) for s in (1, -1)]
    total: Numbers = reach + np.maximum(*moved)
    return total


def interval_of_inputs(
    layer: Layer, w: Numbers, a_before: Numbers, bounds: tuple[Numbers, Numbers]
) -> tuple[Numbers, Numbers]:
    """Bounds on what is passed back, of deltas that are between bounds."""
    lower, upper = bounds
    lowest, highest = np.zeros_like(a_before), np.zeros_like(a_before)
    for k, unit in enumerate(_units(*lower.shape)):
        slope = layer.backward(w, a_before, unit)
        ends = slope * lower[:, [k]], slope * upper[:, [k]]
        lowest += np.minimum(*ends)
        highest += np.maximum(*ends)
    return lowest, highest


def _units(n_samples: int, n_units: int) -> Iterator[Numbers]:
    """Deltas that are 1 in one unit alone, for each unit."""
    for k in range(n_units):
        unit = np.zeros((n_samples, n_units))
        unit[:, k] = 1
        yield unit
