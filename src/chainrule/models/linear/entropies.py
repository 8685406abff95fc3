"""Logistic regression, of classes and of labels, with a penalty."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from chainrule.elementary import exponential, logarithm, total_of
from chainrule.models.linear.products import INPUT_BITS, OTHER_BITS, Factor, product, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from chainrule.models.linear.features import Features

    Numbers = npt.NDArray[np.float64]

__all__ = ["least_cross_entropy"]

BITS = INPUT_BITS + OTHER_BITS
CLOSE = 2.0**-22  # what a step is expected to gain, beside which no other one is made
MOST_STEPS = 30
MOST_HALVINGS = 20
SUFFICIENT = 1e-4  # part of what the slope promises that a step must gain
MEMORY = 6
IN_CACHE = 8192  # numbers that the steps of exp find in the processor's cache


def least_cross_entropy(
    features: Features, Y: Numbers, counts: Numbers, penalties: Sequence[float], loss: str
) -> Iterator[Numbers]:
    r"""Weights of the features, shape (1 + n_features, n_outputs), for each penalty.

    Of a row with the chances p the Hessian of the loss in its net inputs has, on average over the directions
    that chances can go, the curvature

    .. math:: h_n = \frac{1}{K'} \sum_k p_{nk} (1 - p_{nk})

    with K' = K for K logistic outputs and K - 1 for those of softmax, which sum to 1. For one logistic
    output, and for two of softmax, there is no other direction, and

    .. math:: H = \frac{1}{N} A^T \operatorname{diag}(c_n h_n) A + \lambda I_{j > 0}

    is the Hessian of the weights of an output; for more it stands for it. Steps are those of L-BFGS, which
    begins from the inverse of H where the penalty's training begins: where that before it ended, and at first
    from 0. A step that does not descend enough is halved. It was the last where less than :math:`2^{-22}` is
    to be expected of another, or after 30.

    References
    ----------
    Liu & Nocedal (1989), On the limited memory BFGS method for large scale optimization,
    Mathematical Programming 45.
    """
    objective = _Objective(features, Y, counts, loss)
    V = np.zeros((features.A.shape[1], Y.shape[1]))
    for penalty in penalties:
        objective.penalties = features.penalties(penalty)[:, np.newaxis]
        V = _descended(objective, V)
        yield V


class _Objective:
    """Mean loss and penalty, and their gradient."""

    def __init__(self, features: Features, Y: Numbers, counts: Numbers, loss: str) -> None:
        self.A, self.loss = features.A, loss
        self.missing = np.isnan(Y)
        self.Y = np.where(self.missing, 0.0, Y)
        self.has_all = not self.missing.any()
        self.counts = counts[:, np.newaxis] / len(Y)
        self.penalties = np.zeros((self.A.shape[1], 1))

    def __call__(self, V: Numbers) -> tuple[float, Numbers, Numbers]:
        """Value and gradient at V, and the chances."""
        Z = product(self.A, V, BITS)
        of_rows = _of_softmax if self.loss == "cross_entropy" else _of_logistic
        rows = max(1, IN_CACHE // Z.shape[1])
        parts = [of_rows(Z[n : n + rows], self.Y[n : n + rows]) for n in range(0, len(Z), rows)]
        losses, P = parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
        R = P - self.Y
        if not self.has_all:
            losses, R = np.where(self.missing, 0.0, losses), np.where(self.missing, 0.0, R)
        slopes = product(self.A.T, rounded(R * self.counts, OTHER_BITS), BITS)
        penalised = self.penalties * V
        value = total_of(losses * self.counts) + _inner(penalised, V) / 2
        return value, slopes + penalised, P

    def inverse(self, P: Numbers) -> Numbers:
        """Inverse of the estimate of the Hessian of one output where the chances are P."""
        n_free = P.shape[1] - 1 if self.loss == "cross_entropy" else P.shape[1]
        curvatures = self.counts * (_sum(P * (1 - P)) / n_free)
        A = rounded(self.A * np.sqrt(curvatures), INPUT_BITS)
        hessian = product(A.T, A, 2 * INPUT_BITS) + np.diag(self.penalties[:, 0])
        return rounded(Factor(hessian).inverse(), INPUT_BITS)


def _of_softmax(Z: Numbers, Y: Numbers) -> tuple[Numbers, Numbers]:
    """Losses of outputs, and chances."""
    Z = Z - Z.max(axis=1, keepdims=True)
    powers = exponential(Z)
    total = _sum(powers)
    return Y * (logarithm(total) - Z), powers / total


def _sum(A: Numbers) -> Numbers:
    """Sum of the columns in their order, as a column."""
    total = A[:, :1].copy()
    for k in range(1, A.shape[1]):
        total += A[:, k : k + 1]
    return total


def _of_logistic(Z: Numbers, Y: Numbers) -> tuple[Numbers, Numbers]:
    """Losses of outputs, and chances."""
    power = exponential(-np.abs(Z))
    total = 1 + power
    return np.maximum(Z, 0.0) + logarithm(total) - Y * Z, np.where(Z < 0, power, 1.0) / total


def _descended(objective: _Objective, V: Numbers) -> Numbers:
    """Where steps from V end."""
    value, G, P = objective(V)
    inverse = objective.inverse(P)
    pairs: deque[tuple[Numbers, Numbers, float]] = deque(maxlen=MEMORY)
    for _ in range(MOST_STEPS):
        D = -_towards(G, pairs, inverse)
        slope = _inner(G, D)
        if not slope < -CLOSE:
            break
        step = 1.0
        for _ in range(MOST_HALVINGS):
            after = rounded(V + step * D, OTHER_BITS)
            value_after, G_after, _ = objective(after)
            if value_after <= value + SUFFICIENT * step * slope:
                break
            step /= 2
        else:
            break
        S, T = after - V, G_after - G
        V, value, G = after, value_after, G_after
        curvature = _inner(S, T)
        if curvature > 0:
            pairs.append((S, T, curvature))
    return V


def _towards(G: Numbers, pairs: Sequence[tuple[Numbers, Numbers, float]], inverse: Numbers) -> Numbers:
    """L-BFGS's estimate of the inverse Hessian, times the gradient."""
    shares = []
    for S, T, curvature in reversed(pairs):
        shares.append(_inner(S, G) / curvature)
        G = G - shares[-1] * T
    D = product(inverse, rounded(G, OTHER_BITS), BITS)
    if pairs:
        _, T, curvature = pairs[-1]
        D = D * (curvature / _inner(T, product(inverse, rounded(T, OTHER_BITS), BITS)))
    for (S, T, curvature), share in zip(pairs, reversed(shares), strict=True):
        D = D + (share - _inner(T, D) / curvature) * S
    return D


def _inner(A: Numbers, B: Numbers) -> float:
    """Inner product."""
    return total_of(A * B)
