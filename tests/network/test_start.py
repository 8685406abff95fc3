"""First weights: which seed gives which bits, and which formula gives which limits."""

from __future__ import annotations

import hashlib
import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import (
    FromData,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    InputError,
    LecunNormal,
    LecunUniform,
    Network,
    ShapeError,
    Uniform,
    UnknownNameError,
    ZeroOutput,
)
from chainrule.equations import STARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations import Start


def _sha256(net: Network) -> str:
    little_endian = b"".join(w.astype(w.dtype.newbyteorder("<")).tobytes() for w in net.weights)
    return hashlib.sha256(little_endian).hexdigest()


WITHOUT_ROWS = sorted(name for name in STARTS if not STARTS.fact(STARTS[name], "needs_rows"))


# Written down once; a change of any of these changes every training that was ever started from a seed.
GOLDEN = [
    (
        (64, 32, 10),
        "he_normal",
        7,
        "float64",
        "d5b286c2d4cabc8eda7b4ad82f4acc243824fb5b4e21a16d538fc95e5eaeaebe",
    ),
    (
        (3, 5, 2),
        "lecun_normal",
        1,
        "float32",
        "602946c8ebca7bdecad58a73e55df152006937fdd1a872993475711d2b7ca0a1",
    ),
    (
        (2, 3, 1),
        "glorot_uniform",
        0,
        "float64",
        "a6923cba8fa5411455aa24fd8c9769121baebb914661f6e51da40d079cb63011",
    ),
    (
        (2, 3, 1),
        "glorot_uniform",
        1,
        "float64",
        "33b77ad7370987b23eff3e9a2fb398a6d1dd7ad81299a03b89b76fca32d3eda9",
    ),
    (
        (2, 3, 1),
        "glorot_uniform",
        0,
        "float32",
        "8e973d7340acb0a753ec75ce164cc0c39bb203e691c2a7500375957a58a25225",
    ),
    ((2, 3, 1), "uniform", 0, "float64", "6891bb7e43e926b079400368d1485d509b06c22dbc92c0d3eb6fb72f7a49b3df"),
    (
        (64, 32, 10),
        "he_uniform",
        7,
        "float32",
        "e9705ed454a7ccfa94b3cea9c1f1328d1b0055c34a26063f910620011ec6834c",
    ),
    (
        (64, 32, 10),
        "lecun_uniform",
        2**64 - 1,
        "float64",
        "47d2594368d2d1d6bd350ef62cc06c5cef0a0af31bf773b4f795fa83c220aa94",
    ),
    (
        (8, 7, 6, 5, 4, 3),
        "glorot_uniform",
        12345,
        "float64",
        "c7c4fd81859ee30d6ca76565bc9f013df97fffac11b1d77c55ac5b0330dd6714",
    ),
]


@pytest.mark.parametrize(("sizes", "start", "seed", "dtype", "sha256"), GOLDEN)
def test_seed_gives_the_same_bits_for_good(
    sizes: tuple[int, ...], start: str, seed: int, dtype: str, sha256: str
) -> None:
    assert _sha256(Network.random(sizes, seed=seed, dtype=dtype, start=start)) == sha256


def test_uniform_start_by_hand() -> None:
    # The first number of the stream is 0.8133540609793564; ±1 is twice that less 1, ±0.5 half of it.
    assert Network.random((1, 1), start="uniform").weights[0][0, 0] == 2 * 0.8133540609793564 - 1
    assert Network.random((1, 1), start=Uniform(0.5)).weights[0][0, 0] == 0.8133540609793564 - 0.5


def test_glorot_start_in_plain_python() -> None:
    (w,) = Network.random((2, 3), seed=9).weights
    raw = [int(number) for number in np.random.Philox(key=[9, 1], counter=[0, 0, 0, 0]).random_raw(9)]
    numbers = [(number >> 11) / 2**53 for number in raw]
    limit = math.sqrt(6 / 5)
    expected = [0.0 if i % 3 == 0 else limit * (2 * u - 1) for i, u in enumerate(numbers)]
    assert w.ravel().tolist() == expected


