"""JAX: a whole epoch in one compiled loop, with the weights given away to it.

The loop is `lax.fori_loop` over the batches, which ran as fast as `lax.scan` and needs no new compilation for
another number of rows. Where an epoch is one batch, all epochs are one call.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

from benchmarks.targets import host
from benchmarks.tasks import Task, start_network
from chainrule.equations import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from benchmarks.rivals import Form, Options

    Layers = list[tuple[jax.Array, jax.Array]]
    Gradients = Callable[["Maths", Layers, jax.Array, jax.Array], Layers]
    State = tuple[Layers, tuple[Any, ...]]

__all__ = ["begin", "forms", "product", "versions"]

UNROLLED = 4  # samples a round, so that fewer rounds copy the weights

# Of each activation, its function and its derivative, made of the outputs; none for those whose output delta
# is the difference of outputs and targets.
UNITS: dict[str, tuple[Callable[[jax.Array], jax.Array], Callable[[jax.Array], jax.Array] | None]] = {
    "logistic": (jax.nn.sigmoid, lambda a: a * (1 - a)),
    "tanh": (jnp.tanh, lambda a: 1 - a * a),
    "relu": (jax.nn.relu, lambda a: a > 0),
    "softmax": (jax.nn.softmax, None),
    "identity": (lambda z: z, None),
}


def versions() -> dict[str, str]:
    """Version of JAX; jaxlib has the same."""
    return {"jax": jax.__version__}


def begin(target: str) -> None:
    """Keep products to the instructions of the target, which the environment does for all else."""
    if target != host():
        from benchmarks.rivals.ynnpack import keep_to_avx2  # noqa: PLC0415 -- no other target needs it

        keep_to_avx2()


def product(A: npt.NDArray[Any], B: npt.NDArray[Any], _threads: int) -> Callable[[], object]:
    """Product of matrices."""
    multiply, a, b = jax.jit(jnp.matmul), jnp.array(A), jnp.array(B)
    return lambda: multiply(a, b).block_until_ready()


def forms(
    task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any], _options: Options
) -> dict[str, Callable[[], Form]]:
    """The backward pass by hand and by `jax.grad`; which is faster depends on the network."""
    if task.kind == "predict":
        return {"jit": partial(Prediction, task, X)}
    training = partial(Training, task, X, Y)
    if task.batch_size == 1:
        return {
            "backward by hand": partial(training, _online),
            f"backward by hand, {UNROLLED} samples a round": partial(training, _online, unrolled=UNROLLED),
            "jax.grad": partial(training, _by_grad(_loss_of_sample)),
        }
    return {
        "backward by hand": partial(training, _batch),
        "backward by hand, weights transposed": partial(training, _transposed, transposed=True),
        "jax.grad": partial(training, _by_grad(_loss_of_batch)),
    }


@dataclass(frozen=True)
class Maths:
    """Activations and loss of a network, and the rule that trains it."""

    task: Task

    def forward(self, m: int, z: jax.Array) -> jax.Array:
        """Outputs of a layer."""
        return UNITS[self.task.activations[m]][0](z)

    def delta(self, m: int, upstream: jax.Array, a: jax.Array) -> jax.Array:
        """Deltas of a layer."""
        derivative = UNITS[self.task.activations[m]][1]
        return upstream if derivative is None else upstream * derivative(a)

    def loss(self, z: jax.Array, y: jax.Array) -> jax.Array:
        """Loss of a sample, or sum of those of a batch, from the net inputs of the last layer."""
        if self.task.loss == "cross_entropy":
            return -(jax.nn.log_softmax(z) * y).sum()
        return 0.5 * ((self.forward(-1, z) - y) ** 2).sum()

    def first_state(self, layers: Layers) -> tuple[Any, ...]:
        """State of the rule before the first update."""
        if self.task.rule_name == "descent":
            return ()
        zeros = jax.tree.map(jnp.zeros_like, layers)
        if self.task.rule_name == "momentum":
            return (zeros,)
        return zeros, jax.tree.map(jnp.zeros_like, layers), jnp.zeros((), jnp.int32)

    def updated(self, layers: Layers, gradients: Layers, state: tuple[Any, ...]) -> State:
        """Layers and state after an update."""
        rule: Any = RULES.named(self.task.rule)
        rate, tree_map = self.task.rate, jax.tree.map
        if self.task.rule_name == "descent":
            return tree_map(lambda w, g: w - rate * g, layers, gradients), ()
        if self.task.rule_name == "momentum":
            velocities = tree_map(lambda v, g: rule.momentum * v + g, state[0], gradients)
            return tree_map(lambda w, v: w - rate * v, layers, velocities), (velocities,)
        b1, b2, count = rule.beta1, rule.beta2, state[2] + 1
        means = tree_map(lambda m, g: b1 * m + (1 - b1) * g, state[0], gradients)
        squares = tree_map(lambda v, g: b2 * v + (1 - b2) * g * g, state[1], gradients)
        step = rate / -jnp.expm1(count * np.log(b1))
        scale = 1 / jnp.sqrt(-jnp.expm1(count * np.log(b2)))
        moved = tree_map(
            lambda w, m, v: w - step * m / (jnp.sqrt(v) * scale + rule.epsilon), layers, means, squares
        )
        return moved, (means, squares, count)


def _online(maths: Maths, layers: Layers, x: jax.Array, y: jax.Array) -> Layers:
    """Gradients of one sample: matrix times vector, and outer products."""
    a = [x]
    for m, (weights, biases) in enumerate(layers):
        a.append(maths.forward(m, weights @ a[-1] + biases))
    upstream = a[-1] - y
    gradients = []
    for m in reversed(range(len(layers))):
        delta = maths.delta(m, upstream, a[m + 1])
        upstream = delta @ layers[m][0] if m else upstream
        gradients.append((delta[:, None] * a[m], delta))
    return gradients[::-1]


def _batch(maths: Maths, layers: Layers, x: jax.Array, y: jax.Array) -> Layers:
    """Gradients of a batch."""
    a = [x]
    for m, (weights, biases) in enumerate(layers):
        a.append(maths.forward(m, a[-1] @ weights.T + biases))
    upstream = (a[-1] - y) / len(x)
    gradients = []
    for m in reversed(range(len(layers))):
        delta = maths.delta(m, upstream, a[m + 1])
        upstream = delta @ layers[m][0] if m else upstream
        gradients.append((delta.T @ a[m], delta.sum(0)))
    return gradients[::-1]


def _transposed(maths: Maths, layers: Layers, x: jax.Array, y: jax.Array) -> Layers:
    """Gradients of a batch, with weights of shape (n_in, n_out)."""
    a = [x]
    for m, (weights, biases) in enumerate(layers):
        a.append(maths.forward(m, a[-1] @ weights + biases))
    upstream = (a[-1] - y) / len(x)
    gradients = []
    for m in reversed(range(len(layers))):
        delta = maths.delta(m, upstream, a[m + 1])
        upstream = delta @ layers[m][0].T if m else upstream
        gradients.append((a[m].T @ delta, delta.sum(0)))
    return gradients[::-1]


def _loss_of_sample(maths: Maths, layers: Layers, x: jax.Array, y: jax.Array) -> jax.Array:
    """Loss of a sample."""
    for m, (weights, biases) in enumerate(layers):
        z = weights @ x + biases
        x = maths.forward(m, z)
    return maths.loss(z, y)


def _loss_of_batch(maths: Maths, layers: Layers, x: jax.Array, y: jax.Array) -> jax.Array:
    """Mean loss of a batch."""
    a = x
    for m, (weights, biases) in enumerate(layers):
        z = a @ weights.T + biases
        a = maths.forward(m, z)
    return maths.loss(z, y) / len(x)


def _by_grad(loss: Callable[..., jax.Array]) -> Gradients:
    """JAX's own derivative."""
    return jax.grad(loss, argnums=1)


