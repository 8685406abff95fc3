"""Arrays of every kind, sizes at the edges, what is refused, and trainings that leave the numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from bits_of_training import KERNELS
from kernel_children import environment, run_child

from chainrule import DivergenceError, InputError, Network, train
from chainrule.compiled.machine.cache import folder
from chainrule.compiled.machine.compiling import Kernel
from chainrule.equations import RSS, Logistic
from chainrule.errors import UnknownNameError
from chainrule.network import backward

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Array = npt.NDArray[Any]

DTYPES = ("float32", "float64")
# Sizes and batch that lead to each kernel.
REACHES = [
    ((3, 4, 2), 1),
    ((3, 6, 2), 1),
    ((3, 12, 2), 1),
    ((3, 40, 2), 1),
    ((3, 5, 2), 8),
    ((3, 40, 2), 8),
]
reaches = pytest.mark.parametrize(("sizes", "batch_size"), REACHES)


def _samples(sizes: tuple[int, ...], n: int = 21) -> tuple[Array, Array]:
    """Numbers that float16 holds exactly."""
    rng = np.random.default_rng(0)
    X, Y = (rng.integers(-64, 65, (n, columns)) / 64 for columns in (sizes[0], sizes[-1]))
    return X, Y


def _bits(net: Network) -> bytes:
    return b"".join(w.tobytes() for w in net.weights)


def _train(net: Network, X: npt.ArrayLike, Y: npt.ArrayLike, batch_size: int, **more: Any) -> Network:  # noqa: ANN401
    return train(net, X, Y, rate=0.1, epochs=3, batch_size=batch_size, **more).network


# Arrays.


def _read_only(array: Array) -> Array:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def _strided(array: Array) -> Array:
    wide = np.full((2 * array.shape[0], 3 * array.shape[1]), np.nan, array.dtype)
    wide[::2, ::3] = array
    return wide[::2, ::3]


def _misaligned(array: Array) -> Array:
    raw = np.zeros(array.nbytes + 1, np.uint8)
    view = raw[1:].view(array.dtype).reshape(array.shape)
    view[:] = array
    return view


KINDS: dict[str, Callable[[Array], Any]] = {
    "Fortran-ordered": np.asfortranarray,
    "read-only": _read_only,
    "strided": _strided,
    "backwards in memory": lambda array: array[::-1].copy()[::-1],
    "misaligned": _misaligned,
    "big-endian": lambda array: array.astype(array.dtype.newbyteorder(">")),
    "little-endian": lambda array: array.astype(array.dtype.newbyteorder("<")),
    "list": lambda array: array.tolist(),
    "tuple of arrays": tuple,
    "objects": lambda array: array.astype(object),
    "float16": lambda array: array.astype("float16"),
    "the other float": lambda array: array.astype("float64" if array.dtype == np.float32 else "float32"),
    "long double": lambda array: array.astype(np.longdouble),
    "matrix": lambda array: array.view(np.matrix),
    "masked, nothing masked": np.ma.masked_array,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_of_every_kind_give_the_same_bits(dtype: str, kind: str) -> None:
    for sizes, batch_size in REACHES:
        net = Network.random(sizes, seed=1, dtype=dtype, start="uniform")
        X, Y = (array.astype(dtype) for array in _samples(sizes))
        expected = _train(net, X, Y, batch_size)
        odd_X, odd_Y = KINDS[kind](X), KINDS[kind](Y)
        assert _bits(_train(net, odd_X, odd_Y, batch_size)) == _bits(expected)
        assert _bits(_train(net, odd_X, Y, batch_size)) == _bits(expected)
        assert expected(odd_X).tobytes() == expected(X).tobytes()
        assert expected(odd_X).dtype == np.dtype(dtype)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_of_every_kind_have_the_bits_that_they_have_in_the_table(dtype: str, kind: str) -> None:
    for sizes, _ in REACHES:
        net = Network.random(sizes, seed=1, dtype=dtype, start="uniform")
        X = _samples(sizes)[0].astype(dtype)
        expected, odd = net(X), KINDS[kind](X)
        for r in range(len(X)):
            alone, table = net(odd[r]), net(odd[r : r + 1])
            assert alone.tobytes() == table.tobytes() == expected[r].tobytes()
            assert alone.shape[-1:] == expected.shape[1:]
            assert table.shape == expected[r : r + 1].shape
            assert alone.dtype == table.dtype == np.dtype(dtype)


def test_outputs_of_a_row_are_an_array_of_their_own() -> None:
    net = Network.random((3, 12, 2), seed=1)
    x = _samples(net.sizes)[0][0]
    first, again = net(x), net(x)
    first[:] = 7
    assert again.tobytes() == net(x).tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_given_arrays_stay_as_they_are(dtype: str) -> None:
    for sizes, batch_size in REACHES:
        X, Y = (array.astype(dtype) for array in _samples(sizes))
        copies = X.copy(), Y.copy()
        net = _train(Network.random(sizes, dtype=dtype), X, Y, batch_size)
        net(X)
        for array, copy in zip((X, Y), copies, strict=True):
            assert array.tobytes() == copy.tobytes()
            assert array.flags.writeable
        X[:] = 0  # and nothing of the network hangs on them
        assert np.isfinite(net(copies[0])).all()


def test_no_array_sets_off_another_compilation() -> None:
    # Kernels are compiled for read-only samples; writable ones, and an order that may be written, would be
    # another type.
    for dtype in DTYPES:
        for sizes, batch_size in REACHES:
            net = Network.random(sizes, dtype=dtype)
            X, Y = (array.astype(dtype) for array in _samples(sizes))
            for kind in (_read_only, np.copy, _strided, _misaligned):
                for shuffle in (True, False):
                    _train(net, kind(X), Y, batch_size, shuffle=shuffle)(kind(X))
                    _train(net, X, kind(Y), batch_size, shuffle=shuffle)
    for name, kernel in ((name, one) for name, one in KERNELS.items() if isinstance(one, Kernel)):
        kernels: list[Any] = [kernel.of(np.dtype(dtype)) for dtype in DTYPES]
        assert all(len(compiled.signatures) == 2 for compiled in kernels), name


# Sizes at the edges.


@reaches
@pytest.mark.parametrize("dtype", DTYPES)
def test_one_row(dtype: str, sizes: tuple[int, ...], batch_size: int) -> None:
    net = Network.random(sizes, seed=1, dtype=dtype, start="uniform")
    X, Y = _samples(sizes, 1)
    found = _train(net, X, Y, batch_size)
    expected = _train(net, X, Y, batch_size, engine="reference")
    _assert_close(found, expected)
    assert _bits(found) == _bits(_train(net, X, Y, 1))
    assert found(X[0]).shape == (sizes[-1],)


def _assert_close(found: Network, expected: Network) -> None:
    """Some updates, each good to a few units in the last place of weights up to 1."""
    for w, e in zip(found.weights, expected.weights, strict=True):
        np.testing.assert_allclose(w, e, rtol=0, atol=16 * np.finfo(w.dtype).eps)


@pytest.mark.parametrize("batch_size", [22, 1000, 2**31, 2**63 - 1, 2**63, 10**30])
@pytest.mark.parametrize("sizes", [(3, 5, 2), (3, 40, 2)])
def test_batch_larger_than_the_table_is_the_whole_table(sizes: tuple[int, ...], batch_size: int) -> None:
    X, Y = _samples(sizes)
    net = Network.random(sizes, seed=1, start="uniform")
    assert _bits(_train(net, X, Y, batch_size)) == _bits(_train(net, X, Y, 21))


@pytest.mark.parametrize("batch_size", [1, 5])
@pytest.mark.parametrize(
    "sizes", [(1, 1), (1, 1, 1), (1, 1, 1, 1, 1, 1), (20, 1, 20, 1), (1, 20, 1), (1, 100)]
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_layers_of_one_unit(dtype: str, sizes: tuple[int, ...], batch_size: int) -> None:
    X, Y = _samples(sizes)
    net = Network.random(sizes, "tanh", seed=1, dtype=dtype, start="uniform")
    _assert_close(_train(net, X, Y, batch_size), _train(net, X, Y, batch_size, engine="reference"))
    np.testing.assert_allclose(net(X), net.forward(X).a[-1], rtol=0, atol=8 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("rate", [1e-30, 5e-324])
@reaches
def test_rate_that_changes_no_weight(rate: float, sizes: tuple[int, ...], batch_size: int) -> None:
    X, Y = _samples(sizes)
    net = Network.random(sizes, seed=1, dtype="float32", start="uniform")
    trained = train(net, X, Y, rate=rate, epochs=1, batch_size=batch_size).network
    for w, same in zip(trained.weights, net.weights, strict=True):
        np.testing.assert_array_equal(w, same)


# What the compiled engine does not know.


@dataclass(frozen=True)
class Softsign:
    """An activation of the user's own."""

    name: ClassVar[str] = "logistic"  # a name of ours makes it no activation of ours
    formula: ClassVar[str] = "z / (1 + |z|)"
    derivative: ClassVar[str] = "(1 − |a|)²"

    def forward(self, z: Array) -> Array:
        result: Array = z / (1 + np.abs(z))
        return result

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002
        result: Array = (1 - np.abs(a)) ** 2 * upstream
        return result


