"""chainrule itself, through its public functions."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import chainrule
from benchmarks.tasks import Task, start_network

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from benchmarks.rivals import Form, Options

__all__ = ["forms", "versions"]


def versions() -> dict[str, str]:
    """Versions of the packages at work."""
    return {name: version(name) for name in ("chainrule", "numba", "llvmlite", "numpy")}


def forms(
    task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any], options: Options
) -> dict[str, Callable[[], Form]]:
    """One call of `train`, or of the network."""
    if task.kind == "train":
        return {f"train, {options.engine}": lambda: Training(task, X, Y, options.engine)}
    return {"net(X)": lambda: Prediction(task, X)}


class Training:
    """`chainrule.train`.

    Its history says how long the epochs took, with the running loss and the search for weights that are not
    finite. The copies, and the losses before and after all epochs, count in the time of the whole call only.
    """

    def __init__(self, task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any], engine: str) -> None:
        self.output = task.output
        self.start, self.all = start_network(task), (X, Y)
        self.settings: dict[str, Any] = {"rate": task.rate, "batch_size": task.batch_size, "shuffle": False}
        self.settings |= (
            {"engine": engine} if engine == "reference" else {"engine": engine, "threads": task.threads}
        )

    def reset(self, rows: int) -> None:
        """Take the first rows; the network to start from never changes."""
        self.X, self.Y = (array[:rows] for array in self.all)

    def run(self, epochs: int) -> float:
        """Train; seconds of the epochs."""
        result = chainrule.train(self.start, self.X, self.Y, epochs=epochs, **self.settings)
        self.trained = result.network
        return sum(epoch.seconds for epoch in result.history.epochs)

    def result(self) -> list[npt.NDArray[Any]]:
        """Trained weights."""
        return list(self.trained.weights)


class Prediction:
    """Outputs of the network for NumPy rows, as NumPy rows."""

    def __init__(self, task: Task, X: npt.NDArray[Any]) -> None:
        self.output = task.output
        self.net, self.all = start_network(task), X
        self.threads = task.threads

    def reset(self, rows: int) -> None:
        """Take the first rows."""
        self.X = self.all[:rows]

    def run(self, epochs: int) -> None:
        """Predict."""
        for _ in range(epochs):
            self.outputs = self.net(self.X, threads=self.threads)

    def result(self) -> list[npt.NDArray[Any]]:
        """Outputs."""
        return [self.outputs]
