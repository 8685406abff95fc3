"""Digests of weights and predictions after small trainings that reach every kernel and each of its ways.

Run as a program it prints them as JSON, and the registers that its kernels use; or it keeps them as the
digests that tests expect, which change only with a decision record:

    python bits_of_training.py float32 float64 [--threads N] [--share few] [--registers] [--keep]

Everything before the training is exact or whole numbers, so that the digests depend on the kernels and on the
order of the samples alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import Network, train
from chainrule.compiled.evaluation import evaluate_rows
from chainrule.compiled.kernels.blocks import train_blocks
from chainrule.compiled.kernels.forward import predict_rows
from chainrule.compiled.kernels.gradients import ADD_GRADIENTS
from chainrule.compiled.kernels.minibatch import train_minibatches
from chainrule.compiled.kernels.narrow import train_narrow
from chainrule.compiled.kernels.narrow_minibatch import train_narrow_minibatches
from chainrule.compiled.kernels.online import train_online
from chainrule.compiled.kernels.products import PRODUCT
from chainrule.compiled.twins.curvature import run_two_loops
from chainrule.compiled.twins.routines import Routine
from chainrule.equations import LAYERS
from chainrule.random_streams import Purpose, permutation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

__all__ = [
    "GOLDEN",
    "KERNELS",
    "SHARES",
    "TASKS",
    "Task",
    "digests",
    "kernels_of",
    "order_of_epoch",
    "samples",
    "sha256",
    "start",
]

SEED = 5
GOLDEN = Path(__file__).with_name("golden_bits.json")

KERNELS = {
    **{f"narrow_{width}": kernel for width, kernel in train_narrow.items()},
    "online": train_online,
    "narrow_minibatches": train_narrow_minibatches,
    "minibatches": train_minibatches,
    "blocks": train_blocks,
    "products": PRODUCT,
    "gradients": ADD_GRADIENTS,
    "predictions": predict_rows,
    "evaluations": evaluate_rows,
    "two_loops": run_two_loops,
}


@dataclass(frozen=True)
class Task:
    """One training."""

    table: str
    hidden: tuple[int, ...]
    activations: tuple[str, ...]
    batch_size: int
    epochs: int
    rate: float | None
    loss: str = "rss"
    settings: tuple[tuple[str, object], ...] = ()
    dtypes: tuple[str, ...] = ("float32", "float64")
    layers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Short, and different for each task."""
        network = "-".join([self.table, *map(str, self.hidden)]) + f", batches of {self.batch_size}"
        if not self.settings and self.loss == "rss":
            return network
        settings = ", ".join(f"{name} {value}" for name, value in self.settings)
        layers = f"{'-'.join(self.layers)}, " if self.layers else ""
        return f"{network}, {layers}{' '.join(self.activations)} {self.loss}, {settings}"


# Every rule, activation and loss at least once, and what changes gradients.
_RULES: list[tuple[tuple[tuple[str, object], ...], float]] = [
    ((("rule", "momentum"), ("l2", 0.01), ("l1", 0.001)), 0.01),
    ((("rule", "nesterov"), ("clip_norm", 0.5), ("schedule", "exponential:0.5")), 0.01),
    ((("rule", "rmsprop"), ("dropout", 0.25)), 0.001),
    ((("rule", "adam"), ("schedule", "warm_up:2,cosine")), 0.01),
    ((("rule", "adamw:0.1"), ("clip_norm", 1.0), ("dropout", 0.5), ("l2", 0.01)), 0.01),
    ((("rule", "irprop_minus"),), 0.01),
]
_FUNCTIONS = [
    (("relu", "softmax"), "cross_entropy"),
    (("gelu", "logistic"), "binary_cross_entropy"),
    (("leaky_relu:0.1", "softplus"), "poisson"),
    (("softsign", "identity"), "huber:0.5"),
    (("tanh", "softmax"), "absolute"),
    (("softplus", "identity"), "quantile:0.9"),
]
# Every kind of layers, with more lines than a vector has and fewer; batches are of as many rows times 3.
_MIXED = ("scale", "periodic:3:2:1", "member_scale:3", "dense", "member_bias:3", "member_dense:3")
_EMBEDDED, _SCALED = ("scale", "periodic:5:3:14", "dense", "dense"), ("dense", "scale", "dense")


