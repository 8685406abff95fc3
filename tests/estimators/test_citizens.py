"""The estimators among all that takes estimators: whatever it makes of scikit-learn's it makes of these.

Without shuffling the two have the same numbers to rounding, and so has everything that is built upon them.
"""

from __future__ import annotations

import html
import io
import pickle
import warnings
from copy import deepcopy
from inspect import signature
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csc_array, csr_array, csr_matrix
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_digits
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.exceptions import DataConversionWarning, UnsetMetadataPassedError
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.metrics import get_scorer, log_loss
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from chainrule import MLPClassifier, MLPRegressor, TrainingWarning

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::chainrule.TrainingWarning"
)

RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(90, 4))
NUMBERS = np.sin(X[:, :2]) + 0.1 * X[:, 2:4]
NUMBER = NUMBERS[:, 0]
CLASSES = np.array(["a", "b", "c"])[np.digitize(NUMBER, [-0.4, 0.4])]
TWO = np.where(NUMBERS[:, 1] > 0, "yes", "no")
LABELS = (X[:, :3] > 0).astype(int)
WEIGHT = RANDOM.uniform(0.5, 2.0, size=90)
NAMES = ["height", "width", "weight", "age"]
FRAME = pd.DataFrame(X, columns=NAMES)
AS_THEIRS: dict[str, Any] = {
    "hidden_layer_sizes": 5, "max_iter": 15, "random_state": 3, "shuffle": False, "epsilon": 1e-30,
}  # fmt: skip
GIVEN: dict[str, Any] = {"hidden_layer_sizes": 5, "max_iter": 5, "random_state": 3}
Made = Any  # a perceptron: one of these, or one of theirs

TARGETS: dict[str, Any] = {
    "number": NUMBER, "numbers": NUMBERS, "classes": CLASSES, "two": TWO, "labels": LABELS,
}  # fmt: skip
each_target = pytest.mark.parametrize("kind", TARGETS)


def fitted(kind: str, **more: Any) -> Any:  # noqa: ANN401 (either estimator)
    make: Any = MLPRegressor if kind.startswith("number") else MLPClassifier
    return make(**GIVEN | more).fit(X, TARGETS[kind])


def same_bits(one: Any, other: Any) -> bool:  # noqa: ANN401
    return all(map(np.array_equal, one.network_.weights, other.network_.weights))


