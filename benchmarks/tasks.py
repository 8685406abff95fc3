"""What is measured: networks, batches, number types, threads, and the data they get."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

import chainrule

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

__all__ = [
    "CHECK_ROWS",
    "CHECK_UPDATES",
    "GROUPS",
    "MOST_STEPS",
    "Task",
    "samples",
    "start_network",
    "tasks_of",
]

RATE = 0.125  # exact in every binary number, because FANN keeps it in single precision
CHECK_ROWS = 256
CHECK_UPDATES = 32  # at least; fewer in mini-batches would hardly move the weights
MOST_STEPS = 2000  # of a minimisation; all reach their goal in fewer

ONLINE_TOOLS = ("chainrule", "PyTorch", "scikit-learn", "JAX", "FANN")
BATCH_TOOLS = ("chainrule", "PyTorch", "scikit-learn", "JAX")
RULE_TOOLS = ("chainrule", "PyTorch", "JAX")

# Enough that an epoch takes the fastest tools some ten milliseconds; slower ones take fewer rows or epochs.
ROWS = {
    (2, 3, 1): 131_072,
    (64, 32, 10): 16_384,
    (64, 64, 64, 64, 64, 10): 8192,
    (784, 300, 10): 2048,
    (784, 1000, 500, 10): 512,
}
QUICK = ((2, 3, 1), (64, 32, 10), (784, 300, 10))
WIDE, WIDEST = (784, 300, 10), (784, 1000, 500, 10)
DIGITS = (64, 32, 10)
WIDER = tuple(sizes for sizes in ROWS if sizes[-1] > 1)  # all that have classes
SMOOTH, DIABETES = (4, 16, 1), (10, 16, 1)
DIGIT_ROWS = 100_000
GROWN_WIDTHS = (4, 8, 16, 32, 64, 128, 256, 512, 1024)
GROWN_DEPTHS = (1, 2, 4, 8, 16)
GROWN_BATCHES = (1, 2, 4, 8, 16, 32, 128, 512, 4096)
GROWN_ROWS = (32, 256, 2048, 16_384, 131_072)
ALL_BATCHES = ((1, 32), (1, 128), (2, 32), (2, 128))  # threads and batches
FEWER_BATCHES = ((1, 32), (1, 128), (2, 128))

# Adam's usual epsilon, 1e-8, gives a gradient that is nothing but rounding a step of full length, so that no
# two tools would agree on it; the work is the same with this one.
MOMENTUM, ADAM = "momentum:0.9", "adam:0.9:0.999:0.0001"
RATES = {MOMENTUM: RATE / 8, ADAM: 2.0**-10}
PUBLISHED = (4, 32, 16, 4)  # with 10,000 rows in one batch: the first figure in the paper on SimpleChains
PUBLISHED_ROWS = 10_000


@dataclass(frozen=True)
class Task:
    """One line of a table: work that every tool in it does.

    Attributes
    ----------
    group : str
        Table that the line stands in.
    kind : {"train", "predict", "minimise"}
    sizes : tuple of int
        Units of each layer, inputs first.
    batch_size : int
        Samples an update; for a prediction, rows a call.
    dtype : {"float32", "float64"}
    threads : int
    rows : int
        Samples that are there; a slow tool may take the first of them only.
    tools : tuple of str
    output : {"logistic", "identity", "softmax"}
        Activation of the last layer.
    activation : {"logistic", "tanh", "relu"}
        Activation of the hidden layers.
    loss : {"rss", "cross_entropy"}
    rule : str
        Update rule, with its parameters after colons.
    goal : float
        Of a minimisation: the mean loss that ends it.
    axis : str
        Of a line that shows how the cost grows: what grows, "width", "depth", "batch" or "rows".
    """

    group: str
    kind: str
    sizes: tuple[int, ...]
    batch_size: int
    dtype: str
    threads: int
    rows: int
    tools: tuple[str, ...]
    output: str = "logistic"
    activation: str = "logistic"
    loss: str = "rss"
    rule: str = "descent"
    goal: float = 0.0
    axis: str = ""

    @property
    def network(self) -> str:
        """Name of the network: its sizes."""
        return "-".join(map(str, self.sizes))

    @property
    def rule_name(self) -> str:
        """Name of the update rule without its parameters."""
        return self.rule.partition(":")[0]

    @property
    def activations(self) -> list[str]:
        """One for each layer after the inputs."""
        return [*[self.activation] * (len(self.sizes) - 2), self.output]

    @property
    def per_sample(self) -> bool:
        """Whether its times are told a sample, not an epoch or a whole minimisation."""
        return self.kind != "minimise" and self.group != "full batch"

    def with_output(self, output: str) -> Task:
        """The same work for a network with another last layer."""
        return replace(self, output=output)

    @property
    def rate(self) -> float:
        """Learning rate; small where linear units would make it diverge."""
        if self.rule in RATES:
            return RATES[self.rule]
        if self.output == "logistic":
            return RATE
        before = self.sizes[0] if self.activation == "relu" else self.sizes[-2]
        return 2.0 ** -math.ceil(math.log2(before))

    @property
    def flops(self) -> int:
        """Floating-point operations of a sample's training, two for each multiply-add.

        Forward passes and weight gradients take every weight, deltas all but those of the first layer and of
        the biases.
        """
        pairs = list(zip(self.sizes, self.sizes[1:], strict=False))
        weights = sum(n_out * (1 + n_in) for n_in, n_out in pairs)
        passed_back = sum(n_out * n_in for n_in, n_out in pairs[1:])
        return 2 * (2 * weights + passed_back)


def start_network(task: Task) -> chainrule.Network:
    """Network that every tool starts from."""
    return chainrule.Network.random(task.sizes, task.activations, task.loss, seed=1, dtype=task.dtype)


def samples(task: Task) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Inputs and targets.

    Random ones in [0, 1) for training, or random classes; scikit-learn's digits for predictions, and for
    minimisations its diabetes or a smooth function.
    """
    random = np.random.default_rng(20)
    if task.kind == "minimise":
        return _diabetes() if task.sizes[0] == DIABETES[0] else _smooth(random, task)
    Y = random.random((task.rows, task.sizes[-1])).astype(task.dtype)
    if task.kind == "predict":
        return _digits(task.rows).astype(task.dtype), Y
    X = random.random((task.rows, task.sizes[0])).astype(task.dtype)
    if task.loss == "cross_entropy":
        Y = np.eye(task.sizes[-1], dtype=task.dtype)[random.integers(0, task.sizes[-1], task.rows)]
    return X, Y


