"""Logarithms, activations, losses and update rules of the kernels against NumPy and the reference engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from elementwise import computed

from chainrule import InputError, Network, train
from chainrule.compiled.language.elementary import LARGEST_ANGLE
from chainrule.equations import ACTIVATIONS, LOSSES
from chainrule.equations import RULES as ALL_RULES

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

DTYPES = ("float32", "float64")
NAMES = ("log_1p", "logarithm", "softplus")
# Worst errors in units in the last place over the samples below, rounded up.
BOUNDS = {
    ("log_1p", "float32"): 2.0,
    ("log_1p", "float64"): 2.0,
    ("logarithm", "float32"): 2.0,
    ("logarithm", "float64"): 2.0,
    ("softplus", "float32"): 2.6,
    ("softplus", "float64"): 2.6,
}


def _arguments(name: str, dtype: str, n: int) -> Array:
    rng = np.random.default_rng(5)
    if name == "log_1p":
        x = np.concatenate([rng.random(n), np.exp2(-rng.uniform(0, 100, n)), [0.0, 1.0]])
    elif name == "logarithm":
        smallest = float(np.log2(np.finfo(dtype).smallest_normal))
        x = np.concatenate([np.exp2(rng.uniform(smallest, -smallest, n)), 1 + rng.uniform(-0.3, 0.5, n)])
    else:
        x = np.concatenate([rng.normal(0, 20, n), np.exp2(-rng.uniform(0, 40, n)), [0.0, -0.0, 80.0]])
    return x.astype(dtype)


def _exact(name: str, x: Array) -> Array:
    wide = x.astype(np.longdouble)
    if name == "log_1p":
        return np.log1p(wide)
    if name == "logarithm":
        return np.log(wide)
    return np.maximum(wide, 0) + np.log1p(np.exp(-np.abs(wide)))


@pytest.mark.skipif(
    bool(np.finfo(np.longdouble).eps > 1e-18), reason="no type wider than float64 on this platform"
)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_logarithms_are_within_their_bounds(name: str, dtype: str) -> None:
    x = _arguments(name, dtype, 200_000)
    exact, found = _exact(name, x), computed(name, x)
    normal = np.abs(exact) > float(np.finfo(dtype).smallest_normal) * 2
    units = np.spacing(np.abs(exact[normal]).astype(dtype)).astype(np.longdouble)
    errors = np.abs(found[normal].astype(np.longdouble) - exact[normal]) / units
    print(name, dtype, float(errors.max()), float(x[normal][errors.argmax()]))  # noqa: T201 (by pytest -s)
    assert errors.max() < BOUNDS[name, dtype]


def test_worst_errors_of_logarithms_are_those_of_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "arithmetic.md").read_text(encoding="utf-8")
    headings = (r"$\ln(1 + t)$, $0 \le t \le 1$", r"$\ln x$", "softplus")
    for name, heading in zip(NAMES, headings, strict=True):
        assert f"| {heading} | {BOUNDS[name, 'float32']} | {BOUNDS[name, 'float64']} |" in page


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_nan_goes_through_logarithms(name: str, dtype: str) -> None:
    x = np.full(32, 0.5, dtype)
    x[5] = np.nan
    np.testing.assert_array_equal(np.isnan(computed(name, x)), np.arange(32) == 5)


def _net_inputs(dtype: str) -> Array:
    """Every size, both signs, both zeros, and what overflows an exponential."""
    sizes = np.concatenate([np.exp2(np.linspace(-120, 100, 881)), np.linspace(0, 90, 1801), [1e30]])
    return np.concatenate([-sizes, sizes]).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "softmax"])
def test_activations_of_every_size(name: str, dtype: str) -> None:
    z = _net_inputs(dtype)
    if name == "cos":
        z = z[np.abs(z) <= LARGEST_ANGLE[DTYPES.index(dtype)]]
    net = Network([np.array([[0.0, 1.0]], dtype)], name)
    found = net(z[:, np.newaxis])[:, 0]
    with np.errstate(over="ignore"):
        exact = ACTIVATIONS[name].forward(z[:, np.newaxis].astype(np.float64))[:, 0]
        infinite = np.isinf(exact.astype(dtype))
    np.testing.assert_array_equal(found[infinite], np.inf)
    z, found, exact = (numbers[~infinite] for numbers in (z, found, exact))
    smallest, eps = np.finfo(dtype).smallest_normal, np.finfo(dtype).eps
    # Where gelu is small it is a small difference of 1 and the tanh: its error counts beside |z| there.
    size = np.maximum(np.abs(exact), np.abs(z) * (0.5 if name == "gelu" else 0)) + 2 * float(smallest)
    # There 0 is right as well: of e^z for mish, which z multiplies.
    tiny = np.abs(exact) < 4 * float(smallest) * (np.abs(z) if name == "mish" else 1)
    errors = np.where(tiny, 0, np.abs(found - exact) / (size * eps))
    assert errors.max() < 6, z[errors.argmax()]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nan_reaches_the_outputs(name: str) -> None:
    net = Network([np.eye(3, 4, 1)], name)
    assert np.isnan(net([[0.5, np.nan, -0.5], [0.5, 0.0, -0.5]])).tolist() == [[True] * 3, [False] * 3]


def _trained(net: Network, X: Array, Y: Array, engine: str, **settings: Any) -> tuple[Array, Array]:  # noqa: ANN401
    result = train(net, X, Y, engine=engine, **settings)
    losses = [*result.history.loss, result.history.loss_after, result.history.loss_before]
    return np.concatenate([w.ravel() for w in result.network.weights]), np.array(losses)


def _assert_agreement(net: Network, X: Array, Y: Array, **settings: Any) -> None:  # noqa: ANN401
    """Both engines after a few epochs; what they may differ by was 2e-13 of the largest at worst."""
    with np.errstate(all="ignore"):
        weights, losses = _trained(net, X, Y, "compiled", **settings)
        expected, expected_losses = _trained(net, X, Y, "reference", **settings)
    assert np.abs(weights - expected).max() < 2e-12 * np.abs(expected).max()
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-11, atol=1e-13)


PAIRS = [
    ("identity", "rss"), ("softmax", "rss"), ("gelu", "rss"), ("softmax", "cross_entropy"),
    ("logistic", "binary_cross_entropy"), ("identity", "absolute"), ("tanh", "huber:0.3"),
    ("identity", "quantile:0.9"), ("softplus", "poisson"), ("exp", "poisson"), ("exp", "rss"),
    ("softmax", "poisson"), ("logistic", "poisson"),
    ("leaky_relu:0.2", "absolute"), ("softsign", "huber"),
]  # fmt: skip
HIDDEN = [
    "relu",
    "leaky_relu:0.2",
    "softplus",
    "softsign",
    "gelu",
    "tanh",
    "logistic",
    "identity",
    "selu",
    "mish",
    "cos",
]


def _samples(output: str, loss: str, n_outputs: int, n: int = 50) -> tuple[Array, Array]:
    rng = np.random.default_rng(n_outputs)
    X = rng.normal(size=(n, 5))
    if "entropy" in loss or output == "softmax":
        return X, np.eye(n_outputs)[rng.integers(0, n_outputs, n)]
    return X, rng.integers(0, 4, (n, n_outputs)).astype(float)


def _assert_agreement_on_a_pair(output: str, loss: str, hidden: str, batch_size: int, n_outputs: int) -> None:
    X, Y = _samples(output, loss, n_outputs)
    seed = HIDDEN.index(hidden)
    start = "uniform:0.2" if output == "exp" else "uniform"  # of large outputs the steps are too long
    net = Network.random((5, 9, n_outputs), [hidden, output], loss, start=start, seed=seed)
    _assert_agreement(net, X, Y, rate=0.01, epochs=2, batch_size=batch_size)


# Each pair with every hidden activation, and each hidden activation with every batch and number of outputs.
@pytest.mark.parametrize(("case", "batch_size", "n_outputs"), [(0, 1, 2), (1, 7, 2), (2, 1, 20), (3, 7, 20)])
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_engines_agree_on_every_pair(
    output: str, loss: str, case: int, batch_size: int, n_outputs: int
) -> None:
    first = case + PAIRS.index((output, loss))
    for k in (first, first + 4, first + 8):
        _assert_agreement_on_a_pair(output, loss, HIDDEN[k % len(HIDDEN)], batch_size, n_outputs)


@pytest.mark.parametrize("batch_size", [1, 7])
@pytest.mark.parametrize("n_hidden", [5, 40])
def test_engines_agree_on_hidden_exponentials(n_hidden: int, batch_size: int) -> None:
    X, Y = _samples("exp", "poisson", 2)
    net = Network.random((5, n_hidden, 2), "exp", "poisson", start="uniform:0.1", seed=1)
    _assert_agreement(net, X, Y, rate=0.01, epochs=2, batch_size=batch_size)


@pytest.mark.slow
@pytest.mark.parametrize("n_outputs", [2, 20])
@pytest.mark.parametrize("batch_size", [1, 7])
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_engines_agree_on_every_pair_after_every_hidden_activation(
    output: str, loss: str, batch_size: int, n_outputs: int
) -> None:
    for hidden in HIDDEN:
        _assert_agreement_on_a_pair(output, loss, hidden, batch_size, n_outputs)


RULES = [
    "descent", "momentum", "nesterov", "classical_momentum", "classical_nesterov", "rmsprop", "adam",
    "adamw:0.1", "irprop_minus", "lbfgs",
]  # fmt: skip


def test_the_lists_leave_nothing_out() -> None:
    outputs, losses = zip(*PAIRS, strict=True)
    assert {ACTIVATIONS.named(name).name for name in (*HIDDEN, *outputs)} == set(ACTIVATIONS)
    assert {LOSSES.named(name).name for name in losses} == set(LOSSES)
    in_table = {ALL_RULES.named(name).name for name in RULES}
    assert in_table == set(ALL_RULES) - {"levenberg_marquardt"}  # which is no rule of steps


MASKS = [np.random.default_rng(1).random((9, 6)) < 0.7, np.random.default_rng(2).random((3, 10)) < 0.7]
WEIGHTS = np.random.default_rng(3).random(50)
EXTRAS: dict[str, dict[str, Any]] = {
    "alone": {},
    "penalties": {"l1": 0.01, "l2": 0.1},
    "clipped": {"clip_norm": 0.1},
    "masked": {"masks": MASKS, "l2": 0.1},
    "dropout": {"dropout": 0.3},
    "weighted": {"sample_weight": WEIGHTS},
    "all": {
        "l1": 0.01,
        "l2": 0.1,
        "clip_norm": 0.5,
        "masks": MASKS,
        "dropout": 0.3,
        "sample_weight": WEIGHTS,
        "schedule": "exponential:0.5",
    },
}


@pytest.mark.parametrize("extras", EXTRAS)
@pytest.mark.parametrize("rule", RULES)
def test_engines_agree_on_every_rule(rule: str, extras: str) -> None:
    X, Y = _samples("identity", "rss", 3)
    Y[np.random.default_rng(4).random(Y.shape) < 0.2] = np.nan  # missing targets
    net = Network.random((5, 9, 3), ["tanh", "identity"], start="uniform", seed=3)
    settings: dict[str, Any] = {"rule": rule, "epochs": 3, **EXTRAS[extras]}
    whole = rule in {"irprop_minus", "lbfgs"}
    if whole:
        settings.pop("schedule", None)
    if rule == "lbfgs":
        settings.pop("dropout", None)
        settings.pop("clip_norm", None)
    else:
        settings["rate"] = 0.01
    for batch_size in (None,) if whole else (1, 7, 50):
        for threads in (1, 2):
            _assert_agreement(net, X, Y, batch_size=batch_size, threads=threads, **settings)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", ["classical_momentum", "classical_nesterov"])
def test_velocities_below_the_smallest_normal_number_become_0(rule: str, dtype: str) -> None:
    X, Y = _samples("identity", "rss", 3)
    net = Network.random((5, 9, 3), ["tanh", "identity"], seed=3, dtype=dtype)
    tiny = float(np.finfo(dtype).smallest_normal)  # as the rate, so that some gradients are below 1
    state = train(net, X, Y, rule=rule, rate=tiny, epochs=1, batch_size=50).state
    sizes = np.abs(np.concatenate([velocity.ravel() for (velocity,) in state.rule]))
    assert sizes.max() >= tiny
    assert np.count_nonzero(sizes == 0) > 0
    assert ((sizes == 0) | (sizes >= tiny)).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("output", ["softplus", "exp"])
def test_poisson_of_an_output_that_has_underflown_stays_finite(output: str, dtype: str) -> None:
    net = Network([np.array([[-900.0, 0.0]], dtype)], output, "poisson")
    X, Y = np.zeros((4, 1), dtype), np.full((4, 1), 1000.0, dtype)
    weights, losses = _trained(net, X, Y, "compiled", rate=0.1, epochs=1, batch_size=2)
    assert np.isfinite(weights).all()
    assert np.isfinite(losses).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch_size", [1, 2])
def test_exponential_that_has_underflown_learns_its_count(batch_size: int, dtype: str) -> None:
    net = Network([np.array([[-800.0, 0.0]], dtype)], "exp", "poisson")
    X, Y = np.zeros((2, 1), dtype), np.full((2, 1), 4.0, dtype)
    for engine in ("compiled", "reference"):
        weights, losses = _trained(net, X, Y, engine, rate=0.5, epochs=1, batch_size=batch_size)
        assert weights.tolist() == [-800 + 0.5 * 4 * 2 / batch_size, 0]
        assert losses[-1] == 4 * 800


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_exponential_that_overflows_has_an_infinite_loss(engine: str, dtype: str) -> None:
    net = Network([np.array([[800.0, 0.0]], dtype)], "exp", "poisson")
    X, Y = np.zeros((2, 1), dtype), np.full((2, 1), 4.0, dtype)
    assert net(X).tolist() == [[np.inf], [np.inf]]
    with pytest.raises(InputError, match="loss of the network before training is inf but must be finite"):
        train(net, X, Y, rate=0.5, epochs=1, engine=engine)


def test_a_batch_in_parts_is_one_batch() -> None:
    X, Y = _samples("softmax", "cross_entropy", 4, n=1300)
    net = Network.random((5, 40, 4), ["relu", "softmax"], "cross_entropy", seed=1)
    for rule in ("adam", "descent"):
        for threads in (1, 2):
            settings = {"rule": rule, "rate": 0.01, "l2": 0.01, "clip_norm": 0.2, "threads": threads}
            _assert_agreement(net, X, Y, epochs=2, batch_size=1200, **settings)
