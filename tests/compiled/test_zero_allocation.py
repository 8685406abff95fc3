"""Kernels allocate no memory: Numba's own counters stand still while they run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from kernel_children import environment, run_child
from numba import njit
from numba.core.runtime import rtsys

from chainrule import Network
from chainrule.compiled.addresses import for_losses
from chainrule.compiled.codes import activation_codes, loss_code
from chainrule.compiled.evaluation import evaluate_rows
from chainrule.compiled.kernels.forward import PREDICTION_ROWS
from chainrule.compiled.layout import flat, reserve
from chainrule.compiled.machine.cache import folder
from chainrule.compiled.prediction import Predictor
from chainrule.compiled.trainer import Trainer
from chainrule.equations import RULES as ALL_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

SAMPLES = 600
RULES = [rule for rule in ALL_RULES.values() if ALL_RULES.fact(rule, "engine") is None]
# Sizes and batch that lead to each kernel; 550 goes through the phases in two parts.
TRAININGS = {
    "train_narrow_4": ((3, 4, 2), 1),
    "train_narrow_8": ((3, 5, 2), 1),
    "train_narrow_16": ((3, 12, 2), 1),
    "train_online": ((3, 40, 2), 1),
    "train_narrow_minibatches": ((3, 5, 2), 32),
    "train_minibatches": ((3, 40, 2), 32),
    "train_minibatches, large": ((3, 40, 2), 550),
}
# Every activation and loss.
FUNCTIONS: list[tuple[Any, ...]] = [
    (["relu", "softmax"], "cross_entropy"),
    (["gelu", "logistic"], "binary_cross_entropy"),
    (["leaky_relu", "softplus"], "poisson"),
    (["exp", "exp"], "poisson"),
    (["softsign", "identity"], "huber"),
    (["tanh", "softmax"], "absolute"),
    (["softplus", "identity"], "quantile"),
    (["selu", "mish"], "rss"),
    (["cos", "identity"], "rss"),
]
# Every kind of layers.
LAYERS = ("scale", "periodic:2:2:1", "member_scale:3", "dense", "member_bias:3", "member_dense:3")


def _counters() -> list[int]:
    return list(rtsys.get_allocation_stats())


def _difference(run: Callable[[], object]) -> list[int]:
    """What a call adds to the counters: allocations, frees, and the same of Numba's records of arrays."""
    run()  # nothing is compiled in the second call
    before = _counters()
    run()
    return [after - once for after, once in zip(_counters(), before, strict=True)]


@njit  # type: ignore[untyped-decorator]
def _sum_of_a_copy(numbers: npt.NDArray[Any]) -> float:
    total = 0.0
    for i in range(len(numbers)):
        total += (numbers + 1.0)[i]
    return total


def child() -> None:
    """Print what one call of each kernel adds to the counters."""
    found = {"allocates": _difference(lambda: _sum_of_a_copy(np.zeros(8)))}
    for dtype in ("float32", "float64"):
        for name, (sizes, batch_size) in TRAININGS.items():
            for threads in (1, 2):
                found[f"{name}, {dtype}, {threads} threads"] = _of_training(sizes, batch_size, dtype, threads)
        found[f"train_epochs, {dtype}"] = _of_epochs(dtype)
        for threads in (1, 2):
            for rule in RULES:
                for functions in FUNCTIONS:
                    name = f"{rule}, {functions}, {dtype}, {threads} threads"
                    found[name] = _of_training(
                        (3, 40, 2), 32, dtype, threads, functions, rule=rule, l2=0.1, clip_norm=1.0
                    )
            for batch_size in (32, 550):
                found[f"layers, {batch_size}, {dtype}, {threads} threads"] = _of_training(
                    (3, 40, 2), batch_size, dtype, threads, layers=LAYERS
                )
        found[f"predict_rows, {dtype}"] = _of_prediction(dtype)
        found[f"evaluate_rows, {dtype}"] = _of_evaluation(dtype)
    print(json.dumps(found))  # noqa: T201


def _of_training(
    sizes: tuple[int, ...],
    batch_size: int,
    dtype: str,
    threads: int,
    functions: tuple[Any, ...] = (),
    *,
    layers: str | Sequence[str] = "dense",
    **settings: Any,  # noqa: ANN401 (of Trainer)
) -> list[int]:
    activations, loss = functions or ("logistic", "rss")
    net = Network.random(sizes, activations, loss, dtype=dtype, layers=layers)
    X, Y = np.zeros((SAMPLES, sizes[0]), dtype), np.zeros((SAMPLES, sizes[-1]), dtype)
    order = flat(np.repeat(np.arange(SAMPLES), net.members))
    with Trainer(
        *(net.weights, net.activations, net.loss, X, Y),
        batch_size=batch_size,
        threads=threads,
        kinds=net.layers,
        **settings,
    ) as running:
        return _difference(lambda: running._train(order, 0, len(order), 0.1, 0.0, 1))


def _of_epochs(dtype: str) -> list[int]:
    net = Network.random((3, 40, 2), dtype=dtype)
    X, Y = np.zeros((SAMPLES, 3), dtype), np.zeros((SAMPLES, 2), dtype)
    with Trainer(net.weights, net.activations, net.loss, X, Y, batch_size=32, threads=1) as running:
        watched, rates = running.watch(X, Y), np.full(3, 0.1)
        return _difference(lambda: running.epochs(1, rates, seed=1, watched=watched))


def _of_evaluation(dtype: str) -> list[int]:
    net = Network.random((3, 40, 2), ["relu", "softmax"], "cross_entropy", dtype=dtype)
    code = loss_code(net.loss, net.activations[-1])
    memory = reserve(net.sizes, activation_codes(net.activations), net.dtype, PREDICTION_ROWS, loss=code)
    for_losses(memory)
    X, Y, W = (flat(np.zeros(n * SAMPLES, dtype)) for n in (3, 2, 1))
    kernel, losses = evaluate_rows.of(net.dtype), np.zeros(SAMPLES, dtype)
    return _difference(lambda: kernel(*memory, X, Y, W, 0, SAMPLES, losses))


def _of_prediction(dtype: str) -> list[int]:
    net = Network.random((3, 40, 2), dtype=dtype)
    predictor = Predictor(net.weights, net.activations)
    memory = predictor._new_memory()
    X, outputs = flat(np.zeros(3 * SAMPLES, dtype)), np.zeros(2 * SAMPLES, dtype)
    return _difference(lambda: predictor._kernel(memory.array, memory.layers, X, 0, SAMPLES, outputs, 1))


@pytest.fixture(scope="module")
def differences() -> dict[str, list[int]]:
    done = run_child(
        ["-c", "import test_zero_allocation; test_zero_allocation.child()"],
        environment(folder().parent, NUMBA_NRT_STATS="1"),
    )
    found: dict[str, list[int]] = json.loads(done.stdout)
    return found


def test_the_counters_see_what_allocates(differences: dict[str, list[int]]) -> None:
    assert min(differences["allocates"]) >= 8


def test_no_kernel_allocates(differences: dict[str, list[int]]) -> None:
    kernels = {name: counts for name, counts in differences.items() if name != "allocates"}
    assert len(kernels) == 2 * (2 * len(TRAININGS) + 2 * len(RULES) * len(FUNCTIONS) + 4 + 3)
    assert kernels == {name: [0, 0, 0, 0] for name in kernels}
