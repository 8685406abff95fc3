"""The expected calibration error, by hand and by another way to compute it."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.scores import ClassRows, expected_calibration_error, score_classes


def test_by_hand() -> None:
    """Two bins of five: (0.6, 0.8] with one of two right, (0.8, 1] with all of three."""
    chances = np.array([[0.7, 0.3], [0.2, 0.8], [0.9, 0.1], [0.9, 0.1], [0.0, 1.0]])
    truth = np.array([1, 1, 0, 0, 1])
    # in the first bin the sum of right - confidence is 1 - (0.7 + 0.8), in the second 3 - (0.9 + 0.9 + 1)
    assert expected_calibration_error(truth, chances, bins=5) == pytest.approx((0.5 + 0.2) / 5, rel=1e-12)
    weights = np.array([2.0, 1.0, 1.0, 1.0, 4.0])
    found = expected_calibration_error(truth, chances, weights, bins=5)
    assert found == pytest.approx((abs(1 - 2 * 0.7 - 0.8) + 0.2) / 9, rel=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_row_by_row(seed: int) -> None:
    """Bins of Guo and others, filled one row after the other, of exact fractions so that edges are met."""
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 200)), int(rng.integers(2, 6))
    parts = rng.multinomial(30, np.full(k, 1 / k), n)
    chances, truth = parts / 30, rng.integers(0, k, n)
    weights = rng.integers(1, 4, n).astype(np.float64)
    bins: dict[int, list[tuple[float, float, float]]] = {}
    for row in range(n):
        winner = max(range(k), key=lambda one: (parts[row, one], -one))
        thirtieths = int(parts[row, winner])  # the bin of 15 that ends at or above it
        place = -(-thirtieths // 2)
        right = float(winner == truth[row])
        bins.setdefault(place, []).append((weights[row], right, thirtieths / 30))
    expected = 0.0
    for members in bins.values():
        total = sum(w for w, _, _ in members)
        right = sum(w * one for w, one, _ in members) / total
        sure = sum(w * one for w, _, one in members) / total
        expected += total / weights.sum() * abs(right - sure)
    assert expected_calibration_error(truth, chances, weights) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_a_score_has_it_where_outputs_are_probabilities() -> None:
    rows = ClassRows(np.array([0, 1]), np.array([0, 1]), np.array([[0.75, 0.25], [0.25, 0.75]]), chances=True)
    assert score_classes("kind", rows, ["a", "b"]).calibration_error == pytest.approx(0.25)
    assert score_classes("kind", rows._replace(chances=False), ["a", "b"]).calibration_error is None
    assert score_classes("kind", rows._replace(outputs=None), ["a", "b"]).calibration_error is None
