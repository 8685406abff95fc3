r"""Which candidates to mix, and how much of each, by answers to rows that they have not learnt from.

References
----------
Caruana, Niculescu-Mizil, Crew & Ksikes (2004), Ensemble selection from libraries of models, ICML.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

__all__ = ["ROUNDS", "blend", "squared_error"]

ROUNDS = 20


def squared_error(answers: Numbers, Y: Numbers, weight: Numbers | None = None) -> float:
    """Sum over rows and outputs of squared differences: of chances the Brier score; missing targets count 0.

    It is rounded once, so that a choice by it is the same on every machine.

    Examples
    --------
    >>> squared_error(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    0.5
    """
    squares = np.nan_to_num((answers - Y) ** 2, nan=0.0, posinf=math.inf)
    if weight is not None:
        squares = squares * weight[:, np.newaxis]
    return math.fsum(squares.ravel().tolist())


def blend(
    candidates: Sequence[Numbers], Y: Numbers, weight: Numbers | None = None, rounds: int = ROUNDS
) -> tuple[int, ...]:
    """How often each candidate is taken into a mean that is to have the least squared error.

    In each round that candidate is taken once more which makes the mean of all so far best; in the end as
    many rounds count as gave the best mean of all. The first of equals is taken.

    Parameters
    ----------
    candidates : sequence of arrays of shape (n_rows, n_outputs)
        Answers to rows that they have not learnt from.
    Y : array of shape (n_rows, n_outputs)
    weight : array of shape (n_rows,), optional
        What each row counts.
    rounds : int

    Returns
    -------
    tuple of int
        One for each candidate; their sum is the number of rounds that count.

    Examples
    --------
    >>> low, high = np.array([[0.0], [0.0]]), np.array([[2.0], [2.0]])
    >>> blend([low, high, 3 * high], np.array([[1.0], [1.0]]))
    (1, 1, 0)
    """
    counts, total = [0] * len(candidates), np.zeros_like(Y)
    best, best_error = tuple(counts), math.inf
    for taken in range(1, rounds + 1):
        errors = [squared_error((total + one) / taken, Y, weight) for one in candidates]
        k = min(range(len(candidates)), key=lambda c: (math.isnan(errors[c]), errors[c], c))
        counts[k] += 1
        total = total + candidates[k]
        if errors[k] < best_error:
            best, best_error = tuple(counts), errors[k]
    return best
