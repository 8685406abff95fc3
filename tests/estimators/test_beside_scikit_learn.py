"""The numbers of scikit-learn's perceptrons: the same first weights, and so the same training to rounding.

The orders of the rows are drawn otherwise, so that they are kept here as they are given. Adam's epsilon is
added to another root, so that it is next to nothing here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor

from chainrule import MLPClassifier, MLPRegressor

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

pytestmark = pytest.mark.filterwarnings("ignore")  # that so short a training did not converge

RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(90, 5))
NUMBERS = np.sin(X[:, :2]) + 0.1 * X[:, 2:4]
CLASSES = np.array(["a", "b", "c"])[np.digitize(NUMBERS[:, 0], [-0.4, 0.4])]
TWO = np.where(NUMBERS[:, 1] > 0, "yes", "no")
LABELS = (NUMBERS > 0.1).astype(int)
COUNTS = RANDOM.poisson(np.exp(NUMBERS[:, 0]))
WEIGHT = RANDOM.uniform(0.5, 2.0, size=90)

ADAM = {"epsilon": 1e-30}
SOLVERS: dict[str, dict[str, Any]] = {
    "adam": {"batch_size": 30},
    "adam, its numbers": {"beta_1": 0.8, "beta_2": 0.9, "alpha": 0},
    "sgd, nesterov": {"solver": "sgd", "learning_rate_init": 0.05},
    "sgd, momentum": {"solver": "sgd", "learning_rate_init": 0.05, "nesterovs_momentum": False, "alpha": 1},
    "sgd, invscaling": {
        "solver": "sgd", "learning_rate": "invscaling", "momentum": 0, "learning_rate_init": 1,
    },
    "sgd, adaptive": {
        "solver": "sgd", "learning_rate": "adaptive", "momentum": 0, "tol": 0.02, "n_iter_no_change": 2,
        "learning_rate_init": 0.01,
    },
    "lbfgs": {"solver": "lbfgs", "max_iter": 12},
    "lbfgs, max_fun": {"solver": "lbfgs", "max_fun": 9},
    "lbfgs, tol": {"solver": "lbfgs", "tol": 0.05},
    "early stopping": {"early_stopping": True, "learning_rate_init": 0.02, "n_iter_no_change": 3},
}  # fmt: skip


def differences(ours: BaseEstimator, theirs: BaseEstimator) -> float:
    """Greatest difference of the weights, and of the losses."""
    pairs = [
        *zip(ours.coefs_, theirs.coefs_, strict=True),
        *zip(ours.intercepts_, theirs.intercepts_, strict=True),
    ]
    if hasattr(theirs, "loss_curve_"):
        pairs.append((np.array(ours.loss_curve_), np.array(theirs.loss_curve_)))
    return max(float(np.abs(np.subtract(a, b)).max()) for a, b in [*pairs, (ours.loss_, theirs.loss_)])


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", ["numbers", "classes", "two", "labels"])
def test_training_is_theirs(solver: str, kind: str) -> None:
    y = {"numbers": NUMBERS, "classes": CLASSES, "two": TWO, "labels": LABELS}[kind]
    if kind == "numbers" and solver.startswith("lbfgs"):
        y = NUMBERS[:, 0]  # of several, the gradient there is not that of the loss
    given: dict[str, Any] = (
        {"hidden_layer_sizes": (6, 4), "activation": "tanh", "max_iter": 25} | ADAM | SOLVERS[solver]
    )
    given |= {"random_state": 3, "shuffle": False}
    ours = (MLPRegressor if kind == "numbers" else MLPClassifier)(**given).fit(X, y)
    theirs = (TheirRegressor if kind == "numbers" else TheirClassifier)(**given).fit(X, y)
    assert differences(ours, theirs) < 1e-7
    for name in ("n_iter_", "n_layers_", "n_outputs_", "n_features_in_", "out_activation_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    if not solver.startswith("lbfgs"):
        assert ours.t_ == theirs.t_
        assert ours.best_loss_ == pytest.approx(theirs.best_loss_, abs=1e-7)
        assert np.allclose(ours.validation_scores_ or 0, theirs.validation_scores_ or 0, atol=1e-7)
    assert np.array_equal(ours.predict(X), theirs.predict(X)) or kind == "numbers"
    assert ours.score(X, y) == pytest.approx(theirs.score(X, y), abs=1e-7)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_weights_of_samples_count_as_theirs(solver: str) -> None:
    given: dict[str, Any] = {
        "epsilon": 1e-30,
        "hidden_layer_sizes": 5,
        "solver": solver,
        "max_iter": 15,
        "random_state": 3,
        "shuffle": False,
        "alpha": 1.0,
    }
    ours, theirs = (
        MLPClassifier(**given).fit(X, CLASSES, WEIGHT),
        TheirClassifier(**given).fit(X, CLASSES, WEIGHT),
    )
    assert differences(ours, theirs) < 1e-7
    assert differences(MLPClassifier(**given).fit(X, CLASSES), theirs) > 1e-4


@pytest.mark.parametrize(
    ("solver", "close"), [("adam", 1e-7), ("sgd, nesterov", 1e-12), ("sgd, momentum", 1e-12), ("lbfgs", 1e-7)]
)
@pytest.mark.parametrize("engine", [None, "reference"])
def test_counts_are_learnt_by_their_deviance(engine: str | None, solver: str, close: float) -> None:
    given: dict[str, Any] = {
        **ADAM,
        **SOLVERS[solver],
        "loss": "poisson",
        "hidden_layer_sizes": 4,
        "activation": "tanh",
        "random_state": 3,
        "shuffle": False,
        "max_iter": 15,
    }
    ours = MLPRegressor(**given, engine=engine).fit(X, COUNTS)
    theirs = TheirRegressor(**given).fit(X, COUNTS)
    assert differences(ours, theirs) < close
    assert ours.out_activation_ == theirs.out_activation_ == "exp"


def test_logistic_units_begin_as_theirs() -> None:
    given: dict[str, Any] = {
        "activation": "logistic",
        "solver": "sgd",
        "learning_rate_init": 1e-9,
        "max_iter": 1,
        "random_state": 3,
    }
    ours, theirs = MLPClassifier(4, **given).fit(X, TWO), TheirClassifier(4, **given).fit(X, TWO)
    assert differences(ours, theirs) < 1e-7


def test_the_penalty_of_a_batch_counts_in_the_curve() -> None:
    """Of one batch an epoch it is known; of several it is taken to change evenly, and is close."""
    given: dict[str, Any] = {
        "epsilon": 1e-30,
        "hidden_layer_sizes": 5,
        "alpha": 50.0,
        "random_state": 3,
        "shuffle": False,
        "max_iter": 20,
    }
    for batch_size, close in ((90, 1e-12), (10, 1e-3)):
        ours = MLPRegressor(batch_size=batch_size, **given).fit(X, NUMBERS)
        theirs = TheirRegressor(batch_size=batch_size, **given).fit(X, NUMBERS)
        assert np.allclose(ours.loss_curve_, theirs.loss_curve_, rtol=close, atol=0)


def test_their_parameters_are_all_here_with_the_same_defaults() -> None:
    for ours, theirs in ((MLPClassifier(), TheirClassifier()), (MLPRegressor(), TheirRegressor())):
        assert theirs.get_params().items() <= ours.get_params().items()
