"""Packed weights: a round trip keeps every bit, and what pads them stays zero."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running import run_epoch

from chainrule import Network
from chainrule.compiled.codes import Code
from chainrule.compiled.layout import VECTOR_BYTES, Memory, flat, pack, padded, reserve, unpack
from chainrule.compiled.trainer import Trainer
from chainrule.equations import Uniform

if TYPE_CHECKING:
    import numpy.typing as npt

shapes = st.lists(st.sampled_from([1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64]), min_size=2, max_size=5)
EXTRAS: list[dict[str, Any]] = [
    {},
    {"loss": Code(0)},
    {"loss": Code(0), "with_transposed": True},
    {"loss": Code(0), "with_transposed": True, "gradient_copies": 1, "with_masks": True},
    {"loss": Code(0), "gradient_copies": 3, "with_dropout": True, "n_states": 2},
]
dtypes = st.sampled_from(["float32", "float64"])


def _numbered(sizes: list[int], dtype: str) -> list[npt.NDArray[Any]]:
    """Weights that are all different, and none 0."""
    weights, begin = [], 1
    for n_in, n_out in pairwise(sizes):
        count = n_out * (1 + n_in)
        weights.append(np.arange(begin, begin + count, dtype=dtype).reshape(n_out, 1 + n_in))
        begin += count
    return weights


@given(shapes, dtypes, st.sampled_from([None, 4, 8, 16]), st.integers(1, 17), st.sampled_from(EXTRAS))
def test_packing_and_unpacking_gives_the_weights_back(
    sizes: list[int], dtype: str, lanes: int | None, rows: int, extras: dict[str, Any]
) -> None:
    weights = _numbered(sizes, dtype)
    memory = reserve(sizes, [Code(0)] * len(weights), np.dtype(dtype), rows, pad_to=lanes, **extras)
    pack(memory, weights)
    for w, same in zip(weights, unpack(memory.state, memory.layers), strict=True):
        assert w.tobytes() == same.tobytes()
        assert same.flags.owndata
    # Nothing else lies among the packed weights: they are these numbers and zeros.
    numbers = np.concatenate([w.ravel() for w in weights])
    np.testing.assert_array_equal(np.sort(memory.state[memory.state != 0]), numbers)
    assert memory.array.ctypes.data % VECTOR_BYTES == 0


def test_inputs_become_rows_and_the_bias_the_last() -> None:
    memory = reserve((3, 2), [Code(0)], np.dtype("float64"), 1)
    pack(memory, [np.array([[10.0, 11, 12, 13], [20, 21, 22, 23]])])
    rows = memory.state.reshape(8, 8)
    np.testing.assert_array_equal(rows[:4, :2], [[11, 21], [12, 22], [13, 23], [10, 20]])
    assert np.count_nonzero(rows) == 8


def _place(memory: Memory, layer: np.void, rows: str, begin: str, width: str) -> npt.NDArray[Any]:
    """A packed matrix in the memory, its columns of vectors side by side."""
    first, length, column = int(layer[begin]), int(layer[rows]) * int(layer[width]), int(layer["column"])
    columns = memory.array[first : first + length].reshape(-1, int(layer[rows]), column)
    return np.concatenate(list(columns), axis=1)


def test_columns_of_a_vector_lie_one_after_the_other() -> None:
    memory = reserve((1, 9), [Code(0)], np.dtype("float64"), 1)
    pack(memory, [np.arange(18.0).reshape(9, 2)])
    columns = memory.state.reshape(2, 8, 8)
    np.testing.assert_array_equal(columns[0, :2], [[1, 3, 5, 7, 9, 11, 13, 15], [0, 2, 4, 6, 8, 10, 12, 14]])
    np.testing.assert_array_equal(columns[1, :2, 0], [17, 16])
    assert np.count_nonzero(columns) == 17  # all but one of the 18


def _assert_pads_are_zero(running: Trainer) -> None:
    """The packed weights are the unpacked ones and zeros, not a number more."""
    memory = running._memory
    unpacked = running.weights_of(running.state)
    for layer, w in zip(memory.layers, unpacked, strict=True):
        rows = _place(memory, layer, "before_width", "weights", "width")
        inputs, units = int(layer["inputs"]), int(layer["units"])
        np.testing.assert_array_equal(rows[: inputs + 1, :units], np.roll(w, -1, axis=1).T)
        assert not rows[inputs + 1 :].any()
        assert not rows[:, units:].any()


@settings(max_examples=60)
@given(shapes, dtypes, st.sampled_from(["identity", "logistic", "tanh"]), st.sampled_from([1, 2, 7, 33]))
def test_pads_stay_zero_in_training(sizes: list[int], dtype: str, name: str, batch_size: int) -> None:
    net = Network.random(sizes, name, seed=1, dtype=dtype, start=Uniform(0.2))
    rng = np.random.default_rng(2)
    X = rng.uniform(-1, 1, (40, sizes[0])).astype(dtype)
    Y = rng.uniform(-1, 1, (40, sizes[-1])).astype(dtype)
    with Trainer(net.weights, net.activations, net.loss, X, Y, batch_size=batch_size) as running:
        _assert_pads_are_zero(running)
        for _ in range(3):
            run_epoch(running, rng.permutation(40), rate=2.0**-10)
        assert np.isfinite(running.state[0]).all()
        assert any(
            (w != old).any() for w, old in zip(running.weights_of(running.state), net.weights, strict=True)
        )
        _assert_pads_are_zero(running)
        _assert_transposed_is_the_same(running._memory)


def _assert_transposed_is_the_same(memory: Memory) -> None:
    """The copy of the weights that deltas are passed back through is up to date, the bias's column aside."""
    for layer in memory.layers:
        if layer["transposed"]:
            rows = _place(memory, layer, "before_width", "weights", "width")
            copy = _place(memory, layer, "width", "transposed", "before_width")
            inputs, units = int(layer["inputs"]), int(layer["units"])
            np.testing.assert_array_equal(copy[:units, :inputs], rows[:inputs, :units].T)
            assert not copy[units:].any()


@given(st.integers(0, 1000), st.integers(1, 64))
def test_padded_is_the_next_multiple(n: int, to: int) -> None:
    assert padded(n, to) % to == 0
    assert n <= padded(n, to) < n + to


@pytest.mark.parametrize("order", ["C", "F"])
def test_flat_numbers_are_rows_one_after_the_other_and_cannot_be_written(order: str) -> None:
    table = np.asarray([[1.0, 2, 3], [4, 5, 6]], order=order)  # type: ignore[call-overload]
    numbers = flat(table)
    assert numbers.tolist() == [1, 2, 3, 4, 5, 6]
    assert not numbers.flags.writeable
    assert table.flags.writeable  # the caller's array is left as it is
    assert np.shares_memory(numbers, table) == (order == "C")
    for steps in (table[::-1], table[:, ::2]):
        assert flat(steps).tolist() == [number for row in steps.tolist() for number in row]
