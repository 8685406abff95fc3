"""An estimator's network goes through every door of the package, and comes back the same."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import chainrule
from chainrule import MLPClassifier, MLPRegressor, TrainingWarning

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(60, 4))
NUMBERS = np.sin(X[:, :2])
CLASSES = np.array(["a", "b", "c"])[np.digitize(NUMBERS[:, 0], [-0.4, 0.4])]
TWO = np.where(NUMBERS[:, 1] > 0, "yes", "no")
GIVEN: dict[str, Any] = {"hidden_layer_sizes": (5, 3), "random_state": 3, "max_iter": 5}


def fitted(kind: str, dtype: str = "float64") -> Any:  # noqa: ANN401 (either estimator)
    y = {"numbers": NUMBERS, "number": NUMBERS[:, 0], "classes": CLASSES, "two": TWO}[kind]
    with warnings.catch_warnings(action="ignore"):
        return (MLPRegressor if kind.startswith("number") else MLPClassifier)(**GIVEN).fit(X.astype(dtype), y)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", ["numbers", "number", "classes", "two"])
def test_a_file_gives_the_estimator_back_to_the_bit(kind: str, dtype: str, tmp_path: Path) -> None:
    one, samples = fitted(kind, dtype), X.astype(dtype)
    chainrule.save(one.network_, tmp_path / "one.safetensors")
    net = chainrule.load(tmp_path / "one.safetensors")
    assert isinstance(net, chainrule.Network)
    if kind.startswith("number"):
        again: Any = MLPRegressor.from_network(net, random_state=3)
    else:
        again = MLPClassifier.from_network(net, one.classes_, random_state=3)
        assert np.array_equal(again.predict_proba(samples), one.predict_proba(samples))
        assert np.array_equal(again.decision_function(samples), one.decision_function(samples))
    assert np.array_equal(again.predict(samples), one.predict(samples))
    assert again.predict(samples).dtype == one.predict(samples).dtype
    y = NUMBERS[:, 0] if kind == "number" else one.predict(samples)
    assert not np.array_equal(again.partial_fit(samples, y).network_.weights[0], net.weights[0])


def test_gradients_and_traces_are_those_of_the_estimator() -> None:
    one = fitted("classes")
    Y = (CLASSES[:, np.newaxis] == one.classes_).astype(float)
    assert chainrule.check_gradients(one.network_, X, Y).passed
    steps = chainrule.trace(one.network_, X[0], Y[0], rate=0.1)
    assert np.allclose(steps.a[-1], one.predict_proba(X[:1])[0], rtol=1e-12)
    one.coefs_[0][:] = 0  # what is set is what is traced
    assert not np.allclose(chainrule.trace(one.network_, X[0], Y[0], rate=0.1).a[-1], steps.a[-1])


@pytest.mark.parametrize(
    ("given", "category"),
    [
        ({"max_iter": 1}, ConvergenceWarning),
        ({"max_iter": 1, "solver": "lbfgs"}, ConvergenceWarning),
        ({"batch_size": 1000, "tol": 9.0}, UserWarning),
        ({"learning_rate_init": 1e-9, "tol": 9.0, "n_iter_no_change": 30}, TrainingWarning),
        (
            {
                "learning_rate_init": 50.0, "solver": "sgd", "activation": "identity", "early_stopping": True,
                "n_iter_no_change": 99,
            },
            ConvergenceWarning,
        ),
    ],
)  # fmt: skip
def test_a_warning_names_the_line_that_called(given: dict[str, Any], category: type[Warning]) -> None:
    with warnings.catch_warnings(record=True, action="always") as found:
        MLPRegressor(hidden_layer_sizes=5, random_state=3).set_params(**given).fit(100 * X, NUMBERS)
    assert category in {one.category for one in found}
    assert {one.filename for one in found} == {__file__}


def test_threads_do_not_disturb_one_another() -> None:
    """Filters of warnings belong to all threads, and so no training may set them for itself."""

    def grown(_: int) -> npt.NDArray[Any]:
        one = MLPClassifier(5, random_state=3)
        for _ in range(20):
            one.partial_fit(X, CLASSES, classes=["a", "b", "c"])
        coefs: npt.NDArray[Any] = one.coefs_[0]
        return coefs

    before, alone = list(warnings.filters), grown(0)
    with ThreadPoolExecutor(4) as pool:
        for coefs in pool.map(grown, range(8)):
            assert np.array_equal(coefs, alone)
    assert list(warnings.filters) == before
