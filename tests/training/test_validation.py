"""Rows to watch: a share or rows of one's own, their weights, and the metrics on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, r2_score

from chainrule import InputError, Network, ShapeError, UnknownNameError, train
from chainrule.random_streams import Purpose, permutation
from chainrule.scores.arrays import accuracy, r2
from chainrule.training import ENGINES

each_engine = pytest.mark.parametrize("engine", ENGINES)

# A few epochs on numbers drawn by chance: how well they went is not what is tested.
pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")

RANDOM = np.random.default_rng(3)
X = RANDOM.uniform(-1, 1, (23, 2))
Y = RANDOM.uniform(-1, 1, (23, 3))
WEIGHT = RANDOM.uniform(0.1, 3, 23)
START = Network.random((2, 4, 3), ["tanh", "identity"], seed=2)


def _train(rows: Any = slice(None), **settings: Any) -> Any:  # noqa: ANN401 (handed through)
    given = {"rate": 0.1, "epochs": 4, "batch_size": 5, **settings}
    return train(START, X[rows], Y[rows], **given)


def _assert_same(first: Any, second: Any) -> None:  # noqa: ANN401 (results)
    for w, same in zip(first.network.weights, second.network.weights, strict=True):
        np.testing.assert_array_equal(w, same)
    assert first.history.loss == second.history.loss
    assert first.history.validation_loss == second.history.validation_loss


def _mean_loss(net: Network, rows: Any, weight: Any = None) -> float:  # noqa: ANN401 (an index)
    losses = ((Y[rows] - net(X[rows])) ** 2).sum(axis=1) / 2
    return float(np.average(losses, weights=weight))


def _parts(n_watched: int, seed: int = 0) -> tuple[Any, Any]:
    order = permutation(23, seed=seed, purpose=Purpose.VALIDATION)
    return np.sort(order[n_watched:]), np.sort(order[:n_watched])


@each_engine
@pytest.mark.parametrize(("share", "n_watched"), [(0.2, 5), (0.5, 12), (0.01, 1), (0.95, 22)])
@pytest.mark.parametrize("seed", [0, 7])
def test_a_share_is_drawn_by_the_seed_and_is_as_rows_given(
    share: float, n_watched: int, seed: int, engine: str
) -> None:
    trained, watched = _parts(n_watched, seed)
    by_share = _train(validation=share, seed=seed, engine=engine)
    by_rows = _train(trained, validation=(X[watched], Y[watched]), seed=seed, engine=engine)
    _assert_same(by_share, by_rows)
    assert by_share.history.validation_loss[-1] == pytest.approx(
        _mean_loss(by_share.network, watched), rel=1e-13
    )


def test_other_seeds_draw_other_rows_and_settings_do_not_matter() -> None:
    drawn = {tuple(_parts(5, seed)[1]) for seed in range(20)}
    assert len(drawn) == 20
    # every row is watched now and then
    assert {row for rows in drawn for row in rows} == set(range(23))


@each_engine
def test_validation_loss_of_every_epoch_is_that_of_the_network_after_it(engine: str) -> None:
    trained, watched = _parts(5)
    found = _train(validation=0.2, engine=engine).history.validation_loss
    for epochs in (1, 2, 3, 4):
        net = _train(trained, epochs=epochs, engine=engine).network
        assert found[epochs - 1] == pytest.approx(_mean_loss(net, watched), rel=1e-13)


@each_engine
def test_watching_changes_no_weight(engine: str) -> None:
    alone = _train(engine=engine)
    watched = _train(engine=engine, validation=(X[:3], Y[:3]), metric="r2")
    for w, same in zip(alone.network.weights, watched.network.weights, strict=True):
        np.testing.assert_array_equal(w, same)
    assert alone.history.loss == watched.history.loss
    assert alone.history.validation_loss == alone.history.score == (None,) * 4


@each_engine
@pytest.mark.parametrize("factor", [1, 8])
def test_validation_loss_is_weighted(factor: float, engine: str) -> None:
    given = (X[:6], Y[:6], factor * WEIGHT[:6])
    result = _train(slice(6, None), validation=given, engine=engine)
    expected = _mean_loss(result.network, slice(6), WEIGHT[:6])
    assert result.history.validation_loss[-1] == pytest.approx(expected, rel=1e-13)
    assert expected != pytest.approx(_mean_loss(result.network, slice(6)), rel=1e-3)


@each_engine
def test_a_share_takes_the_weights_of_its_rows_along(engine: str) -> None:
    trained, watched = _parts(5)
    by_share = _train(validation=0.2, sample_weight=WEIGHT, engine=engine)
    by_rows = _train(
        trained,
        sample_weight=WEIGHT[trained],
        validation=(X[watched], Y[watched], WEIGHT[watched]),
        engine=engine,
    )
    for w, same in zip(by_share.network.weights, by_rows.network.weights, strict=True):
        np.testing.assert_allclose(w, same, rtol=1e-12, atol=1e-14)
    assert by_share.history.loss == pytest.approx(by_rows.history.loss, rel=1e-12)
    assert by_share.history.validation_loss == pytest.approx(by_rows.history.validation_loss, rel=1e-12)


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("columns", [1, 2, 5])
def test_accuracy_is_that_of_scikit_learn(columns: int, weight: Any) -> None:  # noqa: ANN401 (array or None)
    outputs = RANDOM.uniform(0, 1, (23, columns))
    classes = RANDOM.integers(0, max(columns, 2), 23)
    targets = classes[:, np.newaxis] if columns == 1 else np.eye(columns)[classes]
    found = accuracy(targets, outputs, weight)
    chosen = outputs[:, 0] > 0.5 if columns == 1 else outputs.argmax(axis=1)
    assert found == pytest.approx(accuracy_score(classes, chosen, sample_weight=weight), rel=1e-14)
    assert 0 < found < 1


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_accuracy_of_labels_is_the_mean_of_each_by_itself(weight: Any) -> None:  # noqa: ANN401 (array or None)
    outputs, targets = RANDOM.uniform(0, 1, (23, 3)), RANDOM.integers(0, 2, (23, 3)).astype(float)
    each = [
        accuracy_score(y, a > 0.5, sample_weight=weight) for y, a in zip(targets.T, outputs.T, strict=True)
    ]
    assert accuracy(targets, outputs, weight) == pytest.approx(np.mean(each), rel=1e-13)
    missing = targets.copy()
    missing[3:, 0] = np.nan
    there = ~np.isnan(missing)
    assert accuracy(missing, outputs) == pytest.approx(np.mean((outputs > 0.5)[there] == missing[there]))


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("columns", [1, 3])
def test_r2_is_that_of_scikit_learn(columns: int, weight: Any) -> None:  # noqa: ANN401 (array or None)
    targets = RANDOM.normal(size=(23, columns))
    outputs = targets + RANDOM.normal(size=(23, columns))
    assert r2(targets, outputs, weight) == pytest.approx(
        r2_score(targets, outputs, sample_weight=weight), rel=1e-12
    )


def test_r2_leaves_missing_targets_out() -> None:
    targets, outputs = RANDOM.normal(size=(23, 2)), RANDOM.normal(size=(23, 2))
    targets[3:9, 0] = np.nan
    here = ~np.isnan(targets[:, 0])
    expected = [
        r2_score(targets[here, 0], outputs[here, 0], sample_weight=WEIGHT[here]),
        r2_score(targets[:, 1], outputs[:, 1], sample_weight=WEIGHT),
    ]
    assert r2(targets, outputs, WEIGHT) == pytest.approx(np.mean(expected), rel=1e-12)


def test_r2_leaves_out_a_column_whose_targets_count_for_nothing() -> None:
    targets, outputs = RANDOM.normal(size=(23, 2)), RANDOM.normal(size=(23, 2))
    targets[3:, 0] = np.nan
    weight = np.where(np.arange(23) < 3, 0, WEIGHT)
    assert r2(targets, outputs, weight) == pytest.approx(
        r2_score(targets[:, 1], outputs[:, 1], sample_weight=weight), rel=1e-12
    )


def test_r2_of_targets_that_are_all_equal_is_one_or_minus_infinity() -> None:
    ones = np.ones((3, 1))
    assert r2(ones, ones) == 1.0
    assert r2(ones, ones + 0.1) == -np.inf


@each_engine
def test_scores_of_a_training_are_those_of_scikit_learn(engine: str) -> None:
    inputs, classes = load_iris(return_X_y=True)
    inputs = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)
    targets = np.eye(3)[classes]
    net = Network.random((4, 5, 3), ["tanh", "softmax"], "cross_entropy", seed=1)
    order = permutation(150, seed=0, purpose=Purpose.VALIDATION)
    for validation, rows in ((None, order), (0.3, order[:45])):
        result = train(
            net, inputs, targets,
            rate=0.05, epochs=10, validation=validation, metric="accuracy", engine=engine,
        )  # fmt: skip
        expected = accuracy_score(classes[rows], result.network(inputs[rows]).argmax(axis=1))
        assert result.history.score[-1] == pytest.approx(expected, rel=1e-14)
        assert expected > 0.8


def test_a_metric_is_given_the_weights_of_the_rows_where_there_are_any() -> None:
    result = _train(slice(6, None), validation=(X[:6], Y[:6], WEIGHT[:6]), metric="r2")
    expected = r2_score(Y[:6], result.network(X[:6]), sample_weight=WEIGHT[:6])
    assert result.history.score[-1] == pytest.approx(expected, rel=1e-12)


def test_a_metric_of_ones_own_gets_targets_and_outputs_and_the_largest_is_best() -> None:
    def minus_largest_error(targets: Any, outputs: Any) -> float:  # noqa: ANN401 (arrays)
        assert targets.shape == outputs.shape == (5, 3)
        return -float(np.abs(targets - outputs).max())

    result = _train(validation=0.2, metric=minus_largest_error, patience=50, epochs=30)
    watched = _parts(5)[1]
    scores = [score or 0 for score in result.history.score]
    assert result.best_epoch == int(np.argmax(scores)) + 1
    expected = -np.abs(Y[watched] - result.network(X[watched])).max()
    assert scores[(result.best_epoch or 0) - 1] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"validation": 0.0},
            InputError,
            "validation is 0.0, which of 23 rows leaves 23 to train on and 0 to",
        ),
        ({"validation": 0.999}, InputError, "which of 23 rows leaves 0 to train on and 23 to watch"),
        ({"validation": 1.0}, InputError, "validation is 1.0 but must be"),
        ({"validation": -0.1}, InputError, "validation is -0.1 but must be"),
        ({"validation": True}, InputError, "validation is True but must be"),
        ({"validation": "0.2"}, InputError, "validation must be a share such as 0.2, or (X, Y)"),
        ({"validation": (X,)}, InputError, "validation must be a share such as 0.2, or (X, Y)"),
        ({"validation": (X, Y[:3])}, ShapeError, "validation X has 23 rows but validation Y has 3."),
        ({"validation": (X[:, :1], Y)}, ShapeError, "validation X has shape (23, 1) but the network needs"),
        ({"validation": (X, Y, -WEIGHT)}, InputError, "the validation sample_weight[0] is -"),
        ({"metric": "acuracy"}, UnknownNameError, "There is no metric 'acuracy'. Did you mean 'accuracy'?"),
        ({"metric": 3}, InputError, "metric is 3 but must be 'loss', 'accuracy', 'r2' or a function"),
    ],
)
def test_what_makes_no_sense_is_refused(
    settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        _train(**settings)
    assert message in str(caught.value)


def test_a_metric_of_ones_own_needs_to_know_nothing_of_weights() -> None:
    result = _train(validation=0.2, sample_weight=WEIGHT, metric=lambda targets, _: float(len(targets)))
    assert set(result.history.score) == {5.0}
