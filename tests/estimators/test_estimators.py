"""What the estimators are beyond scikit-learn's: a `Network` inside, and a training that truly goes on."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chainrule
from chainrule import InputError, MLPClassifier, MLPRegressor, Network, UnknownNameError, load_model, save
from chainrule.estimators.watch import Watch
from chainrule.training.engines.compiled import CompiledEngine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chainrule.estimators.perceptron import Perceptron
    from chainrule.training import Epoch

RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(60, 4))
NUMBERS = np.sin(X[:, 0]) + 0.1 * X[:, 1]
CLASSES = np.digitize(NUMBERS, [-0.4, 0.4])

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::chainrule.TrainingWarning"
)


def same_bits(one: Perceptron, other: Perceptron) -> bool:
    return all(map(np.array_equal, one.network_.weights, other.network_.weights))


@pytest.mark.parametrize("solver", ["adam", "sgd", "rmsprop", "momentum:0.8", "nesterov", "adamw"])
@pytest.mark.parametrize(
    "learning_rate",
    [
        "constant", "invscaling", "adaptive", "step:2:0.5", "exponential:0.9", "cosine", "plateau:1:0.5",
        "warm_up:3,cosine",
    ],
)  # fmt: skip
def test_calls_of_partial_fit_are_one_fit_to_the_bit(solver: str, learning_rate: str) -> None:
    given: dict[str, Any] = {
        "hidden_layer_sizes": 5, "solver": solver, "learning_rate": learning_rate, "batch_size": 16,
        "tol": 0.1, "n_iter_no_change": 2, "random_state": 3,
    }  # fmt: skip
    whole = MLPRegressor(**given, max_iter=7).fit(X, NUMBERS)
    parts = MLPRegressor(**given, max_iter=7)  # which the schedule knows of
    for _ in range(whole.n_iter_):
        parts = pickle.loads(pickle.dumps(parts)).partial_fit(X, NUMBERS)  # noqa: S301 (our own)
    assert same_bits(whole, parts)
    assert parts.loss_curve_ == whole.loss_curve_
    assert parts.n_iter_ == 1
    assert parts.t_ == whole.t_ == 60 * whole.n_iter_


def test_partial_fit_goes_on_with_other_rows_and_numbers() -> None:
    """As `train` does from a state: the rule's moments are kept, which a new start would not have."""
    one = MLPRegressor(hidden_layer_sizes=5, random_state=3, learning_rate_init=0.01, batch_size=16, alpha=0)
    one.partial_fit(X, NUMBERS)
    state, net, seed = one._state_now(), one.network_, one._seed
    assert state is not None
    one.set_params(learning_rate_init=0.02).partial_fit(X[:30], NUMBERS[:30])
    given: dict[str, Any] = {"rule": "adam", "rate": 0.02, "batch_size": 16, "seed": seed}
    Y = NUMBERS[:30, np.newaxis]
    on = chainrule.train(net, X[:30], Y, epochs=2, resume=state.elsewhere(), **given)
    anew = chainrule.train(net, X[:30], Y, epochs=1, **given)
    assert all(map(np.array_equal, one.network_.weights, on.network.weights))
    assert not all(map(np.array_equal, one.network_.weights, anew.network.weights))


def test_another_solver_goes_on_from_the_weights() -> None:
    one = MLPRegressor(hidden_layer_sizes=5, random_state=3).partial_fit(X, NUMBERS)
    before = one.network_
    one.set_params(solver="sgd", learning_rate_init=1e-12).partial_fit(X, NUMBERS)
    assert np.allclose(one.network_.weights[0], before.weights[0])


def test_outputs_are_those_of_the_network_to_the_bit_and_weights_may_be_set() -> None:
    one = MLPClassifier(5, random_state=3, max_iter=5).fit(X, CLASSES)
    assert isinstance(one.network_, Network)
    assert np.array_equal(one.predict_proba(X), one.network_(X))
    assert np.array_equal(one.predict(X), one.classes_[one.network_(X).argmax(axis=1)])
    chances = one.network_(X)
    assert np.allclose(one.decision_function(X), np.log(chances / (1 - chances)), rtol=1e-9)
    one.coefs_[0][:] = 0
    one.intercepts_[1] = one.intercepts_[1] + 1
    assert np.array_equal(one.network_.weights[0][:, 1:], np.zeros((5, 4)))
    assert np.array_equal(one.predict_proba(X), one.network_(X))
    one.set_params(learning_rate_init=1e-12).partial_fit(X, CLASSES)
    assert abs(one.coefs_[0]).max() < 1e-9


