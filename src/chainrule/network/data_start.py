"""First weights that are adapted to rows: net inputs with deviation 1, and their 0 among the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.elementary import logarithm
from chainrule.equations import Dense, Identity, layers_of, members_of
from chainrule.network.passes import each_member
from chainrule.network.prediction import outputs_of_rows
from chainrule.random_streams import Purpose, permutation, uniform

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.equations import Activation, Layer

    FloatArray = npt.NDArray[np.float64]

__all__ = ["adapted_to_rows"]

MOST_ROWS = 8192  # more tell hardly more of a standard deviation
ROWS_OF_A_BIAS = 5


def adapted_to_rows(
    weights: Sequence[npt.NDArray[Any]],
    activations: Sequence[Activation],
    X: npt.NDArray[Any],
    seed: int,
    layers: Sequence[Layer] | None = None,
) -> list[npt.NDArray[Any]]:
    """Weights whose net inputs over rows have the standard deviation 1, layer by layer.

    Each unit's weights are divided by the standard deviation of its net inputs, equation (58), and its bias
    weight is minus a convex combination of the net inputs of a few rows, equation (59). The next layer sees
    what comes out of that.

    Parameters
    ----------
    weights : sequence of arrays of shape (n_out, 1 + n_in)
        Their bias weights count for nothing.
    activations : sequence of Activation
    X : array of shape (n_rows, n_inputs)
        Of the weights' dtype; of many rows some are drawn.
    seed : int
    layers : sequence of Layer, optional
        All are dense where none are given; others are left as they are.

    Returns
    -------
    list of arrays of the shapes of the weights

    Examples
    --------
    >>> weights = [np.array([[0.0, 4.0]])]
    >>> adapted_to_rows(weights, [Identity()], np.array([[-1.0], [1.0]]), seed=0)[0][:, 1]
    array([1.])
    """
    rows = X
    if len(X) > MOST_ROWS:
        rows = X[
            permutation(len(X), seed=seed, purpose=Purpose.START_FROM_DATA, counter=len(weights))[:MOST_ROWS]
        ]
    adapted: list[npt.NDArray[Any]] = []
    kinds = layers_of(layers, len(weights))
    for m, given in enumerate(weights):
        if type(kinds[m]) is not Dense:
            adapted.append(given)
            continue
        w = given.copy()
        w[:, 0] = 0
        before = [*activations[:m], Identity()]
        members = members_of(kinds[: m + 1])  # which see every row, each in its own way
        seen = each_member(rows[: max(MOST_ROWS // members, 1)], members)
        z = outputs_of_rows([*adapted, w], before, kinds[: m + 1])(seen, None).astype(np.float64)
        deviation = np.sqrt(_sum_of_rows((z - _sum_of_rows(z) / len(z)) ** 2) / len(z))
        deviation[deviation == 0] = 1.0  # a unit that is the same for all rows
        w[:, 1:] = w[:, 1:] / deviation[:, np.newaxis]
        w[:, 0] = -_combined(z, seed, m) / deviation
        adapted.append(w)
    return adapted


def _combined(z: FloatArray, seed: int, m: int) -> FloatArray:
    """Convex combination of the net inputs of a few rows, others for each unit."""
    n_rows, n_units = z.shape
    numbers = uniform(2 * ROWS_OF_A_BIAS * n_units, seed=seed, purpose=Purpose.START_FROM_DATA, counter=m)
    drawn, shares = numbers.reshape(2, ROWS_OF_A_BIAS, n_units)
    shares = -logarithm(1 - shares)
    picked = z[np.floor(drawn * n_rows).astype(np.intp), np.arange(n_units)]
    combined: FloatArray = _sum_of_rows(shares * picked) / _sum_of_rows(shares)
    return combined


def _sum_of_rows(numbers: FloatArray) -> FloatArray:
    """Sum of the rows, half and half, in an order that no library chooses."""
    while len(numbers) > 1:
        middle = (len(numbers) + 1) // 2
        upper = numbers[:middle].copy()
        upper[: len(numbers) - middle] += numbers[middle:]
        numbers = upper
    sums: FloatArray = numbers[0]
    return sums