def _digits(rows: int) -> npt.NDArray[Any]:
    """Images of digits, 8 by 8, over and over."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 -- only predictions need it

    images = load_digits().data / 16
    return np.resize(images, (rows, images.shape[1]))


def _smooth(random: np.random.Generator, task: Task) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """A function of a few inputs that a small network can learn almost exactly."""
    X = random.uniform(-1, 1, (task.rows, task.sizes[0]))
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.5 * X[:, 3] ** 2
    return X, y[:, None] - y.mean()


def _diabetes() -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """scikit-learn's diabetes: 442 rows, 10 inputs; every column standardised."""
    from sklearn.datasets import load_diabetes  # noqa: PLC0415 -- only minimisations need it

    X, y = load_diabetes(return_X_y=True)
    return (X - X.mean(0)) / X.std(0), ((y - y.mean()) / y.std())[:, None]


def _online(networks: tuple[tuple[int, ...], ...], group: str, dtype: str) -> Iterator[Task]:
    for sizes in networks:
        yield Task(group, "train", sizes, 1, dtype, 1, ROWS[sizes], ONLINE_TOOLS)


def _batches(
    networks: tuple[tuple[int, ...], ...], batches: tuple[tuple[int, int], ...], group: str, dtype: str
) -> Iterator[Task]:
    for threads, batch_size in batches:
        for sizes in networks:
            yield Task(group, "train", sizes, batch_size, dtype, threads, ROWS[sizes], BATCH_TOOLS)


def online(*, quick: bool) -> Iterator[Task]:
    """Online training in single precision, on one thread."""
    yield from _online(QUICK if quick else tuple(ROWS), "online", "float32")


def mini_batches(*, quick: bool) -> Iterator[Task]:
    """Mini-batches in single precision, on one thread and on two."""
    networks, batches = (QUICK, ((1, 32), (2, 32))) if quick else (tuple(ROWS), ALL_BATCHES)
    yield from _batches(networks, batches, "mini-batch", "float32")


def double(*, quick: bool) -> Iterator[Task]:
    """Both again, in double precision."""
    networks, batches = ((WIDE,), ((1, 32),)) if quick else ((DIGITS, WIDE, WIDEST), FEWER_BATCHES)
    yield from _online(networks, "float64", "float64")
    yield from _batches(networks, batches, "float64", "float64")


def prediction(*, quick: bool) -> Iterator[Task]:
    """Outputs of many rows in one call, on one thread and on two, and of a single row."""
    del quick
    for threads in (1, 2):
        tools = ONLINE_TOOLS if threads == 1 else BATCH_TOOLS
        yield Task("prediction", "predict", DIGITS, DIGIT_ROWS, "float32", threads, DIGIT_ROWS, tools)
    yield Task("prediction", "predict", DIGITS, 1, "float32", 1, 1, ONLINE_TOOLS)


