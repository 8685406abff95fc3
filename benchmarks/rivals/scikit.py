"""scikit-learn's perceptrons, by plain gradient descent and by L-BFGS."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from benchmarks.rivals import Unavailable
from benchmarks.rivals.steps import fewest_steps
from benchmarks.tasks import Task, start_network

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from benchmarks.rivals import Form, Options

__all__ = ["forms", "product", "versions"]


def versions() -> dict[str, str]:
    """Version of scikit-learn."""
    return {"scikit-learn": sklearn.__version__}


def product(A: npt.NDArray[Any], B: npt.NDArray[Any], _threads: int) -> Callable[[], object]:
    """Product of matrices, which is NumPy's."""
    return lambda: A @ B


def forms(
    task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any], _options: Options
) -> dict[str, Callable[[], Form]]:
    """A regressor; for classes and for predictions, where its outputs are logistic, a classifier."""
    if task.kind == "minimise":
        form = Minimising(task, X, Y)
        if not form.steps:
            message = f"MLPRegressor does not reach {task.goal:g}"
            raise Unavailable(message)
        return {"MLPRegressor, lbfgs": partial(Minimising, task, X, Y, form.steps)}
    if task.loss == "cross_entropy":
        return {"MLPClassifier": lambda: Classes(task, X, Y)}
    if task.kind == "train":
        return {"MLPRegressor, identity outputs": lambda: Training(task, X, Y)}
    return {"MLPClassifier.predict_proba": lambda: Prediction(task, X)}


def _settings(task: Task) -> dict[str, Any]:
    """Plain descent in order, without penalty or momentum."""
    return {
        "hidden_layer_sizes": task.sizes[1:-1],
        "activation": task.activation,
        "solver": "sgd",
        "alpha": 0.0,
        "batch_size": task.batch_size,
        "learning_rate_init": task.rate,
        "momentum": 0.0,
        "shuffle": False,
    }


def _set_weights(model: MLPClassifier | MLPRegressor, task: Task) -> None:
    """Overwrite the weights that the model drew."""
    weights = start_network(task).weights
    for own, own_biases, w in zip(model.coefs_, model.intercepts_, weights, strict=True):
        own[...], own_biases[...] = w[:, 1:].T, w[:, 0]


class Training:
    """`partial_fit`, which goes once through the samples; its update is ours for identity outputs.

    Of a stream it is called for each row.
    """

    output = "identity"

    def __init__(self, task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> None:
        self.task = task.with_output(self.output)
        self.all = X, Y[:, 0] if task.sizes[-1] == 1 else Y  # a column would be refused with a warning

    def reset(self, rows: int) -> None:
        """Make a regressor with our first weights."""
        self.X, self.Y = (array[:rows] for array in self.all)
        self.model = MLPRegressor(**_settings(self.task))
        self.model.partial_fit(self.X[: self.task.batch_size], self.Y[: self.task.batch_size])
        _set_weights(self.model, self.task)

    def run(self, epochs: int) -> None:
        """Train."""
        at_once = 1 if self.task.group == "stream" else len(self.X)
        for _ in range(epochs):
            for first in range(0, len(self.X), at_once):
                self.model.partial_fit(self.X[first : first + at_once], self.Y[first : first + at_once])

    def result(self) -> list[npt.NDArray[Any]]:
        """Trained weights."""
        return _weights(self.model)


class Classes:
    """`partial_fit` of a classifier, whose outputs are softmax where classes are more than two."""

    def __init__(self, task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> None:
        self.task, self.output, self.all = task, task.output, (X, Y.argmax(axis=1))

    def reset(self, rows: int) -> None:
        """Make a classifier with our first weights."""
        self.X, self.labels = (array[:rows] for array in self.all)
        self.model = MLPClassifier(**_settings(self.task))
        first, classes = slice(self.task.batch_size), np.arange(self.task.sizes[-1])
        self.model.partial_fit(self.X[first], self.labels[first], classes=classes)
        _set_weights(self.model, self.task)

    def run(self, epochs: int) -> None:
        """Train."""
        for _ in range(epochs):
            self.model.partial_fit(self.X, self.labels)

    def result(self) -> list[npt.NDArray[Any]]:
        """Trained weights."""
        return _weights(self.model)


class Minimising:
    """`fit` by L-BFGS with as many iterations as it needs to reach the goal, which are counted before.

    `steps` are those iterations; 0 where the goal is out of reach.
    """

    def __init__(
        self, task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any], steps: int | None = None
    ) -> None:
        self.task, self.output, self.X, self.y = task, task.output, X, Y[:, 0]
        settings = {"hidden_layer_sizes": task.sizes[1:-1], "activation": task.activation, "alpha": 0.0}
        self.model = MLPRegressor(**settings, solver="lbfgs", warm_start=True, tol=0.0, max_iter=1)
        self.fit(1)  # makes the arrays of the weights
        self.steps = fewest_steps(self.reaches) if steps is None else steps

    def fit(self, steps: int) -> None:
        """Train from the weights that are there."""
        self.model.set_params(max_iter=steps, max_fun=20 * steps + 100)
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):  # the goal is ours
            self.model.fit(self.X, self.y)

    def reaches(self, steps: int) -> bool:
        """Whether so many iterations reach the goal."""
        _set_weights(self.model, self.task)
        self.fit(steps)
        return bool(self.model.loss_ <= self.task.goal)

    def reset(self, rows: int) -> None:
        """Nothing: all rows are taken, and each run begins with our first weights."""

    def run(self, epochs: int) -> None:
        """Minimise, so many times."""
        for _ in range(epochs):
            self.reaches(self.steps)

    def result(self) -> list[npt.NDArray[Any]]:
        """Weights."""
        return _weights(self.model)


def _weights(model: MLPClassifier | MLPRegressor) -> list[npt.NDArray[Any]]:
    """Weights of a model, as we lay them out."""
    pairs = zip(model.intercepts_, model.coefs_, strict=True)
    return [np.column_stack([biases, coefs.T]) for biases, coefs in pairs]


class Prediction:
    """Probabilities of a classifier with several labels: the logistic outputs themselves."""

    output = "logistic"

    def __init__(self, task: Task, X: npt.NDArray[Any]) -> None:
        self.all = X
        n_outputs = task.sizes[-1]
        self.model = MLPClassifier(**(_settings(task) | {"batch_size": 2}))
        labels = np.vstack([np.ones(n_outputs, int), np.zeros(n_outputs, int)])
        self.model.partial_fit(np.repeat(X[:1], 2, axis=0), labels, classes=np.arange(n_outputs))
        _set_weights(self.model, task)

    def reset(self, rows: int) -> None:
        """Take the first rows."""
        self.X = self.all[:rows]

    def run(self, epochs: int) -> None:
        """Predict."""
        for _ in range(epochs):
            self.outputs = self.model.predict_proba(self.X)

    def result(self) -> list[npt.NDArray[Any]]:
        """Outputs."""
        return [self.outputs]