# What is built upon a classifier and upon a regressor, and what comes of it.
UPON_CLASSIFIERS: dict[str, Callable[[Made], Any]] = {
    "pipeline": lambda one: make_pipeline(StandardScaler(), one).fit(X, CLASSES).predict_proba(X),
    "one against the rest": lambda one: OneVsRestClassifier(one).fit(X, CLASSES).predict_proba(X),
    "one against the rest, labels": lambda one: OneVsRestClassifier(one).fit(X, LABELS).predict(X),
    "one against one": lambda one: OneVsOneClassifier(one).fit(X, CLASSES).predict(X),
    "codes": lambda one: OutputCodeClassifier(one, random_state=3).fit(X, CLASSES).predict(X),
    "several outputs": lambda one: MultiOutputClassifier(one).fit(X, LABELS).predict_proba(X),
    "several outputs go on": lambda one: (
        MultiOutputClassifier(one)
        .partial_fit(X, LABELS, [[0, 1]] * 3).partial_fit(X, LABELS).predict_proba(X)
    ),
    "chain": lambda one: ClassifierChain(one).fit(X, LABELS).predict_proba(X),
    "bagging": lambda one: BaggingClassifier(one, 3, random_state=3).fit(X, CLASSES).predict_proba(X),
    "stacking": lambda one: StackingClassifier([("a", one)], cv=3).fit(X, CLASSES).predict_proba(X),
    "voting": lambda one: (
        VotingClassifier([("a", one), ("b", clone(one).set_params(alpha=9))], voting="soft")
        .fit(X, CLASSES).predict_proba(X)
    ),
    "threshold": lambda one: FixedThresholdClassifier(one, threshold=0.3).fit(X, TWO == "yes").predict(X),
    "tuned threshold": lambda one: TunedThresholdClassifierCV(one, cv=3).fit(X, TWO == "yes").predict(X),
    "labels of its own": lambda one: (
        SelfTrainingClassifier(one)
        .fit(X, np.where(np.arange(90) < 30, TWO == "yes", -1)).predict_proba(X)
    ),
    "importance": lambda one: (
        permutation_importance(one.fit(X, CLASSES), X, CLASSES, n_repeats=3, random_state=3).importances
    ),
    "validation curve": lambda one: (
        validation_curve(one, X, CLASSES, param_name="alpha", param_range=[1e-4, 9.0], cv=3)
    ),
    "learning curve": lambda one: (
        learning_curve(one, X, CLASSES, cv=3, exploit_incremental_learning=True, train_sizes=[0.5, 1.0])[1:]
    ),
    "search": lambda one: (
        GridSearchCV(one, {"alpha": [1e-4, 9.0], "hidden_layer_sizes": [3, (4, 2)]}, cv=3)
        .fit(X, CLASSES).cv_results_["mean_test_score"]
    ),
    "chances of folds": lambda one: cross_val_predict(one, X, CLASSES, cv=3, method="predict_log_proba"),
    "labels of folds": lambda one: cross_val_predict(one, X, LABELS, cv=3, method="predict_proba"),
    "scores of two": lambda one: scores(one, TWO == "yes", ["roc_auc", "neg_log_loss", "average_precision"]),
    "scores of three": lambda one: scores(one, CLASSES, ["roc_auc_ovr", "neg_log_loss", "f1_macro"]),
    "scores of labels": lambda one: scores(one, LABELS, ["roc_auc", "average_precision", "f1_micro"]),
    "partial dependence": lambda one: partial_dependence(one.fit(X, CLASSES), X, [0])["average"],
}  # fmt: skip
UPON_REGRESSORS: dict[str, Callable[[Made], Any]] = {
    "several outputs": lambda one: MultiOutputRegressor(one).fit(X, NUMBERS).predict(X),
    "chain": lambda one: RegressorChain(one).fit(X, NUMBERS).predict(X),
    "bagging, with weights": lambda one: (
        BaggingRegressor(one, 3, random_state=3).fit(X, NUMBER, sample_weight=WEIGHT).predict(X)
    ),
    "boosting": lambda one: AdaBoostRegressor(one, n_estimators=3, random_state=3).fit(X, NUMBER).predict(X),
    "stacking": lambda one: StackingRegressor([("a", one)], cv=3).fit(X, NUMBER).predict(X),
    "target": lambda one: (
        TransformedTargetRegressor(one, transformer=StandardScaler()).fit(X, 100 * NUMBER).predict(X)
    ),
    "importance": lambda one: (
        permutation_importance(one.fit(X, NUMBER), X, NUMBER, n_repeats=3, random_state=3).importances
    ),
    "learning curve": lambda one: learning_curve(one, X, NUMBER, cv=3, exploit_incremental_learning=True)[1:],
    "partial dependence": lambda one: partial_dependence(one.fit(X, NUMBER), X, [0, 1])["average"],
}  # fmt: skip


def scores(one: Made, y: Any, names: list[str]) -> list[Any]:  # noqa: ANN401 (names or numbers)
    found = cross_validate(one, X, y, cv=3, scoring=names)
    return [found[f"test_{name}"] for name in names]


def assert_same(found: Any, theirs: Any) -> None:  # noqa: ANN401 (arrays of some kind)
    one, other = np.asarray(found), np.asarray(theirs)
    assert one.dtype == other.dtype
    if one.dtype.kind == "f":
        np.testing.assert_allclose(one, other, atol=1e-9)
    else:
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("upon", UPON_CLASSIFIERS)
def test_what_is_built_upon_a_classifier_is_the_same(upon: str) -> None:
    build = UPON_CLASSIFIERS[upon]
    assert_same(build(MLPClassifier(**AS_THEIRS)), build(TheirClassifier(**AS_THEIRS)))