def stream(*, quick: bool) -> Iterator[Task]:
    """Online training, with a call of its own for each row."""
    del quick
    tools = ("chainrule", "PyTorch", "scikit-learn")
    yield Task("stream", "train", DIGITS, 1, "float32", 1, ROWS[DIGITS], tools)


def limit(*, quick: bool) -> Iterator[Task]:
    """What the caches and the multiply-add units of this machine allow."""
    memory, arithmetic = ("chainrule", "one pass", "two passes"), ("chainrule", "multiply-adds")
    for sizes in (WIDE,) if quick else ((64, 64, 64, 64, 64, 10), WIDE, WIDEST):
        yield Task("limit", "train", sizes, 1, "float32", 1, ROWS[sizes], memory)
    for threads in (1, 2):
        for sizes in (WIDE,) if quick else (WIDE, WIDEST):
            yield Task("limit", "train", sizes, 128, "float32", threads, ROWS[sizes], arithmetic)


def classes(*, quick: bool) -> Iterator[Task]:
    """ReLU units, softmax outputs and cross-entropy: online and in mini-batches."""
    networks, batches = ((DIGITS, WIDE), ((1, 32),)) if quick else (WIDER, FEWER_BATCHES)
    for task in (
        *_online(networks, "classes", "float32"),
        *_batches(networks, batches, "classes", "float32"),
    ):
        yield replace(task, activation="relu", output="softmax", loss="cross_entropy", tools=BATCH_TOOLS)


def rules(*, quick: bool) -> Iterator[Task]:
    """Update rules with a state, in batches of 32; plain descent is among the mini-batches."""
    networks = (DIGITS, WIDE) if quick else WIDER
    for threads, rule in ((1, MOMENTUM), (1, ADAM), (2, ADAM)):
        for task in _batches(networks, ((threads, 32),), "rules", "float32"):
            yield replace(task, rule=rule, tools=RULE_TOOLS)


def full_batch(*, quick: bool) -> Iterator[Task]:
    """All rows in one batch, by Adam: the workload that SimpleChains has published."""
    del quick
    for threads in (1, 2):
        yield Task(
            "full batch", "train", PUBLISHED, PUBLISHED_ROWS, "float32", threads, PUBLISHED_ROWS, RULE_TOOLS,
            output="identity", activation="tanh", rule=ADAM,
        )  # fmt: skip


def second_order(*, quick: bool) -> Iterator[Task]:
    """Until a loss is reached, by rules that use curvature."""
    del quick
    rivals = {"lbfgs": ("chainrule", "scikit-learn"), "levenberg_marquardt": ("chainrule", "SciPy")}
    for sizes, rows, goal in ((SMOOTH, 500, 1e-4), (DIABETES, 442, 0.1)):
        for rule, tools in rivals.items():
            yield Task(
                "second order", "minimise", sizes, rows, "float64", 1, rows, tools,
                output="identity", activation="tanh", rule=rule, goal=goal,
            )  # fmt: skip


def growth(*, quick: bool) -> Iterator[Task]:
    """How the cost grows with width, depth, batch and rows, from a network with layers of 64 units."""
    few = 3 if quick else 1
    start = Task("growth", "train", (64, 64, 64, 10), 32, "float32", 1, 8192, ("chainrule", "PyTorch"))
    for units in GROWN_WIDTHS[::few]:
        rows = min(8192, 8192 * 128 // units)
        yield replace(start, axis="width", sizes=(64, units, units, 10), rows=rows)
    for layers in GROWN_DEPTHS[::few]:
        yield replace(start, axis="depth", sizes=(64, *[64] * layers, 10))
    for batch_size in GROWN_BATCHES[::few]:
        yield replace(start, axis="batch", batch_size=batch_size)
    for rows in GROWN_ROWS[::few]:
        yield replace(start, axis="rows", rows=rows)


GROUPS = {
    "online": online,
    "mini-batch": mini_batches,
    "float64": double,
    "prediction": prediction,
    "stream": stream,
    "limit": limit,
    "classes": classes,
    "rules": rules,
    "full batch": full_batch,
    "second order": second_order,
    "growth": growth,
}


def tasks_of(groups: list[str], *, quick: bool) -> list[Task]:
    """Tasks of these groups, those with the same number type and threads beside each other."""
    tasks = [task for group in groups for task in GROUPS[group](quick=quick)]
    return sorted(tasks, key=lambda task: (task.dtype, task.threads))
