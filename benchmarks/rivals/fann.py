"""FANN, the Fast Artificial Neural Network library in C, called through a small driver built on the spot.

Its update is ours as long as every activation stays between 0.01 and 0.99: beyond, it takes the derivative of
the nearer end. The benchmark's networks stay between.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
import weakref
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.rivals import Form, Options, Unavailable
from benchmarks.targets import host
from benchmarks.tasks import Task, start_network

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

__all__ = ["forms", "versions"]


def versions() -> dict[str, str]:
    """Versions of the library, as pkg-config knows it, and of the compiler."""
    questions = {"fann": ["pkg-config", "--modversion", "fann"], "gcc": ["gcc", "-dumpfullversion"]}
    return {name: _answer(question) for name, question in questions.items()}


def _answer(question: list[str]) -> str:
    """What a program prints; "unknown" where there is none."""
    try:
        return subprocess.run(question, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def forms(
    task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any], options: Options
) -> dict[str, Callable[[], Form]]:
    """Samples one by one; FANN has no mini-batches and no threads."""
    if task.batch_size > 1 and task.kind == "train":
        message = "FANN has no mini-batches"
        raise Unavailable(message)
    if task.kind == "train":
        return {"fann_train, incremental": lambda: Training(task, X, Y, options.target)}
    return {"fann_run": lambda: Prediction(task, X, options.target)}


@cache
def _driver(dtype: str, target: str) -> ctypes.CDLL:
    """Library made of fann.c and FANN; its file may go as soon as it is loaded."""
    compiler = shutil.which("gcc")
    if compiler is None:
        message = "FANN needs gcc, which is not installed"
        raise Unavailable(message)
    define, fann = ("-DDOUBLE", "-ldoublefann") if dtype == "float64" else ("-UDOUBLE", "-lfloatfann")
    with tempfile.TemporaryDirectory() as folder:
        source, library = str(Path(__file__).with_suffix(".c")), str(Path(folder) / "driver.so")
        flags = ["-O3", f"-march={target if target != host() else 'native'}", "-shared", "-fPIC", define]
        command = [compiler, *flags, source, "-o", library, fann, "-lm"]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        if built.returncode:
            message = (
                f"FANN's driver cannot be built ({built.stderr.strip().splitlines()[0]}); install libfann-dev"
            )
            raise Unavailable(message)
        loaded = ctypes.CDLL(library)
    loaded.create.restype = ctypes.c_void_p
    return loaded


def _pointer(array: npt.NDArray[Any]) -> ctypes.c_void_p:
    """Address of an array, which must outlive the call."""
    return ctypes.c_void_p(array.ctypes.data)


class Net:
    """A FANN network with our first weights."""

    output = "logistic"

    def __init__(self, task: Task, target: str) -> None:
        self.task, self.driver = task, _driver(task.dtype, target)
        sizes = np.array(task.sizes, np.uint32)
        made = self.driver.create(len(sizes), _pointer(sizes), ctypes.c_float(task.rate))
        self.net = ctypes.c_void_p(made)
        weakref.finalize(self, self.driver.destroy, self.net)
        # FANN keeps a unit's bias weight after the others, we before them.
        self.first = np.concatenate([np.roll(w, -1, axis=1).ravel() for w in start_network(task).weights])
        if self.driver.count(self.net) != len(self.first):
            message = "FANN has made a network of another shape"
            raise Unavailable(message)
        self.set_weights()

    def set_weights(self) -> None:
        """Go back to the first weights."""
        self.driver.set_weights(self.net, _pointer(self.first))

    def weights(self) -> list[npt.NDArray[Any]]:
        """Its weights, as we lay them out."""
        flat = np.empty_like(self.first)
        self.driver.get_weights(self.net, _pointer(flat))
        shapes = [w.shape for w in start_network(self.task).weights]
        ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
        parts = zip(np.split(flat, ends), shapes, strict=True)
        return [np.roll(part.reshape(shape), 1, axis=1) for part, shape in parts]


class Training(Net):
    """`fann_train` for one sample after the other."""

    def __init__(self, task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any], target: str) -> None:
        super().__init__(task, target)
        self.X, self.Y = np.ascontiguousarray(X), np.ascontiguousarray(Y)

    def reset(self, rows: int) -> None:
        """Go back to the first weights."""
        self.rows = rows
        self.set_weights()

    def run(self, epochs: int) -> None:
        """Train."""
        self.driver.train(self.net, self.rows, epochs, _pointer(self.X), _pointer(self.Y))

    def result(self) -> list[npt.NDArray[Any]]:
        """Trained weights."""
        return self.weights()


class Prediction(Net):
    """`fann_run` for one row after the other, a call from Python for all of them."""

    def __init__(self, task: Task, X: npt.NDArray[Any], target: str) -> None:
        super().__init__(task, target)
        self.X = np.ascontiguousarray(X)

    def reset(self, rows: int) -> None:
        """Make room for the outputs."""
        self.outputs = np.empty((rows, self.task.sizes[-1]), self.X.dtype)
        self.arguments = self.net, rows, 1, _pointer(self.X), _pointer(self.outputs)

    def run(self, epochs: int) -> None:
        """Predict; each pass over the rows is a call of its own, as it is for the other tools."""
        for _ in range(epochs):
            self.driver.predict(*self.arguments)

    def result(self) -> list[npt.NDArray[Any]]:
        """Outputs."""
        return [self.outputs]
