"""`effort`: estimators that fit by the recipe, and answer by the networks that it has mixed."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.special import expit, logit
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV

import chainrule
from chainrule import Ensemble, InputError, MLPClassifier, MLPRegressor, Model

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(
    "ignore::chainrule.TrainingWarning",
    "ignore::chainrule.TableWarning",
    "ignore::sklearn.exceptions.ConvergenceWarning",
)

RANDOM = np.random.default_rng(3)
N = 90
X = RANDOM.normal(size=(N, 3))
NUMBER = 1e6 + X[:, 0] - X[:, 1] ** 2 + 0.1 * RANDOM.normal(size=N)
THREE = np.digitize(NUMBER - 1e6, [-1.5, 0.0])
FRAME = pd.DataFrame({"size": X[:, 0], "width": X[:, 1], "town": RANDOM.choice(["Bern", "Chur"], N)})
TARGETS: dict[str, Any] = {
    "number": NUMBER,
    "numbers": np.column_stack([NUMBER, X[:, 2]]),
    "two": np.where(NUMBER > 1e6, "yes", "no"),
    "three": np.array([30, 10, 20])[THREE],
    "labels": np.column_stack([X[:, 0] > 0, X[:, 1] > 0.5]).astype(int),
}
each_kind = pytest.mark.parametrize("kind", TARGETS)
SLOW = {"numbers", "two"}  # the same ways as others
some_kinds = pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow) if kind in SLOW else kind for kind in TARGETS]
)


def made(kind: str, **given: Any) -> Any:  # noqa: ANN401 (either estimator)
    one = MLPRegressor if kind.startswith("number") else MLPClassifier
    return one(**{"effort": "quick", "random_state": 2, **given})


def of_fit(kind: str, frame: pd.DataFrame = FRAME, **given: Any) -> Model:  # noqa: ANN401 (of fit)
    """The same by `fit`."""
    columns = np.asarray(TARGETS[kind]).reshape(N, -1).T
    names = ["target"] if len(columns) == 1 else [f"target_{k}" for k in range(len(columns))]
    what = "numbers" if kind.startswith("number") else "classes"
    table = frame.assign(**dict(zip(names, columns, strict=True)))
    options: dict[str, Any] = {"effort": "quick", **given, what: names}
    return chainrule.fit(table, target=names, held_out=0, seed=2, **options).model


@each_kind
def test_it_is_the_model_of_fit_to_the_bit(kind: str, tmp_path: Path) -> None:
    one, same = made(kind).fit(FRAME, TARGETS[kind]), of_fit(kind)
    mixed: Any = same.network
    assert one.network_.weights == mixed.weights
    for net, other in zip(one.network_.members, mixed.members, strict=True):
        assert [w.tobytes() for w in net.weights] == [w.tobytes() for w in other.weights]
    assert (one.model_.encoding, one.model_.training) == (same.encoding, same.training)
    assert one.calibration_ == same.calibration
    assert one.calibration_ is not None
    predicted = same.predict(FRAME)
    columns = np.column_stack([np.asarray(predicted[name]) for name in same.table_encoding.target_names])
    np.testing.assert_array_equal(
        np.reshape(one.predict(FRAME), (N, -1)), columns.astype(one.predict(FRAME).dtype)
    )
    chainrule.save(same, tmp_path / "by_fit")
    one.save(tmp_path / "by_estimator")
    assert (tmp_path / "by_fit").read_bytes() == (tmp_path / "by_estimator").read_bytes()


@some_kinds
def test_every_door_leads_to_the_same_answers(kind: str, tmp_path: Path) -> None:
    one = made(kind).fit(FRAME, TARGETS[kind])
    one.save(tmp_path / "one")
    read = type(one).from_model(tmp_path / "one")
    assert (read.effort, read.random_state) == ("quick", 2)
    assert read.calibration_ == one.calibration_
    copies = (read, copy.deepcopy(one), pickle.loads(pickle.dumps(one)), clone(one).fit(FRAME, TARGETS[kind]))  # noqa: S301 (our own)
    for again in copies:
        assert again.score(FRAME, TARGETS[kind]) == one.score(FRAME, TARGETS[kind])
        for name in ("predict", "predict_proba", "decision_function"):
            assert hasattr(again, name) == hasattr(one, name)
            if hasattr(one, name):
                np.testing.assert_array_equal(getattr(again, name)(FRAME), getattr(one, name)(FRAME))
    again_saved = tmp_path / "again"
    read.save(again_saved)
    assert again_saved.read_bytes() == (tmp_path / "one").read_bytes()
    assert one.check_gradients(FRAME, TARGETS[kind]).passed
    assert one.trace(FRAME[:1], TARGETS[kind][:1]).network is one.network_.members[0]


@some_kinds
def test_arrays_dense_and_sparse_and_frames_of_the_same_names_are_alike(kind: str) -> None:
    one = made(kind).fit(X, TARGETS[kind])
    assert (one.n_features_in_, hasattr(one, "feature_names_in_")) == (3, False)
    np.testing.assert_array_equal(
        made(kind).fit(csr_array(X), TARGETS[kind]).predict(csr_array(X)), one.predict(X)
    )
    named = made(kind).fit(pd.DataFrame(X, columns=["x0", "x1", "x2"]), TARGETS[kind])
    assert named.feature_names_in_.tolist() == ["x0", "x1", "x2"]
    np.testing.assert_array_equal(named.predict(pd.DataFrame(X, columns=["x0", "x1", "x2"])), one.predict(X))
    assert (
        one.n_outputs_ == np.reshape(TARGETS[kind], (N, -1)).shape[1]
        if kind not in {"two", "three"}
        else True
    )


def test_what_there_is_of_networks_is_that_of_the_first_or_said_to_be_missing() -> None:
    one = made("number").fit(X, NUMBER)
    n_epochs: Any = one.n_iter_
    assert len(one.loss_curve_) == n_epochs == len(one.history_.epochs) == one.model_.training.epochs_run
    assert one.loss_ == one.history_.loss_after
    assert one.best_loss_ == one.loss_
    assert one.out_activation_ == "identity"
    assert isinstance(one.network_, Ensemble)
    for name in ("coefs_", "intercepts_", "n_layers_"):
        assert not hasattr(one, name)
        with pytest.raises(AttributeError, match=f"no attribute '{name}': it belongs to one network"):
            getattr(one, name)
    with pytest.raises(AttributeError, match=r"^'MLPRegressor' object has no attribute 'coefs_'$"):
        made("number").coefs_  # noqa: B018 (before a fit)
    one.set_params(effort=None, max_iter=5).fit(X, NUMBER)
    assert (len(one.coefs_), len(one.intercepts_), one.n_layers_) == (2, 2, 3)
    with pytest.raises(NotFittedError):
        made("number").predict(X)


def test_numbers_far_from_0_keep_their_digits_and_have_intervals() -> None:
    one = made("number").fit(X, NUMBER)
    predicted, ends = one.predict(X, return_interval=0.8)
    assert predicted.dtype == ends.dtype == np.float64
    assert np.unique(predicted).size > 0.9 * N  # of float32 there are 16 to a unit there
    assert one.score(X, NUMBER) == pytest.approx(r2_score(NUMBER, predicted), rel=1e-12)
    assert one.score(X, NUMBER) > 0.9
    np.testing.assert_allclose(ends.mean(axis=1), predicted, rtol=1e-12)
    within = (ends[:, 0] <= NUMBER) & (ends[:, 1] >= NUMBER)
    assert within.mean() >= 0.8  # they are as wide as errors of rows that were not learnt from
    both = made("numbers").fit(X, TARGETS["numbers"])
    assert both.predict(X[:4], return_interval=0.8)[1].shape == (4, 2, 2)
    assert made("number", calibrate=False).fit(X, NUMBER).calibration_ is None


@pytest.mark.parametrize("kind", ["two", "three", "labels"])
def test_what_decides_is_the_log_odds_of_the_mean_of_all_chances(kind: str) -> None:
    one = made(kind, calibrate=False).fit(X, TARGETS[kind])
    odds, chances = one.decision_function(X), one.predict_proba(X)
    found = expit(odds)
    if kind == "two":
        found = np.column_stack([1 - found, found])
    np.testing.assert_allclose(found, chances, rtol=1e-4, atol=1e-6)  # of float32
    mixed: Any = one.network_
    weights, nets = mixed.weights, mixed.members
    inputs = one._checked(X)[1]
    mean = sum(share * net(inputs).astype(np.float64) for share, net in zip(weights, nets, strict=True))
    if kind == "two":
        places = one._places
        np.testing.assert_allclose(odds, logit(mean[:, places[1]]), rtol=1e-3, atol=1e-4)
    assert np.isfinite(one.decision_function(1e6 * X)).all()
    order = np.random.default_rng(0).permutation(N)
    np.testing.assert_allclose(one.decision_function(X[order]), odds[order], rtol=1e-9)
    np.testing.assert_allclose(np.log(chances), one.predict_log_proba(X))


def test_the_random_state_settles_everything_whatever_the_threads() -> None:
    one = made("three", threads=1).fit(X, TARGETS["three"])
    for other in (made("three", threads=3), made("three", random_state=np.int64(2))):
        np.testing.assert_array_equal(other.fit(X, TARGETS["three"]).predict_proba(X), one.predict_proba(X))
    drawn = [made("three", random_state=np.random.RandomState(5)).fit(X, TARGETS["three"]) for _ in range(2)]
    np.testing.assert_array_equal(drawn[0].predict_proba(X), drawn[1].predict_proba(X))
    assert (
        made("three", random_state=3).fit(X, TARGETS["three"]).predict_proba(X) != one.predict_proba(X)
    ).any()


def test_weights_of_samples_and_of_classes_count() -> None:
    weights = np.where(X[:, 0] > 0, 1.0, 0.0)
    near = made("number").fit(X, np.where(X[:, 0] > 0, 1.0, 5.0), sample_weight=weights)
    assert near.predict(X).mean() < 1.5  # rows of the weight 0 say nothing
    plain, heavy = (made("two", class_weight=given).fit(X, TARGETS["two"]) for given in (None, {"no": 30.0}))
    assert heavy.predict_proba(X)[:, 0].mean() > plain.predict_proba(X)[:, 0].mean()
    balanced = made("two", class_weight="balanced").fit(FRAME, TARGETS["two"])
    assert balanced.model_.training == of_fit("two", class_weight="balanced").training


def test_a_search_chooses_an_effort_and_none() -> None:
    search = GridSearchCV(MLPClassifier(random_state=0, max_iter=200), {"effort": [None, "quick"]}, cv=2)
    search.fit(X, TARGETS["three"])
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert made("two").get_params()["effort"] == "quick"
    assert clone(MLPRegressor().set_params(effort="best")).effort == "best"
    everything = MLPRegressor().set_params(**MLPRegressor(effort="quick", random_state=2).get_params())
    np.testing.assert_array_equal(
        everything.fit(X, NUMBER).predict(X), made("number").fit(X, NUMBER).predict(X)
    )
    assert everything.calibration_ is not None


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({"effort": "great"}, "must be one of quick, normal, best, or None"),
    "one": ({"max_iter": 50}, "effort='quick' was given with max_iter"),
    "several": ({"alpha": 1.0, "solver": "sgd"}, "with alpha and solver"),
    "defaults": ({"defaults": "notes"}, "with defaults"),
    "warm": ({"warm_start": True}, "with warm_start"),
    "ensemble": ({"ensemble": 2}, "with ensemble"),
    "restarts": ({"n_restarts": 2}, "with n_restarts"),
    "rows": ({"validation_data": (X, THREE)}, "with validation_data"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_recipe_settles_is_refused_beside_it(name: str) -> None:
    given, message = REFUSED[name]
    one = made("three", **given)
    with pytest.raises(InputError, match=message) as caught:
        one.fit(X, THREE)
    assert caught.value.parameter == "effort"
    assert not hasattr(one, "classes_")


def test_it_does_not_go_on() -> None:
    one = made("three")
    assert not hasattr(one, "partial_fit")
    with pytest.raises(AttributeError, match="has no attribute 'partial_fit'") as caught:
        one.partial_fit(X, THREE)
    assert "of a recipe" in str(caught.value.__cause__)
    one.fit(X, THREE).set_params(effort=None)
    before = one.predict_proba(X)
    with pytest.raises(InputError, match="go on with one network"):
        one.partial_fit(X, THREE)
    with pytest.raises(InputError, match="go on with one network"):
        one.set_params(warm_start=True).fit(X, THREE)
    np.testing.assert_array_equal(one.predict_proba(X), before)


def test_defaults_by_the_name_of_a_recipe_are_it_at_normal_effort() -> None:
    by_name = MLPClassifier(defaults="modern-2", random_state=2).fit(FRAME, TARGETS["two"])
    by_effort = made("two", effort="normal").fit(FRAME, TARGETS["two"])
    np.testing.assert_array_equal(by_name.predict_proba(FRAME), by_effort.predict_proba(FRAME))
    with pytest.raises(chainrule.InputError, match="defaults='modern-2' was given with max_iter") as caught:
        MLPClassifier(defaults="modern-2", max_iter=3).fit(FRAME, TARGETS["two"])
    assert caught.value.parameter == "defaults"
    with pytest.raises(AttributeError):
        MLPClassifier(defaults="modern-2").partial_fit(FRAME, TARGETS["two"])


@pytest.mark.parametrize("name", ["modern", "modern-2"])
def test_the_recipe_by_its_name_is_the_same(name: str) -> None:
    one = made("two", defaults=name).fit(FRAME, TARGETS["two"])
    np.testing.assert_array_equal(
        one.predict_proba(FRAME), made("two").fit(FRAME, TARGETS["two"]).predict_proba(FRAME)
    )


def test_verbose_says_what_it_costs_and_what_was_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[Any] = []
    made("number", verbose=True, callbacks=lambda progress: heard.append(progress.member)).fit(X, NUMBER)
    cost, choice = capsys.readouterr().out.splitlines()
    assert cost.startswith("Recipe modern-2, effort quick: ")
    assert choice.startswith("Recipe modern-2, effort quick: ")
    assert {number for number, _ in heard} == {1, 2, 3}


def test_an_ensemble_with_shares_keeps_them(tmp_path: Path) -> None:
    nets = [MLPRegressor(hidden=4, random_state=k, rule="lbfgs").fit(X, X[:, 0]).network_ for k in range(2)]
    plain = MLPRegressor(hidden=4, random_state=0, rule="lbfgs").fit(X, X[:, 0])
    whole = Model(Ensemble(nets, [0.25, 0.75]), plain.model_.encoding)
    one = MLPRegressor.from_model(whole)
    expected = 0.25 * nets[0](X) + 0.75 * nets[1](X)
    np.testing.assert_allclose(one.predict(X), expected[:, 0], rtol=1e-12)
    one.save(tmp_path / "one")
    np.testing.assert_array_equal(MLPRegressor.from_model(tmp_path / "one").predict(X), one.predict(X))


def test_networks_in_one_decide_by_their_mean_chances() -> None:
    layers = ("member_scale:4", "dense", "dense")
    net = chainrule.Network.random(
        (3, 8, 3), ["identity", "tanh", "softmax"], "cross_entropy", seed=1, layers=layers
    )
    one = MLPClassifier.from_network(net, [10, 20, 30])
    chances = one.predict_proba(X)
    assert chances.shape == (N, 3)
    np.testing.assert_allclose(one.decision_function(X), logit(chances), rtol=1e-9, atol=1e-12)