@dataclass(frozen=True)
class ShiftedLogistic(Logistic):
    """A subclass that computes something else."""

    def forward(self, z: Array) -> Array:
        result: Array = super().forward(z - 1)
        return result


@dataclass(frozen=True)
class DoubleRSS(RSS):
    """A loss of the user's own."""

    def values(self, a: Array, y: Array) -> Array:
        return 2 * super().values(a, y)  # type: ignore[no-any-return]

    def slopes(self, a: Array, y: Array) -> Array:
        return 2 * super().slopes(a, y)  # type: ignore[no-any-return]


@pytest.mark.parametrize("activation", [Softsign(), ShiftedLogistic()])
@pytest.mark.parametrize("layers", [(0,), (1,), (0, 1)])
def test_own_activation_is_refused_by_name(activation: Any, layers: tuple[int, ...]) -> None:  # noqa: ANN401
    X, Y = _samples((3, 4, 2))
    net = Network.random((3, 4, 2), [activation if m in layers else "tanh" for m in range(2)])
    with pytest.raises(InputError, match=f"{type(activation).__name__}.* has no kernel.*engine='reference'"):
        _train(net, X, Y, 1)
    _train(net, X, Y, 1, engine="reference")
    # Predictions need no engine to be named: they are those of `forward`.
    np.testing.assert_array_equal(net(X), net.forward(X).a[-1])


