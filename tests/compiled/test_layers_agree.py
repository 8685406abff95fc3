"""Both engines train and predict the same with layers of every kind, but for rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chainrule import Network, train
from chainrule.compiled.prediction import Predictor
from chainrule.compiled.trainer import Trainer
from chainrule.equations import LAYERS, RULES
from chainrule.network import each_member, forward

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

KINDS = (
    "scale",
    "periodic:3:2",
    "periodic:2:1:2",
    "member_scale:3",
    "member_bias:3",
    "member_dense:3",
    "piecewise:3:1",
    "order",
    "parametric_selu",
    "parametric_mish",
)
CHAINS: dict[str, tuple[str, ...]] = {
    f"{kind} {place}": layers
    for kind in KINDS
    for place, layers in (
        ("first", (kind, "dense", "dense")),
        ("middle", ("dense", kind, "dense")),
        ("last", ("dense", "dense", kind)),
    )
}
CHAINS |= {
    "TabM": (
        *("member_scale:4", "dense", "member_scale:4", "member_bias:4"),
        *("member_scale:4", "dense", "member_scale:4", "member_bias:4", "member_dense:4"),
    ),
    "one member": ("dense", "member_scale:1", "member_bias:1", "member_dense:1"),
    "RealMLP": ("periodic:4:3:2", "scale", "dense", "dense", "dense"),
}
RULES_OF_STEPS = [rule.name for rule in RULES.values() if RULES.fact(rule, "engine") is None]


def network(
    layers: Sequence[str], dtype: str = "float64", units: int = 20, inputs: int = 5, outputs: int = 3
) -> Network:
    """A chain whose units that may be chosen are so many, with tanh where no identity must be."""
    n_dense = sum(bool(LAYERS.fact(LAYERS.named(kind), "chooses_units")) for kind in layers)
    sizes = (inputs, *[units] * (n_dense - 1), outputs)
    activations = ["tanh" if "dense" in kind or "bias" in kind else "identity" for kind in layers]
    net = Network.random(sizes, [*activations[:-1], "identity"], seed=4, dtype=dtype, layers=layers)
    random = np.random.default_rng(1)
    weights = []
    for layer, w in zip(net.layers, net.weights, strict=True):
        moved = w + (0.25 * random.uniform(-1, 1, w.shape)).astype(w.dtype)
        if LAYERS.fact(layer, "is_held"):  # an order, or edges of bins
            moved = np.roll(w, 1, axis=0)
        weights.append(moved)
    return net.with_weights(weights)


def samples(net: Network, n: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    random = np.random.default_rng(2)
    shapes = (n, net.sizes[0]), (n, net.sizes[-1])
    return tuple(random.normal(size=shape).astype(net.dtype) for shape in shapes)  # type: ignore[return-value]


def assert_agree(net: Network, n: int, batch_size: int, tolerance: float = 200, **more: Any) -> None:  # noqa: ANN401 (of train)
    X, Y = samples(net, n)
    given_settings: dict[str, Any] = {"epochs": 3, "rate": 2.0**-7, "seed": 3, **more}
    one, other = (
        train(net, X, Y, batch_size=batch_size, engine=engine, **given_settings)
        for engine in ("compiled", "reference")
    )
    eps = float(np.finfo(net.dtype).eps)
    moved = 0.0
    for w, expected, first in zip(one.network.weights, other.network.weights, net.weights, strict=True):
        assert w.dtype == net.dtype
        np.testing.assert_allclose(w, expected, rtol=0, atol=tolerance * eps * np.abs(expected).max())
        moved = max(moved, float(np.abs(expected - first).max()))
    assert moved > 1e-4
    np.testing.assert_allclose(one.history.loss, other.history.loss, rtol=tolerance * eps)
    np.testing.assert_allclose(one.history.loss_after, other.history.loss_after, rtol=tolerance * eps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [pytest.param(1, marks=pytest.mark.slow), 3, 32])
@pytest.mark.parametrize("name", CHAINS)
def test_chains_and_batches(name: str, batch_size: int, dtype: str) -> None:
    assert_agree(network(CHAINS[name], dtype), 40, batch_size)


@pytest.mark.parametrize("threads", [1, pytest.param(2, marks=pytest.mark.slow), 3])
@pytest.mark.parametrize("name", CHAINS)
def test_batches_of_more_rows_than_a_block_has(name: str, threads: int) -> None:
    assert_agree(network(CHAINS[name]), 700, 600, threads=threads)


@pytest.mark.parametrize("rule", RULES_OF_STEPS)
@pytest.mark.parametrize("name", ["TabM", "RealMLP", "scale last"])
def test_rules_with_all_that_changes_gradients(name: str, rule: str) -> None:
    net = network(CHAINS[name])
    random = np.random.default_rng(5)
    for batch_size in (7, 600) if rule != "irprop_minus" else (700,):
        n = 40 if batch_size == 7 else 700
        assert_agree(
            *(net, n, batch_size),
            tolerance=5000,  # roots of small numbers, and signs
            rule=rule,
            l1=0.001,
            l2=0.01,
            clip_norm=0.5,
            sample_weight=random.uniform(0, 2, n),
            masks=[random.uniform(size=w.shape) < 0.8 for w in net.weights],
            rate=2.0**-9,
        )


@pytest.mark.parametrize("batch_size", [pytest.param(1, marks=pytest.mark.slow), 7, 600])
@pytest.mark.parametrize("name", CHAINS)
def test_units_that_drop_out(name: str, batch_size: int) -> None:
    assert_agree(network(CHAINS[name]), 40 if batch_size < 600 else 700, batch_size, dropout=0.3)


@pytest.mark.parametrize("name", ["TabM", "RealMLP", "periodic:3:2 last", "member_dense:3 first"])
def test_curvature(name: str) -> None:
    """L-BFGS over the gradients of each engine, and Levenberg-Marquardt, which needs the products alone."""
    net = network(CHAINS[name], units=4)
    X, Y = samples(net, 60)
    one, other = (
        train(net, X, Y, epochs=8, rule="lbfgs", seed=1, engine=engine)
        for engine in ("compiled", "reference")
    )
    assert one.history.loss_after < 0.9 * one.history.loss_before
    np.testing.assert_allclose(one.history.loss, other.history.loss, rtol=1e-6)
    damped = train(net, X, Y, epochs=8, rule="levenberg_marquardt", seed=1)
    assert damped.history.loss_after < 0.9 * damped.history.loss_before


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CHAINS)
def test_predictions(name: str, dtype: str) -> None:
    net = network(CHAINS[name], dtype)
    X, _ = samples(net, 70)
    members = net.members
    rows = forward(net.weights, net.activations, each_member(X, members), layers=net.layers).a[-1]
    expected = rows.reshape(len(X), members, -1).mean(axis=1)
    eps = float(np.finfo(dtype).eps)
    np.testing.assert_allclose(net(X), expected, rtol=100 * eps, atol=100 * eps)
    alone = np.stack([net(x) for x in X])
    assert alone.tobytes() == net(X).tobytes() == net(X, threads=3).tobytes()
    own = np.mean([net.member(i + 1)(X) for i in range(members)], axis=0)
    np.testing.assert_allclose(own, expected, rtol=100 * eps, atol=100 * eps)


@settings(max_examples=40)
@given(st.data())
def test_chains_of_any_kinds(data: st.DataObject) -> None:
    """Of any shape, and in any order."""
    n_layers = data.draw(st.integers(1, 4))
    kinds = [data.draw(st.sampled_from(["dense", *KINDS])) for _ in range(n_layers)]
    kinds = [k.removesuffix(":2") if k.endswith("1:2") else k for k in kinds]
    kinds = [*(k.removesuffix(":1") if "piecewise" in k else k for k in kinds), "dense"]
    # Embeddings of embeddings have outputs in the thousands, which nothing is trained by.
    embeddings = [k for k in kinds if k.startswith(("piecewise", "periodic"))]
    assume(len(embeddings) < 2)
    # Behind another layer an input may lie on an edge but for rounding, and float32 sees such edges.
    has_edges = any(k.startswith("piecewise") for k in kinds[1:])
    net = network(
        kinds,
        "float64" if has_edges else data.draw(st.sampled_from(["float32", "float64"])),
        *(data.draw(st.integers(1, 40)) for _ in range(3)),
    )
    batch_size = data.draw(st.sampled_from([1, 2, 5]))
    assert_agree(net, 11, batch_size, tolerance=1000, epochs=2, rate=2.0**-8)


# What lies beside the numbers of a row


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CHAINS)
def test_a_row_of_nan_spoils_no_other_row(name: str, dtype: str) -> None:
    net = network(CHAINS[name], dtype)
    X, _ = samples(net, 40)
    clean = net(X)
    for r in (0, 7, 39):
        spoilt = X.copy()
        spoilt[r] = np.nan
        found = net(spoilt)
        others = np.arange(40) != r
        assert found[others].tobytes() == clean[others].tobytes()
        assert np.isnan(found[r]).any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CHAINS)
def test_what_pads_the_memory_is_never_read(name: str, dtype: str) -> None:
    """All that is not a weight or a constant 1 is NaN before the rows come."""
    net = network(CHAINS[name], dtype)
    X, Y = samples(net, 21)
    expected = [*_gradients(net, X, Y, spoilt=False), net(X)]
    predictor = Predictor(net.weights, net.activations, net.layers)
    memory = predictor._new_memory()
    _spoil(memory, net)
    predictor._idle.append(memory)
    rows = each_member(X, net.members)
    found = predictor(rows, 1).reshape(len(X), net.members, -1)
    total = found[:, 0].copy()
    for i in range(1, net.members):
        total += found[:, i]
    spoilt = [*_gradients(net, X, Y, spoilt=True), total / net.members]
    for one, other in zip(spoilt, expected, strict=True):
        assert one.tobytes() == other.tobytes()


def _gradients(
    net: Network, X: npt.NDArray[Any], Y: npt.NDArray[Any], *, spoilt: bool
) -> Sequence[npt.NDArray[Any]]:
    with Trainer(
        *(net.weights, net.activations, net.loss, X, Y), rule=None, batch_size=len(X), kinds=net.layers
    ) as running:
        if spoilt:
            _spoil(running._memory, net)
        return running.losses_and_gradients(net.weights)[1]


def _spoil(memory: Any, net: Network) -> None:  # noqa: ANN401 (of the kernels)
    """NaN in the rows of net inputs, of scratch and of deltas, as in what earlier rows have left there."""
    for layer in memory.layers:
        for name, width in (("net_inputs", "width"), ("scratch", "scratch_width"), ("deltas", "width")):
            if layer[name]:
                memory.array[layer[name] : layer[name] + 16 * layer[width]] = np.nan
    assert len(memory.layers) == len(net.layers)


def test_the_chains_have_every_kind_in_every_place() -> None:
    assert {LAYERS.named(kind).name for kind in KINDS} | {"dense"} == set(LAYERS)
    assert len(CHAINS) == 3 * len(KINDS) + 3
