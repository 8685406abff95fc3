"""SciPy's least squares, with the Jacobian of networks with one hidden layer of tanh units."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy
from scipy.linalg.blas import get_blas_funcs
from scipy.optimize import least_squares

from benchmarks.rivals import Unavailable
from benchmarks.rivals.steps import fewest_steps
from benchmarks.tasks import Task, start_network

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from benchmarks.rivals import Form, Options

__all__ = ["forms", "product", "versions"]


def versions() -> dict[str, str]:
    """Version of SciPy."""
    return {"scipy": scipy.__version__}


def product(A: npt.NDArray[Any], B: npt.NDArray[Any], _threads: int) -> Callable[[], object]:
    """Product of matrices."""
    gemm = get_blas_funcs("gemm", (A, B))
    return lambda: gemm(1.0, A.T, B.T)


def forms(
    task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any], _options: Options
) -> dict[str, Callable[[], Form]]:
    """MINPACK's Levenberg-Marquardt, and the trust region with its two solvers."""
    settings: dict[str, dict[str, str]] = {
        "least_squares, lm": {"method": "lm"},
        "least_squares, trf": {"method": "trf"},
        "least_squares, trf, lsmr": {"method": "trf", "tr_solver": "lsmr"},
    }
    found: dict[str, Callable[[], Form]] = {}
    for name, method in settings.items():
        form = Minimising(task, X, Y, method)
        if form.steps:
            found[name] = partial(Minimising, task, X, Y, method, form.steps)
    if not found:
        message = f"least_squares does not reach {task.goal:g}"
        raise Unavailable(message)
    return found


class Minimising:
    """`least_squares` with as many evaluations as it needs to reach the goal, which are counted before.

    `steps` are those evaluations: steps that failed are among them. 0 where the goal is out of reach.
    """

    def __init__(
        self,
        task: Task,
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        method: dict[str, str],
        steps: int | None = None,
    ) -> None:
        self.output, self.method, self.goal = task.output, method, task.goal * len(X)  # SciPy sums
        self.extended, self.y = np.column_stack([np.ones(len(X)), X]), Y[:, 0]
        weights = start_network(task).weights
        self.shape = weights[0].shape
        self.start = np.concatenate([w.ravel() for w in weights])
        self.steps = fewest_steps(self.reaches) if steps is None else steps

    def parts(self, flat: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        """Outputs of the hidden units after a column of ones, and the weights of both layers."""
        hidden, last = flat[: -(1 + self.shape[0])].reshape(self.shape), flat[-(1 + self.shape[0]) :]
        a = np.ones((len(self.y), len(last)))
        np.tanh(self.extended @ hidden.T, out=a[:, 1:])
        return a, hidden, last

    def residuals(self, flat: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Outputs less targets."""
        a, _, last = self.parts(flat)
        difference: npt.NDArray[Any] = a @ last - self.y
        return difference

    def jacobian(self, flat: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Derivatives of the outputs: a row a sample, a column a weight."""
        a, _, last = self.parts(flat)
        delta = last[1:] * (1 - a[:, 1:] ** 2)
        of_hidden = (delta[:, :, None] * self.extended[:, None, :]).reshape(len(a), -1)
        return np.hstack([of_hidden, a])

    def reaches(self, steps: int) -> bool:
        """Whether so many evaluations reach the goal."""
        least = dict.fromkeys(("ftol", "xtol", "gtol"), 1e-15)  # so that nothing else ends it
        found = least_squares(
            self.residuals, self.start, self.jacobian, max_nfev=steps, **least, **self.method
        )
        self.found = found.x
        return bool(found.cost <= self.goal)

    def reset(self, rows: int) -> None:
        """Nothing: all rows are taken, and the start never changes."""

    def run(self, epochs: int) -> None:
        """Minimise, so many times."""
        for _ in range(epochs):
            self.reaches(self.steps)

    def result(self) -> list[npt.NDArray[Any]]:
        """Weights."""
        _, hidden, last = self.parts(self.found)
        return [hidden, last[None, :]]
