r"""Factors of the rate: one for each weight matrix, and one for all bias weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chainrule.equations.layers.layer import LAYERS, layers_of
from chainrule.errors import InputError, argument
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations.arrays import Array
    from chainrule.equations.layers.layer import Layer

__all__ = ["ALL_ALIKE", "BY_INPUTS", "rate_factors"]

ALL_ALIKE = "1"
BY_INPUTS = "ntp"  # as the neural tangent parametrisation has it


def rate_factors(
    given: str, bias_rate: float, weights: Sequence[Array], layers: Sequence[Layer] | None = None
) -> tuple[tuple[float, float], ...] | None:
    r"""Factors of the rate for each matrix, equation (56): that of its bias weights, and of the others.

    Parameters
    ----------
    given : str
        Numbers, or "ntp" for one over the root of a unit's inputs, after commas: one for all matrices, or one
        for each.
    bias_rate : float
        Factor for the bias weights of all matrices.
    weights : sequence of arrays of shape (n_out, 1 + n_in)
    layers : sequence of Layer, optional
        All are dense where none are given. Of others no number is a bias weight, and "ntp" is 1.

    Returns
    -------
    tuple of pairs of floats, or None
        None where every factor is 1.

    Raises
    ------
    InputError
        There are other numbers of factors and of matrices.

    Examples
    --------
    >>> import numpy as np
    >>> rate_factors("6,ntp", 0.1, [np.zeros((3, 5)), np.zeros((1, 5))])
    ((0.1, 6.0), (0.1, 0.5))
    """
    texts, n = given.split(","), len(weights)
    if given == ALL_ALIKE and bias_rate == 1:
        return None
    if len(texts) not in {1, n}:
        raise InputError(
            f"{argument('rate_factors')} has {counted(len(texts), 'factor')}",
            parameter="rate_factors",
            given=given,
            needs=f"needs one, or one for each of the {counted(n, 'weight matrix', 'weight matrices')}",
            advice=f"Try {argument('rate_factors', BY_INPUTS)}.",
        )
    texts = texts * n if len(texts) == 1 else texts
    factors = []
    for text, w, layer in zip(texts, weights, layers_of(layers, n), strict=True):
        is_dense = LAYERS.fact(layer, "chooses_units")
        by_inputs = 1 / math.sqrt(max(w.shape[1] - 1, 1)) if is_dense else 1.0
        own = by_inputs if text == BY_INPUTS else float(text)
        factors.append((bias_rate if is_dense else own, own))
    return tuple(factors)