@pytest.mark.parametrize("upon", UPON_REGRESSORS)
def test_what_is_built_upon_a_regressor_is_the_same(upon: str) -> None:
    build = UPON_REGRESSORS[upon]
    assert_same(build(MLPRegressor(**AS_THEIRS)), build(TheirRegressor(**AS_THEIRS)))


def test_calibrated_chances_are_no_worse() -> None:
    """Not the same: they are made of the net inputs, which scikit-learn's have no door to."""
    samples, y = load_digits(return_X_y=True)
    scaled = StandardScaler().fit_transform(samples)
    losses = []
    for make in (MLPClassifier, TheirClassifier):
        one = CalibratedClassifierCV(make(30, max_iter=150, random_state=3), cv=3)
        chances = one.fit(scaled[:400], y[:400]).predict_proba(scaled[400:])
        losses.append(log_loss(y[400:], chances))
    assert losses[0] < 1.1 * losses[1]


# The same object, in all the ways in which one is handed on.


@each_target
def test_a_clone_has_the_parameters_alone(kind: str) -> None:
    one = fitted(kind, alpha=0.5)
    other = clone(one)
    assert other.get_params() == one.get_params()
    assert not hasattr(other, "coefs_")
    assert same_bits(other.fit(X, TARGETS[kind]), one)


@each_target
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_stored_estimator_predicts_and_goes_on_to_the_bit(kind: str, solver: str, tmp_path: Path) -> None:
    one = fitted(kind, solver=solver)
    joblib.dump(one, tmp_path / "one.joblib")
    again = [
        pickle.loads(pickle.dumps(one)),  # noqa: S301 (our own)
        deepcopy(one),
        joblib.load(tmp_path / "one.joblib"),
        joblib.load(tmp_path / "one.joblib", mmap_mode="r"),
    ]
    for other in again:
        np.testing.assert_array_equal(other.predict(X), one.predict(X))
    if solver == "adam":
        one.partial_fit(X, TARGETS[kind])
        for other in again:
            assert same_bits(other.partial_fit(X, TARGETS[kind]), one)


TRUSTED = {  # whatever the network is made of comes to these: its layers, activations and loss
    "chainrule.estimators.classifier.MLPClassifier",
    "chainrule.estimators.regressor.MLPRegressor",
    "chainrule.network.network.Network",
    "chainrule.training.history.Epoch",
    "chainrule.training.history.History",
    "chainrule.training.state.TrainingState",
}


@pytest.mark.oracle
@each_target
def test_skops_stores_an_estimator_without_pickle(kind: str) -> None:
    skops = pytest.importorskip("skops.io")
    one = fitted(kind)
    stored = skops.dumps(one)
    asked = skops.get_untrusted_types(data=stored)
    assert {name for name in asked if not name.startswith("chainrule.equations.")} <= TRUSTED
    assert sum(name.startswith("chainrule.equations.") for name in asked) == 4  # with the kind of layer
    other = skops.loads(stored, trusted=asked)
    np.testing.assert_array_equal(other.predict(X), one.predict(X))
    one.partial_fit(X, TARGETS[kind])
    assert same_bits(other.partial_fit(X, TARGETS[kind]), one)


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_jobs_beside_each_other_have_the_bits_of_one_after_the_other(backend: str) -> None:
    line = make_pipeline(StandardScaler(), MLPClassifier(**GIVEN))
    asked = {"mlpclassifier__alpha": [1e-4, 9.0], "mlpclassifier__solver": ["adam", "lbfgs", "sgd"]}
    alone = GridSearchCV(line, asked, cv=3, scoring="neg_log_loss").fit(X, CLASSES)
    with joblib.parallel_backend(backend, n_jobs=2):
        beside = GridSearchCV(line, asked, cv=3, scoring="neg_log_loss", n_jobs=2).fit(X, CLASSES)
    for name, found in alone.cv_results_.items():
        if "time" not in name:
            np.testing.assert_array_equal(np.asarray(found), np.asarray(beside.cv_results_[name]))
    assert same_bits(alone.best_estimator_[-1], beside.best_estimator_[-1])


