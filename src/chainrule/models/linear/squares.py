"""Ridge regression: the linear model of least squares with a penalty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.models.linear.products import INPUT_BITS, OTHER_BITS, Factor, product, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from chainrule.models.linear.features import Features

    Numbers = npt.NDArray[np.float64]

__all__ = ["least_squares"]


def least_squares(
    features: Features, Y: Numbers, counts: Numbers, penalties: Sequence[float]
) -> Iterator[Numbers]:
    r"""Weights of the features, shape (1 + n_features, n_outputs), for each penalty.

    With rows that count :math:`c_n` and each output by itself they minimise

    .. math:: \frac{1}{2N} \sum_n c_n (y_n - a_n^T v)^2 + \frac{\lambda}{2} \sum_{j > 0} v_j^2

    and so solve

    .. math:: \Bigl(\frac{1}{N} A^T C A + \lambda I_{j > 0}\Bigr) v = \frac{1}{N} A^T C y

    A row whose target is missing (NaN) counts nothing for that output.

    References
    ----------
    Hoerl & Kennard (1970), Ridge regression, Technometrics 12.
    """
    n = len(Y)
    normal = []
    missing = np.isnan(Y)
    for pattern in np.unique(missing, axis=1).T:
        outputs = np.flatnonzero((missing == pattern[:, np.newaxis]).all(axis=0))
        roots = np.sqrt(np.where(pattern, 0.0, counts))[:, np.newaxis]
        is_plain = (roots == 1).all()
        A = features.A if is_plain else rounded(features.A * roots, INPUT_BITS)
        y = rounded(np.where(pattern[:, np.newaxis], 0.0, Y[:, outputs]) * roots, OTHER_BITS)
        gram = product(A.T, A, 2 * INPUT_BITS) / n
        normal.append((outputs, gram, product(A.T, y, INPUT_BITS + OTHER_BITS) / n))
    for penalty in penalties:
        V = np.zeros((features.A.shape[1], Y.shape[1]))
        ridge = np.diag(features.penalties(penalty))
        for outputs, gram, right in normal:
            V[:, outputs] = Factor(gram + ridge).solved(right)
        yield V
