r"""What is added to the loss, or taken from the gradient, for the sake of the weights.

Bias weights, in column 0, are never penalised: they only shift a unit.
"""

from __future__ import annotations

import math
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from chainrule.equations.arrays import array_namespace, real_part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations.arrays import Array

__all__ = ["clip_factor", "dropped_out", "penalty", "penalty_gradient"]


def penalty(weights: Array, *, l1: float, l2: float) -> Array:
    r"""Penalty of one weight matrix, which is added to the mean loss, equation (35).

    .. math:: \lambda_1 \sum_{j > 0} |W_{kj}| + \tfrac12 \lambda_2 \sum_{j > 0} W_{kj}^2

    Examples
    --------
    >>> import numpy as np
    >>> float(penalty(np.array([[9.0, -2.0, 1.0]]), l1=0.5, l2=0.1))
    1.75
    """
    xp = array_namespace(weights)
    inner = weights[:, 1:]
    return l1 * xp.sum(inner * xp.sign(real_part(inner))) + l2 / 2 * xp.sum(inner * inner)


def penalty_gradient(weights: Array, *, l1: float, l2: float) -> Array:
    r"""Gradient of the penalty, equation (36): 0 for bias weights, and for l1 at a weight of 0.

    Examples
    --------
    >>> import numpy as np
    >>> penalty_gradient(np.array([[9.0, -2.0, 0.0]]), l1=0.5, l2=0.1)
    array([[ 0. , -0.7,  0. ]])
    """
    xp = array_namespace(weights)
    inner = weights[:, 1:]
    slopes = l1 * xp.sign(real_part(inner)) + l2 * inner
    return xp.concat([xp.zeros_like(weights[:, :1]), slopes], axis=1)


def clip_factor(gradients: Sequence[Array], most: float) -> float:
    r"""Factor that shortens the gradient of a whole network to the norm `most`, equation (45); at most 1.

    Examples
    --------
    >>> import numpy as np
    >>> clip_factor([np.array([[3.0]]), np.array([[4.0]])], most=1.0)
    0.2
    """
    xp = array_namespace(*gradients)
    squares = [float(xp.sum(g * g)) for g in gradients]
    norm = math.sqrt(reduce(add, squares))  # `sum` has other bits from Python 3.12 on
    return most / norm if norm > most else 1.0


def dropped_out(a: Array, kept: Array) -> Array:
    r"""Activations times what is left of them, equation (37): 0, or 1 divided by the share that is kept.

    The mean of a unit's activation stays what it is, so that a trained network is used as it is.

    Examples
    --------
    >>> import numpy as np
    >>> dropped_out(np.array([[3.0, 5.0]]), np.array([[0.0, 2.0]]))
    array([[ 0., 10.]])
    """
    return a * kept
