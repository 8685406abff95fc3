"""Networks that answer as one: the mean of their outputs, in a settled order."""

from __future__ import annotations

import copy
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import Ensemble, InputError, Network, ShapeError, check_gradients, trace, train

HALVES = st.integers(-64, 64).map(lambda n: n / 64)


def linear(bias: float, slope: float) -> Network:
    """a = bias + slope x."""
    return Network([[[bias, slope]]], "identity")


def test_the_mean_is_the_one_worked_out_by_hand() -> None:
    # At x = 2: 1 + 2·2 = 5, 2 + 5·2 = 12, 0.5 - 1·2 = -1.5; their mean is 15.5 / 3.
    three = Ensemble([linear(1.0, 2.0), linear(2.0, 5.0), linear(0.5, -1.0)])
    assert three([[2.0]]).tolist() == [[15.5 / 3]]
    assert three([2.0]).tolist() == [15.5 / 3]
    assert len(three) == 3


@given(st.lists(st.tuples(HALVES, HALVES), min_size=2, max_size=6), st.lists(HALVES, min_size=1, max_size=5))
def test_it_is_the_exact_mean_where_every_step_is_exact(
    lines: list[tuple[float, float]], xs: list[float]
) -> None:
    ensemble = Ensemble(linear(*line) for line in lines)
    found = ensemble([[x] for x in xs]).ravel().tolist()
    for x, a in zip(xs, found, strict=True):
        exact = sum(Fraction(b) + Fraction(w) * Fraction(x) for b, w in lines) / len(lines)
        assert a == float(exact)  # sums of such numbers are exact, so that the division alone rounds


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_bits_are_those_of_any_batch_and_number_of_threads(dtype: str) -> None:
    ensemble = Ensemble(
        Network.random((3, 4 + seed, 2), ["tanh", "softmax"], "cross_entropy", seed, dtype)
        for seed in range(5)
    )
    X = np.random.default_rng(1).normal(size=(700, 3)).astype(dtype)
    whole = ensemble(X)
    assert whole.dtype == dtype == ensemble.dtype
    alone = np.stack([ensemble(x) for x in X])
    assert whole.tobytes() == alone.tobytes() == ensemble(X, threads=2).tobytes()
    in_order = np.zeros((700, 2), dtype)
    for member in ensemble.members:
        in_order += member(X)
    assert whole.tobytes() == (in_order / np.dtype(dtype).type(5)).tobytes()
    assert ((whole >= 0) & (whole <= 1)).all()


def test_it_is_copied_and_pickled() -> None:
    ensemble = Ensemble([linear(1.0, 2.0), linear(2.0, 5.0)])
    for again in (copy.deepcopy(ensemble), pickle.loads(pickle.dumps(ensemble))):  # noqa: S301 (its own)
        assert again([[0.3]]).tobytes() == ensemble([[0.3]]).tobytes()
    assert repr(ensemble) == "Ensemble(2 networks 1-1, identity, rss, float64)"
    unlike = Ensemble([linear(1.0, 2.0), Network.random((1, 2, 1), ["tanh", "identity"])])
    assert repr(unlike).startswith("Ensemble(1 network 1-1, identity, rss, float64; 1 network 1-2-1, ")


@pytest.mark.parametrize(
    ("members", "kind", "says"),
    [
        ([linear(1.0, 2.0)], InputError, "two networks or more"),
        (linear(1.0, 2.0), InputError, "two networks or more"),
        ([linear(1.0, 2.0), "net"], InputError, "two networks or more"),
        ([linear(1.0, 2.0), Network.random((2, 1), "identity")], ShapeError, "Member 2 has 2 inputs and 1"),
        ([linear(1.0, 2.0), Network.random((1, 1), "tanh")], InputError, "the output activation tanh"),
        (
            [linear(1.0, 2.0), Network.random((1, 1), "identity", dtype="float32")],
            InputError,
            "the dtype float32",
        ),
    ],
)
def test_what_cannot_answer_as_one_is_refused(members: object, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        Ensemble(members)  # type: ignore[arg-type]


def test_what_takes_one_network_says_what_to_give() -> None:
    ensemble = Ensemble([linear(1.0, 2.0), linear(2.0, 5.0)])
    calls = (
        lambda: train(ensemble, [[1.0]], [[1.0]], rate=0.1, epochs=1),  # type: ignore[arg-type]
        lambda: trace(ensemble, [1.0], [1.0], rate=0.1),  # type: ignore[arg-type]
        lambda: check_gradients(ensemble, [[1.0]], [[1.0]]),  # type: ignore[arg-type]
    )
    for call in calls:
        with pytest.raises(InputError, match="Give one of its members"):
            call()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_weighted_mean_of_ones_is_1(dtype: str) -> None:
    """Whatever the shares are rounded to: a mean of probabilities is none above 1."""
    one = Network([np.array([[1.0, 0.0]], dtype)], "identity")
    for total in range(2, 21):
        for count in range(1, total):
            shares = [count / total, (total - count) / total / 3, (total - count) / total * 2 / 3]
            assert Ensemble([one] * 3, shares)([[5.0]]) == 1
