"""What the recipe mixes: the greedy choice against exact fractions, and what a mean of more would err."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from operator import mul
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.models.recipe.blending import Answers, blend, squared_error

if TYPE_CHECKING:
    import numpy.typing as npt


def exact_blend(
    candidates: list[list[Fraction]], y: list[Fraction], weight: list[Fraction], rounds: int
) -> tuple[int, ...]:
    """The same choice in fractions: every mean is made anew of the counts."""

    def error(counts: list[int]) -> Fraction:
        shares = [Fraction(count, sum(counts)) for count in counts]
        means = [sum(map(mul, shares, answers), Fraction()) for answers in zip(*candidates, strict=True)]
        return sum((w * (mean - own) ** 2 for w, mean, own in zip(weight, means, y, strict=True)), Fraction())

    counts, best = [0] * len(candidates), None
    for _ in range(rounds):
        ways = [[c + (k == j) for j, c in enumerate(counts)] for k in range(len(candidates))]
        counts = min(ways, key=error)
        if best is None or error(counts) < error(best):
            best = counts
    assert best is not None
    return tuple(best)


def column(*values: float) -> Answers:
    return Answers((np.array(values)[:, np.newaxis],))


@given(seed=st.integers(0, 10**6), n=st.integers(1, 6), rows=st.integers(1, 7), rounds=st.integers(1, 20))
def test_the_choice_is_the_greedy_one_in_exact_fractions(seed: int, n: int, rows: int, rounds: int) -> None:
    drawn = np.random.default_rng(seed)
    values, y, weight = drawn.normal(size=(n, rows)), drawn.normal(size=rows), drawn.uniform(0.1, 2, rows)
    asked = blend([column(*one) for one in values], y[:, np.newaxis], weight, rounds)
    exact = exact_blend(
        [list(map(Fraction, one)) for one in values.tolist()],
        list(map(Fraction, y.tolist())),
        list(map(Fraction, weight.tolist())),
        rounds,
    )
    assert asked == exact


def test_the_choice_by_hand() -> None:
    """Targets 0 and 3; answers 1 1, 0 6 and 9 9.

    Errors alone: 1 + 4 = 5, 0 + 9 = 9, 81 + 36: the first is taken. Beside it the first again has 5; the mean
    with the second is 1/2 7/2, with 1/4 + 1/4 = 1/2. A third: (2 · first + second)/3 = 2/3 8/3 with 4/9 + 1/9
    = 5/9, (first + 2 · second)/3 = 1/3 13/3 with 1/9 + 16/9. So 2 rounds count, and after four 2 : 2 is no
    better.
    """
    candidates, Y = [column(1, 1), column(0, 6), column(9, 9)], np.array([[0.0], [3.0]])
    assert blend(candidates, Y, rounds=1) == (1, 0, 0)
    assert blend(candidates, Y, rounds=2) == (1, 1, 0)
    assert blend(candidates, Y, rounds=4) == (1, 1, 0)


def test_the_first_of_equals_is_taken_and_one_that_is_nan_never() -> None:
    Y = np.array([[1.0]])
    assert blend([column(2.0), column(0.0), column(2.0)], Y, rounds=1) == (1, 0, 0)
    assert blend([column(np.inf), column(0.0)], Y, rounds=1) == (0, 1)
    assert blend([column(np.nan), column(9.0)], Y) == (0, 1)
    assert sum(blend([column(np.inf), column(np.inf)], Y)) == 1


def test_weights_of_rows_count_as_so_many_rows() -> None:
    drawn = np.random.default_rng(3)
    values, y, times = drawn.normal(size=(4, 6)), drawn.normal(size=6), np.array([1, 3, 2, 1, 4, 2])
    weighted = blend([column(*one) for one in values], y[:, np.newaxis], times.astype(float))
    repeated = blend([column(*np.repeat(one, times)) for one in values], np.repeat(y, times)[:, np.newaxis])
    assert weighted == repeated


def test_targets_that_are_missing_count_nothing() -> None:
    Y = np.array([[1.0, np.nan], [np.nan, 2.0]])
    assert squared_error(np.array([[3.0, 7.0], [9.0, 2.5]]), Y) == 4.25


@pytest.mark.parametrize(("n_drawings", "members"), [(2, 8), (2, 2), (3, 24), (1, 4)])
def test_the_error_is_what_a_mean_of_all_networks_has_in_the_mean(n_drawings: int, members: int) -> None:
    """Networks that answer 5 + 1 or 5 - 1, each as likely, where 3 is right: a mean of M errs by 4 + 1/M.

    Of one drawing alone nobody knows how much networks differ, and the error stays that of one.
    """
    Y = np.array([[3.0, np.nan]])  # of which the second is not there, and nothing is known

    def error(signs: tuple[int, ...]) -> float:
        return Answers(tuple(np.array([[5.0 + sign, 99.0 * sign]]) for sign in signs), members).error(Y)

    all_ways = list(product((-1, 1), repeat=n_drawings))
    expected = 4 + 1 / (members if n_drawings > 1 else 1)
    assert sum(map(error, all_ways)) / len(all_ways) == pytest.approx(expected, rel=1e-12)


def test_a_mix_of_networks_that_differ_the_same_way_keeps_their_difference() -> None:
    """Drawing by drawing, so that what two candidates have in common does not cancel."""

    def answers(*values: float) -> Answers:
        parts: tuple[npt.NDArray[np.float64], ...] = tuple(np.array([[one]]) for one in values)
        return Answers(parts, 8)

    mixed = answers(1.0, 3.0).mixed(answers(2.0, 6.0), (1, 3))
    assert [float(one[0, 0]) for one in mixed.by_drawing] == [1.75, 5.25]
    assert mixed.members == 8