def messy(gaps: float) -> pd.DataFrame:
    """Numbers, names, dates and texts, with a share of gaps."""
    random = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "number": X[:, 0],
            "kind": np.where(X[:, 2] > 0, "round", "square"),
            "day": pd.date_range("2024-01-01", periods=90, freq="13D").astype(str),
            "note": [f"{('of old', 'new')[n % 2]} and {n * n % 77}" for n in range(90)],
            "is_new": X[:, 3] > 0,
        }
    )
    return frame.mask(random.random(frame.shape) < gaps)


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["number", "classes"])
def test_skrub_makes_a_table_of_anything_fit(kind: str) -> None:
    """The same for both, where it has no gaps to fill for those who do not take them."""
    skrub = pytest.importorskip("skrub")
    found = []
    for make in (MLPClassifier, TheirClassifier) if kind == "classes" else (MLPRegressor, TheirRegressor):
        np.random.seed(3)  # noqa: NPY002 (of what skrub gives no seed)
        line = skrub.tabular_pipeline(make(**AS_THEIRS)).fit(messy(0.0), TARGETS[kind])
        outputs = line.predict_proba(messy(0.0)) if kind == "classes" else line.predict(messy(0.0))
        found.append((outputs, line.score(messy(0.0), TARGETS[kind])))
    np.testing.assert_allclose(found[0][0], found[1][0], atol=1e-5)  # in float32
    assert found[0][1] == pytest.approx(found[1][1], abs=1e-5)
    one = (MLPClassifier if kind == "classes" else MLPRegressor)(
        hidden_layer_sizes=5, solver="lbfgs", random_state=3
    )
    line = skrub.tabular_pipeline(one).fit(messy(0.1), TARGETS[kind])
    assert line.score(messy(0.1), TARGETS[kind]) > 0.9


# What it is given.

SAMPLES: dict[str, Any] = {
    "lists": X.tolist(), "tuples": tuple(map(tuple, X)), "by columns": np.asfortranarray(X),
    "every second": np.repeat(X, 2, axis=0)[::2], "big end first": X.astype(">f8"),
    "objects": X.astype(object), "csr": csr_array(X), "csc": csc_array(X), "csr matrix": csr_matrix(X),
    "pandas": FRAME, "pandas, nullable": FRAME.convert_dtypes(), "polars": pl.DataFrame(X, schema=NAMES),
    "pyarrow": pa.table({name: X[:, n] for n, name in enumerate(NAMES)}),
}  # fmt: skip


@pytest.mark.parametrize("given", SAMPLES)
@pytest.mark.parametrize("kind", ["number", "classes"])
def test_samples_are_the_same_however_they_are_held(kind: str, given: str) -> None:
    samples, plain = SAMPLES[given], fitted(kind)
    one = clone(plain).fit(samples, TARGETS[kind])
    assert same_bits(one, plain)
    np.testing.assert_array_equal(one.predict(samples), plain.predict(X))
    has_names = given.startswith("p")
    assert getattr(one, "feature_names_in_", np.array([])).tolist() == (NAMES if has_names else [])
    if has_names:
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            one.predict(X)
        if hasattr(samples, "rename") and given.startswith("pandas"):
            with pytest.raises(ValueError, match="feature names should match"):
                one.predict(samples.rename(columns={"age": "years"}))


OTHERWISE: dict[str, tuple[str, Any]] = {
    "list of names": ("two", TWO.tolist()), "Series": ("two", pd.Series(TWO)),
    "categories": ("two", pd.Series(TWO).astype("category")), "polars": ("two", pl.Series(TWO)),
    "pyarrow": ("two", pa.array(TWO.tolist())), "objects": ("two", TWO.astype(object)),
    "indicators in lists": ("labels", LABELS.tolist()),
    "indicators in pandas": ("labels", pd.DataFrame(LABELS)),
    "sparse indicators": ("labels", csr_array(LABELS)),
    "list of numbers": ("number", NUMBER.tolist()), "Series of numbers": ("number", pd.Series(NUMBER)),
    "nullable numbers": ("number", pd.Series(NUMBER).astype("Float64")),
    "polars numbers": ("number", pl.Series(NUMBER)),
    "two columns in pandas": ("numbers", pd.DataFrame(NUMBERS)),
    "two columns in polars": ("numbers", pl.DataFrame(NUMBERS)),
}  # fmt: skip


