"""Kinds of layers: functions against slopes of the net inputs, and against what a layer says of itself."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.equations import (
    LAYERS,
    Dense,
    Layer,
    MemberBias,
    MemberDense,
    MemberScale,
    Order,
    ParametricMish,
    ParametricSELU,
    Periodic,
    Piecewise,
    Scale,
    name_of,
)
from chainrule.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[Any]

TINY = 1e-30  # of complex steps: so small that nothing but the slope is left


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """A kind with parameters."""
    members, few = st.integers(1, 4), st.integers(1, 3)
    layer: Any = draw(
        st.one_of(
            st.sampled_from([Dense(), Scale(), ParametricSELU(), ParametricMish()]),
            st.builds(MemberScale, members),
            st.builds(MemberBias, members),
            st.builds(MemberDense, members),
            st.builds(Periodic, few, few, st.integers(0, 2)),
            st.builds(Piecewise, few, st.integers(0, 2)),
            st.just(Order()),
        )
    )
    return layer  # type: ignore[no-any-return]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Layer, Numbers, Numbers, Numbers]:
    """A layer with weights, the outputs of the layer before it, and deltas."""
    layer = draw(layers())
    passed = getattr(layer, "passed", 0)
    shape = layer.shape(draw(st.integers(1, 3)) + passed, draw(st.integers(1, 3)))
    inputs, units = layer.sizes(shape)
    n = draw(st.integers(1, 3)) * LAYERS.fact(layer, "members")
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    w = random.normal(size=shape)
    if isinstance(layer, Order):
        w = random.permutation(inputs)[:, None].astype(float)
    if isinstance(layer, Piecewise):
        w = np.sort(w, axis=1)
        w[:, 1] = w[:, 0] if draw(st.booleans()) else w[:, 1]  # a bin of no width
    return layer, w, random.normal(size=(n, inputs)), random.normal(size=(n, units))


def _slope(function: Any, place: Numbers, index: tuple[int, ...]) -> Numbers:  # noqa: ANN401 (of complex arrays)
    moved = place.astype(complex)
    moved[index] += 1j * TINY
    slope: Numbers = function(moved).imag / TINY
    return slope


@given(cases())
def test_what_is_passed_back_is_the_slope_in_each_input(
    case: tuple[Layer, Numbers, Numbers, Numbers],
) -> None:
    layer, w, a, delta = case
    found = layer.backward(w, a, delta)
    assert found.shape == a.shape
    for index in np.ndindex(*a.shape):
        expected = np.sum(delta * _slope(lambda moved: layer.forward(w.astype(complex), moved), a, index))
        assert found[index] == pytest.approx(expected, rel=1e-11, abs=1e-11)


@given(cases())
def test_products_are_the_slopes_in_each_weight(case: tuple[Layer, Numbers, Numbers, Numbers]) -> None:
    layer, w, a, delta = case
    found = layer.products(w, a, delta)
    assert found.shape == (len(a), *w.shape)
    if LAYERS.fact(layer, "is_held"):
        assert not found.any()
        assert not layer.gradient(w, a, delta).any()
        return
    for index in np.ndindex(*w.shape):
        slopes = _slope(lambda moved: layer.forward(moved, a.astype(complex)), w, index)
        expected = np.sum(delta * slopes, axis=1)
        np.testing.assert_allclose(found[(slice(None), *index)], expected, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(layer.gradient(w, a, delta), -found.mean(axis=0), rtol=1e-12, atol=1e-12)


@given(cases())
def test_magnitudes_are_no_smaller_than_what_they_bound(
    case: tuple[Layer, Numbers, Numbers, Numbers],
) -> None:
    layer, w, a, _ = case
    assert (layer.magnitudes(w, a) * (1 + 1e-15) >= np.abs(layer.forward(w, a))).all()


@given(cases(), st.data())
def test_a_member_has_the_rows_of_its_own_layer(
    case: tuple[Layer, Numbers, Numbers, Numbers], data: st.DataObject
) -> None:
    layer, w, a, delta = case
    members = LAYERS.fact(layer, "members")
    i = data.draw(st.integers(0, members - 1))
    own, own_w = layer.of_member(w, i)
    assert LAYERS.fact(own, "members") == 1
    rows = slice(i, None, members)
    np.testing.assert_allclose(own.forward(own_w, a[rows]), layer.forward(w, a)[rows], rtol=1e-12)
    back = layer.backward(w, a, delta)[rows]
    np.testing.assert_allclose(own.backward(own_w, a[rows], delta[rows]), back, rtol=1e-12, atol=1e-12)


def _value(term: str, w: Numbers, a: Numbers, d: Numbers) -> float:
    """Number of a term as it is written."""
    code = term.replace("−", "-").replace("·", "*").replace("2π", "tau").replace("²", "**2")
    code = (
        re.sub(r"([Wad])\[(\d+)(?:,(\d+))?\]", r"\1[\2,\3]", code).replace(",]", "]").replace("x[0]", "1.0")
    )
    known: dict[str, Any] = {"W": w, "a": a, "d": d, "tau": math.tau}
    known |= {"min": min, "max": max, "cos": math.cos, "sin": math.sin}
    known |= {"tanh": math.tanh, "exp": math.exp, "ln": math.log}
    return float(eval(code, known))  # noqa: S307 (its own text)


@given(cases())
def test_written_terms_come_to_what_is_computed(case: tuple[Layer, Numbers, Numbers, Numbers]) -> None:
    layer, w, a, delta = case
    if LAYERS.fact(layer, "members") > 1:
        return  # whose members are written one by one
    layer, w = layer.of_member(w, 0)
    z, back, products = layer.forward(w, a), layer.backward(w, a, delta), layer.products(w, a, delta)

    def total(terms: Any) -> float:  # noqa: ANN401 (texts)
        assert terms
        return sum(_value(term, w, a[0], delta[0]) for term in terms)

    for k, value in enumerate(z[0]):
        assert total(layer.terms_of_unit(w, a[0], k)) == pytest.approx(value, abs=1e-12)
    for j, value in enumerate(back[0]):
        assert total(layer.terms_passed_back(w, a[0], j)) == pytest.approx(value, abs=1e-11)
    if LAYERS.fact(layer, "is_held"):
        return
    for (line, number), value in np.ndenumerate(products[0]):
        assert total(layer.terms_of_descent(w, a[0], line, number)) == pytest.approx(value, abs=1e-11)


@given(cases())
def test_every_number_has_a_name_of_its_own(case: tuple[Layer, Numbers, Numbers, Numbers]) -> None:
    layer, w, _, _ = case
    names = {layer.symbol(line, number) for line, number in np.ndindex(*w.shape)}
    assert len(names) == w.size


@given(layers())
def test_a_name_gives_back_the_layer(layer: Layer) -> None:
    assert LAYERS.named(name_of(layer)) == layer


@pytest.mark.parametrize("name", LAYERS)
def test_usual_shapes_and_sizes_fit_each_other(name: str) -> None:
    layer = LAYERS[name]
    shape = layer.shape(4, 3)
    inputs, units = layer.sizes(shape)
    assert inputs == 4
    assert not LAYERS.fact(layer, "chooses_units") or units == 3


@pytest.mark.parametrize(
    "text",
    [
        "periodic:0", "periodic:nan", "periodic:inf", "periodic:1.5", "periodic:-1", "periodic:2:0",
        "periodic:2:2:-1", "periodic:1e300", "periodic:2:2:0.5", "member_scale:0.5", "member_scale:0",
        "member_bias:nan", "member_dense:-inf", "member_dense:1e300", "member_scale:2:3", "scale:1",
        "dense:1",
    ],
)  # fmt: skip
def test_numbers_that_no_layer_has_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"layer .*cannot be|takes"):
        LAYERS.named(text)


def test_what_others_call_a_layer_is_asked_back() -> None:
    with pytest.raises(UnknownNameError, match="periodic"):
        LAYERS.named("pbld")


def test_first_weights_of_a_periodic_layer() -> None:
    random = np.random.default_rng(1)
    w = Periodic(16, 3).start(500, random.random, random.standard_normal)
    frequencies, phases, others = w[:, 1:17], w[:, 17:33], np.delete(w, np.s_[1:33], axis=1)
    assert frequencies.std() == pytest.approx(0.1, rel=0.05)
    assert abs(frequencies.mean()) < 0.01
    assert math.pi * 0.99 < phases.max() <= math.pi
    assert -math.pi <= phases.min() < -math.pi * 0.99
    assert 0.249 < others.max() <= 0.25
    assert -0.25 <= others.min() < -0.249


def test_first_scales_of_members_are_signs_by_chance() -> None:
    random = np.random.default_rng(1)
    w = MemberScale(8).start(500, random.random, random.standard_normal)
    assert set(w.ravel()) == {-1, 1}
    assert abs(w.mean()) < 0.05