def test_weights_may_be_set_before_any_training() -> None:
    """As scikit-learn's own tests do."""
    fitted = MLPRegressor(hidden_layer_sizes=5, random_state=3).partial_fit(X, NUMBERS)
    bare = clone(fitted)
    for name in ("coefs_", "intercepts_", "n_features_in_", "out_activation_", "n_outputs_"):
        setattr(bare, name, getattr(fitted, name))
    assert np.array_equal(bare.predict(X), fitted.predict(X))


def test_seeds_settle_the_bits_and_sparse_rows_are_the_same_rows() -> None:
    given: dict[str, Any] = {"hidden_layer_sizes": 5, "max_iter": 5}
    first = MLPClassifier(**given, random_state=3).fit(X, CLASSES)
    assert same_bits(first, MLPClassifier(**given, random_state=3).fit(csr_array(X), CLASSES))
    assert not same_bits(first, MLPClassifier(**given, random_state=4).fit(X, CLASSES))
    again = MLPClassifier(**given, random_state=np.random.RandomState(3)).fit(X, CLASSES)
    assert same_bits(first, again)


def test_single_precision_stays_for_every_solver() -> None:
    for solver in ("adam", "lbfgs"):
        one = MLPRegressor(hidden_layer_sizes=5, solver=solver, max_iter=3).fit(X.astype("float32"), NUMBERS)
        assert {a.dtype for a in (*one.coefs_, one.predict(X.astype("float32")))} == {np.dtype("float32")}


def test_weights_of_classes_are_weights_of_their_samples() -> None:
    given: dict[str, Any] = {"hidden_layer_sizes": 5, "max_iter": 5, "random_state": 3}
    heavy = MLPClassifier(**given, class_weight={0: 1, 1: 3, 2: 1}).fit(X, CLASSES)
    assert same_bits(heavy, MLPClassifier(**given).fit(X, CLASSES, np.where(CLASSES == 1, 3.0, 1.0)))
    assert not same_bits(heavy, MLPClassifier(**given).fit(X, CLASSES))
    light = np.where(CLASSES == 1, 1 / 3, 1.0)
    both = MLPClassifier(**given, class_weight={1: 3}).fit(X, CLASSES, light)
    assert same_bits(both, MLPClassifier(**given).fit(X, CLASSES))
    with pytest.raises(InputError, match="class_weight"):
        MLPClassifier(class_weight="balanced").partial_fit(X, CLASSES, classes=[0, 1, 2])


@pytest.mark.parametrize(
    ("given", "network"),
    [
        ({"activation": ["gelu", "leaky_relu:0.1"]}, "4-3-2-1, gelu, leaky_relu:0.1, identity, rss"),
        ({"loss": "quantile:0.9", "solver": "adamw:0.1"}, "4-3-2-1, relu, relu, identity, quantile:0.9"),
        ({"loss": "poisson", "out_activation": "softplus"}, "4-3-2-1, relu, relu, softplus, poisson"),
        ({"hidden_layer_sizes": (), "dropout": 0.0}, "4-1, identity, rss"),
        ({"solver": "levenberg_marquardt"}, "4-3-2-1, relu, relu, identity, rss"),
        (
            {"solver": "irprop_minus", "threads": 1},
            "4-3-2-1, relu, relu, identity, rss",
        ),
        ({"dropout": 0.25, "engine": "reference"}, "4-3-2-1, relu, relu, identity, rss"),
    ],
)
def test_whatever_the_package_has_can_be_asked_for(given: dict[str, Any], network: str) -> None:
    usual: dict[str, Any] = {"hidden_layer_sizes": (3, 2), "max_iter": 3, "random_state": 3}
    one = MLPRegressor(**usual | given)
    one.fit(X, abs(NUMBERS))
    assert repr(one.network_) == f"Network({network}, float64)"
    assert np.isfinite(one.predict(X)).all()
    assert same_bits(one, clone(one).fit(X, abs(NUMBERS)))


