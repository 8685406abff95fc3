"""JAX: a whole epoch in one compiled loop, with the weights given away to it.

The loop is `lax.fori_loop` over the batches, which ran as fast as `lax.scan` and needs no new compilation for
another number of rows.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

from benchmarks.tasks import RATE, Task, start_network

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from benchmarks.rivals import Form, Options

    Layers = list[tuple[jax.Array, jax.Array]]
    Step = Callable[[Layers, jax.Array, jax.Array], Layers]

__all__ = ["forms", "versions"]

UNROLLED = 4  # samples a round, so that fewer rounds copy the weights


def versions() -> dict[str, str]:
    """Version of JAX; jaxlib has the same."""
    return {"jax": jax.__version__}


def forms(
    task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any], _options: Options
) -> dict[str, Callable[[], Form]]:
    """The backward pass by hand and by `jax.grad`; which is faster depends on the network."""
    if task.kind == "predict":
        return {"jit": partial(Prediction, task, X)}
    if task.batch_size == 1:
        return {
            "backward by hand": partial(Training, task, X, Y, _online_step),
            f"backward by hand, {UNROLLED} samples a round": partial(
                Training, task, X, Y, _online_step, unrolled=UNROLLED
            ),
            "jax.grad": partial(Training, task, X, Y, _by_grad(_loss_of_sample)),
        }
    return {
        "backward by hand": partial(Training, task, X, Y, _step),
        "backward by hand, weights transposed": partial(
            Training, task, X, Y, _transposed_step, transposed=True
        ),
        "jax.grad": partial(Training, task, X, Y, _by_grad(_loss_of_batch)),
    }


def _online_step(layers: Layers, x: jax.Array, y: jax.Array) -> Layers:
    """One update from one sample: matrix times vector, and outer products."""
    a = [x]
    for weights, biases in layers:
        a.append(jax.nn.sigmoid(weights @ a[-1] + biases))
    upstream = a[-1] - y
    after = []
    for m in reversed(range(len(layers))):
        weights, biases = layers[m]
        delta = upstream * a[m + 1] * (1 - a[m + 1])
        upstream = delta @ weights if m else upstream
        after.append((weights - RATE * (delta[:, None] * a[m]), biases - RATE * delta))
    return after[::-1]


def _step(layers: Layers, x: jax.Array, y: jax.Array) -> Layers:
    """One update from a batch."""
    a = [x]
    for weights, biases in layers:
        a.append(jax.nn.sigmoid(a[-1] @ weights.T + biases))
    upstream = (a[-1] - y) / len(x)
    after = []
    for m in reversed(range(len(layers))):
        weights, biases = layers[m]
        delta = upstream * a[m + 1] * (1 - a[m + 1])
        upstream = delta @ weights if m else upstream
        after.append((weights - RATE * (delta.T @ a[m]), biases - RATE * delta.sum(0)))
    return after[::-1]


def _transposed_step(layers: Layers, x: jax.Array, y: jax.Array) -> Layers:
    """One update from a batch, with weights of shape (n_in, n_out)."""
    a = [x]
    for weights, biases in layers:
        a.append(jax.nn.sigmoid(a[-1] @ weights + biases))
    upstream = (a[-1] - y) / len(x)
    after = []
    for m in reversed(range(len(layers))):
        weights, biases = layers[m]
        delta = upstream * a[m + 1] * (1 - a[m + 1])
        upstream = delta @ weights.T if m else upstream
        after.append((weights - RATE * (a[m].T @ delta), biases - RATE * delta.sum(0)))
    return after[::-1]


def _loss_of_sample(layers: Layers, x: jax.Array, y: jax.Array) -> jax.Array:
    """Half the squared error of a sample."""
    a = x
    for weights, biases in layers:
        a = jax.nn.sigmoid(weights @ a + biases)
    return 0.5 * ((a - y) ** 2).sum()


def _loss_of_batch(layers: Layers, x: jax.Array, y: jax.Array) -> jax.Array:
    """Mean of half the squared errors of a batch."""
    a = x
    for weights, biases in layers:
        a = jax.nn.sigmoid(a @ weights.T + biases)
    return 0.5 * ((a - y) ** 2).sum() / len(x)


def _by_grad(loss: Callable[[Layers, jax.Array, jax.Array], jax.Array]) -> Step:
    """Update with JAX's own derivative."""
    gradient = jax.grad(loss)

    def step(layers: Layers, x: jax.Array, y: jax.Array) -> Layers:
        gradients = gradient(layers, x, y)
        return jax.tree.map(lambda weights, g: weights - RATE * g, layers, gradients)

    return step


class Training:
    """Epochs of one of the steps above."""

    output = "logistic"

    def __init__(
        self,
        task: Task,
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        step: Step,
        *,
        unrolled: int = 1,
        transposed: bool = False,
    ) -> None:
        self.transposed, self.rows_a_round = transposed, unrolled * task.batch_size
        pairs = [(w[:, 1:], w[:, 0]) for w in start_network(task).weights]
        self.first = [(jnp.array(w.T if transposed else w), jnp.array(b)) for w, b in pairs]
        batch = () if task.batch_size == 1 else (task.batch_size,)
        self.X, self.Y = (jnp.array(A.reshape(-1, unrolled, *batch, A.shape[1])) for A in (X, Y))
        self.epoch = jax.jit(partial(_epoch, step, unrolled), donate_argnums=0)

    def reset(self, rows: int) -> None:
        """Copy the first weights, because an epoch uses up its own."""
        self.rounds = rows // self.rows_a_round
        self.layers = jax.block_until_ready(jax.tree.map(jnp.copy, self.first))

    def run(self, epochs: int) -> None:
        """Train."""
        for _ in range(epochs):
            self.layers = self.epoch(self.layers, self.X, self.Y, self.rounds)
        jax.block_until_ready(self.layers)

    def result(self) -> list[npt.NDArray[Any]]:
        """Trained weights."""
        pairs = [(np.asarray(w.T if self.transposed else w), np.asarray(b)) for w, b in self.layers]
        return [np.column_stack([biases, weights]) for weights, biases in pairs]


def _epoch(
    step: Step, unrolled: int, layers: Layers, X: jax.Array, Y: jax.Array, rounds: jax.Array
) -> Layers:
    """Go through the first rounds."""

    def one_round(i: jax.Array, layers: Layers) -> Layers:
        for k in range(unrolled):
            layers = step(layers, X[i, k], Y[i, k])
        return layers

    return lax.fori_loop(0, rounds, one_round, layers)


@jax.jit
def _outputs(layers: Layers, X: jax.Array) -> jax.Array:
    """Outputs for all rows."""
    a = X
    for weights, biases in layers:
        a = jax.nn.sigmoid(a @ weights.T + biases)
    return a


class Prediction:
    """Outputs for a JAX array of rows, as a JAX array."""

    output = "logistic"

    def __init__(self, task: Task, X: npt.NDArray[Any]) -> None:
        self.layers = [(jnp.array(w[:, 1:]), jnp.array(w[:, 0])) for w in start_network(task).weights]
        self.all = X

    def reset(self, rows: int) -> None:
        """Take the first rows."""
        self.X = jnp.array(self.all[:rows])

    def run(self, epochs: int) -> None:
        """Predict."""
        for _ in range(epochs):
            self.outputs = jax.block_until_ready(_outputs(self.layers, self.X))

    def result(self) -> list[npt.NDArray[Any]]:
        """Outputs."""
        return [np.asarray(self.outputs)]
