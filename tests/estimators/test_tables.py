"""The defaults of `fit` for an estimator: tables as they are, and the same model from every door."""

from __future__ import annotations

import pickle
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

import chainrule
from chainrule import InputError, MLPClassifier, MLPRegressor, TableWarning, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

N = 120
RANDOM = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {
        "age": np.where(RANDOM.random(N) < 0.1, np.nan, RANDOM.normal(40, 10, N)),
        "town": pd.Categorical(RANDOM.choice(["Bern", "Chur", "Genf"], N)),
        "day": pd.date_range("2024-01-01", periods=N),
        "note": ["same"] * N,
    }
)
PAID = np.where((FRAME["town"] == "Bern") | (FRAME["age"] > 45), "yes", "no")
KIND = np.array([3, 1, 2])[FRAME["town"].cat.codes.to_numpy()]
PRICE = 1000 + 50 * FRAME["age"].fillna(40).to_numpy() + 300 * (FRAME["town"] == "Chur").to_numpy()
TARGETS: dict[str, Any] = {
    "two": PAID,
    "three": KIND,
    "labels": np.column_stack([PAID == "yes", KIND == 1, np.ones(N)]).astype(int),
    "number": PRICE,
    "numbers": np.column_stack([PRICE, -(PRICE**2)]),
}

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TableWarning", "ignore::chainrule.TrainingWarning")


def made(kind: str, **given: Any) -> Any:  # noqa: ANN401 (either estimator)
    return (MLPRegressor if kind.startswith("number") else MLPClassifier)(random_state=2, **given)


@pytest.mark.parametrize(
    ("defaults", "of_fit"), [("modern", "modern-1"), ("modern-1", "modern-1"), ("notes", "notes")]
)
@pytest.mark.parametrize("kind", ["two", "three", "number"])
def test_the_network_is_that_of_fit_to_the_bit(kind: str, defaults: str, of_fit: str) -> None:
    one = made(kind, defaults=defaults).fit(FRAME, TARGETS[kind])
    option: dict[str, Any] = {"numbers" if kind == "number" else "classes": "target"}
    same = chainrule.fit(
        FRAME.assign(target=TARGETS[kind]), target="target", held_out=0, seed=2, defaults=of_fit, **option
    ).model
    assert repr(one.network_) == repr(same.network)
    assert all(map(np.array_equal, one.network_.weights, same.network.weights))
    assert one.model_.encoding == same.encoding
    answers = np.asarray(same.predict(FRAME)["target"])
    assert np.array_equal(one.predict(FRAME), answers)
    assert one.score(FRAME, TARGETS[kind]) > 0.8