def test_a_network_becomes_an_estimator_and_learns_on() -> None:
    net = Network.random((4, 3, 3), ["tanh", "softmax"], "cross_entropy", seed=1)
    one = MLPClassifier.from_network(net, ["a", "b", "c"], random_state=3)
    assert np.array_equal(one.predict_proba(X), net(X))
    y = one.classes_[CLASSES]
    assert one.score(X, y) < one.set_params(learning_rate_init=0.1).partial_fit(X, y).score(X, y)
    assert repr(clone(one).fit(X, y).network_) == repr(net)
    with pytest.raises(InputError, match="classes are"):
        MLPClassifier.from_network(net, ["b", "a", "c"])
    numbers = Network.random((4, 3, 1), ["tanh", "identity"])
    assert np.array_equal(MLPRegressor.from_network(numbers).predict(X), numbers(X)[:, 0])


def test_outputs_of_counts_have_kernels_and_are_saved(tmp_path: Path) -> None:
    given: dict[str, Any] = {"loss": "poisson", "hidden_layer_sizes": 3, "max_iter": 3, "random_state": 3}
    one = MLPRegressor(**given, engine="compiled").fit(X, abs(NUMBERS))
    assert same_bits(one, MLPRegressor(**given).fit(X, abs(NUMBERS)))
    save(one.network_, tmp_path / "counts.st")
    kept = load_model(tmp_path / "counts.st").network
    assert np.array_equal(kept(X)[:, 0], one.predict(X))