@pytest.mark.parametrize("given", OTHERWISE)
def test_targets_are_the_same_however_they_are_held(given: str) -> None:
    kind, y = OTHERWISE[given]
    plain = fitted(kind)
    one = clone(plain).fit(X, y)
    assert same_bits(one, plain)
    found, expected = one.predict(X), plain.predict(X)
    if given.startswith("sparse"):
        found = found.toarray()
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@each_target
def test_single_precision_stays_single(kind: str, solver: str) -> None:
    one = fitted(kind).set_params(solver=solver).fit(X.astype("float32"), TARGETS[kind])
    assert {array.dtype for array in (*one.coefs_, *one.intercepts_)} == {np.dtype("float32")}
    assert one.network_.dtype == np.float32
    outputs = one.predict(X) if kind.startswith("number") else one.predict_proba(X)
    assert outputs.dtype == np.float32


# What it says of itself, and is asked.


def test_a_representation_has_what_is_not_usual_alone() -> None:
    assert repr(MLPClassifier()) == "MLPClassifier()"
    assert repr(MLPClassifier(alpha=0.5, dropout=0.25)) == "MLPClassifier(alpha=0.5, dropout=0.25)"
    assert repr(MLPRegressor(loss="huber:1.5")) == "MLPRegressor(loss='huber:1.5')"
    with sklearn.config_context(print_changed_only=False):
        assert "nesterovs_momentum=True" in repr(MLPClassifier())


@each_target
def test_a_notebook_shows_it(kind: str) -> None:
    one = fitted(kind, alpha=0.5)
    for shown, is_fitted in ((clone(one), False), (one, True), (make_pipeline(StandardScaler(), one), True)):
        page = shown._repr_html_()
        assert type(one).__name__ in page
        assert html.escape("alpha") in page
        assert ("<span>Fitted</span>" in page) == is_fitted


def test_everything_public_that_theirs_has_is_here() -> None:
    """Attributes of a fitted one, methods with the same parameters, tags, and requests of metadata."""
    for ours, theirs, y in (
        (MLPClassifier(**GIVEN), TheirClassifier(**GIVEN), CLASSES),
        (MLPRegressor(**GIVEN), TheirRegressor(**GIVEN), NUMBER),
    ):
        ours.fit(FRAME, y)
        theirs.fit(FRAME, y)
        assert {name for name in dir(theirs) if not name.startswith("_")} <= set(dir(ours))
        for name in ("fit", "partial_fit", "predict", "score"):
            asked, expected = (list(signature(getattr(one, name)).parameters) for one in (ours, theirs))
            assert [one for one in asked if one != "return_interval"] == expected, name
        tags = ours.__sklearn_tags__()
        assert tags.input_tags.allow_nan  # which theirs refuse
        tags.input_tags.allow_nan = False
        assert tags == theirs.__sklearn_tags__()
        assert str(ours.get_metadata_routing()) == str(theirs.get_metadata_routing())


def test_a_frame_is_handed_on_where_output_is_asked_as_one() -> None:
    line = make_pipeline(StandardScaler(), MLPClassifier(**GIVEN)).set_output(transform="pandas")
    line.fit(FRAME, CLASSES)
    assert line[-1].feature_names_in_.tolist() == NAMES
    assert same_bits(line[-1], make_pipeline(StandardScaler(), MLPClassifier(**GIVEN)).fit(X, CLASSES)[-1])


