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

__all__ = ["CHECK_ROWS", "CHECK_UPDATES", "GROUPS", "RATE", "Task", "samples", "start_network", "tasks_of"]

RATE = 0.125  # exact in every binary number, because FANN keeps it in single precision
CHECK_ROWS = 256
CHECK_UPDATES = 32  # at least; fewer in mini-batches would hardly move the weights

ONLINE_TOOLS = ("chainrule", "PyTorch", "scikit-learn", "JAX", "FANN")
BATCH_TOOLS = ("chainrule", "PyTorch", "scikit-learn", "JAX")

# Enough that an epoch takes the fastest tools some ten milliseconds; slower ones take fewer rows or epochs.
ROWS = {
    (2, 3, 1): 131_072,
    (64, 32, 10): 16_384,
    (64, 64, 64, 64, 64, 10): 8192,
    (784, 300, 10): 2048,
    (784, 1000, 500, 10): 512,
}
QUICK = ((2, 3, 1), (64, 32, 10), (784, 300, 10))
WIDE = (784, 300, 10)
DIGITS = (64, 32, 10)
DIGIT_ROWS = 100_000


@dataclass(frozen=True)
class Task:
    """One line of a table: work that every tool in it does.

    Attributes
    ----------
    group : str
        Table that the line stands in.
    kind : {"train", "predict"}
    sizes : tuple of int
        Units of each layer, inputs first.
    batch_size : int
        Samples an update; for a prediction, rows a call.
    dtype : {"float32", "float64"}
    threads : int
    rows : int
        Samples that are there; a slow tool may take the first of them only.
    tools : tuple of str
    output : {"logistic", "identity"}
        Activation of the last layer; hidden ones are logistic.
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

    @property
    def network(self) -> str:
        """Name of the network: its sizes."""
        return "-".join(map(str, self.sizes))

    def with_output(self, output: str) -> Task:
        """The same work for a network with another last layer."""
        return replace(self, output=output)

    @property
    def rate(self) -> float:
        """Learning rate; small where outputs are identities, or many hidden units would make it diverge."""
        return RATE if self.output == "logistic" else 2.0 ** -math.ceil(math.log2(self.sizes[-2]))

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
    hidden = ["logistic"] * (len(task.sizes) - 2)
    return chainrule.Network.random(task.sizes, [*hidden, task.output], "rss", seed=1, dtype=task.dtype)


def samples(task: Task) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Inputs and targets: random ones in [0, 1) for training, scikit-learn's digits for predictions."""
    random = np.random.default_rng(20)
    Y = random.random((task.rows, task.sizes[-1])).astype(task.dtype)
    if task.kind == "predict":
        return _digits(task.rows).astype(task.dtype), Y
    return random.random((task.rows, task.sizes[0])).astype(task.dtype), Y


def _digits(rows: int) -> npt.NDArray[Any]:
    """Images of digits, 8 by 8, over and over."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 -- only predictions need it

    images = load_digits().data / 16
    return np.resize(images, (rows, images.shape[1]))


def _online(networks: tuple[tuple[int, ...], ...], group: str, dtype: str) -> Iterator[Task]:
    for sizes in networks:
        yield Task(group, "train", sizes, 1, dtype, 1, ROWS[sizes], ONLINE_TOOLS)


def _batches(
    networks: tuple[tuple[int, ...], ...], sizes_of_batches: tuple[int, ...], group: str, dtype: str
) -> Iterator[Task]:
    for threads in (1, 2):
        for batch_size in sizes_of_batches:
            for sizes in networks:
                yield Task(group, "train", sizes, batch_size, dtype, threads, ROWS[sizes], BATCH_TOOLS)


def online(*, quick: bool) -> Iterator[Task]:
    """Online training in single precision, on one thread."""
    yield from _online(QUICK if quick else tuple(ROWS), "online", "float32")


def mini_batches(*, quick: bool) -> Iterator[Task]:
    """Mini-batches in single precision, on one thread and on two."""
    networks, sizes_of_batches = (QUICK, (32,)) if quick else (tuple(ROWS), (32, 128))
    yield from _batches(networks, sizes_of_batches, "mini-batch", "float32")


def double(*, quick: bool) -> Iterator[Task]:
    """Both again, in double precision."""
    networks, sizes_of_batches = ((WIDE,), (32,)) if quick else (tuple(ROWS), (32, 128))
    yield from _online(networks, "float64", "float64")
    yield from _batches(networks, sizes_of_batches, "float64", "float64")


def prediction(*, quick: bool) -> Iterator[Task]:
    """Outputs of many rows in one call, on one thread and on two, and of a single row."""
    del quick
    for threads in (1, 2):
        tools = ONLINE_TOOLS if threads == 1 else BATCH_TOOLS
        yield Task("prediction", "predict", DIGITS, DIGIT_ROWS, "float32", threads, DIGIT_ROWS, tools)
    yield Task("prediction", "predict", DIGITS, 1, "float32", 1, 1, ONLINE_TOOLS)


def limit(*, quick: bool) -> Iterator[Task]:
    """What the caches and the multiply-add units of this machine allow."""
    memory, arithmetic = ("chainrule", "one pass", "two passes"), ("chainrule", "multiply-adds")
    for sizes in (WIDE,) if quick else ((64, 64, 64, 64, 64, 10), WIDE, (784, 1000, 500, 10)):
        yield Task("limit", "train", sizes, 1, "float32", 1, ROWS[sizes], memory)
    for threads in (1, 2):
        for sizes in (WIDE,) if quick else (WIDE, (784, 1000, 500, 10)):
            yield Task("limit", "train", sizes, 128, "float32", threads, ROWS[sizes], arithmetic)


GROUPS = {
    "online": online,
    "mini-batch": mini_batches,
    "float64": double,
    "prediction": prediction,
    "limit": limit,
}


def tasks_of(groups: list[str], *, quick: bool) -> list[Task]:
    """Tasks of these groups, those with the same number type and threads beside each other."""
    tasks = [task for group in groups for task in GROUPS[group](quick=quick)]
    return sorted(tasks, key=lambda task: (task.dtype, task.threads))