def test_own_loss_is_refused_by_name() -> None:
    X, Y = _samples((3, 4, 2))
    net = Network.random((3, 4, 2), loss=DoubleRSS())
    with pytest.raises(InputError, match=r"DoubleRSS.* has no kernel.*engine='reference'"):
        _train(net, X, Y, 1)
    _train(net, X, Y, 1, engine="reference")


@pytest.mark.parametrize("engine", ["Compiled", "numba", "", "referense"])
def test_unknown_engine_is_refused(engine: str) -> None:
    X, Y = _samples((3, 4, 2))
    with pytest.raises(
        UnknownNameError, match=r"There is no engine .*There are: compiled, reference"
    ) as caught:
        _train(Network.random((3, 4, 2)), X, Y, 1, engine=engine)
    assert isinstance(caught.value, InputError)


@pytest.mark.parametrize("engine", [None, 1, ["compiled"]])
def test_engine_that_is_no_name_is_refused(engine: object) -> None:
    X, Y = _samples((3, 4, 2))
    with pytest.raises(InputError, match="engine"):
        _train(Network.random((3, 4, 2)), X, Y, 1, engine=engine)


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "2", math.nan, [2]])
def test_number_of_threads_that_is_none_is_refused(threads: object) -> None:
    X, Y = _samples((3, 40, 2))
    net = Network.random((3, 40, 2))
    message = "threads is .* but must be a whole number of at least 1"
    for engine in ("compiled", "reference"):
        with pytest.raises(InputError, match=message):
            _train(net, X, Y, 8, threads=threads, engine=engine)
    with pytest.raises(InputError, match=message):
        net(X, threads=threads)  # type: ignore[arg-type]


def test_numpys_whole_numbers_are_numbers_of_threads() -> None:
    X, Y = _samples((3, 40, 2))
    net = Network.random((3, 40, 2))
    threads: Any = np.int8(2)
    assert _bits(_train(net, X, Y, 8, threads=threads)) == _bits(_train(net, X, Y, 8))
    assert net(X, threads=threads).tobytes() == net(X).tobytes()


def test_compiler_that_is_switched_off_is_named() -> None:
    program = """
import chainrule
net = chainrule.Network([[[0.0, 1.0]]])
chainrule.train(net, [[1.0]], [[1.0]], rate=1, epochs=1, engine="reference")
try:
    chainrule.train(net, [[1.0]], [[1.0]], rate=1, epochs=1)
except chainrule.InputError as error:
    print(error)
"""
    done = run_child(["-c", program], environment(folder().parent, NUMBA_DISABLE_JIT="1"))
    assert "NUMBA_DISABLE_JIT" in done.stdout
    assert "engine='reference'" in done.stdout


# Trainings that leave the numbers.


def _divergence(engine: str, net: Network, rate: float, batch_size: int, epochs: int) -> DivergenceError:
    X, Y = _samples(net.sizes)
    with pytest.raises(DivergenceError) as caught:
        train(net, X, Y, rate=rate, epochs=epochs, batch_size=batch_size, engine=engine)
    return caught.value