SAID: dict[str, dict[str, Any]] = {
    "adam": {"max_iter": 5},
    "it stops": {"tol": 0.05, "n_iter_no_change": 2, "learning_rate_init": 0.01},
    "early stopping": {"early_stopping": True, "n_iter_no_change": 3, "learning_rate_init": 0.02},
    "adaptive": {
        "solver": "sgd", "learning_rate": "adaptive", "momentum": 0, "tol": 0.02, "n_iter_no_change": 2,
        "learning_rate_init": 0.01,
    },
    "adaptive, early stopping": {
        "solver": "sgd", "learning_rate": "adaptive", "momentum": 0, "tol": 0.01, "n_iter_no_change": 2,
        "early_stopping": True,
    },
    "a large batch": {"batch_size": 1000, "max_iter": 3},
}  # fmt: skip


@pytest.mark.parametrize("given", SAID)
@pytest.mark.parametrize("kind", ["two", "number"])
def test_it_says_what_theirs_says(kind: str, given: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On the way, where `verbose` asks for it, and of what went badly."""
    found = []
    for make in (MLPRegressor, TheirRegressor) if kind == "number" else (MLPClassifier, TheirClassifier):
        one = make(**AS_THEIRS | {"max_iter": 200, "verbose": True} | SAID[given])
        with warnings.catch_warnings(record=True, action="always") as caught:
            one.fit(X, TARGETS[kind][:, np.newaxis])
        warned = [(w.category, str(w.message)) for w in caught if w.category is not TrainingWarning]
        found.append((capsys.readouterr().out, warned))
    assert found[0] == found[1]
    assert "Iteration 1, loss = " in found[0][0]
    assert found[0][1][0][0] is DataConversionWarning


PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "hidden_layer_sizes": st.one_of(st.integers(1, 9), st.lists(st.integers(1, 9)).map(tuple)),
        "activation": st.sampled_from(["tanh", "identity", "leaky_relu:0.1"]),
        "solver": st.sampled_from(["sgd", "lbfgs", "rmsprop"]),
        "alpha": st.floats(0, 10),
        "batch_size": st.one_of(st.just("auto"), st.integers(1, 99)),
        "early_stopping": st.booleans(),
        "max_iter": st.integers(1, 999),
        "n_iter_no_change": st.integers(1, 99),
        "random_state": st.one_of(st.none(), st.integers(0, 99)),
        "dropout": st.one_of(st.none(), st.floats(0, 0.9)),
        "threads": st.one_of(st.none(), st.integers(1, 4)),
        "learning_rate": st.sampled_from(["adaptive", "cosine", "step:2:0.5"]),
    },
)


@given(PARAMETERS)
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_parameters_come_back_as_they_were_given(kind: Any, given: dict[str, Any]) -> None:  # noqa: ANN401
    one = kind(**given)
    assert one.get_params() == kind().get_params() | given
    assert kind().set_params(**given).get_params() == one.get_params() == clone(one).get_params()
    with sklearn.config_context(print_changed_only=True):
        again = eval(repr(one), {kind.__name__: kind})  # noqa: S307 (a representation is an expression)
    assert again.get_params() == one.get_params()


@settings(max_examples=30)
@given(st.data())
def test_any_table_is_learnt_as_theirs(data: st.DataObject) -> None:
    n, m = data.draw(st.integers(2, 12)), data.draw(st.integers(1, 4))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    samples = random.normal(size=(n, m)).astype(data.draw(st.sampled_from(["float32", "float64"])))
    kind = data.draw(st.sampled_from(["number", "numbers", "classes", "labels"]))
    y: Any = {
        "number": random.normal(size=n), "numbers": random.normal(size=(n, 3)),
        "classes": random.integers(0, data.draw(st.integers(1, 4)), size=n),
        "labels": random.integers(0, 2, size=(n, 3)),
    }[kind]  # fmt: skip
    given = AS_THEIRS | {
        "max_iter": data.draw(st.integers(1, 4)),
        "solver": data.draw(st.sampled_from(["adam", "sgd"])),
        "batch_size": data.draw(st.sampled_from([1, "auto"])),
        "alpha": data.draw(st.sampled_from([0, 0.1])),
    }
    weight = (
        random.uniform(0.5, 2, size=n) if data.draw(st.booleans()) and given["batch_size"] == "auto" else None
    )
    is_number = kind.startswith("number")
    one = (MLPRegressor if is_number else MLPClassifier)(**given).fit(samples, y, weight)
    other = (TheirRegressor if is_number else TheirClassifier)(**given).fit(samples, y, weight)
    close: dict[str, Any] = {"rtol": 0, "atol": 1e-4 if samples.dtype == np.float32 else 1e-9}
    for w, same in zip((*one.coefs_, *one.intercepts_), (*other.coefs_, *other.intercepts_), strict=True):
        assert w.dtype == same.dtype
        np.testing.assert_allclose(w, same, **close)
    ask = "predict" if is_number else "predict_proba"
    found, expected = getattr(one, ask)(samples), getattr(other, ask)(samples)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, **close)
    assert one.score(samples, y) == pytest.approx(other.score(samples, y), rel=1e-3, abs=1e-3)


# Weights of samples find their way through what stands around an estimator.


@pytest.fixture
def metadata_is_routed() -> Any:  # noqa: ANN401
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("metadata_is_routed")
@pytest.mark.parametrize(
    ("one", "other", "y"),
    [
        (MLPClassifier(**AS_THEIRS), TheirClassifier(**AS_THEIRS), CLASSES),
        (MLPRegressor(**AS_THEIRS), TheirRegressor(**AS_THEIRS), NUMBER),
    ],
    ids=["classes", "numbers"],
)
def test_weights_of_samples_are_routed_to_where_they_are_asked_for(one: Made, other: Made, y: Any) -> None:  # noqa: ANN401
    def through(made: Made, *, fit: bool, score: bool) -> Any:  # noqa: ANN401
        scorer = get_scorer("r2" if y is NUMBER else "neg_log_loss").set_score_request(sample_weight=score)
        made = clone(made).set_fit_request(sample_weight=fit)
        line = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), made)
        return cross_validate(line, X, y, cv=3, scoring=scorer, params=given)["test_score"]

    def within(made: Made) -> Any:  # noqa: ANN401
        made = clone(made).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        return cross_validate(made, X, y, cv=3, params=given)["test_score"]

    given, seen = {"sample_weight": WEIGHT}, set()
    for fit, score in ((True, False), (False, True), (True, True)):
        found = through(one, fit=fit, score=score)
        np.testing.assert_allclose(found, through(other, fit=fit, score=score), atol=1e-9)
        seen.add(tuple(found))
    assert len(seen) == 3
    np.testing.assert_allclose(within(one), within(other), atol=1e-9)
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        cross_validate(clone(one), X, y, cv=3, params={"sample_weight": WEIGHT})


@pytest.mark.usefixtures("metadata_is_routed")
def test_weights_of_samples_are_routed_to_partial_fit() -> None:
    def chances(made: Made) -> Any:  # noqa: ANN401
        made = made.set_partial_fit_request(sample_weight=True, classes=False)
        several = MultiOutputClassifier(made)
        several.partial_fit(X, LABELS, classes=[[0, 1]] * 3, sample_weight=WEIGHT)
        return several.partial_fit(X, LABELS, sample_weight=WEIGHT).predict_proba(X)

    found = chances(MLPClassifier(**AS_THEIRS))
    np.testing.assert_allclose(found, chances(TheirClassifier(**AS_THEIRS)), atol=1e-9)
    plain = MultiOutputClassifier(MLPClassifier(**AS_THEIRS)).partial_fit(X, LABELS, [[0, 1]] * 3)
    assert not np.allclose(found, plain.partial_fit(X, LABELS).predict_proba(X))


def test_it_may_be_stored_in_memory_beside_a_pipeline() -> None:
    memory = io.BytesIO()
    line = make_pipeline(StandardScaler(), MLPRegressor(**GIVEN)).fit(X, NUMBER)
    joblib.dump(line, memory)
    memory.seek(0)
    np.testing.assert_array_equal(joblib.load(memory).predict(X), line.predict(X))
