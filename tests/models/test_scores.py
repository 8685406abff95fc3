"""Scores agree with scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, r2_score, recall_score, root_mean_squared_error

from chainrule.scores.targets import score_classes, score_numbers

LABELS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30)
# The squares of smaller numbers than these are subnormal, or 0, in the oracle.
FLOATS = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-100)


@given(pairs=LABELS, majority=st.sampled_from("abc"))
def test_classes(pairs: list[tuple[str, str]], majority: str) -> None:
    actual, predicted = zip(*pairs, strict=True)
    score = score_classes(actual, predicted, "abc", majority)
    assert score.n_rows == len(pairs)
    assert score.accuracy == pytest.approx(accuracy_score(actual, predicted))
    assert score.majority_accuracy == pytest.approx(accuracy_score(actual, [majority] * len(pairs)))
    present = sorted(set(actual))
    recalls = recall_score(actual, predicted, labels=present, average=None, zero_division=0)
    assert [score.recall[name] for name in present] == pytest.approx(list(recalls))
    assert all(score.recall[name] is None for name in set("abc") - set(actual))


@given(pairs=st.lists(st.tuples(FLOATS, FLOATS), min_size=2, max_size=30), mean=FLOATS)
def test_numbers(pairs: list[tuple[float, float]], mean: float) -> None:
    actual, predicted = (np.array(column) for column in zip(*pairs, strict=True))
    score = score_numbers("y", actual, predicted, mean)
    size = max(np.abs(actual).max(), np.abs(predicted).max())
    assert score.rmse == pytest.approx(root_mean_squared_error(actual, predicted), rel=1e-9, abs=1e-12 * size)
    if np.std(actual) > 1e-6 * max(1.0, size):
        assert score.r2 == pytest.approx(r2_score(actual, predicted), rel=1e-6)
        assert score.mean_r2 == pytest.approx(r2_score(actual, np.full_like(actual, mean)), rel=1e-6)


def test_rows_that_do_not_vary_have_no_r2() -> None:
    score = score_numbers("y", np.array([2.0, 2.0]), np.array([2.0, 3.0]), training_mean=2.0)
    assert (score.r2, score.mean_r2, score.mean_rmse) == (None, None, 0.0)


def test_huge_numbers_do_not_overflow() -> None:
    score = score_numbers("y", np.array([1e300, -1e300]), np.array([0.0, 0.0]), training_mean=0.0)
    assert score.rmse == pytest.approx(1e300)
    assert score.r2 == pytest.approx(0.0)


def test_errors_of_the_largest_numbers_are_finite() -> None:
    actual, predicted = np.array([1e308, -1e308]), np.array([-1e308, 1e307])
    score = score_numbers("y", actual, predicted, training_mean=0.0)
    assert score.rmse == pytest.approx(1e308 * np.sqrt((4 + 1.21) / 2), rel=1e-12)
