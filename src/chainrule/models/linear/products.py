r"""Products of matrices, and what is solved with them, with the same bits whatever adds them up.

The sum of a product of matrices depends on the order of its additions, which a BLAS chooses by the processor.
It does not where no addition rounds. Numbers of p and of q bits are rounded to so many below the largest of
their column; of :math:`2^m` products of theirs every partial sum is a whole number of a unit, and of at most
p + q + m bits of it. With

.. math:: p + q + m \le 53

all are exact in double precision. Longer sums are cut in blocks of :math:`2^m` terms, which are added in
their order. All else here is one operation of NumPy after the other, each element by itself.

References
----------
Ozaki, Ogita, Oishi & Rump (2012), Error-free transformations of matrix multiplication by using fast routines
of matrix multiplication and its applications, Numerical Algorithms 59.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

__all__ = ["INPUT_BITS", "OTHER_BITS", "Factor", "exponents", "product", "rounded"]

DOUBLE_BITS = 53
INPUT_BITS = 20  # of an input
OTHER_BITS = 24  # of a weight, a target or a residual
SMALLEST_UNIT = -400  # as a power of two: products of two do not leave the normal numbers
ON_ONE_THREAD, OF_A_VECTOR = 2**18, 9216  # products of numbers for which OpenBLAS takes no threads
NO_PIVOT = 2.0**-40  # of a diagonal element: what rounding may leave of nothing


def exponents(A: Numbers) -> npt.NDArray[np.int32]:
    """For each column the least power of two that no magnitude of it exceeds; 0 for a column of zeros.

    Examples
    --------
    >>> exponents(np.array([[3.0, 1.0, 0.0], [-5.0, -1.0, 0.0]])).tolist()
    [3, 0, 0]
    """
    mantissa, power = np.frexp(np.abs(A).max(axis=0, initial=0.0))
    found: npt.NDArray[np.int32] = power - (mantissa == 0.5)  # noqa: PLR2004 (a power of two)
    return found


def rounded(A: Numbers, bits: int) -> Numbers:
    """Each number to so many bits below the least power of two that no magnitude of its column exceeds.

    Examples
    --------
    >>> rounded(np.array([[1.0, 100.0], [0.3, 30.3]]), 3)
    array([[  1.  ,  96.  ],
           [  0.25,  32.  ]])
    """
    unit = np.maximum(exponents(A) - bits, SMALLEST_UNIT)
    whole: Numbers = np.ldexp(np.rint(np.ldexp(A, -unit)), unit)
    return whole


def product(A: Numbers, B: Numbers, bits: int) -> Numbers:
    """A B, of numbers that together have so many bits, below one power of two in a row of A or column of B.

    Examples
    --------
    >>> product(np.array([[0.5, 0.25]]), np.array([[3.0], [2.0]]), bits=4)
    array([[2.]])
    """
    n, block = A.shape[1], 1 << (DOUBLE_BITS - bits)
    total = _in_pieces(A[:, :block], B[:block])
    for first in range(block, n, block):
        total += _in_pieces(A[:, first : first + block], B[first : first + block])
    return total


def _in_pieces(A: Numbers, B: Numbers) -> Numbers:
    """A B, cut in halves so small that a BLAS takes no threads, which would be busy even while they wait."""
    (n, k), m = A.shape, B.shape[1]
    if n * k * m <= (ON_ONE_THREAD if min(n, m) > 1 else OF_A_VECTOR):
        whole: Numbers = A @ B
        return whole
    longest = max(n, k, m)
    half = (longest + 1) // 2
    if longest == n:
        return np.concatenate([_in_pieces(A[:half], B), _in_pieces(A[half:], B)])
    if longest == k:
        return _in_pieces(A[:, :half], B[:half]) + _in_pieces(A[:, half:], B[half:])
    return np.concatenate([_in_pieces(A, B[:, :half]), _in_pieces(A, B[:, half:])], axis=1)


class Factor:
    r"""Cholesky's factor L of a symmetric matrix that has no negative eigenvalue, :math:`A = L L^T`.

    A column of A that depends on those before it, to rounding, has a column of zeros in L, and the number 0
    in what is solved.

    Parameters
    ----------
    A : array of shape (n, n)

    Examples
    --------
    >>> factor = Factor(np.array([[4.0, 2.0], [2.0, 10.0]]))
    >>> factor.lower
    array([[2., 0.],
           [1., 3.]])
    >>> factor.solved(np.array([[8.0], [22.0]]))
    array([[1.],
           [2.]])
    """

    def __init__(self, A: Numbers) -> None:
        n = len(A)
        rest, room = A.copy(), np.empty_like(A)
        least = (NO_PIVOT * A.diagonal()).tolist()
        self.pivots = [0.0] * n
        for k in range(n):
            pivot = float(rest[k, k])
            if not pivot > max(least[k], 0.0):
                rest[k:, k] = 0.0
                continue
            self.pivots[k] = math.sqrt(pivot)
            rest[k:, k] /= self.pivots[k]
            below, products = rest[k + 1 :, k], room[k + 1 :, k + 1 :]
            np.multiply(below[:, np.newaxis], below, out=products)
            rest[k + 1 :, k + 1 :] -= products
        self.lower: Numbers = np.tril(rest)

    def solved(self, B: Numbers) -> Numbers:
        """X of A X = B."""
        return self.backward(self.forward(B))

    def forward(self, B: Numbers) -> Numbers:
        """X of L X = B."""
        X = B.copy()
        for k, pivot in enumerate(self.pivots):
            X[k] = X[k] / pivot if pivot else 0.0
            X[k + 1 :] -= self.lower[k + 1 :, k, np.newaxis] * X[k]
        return X

    def backward(self, B: Numbers) -> Numbers:
        """X of the transpose of L times X = B."""
        X = B.copy()
        for k in range(len(self.pivots) - 1, -1, -1):
            pivot = self.pivots[k]
            X[k] = X[k] / pivot if pivot else 0.0
            X[:k] -= self.lower[k, :k, np.newaxis] * X[k]
        return X

    def inverse(self) -> Numbers:
        """Of A, to some six digits: the product of that of L, rounded, with its transpose."""
        half = rounded(self.forward(np.eye(len(self.pivots))), INPUT_BITS)
        return product(half.T, half, 2 * INPUT_BITS)
