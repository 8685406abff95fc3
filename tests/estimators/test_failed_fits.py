"""A fit that fails costs nothing that was there before, and no fit trains on what it should not."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csc_array, csr_array, issparse
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from chainrule import InputError, MLPClassifier, MLPRegressor

if TYPE_CHECKING:
    from chainrule.estimators.perceptron import Perceptron

RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(60, 4))
NUMBERS = np.sin(X[:, 0]) + 0.1 * X[:, 1]
CLASSES = np.array(["a", "b", "c"])[np.digitize(NUMBERS, [-0.4, 0.4])]
GIVEN: dict[str, Any] = {"hidden_layer_sizes": 5, "max_iter": 5, "random_state": 3}

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::chainrule.TrainingWarning"
)

both = pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])


def target(kind: type[Perceptron]) -> Any:  # noqa: ANN401 (names or numbers)
    return CLASSES if kind is MLPClassifier else NUMBERS


def state(one: Perceptron) -> dict[str, bytes]:
    """All that an estimator is, beside its parameters and the time that its epochs took."""
    found = {name: value for name, value in vars(one).items() if name not in {*one.get_params(), "_given"}}
    if found.pop("_kept", None) is not None:
        found["_state"] = one._state_now()
    for name in ("_state", "history_"):
        if (kept := found.get(name)) is not None:
            found[name] = replace(kept, epochs=tuple(epoch._replace(seconds=0) for epoch in kept.epochs))
    return {name: pickle.dumps(deepcopy(value)) for name, value in found.items()}


def with_one(value: float) -> Any:  # noqa: ANN401 (samples)
    changed = X.copy()
    changed[3, 1] = value
    return changed


# What is given otherwise than it should be: parameters by their names, "X", "y", "weight".
WRONG: dict[str, dict[str, Any]] = {
    "a sample is infinite": {"X": with_one(np.inf)},
    "samples are numbers": {"X": X[:, 0]},
    "samples have no numbers": {"X": np.full(X.shape, "a")},
    "no samples": {"X": X[:0], "y": []},
    "fewer targets": {"y": CLASSES[:20]},
    "no target": {"y": None},
    "no target is a number": {"y": np.full(60, np.nan)},
    "targets of three dimensions": {"y": np.zeros((60, 2, 2))},
    "fewer weights": {"weight": np.ones(20)},
    "a weight is not a number": {"weight": np.full(60, np.nan)},
    "weights are negative": {"weight": np.full(60, -1.0)},
    "no row has weight": {"weight": np.zeros(60)},
    "activation": {"activation": "rellu"},
    "alpha": {"alpha": -1.0},
    "batch_size": {"batch_size": 0},
    "beta_1": {"beta_1": 1.5},
    "beta_2": {"beta_2": -0.5},
    "calibrate": {"calibrate": "no"},
    "calibrate without rows": {"calibrate": True},
    "dropout": {"dropout": 1.5},
    "early_stopping": {"early_stopping": "no"},
    "engine": {"engine": "diesel"},
    "epsilon": {"epsilon": 0.0},
    "hidden_layer_sizes": {"hidden_layer_sizes": (3, 0)},
    "learning_rate": {"learning_rate": "adaptiv"},
    "learning_rate_init": {"learning_rate_init": 0.0},
    "loss": {"loss": "huberr"},
    "max_fun": {"max_fun": 0},
    "max_iter": {"max_iter": 0},
    "momentum": {"solver": "sgd", "momentum": 1.5},
    "n_iter_no_change": {"n_iter_no_change": 0},
    "nesterovs_momentum": {"solver": "sgd", "nesterovs_momentum": "no"},
    "out_activation": {"out_activation": "softmaks"},
    "power_t": {"power_t": -1.0},
    "random_state": {"random_state": "x"},
    "shuffle": {"shuffle": "no"},
    "solver": {"solver": "adamm"},
    "threads": {"threads": 0},
    "tol": {"tol": float("nan")},
    "validation_fraction": {"early_stopping": True, "validation_fraction": 1.5},
    "verbose": {"verbose": "no"},
    "warm_start": {"warm_start": "no"},
    "no row is held out": {"early_stopping": True, "validation_fraction": 1e-4},
    "no row is left": {"early_stopping": True, "validation_fraction": 0.999},
    "it diverges": {"X": 1e200 * X},
}
OF_THE_NETWORK = {"activation", "hidden_layer_sizes", "out_activation", "loss", "warm_start"}
WRONG_FOR: dict[tuple[type[Perceptron], str], dict[str, Any]] = {
    (MLPClassifier, "classes that are numbers"): {"y": NUMBERS},
    (MLPClassifier, "classes that are numbers, of wider samples"): {"y": NUMBERS, "X": np.hstack([X, X])},
    (MLPClassifier, "class_weight"): {"class_weight": {"a": -1.0}},
    (MLPRegressor, "numbers that are names"): {"y": CLASSES},
    (MLPRegressor, "numbers that are names, of wider samples"): {"y": CLASSES, "X": np.hstack([X, X])},
    (MLPRegressor, "it diverges after some epochs"): {
        "X": 100 * X, "solver": "sgd", "learning_rate_init": 50.0, "activation": "identity",
    },
}  # fmt: skip
CASES = [
    *[pytest.param(kind, case, id=f"{kind.__name__}-{name}")
      for kind in (MLPClassifier, MLPRegressor) for name, case in WRONG.items()],
    *[pytest.param(kind, case, id=f"{kind.__name__}-{name}") for (kind, name), case in WRONG_FOR.items()],
]  # fmt: skip


def fails(one: Any, case: dict[str, Any], *, goes_on: bool = False) -> None:  # noqa: ANN401 (either estimator)
    """Give an estimator what is wrong, and take the parameters back."""
    given, before = dict(case), one.get_params()
    samples, y = given.pop("X", X), given.pop("y", target(type(one)))
    weight = {"sample_weight": given.pop("weight")} if "weight" in given else {}
    one.set_params(**given)
    with pytest.raises((ValueError, TypeError)):
        (one.partial_fit if goes_on else one.fit)(samples, y, **weight)
    one.set_params(**before)


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_a_failed_fit_makes_no_fitted_estimator(kind: type[Perceptron], case: dict[str, Any]) -> None:
    one = kind(**GIVEN)
    fails(one, case)
    with pytest.raises(NotFittedError):
        check_is_fitted(one)
    with pytest.raises(NotFittedError):
        one.predict(X)
    assert not state(one)


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_a_failed_fit_leaves_a_fitted_estimator_as_it_was(
    kind: type[Perceptron], case: dict[str, Any]
) -> None:
    one = kind(**GIVEN).fit(X, target(kind))
    before = state(one)
    fails(one, case)
    assert state(one) == before
    if not OF_THE_NETWORK & set(case):  # which is not looked at where it is there
        one.set_params(warm_start=True)
        fails(one, case)
        assert state(one) == before


@both
def test_a_failed_call_of_partial_fit_does_not_disturb_the_next(kind: type[Perceptron]) -> None:
    """To the bit, as if it had not been."""
    plain, disturbed = (kind(**GIVEN).fit(X, target(kind)) for _ in range(2))
    for case in ({"X": with_one(np.inf)}, {"X": 1e200 * X}, {"weight": np.full(60, -1.0)}, {"tol": -1.0}):
        fails(disturbed, case, goes_on=True)
        assert state(disturbed) == state(plain)
        for one in (plain, disturbed):
            one.partial_fit(X, target(kind))
    assert state(disturbed) == state(plain)


@pytest.mark.parametrize("wrong", ["beta_1", "solver", "momentum"])
def test_a_wrong_parameter_is_said_by_its_name_by_partial_fit_too(wrong: str) -> None:
    one = MLPRegressor(**GIVEN).set_params(**WRONG[wrong])
    assert hasattr(one, "partial_fit")
    with pytest.raises(InputError, match=wrong) as caught:
        one.partial_fit(X, NUMBERS)
    assert caught.value.parameter == wrong


@pytest.mark.parametrize(
    "wrong", ["early_stopping", "nesterovs_momentum", "shuffle", "verbose", "warm_start"]
)
def test_no_text_is_taken_for_true(wrong: str) -> None:
    with pytest.raises(InputError, match=f"{wrong} is 'no'"):
        MLPRegressor(**GIVEN).set_params(**WRONG[wrong]).fit(X, NUMBERS)


@both
@pytest.mark.parametrize("given", [{}, {"solver": "lbfgs"}, {"early_stopping": True}, {"solver": "sgd"}])
def test_fitted_twice_is_fitted_once(kind: type[Perceptron], given: dict[str, Any]) -> None:
    once = kind(**GIVEN | given).fit(X, target(kind))
    twice = kind(**GIVEN | given).fit(X[:, :2], target(kind)).fit(X, target(kind))
    assert state(once) == state(twice)
    assert state(once.fit(X, target(kind))) == state(twice)


@both
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize(
    "made", [np.array, np.asfortranarray, csr_array, csc_array, pd.DataFrame, np.ndarray.tolist]
)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_what_is_given_is_not_changed(
    kind: Any,  # noqa: ANN401
    solver: str,
    made: Any,  # noqa: ANN401
    dtype: str,
) -> None:
    samples = made((10 * X).astype(dtype))
    y, weight = target(kind).copy(), np.linspace(0.5, 2, 60)
    for array in (samples, y, weight, getattr(samples, "data", None)):
        if isinstance(array, np.ndarray):
            array.setflags(write=False)
    before = deepcopy((samples, y, weight))
    one = kind(**GIVEN, solver=solver).fit(samples, y, weight)
    one.set_params(early_stopping=True).fit(samples, y, weight)
    one.predict(samples)
    for array, same in zip((samples, y, weight), before, strict=True):
        assert type(array) is type(same)
        np.testing.assert_array_equal(*[one.toarray() if issparse(one) else one for one in (array, same)])


PRESSED = """
import os, signal, sys, threading, time, warnings
import numpy as np
from {room} import MLPClassifier, MLPRegressor

