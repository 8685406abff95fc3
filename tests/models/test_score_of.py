"""Scores of outputs of any origin: several labels, weights of rows, what is no probability."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import accuracy_score, log_loss, r2_score, root_mean_squared_error

import chainrule
from chainrule import ClassScore, InputError, Network, NumberScore, ShapeError, TableError
from chainrule.models import Dataset, FitResult, Model, gives_chances, majorities_of, prepare, score_of
from chainrule.scores import gain_of, score_lines
from chainrule.tables import ClassTarget, DateTarget, Encoding

N = 120
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 2))
TABLE = pa.table(
    {
        "x0": X[:, 0],
        "x1": X[:, 1],
        "wet": [
            None if k % 7 == 0 else str(word) for k, word in enumerate(np.where(X[:, 0] > 0, "yes", "no"))
        ],
        "cold": np.where(X[:, 0] * X[:, 1] > -0.2, "yes", "no"),
        "price": 10 + X[:, 0] + RNG.normal(0, 0.3, N),
        "weight": RNG.integers(1, 5, N).astype(float),
    }
)


def labelled() -> Dataset:
    """Two targets of two classes each, one unit for each, the first with gaps."""
    data = prepare(TABLE, target="cold", inputs=["x0", "x1"])
    targets = tuple(ClassTarget(name, ("no", "yes"), "boolean", one_unit=True) for name in ("wet", "cold"))
    encoding = Encoding(data.encoding.inputs, targets)
    return replace(data, encoding=encoding, Y=encoding.encode_targets(data.table))


def fitted(data: Dataset) -> FitResult:
    start = Network.random((2, 8, 2), ["tanh", "logistic"], "binary_cross_entropy", seed=1)
    rows = data.training_rows
    training = chainrule.train(start, data.X[rows], data.Y[rows], rule="adam", rate=0.02, epochs=200)
    return FitResult(Model(training.network, data.encoding), data, training)


def labels_of(score: Any) -> tuple[ClassScore, ...]:  # noqa: ANN401 (a score of any kind)
    assert isinstance(score, tuple)
    assert all(isinstance(one, ClassScore) for one in score)
    return score


def test_labels_are_scored_each_in_the_rows_that_have_it() -> None:
    data = labelled()
    assert data.encoding.kind == "labels"
    result = fitted(data)
    scores = labels_of(result.held_out_score)
    rows = data.held_out_rows
    outputs = result.model.network(data.X[rows])
    for k, (score, name) in enumerate(zip(scores, ("wet", "cold"), strict=True)):
        there = ~np.isnan(data.Y[rows, k])
        truth, chance = data.Y[rows, k][there], outputs[there, k]
        assert (score.target, score.n_rows) == (name, there.sum())
        assert score.accuracy == pytest.approx(accuracy_score(truth, chance > 0.5))
        assert score.log_loss == pytest.approx(log_loss(truth, chance, labels=[0, 1]), rel=1e-12)
        assert list(score.rows) == ["no", "yes"]
    assert scores[0].n_rows < scores[1].n_rows == len(rows)
    training = data.Y[data.training_rows]
    for k, score in enumerate(scores):
        assert score.majority == ("yes" if np.nanmean(training[:, k]) > 0.5 else "no")
    linear = labels_of(result.linear_score)
    assert [one.n_rows for one in linear] == [one.n_rows for one in scores]
    gain = result.gain
    assert gain is not None
    assert gain.n_rows == len(rows)
    right = sum(score.accuracy * score.n_rows for score in scores) / sum(score.n_rows for score in scores)
    assert gain.network == pytest.approx(right)
    text = score_lines(scores, linear, gain)
    assert sum("accuracy of" in line for line in text) == 4
    assert max(map(len, text)) <= 98


def test_a_label_that_no_row_has_is_left_out_and_an_unknown_majority_is_none() -> None:
    data = labelled()
    Y = data.Y.copy()
    Y[:, 0] = np.nan
    scores = labels_of(score_of(data.encoding, Y, np.full(Y.shape, 0.25), chances=True))
    assert [one.target for one in scores] == ["cold"]
    assert (scores[0].majority, scores[0].majority_accuracy) == (None, None)
    assert majorities_of(data.encoding, Y)[0] is None
    given = labels_of(score_of(data.encoding, Y, np.full(Y.shape, 0.25), chances=True, majority=[None, "no"]))
    assert given[0].majority_accuracy == given[0].accuracy


def test_several_numbers_are_compared_in_standard_deviations() -> None:
    result = chainrule.fit(TABLE, target=["price", "weight"], inputs=["x0"], epochs=30, seed=0)
    gain, rows = result.gain, result.data.held_out_rows
    assert gain is not None
    predicted = np.asarray(result.model.predict(TABLE))[rows]
    actual = np.column_stack([TABLE["price"], TABLE["weight"]])[rows]
    expected = np.sqrt((((predicted - actual) / actual.std(axis=0)) ** 2).mean())
    assert gain.network == pytest.approx(expected)
    assert "RMSE in standard deviations" in str(gain)


def test_outputs_are_probabilities_where_they_are() -> None:
    data = prepare(TABLE, target="cold", inputs=["x0"])
    one_unit = labelled().encoding
    for output, encoding, expected in [
        ("softmax", data.encoding, True),
        ("logistic", data.encoding, False),
        ("logistic", one_unit, True),
        ("tanh", one_unit, False),
    ]:
        loss = "cross_entropy" if output == "softmax" else "rss"
        assert gives_chances(Network.random((1, 2), output, loss), encoding) is expected
    numbers = prepare(TABLE, target="price", inputs=["x0"]).encoding
    assert not gives_chances(Network.random((1, 1), "logistic"), numbers)
    score = score_of(data.encoding, data.Y, data.Y, chances=False)
    assert isinstance(score, ClassScore)
    assert (score.accuracy, score.auc, score.log_loss, score.brier) == (1.0, 1.0, None, None)


def test_rows_count_by_their_weights_where_the_table_has_them() -> None:
    few: dict[str, Any] = {"inputs": ["x0"], "epochs": 3, "hidden": 4, "seed": 1}
    result = chainrule.fit(TABLE, target="price", weights="weight", **few)
    data, rows = result.data, result.data.held_out_rows
    weights = np.asarray(TABLE["weight"])
    predicted, actual = np.asarray(result.model.predict(TABLE)), np.asarray(TABLE["price"])
    score = result.held_out_score
    assert isinstance(score, tuple)
    assert isinstance(score[0], NumberScore)
    expected = root_mean_squared_error(actual[rows], predicted[rows], sample_weight=weights[rows])
    assert score[0].rmse == pytest.approx(expected)
    whole, plain = result.model.score(TABLE), result.model.score(TABLE.drop(["weight"]))
    for found, weighing in ((whole, weights), (plain, None)):
        assert isinstance(found, tuple)
        assert isinstance(found[0], NumberScore)
        assert found[0].r2 == pytest.approx(r2_score(actual, predicted, sample_weight=weighing))
        assert found[0].is_weighted is (weighing is not None)
        assert ("Rows count by their weights." in score_lines(found)) is (weighing is not None)
    assert "Rows count by their weights." in str(result)
    bad = TABLE.set_column(5, "weight", pa.array([-1.0] * N))
    with pytest.raises(TableError, match="a row's weight must be a number above 0"):
        result.model.score(bad)
    assert data.weights is not None


def test_held_out_rows_that_count_nothing_judge_nothing() -> None:
    few: dict[str, Any] = {"target": "price", "epochs": 2, "hidden": 2}
    plain = chainrule.fit(TABLE, **few)
    weights = np.ones(len(plain.data.X))
    weights[plain.data.held_out_rows] = 0.0
    result = chainrule.fit(TABLE, **few, sample_weight=weights)
    assert (result.held_out_score, result.linear_score, result.gain) == (None, None, None)
    assert "No rows were held out that could judge the network." in str(result)


def test_a_target_whose_rows_count_nothing_has_no_score() -> None:
    data = prepare(
        {"x": [1, 2, 3, 4], "a": [1, 2, 3, 4], "b": [2, 5, None, None]}, target=["a", "b"], held_out=0
    )
    scores = score_of(data.encoding, data.Y, data.Y, chances=False, weights=np.array([0.0, 0.0, 1.0, 1.0]))
    assert [one.target for one in scores] == ["a"]  # type: ignore[union-attr]


def test_weights_of_folds_are_shares_of_their_mean_as_those_of_one_split() -> None:
    table = pa.table({"x": list(range(40)), "kind": ["a", "b"] * 20})
    weights = np.arange(40) + 1.0
    score = chainrule.cross_validate(table, target="kind", folds=2, epochs=1, sample_weight=weights).score
    assert isinstance(score, ClassScore)
    assert np.sum(score.confusion) == pytest.approx(40)


class LogCosh:
    """A loss that no registry has."""

    name = "log_cosh"

    def values(self, a: Any, y: Any) -> Any:  # noqa: ANN401
        return np.log(np.cosh(y - a))

    def slopes(self, a: Any, y: Any) -> Any:  # noqa: ANN401
        return np.tanh(y - a)


def test_a_fit_with_a_loss_of_ones_own_is_compared_with_a_linear_model() -> None:
    own: dict[str, Any] = {"loss": LogCosh(), "output": "identity", "engine": "reference"}
    few: dict[str, Any] = {"inputs": ["x0", "x1"], "epochs": 1, "hidden": 2}
    result, plain = (
        chainrule.fit(TABLE, target="price", **own, **few),
        chainrule.fit(TABLE, target="price", **few),
    )
    assert result.linear_score == plain.linear_score
    assert result.gain is not None


def test_the_column_of_always_the_same_has_a_name_where_folds_have_different_majorities() -> None:
    result = fitted(labelled())
    scores = labels_of(result.held_out_score)
    of_folds = tuple(replace(one, majority=None) for one in scores)  # as cross-validation has them
    unknown = tuple(replace(one, majority_accuracy=None) for one in of_folds)
    assert "always the majority" in score_lines(of_folds)[0]
    assert "always" not in score_lines(unknown)[0]


def test_weights_given_to_score_arrays_are_checked() -> None:
    result = chainrule.fit(TABLE, target="cold", inputs=["x0"], epochs=2, hidden=4)
    X, Y = result.data.X, result.data.Y
    with pytest.raises(InputError, match=r"weights\[2\] is -1.0"):
        result.model.score_arrays(X, Y, np.where(np.arange(N) == 2, -1.0, 1.0))
    with pytest.raises(ShapeError, match="weights has shape"):
        result.model.score_arrays(X, Y, np.ones(3))
    assert result.model.score_arrays(X, Y, np.full(N, 3.0)) == result.model.score_arrays(X, Y)


def test_intervals_follow_the_seed_of_the_fit() -> None:
    few: dict[str, Any] = {"inputs": ["x0"], "epochs": 3, "hidden": 4, "seed": 5}
    scores = [chainrule.fit(TABLE, target="cold", **few).held_out_score for _ in range(2)]
    assert isinstance(scores[0], ClassScore)
    assert isinstance(scores[1], ClassScore)
    assert scores[0].scored.seed == 5
    assert scores[0].intervals == scores[1].intervals


def test_errors_of_dates_are_spans_of_time_and_no_shares() -> None:
    days = np.datetime64("2024-01-01") + np.arange(N)
    data = prepare(pa.table({"x": X[:, 0], "due": days.astype(str)}), target="due")
    assert isinstance(data.encoding.targets[0], DateTarget)
    score = score_of(data.encoding, data.Y, np.zeros((N, 1)), chances=False)
    assert isinstance(score, tuple)
    assert isinstance(score[0], NumberScore)
    assert (score[0].mape, score[0].mean_mape) == (None, None)
    lines = score_lines(score, None, gain_of(score, None))
    off = np.sqrt(np.mean((np.arange(N) - data.training_rows.mean()) ** 2))  # of always the mean
    assert not any(line.startswith("MAPE") for line in lines)
    assert lines[1].split()[:3] == ["RMSE", f"{off:.2f}", "days"]
    assert f"RMSE {off:.2f} days against " in " ".join(lines)
    assert max(map(len, lines)) <= 98


def test_three_classes_and_names_of_any_length_stand_in_98_columns() -> None:
    for n in (2, 8, 11, 25):
        names = [f"{'class ' * 8}{k}" for k in range(n)]
        kinds = [names[k % n] for k in range(20 * n)]
        data = prepare(pa.table({"x": RNG.normal(size=20 * n), "kind": kinds}), target="kind")
        score = score_of(data.encoding, data.Y, data.Y, chances=True, majority=names[0])
        lines = score_lines(score, score)
        assert max(map(len, lines)) <= 98
        assert any(line.startswith("class \\ predicted") for line in lines) is (n <= 8)
        assert (f"No class of the {n} was taken for another." in lines) is (n > 8)
