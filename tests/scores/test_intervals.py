"""Intervals hold the true figure about 95 times in a hundred, and cost little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from chainrule.scores import ClassRows, ClassScore, NumberRows, NumberScore, score_classes, score_numbers
from chainrule.scores.intervals import bootstrap_intervals

if TYPE_CHECKING:
    from collections.abc import Callable

    Score = ClassScore | NumberScore
    World = Callable[[np.random.Generator, int, int], Score]

N_ROWS = 200
MANY = 200_000  # rows that tell what is true


def two_classes(rng: np.random.Generator, n: int, seed: int) -> ClassScore:
    """Chances that are too bold, as those of a network often are."""
    log_odds = rng.normal(0.5, 1.5, n)
    truth = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(np.intp)
    second = 1 / (1 + np.exp(-1.5 * log_odds))
    outputs = np.stack([1 - second, second], axis=1)
    return score_classes(
        "y", ClassRows(truth, outputs.argmax(axis=1), outputs, chances=True, seed=seed), "ab"
    )


def three_classes(rng: np.random.Generator, n: int, seed: int) -> ClassScore:
    """One class of three is rare."""
    z = rng.normal(size=(n, 3)) * 1.5 + [0.5, 0.0, -1.0]
    outputs = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    truth = (rng.random((n, 1)) > np.cumsum(outputs, axis=1)[:, :2]).sum(axis=1)
    return score_classes(
        "y", ClassRows(truth, outputs.argmax(axis=1), outputs, chances=True, seed=seed), "abc"
    )


def plain_numbers(rng: np.random.Generator, n: int, seed: int) -> NumberScore:
    signal = rng.normal(size=n)
    return score_numbers("y", NumberRows(10 + signal + rng.normal(size=n), 10 + signal, seed=seed))


def long_tailed_numbers(rng: np.random.Generator, n: int, seed: int) -> NumberScore:
    """Errors whose tails are those of Laplace's distribution."""
    signal = rng.normal(0, 2, n)
    return score_numbers("y", NumberRows(20 + signal + rng.laplace(size=n), 20 + signal, seed=seed))


WORLDS: list[World] = [two_classes, three_classes, plain_numbers, long_tailed_numbers]


def covered(world: World, n_tables: int) -> dict[str, float]:
    """How often each interval holds what is true."""
    true = world(np.random.default_rng(0), MANY, 0)
    holds = {name: 0 for name in true.to_json(intervals=False) if name in FIGURES}
    for seed in range(n_tables):
        score = world(np.random.default_rng(1 + seed), N_ROWS, seed)
        for name in holds:
            low, high = score.intervals[name] or (np.nan, np.nan)
            holds[name] += low <= getattr(true, name) <= high
    return {name: n / n_tables for name, n in holds.items()}


FIGURES = {"accuracy", "balanced_accuracy", "log_loss", "auc", "brier", "rmse", "mae", "mape", "r2"}


@pytest.mark.parametrize("world", WORLDS)
def test_intervals_hold_what_is_true(world: World) -> None:
    shares = covered(world, 40)
    assert len(shares) >= 4
    assert all(share >= 0.85 for share in shares.values()), shares
    assert min(shares.values()) < 1, "they are not too wide either"


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_intervals_hold_what_is_true_95_times_in_a_hundred(world: World) -> None:
    shares = covered(world, 1000)
    assert all(0.92 <= share <= 0.98 for share in shares.values()), shares


GOLDEN = (77.14023570589634, 95.50315237605831)


def test_the_same_seed_gives_the_same_bits() -> None:
    """Golden: they are not to move, on any machine."""
    rng = np.arange(300.0) % 17
    terms = [np.ones(300), rng * rng]
    found = bootstrap_intervals(terms, {"mean": lambda sums: sums[1] / sums[0]}, seed=7)["mean"]
    assert found == pytest.approx(GOLDEN, rel=1e-14)
    other = bootstrap_intervals(terms, {"mean": lambda sums: sums[1] / sums[0]}, seed=8)["mean"]
    assert other != GOLDEN


@pytest.mark.parametrize("n", [2000, 2001, 10_000])
def test_many_rows_are_put_together_and_say_the_same(n: int) -> None:
    """The interval of a mean is that of the formula, 1.96 standard errors to each side."""
    values = np.random.default_rng(n).normal(5, 2, n)
    terms = [np.ones(n), values]
    low, high = bootstrap_intervals(terms, {"mean": lambda sums: sums[1] / sums[0]}, seed=1)["mean"] or (0, 0)
    half = 1.96 * values.std() / np.sqrt(n)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.15 * half)


def test_order_of_sorted_rows_does_not_narrow_an_interval() -> None:
    values = np.sort(np.random.default_rng(1).normal(5, 2, 9999))
    low, high = bootstrap_intervals([values], {"sum": lambda sums: sums[0]}, seed=1)["sum"] or (0, 0)
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() * np.sqrt(9999), rel=0.1)


def test_what_does_not_vary_has_no_interval() -> None:
    ones = np.ones(20)
    assert bootstrap_intervals([ones], {"sum": lambda sums: sums[0]}, seed=0) == {"sum": None}
    perfect = ClassRows(np.arange(20) % 2, np.arange(20) % 2, np.eye(2)[np.arange(20) % 2], chances=True)
    score = score_classes("y", perfect, "ab")
    assert score.auc == 1
    assert score.intervals["auc"] is None
    assert score.intervals["accuracy"] == pytest.approx((0.839, 1), abs=1e-3)  # Wilson's
    low, high = score.intervals["balanced_accuracy"] or (1, 1)
    assert low < 0.85
    assert high == 1


def test_no_share_explained_is_above_1_where_resamples_have_one_value() -> None:
    actual = np.array([-6.5179115261168965] * 4 + [-1.7471729232577715])
    predicted = np.array([-6.0187943, -6.3201672, -7.0103307, -6.5194725, -1.9342121])
    ends = score_numbers("y", NumberRows(actual, predicted, None, 0.2)).intervals["r2"]
    assert ends is not None
    assert 0.9 < ends[0] < ends[1] <= 1
    actual = np.array([1.26] * 4 + [-1.32])  # here rounding leaves a little more than 0
    predicted = np.array([1.452, 1.291, 1.099, 1.368, -0.929])
    ends = score_numbers("y", NumberRows(actual, predicted, None, 0.2)).intervals["r2"]
    assert ends is not None
    assert 0.5 < ends[0] < ends[1] <= 1


def test_intervals_are_computed_when_they_are_asked_for() -> None:
    score = two_classes(np.random.default_rng(0), 50, 0)
    assert "intervals" not in vars(score)
    assert score.to_json(intervals=False)["intervals"] is None
    assert "intervals" not in vars(score)
    assert score.intervals is score.intervals