@pytest.mark.parametrize("defaults", ["modern", pytest.param("notes", marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", TARGETS)
def test_every_door_gives_the_same_predictions(kind: str, defaults: str, tmp_path: Path) -> None:
    one = made(kind, defaults=defaults, epochs=4).fit(FRAME, TARGETS[kind])
    one.save(tmp_path / "one.safetensors")
    model = chainrule.load_model(tmp_path / "one.safetensors")
    again = type(one).from_model(tmp_path / "one.safetensors")
    for other in (again, type(one).from_model(model), pickle.loads(pickle.dumps(one))):  # noqa: S301 (our own)
        for name in ("predict", "predict_proba", "decision_function"):
            if hasattr(one, name):
                assert np.array_equal(getattr(other, name)(FRAME), getattr(one, name)(FRAME)), name
    answers = model.predict(FRAME)
    predicted = one.predict(FRAME).reshape(N, -1)
    for column, name in zip(predicted.T, model.table_encoding.target_names, strict=True):
        assert np.array_equal(np.asarray(answers[name]), column)
    assert one.check_gradients(FRAME, TARGETS[kind]).passed
    steps = one.trace(FRAME[:1], TARGETS[kind][:1])
    assert np.array_equal(steps.a[-1], one.network_.forward(model.table_encoding.encode_inputs(
        model.read(FRAME[:1]))).a[-1][0])  # fmt: skip
    if kind == "labels":
        assert predicted[:, 2].all()  # a label that all rows have


@pytest.mark.parametrize("kind", TARGETS)
def test_what_goes_on_is_one_long_fit(kind: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {"defaults": "modern", "hidden": 6}
    whole = made(kind, **given, epochs=5).fit(FRAME, TARGETS[kind])
    parts = made(kind, **given, epochs=2).fit(FRAME, TARGETS[kind])
    for _ in range(3):
        parts.save(tmp_path / "part.safetensors")
        parts = type(parts).from_model(tmp_path / "part.safetensors").partial_fit(FRAME, TARGETS[kind])
    assert all(map(np.array_equal, whole.network_.weights, parts.network_.weights))


def test_the_first_call_of_partial_fit_settles_the_columns_and_knows_all_classes() -> None:
    one = MLPClassifier(defaults="modern", random_state=2)
    one.partial_fit(FRAME[:60], PAID[:60], classes=["maybe", "no", "yes"])
    assert one.network_.sizes[-1] == 3
    for _ in range(30):
        one.partial_fit(FRAME, PAID)
    assert one.score(FRAME, PAID) > 0.8
    assert one.predict_proba(FRAME)[:, 0].max() < 0.2
    with pytest.raises(InputError, match="classes"):
        one.partial_fit(FRAME, np.where(PAID == "yes", "yes", "never"))


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow", "numpy"])
def test_rows_come_in_any_container(kind: str) -> None:
    frame = FRAME[["age", "town"]].astype({"town": str})
    given: Any = {
        "pandas": frame,
        "polars": pl.from_pandas(frame),
        "arrow": pa.Table.from_pandas(frame, preserve_index=False),
        "numpy": frame.to_numpy(),
    }[kind]
    one = MLPClassifier(defaults="modern", random_state=2).fit(given, PAID)
    plain = MLPClassifier(defaults="modern", random_state=2).fit(frame, PAID)
    assert np.array_equal(one.predict_proba(given), plain.predict_proba(frame))


def test_parameters_that_are_given_count_and_others_are_those_of_the_defaults() -> None:
    usual = MLPClassifier(defaults="modern").fit(FRAME, PAID)
    assert usual.network_.sizes[1:-1] == (64,)
    assert usual.n_iter_ == 60
    given = MLPClassifier(hidden_layer_sizes=(100,), max_iter=200, defaults="modern").fit(FRAME, PAID)
    assert given.network_.sizes[1:-1] == (100,)  # scikit-learn's default, and yet given
    assert given.n_iter_ == 200
    for other in (clone(given), pickle.loads(pickle.dumps(given)), clone(usual).set_params(max_iter=200)):  # noqa: S301
        assert other.fit(FRAME, PAID).n_iter_ == 200
    assert type(usual)(**usual.get_params()).fit(FRAME, PAID).n_iter_ == 60


def test_every_parameter_of_a_training_counts() -> None:
    """Each makes another network than the defaults do."""
    usual = MLPClassifier(defaults="modern", random_state=2).fit(FRAME, PAID)
    for given in (
        {"hidden": 5}, {"activation": "tanh"}, {"activation": ["tanh"]}, {"rule": "rmsprop"}, {"beta_1": 0.5},
        {"alpha": 1.0}, {"l2": 0.5}, {"l1": 0.1}, {"batch_size": 7}, {"schedule": "cosine"}, {"rate": 0.1},
        {"shuffle": False}, {"seed": 3}, {"early_stopping": True, "n_iter_no_change": 2},
        {"loss": "rss"}, {"output": "logistic"}, {"dropout": 0.5}, {"clip_norm": 0.1}, {"loss_goal": 0.5},
        {"start": "uniform"}, {"class_weight": "balanced"}, {"defaults": "notes"}, {"epochs": 61},
    ):  # fmt: skip
        other = clone(usual).set_params(**given).fit(FRAME, PAID)
        same = repr(other.network_) == repr(usual.network_)
        assert not (same and all(map(np.array_equal, other.network_.weights, usual.network_.weights))), given


@pytest.mark.parametrize("name", ["tol", "power_t", "max_fun"])
def test_what_is_of_scikit_learns_rules_alone_is_said(name: str) -> None:
    with pytest.raises(InputError, match=f"{name}.*scikit-learn"):
        MLPClassifier(defaults="modern").set_params(**{name: 5}).fit(FRAME, PAID)
    with pytest.raises(InputError, match=r"learning_rate.*scikit-learn"):
        MLPClassifier(defaults="modern", learning_rate="adaptive").fit(FRAME, PAID)
    with pytest.raises(UnknownNameError, match="modern"):
        MLPClassifier(defaults="modem").fit(FRAME, PAID)


def test_what_fit_would_say_of_a_table_is_said() -> None:
    with warnings.catch_warnings(record=True, action="always") as found:
        MLPClassifier(defaults="modern", max_iter=1).fit(FRAME.assign(copied=PAID), PAID)
    assert any(one.category is TableWarning and "copied" in str(one.message) for one in found)
    assert {one.filename for one in found} == {__file__}


def test_a_command_line_model_becomes_an_estimator(tmp_path: Path) -> None:
    """With columns in another order, and more of them."""
    model = chainrule.fit("examples/iris.csv", target="species", epochs=20).model
    chainrule.save(model, tmp_path / "iris.safetensors")
    one = MLPClassifier.from_model(tmp_path / "iris.safetensors")
    iris = pd.read_csv("examples/iris.csv")
    shuffled = iris[sorted(iris.columns)].assign(other=1)
    assert np.array_equal(one.predict(shuffled), np.asarray(model.predict(iris)["species"]))
    assert np.array_equal(one.predict(iris.iloc[:, :4].to_numpy()), one.predict(iris))
    assert list(one.classes_) == ["setosa", "versicolor", "virginica"]
    with pytest.raises(InputError, match="MLPClassifier"):
        MLPRegressor.from_model(model)


def test_rows_to_watch_and_search_and_scores() -> None:
    given: dict[str, Any] = {"defaults": "modern", "random_state": 2}
    watched = (FRAME[80:], PAID[80:])
    one = MLPClassifier(
        **given, validation_data=watched, early_stopping=True, n_iter_no_change=3, max_iter=500
    )
    one.fit(FRAME[:80], PAID[:80])
    assert one.n_iter_ < 500
    assert one.history_.epochs[0].validation_loss is not None
    search = GridSearchCV(
        MLPClassifier(defaults="modern", random_state=2), {"hidden_layer_sizes": [4, 16]}, cv=3
    )
    assert search.fit(FRAME, PAID).best_score_ > 0.8
    assert cross_val_score(MLPRegressor(**given), FRAME, PRICE).mean() > 0.9


def test_missing_targets_count_for_nothing() -> None:
    price, there = PRICE.copy(), np.arange(N) % 5 > 0
    price[~there] = np.nan
    one = MLPRegressor(defaults="modern", random_state=2).fit(FRAME, price)
    assert np.array_equal(
        one.predict(FRAME),
        MLPRegressor(defaults="modern", random_state=2).fit(FRAME[there], price[there]).predict(FRAME),
    )
    both = np.column_stack([price, PRICE])
    two = MLPRegressor(defaults="modern", random_state=2).fit(FRAME, both)
    assert two.score(FRAME, both) > 0.8


def test_one_class_or_one_row_is_refused_with_what_to_do() -> None:
    with pytest.raises(InputError, match=r"one class alone.*scikit-learn"):
        MLPClassifier(defaults="modern").fit(FRAME, ["yes"] * N)
    with pytest.raises(InputError, match=r"n_samples=1.*scikit-learn"):
        MLPRegressor(defaults="modern").fit(FRAME[:1], PRICE[:1])
    with pytest.raises(InputError, match="two columns 'town'"):
        MLPClassifier(defaults="modern").fit(FRAME[["town", "town"]], PAID)


def test_auto_stays_what_it_was_from_call_to_call() -> None:
    """Given by name, it says nothing against the batches of the first call."""
    one, plain = (
        MLPClassifier(defaults="modern", random_state=2, **given) for given in ({}, {"batch_size": "auto"})
    )
    for _ in range(3):
        one.partial_fit(FRAME, PAID, classes=["no", "yes"])
        plain.partial_fit(FRAME, PAID, classes=["no", "yes"])
    assert all(map(np.array_equal, one.network_.weights, plain.network_.weights))


@pytest.mark.parametrize("kind", ["two", "number"])
def test_numbers_may_be_encoded_otherwise(kind: str) -> None:
    numbers_as = {"*": "piecewise:4", "age": "squashed+piecewise:3"}
    one = made(kind, defaults="modern", numbers_as=numbers_as).fit(FRAME, TARGETS[kind])
    assert one.model_.encoding.input_names[:5] == (
        "age (squashed)", "age (bin 1)", "age (bin 2)", "age (bin 3)", "age (missing)",
    )  # fmt: skip
    assert np.isfinite(one.predict(FRAME) == TARGETS[kind]).all()
    again = clone(one).fit(FRAME, TARGETS[kind])
    assert all(map(np.array_equal, one.network_.weights, again.network_.weights))
    X = FRAME[["age"]].to_numpy()
    of_array = made(kind, defaults="modern", numbers_as={"x0": "piecewise:3"}).fit(X, TARGETS[kind])
    assert of_array.network_.sizes[0] == 4


def test_numbers_of_scikit_learns_defaults_stay_as_they_are() -> None:
    with pytest.raises(InputError, match="defaults='modern'") as caught:
        made("two", numbers_as="piecewise").fit(np.eye(4), [0, 1, 0, 1])
    assert caught.value.parameter == "numbers_as"
