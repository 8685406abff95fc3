"""Ensembles of estimators: each network is what the estimator alone makes, and they are averaged."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.special import expit

from chainrule import Ensemble, InputError, MLPClassifier, MLPRegressor

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(2)
X = RANDOM.normal(size=(80, 3))
NUMBERS = X[:, 0] - 2 * X[:, 1] + 0.1 * RANDOM.normal(size=80)
TWO = np.where(NUMBERS > 0, "yes", "no")
THREE = np.digitize(NUMBERS, [-1, 1])
LABELS = np.column_stack([NUMBERS > 0, X[:, 2] > 0]).astype(int)
KINDS: list[tuple[Any, Any]] = [
    (MLPRegressor, NUMBERS), (MLPRegressor, np.column_stack([NUMBERS, X[:, 2]])), (MLPClassifier, TWO),
    (MLPClassifier, THREE), (MLPClassifier, LABELS),
]  # fmt: skip
GIVEN: list[dict[str, Any]] = [
    {}, {"defaults": "modern"}, {"early_stopping": True}, {"solver": "lbfgs"},
    {"solver": "sgd", "threads": 2},
]  # fmt: skip
FAST: dict[str, Any] = {"hidden_layer_sizes": (5,), "max_iter": 15, "random_state": 4}

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("given", GIVEN, ids=str)
@pytest.mark.parametrize(("kind", "y"), KINDS)
def test_each_network_is_what_the_estimator_alone_makes(kind: Any, y: Any, given: dict[str, Any]) -> None:  # noqa: ANN401
    whole = kind(**FAST, **given, ensemble=3).fit(X, y)
    alone = [kind(**{**FAST, **given, "random_state": 4 + k}).fit(X, y) for k in range(3)]
    assert [one.random_state for one in whole.estimators_] == [4, 5, 6]
    assert isinstance(whole.network_, Ensemble)
    for one, other in zip(whole.estimators_, alone, strict=True):
        assert [w.tobytes() for w in one.coefs_] == [w.tobytes() for w in other.coefs_]
        assert one.loss_curve_ == other.loss_curve_
        assert one.network_.weights[0].tobytes() == other.network_.weights[0].tobytes()
    assert [w.tobytes() for w in whole.coefs_] == [w.tobytes() for w in alone[0].coefs_]
    answers = "predict" if kind is MLPRegressor else "predict_proba"
    mean = sum(getattr(one, answers)(X) for one in alone) / 3
    np.testing.assert_allclose(getattr(whole, answers)(X), mean, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("kind", "y"), KINDS[2:])
def test_what_decides_is_the_log_odds_of_the_mean_chances(kind: Any, y: Any) -> None:  # noqa: ANN401
    whole = kind(**FAST, ensemble=3).fit(X, y)
    odds, chances = whole.decision_function(X), whole.predict_proba(X)
    np.testing.assert_allclose(expit(odds), chances[:, 1] if odds.ndim == 1 else chances, rtol=1e-9)
    far = whole.decision_function(1e6 * X)  # where chances round to 0 and 1
    assert np.isfinite(far).all()


def test_it_goes_on_by_epochs_and_from_where_it_stands() -> None:
    stepped, alone = MLPClassifier(**FAST, ensemble=2), MLPClassifier(**{**FAST, "random_state": 5})
    for _ in range(3):
        stepped.partial_fit(X, THREE, classes=[0, 1, 2])
        alone.partial_fit(X, THREE, classes=[0, 1, 2])
    second = stepped.estimators_[1]
    assert [w.tobytes() for w in second.coefs_] == [w.tobytes() for w in alone.coefs_]
    warm = MLPRegressor(**FAST, ensemble=2, warm_start=True).fit(X, NUMBERS)
    other = MLPRegressor(**{**FAST, "random_state": 5}, warm_start=True).fit(X, NUMBERS).fit(X, NUMBERS)
    warm.fit(X, NUMBERS)
    assert [w.tobytes() for w in warm.estimators_[1].coefs_] == [w.tobytes() for w in other.coefs_]
    with pytest.raises(InputError, match="must be 2, as in the call before"):
        warm.set_params(ensemble=3).fit(X, NUMBERS)


@pytest.mark.parametrize("defaults", ["scikit-learn", "modern"])
@pytest.mark.parametrize(("kind", "y"), KINDS[:4])
def test_it_is_saved_copied_and_pickled(kind: Any, y: Any, defaults: str, tmp_path: Path) -> None:  # noqa: ANN401
    whole = kind(**FAST, ensemble=3, defaults=defaults).fit(X, y)
    found = whole.predict(X)
    whole.save(tmp_path / "e.st")
    read = kind.from_model(tmp_path / "e.st")
    assert read.ensemble == 3
    for again in (read, copy.deepcopy(whole), pickle.loads(pickle.dumps(whole))):  # noqa: S301 (its own)
        assert (again.predict(X) == found).all()
        assert len(again.estimators_) == 3
    assert whole.check_gradients(X, y).passed
    assert whole.trace(X[0], y[0]).network is whole.network_.members[0]


def test_weights_that_are_set_are_those_of_the_first() -> None:
    whole = MLPRegressor(**FAST, ensemble=2).fit(X, NUMBERS)
    second = whole.estimators_[1].predict(X)
    whole.coefs_ = [np.zeros_like(w) for w in whole.coefs_]
    whole.intercepts_ = [np.zeros_like(w) for w in whole.intercepts_]
    np.testing.assert_allclose(whole.predict(X), second / 2, rtol=1e-12)


def test_a_fit_without_ensemble_leaves_none_behind() -> None:
    whole = MLPRegressor(**FAST, ensemble=2).fit(X, NUMBERS)
    whole.set_params(ensemble=1).fit(X, NUMBERS)
    assert not hasattr(whole, "estimators_")
    assert (whole.predict(X) == MLPRegressor(**FAST).fit(X, NUMBERS).predict(X)).all()


def test_restarts_and_ensembles_do_not_go_together() -> None:
    with pytest.raises(InputError, match="each network of an ensemble is one training"):
        MLPRegressor(n_restarts=2, ensemble=2).fit(X, NUMBERS)
