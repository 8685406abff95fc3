"""Figures agree with scikit-learn's, and are None, without a warning, where it has none."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.exceptions import UndefinedMetricWarning

from chainrule.scores import ClassRows, NumberRows, score_classes, score_numbers
from chainrule.scores.ranks import area_of_classes, area_under_roc

SEEDS = st.integers(0, 2**32 - 1)
CLOSE: dict[str, Any] = {"rel": 1e-12, "abs": 1e-12}
NAMES = "abcde"


def rows_of_classes(rng: np.random.Generator, n: int, k: int, *, weighted: bool) -> ClassRows:
    """Rows with ties among the outputs, chances of 0 among them, and often classes without a row."""
    counts = rng.integers(0, 4, (n, k)).astype(float)
    counts[counts.sum(axis=1) == 0] = 1.0
    outputs = counts / counts.sum(axis=1, keepdims=True)
    there = rng.permutation(k)[: rng.integers(1, k + 1)]
    weights = rng.integers(1, 5, n).astype(np.float64) if weighted else None
    return ClassRows(rng.choice(there, n), outputs.argmax(axis=1), outputs, chances=True, weights=weights)


@settings(max_examples=300 if os.environ.get("FULL_SUITE") else 40)
@given(seed=SEEDS, n=st.integers(1, 40), k=st.integers(2, 5), weighted=st.booleans())
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true", "ignore:A single label was found")
def test_classes(seed: int, n: int, k: int, *, weighted: bool) -> None:
    rows = rows_of_classes(np.random.default_rng(seed), n, k, weighted=weighted)
    assert rows.outputs is not None
    score = score_classes("kind", rows, NAMES[:k], "b")
    truth, guess, every, weighing = rows.truth, rows.guess, list(range(k)), {"sample_weight": rows.weights}
    assert score.n_rows == n
    assert score.accuracy == pytest.approx(metrics.accuracy_score(truth, guess, **weighing), **CLOSE)
    always = metrics.accuracy_score(truth, np.ones(n), **weighing)
    assert score.majority_accuracy == pytest.approx(always, **CLOSE)
    balanced = metrics.balanced_accuracy_score(truth, guess, **weighing)
    assert score.balanced_accuracy == pytest.approx(balanced, **CLOSE)
    table = metrics.confusion_matrix(truth, guess, labels=every, **weighing)
    np.testing.assert_allclose(score.confusion, table, rtol=1e-12)
    log_loss = metrics.log_loss(truth, rows.outputs, labels=every, **weighing)
    assert score.log_loss == pytest.approx(log_loss, **CLOSE)
    chances = rows.outputs[:, 1] if k == 2 else rows.outputs
    brier = metrics.brier_score_loss(truth, chances, labels=every, **weighing)
    assert score.brier == pytest.approx(brier, **CLOSE)
    each = metrics.precision_recall_fscore_support(
        truth, guess, labels=every, zero_division=np.nan, **weighing
    )
    for mine, theirs in zip((score.precision, score.recall, score.f1), each, strict=False):
        expected = [None if np.isnan(one) else pytest.approx(one, **CLOSE) for one in theirs]
        assert list(mine.values()) == expected
    assert list(score.rows.values()) == np.bincount(truth, minlength=k).tolist()
    areas = [area_of(truth == place, rows.outputs[:, place], rows.weights) for place in every]
    there = [one for one in areas if one is not None]
    assert score.auc == (pytest.approx(np.mean(there), **CLOSE) if there else None)
    json.dumps(score.to_json(), allow_nan=False)


def area_of(truth: Any, outputs: Any, weights: Any) -> float | None:  # noqa: ANN401 (arrays)
    """Area by scikit-learn; None where it warns that there is none."""
    if truth.all() or not truth.any():
        with pytest.warns(UndefinedMetricWarning, match="Only one class is present"):
            metrics.roc_auc_score(truth, outputs, sample_weight=weights)
        return None
    return float(metrics.roc_auc_score(truth, outputs, sample_weight=weights))


def test_the_area_of_several_classes_is_the_macro_average() -> None:
    rows = rows_of_classes(np.random.default_rng(1), 60, 4, weighted=True)
    assert set(rows.truth) == {0, 1, 2, 3}
    theirs = metrics.roc_auc_score(rows.truth, rows.outputs, multi_class="ovr", sample_weight=rows.weights)
    assert score_classes("kind", rows, "abcd").auc == pytest.approx(theirs, **CLOSE)


def test_other_outputs_have_an_area_and_no_chances() -> None:
    truth = np.array([0, 1, 1, 0])
    outputs = np.array([[0.9, 0.1], [0.5, 0.9], [0.9, 0.8], [0.2, 0.3]])
    score = score_classes("kind", ClassRows(truth, outputs.argmax(axis=1), outputs), "ab")
    assert (score.log_loss, score.brier) == (None, None)
    assert score.auc == metrics.roc_auc_score(truth, outputs[:, 1] - outputs[:, 0]) != 1.0
    assert score_classes("kind", ClassRows(truth, truth), "ab").auc is None


def test_weights_of_which_products_are_too_small_for_a_float_count_as_others_do() -> None:
    """What they count against each other within a class is all that recalls and areas know of."""
    rng = np.random.default_rng(2)
    rows, own = rows_of_classes(rng, 30, 2, weighted=False), rng.uniform(1.0, 2.0, 30)
    rows = rows._replace(truth=np.arange(30) % 2)
    scores = [
        score_classes("kind", rows._replace(weights=np.where(rows.truth == 1, own * tiny, own)), "ab")
        for tiny in (1.0, 1e-300)
    ]
    assert scores[0].auc is not None
    assert scores[1].auc == pytest.approx(scores[0].auc)
    for name in ("auc", "balanced_accuracy"):
        assert scores[1].intervals[name] == pytest.approx(scores[0].intervals[name])


def test_weights_are_rows_counted_more_often() -> None:
    rng = np.random.default_rng(1)
    rows = rows_of_classes(rng, 30, 3, weighted=False)
    times = rng.integers(1, 4, 30)
    assert rows.outputs is not None
    outputs = np.repeat(rows.outputs, times, axis=0)
    again = ClassRows(np.repeat(rows.truth, times), np.repeat(rows.guess, times), outputs, chances=True)
    weighted = rows._replace(weights=times.astype(float))
    one, other = (
        score_classes("kind", which, "abc", "a").to_json(intervals=False) for which in (weighted, again)
    )
    for name in ("accuracy", "balanced_accuracy", "log_loss", "auc", "brier"):
        assert one[name] == pytest.approx(other[name], rel=1e-12)
    for name in ("precision", "recall", "f1"):
        assert list(one[name].values()) == pytest.approx(list(other[name].values()), rel=1e-12)
    assert np.array_equal(one["confusion"], other["confusion"])
    assert one["rows"] != other["rows"]


@pytest.mark.parametrize("right", [True, False])
def test_one_row(*, right: bool) -> None:
    outputs = np.array([[0.25, 0.75]])
    score = score_classes(
        "kind", ClassRows(np.array([int(right)]), np.array([1]), outputs, chances=True), "ab"
    )
    assert score.accuracy == score.balanced_accuracy == right
    assert (score.auc, score.majority, score.majority_accuracy) == (None, None, None)
    assert score.recall == ({"a": None, "b": 1.0} if right else {"a": 0.0, "b": None})
    assert score.precision == {"a": None, "b": float(right)}
    assert score.intervals["log_loss"] is None
    assert score.intervals["accuracy"] is not None


def test_a_majority_that_no_row_has_is_never_right() -> None:
    rows = ClassRows(np.array([0, 0]), np.array([0, 1]))
    assert score_classes("kind", rows, "ab", "b").majority_accuracy == 0
    assert score_classes("kind", rows, "ab", "c").majority_accuracy is None


@settings(max_examples=300 if os.environ.get("FULL_SUITE") else 50)
@given(seed=SEEDS, n=st.integers(1, 40), weighted=st.booleans(), shift=st.sampled_from([0.0, 0.5, 100.0]))
def test_numbers(seed: int, n: int, *, weighted: bool, shift: float) -> None:
    rng = np.random.default_rng(seed)
    actual, predicted = rng.integers(-8, 8, n).astype(np.float64) + shift, rng.normal(0, 4, n) + shift
    weights = rng.integers(1, 5, n).astype(np.float64) if weighted else None
    mean = float(rng.integers(-3, 3) + shift)
    score = score_numbers("y", NumberRows(actual, predicted, weights, mean))
    weighing = {"sample_weight": weights}
    figures = (score.rmse, score.mae, score.mape, score.r2)
    always = (score.mean_rmse, score.mean_mae, score.mean_mape, score.mean_r2)
    for guess, mine in ((predicted, figures), (np.full(n, mean), always)):
        rmse, mae, mape, r2 = mine
        assert rmse == pytest.approx(metrics.root_mean_squared_error(actual, guess, **weighing), **CLOSE)
        assert mae == pytest.approx(metrics.mean_absolute_error(actual, guess, **weighing), **CLOSE)
        shares = metrics.mean_absolute_percentage_error(actual, guess, **weighing)
        assert mape == (None if (actual == 0).any() else pytest.approx(shares, **CLOSE))
        if np.ptp(actual) == 0:  # scikit-learn says 0 or 1, and warns of one row
            assert r2 is None
        else:
            assert r2 == pytest.approx(metrics.r2_score(actual, guess, **weighing), **CLOSE)
    json.dumps(score.to_json(), allow_nan=False)


def test_what_scikit_learn_says_where_these_are_none() -> None:
    with pytest.warns(UndefinedMetricWarning, match="less than two samples"):
        assert np.isnan(metrics.r2_score([1.0], [2.0]))
    assert metrics.r2_score([1.0, 1.0], [2.0, 2.0]) == 0
    assert metrics.mean_absolute_percentage_error([0.0], [1.0]) > 1e15
    with pytest.warns(UndefinedMetricWarning, match="Precision is ill-defined"):
        assert metrics.precision_score([1, 1], [0, 0]) == 0


def test_rows_that_do_not_vary_have_no_r2() -> None:
    score = score_numbers("y", NumberRows(np.array([2.0, 2.0]), np.array([2.0, 3.0]), mean=2.0))
    assert (score.r2, score.mean_r2, score.mean_rmse) == (None, None, 0.0)
    assert score.intervals["r2"] is None
    counted = NumberRows(np.array([2.0, 2.0, 3.0]), np.array([2.0, 3.0, 3.0]), np.array([1.0, 1.0, 0.0]))
    assert score_numbers("y", counted).r2 is None


def test_dates_have_no_share_of_error() -> None:
    score = score_numbers("due", NumberRows(np.array([1.0, 3.0]), np.array([2.0, 2.0]), has_zero=False))
    assert (score.mape, score.intervals["mape"], score.mae) == (None, None, 1.0)


def test_huge_numbers_do_not_overflow() -> None:
    score = score_numbers("y", NumberRows(np.array([1e300, -1e300]), np.array([0.0, 0.0])))
    assert score.rmse == score.mae == pytest.approx(1e300)
    assert score.r2 == pytest.approx(0.0)
    assert score.mape == 1.0


def test_errors_of_the_largest_numbers_are_finite() -> None:
    rows = NumberRows(np.array([1e308, -1e308, 3e307]), np.array([-1e308, 1e307, 3e307]))
    score = score_numbers("y", rows)
    assert score.rmse == pytest.approx(1e308 * np.sqrt((4 + 1.21) / 3), rel=1e-12)
    assert score.mae == pytest.approx(1e308 * (3.1 / 3), rel=1e-12)
    assert score.mape == pytest.approx(3.1 / 3, rel=1e-12)
    interval = score.intervals["rmse"]
    assert interval is not None
    assert interval[0] < score.rmse < interval[1]


def test_what_a_row_pulls_the_area_is_its_slope_by_the_weight_of_the_row() -> None:
    rng = np.random.default_rng(4)
    truth, outputs = rng.integers(0, 3, 40), rng.integers(0, 6, (40, 3)) / 5
    weights = rng.uniform(0.5, 2.0, 40)
    area = area_of_classes(truth, outputs, weights, sum_to_1=False)
    assert area is not None
    for row in range(40):
        step = np.where(np.arange(40) == row, 1e-6 * weights, 0.0)
        above, below = (
            area_of_classes(truth, outputs, w, sum_to_1=False) for w in (weights + step, weights - step)
        )
        assert above is not None
        assert below is not None
        assert area.pulls[row] == pytest.approx((above.area - below.area) / 2e-6, abs=1e-8)


def test_the_error_of_an_area_is_that_of_delong() -> None:
    rng = np.random.default_rng(5)
    truth = np.repeat([False, True], [40, 60])
    outputs = rng.normal(size=100) + truth
    area = area_under_roc(truth, outputs, np.ones(100))
    assert area is not None
    pairs = outputs[truth][:, np.newaxis] > outputs[~truth]
    variance = pairs.mean(axis=1).var(ddof=1) / 60 + pairs.mean(axis=0).var(ddof=1) / 40
    assert area.error == pytest.approx(np.sqrt(variance), rel=0.01)