TASKS = [
    Task("iris", (4,), ("logistic", "tanh"), 1, 10, 0.25),
    *(Task("iris", (8,), ("tanh", "logistic"), batch, 10, 0.25) for batch in (1, 7, 32, 128)),
    *(Task("iris", (16,), ("logistic", "identity"), batch, 10, 0.0625) for batch in (1, 7, 32, 128)),
    *(
        # Layers of 7, 3, 2 and 1 vectors: every number of chains.
        Task("iris", (100, 33, 17), ("tanh", "logistic", "identity", "logistic"), batch, 4, 0.03125)
        for batch in (1, 7, 32, 128)
    ),
    *(Task("digits", (32,), ("tanh", "logistic"), batch, 2, 0.125) for batch in (1, 7, 32, 128, 700, 1797)),
    *(Task("irises", (8,), ("tanh", "logistic"), batch, 10, 0.25) for batch in (700, 1200)),
    # Sums over more units than are added at a stretch, and more inputs than are updated at once.
    Task("digits", (300,), ("tanh", "logistic"), 32, 1, 0.0625),
    Task(
        "digits", (300,), ("tanh", "logistic"), 64, 1, 2.0**-10,
        settings=(("rule", "adam"), ("seed", SEED)),
    ),
    *(
        Task("iris", (24,), functions, 150 if rule[0][1] == "irprop_minus" else 7, 4, rate, loss, rule)
        for (functions, loss), (rule, rate) in zip(_FUNCTIONS, _RULES, strict=True)
    ),
    *(
        Task("digits", (20,), functions, batch, 2, 0.03125, loss, (("seed", SEED),))
        for (functions, loss), batch in zip(_FUNCTIONS, (1, 32, 1, 32, 1, 600), strict=True)
    ),
    *(Task("iris", (24,), ("exp", "exp"), n, 4, 2.0**-12, "poisson", (("seed", SEED),)) for n in (1, 7)),
    *(
        Task(
            table, (10,), ("tanh", "logistic"), batch, 25, None,
            settings=(("rule", "lbfgs:4"), ("l2", 0.001)), dtypes=("float64",),
        )
        for table, batch in (("iris", 150), ("irises", 1200))
    ),
    *(
        Task(
            "iris", (8,), ("tanh", "softmax"), 7, 4, 0.0625, loss,
            (("rule", rule), ("schedule", "exponential:0.5")),
        )
        for rule, loss in (("classical_momentum", "absolute"), ("classical_nesterov", "cross_entropy"))
    ),
    *(
        Task(
            "iris", (9,), ("identity", "identity", "identity", "identity", "tanh", "softmax"), batch, epochs,
            2.0**-6, "cross_entropy", (("rule", rule), ("dropout", dropout)), layers=_MIXED,
        )
        for batch, epochs, rule, dropout in ((7, 3, "adam", 0.25), (150, 10, "irprop_minus", 0.0))
    ),
    *(
        Task(
            table, hidden, activations, batch, 2, 2.0**-9, "cross_entropy",
            (("rule", "adamw:0.1"), ("clip_norm", 1.0), ("l2", 0.01)), layers=layers,
        )
        for table, hidden, activations, batch, layers in (
            ("digits", (40,), ("identity", "identity", "tanh", "softmax"), 32, _EMBEDDED),
            ("digits", (40,), ("identity", "identity", "tanh", "softmax"), 1797, _EMBEDDED),
            ("digits", (40,), ("relu", "identity", "softmax"), 1, _SCALED),
            ("irises", (9,), ("identity",) * 4 + ("tanh", "softmax"), 700, _MIXED),
        )
    ),
    Task(
        "iris", (9,), ("identity",) * 4 + ("tanh", "softmax"), 150, 25, None, "cross_entropy",
        (("rule", "lbfgs:4"),), dtypes=("float64",), layers=_MIXED,
    ),
    *(
        Task(
            "iris", (24,), ("identity", "identity", output), batch, 4, 2.0**-6, loss,
            (("rule", "adam:0.9:0.95"), ("dropout", dropout)),
            layers=("dense", f"parametric_{activation}", "dense"),
        )
        for activation, batch, dropout, output, loss in (
            ("selu", 7, 0.25, "softmax", "cross_entropy"), ("mish", 150, 0.0, "identity", "rss"),
        )
    ),
    Task(
        "iris", (24,), ("selu", "mish"), 7, 4, 2.0**-8, "huber:0.5",
        (("rule", "adamw:0.1:0.9:0.95"), ("decay_schedule", "flat_cosine"), ("rate_factors", "6,ntp")),
    ),
    Task(
        "iris", (24,), ("mish", "logistic"), 32, 4, 2.0**-6, "binary_cross_entropy",
        (("schedule", "coslog"), ("bias_rate", 0.25), ("label_smoothing", 0.125)),
    ),
    *(Task("digits", (20,), ("cos", "cos"), n, 2, 0.03125, "absolute", (("seed", SEED),)) for n in (1, 32)),
]  # fmt: skip
# Compiling everything for another processor takes half a minute. A few routines do for the training in
# batches: with layers of every kind, and with sums over a row (softmax), exponentials and logarithms.
SHARES = {
    "few": [
        t
        for t in TASKS
        if t.batch_size > 1
        and (not t.settings or t.loss == "cross_entropy")
        and (not t.layers or t.batch_size < 150)
    ],
    "all": TASKS,
}


def kernels_of(share: str) -> dict[str, Any]:
    """Kernels that the tasks of a share need."""
    few = ("narrow_minibatches", "minibatches", "products", "gradients", "predictions", "evaluations")
    return {name: KERNELS[name] for name in (KERNELS if share == "all" else few)}


