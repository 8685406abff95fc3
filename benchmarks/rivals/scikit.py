"""scikit-learn's perceptrons, by plain gradient descent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier, MLPRegressor

from benchmarks.tasks import Task, start_network

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from benchmarks.rivals import Form, Options

__all__ = ["forms", "versions"]


def versions() -> dict[str, str]:
    """Version of scikit-learn."""
    return {"scikit-learn": sklearn.__version__}


def forms(
    task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any], _options: Options
) -> dict[str, Callable[[], Form]]:
    """A regressor to train; a classifier for predictions, because its outputs are logistic."""
    if task.kind == "train":
        return {"MLPRegressor, identity outputs": lambda: Training(task, X, Y)}
    return {"MLPClassifier.predict_proba": lambda: Prediction(task, X)}


def _settings(task: Task) -> dict[str, Any]:
    """Plain descent in order, without penalty or momentum."""
    return {
        "hidden_layer_sizes": task.sizes[1:-1],
        "activation": "logistic",
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
    """`partial_fit`, which goes once through the samples; its update is ours for identity outputs."""

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
        for _ in range(epochs):
            self.model.partial_fit(self.X, self.Y)

    def result(self) -> list[npt.NDArray[Any]]:
        """Trained weights."""
        pairs = zip(self.model.intercepts_, self.model.coefs_, strict=True)
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
