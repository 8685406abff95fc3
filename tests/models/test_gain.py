"""A fit says that it gains something where there is something that no linear model sees, and only there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

import chainrule
from chainrule.models import prepare
from chainrule.models.judging import linear
from chainrule.models.judging.linear import linear_network
from chainrule.scores import ClassRows, Gain, NumberRows, gain_of, score_classes, score_lines, score_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning", "ignore::chainrule.TableWarning")


def as_table(X: Any, y: Any) -> pa.Table:  # noqa: ANN401 (arrays)
    return pa.table({**{f"x{k}": column for k, column in enumerate(X.T)}, "y": y})


def noise(seed: int) -> pa.Table:
    """Inputs that say nothing of the target: a number, or one of two or three classes."""
    rng = np.random.default_rng(seed)
    n = (60, 100, 200, 300, 500)[seed % 5]
    X = rng.normal(size=(n, 3 + seed % 4))
    return as_table(
        X, rng.normal(size=n) if seed % 2 else np.array([*"abc"])[rng.integers(2 + seed % 4 // 2, size=n)]
    )


def effect(seed: int) -> pa.Table:
    """An effect of two inputs together, of which each alone, and any sum of them, says nothing."""
    rng = np.random.default_rng(1000 + seed)
    n = (300, 500, 700, 1000)[seed % 4]
    X = rng.normal(size=(n, 5))
    signs = (X > 0).astype(float)
    kinds: list[Callable[[], pa.Table]] = [
        lambda: as_table(signs, np.where(signs[:, 0] != signs[:, 1], "yes", "no")),
        lambda: as_table(X, np.where(signs[:, 0] != signs[:, 1], "yes", "no")),
        lambda: as_table(X[:, :2], np.where((X[:, :2] ** 2).sum(axis=1) < 1.4, "in", "out")),
        lambda: as_table(X, X[:, 0] * X[:, 1] + rng.normal(0, 0.3, n)),
        lambda: as_table(X, X[:, 0] ** 2 + X[:, 1] ** 2 + rng.normal(0, 0.3, n)),
    ]
    return kinds[seed % 5]()


def verdicts(tables: list[pa.Table]) -> list[str]:
    gains = [chainrule.fit(table, target="y", seed=seed).gain for seed, table in enumerate(tables)]
    return [gain.verdict for gain in gains if gain is not None]


def test_three_tables_of_noise_and_three_with_an_effect() -> None:
    found = verdicts([noise(seed) for seed in range(3)] + [effect(seed) for seed in (0, 2, 4)])
    assert "better" not in found[:3]
    assert found[3:] == ["better"] * 3


@pytest.mark.slow
def test_of_noise_nothing_is_gained() -> None:
    found = verdicts([noise(seed) for seed in range(20)])
    assert len(found) == 20
    assert found.count("better") <= 2, found


@pytest.mark.slow
def test_of_an_effect_that_no_linear_model_sees_something_is() -> None:
    found = verdicts([effect(seed) for seed in range(20)])
    assert found.count("better") >= 18, found


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_the_linear_model_is_that_of_scikit_learn(kind: str) -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(300, 4))
    signal = X @ [1.0, -2.0, 0.5, 0.0] + rng.normal(size=300)
    y = signal if kind == "numbers" else np.array([*"abc"])[np.digitize(signal, [-1, 1])]
    data = prepare(as_table(X, y), target="y")
    weights = rng.integers(1, 4, 300).astype(float)
    network = linear_network(data, weights)
    assert network is not None
    learnt, judged = data.training_rows, data.held_out_rows
    of_learnt = weights[learnt] / weights[learnt].mean()
    outputs = network(data.X[judged])
    if kind == "numbers":
        line = Ridge(alpha=1.0).fit(data.X[learnt], data.Y[learnt, 0], of_learnt)
        np.testing.assert_allclose(outputs[:, 0], line.predict(data.X[judged]), atol=1e-4)
    else:
        # scikit-learn's softmax has the same penalty, and so the same optimum.
        line = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(
            data.X[learnt], data.Y[learnt].argmax(axis=1), of_learnt
        )
        np.testing.assert_allclose(outputs, line.predict_proba(data.X[judged]), atol=2e-3)


def test_a_large_table_is_sampled_by_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "MOST_ROWS", 50)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    data = [prepare(as_table(X, X[:, 0] + rng.normal(size=200)), target="y", seed=seed) for seed in (1, 1, 2)]
    rows = [linear._rows(one.training_rows, 3, one.seed) for one in data]
    assert [len(one) for one in rows] == [50] * 3
    assert np.array_equal(rows[0], rows[1])
    assert not np.array_equal(rows[0], rows[2])
    assert set(rows[0]) <= set(data[0].training_rows)
    monkeypatch.undo()
    assert len(linear._rows(np.arange(10**6), 10**5, 0)) == 1000


def test_without_rows_held_out_there_is_no_verdict() -> None:
    result = chainrule.fit(noise(0), target="y", held_out=0, epochs=2)
    assert (result.linear_score, result.gain, result.held_out_score) == (None, None, None)
    assert "No rows were held out" in str(result)


def test_the_better_of_a_linear_model_and_the_guess_is_what_counts() -> None:
    actual = np.arange(40.0)
    close, far = (score_numbers("y", NumberRows(actual, actual + by, mean=19.5)) for by in (0.5, 30.0))
    gain = gain_of((close,), (far,))
    assert gain is not None
    assert (gain.verdict, gain.than) == ("better", "mean")
    assert gain.network == pytest.approx(0.5)
    assert gain.other == pytest.approx(close.mean_rmse)
    assert gain.difference == pytest.approx(1 - 0.25 / close.mean_rmse**2)
    worse = gain_of((far,), (close,))
    assert worse is not None
    assert (worse.verdict, worse.than) == ("worse", "linear model")
    assert worse.difference == pytest.approx(-(1 - 0.25 / 900))
    assert worse.interval is not None
    assert -1 <= worse.interval[0] < worse.interval[1] < 0
    assert str(worse).startswith(
        "On these 40 rows the network is worse than a linear model: RMSE 30.00 against 0.5000, "
        "359900 % more squared error (95 % interval: "
    )
    lost = score_numbers("y", NumberRows(actual, np.full(40, np.inf)))
    assert getattr(gain_of((lost,), (close,)), "verdict", "") == "worse"
    assert getattr(gain_of((close,), (lost,)), "than", "") == "mean"


def test_how_much_more_a_network_errs_is_told_of_what_the_other_one_errs() -> None:
    told = {by: Gain("worse", "mean", "rmse", 3, 1, by, None, 9) for by in (-8 / 9, -0.2, 0.2, -1.0, -1e-320)}
    assert "RMSE 3.000 against 1.000, 800 % more squared error" in str(told[-8 / 9])
    assert "25 % more" in str(told[-0.2])
    assert "20 % less" in str(told[0.2])
    assert "infinitely more squared error." in str(told[-1.0])
    assert "0 % more" in str(told[-1e-320])


def test_of_one_row_no_interval_is_told() -> None:
    told = score_numbers("y", NumberRows(np.array([3.0]), np.array([2.5]), mean=2.0))
    other = score_numbers("y", NumberRows(np.array([3.0]), np.array([2.0]), mean=2.0))
    gain = gain_of((told,), (other,))
    assert gain is not None
    assert gain.interval is not None
    assert str(gain).endswith(
        "75 % less squared error, which may be chance (the rows are too few for an interval)."
    )
    assert "infinitely" not in str(gain)
    assert "95 % interval: " in str(Gain("no better", "mean", "rmse", 3, 1, -0.5, (-0.6, 0.2), 9))


def test_a_network_that_is_linear_is_not_said_to_be_compared_with_what_it_is() -> None:
    table = as_table(np.arange(40.0)[:, np.newaxis], np.arange(40.0) * 2 + np.arange(40) % 3)
    linear = chainrule.fit(table, target="y", hidden=(), epochs=2)
    hidden = chainrule.fit(table, target="y", hidden=2, epochs=2)
    words = "the network, which is a linear model itself, is {} than one with the usual penalty: "
    assert linear.gain is not None
    assert hidden.gain is not None
    assert words.format(linear.gain.verdict) in str(linear.gain)
    assert f"the network is {hidden.gain.verdict} than " in str(hidden.gain)
    folds = chainrule.fit(table, target="y", hidden=(), epochs=2, folds=2).cross_validation
    assert folds is not None
    assert folds.gain is not None
    assert folds.gain.is_linear


def test_no_line_begins_with_the_sign_of_a_percentage() -> None:
    for rows in (10**digits for digits in range(12)):
        gain = Gain("no better", "linear model", "rmse", 3.0, 2.0, -5 / 9, (-0.6, 0.2), rows)
        lines = score_lines((), gain=gain)
        lines = lines[lines.index("") + 1 :]
        assert max(map(len, lines)) <= 98
        assert not any(line.startswith("%") for line in lines)
        assert " ".join(lines) == str(gain)


def test_a_few_rows_are_no_proof() -> None:
    truth = np.array([0, 1, 1, 0, 1])
    right, wrong = ClassRows(truth, truth), ClassRows(truth, np.array([0, 1, 0, 1, 0]))
    gain = gain_of(score_classes("y", right, "ab", "a"), score_classes("y", wrong, "ab", "a"))
    assert gain is not None
    assert gain.verdict == "no better"
    assert gain.difference == pytest.approx(0.6)
    many = [ClassRows(np.tile(rows.truth, 10), np.tile(rows.guess, 10)) for rows in (right, wrong)]
    gain = gain_of(score_classes("y", many[0], "ab", "a"), score_classes("y", many[1], "ab", "a"))
    assert gain is not None
    assert gain.verdict == "better"
    assert gain.network == 1.0
    assert gain.other == pytest.approx(0.4)
    unknown = score_classes("y", right, "ab")
    assert gain_of(unknown, None) is None


def test_numbers_near_the_largest_do_not_overflow() -> None:
    actual = 1e308 * np.linspace(-1, 1, 50)
    score = score_numbers("y", NumberRows(actual, actual * 0.9, mean=0.0))
    gain = gain_of((score,), None)
    assert gain is not None
    assert (gain.verdict, gain.than) == ("better", "mean")
    assert gain.network == pytest.approx(score.rmse)
    assert gain.other == pytest.approx(score.mean_rmse)


def test_the_result_says_it_in_words() -> None:
    result = chainrule.fit(effect(0), target="y", seed=0)
    lines = str(result).splitlines()
    assert lines[-2].startswith("On these 75 rows the network is better than ")
    assert max(map(len, lines)) <= 100
    assert "linear model" in str(result)
