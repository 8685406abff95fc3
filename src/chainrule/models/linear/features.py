"""Inputs of a linear model, as the matrix that its weights are found from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chainrule.models.linear.products import (
    INPUT_BITS,
    OTHER_BITS,
    Factor,
    Numbers,
    exponents,
    product,
    rounded,
)

__all__ = ["Features"]


class Features(NamedTuple):
    r"""A column of ones and the inputs, each divided by a power of two so that none exceeds 1, of 20 bits.

    Of more inputs than rows there are as many features as rows: with Cholesky's factor L of
    :math:`X X^T` any weights that are sums of rows, as the best are, are :math:`w = X^T L^{-T} v`, and

    .. math:: X w = L v, \qquad |w| = |v|

    so that v is found in the place of w, from L in the place of X.

    Attributes
    ----------
    A : array of shape (n_rows, 1 + n_features)
    powers : array of shape (1 + n_features,)
        Of two, which the columns were divided by.
    sources : (X, Factor) or None
        What features stand for, where they are fewer than the inputs.
    """

    A: Numbers
    powers: Numbers
    sources: tuple[Numbers, Factor] | None = None

    @classmethod
    def of(cls, X: Numbers) -> Features:
        """Those of inputs, shape (n_rows, n_inputs).

        Examples
        --------
        >>> Features.of(np.array([[3.0], [-1.0]])).A
        array([[ 1.  ,  0.75],
               [ 1.  , -0.25]])
        """
        n, d = X.shape
        sources = None
        if d > n:
            by_row = rounded(X.T, INPUT_BITS)
            factor = Factor(product(by_row.T, by_row, 2 * INPUT_BITS))
            X, sources = factor.lower, (X, factor)
        powers = np.concatenate([[0], exponents(X)])
        A = np.column_stack([np.ones(n), rounded(X, INPUT_BITS)])
        return cls(np.ldexp(A, -powers), np.ldexp(1.0, powers), sources)

    def penalties(self, penalty: float) -> Numbers:
        """Of each weight of a feature; none of the bias."""
        found: Numbers = penalty / self.powers / self.powers
        found[0] = 0.0
        return found

    def weights(self, V: Numbers) -> Numbers:
        """Weights of inputs, shape (n_outputs, 1 + n_inputs), for those of the features, in columns."""
        V = V / self.powers[:, np.newaxis]
        if self.sources is None:
            return np.ascontiguousarray(V.T)
        X, factor = self.sources
        of_rows = rounded(factor.backward(V[1:]), OTHER_BITS)
        W = product(rounded(X, INPUT_BITS).T, of_rows, INPUT_BITS + OTHER_BITS)
        return np.ascontiguousarray(np.vstack([V[:1], W]).T)