def test_it_stands_in_pipelines_and_searches() -> None:
    line = make_pipeline(StandardScaler(), MLPClassifier(5, solver="lbfgs", max_iter=20, random_state=3))
    search = GridSearchCV(line, {"mlpclassifier__alpha": [1e-4, 1e3]}, cv=3).fit(X, CLASSES)
    assert search.best_params_ == {"mlpclassifier__alpha": 1e-4}


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"solver": "adamm"}, UnknownNameError, "Did you mean 'adam'"),
        ({"learning_rate": "adaptiv"}, UnknownNameError, "Did you mean 'adaptive'"),
        ({"activation": "rellu"}, UnknownNameError, "Did you mean 'relu'"),
        ({"loss": "huberr"}, UnknownNameError, "Did you mean 'huber'"),
        ({"hidden_layer_sizes": (3, 0)}, InputError, "hidden_layer_sizes must be > 0"),
        ({"activation": ["relu", "tanh"]}, InputError, "activation has 2 entries"),
        ({"alpha": -1.0}, InputError, "alpha is -1"),
        ({"learning_rate_init": 0}, InputError, "learning_rate_init is 0"),
        ({"max_iter": 0}, InputError, "max_iter is 0"),
        ({"n_iter_no_change": 0}, InputError, "n_iter_no_change is 0"),
        ({"batch_size": 0}, InputError, "batch_size is 0"),
        ({"validation_fraction": 1.5}, InputError, "validation_fraction is 1.5"),
        ({"solver": "sgd", "momentum": 1.0}, InputError, "momentum is 1"),
    ],
)
def test_what_does_not_fit_is_said_by_its_name(
    given: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        MLPRegressor(**given).fit(X, NUMBERS)


def test_divergence_is_an_error_as_theirs_or_ends_with_the_best_network() -> None:
    given: dict[str, Any] = {
        "hidden_layer_sizes": 5,
        "activation": "identity",
        "solver": "sgd",
        "learning_rate_init": 50.0,
        "random_state": 3,
    }
    with pytest.raises(ValueError, match=r"non-finite parameter weights.*The data are not scaled"):
        MLPRegressor(**given).fit(100 * X, NUMBERS)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        one = MLPRegressor(**given, early_stopping=True).fit(100 * X, NUMBERS)
    assert np.isnan((one.validation_scores_ or [])[-1])
    assert np.isfinite(one.predict(X)).all()


def test_warm_start_goes_on_from_the_weights_and_adds_to_the_curve() -> None:
    one = MLPRegressor(hidden_layer_sizes=5, random_state=3, warm_start=True, max_iter=4).fit(X, NUMBERS)
    first = one.network_
    one.set_params(learning_rate_init=1e-12).fit(X, NUMBERS)
    assert np.allclose(first.weights[0], one.network_.weights[0])
    assert (one.n_iter_, len(one.loss_curve_), one.t_) == (4, 8, 480)
    assert one.best_loss_ == min(one.loss_curve_)
    one.set_params(early_stopping=True).fit(X, NUMBERS)
    assert vars(one)["best_loss_"] is None
    assert len(one.validation_scores_ or []) == 4
    one.set_params(early_stopping=False, solver="lbfgs").fit(X, NUMBERS)
    assert vars(one)["validation_scores_"] is None
    assert one.best_loss_ == one.loss_ == one.loss_curve_[-1]


def test_ctrl_c_keeps_the_epochs_that_were_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []

    def press(self: Watch, epochs: Sequence[Epoch], *given: object) -> int | None:
        end = take_in(self, epochs, *given)  # type: ignore[arg-type]
        if epochs[-1].number > 20:  # those that are being looked at are lost
            kept.append(epochs[0].number - 1)
            signal.raise_signal(signal.SIGINT)
        return end

    take_in = Watch.take_in
    monkeypatch.setattr(Watch, "take_in", press)
    given: dict[str, Any] = {"hidden_layer_sizes": 5, "random_state": 3}
    with pytest.warns(UserWarning, match="interrupted"):
        one = MLPRegressor(**given).fit(X, NUMBERS)
    monkeypatch.undo()
    assert kept == [one.n_iter_]
    whole = MLPRegressor(**given, max_iter=one.n_iter_).fit(X, NUMBERS)
    assert same_bits(one, whole)
    for name in ("n_iter_", "t_", "loss_", "best_loss_", "loss_curve_"):
        assert getattr(one, name) == getattr(whole, name), name


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("learning_rate", ["constant", "invscaling", "adaptive", "plateau:2"])
def test_epochs_many_at_a_time_are_those_one_by_one(
    monkeypatch: pytest.MonkeyPatch, learning_rate: str, *, early_stopping: bool
) -> None:
    """Where it is judged after each epoch nothing is undone, so that nothing can be undone wrongly."""
    given: dict[str, Any] = {
        "hidden_layer_sizes": 5, "learning_rate": learning_rate, "early_stopping": early_stopping,
        "tol": 0.01, "n_iter_no_change": 8, "random_state": 3, "max_iter": 600, "solver": "sgd",
        "learning_rate_init": 0.1, "warm_start": True,
    }  # fmt: skip
    many, one_by_one = MLPRegressor(**given), MLPRegressor(**given)
    calls: list[int] = []

    def epochs(self: CompiledEngine, first: int, *given: object, **named: object) -> object:
        calls.append(first)
        return in_one_call(self, first, *given, **named)  # type: ignore[arg-type]

    in_one_call = CompiledEngine.epochs
    monkeypatch.setattr(CompiledEngine, "epochs", epochs)
    many.fit(X, NUMBERS).fit(X, NUMBERS)
    n_blocks = len(calls)
    monkeypatch.setattr(Watch, "at_once", lambda _: 1)
    one_by_one.fit(X, NUMBERS).fit(X, NUMBERS)
    assert n_blocks
    assert len(calls) == n_blocks
    assert same_bits(many, one_by_one)
    for name in ("n_iter_", "t_", "loss_", "best_loss_", "loss_curve_", "validation_scores_", "_factor"):
        assert getattr(many, name) == getattr(one_by_one, name), name


def test_without_scikit_learn_the_rest_works_and_the_message_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from chainrule import *\n"
        "import chainrule\n"
        "print(Network, 'MLPClassifier' in dir())\n"
        "try:\n    from chainrule import MLPClassifier\n"
        "except ImportError as error:\n    print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "False" in done.stdout
    assert "MissingPackageError" in done.stdout
    assert "pip install 'chainrule[sklearn]'" in done.stdout
