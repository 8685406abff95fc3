"""Direction of L-BFGS, with sums in one order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.compiled.language.vectors import constant, fused, lanes, load, spread_like, store, total
from chainrule.compiled.layout import flat
from chainrule.compiled.machine.compiling import FLOATS, SAMPLES, kernel, part
from chainrule.compiled.machine.team import restore_environment, standard_environment

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["direction_of"]


@part
def inner_product(a, i, b, j, n):
    """Sum of the products of n numbers: one chain in each lane, then the lanes."""
    sums = constant(load(a, i), 0.0)
    for at in range(0, n, lanes(a)):
        sums = fused(load(a, i + at), load(b, j + at), sums)
    return total(sums)


@part
def add_multiple(target, factor, a, i):
    """Add so many times the numbers from i on to the target."""
    for at in range(0, len(target), lanes(target)):
        d = load(target, at)
        store(target, at, fused(spread_like(d, factor), load(a, i + at), d))


@kernel(SAMPLES, SAMPLES, FLOATS, FLOATS)
def run_two_loops(steps, changes, shares, direction):
    """Compiled twin of lbfgs_direction, equation (48); the direction begins as minus the gradient."""
    environment = standard_environment()
    n, last = len(direction), len(shares) - 1
    for i in range(last, -1, -1):
        along = inner_product(steps, i * n, changes, i * n, n)
        shares[i] = inner_product(steps, i * n, direction, 0, n) / along
        add_multiple(direction, -shares[i], changes, i * n)
    if last >= 0:
        along = inner_product(steps, last * n, changes, last * n, n)
        scale = along / inner_product(changes, last * n, changes, last * n, n)
        for at in range(0, n, lanes(direction)):
            d = load(direction, at)
            store(direction, at, d * spread_like(d, scale))
    for i in range(last + 1):
        along = inner_product(steps, i * n, changes, i * n, n)
        back = inner_product(changes, i * n, direction, 0, n) / along
        add_multiple(direction, shares[i] - back, steps, i * n)
    restore_environment(environment)


def direction_of(
    steps: npt.NDArray[Any], changes: npt.NDArray[Any], gradient: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """As `lbfgs_direction`, for a number of weights that fills whole vectors."""
    direction = -gradient
    run_two_loops.of(gradient.dtype)(flat(steps), flat(changes), np.empty(len(steps)), direction)
    return direction
