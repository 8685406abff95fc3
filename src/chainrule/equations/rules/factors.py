r"""Factors of the rate: one for each weight matrix, and one for all bias weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from chainrule.equations.layers.layer import LAYERS, layers_of
from chainrule.errors import InputError, argument
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations.arrays import Array
    from chainrule.equations.layers.layer import Layer

__all__ = ["ALL_ALIKE", "BY_INPUTS", "RateFactors", "rate_factors"]

ALL_ALIKE = "1"
BY_INPUTS = "ntp"  # as the neural tangent parametrisation has it


class RateFactors(NamedTuple):
    """What the rate is multiplied with for one weight matrix.

    Attributes
    ----------
    bias, others : float
        For its bias weights, and for the others.
    decay : float
        For the decay of these, which "ntp" leaves as it is: a weight and its share of 1/√n_in decay alike.
    """

    bias: float
    others: float
    decay: float


def rate_factors(
    given: str, bias_rate: float, weights: Sequence[Array], layers: Sequence[Layer] | None = None
) -> tuple[RateFactors, ...] | None:
    r"""Factors of the rate for each matrix, equation (56).

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
    tuple of RateFactors, or None
        None where every factor is 1.

    Raises
    ------
    InputError
        There are other numbers of factors and of matrices.

    Examples
    --------
    >>> import numpy as np
    >>> for factors in rate_factors("6,ntp", 0.1, [np.zeros((3, 5)), np.zeros((1, 5))]):
    ...     print(factors)
    RateFactors(bias=0.1, others=6.0, decay=6.0)
    RateFactors(bias=0.1, others=0.5, decay=1.0)
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
        of_decay = 1.0 if text == BY_INPUTS else own
        factors.append(RateFactors(bias_rate if is_dense else own, own, of_decay))
    return tuple(factors)