@reaches
@pytest.mark.parametrize("name", ["identity", "tanh"])
@pytest.mark.parametrize(("dtype", "rate"), [("float32", 1e30), ("float32", 1e300), ("float64", 1e300)])
def test_divergence_in_the_first_epoch_is_noticed_by_both_engines(
    dtype: str, rate: float, name: str, sizes: tuple[int, ...], batch_size: int
) -> None:
    net = Network.random(sizes, [name, "identity"], seed=1, dtype=dtype)
    for engine in ("compiled", "reference"):
        error = _divergence(engine, net, rate, batch_size, 3)
        assert error.epoch == 1
        assert _bits(error.network) == _bits(net)
        assert error.history.epochs == ()


@reaches
@pytest.mark.parametrize("dtype", DTYPES)
def test_divergence_comes_in_the_same_epoch_in_both_engines(
    dtype: str, sizes: tuple[int, ...], batch_size: int
) -> None:
    # One layer of identity units, whose residuals grow by about the same factor in each epoch.
    sizes = sizes[0], sizes[1]
    net = Network.random(sizes, "identity", seed=1, dtype=dtype)
    rate = next(r for r in 1.25 ** np.arange(0, 16.0) if _diverges(net, float(r), batch_size))
    errors = {engine: _divergence(engine, net, rate, batch_size, 60) for engine in ("compiled", "reference")}
    assert errors["compiled"].epoch == errors["reference"].epoch > 1
    for error in errors.values():
        assert len(error.history.epochs) == error.epoch - 1
        assert all(np.isfinite(w).all() for w in error.network.weights)
    X, Y = _samples(sizes)
    before = train(net, X, Y, rate=rate, epochs=errors["compiled"].epoch - 1, batch_size=batch_size)
    assert _bits(before.network) == _bits(errors["compiled"].network)


def _diverges(net: Network, rate: float, batch_size: int) -> bool:
    X, Y = _samples(net.sizes)
    try:
        train(net, X, Y, rate=rate, epochs=60, batch_size=batch_size, engine="reference")
    except DivergenceError:
        return True
    return False


@reaches
@pytest.mark.parametrize("name", ["logistic", "tanh"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_saturated_layers_have_deltas_of_zero_in_both_engines(
    dtype: str, name: str, sizes: tuple[int, ...], batch_size: int
) -> None:
    drawn = Network.random(sizes, name, seed=1, dtype=dtype, start="uniform")
    net = drawn.with_weights([w * 1000 for w in drawn.weights])
    X, Y = _samples(sizes)
    X = np.where(X == 0, 1, X).astype(dtype)
    deltas = backward(net.weights, net.activations, net.loss, net.forward(X), Y.astype(dtype))
    zero = np.concatenate([(delta == 0).ravel() for delta in deltas])
    assert zero.mean() > 0.8
    for delta in deltas:
        assert (np.abs(delta[delta != 0]) > np.finfo(dtype).smallest_normal).all()
    # A weight changes in one engine where it changes in the other, after one update.
    n = len(X) if batch_size > 1 else 1
    moved = {
        engine: [
            w != old
            for w, old in zip(
                train(net, X[:n], Y[:n], rate=1e3, epochs=1, batch_size=n, engine=engine).network.weights,
                net.weights,
                strict=True,
            )
        ]
        for engine in ("compiled", "reference")
    }
    for compiled, reference in zip(moved["compiled"], moved["reference"], strict=True):
        np.testing.assert_array_equal(compiled, reference)


@pytest.mark.parametrize("dtype", DTYPES)
def test_delta_at_the_threshold_counts_and_below_it_is_zero_in_both_engines(dtype: str) -> None:
    # An output of 0 and a target of the threshold: the delta of an identity unit is the target itself.
    threshold = 2.0**-63 if dtype == "float32" else 2.0**-511
    for n_outputs, batch_size in ((1, 1), (7, 1), (12, 1), (40, 1), (1, 2), (40, 2)):
        net = Network([np.zeros((n_outputs, 2), dtype)], "identity")
        for engine in ("compiled", "reference"):
            for y, counts in ((threshold, True), (np.nextafter(np.array(threshold, dtype), 0), False)):
                X, Y = np.ones((batch_size, 1), dtype), np.full((batch_size, n_outputs), y, dtype)
                trained = train(net, X, Y, rate=0.5, epochs=1, batch_size=batch_size, engine=engine).network
                assert (trained.weights[0] != 0).all() == counts
                assert (trained.weights[0] == 0).all() != counts