class Training:
    """Epochs with one of the gradients above."""

    def __init__(
        self,
        task: Task,
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        gradients: Gradients,
        *,
        unrolled: int = 1,
        transposed: bool = False,
    ) -> None:
        self.output, self.maths = task.output, Maths(task)
        self.transposed, self.rows_a_round = transposed, unrolled * task.batch_size
        pairs = [(w[:, 1:], w[:, 0]) for w in start_network(task).weights]
        self.first = [(jnp.array(w.T if transposed else w), jnp.array(b)) for w, b in pairs]
        batch = () if task.batch_size == 1 else (task.batch_size,)
        self.X, self.Y = (jnp.array(A.reshape(-1, unrolled, *batch, A.shape[1])) for A in (X, Y))
        self.epoch = jax.jit(partial(_epoch, self.maths, gradients, unrolled), donate_argnums=0)
        self.one_call = len(self.X) == 1

    def reset(self, rows: int) -> None:
        """Copy the first weights, because an epoch uses up its own."""
        self.rounds = rows // self.rows_a_round
        layers = jax.tree.map(jnp.copy, self.first)
        self.state = jax.block_until_ready((layers, self.maths.first_state(layers)))

    def run(self, epochs: int) -> None:
        """Train."""
        if self.one_call:
            self.state = self.epoch(self.state, self.X, self.Y, epochs)
        else:
            for _ in range(epochs):
                self.state = self.epoch(self.state, self.X, self.Y, self.rounds)
        jax.block_until_ready(self.state)

    def result(self) -> list[npt.NDArray[Any]]:
        """Trained weights."""
        pairs = [(np.asarray(w.T if self.transposed else w), np.asarray(b)) for w, b in self.state[0]]
        return [np.column_stack([biases, weights]) for weights, biases in pairs]


def _epoch(
    maths: Maths,
    gradients: Gradients,
    unrolled: int,
    state: State,
    X: jax.Array,
    Y: jax.Array,
    rounds: jax.Array,
) -> State:
    """Go through the first rounds; where there is only one, so many times through that."""

    def one_round(i: jax.Array, state: State) -> State:
        for k in range(unrolled):
            layers, memory = state
            at = 0 if len(X) == 1 else i
            state = maths.updated(layers, gradients(maths, layers, X[at, k], Y[at, k]), memory)
        return state

    return lax.fori_loop(0, rounds, one_round, state)


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
        self.X = jax.block_until_ready(jnp.array(self.all[:rows]))

    def run(self, epochs: int) -> None:
        """Predict."""
        for _ in range(epochs):
            self.outputs = jax.block_until_ready(_outputs(self.layers, self.X))

    def result(self) -> list[npt.NDArray[Any]]:
        """Outputs."""
        return [np.asarray(self.outputs)]
