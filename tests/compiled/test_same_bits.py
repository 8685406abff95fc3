"""The same bits: on every processor, for every number of threads, in every batch, whatever went before."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import bits_of_training
import numpy as np
import pytest
from bits_of_training import GOLDEN, SHARES, TASKS, kernels_of
from control_word import KNOWN, STANDARD, SUBNORMALS_ARE_ZERO, TOWARDS_ZERO, exchange_control_word
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_children import HERE, LACKING, TARGETS, WIDEST, environment, environment_of_target, run_child
from running import run_epoch

from chainrule import Network, train
from chainrule.compiled import trainer
from chainrule.compiled.codes import activation_codes, loss_code
from chainrule.compiled.evaluation import RowLosses
from chainrule.compiled.machine import pace
from chainrule.compiled.machine.cache import folder
from chainrule.equations import ACTIVATIONS, LAYERS, LOSSES, RULES, Kind, Uniform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt

DTYPES = ("float32", "float64")
PROGRAM = str(HERE / "bits_of_training.py")
EXPECTED: dict[str, str] = json.loads(GOLDEN.read_text(encoding="utf-8"))
FUSED = {"vfmadd", "vfmsub", "vfnmadd", "vfnmsub"}
# Kernels that call routines for all that is multiplied and added.
WITHOUT_PRODUCTS = {"minibatches", "blocks", "predictions", "evaluations"}


def _expected(dtype: str, share: str = "all") -> dict[str, str]:
    names = [f"{task.name}, {dtype}: " for task in SHARES[share]]
    return {name: digest for name, digest in EXPECTED.items() if name.startswith(tuple(names))}


# Weights and predictions, and the losses of the trainings with settings of their own.
N_DIGESTS = {
    dtype: sum(3 if task.settings else 2 for task in TASKS if dtype in task.dtypes) for dtype in DTYPES
}


@pytest.mark.parametrize("threads", [None, 1, 2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_golden_digests_for_any_number_of_threads(dtype: str, threads: int | None) -> None:
    found = bits_of_training.digests(dtype, threads=threads)
    assert len(found) == N_DIGESTS[dtype]
    assert found == _expected(dtype)


UNSAID = {"descent", "levenberg_marquardt"}  # the usual rule, and one that has no twin
WITHOUT_DIGEST = {"order", "piecewise"}  # as yet: first weights by a formula would be no places and no edges


def test_golden_digests_are_of_all_that_has_a_twin() -> None:
    settings = [dict(task.settings) for task in TASKS]
    reached: list[tuple[Kind[Any], set[str]]] = [
        (ACTIVATIONS, {name for task in TASKS for name in task.activations}),
        (LOSSES, {task.loss for task in TASKS}),
        (RULES, {str(one["rule"]) for one in settings if "rule" in one} | UNSAID),
        (LAYERS, {name for task in TASKS for name in task.layers} | WITHOUT_DIGEST),
    ]
    for kind, names in reached:
        assert {kind.named(name).name for name in names} == set(kind), kind.what


def test_golden_digests_are_all_different() -> None:
    assert len(set(EXPECTED.values())) == len(EXPECTED) == sum(N_DIGESTS.values())


def _bits_of_a_child(given: tuple[str, str, str, Path]) -> dict[str, Any]:
    target, dtype, share, kernels = given
    program = [PROGRAM, dtype, "--share", share, "--registers"]
    done = run_child(program, environment_of_target(target, kernels))
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _check_targets(children: list[tuple[str, str, str]], kernels: Path) -> None:
    """Two at a time, because compiling for a processor takes half a minute."""
    able = [child for child in children if not LACKING[child[0]]]
    if not able:
        missing = {target: LACKING[target] for target, _, _ in children}
        pytest.skip(f"this processor cannot run any of them, for want of {missing}")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(_bits_of_a_child, [(*child, kernels / child[0]) for child in able]))
    for (target, dtype, share), answer in zip(able, answers, strict=True):
        _check_registers(target, share, answer["registers"][dtype])
        assert answer["digests"] == _expected(dtype, share), f"{target}, {dtype}, {share}"


def _check_registers(target: str, share: str, found: dict[str, list[str]]) -> None:
    """Kernels use the widest registers of their target, and nothing that the target lacks."""
    assert set(found) == set(kernels_of(share))
    narrower = {"xmm": {"xmm"}, "ymm": {"xmm", "ymm"}, "zmm": {"xmm", "ymm", "zmm"}}[WIDEST[target]]
    allowed = narrower | (FUSED if "fma" in TARGETS[target] else set())
    for name, used in found.items():
        assert set(used) <= allowed, f"{name} for {target}"
        if not name.startswith("narrow_"):  # vectors of four floats need no more than the narrowest
            assert WIDEST[target] in used, f"{name} for {target}"
        if name not in WITHOUT_PRODUCTS:
            assert ("vfmadd" in used) == ("fma" in TARGETS[target]), f"{name} for {target}"


def test_golden_digests_on_a_processor_with_avx2_alone(tmp_path: Path) -> None:
    """Of a few trainings in batches; the slow test below has everything on every processor."""
    assert len(_expected("float64", "few")) == 49
    _check_targets([("haswell", "float64", "few")], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_golden_digests_on_every_processor(target: str, tmp_path: Path) -> None:
    _check_targets([(target, dtype, "all") for dtype in DTYPES], tmp_path)


def test_golden_digests_whatever_the_environment_says_about_threads() -> None:
    variables = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "3")
    done = run_child([PROGRAM, "float32"], environment(folder().parent, **variables))
    assert json.loads(done.stdout)["digests"] == _expected("float32")


# What went before: a processor that is told to take subnormal numbers for 0.


SMALLEST = {"float32": -149, "float64": -1074}
on_known_processors = pytest.mark.skipif(not KNOWN, reason="nobody knows here how to set its control word")


@pytest.fixture
def control_word() -> Iterator[Callable[[int], int]]:
    """Function that sets the word; what it was before is set again at the end."""
    before = exchange_control_word(STANDARD)
    yield exchange_control_word
    exchange_control_word(before)


def _flushes_subnormals(dtype: str) -> bool:
    """Whether this thread does, seen by NumPy."""
    subnormal = np.array([2.0 ** (SMALLEST[dtype] + 5)], dtype)
    return bool((subnormal * np.ones(1, dtype))[0] == 0)


def _among_subnormals(
    sizes: tuple[int, int, int], n: int, dtype: str
) -> tuple[Network, npt.NDArray[Any], npt.NDArray[Any]]:
    """A network whose hidden net inputs are subnormal and count.

    Its second weights are so large that outputs are about as large as the targets. One update
    leaves all numbers finite.
    """
    rng = np.random.default_rng(3)
    # Hidden net inputs are about 2^-140 (normal numbers begin at 2^-126), outputs 2^-20; in float64 2^-1065
    # (of 2^-1022) and 2^-465. Deltas from 2^-63 and 2^-511 on are not flushed.
    half = SMALLEST[dtype] + 9, 120 if dtype == "float32" else 600
    output = 2.0 ** sum(half)
    first, second = (rng.uniform(0.5, 1, (b, 1 + a)) for a, b in pairwise(sizes))
    first = np.ldexp(first, half[0]).astype(dtype)
    second = np.ldexp(second, half[1]).astype(dtype)
    second[:, 0] = 0
    X = rng.uniform(0.5, 1, (n, sizes[0])).astype(dtype)
    Y = (rng.uniform(0.5, 1, (n, sizes[2])) * output).astype(dtype)
    return Network([first, second], "identity"), X, Y


# One of each kernel: sizes, samples, batch.
REACHES = {
    "narrow_4": ((3, 4, 2), 1),
    "narrow_8": ((3, 5, 2), 1),
    "narrow_16": ((3, 12, 2), 1),
    "online": ((3, 40, 2), 1),
    "narrow_minibatches": ((3, 5, 2), 20),
    "minibatches": ((3, 40, 2), 20),
}


Example: TypeAlias = "tuple[Network, npt.NDArray[Any], npt.NDArray[Any]]"


def _one_update(given: Example, threads: int | None) -> bytes:
    net, X, Y = given
    rate = 2.0**-120 if net.dtype == np.float32 else 2.0**-1000
    with trainer.Trainer(
        net.weights, net.activations, net.loss, X, Y, batch_size=len(X), threads=threads
    ) as running:
        run_epoch(running, np.arange(len(X)), rate=rate)
        return b"".join(w.tobytes() for w in running.weights_of(running.state))


def _outputs(given: Example, threads: int | None) -> bytes:
    net, X, _ = given
    return net(X, threads=threads).tobytes()


def _reference_is_misled(given: Example) -> bool:
    """Whether a forward pass of NumPy now gives zeros: then the kernels have something to prove."""
    net, X, _ = given
    return not net.forward(X).a[-1].any()


@on_known_processors
@pytest.mark.parametrize("threads", [None, 2])
@pytest.mark.parametrize("kernel", [*REACHES, "predictions"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_process_that_takes_subnormals_for_zero_gets_the_same_bits(
    dtype: str, kernel: str, threads: int | None, control_word: Callable[[int], int]
) -> None:
    sizes, n = REACHES.get(kernel, ((3, 40, 2), 21))
    run = _outputs if kernel == "predictions" else _one_update
    example = _among_subnormals(sizes, n, dtype)
    expected = run(example, threads)
    assert not _reference_is_misled(example)
    control_word(SUBNORMALS_ARE_ZERO)
    found = run(example, threads)
    assert _flushes_subnormals(dtype)  # it is left as it was
    assert _reference_is_misled(example)
    assert control_word(STANDARD) & SUBNORMALS_ARE_ZERO == SUBNORMALS_ARE_ZERO
    assert found == expected


@on_known_processors
@pytest.mark.parametrize("dtype", DTYPES)
def test_process_that_rounds_towards_zero_gets_the_same_bits(
    dtype: str, control_word: Callable[[int], int]
) -> None:
    tasks = [task for task in TASKS if task.table == "iris" and not task.settings]
    expected = _expected(dtype)
    given = [(bits_of_training.start(t, dtype), *bits_of_training.samples(t.table, dtype)) for t in tasks]
    found = []
    for task, (net, X, Y) in zip(tasks, given, strict=True):
        running = trainer.Trainer(net.weights, net.activations, net.loss, X, Y, batch_size=task.batch_size)
        orders = [bits_of_training.order_of_epoch(len(X), epoch) for epoch in range(1, task.epochs + 1)]
        control_word(TOWARDS_ZERO)
        for order in orders:
            run_epoch(running, order, rate=task.rate or 0.0)
        control_word(STANDARD)
        found.append(bits_of_training.sha256(running.weights_of(running.state)))
    assert found == [expected[f"{task.name}, {dtype}: weights"] for task in tasks]


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", DTYPES)
def test_process_in_which_torch_flushes_subnormals_gets_the_same_bits(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    examples = [_among_subnormals(*reach, dtype) for reach in REACHES.values()]
    expected = [_one_update(example, None) for example in examples]
    if not torch.set_flush_denormal(True):
        pytest.skip("torch cannot flush subnormals on this processor")
    try:
        assert _flushes_subnormals(dtype)
        assert all(_reference_is_misled(example) for example in examples)
        found = [_one_update(example, None) for example in examples]
        assert _flushes_subnormals(dtype)
    finally:
        torch.set_flush_denormal(False)
    assert found == expected


# A sample's outputs.


def networks(most: int) -> st.SearchStrategy[Network]:
    """Networks of up to three layers of weights and so many units in a layer."""
    return st.builds(
        Network.random,
        st.lists(st.integers(1, most), min_size=2, max_size=4),
        st.sampled_from(["identity", "logistic", "tanh"]),
        seed=st.integers(0, 999),
        dtype=st.sampled_from(DTYPES),
        start=st.just(Uniform(0.3)),  # the bias weights included
    )


@settings(max_examples=60)
@given(
    networks(40),
    st.integers(1, 40),
    st.integers(1, 4),
    st.integers(0, 999),
)
def test_outputs_of_a_sample_do_not_depend_on_its_company(
    net: Network, n: int, threads: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    sizes, dtype = net.sizes, net.dtype
    X = rng.standard_normal((n, sizes[0])).astype(dtype)
    alone = np.stack([net(x) for x in X])
    assert net(X).tobytes() == alone.tobytes()
    assert net(X, threads=threads).tobytes() == alone.tobytes()
    order = rng.permutation(n)
    first = int(rng.integers(n))
    stop = int(rng.integers(first, n)) + 1
    part = order[first:stop]
    assert net(X[part]).tobytes() == alone[part].tobytes()
    with_nan = np.concatenate([np.full((3, sizes[0]), np.nan, dtype), X[part]])
    assert net(with_nan)[3:].tobytes() == alone[part].tobytes()


@pytest.mark.parametrize("n_classes", [2, 3, 7, 8, 9, 15, 16, 17, 31, 64, 65, 128, 129])
@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_and_losses_of_a_sample_do_not_depend_on_its_company(dtype: str, n_classes: int) -> None:
    # Alone, a row lies along a vector; with others, vectors run over the rows.
    rng = np.random.default_rng(n_classes)
    X = (rng.standard_normal((21, 4)) * rng.choice([1, 300], (21, 1))).astype(dtype)
    X[5] = np.nan
    Y = np.eye(n_classes, dtype=dtype)[rng.integers(n_classes, size=21)]
    net = Network.random((4, n_classes), "softmax", "cross_entropy", seed=1, dtype=dtype)
    codes = activation_codes(net.activations), loss_code(net.loss, net.activations[-1])
    losses_of = RowLosses(net.sizes, *codes)
    outputs, losses = net(X), losses_of(net.weights, X, Y)
    assert np.isnan(outputs[5]).all()
    assert np.isfinite(np.delete(outputs, 5, axis=0)).all()
    for i, (x, y) in enumerate(zip(X, Y, strict=True)):
        np.testing.assert_array_equal(outputs[i], net(x))
        np.testing.assert_array_equal(losses[i], losses_of(net.weights, x[None], y[None])[0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_of_a_batch_does_not_depend_on_how_threads_share_it(dtype: str) -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((40, 4)).astype(dtype), np.eye(5, dtype=dtype)[rng.integers(5, size=40)]
    net = Network.random((4, 5), "softmax", "cross_entropy", seed=1, dtype=dtype)
    weights = set()
    for threads in (1, 2, 3, 5):  # from all rows to 8 for each
        result = train(net, X, Y, rate=0.1, epochs=3, batch_size=40, threads=threads)
        weights.add(b"".join(w.tobytes() for w in result.network.weights))
    assert len(weights) == 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_long_sums_are_the_same_alone_and_in_a_batch(dtype: str) -> None:
    # A row alone is one piece; in a batch sums over so many inputs are put down and taken up again.
    net = Network.random((700, 300, 20), "tanh", seed=1, dtype=dtype)
    X = np.random.default_rng(1).standard_normal((21, 700)).astype(dtype)
    np.testing.assert_array_equal(net(X), np.stack([net(x) for x in X]))


def test_outputs_of_many_samples_on_several_threads() -> None:
    net = Network.random((5, 20, 3), seed=1, dtype="float32", start="uniform")
    X = np.random.default_rng(1).standard_normal((10_001, 5)).astype("float32")
    expected = net(X, threads=1).tobytes()
    assert all(net(X, threads=threads).tobytes() == expected for threads in (None, 2, 3, 7))
    assert net(X[4321]).tobytes() == net(X)[4321].tobytes()


def test_thread_writes_no_outputs_but_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    # A kernel may write a vector back that it has read beyond its last row, which would undo the other
    # thread's work; on most processors it happens not to, or too rarely to be seen.
    net = Network.random((5, 20, 3), seed=1)
    X = np.random.default_rng(1).standard_normal((100, 5))
    net(X)
    parts: list[tuple[int, int, int]] = []
    predictor = net._predictor
    original = predictor._predict  # type: ignore[union-attr]

    def watched(samples: npt.NDArray[Any], outputs: npt.NDArray[Any], first: int, stop: int) -> None:
        parts.append((first, stop, len(outputs)))
        original(samples, outputs, first, stop)

    monkeypatch.setattr(predictor, "_predict", watched)
    net(X, threads=3)
    assert sorted((first, stop) for first, stop, _ in parts) == [(0, 33), (33, 66), (66, 100)]
    assert all(length == stop * 3 for _, stop, length in parts)


# A training in several calls of a kernel.


@settings(max_examples=30)
@given(
    networks(20),
    st.integers(1, 9),
    st.integers(1, 2),
    st.integers(0, 999),
)
def test_training_in_slices_gives_the_same_bits(
    net: Network, batch_size: int, threads: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    sizes, dtype = net.sizes, net.dtype
    X = rng.uniform(-1, 1, (23, sizes[0])).astype(dtype)
    Y = rng.uniform(-1, 1, (23, sizes[-1])).astype(dtype)
    states, losses, calls = [], [], []
    for at_once, seconds in ((1 << 30, 1e9), (1, 1e-12)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(trainer, "SAMPLES_AT_FIRST", at_once)
            patch.setattr(pace, "SECONDS_AT_ONCE", seconds)
            with trainer.Trainer(
                net.weights, net.activations, net.loss, X, Y, batch_size=batch_size, threads=threads
            ) as running:
                slices = _count_calls(running)
                losses.append([run_epoch(running, rng_order, rate=0.1) for rng_order in _orders(23)])
                states.append(running.state[0].tobytes())
                calls.append(slices)
    assert len(calls[0]) == 3
    assert len(calls[1]) == 3 * -(-23 // batch_size)
    assert states[0] == states[1]
    assert losses[0] == losses[1]


def _orders(n: int) -> list[npt.NDArray[np.intp]]:
    return [np.random.default_rng(epoch).permutation(n) for epoch in range(3)]


def _count_calls(running: trainer.Trainer) -> list[tuple[int, int]]:
    """List that grows by one entry for each call of the kernel."""
    calls: list[tuple[int, int]] = []
    original = running._train

    def counted(order: npt.NDArray[np.intp], first: int, stop: int, *others: Any) -> float:  # noqa: ANN401
        calls.append((first, stop))
        return original(order, first, stop, *others)

    vars(running)["_train"] = counted
    return calls
