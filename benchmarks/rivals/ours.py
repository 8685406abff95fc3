"""chainrule itself, through its public functions."""

from __future__ import annotations

import os
import warnings
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import chainrule
from benchmarks.tasks import MOST_STEPS, Task, start_network

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
    """One call of `train`, or of the network; on several cores also with as many threads as it likes."""
    choices: dict[str, int | None] = {_named(task.threads): task.threads}
    if task.threads > 1 and hasattr(os, "sched_setaffinity"):  # elsewhere it could see more cores
        choices["threads as it likes"] = None
    if task.kind == "predict":
        return {f"net(X), {name}": partial(Prediction, task, X, threads) for name, threads in choices.items()}
    if task.kind == "minimise":
        return {"train, whole call": partial(Minimising, task, X, Y)}
    if task.group == "stream":
        return {"Trainer.step": partial(Streaming, task, X, Y, options.engine)}
    if options.engine == "reference":
        return {"train, reference": partial(Training, task, X, Y, {"engine": "reference"})}
    return {
        f"train, {name}": partial(Training, task, X, Y, {"engine": options.engine, "threads": threads})
        for name, threads in choices.items()
    }


def _named(threads: int) -> str:
    """A number of threads, in words."""
    return "one thread" if threads == 1 else f"{threads} threads"


class Training:
    """`chainrule.train`.

    Its history says how long the epochs took, with the running loss and the search for weights that are not
    finite. The copies, and the losses before and after all epochs, count in the time of the whole call only.
    """

    def __init__(self, task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any], engine: dict[str, Any]) -> None:
        self.output = task.output
        self.start, self.all = start_network(task), (X, Y)
        self.settings = {"rate": task.rate, "batch_size": task.batch_size, "shuffle": False} | engine
        self.settings["rule"] = task.rule

    def reset(self, rows: int) -> None:
        """Take the first rows; the network to start from never changes."""
        self.X, self.Y = (array[:rows] for array in self.all)

    def run(self, epochs: int) -> float:
        """Train; seconds of the epochs."""
        with warnings.catch_warnings(action="ignore", category=chainrule.TrainingWarning):  # random targets
            result = chainrule.train(self.start, self.X, self.Y, epochs=epochs, **self.settings)
        self.trained = result.network
        return sum(epoch.seconds for epoch in result.history.epochs)

    def result(self) -> list[npt.NDArray[Any]]:
        """Trained weights."""
        return list(self.trained.weights)


class Streaming:
    """`chainrule.Trainer`, a step for each row."""

    def __init__(self, task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any], engine: str) -> None:
        self.output, self.start, self.all = task.output, start_network(task), (X, Y)
        self.settings: dict[str, Any] = {"rule": task.rule, "rate": task.rate, "engine": engine}

    def reset(self, rows: int) -> None:
        """Take the first rows, and a new trainer."""
        self.X, self.Y = (array[:rows] for array in self.all)
        self.trainer = chainrule.Trainer(self.start, **self.settings)

    def run(self, epochs: int) -> None:
        """Train."""
        step = self.trainer.step
        for _ in range(epochs):
            for x, y in zip(self.X, self.Y, strict=True):
                step(x, y)

    def result(self) -> list[npt.NDArray[Any]]:
        """Trained weights."""
        return list(self.trainer.network.weights)


class Minimising:
    """`chainrule.train` until the loss is reached: all of the call, with the losses before and after.

    Levenberg-Marquardt meets the loss at the beginning of a step, and so takes one more than it needs.
    """

    def __init__(self, task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> None:
        self.output, self.steps = task.output, 0
        self.start, self.X, self.Y = start_network(task), X, Y
        self.settings: dict[str, Any] = {"rule": task.rule, "loss_goal": task.goal, "threads": task.threads}

    def reset(self, rows: int) -> None:
        """Nothing: all rows are taken, and the network to start from never changes."""

    def run(self, epochs: int) -> None:
        """Minimise, so many times."""
        for _ in range(epochs):
            result = chainrule.train(self.start, self.X, self.Y, epochs=MOST_STEPS, **self.settings)
            self.trained, self.steps = result.network, len(result.history.epochs)

    def result(self) -> list[npt.NDArray[Any]]:
        """Weights."""
        return list(self.trained.weights)


class Prediction:
    """Outputs of the network for NumPy rows, as NumPy rows."""

    def __init__(self, task: Task, X: npt.NDArray[Any], threads: int | None) -> None:
        self.output = task.output
        self.net, self.all = start_network(task), X
        self.threads = threads

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