@pytest.mark.parametrize(
    ("start", "limit"),
    [
        (GlorotUniform(), math.sqrt(6 / (30 + 50))),
        (HeUniform(), math.sqrt(6 / 30)),
        (LecunUniform(), math.sqrt(3 / 30)),
        (Uniform(), 1.0),
        (Uniform(0.25), 0.25),
    ],
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_weights_fill_the_limits_of_their_formula(start: Start, limit: float, seed: int) -> None:
    (w,) = Network.random((30, 50), seed=seed, start=start).weights
    inner = w if isinstance(start, Uniform) else w[:, 1:]
    assert np.abs(inner).max() <= limit
    # 1,500 draws: the chance to miss the outer hundredth of the range on one side is e^-7.5 a seed
    assert inner.max() > 0.98 * limit
    assert inner.min() < -0.98 * limit
    # standard error of the mean: limit/√3/√1500, here times 5; of the second moment: limit²·√(4/45)/√1500
    assert abs(inner.mean()) < 5 * limit / math.sqrt(3 * 1500)
    assert abs((inner**2).mean() - limit**2 / 3) < 5 * limit**2 * math.sqrt(4 / 45 / 1500)


@pytest.mark.parametrize("start", ["glorot_uniform", "he_uniform", "lecun_uniform"])
def test_bias_weights_start_at_zero(start: str) -> None:
    for w in Network.random((3, 4, 2), start=start).weights:
        assert (w[:, 0] == 0).all()
        assert (w[:, 1:] != 0).all()


def test_bias_weights_of_the_uniform_start_are_drawn_too() -> None:
    assert all((w != 0).all() for w in Network.random((3, 4, 2), start="uniform").weights)


@given(st.integers(0, 2**64 - 1), st.sampled_from(WITHOUT_ROWS), st.sampled_from(["float32", "float64"]))
def test_same_seed_same_bits_other_seed_others(seed: int, start: str, dtype: str) -> None:
    first, again, other = (
        _sha256(Network.random((3, 4, 2), seed=s, start=start, dtype=dtype))
        for s in (seed, seed, (seed + 1) % 2**64)
    )
    assert first == again
    assert first != other


def test_each_layer_draws_from_a_stream_of_its_own() -> None:
    net = Network.random((5, 5, 5, 5), start="uniform")
    numbers = np.concatenate([w.ravel() for w in net.weights])
    assert len(np.unique(numbers)) == len(numbers) == 3 * 30


def test_first_layers_do_not_depend_on_the_layers_after_them() -> None:
    short, long = Network.random((4, 3, 2), seed=5), Network.random((4, 3, 2, 6), seed=5)
    for w, same in zip(short.weights, long.weights, strict=False):
        np.testing.assert_array_equal(w, same)


@pytest.mark.parametrize("start", WITHOUT_ROWS)
def test_float32_is_the_float64_start_rounded(start: str) -> None:
    double = Network.random((6, 5, 4), seed=3, start=start)
    single = Network.random((6, 5, 4), seed=3, start=start, dtype="float32")
    assert single.dtype == np.float32
    for w64, w32 in zip(double.weights, single.weights, strict=True):
        np.testing.assert_array_equal(w64.astype(np.float32), w32)


@given(st.lists(st.integers(1, 6), min_size=2, max_size=6))
def test_sizes_are_those_asked_for(sizes: list[int]) -> None:
    assert Network.random(sizes).sizes == tuple(sizes)
    numpy_sizes: Any = np.array(sizes)
    assert Network.random(numpy_sizes).sizes == tuple(sizes)


def test_activations_and_loss_reach_the_network() -> None:
    net = Network.random((2, 3, 1), ["tanh", "identity"], "rss")
    assert repr(net) == "Network(2-3-1, tanh, identity, rss, float64)"


@pytest.mark.parametrize(
    "sizes", [(), (3,), (3, 0), (0, 3), (2, -1, 1), (2.0, 1.0), (True, 2), ("2", "1"), 3]
)
def test_sizes_that_are_no_network_are_refused(sizes: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(
        ShapeError, match=r"sizes is \(.*\) but must be at least two whole .* Try \(4, 8, 3\)"
    ):
        Network.random(sizes)


@pytest.mark.parametrize("dtype", ["float16", "int64", "complex128", "double", "", None, "Float32"])
def test_other_dtypes_are_refused(dtype: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(InputError, match=f"dtype is {dtype!r} but must be 'float32' or 'float64'"):
        Network.random((2, 1), dtype=dtype)


def test_numpy_dtype_objects_are_taken() -> None:
    dtype: Any = np.dtype("float32")
    assert Network.random((2, 1), dtype=dtype).dtype == np.float32


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, "1", None, True])
def test_seeds_out_of_range_are_refused(seed: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(
        InputError, match=rf"seed is {seed!r} but must be a whole number from 0 to {2**64 - 1}"
    ):
        Network.random((2, 1), seed=seed)


def test_starts_are_found_by_name() -> None:
    assert dict(STARTS) == {
        "glorot_uniform": GlorotUniform(),
        "he_uniform": HeUniform(),
        "lecun_uniform": LecunUniform(),
        "uniform": Uniform(1.0),
        "glorot_normal": GlorotNormal(),
        "he_normal": HeNormal(),
        "lecun_normal": LecunNormal(),
        "from_data": FromData(LecunNormal()),
        "zero_output": ZeroOutput(LecunNormal()),
    }
    assert all(STARTS.named(name) == start for name, start in STARTS.items())


def test_unknown_start_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match=r"no start 'glorot'\. Did you mean 'glorot_uniform'"):
        Network.random((2, 1), start="glorot")


@pytest.mark.parametrize("start", [None, 0.5, Uniform])
def test_object_that_is_no_start_is_refused(start: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(InputError, match=r"start is .* but must be a name or an object with weights\(\)"):
        Network.random((2, 1), start=start)


@pytest.mark.parametrize("limit", [0.0, -1.0, math.inf, math.nan, "1", None, 1j])
def test_uniform_needs_a_limit_above_0(limit: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(InputError, match=r"limit is .* but must be a finite number above 0\. Try 1\.$"):
        Uniform(limit)


def test_limit_beyond_float32_is_refused_without_a_warning() -> None:
    with pytest.raises(
        InputError, match=r"weights\[0\]\[0, 0\] is inf but every number must be finite in float32"
    ):
        Network.random((2, 1), dtype="float32", start=Uniform(1e300))


def _shapes(sizes: Sequence[int]) -> list[tuple[int, int]]:
    return [(n_out, 1 + n_in) for n_in, n_out in itertools.pairwise(sizes)]


@pytest.mark.parametrize("sizes", [(1, 1), (4, 3), (2, 3, 1), (5, 4, 3, 2, 3, 4)])
def test_weights_have_a_row_for_each_unit_and_a_bias_column(sizes: tuple[int, ...]) -> None:
    assert [w.shape for w in Network.random(sizes).weights] == _shapes(sizes)


def test_a_network_beyond_all_memory_says_how_much_it_would_take() -> None:
    message = (
        r"^A network 1000000000-1000000000-1 has 1000000002000000001 weights, which take 8e\+09 GB of memory"
    )
    with pytest.raises(InputError, match=message) as caught:
        Network.random((10**9, 10**9, 1))
    assert caught.value.parameter == "sizes"
    with pytest.raises(InputError, match=r"which take 4e\+27 GB of memory"):  # more than an address can reach
        Network.random((10**18, 10**18), dtype="float32")
    with pytest.raises(ShapeError, match="sizes is"):
        Network.random((10**5000, 1))
