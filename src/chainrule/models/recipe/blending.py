r"""Which candidates to mix, and how much of each, by answers to rows that they have not learnt from.

References
----------
Caruana, Niculescu-Mizil, Crew & Ksikes (2004), Ensemble selection from libraries of models, ICML.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chainrule.elementary import total_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

__all__ = ["ROUNDS", "Answers", "blend", "squared_error"]

ROUNDS = 20
ROUNDED = 1e-12  # of an error, by which means of the same candidates may differ


class Answers(NamedTuple):
    """What candidates answer to rows that they have not learnt from, once for each drawing of folds.

    Attributes
    ----------
    by_drawing : tuple of arrays of shape (n_rows, n_outputs)
        Of each drawing those of the networks that had a row in the fold which they did not see.
    members : int
        How many networks the model will have of it, all of which answer.

    Examples
    --------
    >>> one = Answers((np.array([[1.0]]), np.array([[3.0]])), members=8)
    >>> one.mean, one.error(np.array([[2.0]]))
    (array([[2.]]), 0.25)
    """

    by_drawing: tuple[Numbers, ...]
    members: int = 1

    @property
    def mean(self) -> Numbers:
        """Mean of the drawings."""
        total = self.by_drawing[0]
        for one in self.by_drawing[1:]:
            total = total + one
        return total / len(self.by_drawing)

    def error(self, Y: Numbers, weight: Numbers | None = None) -> float:
        r"""Squared error that the mean of all networks is expected to have, equations (70) and (71).

        The mean of R drawings is one of R networks for each row. What these differ by, with the variance
        :math:`s^2`, counts less in a mean of M: by :math:`s^2 / M` in place of :math:`s^2 / R`. What is
        left of the error without it is no less than 0, whatever is estimated of few rows.
        """
        mean, n = self.mean, len(self.by_drawing)
        error = squared_error(mean, Y, weight)
        if n == 1 or self.members <= n or math.isinf(error):
            return error
        expected = np.where(np.isnan(Y), np.nan, mean)
        apart = math.fsum(squared_error(one, expected, weight) for one in self.by_drawing) / (n - 1)
        return max(error - apart / n, 0.0) + apart / self.members

    def mixed(self, other: Answers, counts: tuple[int, int]) -> Answers:
        """Mean of both, each as often as it counts."""
        a, b = counts
        pairs = zip(self.by_drawing, other.by_drawing, strict=True)
        return Answers(
            tuple((a * one + b * two) / (a + b) for one, two in pairs), max(self.members, other.members)
        )

    def taken(self, rows: npt.NDArray[np.intp]) -> Answers:
        """Those to some of the rows."""
        return Answers(tuple(one[rows] for one in self.by_drawing), self.members)


def squared_error(answers: Numbers, Y: Numbers, weight: Numbers | None = None) -> float:
    """Sum over rows and outputs of squared differences, equation (69); missing targets count 0.

    Its bits are the same on every machine, and so is a choice by it. Answers that are no numbers make it
    infinite.

    Examples
    --------
    >>> squared_error(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    0.5
    """
    squares = (answers - Y) ** 2
    squares[np.isnan(Y)] = 0
    if weight is not None:
        squares = np.where(weight[:, np.newaxis] > 0, squares * weight[:, np.newaxis], 0)
    if not np.isfinite(squares).all():
        return math.inf
    return total_of(squares)


def blend(
    candidates: Sequence[Answers], Y: Numbers, weight: Numbers | None = None, rounds: int = ROUNDS
) -> tuple[int, ...]:
    """How often each candidate is taken into a mean that is to have the least squared error.

    In each round that candidate is taken once more which makes the mean of all so far best; in the end as
    many rounds count as gave the best mean of all. The first of equals is taken.

    Parameters
    ----------
    candidates : sequence of Answers
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
    >>> low, high, far = (Answers((np.full((2, 1), value),)) for value in (0.0, 2.0, 6.0))
    >>> blend([low, high, far], np.array([[1.0], [1.0]]))
    (1, 1, 0)
    """
    counts, mixed = [0] * len(candidates), None
    best, best_error = tuple(counts), math.inf
    for taken in range(rounds):
        mixes = [one if mixed is None else mixed.mixed(one, (taken, 1)) for one in candidates]
        errors = [one.error(Y, weight) for one in mixes]
        k = min(range(len(candidates)), key=lambda c: (errors[c], c))
        counts[k] += 1
        mixed = mixes[k]
        if not taken or errors[k] < best_error - ROUNDED * abs(best_error):
            best, best_error = tuple(counts), errors[k]
    return best
