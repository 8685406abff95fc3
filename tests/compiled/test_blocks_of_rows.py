"""Batches of more than 512 rows: their blocks, and the order in which what blocks give is added."""

from __future__ import annotations

import itertools
import operator
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import Network, train
from chainrule.arithmetic import MOST_ROWS_OF_A_CHAIN
from chainrule.compiled.codes import activation_codes, loss_code
from chainrule.compiled.evaluation import RowLosses
from chainrule.compiled.kernels.halves import BLOCK_ROWS, block_at, levels_of, node_of
from chainrule.compiled.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

SIZES = (513, 700, 1024, 1025, 2000, 5000)
Range: TypeAlias = "tuple[int, int]"
Tree: TypeAlias = "Range | list[Tree]"


Sum = TypeVar("Sum")


def blocks_of(begin: int, stop: int) -> Tree:
    """A tree of pairs, with the blocks as its leaves, as `docs/arithmetic.md` describes it."""
    if stop - begin <= 512:
        return begin, stop
    middle = begin + -(-(stop - begin) // 2)
    return [blocks_of(begin, middle), blocks_of(middle, stop)]


def leaves(tree: Tree) -> list[Range]:
    """Its blocks, in the order of their rows."""
    return [tree] if isinstance(tree, tuple) else [leaf for half in tree for leaf in leaves(half)]


def added(tree: Tree, of_block: Callable[[int, int], Sum]) -> Sum:
    """What the blocks give, added as the tree says."""
    if isinstance(tree, tuple):
        return of_block(*tree)
    first, second = (added(half, of_block) for half in tree)
    return operator.add(first, second)  # type: ignore[no-any-return]


@settings(max_examples=200)
@given(st.integers(1, 200_000))
def test_blocks_are_halves_of_halves(rows: int) -> None:
    tree, row, waiting = blocks_of(0, rows), 0, []
    for begin, stop in leaves(tree):
        assert begin == row
        assert stop - begin <= BLOCK_ROWS
        row, complete = block_at.py_func(row, 0, rows)
        assert row == stop
        waiting.append((begin, stop))
        for _ in range(complete):  # so many halves are complete: each is one range with that before it
            (first, middle), (same, last) = waiting[-2:]
            assert middle == same
            waiting[-2:] = [(first, last)]
        assert len(waiting) <= levels_of(rows) + 1
    assert waiting == [(0, rows)]


@settings(max_examples=200)
@given(st.integers(1, 200_000), st.integers(0, 6))
def test_parts_to_share_are_whole_halves(rows: int, levels: int) -> None:
    def nodes(tree: Tree, depth: int) -> list[Range]:
        if depth == 0 or isinstance(tree, tuple):
            return [(leaves(tree)[0][0], leaves(tree)[-1][1])]
        return [node for half in tree for node in nodes(half, depth - 1)]

    parts = [node_of.py_func(place, levels, 0, rows) for place in range(1 << levels)]
    assert [part for part in parts if part[0] < part[1]] == nodes(blocks_of(0, rows), levels)


def _fused(a: float, b: float, c: float) -> float:
    """``a * b + c``, rounded once: a fraction becomes a double by one rounding."""
    return float(Fraction(a) * Fraction(b) + Fraction(c))


def _chain(xs: npt.NDArray[Any], ys: npt.NDArray[Any]) -> float:
    sum_ = 0.0
    for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
        sum_ = _fused(y, x, sum_)
    return sum_


def _lanes(xs: npt.NDArray[Any], ys: npt.NDArray[Any]) -> float:
    """A chain in each of 8 lanes, then the upper half of the lanes is added to the lower."""
    chains = np.array([_chain(xs[lane::8], ys[lane::8]) for lane in range(8)])
    while len(chains) > 1:
        half = len(chains) // 2
        chains = chains[:half] + chains[half:]
    return float(chains[0])


@pytest.mark.parametrize("rows", [512, 513, 700, 1025, 1600])
@pytest.mark.parametrize(("n_inputs", "chain"), [(17, _chain), (2, _lanes)])
def test_sums_by_hand(
    rows: int, n_inputs: int, chain: Callable[[npt.NDArray[Any], npt.NDArray[Any]], float]
) -> None:
    # From weights of 0 and with a step of 1 for each row, the new weights are the sums themselves.
    rng = np.random.default_rng(rows)
    X, Y = rng.standard_normal((rows, n_inputs)), rng.standard_normal((rows, 1))
    net = Network([np.zeros((1, 1 + n_inputs))], "identity")
    found = train(net, X, Y, rate=float(rows), epochs=1, batch_size=rows, shuffle=False)
    inputs = np.concatenate([np.ones((rows, 1)), X], axis=1)
    columns = [0, 1, n_inputs]  # the bias, the first input and the last

    def expected(j: int) -> float:
        return added(blocks_of(0, rows), lambda a, b: chain(inputs[a:b, j], Y[a:b, 0]))

    assert found.network.weights[0][0, columns].tolist() == [expected(j) for j in columns]
    losses = added(blocks_of(0, rows), lambda a, b: reduce(operator.add, (Y[a:b, 0] ** 2 / 2).tolist()))
    assert found.history.loss[0] == losses / rows


def _gradients(net: Network, X: npt.NDArray[Any], Y: npt.NDArray[Any], threads: int) -> Sequence[Any]:
    given = net.weights, net.activations, net.loss
    with Trainer(*given, X, Y, batch_size=len(X), rule=None, threads=threads) as running:
        return running.losses_and_gradients(net.weights)[1]


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("rows", [1024, 4096, 16_384])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_blocks_may_be_computed_anywhere_and_in_any_order(dtype: str, rows: int, threads: int) -> None:
    # Blocks of 512 rows, whose means are their sums but for a power of two.
    rng = np.random.default_rng(rows)
    X, Y = (rng.standard_normal((rows, n)).astype(dtype) for n in (7, 3))
    net = Network.random((7, 40, 20, 3), "tanh", seed=1, dtype=dtype)
    found = _gradients(net, X, Y, threads)
    kept = {(a, b): _gradients(net, X[a:b], Y[a:b], 1) for a, b in reversed(leaves(blocks_of(0, rows)))}

    def expected_of(m: int) -> npt.NDArray[Any]:
        return added(blocks_of(0, rows), lambda a, b: kept[a, b][m])

    for m, gradient in enumerate(found):
        expected = expected_of(m)
        assert (expected * (512 / rows)).astype(dtype).tobytes() == gradient.tobytes()


RULES: list[dict[str, Any]] = [
    {},
    {"l2": 0.01, "rule": "momentum"},
    {"rule": "adam", "clip_norm": 0.5},
    {"rule": "adam", "dropout": 0.3},
    {"rule": "irprop_minus"},
]


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("asked", RULES, ids=str)
def test_threads_change_no_bit(asked: dict[str, Any], rows: int) -> None:
    rng = np.random.default_rng(rows)
    n = rows if asked.get("rule") == "irprop_minus" else rows + 100
    X, Y = (rng.standard_normal((n, width)).astype("float32") for width in (7, 3))
    net = Network.random((7, 40, 3), ["tanh", "identity"], seed=1, dtype="float32")
    settings = {"rate": 0.01, "epochs": 3, "batch_size": rows, "seed": 3} | asked
    runs = [train(net, X, Y, threads=threads, **settings) for threads in (1, 2, 3, 9)]
    assert len({tuple(w.tobytes() for w in run.network.weights) for run in runs}) == 1
    assert len({tuple(run.history.loss) for run in runs}) == 1


@pytest.mark.parametrize("sizes", [(2, 3, 1), (7, 40, 3)], ids=["narrow", "wide"])
def test_large_batch_is_near_the_reference(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    X, Y = rng.standard_normal((3001, sizes[0])), rng.standard_normal((3001, sizes[-1]))
    net = Network.random(sizes, "tanh", seed=1)
    settings: dict[str, Any] = {"rate": 0.1, "epochs": 5, "batch_size": 3001}
    ours = train(net, X, Y, **settings)
    reference = train(net, X, Y, engine="reference", **settings)
    for w, expected in zip(ours.network.weights, reference.network.weights, strict=True):
        np.testing.assert_allclose(w, expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose(ours.history.loss, reference.history.loss, rtol=1e-13)


@pytest.mark.parametrize("sizes", [(2, 3, 1), (7, 40, 3)], ids=["narrow", "wide"])
def test_batch_that_is_one_block_has_the_bits_of_a_small_batch(sizes: tuple[int, ...]) -> None:
    # The last batch of an epoch may be small, in the kernel for large ones.
    rng = np.random.default_rng(1)
    X, Y = rng.standard_normal((1000, sizes[0])), rng.standard_normal((1000, sizes[-1]))
    net = Network.random(sizes, "tanh", seed=1)
    settings: dict[str, Any] = {"rate": 0.1, "epochs": 1, "shuffle": False}
    first = train(net, X[:600], Y[:600], batch_size=600, **settings).network
    apart = train(first, X[600:], Y[600:], batch_size=400, **settings).network
    together = train(net, X, Y, batch_size=600, **settings).network
    assert [w.tobytes() for w in together.weights] == [w.tobytes() for w in apart.weights]


def test_losses_of_a_batch_that_is_one_block_go_on_in_the_chain() -> None:
    rng = np.random.default_rng(1)
    X, Y = rng.standard_normal((1000, 7)), rng.standard_normal((1000, 3))
    net = Network.random((7, 40, 3), "tanh", seed=1)
    codes = activation_codes(net.activations), loss_code(net.loss, net.activations[-1])
    rows = RowLosses(net.sizes, *codes)(net.weights, X[600:], Y[600:])

    def summed(n: int) -> float:
        given = net.weights, net.activations, net.loss, X[:n], Y[:n]
        *_, (_, loss) = Trainer(*given, batch_size=600).epoch(np.arange(n), rate=0.0)
        return loss

    *_, expected = itertools.accumulate(rows.tolist(), initial=summed(600))
    assert summed(1000) == expected


def test_blocks_are_those_that_files_speak_of() -> None:
    # Two constants, because kernels are kept by a digest of their own sources alone.
    assert BLOCK_ROWS == MOST_ROWS_OF_A_CHAIN