@cache
def _table(name: str) -> npt.NDArray[Any]:
    """Numbers of a table of scikit-learn, the class last, without the second that importing it takes."""
    spec = find_spec("sklearn")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    data = Path(spec.submodule_search_locations[0]) / "datasets" / "data"
    if name == "iris":
        return np.loadtxt(data / "iris.csv", delimiter=",", skiprows=1)
    if name == "irises":  # more rows than a block has
        return np.tile(_table("iris"), (8, 1))
    return np.loadtxt(data / "digits.csv.gz", delimiter=",")


def samples(table: str, dtype: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Inputs about 0 or 1 and a target for each class; no sum is involved."""
    numbers, classes = _table(table)[:, :-1], _table(table)[:, -1:]
    X = numbers / 16 if table == "digits" else (numbers - 4) / 2
    Y = classes == np.arange(classes.max() + 1)
    return X.astype(dtype), Y.astype(dtype)


def start(task: Task, dtype: str) -> Network:
    """First weights that are whole numbers over 256, from a formula with no meaning."""
    X, Y = samples(task.table, dtype)
    weights, inputs, chosen = [], X.shape[1], [*task.hidden, Y.shape[1]]
    kinds = [LAYERS.named(name) for name in task.layers or ["dense"] * len(chosen)]
    for m, kind in enumerate(kinds):
        shape = kind.shape(inputs, chosen.pop(0) if LAYERS.fact(kind, "chooses_units") else 0)
        inputs = kind.sizes(shape)[1]
        k, j = np.indices(shape)
        weights.append((((k * 37 + j * 101 + m * 59 + k * j * 13) % 127 - 63) / 256).astype(dtype))
    activations = [*task.activations[:-1]] * (len(weights) - 1) + [task.activations[-1]]
    given = activations if task.loss != "rss" and not task.layers else list(task.activations)
    return Network(weights, given, task.loss, layers=kinds)


def sha256(arrays: Iterable[npt.NDArray[Any]]) -> str:
    """Digest of numbers and nothing else, the same for every byte order."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.astype(array.dtype.newbyteorder("<"), order="C").tobytes())
    return digest.hexdigest()


def order_of_epoch(n: int, epoch: int) -> npt.NDArray[np.intp]:
    """Order of the samples in an epoch of these trainings."""
    return permutation(n, seed=SEED, purpose=Purpose.SHUFFLE, counter=epoch)


def _predictions(net: Network, X: npt.NDArray[Any], threads: int | None) -> Iterator[npt.NDArray[Any]]:
    """Of all samples at once, of so few that tiles do not pay, and of some that do not fill the tiles."""
    yield net(X, threads=threads)
    for rows in (1, 2, 3, 13):
        yield net(X[:rows], threads=threads)


def digests(dtype: str, *, threads: int | None = None, tasks: Iterable[Task] = TASKS) -> dict[str, str]:
    """SHA-256 of the weights and of the predictions of each task."""
    found = {}
    for task in (task for task in tasks if dtype in task.dtypes):
        X, Y = samples(task.table, dtype)
        settings: dict[str, Any] = {"seed": SEED, **dict(task.settings)}
        trained = train(
            start(task, dtype),
            X,
            Y,
            rate=task.rate,
            epochs=task.epochs,
            batch_size=task.batch_size,
            threads=threads,
            **settings,
        )
        net = trained.network
        if task.settings:
            losses = np.array([*trained.history.loss, trained.history.loss_after])
            found[f"{task.name}, {dtype}: losses"] = sha256([losses])
        found[f"{task.name}, {dtype}: weights"] = sha256(net.weights)
        found[f"{task.name}, {dtype}: predictions"] = sha256(_predictions(net, X, threads))
    return found


def registers(dtype: str, share: str) -> dict[str, list[str]]:
    """Which vector registers and fused instructions each kernel uses, from its assembly."""
    found = {}
    for name, kernel in kernels_of(share).items():
        compiled = kernel.of(np.dtype(dtype))
        if isinstance(kernel, Routine):
            assembly = compiled._library.get_asm_str()
        else:
            assembly = "\n".join(compiled.inspect_asm().values())
        found[name] = sorted(set(re.findall(r"\b(?:[xyz]mm|vfn?m(?:add|sub))", assembly)))
    return found


def main() -> None:
    """Print the digests of the dtypes that are asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("dtypes", nargs="+")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--share", choices=SHARES, default="all")
    parser.add_argument("--registers", action="store_true")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    used = {dtype: registers(dtype, given.share) for dtype in given.dtypes} if given.registers else {}
    found: dict[str, str] = {}
    for dtype in given.dtypes:
        found |= digests(dtype, threads=given.threads, tasks=SHARES[given.share])
    if given.keep:
        GOLDEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    else:
        print(json.dumps({"digests": found, "registers": used}))  # noqa: T201 (a program)


if __name__ == "__main__":
    main()