X = np.random.default_rng(7).normal(size=(2000, 20))
y = np.sin(X[:, 0])
if "{kind}" == "MLPClassifier":
    y = y > 0
one = {kind}(50, random_state=3, max_iter=10**6, tol=0, n_iter_no_change=10**6, **{given})
{kind}(50, max_iter=12, **{given}).fit(X, y)  # compiled, and loaded
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
with warnings.catch_warnings(record=True, action="always") as found:
    one.fit(X, y)
assert [str(w.message) for w in found if "interrupted" in str(w.message)] == ["Training interrupted by user."]
assert 0 < one.n_iter_ < 10**6, one.n_iter_
assert len(one.loss_curve_) == one.n_iter_
assert one.score(X, y) > 0
n = one.n_iter_
if not one.early_stopping:
    one.partial_fit(X, y)
    assert len(one.loss_curve_) == n + 1
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of another process")
@pytest.mark.parametrize(
    "room", ["chainrule", pytest.param("sklearn.neural_network", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("MLPClassifier", {}),
        pytest.param("MLPRegressor", {"solver": "sgd"}, marks=pytest.mark.slow),
        pytest.param("MLPClassifier", {"early_stopping": True}, marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_ends_the_training_with_a_usable_estimator(
    room: str, kind: str, given: dict[str, Any]
) -> None:
    script = PRESSED.format(room=room, kind=kind, given=given)
    if "MLPRegressor" in kind:
        script = script.replace(f"{kind}(50,", f"{kind}(hidden_layer_sizes=50,")
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
