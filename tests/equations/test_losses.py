"""A loss and its delta describe the same function, for every pair that suits and any number of outputs."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.equations import (
    ACTIVATIONS,
    LOSSES,
    RSS,
    Absolute,
    Activation,
    BinaryCrossEntropy,
    CrossEntropy,
    Exp,
    Huber,
    Identity,
    Logistic,
    Loss,
    Poisson,
    Quantile,
    Softmax,
    Softplus,
    gradient,
    is_fused,
    mean_loss,
    name_of,
    net_input,
    output_delta,
    sample_losses,
)
from chainrule.errors import InputError, UnknownNameError

Numbers = npt.NDArray[Any]

STEP = 1e-200  # of the complex step
EPS = float(np.finfo(np.float64).eps)

SUITED = {
    "cross_entropy": ["softmax"],
    "binary_cross_entropy": ["logistic"],
    "poisson": ["softplus", "exp", "logistic", "softmax"],
}
PAIRS = [
    (LOSSES[loss], ACTIVATIONS[activation])
    for loss in LOSSES
    for activation in SUITED.get(loss, list(ACTIVATIONS))
]
# A loss with parameters once more, with others than the usual ones.
PAIRS += [(loss, Identity()) for loss in (Huber(0.25), Quantile(0.9), Quantile(0.1))]
each_pair = pytest.mark.parametrize(
    ("loss", "g"), PAIRS, ids=[f"{name_of(loss)} {name_of(g)}" for loss, g in PAIRS]
)
each_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=list(LOSSES))
seeds = st.integers(0, 2**32 - 1)
few_examples = settings(max_examples=5)  # of each of some fifty pairs


def _targets(loss: Loss, random: np.random.Generator, shape: tuple[int, int]) -> Numbers:
    """Targets that the loss is defined for."""
    numbers: dict[str, Numbers] = {
        "cross_entropy": random.dirichlet(np.ones(shape[1]), shape[0]),
        "binary_cross_entropy": random.uniform(0, 1, shape),
        "poisson": random.poisson(2.0, shape).astype(float),
    }
    return numbers.get(loss.name, random.uniform(-2, 2, shape))


def _losses_at(loss: Loss, g: Activation, z: Numbers, y: Numbers) -> Numbers:
    losses: Numbers = sample_losses(loss, z, g.forward(z), y, g)
    return losses


def _delta_by_complex_step(loss: Loss, g: Activation, z: Numbers, y: Numbers) -> Numbers:
    delta = np.zeros_like(z)
    for k in range(z.shape[1]):
        stepped = z.astype(complex)
        stepped[:, k] += 1j * STEP
        delta[:, k] = -_losses_at(loss, g, stepped, y).imag / STEP
    return delta


@each_pair
@pytest.mark.parametrize("n_outputs", [1, 2, 3, 4, 5])
@few_examples
@given(seeds)
def test_output_delta_is_minus_the_derivative_of_the_loss(
    loss: Loss, g: Activation, n_outputs: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    z, y = random.uniform(-4, 4, (2, n_outputs)), _targets(loss, random, (2, n_outputs))
    delta = output_delta(loss, z, g.forward(z), y, g)
    assert delta.shape == (2, n_outputs)
    # Slopes up to 500, y / a with a from exp(-8) / 5 on, are rounded before they are multiplied and added.
    scale = max(1.0, float(np.abs(loss.slopes(g.forward(z), y)).max()))
    expected = _delta_by_complex_step(loss, g, z, y)
    np.testing.assert_allclose(delta, expected, rtol=16 * EPS, atol=32 * EPS * scale)


@each_pair
@few_examples
@given(seeds)
def test_missing_target_leaves_its_output_out(loss: Loss, g: Activation, seed: int) -> None:
    random = np.random.default_rng(seed)
    z, y = random.uniform(-3, 3, (4, 3)), _targets(loss, random, (4, 3))
    missing = random.random((4, 3)) < 0.5
    if isinstance(loss, CrossEntropy):  # whose targets sum to 1: all of a sample are missing, or none
        missing[:] = missing[:, :1]
    holes = np.where(missing, np.nan, y)
    a = g.forward(z)
    values = loss.values_of_net_inputs(z, y) if is_fused(loss, g) else loss.values(a, y)  # type: ignore[attr-defined]
    expected = [
        sum(v for v, m in zip(*row, strict=True) if not m) for row in zip(values, missing, strict=True)
    ]
    np.testing.assert_allclose(_losses_at(loss, g, z, holes), expected, rtol=8 * EPS, atol=8 * EPS)
    delta = output_delta(loss, z, a, holes, g)
    np.testing.assert_allclose(
        delta, _delta_by_complex_step(loss, g, z, holes), rtol=16 * EPS, atol=4096 * EPS
    )
    if g == Softmax():
        missing = missing.all(axis=1, keepdims=True) & missing
    assert (delta[missing] == 0).all()


@each_pair
@pytest.mark.parametrize("n_samples", [1, 7])
@pytest.mark.parametrize("n_outputs", [2, 3])
def test_gradient_is_the_derivative_of_the_mean_loss(
    loss: Loss, g: Activation, n_samples: int, n_outputs: int
) -> None:
    random = np.random.default_rng(n_samples)
    x, y = random.uniform(-2, 2, (n_samples, 3)), _targets(loss, random, (n_samples, n_outputs))
    w = random.uniform(-1, 1, (n_outputs, 4))
    z = net_input(w, x)
    slopes = gradient(output_delta(loss, z, g.forward(z), y, g), x)
    assert slopes.shape == w.shape
    for place in np.ndindex(*w.shape):
        stepped = w.astype(complex)
        stepped[place] += 1j * STEP
        loss_there = mean_loss(_losses_at(loss, g, net_input(stepped, x.astype(complex)), y))
        assert slopes[place] == pytest.approx(loss_there.imag / STEP, rel=64 * EPS, abs=512 * EPS)


def _rss_in_plain_python(a: Numbers, y: Numbers) -> list[float]:
    return [sum((t - o) ** 2 for o, t in zip(*rows, strict=True)) / 2 for rows in zip(a, y, strict=True)]


@given(seeds, st.integers(1, 5), st.integers(1, 4))
def test_rss_is_half_the_sum_of_squared_residuals(seed: int, n_outputs: int, n_samples: int) -> None:
    a, y = np.random.default_rng(seed).uniform(-5, 5, (2, n_samples, n_outputs))
    assert RSS().values(a, y).shape == (n_samples, n_outputs)
    losses = sample_losses(RSS(), a, a, y, Identity())
    np.testing.assert_allclose(losses, _rss_in_plain_python(a, y), rtol=8 * EPS)


@pytest.mark.parametrize("loss", [RSS(), Absolute(), Huber(0.25), Quantile(0.9)], ids=name_of)
def test_loss_of_numbers_is_zero_only_at_the_target(loss: Loss) -> None:
    y = np.array([[0.25, 1.0]])
    assert loss.values(y, y).tolist() == [[0.0, 0.0]]
    assert loss.slopes(y, y).tolist() == [[0.0, 0.0]]
    assert (loss.values(np.nextafter(y, 2), y) > 0).all()
    assert (loss.values(np.nextafter(y, -2), y) > 0).all()


@pytest.mark.parametrize(
    ("loss", "residuals", "values", "slopes"),
    [
        # Worked by hand from equations (26) to (28); residuals are y - a.
        (Absolute(), [-2, 0, 0.5], [2, 0, 0.5], [-1, 0, 1]),
        (Huber(1.5), [-1.5, 1.5, 1, -4, 4], [1.125, 1.125, 0.5, 4.875, 4.875], [-1.5, 1.5, 1, -1.5, 1.5]),
        (Quantile(0.75), [-2, 0, 2], [0.5, 0, 1.5], [-0.25, 0, 0.75]),
    ],
    ids=["absolute", "huber", "quantile"],
)
def test_pieces_of_a_loss_by_hand(
    loss: Loss, residuals: list[float], values: list[float], slopes: list[float]
) -> None:
    y = np.array([residuals]) + 8
    a = np.full_like(y, 8)
    assert loss.values(a, y).tolist() == [values]
    assert loss.slopes(a, y).tolist() == [slopes]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_best_constant_of_the_quantile_loss_is_the_quantile(share: float) -> None:
    y = np.random.default_rng(1).normal(size=(1001, 1))
    constants = np.sort(y[:, 0])
    losses = [float(Quantile(share).values(np.full_like(y, c), y).sum()) for c in constants]
    assert constants[int(np.argmin(losses))] == pytest.approx(np.quantile(y, share), abs=0.02)


@pytest.mark.parametrize("z", [-800.0, -40.0, -1.0, 0.0, 1.0, 40.0, 800.0])
@pytest.mark.parametrize("y", [0.0, 0.25, 1.0])
def test_binary_cross_entropy_keeps_its_digits_in_both_tails(z: float, y: float) -> None:
    net_inputs, targets = np.array([[z]]), np.array([[y]])
    with np.errstate(all="raise", under="ignore"):
        value = _losses_at(BinaryCrossEntropy(), Logistic(), net_inputs, targets)
        delta = output_delta(
            BinaryCrossEntropy(), net_inputs, Logistic().forward(net_inputs), targets, Logistic()
        )
    with mpmath.workprec(3000):
        a = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
        true = -y * mpmath.log(a) - (1 - mpmath.mpf(y)) * mpmath.log(1 - a)
        assert value[0] == pytest.approx(float(true), rel=8 * EPS, abs=8 * EPS * abs(z) * y)
        assert delta[0, 0] == pytest.approx(float(y - a), rel=4 * EPS, abs=EPS)


@given(st.lists(st.floats(-800, 800), min_size=2, max_size=5), seeds)
def test_cross_entropy_keeps_its_digits_in_both_tails(numbers: list[float], seed: int) -> None:
    z = np.array([numbers])
    y = np.random.default_rng(seed).dirichlet(np.ones(len(numbers)), 1)
    with np.errstate(all="raise", under="ignore"):
        value = _losses_at(CrossEntropy(), Softmax(), z, y)
        delta = output_delta(CrossEntropy(), z, Softmax().forward(z), y, Softmax())
    with mpmath.workprec(200):  # what cancels is of 800 at most, and judged by a few units of 2^-52
        total = mpmath.fsum(mpmath.exp(mpmath.mpf(x)) for x in numbers)
        true = mpmath.fsum(float(t) * (mpmath.log(total) - x) for t, x in zip(y[0], numbers, strict=True))
        residuals = [float(t) - mpmath.exp(x) / total for t, x in zip(y[0], numbers, strict=True)]
    assert value[0] == pytest.approx(float(true), rel=16 * EPS, abs=4096 * EPS)  # z up to 800 is subtracted
    np.testing.assert_allclose(delta[0], [float(r) for r in residuals], atol=4096 * EPS)


def test_class_that_is_ruled_out_still_has_a_finite_loss_and_a_delta() -> None:
    z, y = np.array([[1000.0, 0.0]]), np.array([[0.0, 1.0]])
    assert _losses_at(CrossEntropy(), Softmax(), z, y).tolist() == [1000.0]
    assert output_delta(CrossEntropy(), z, Softmax().forward(z), y, Softmax()).tolist() == [[-1.0, 1.0]]


def test_poisson_of_an_output_that_has_underflown_is_finite() -> None:
    z, y = np.array([[-800.0, -800.0]]), np.array([[3.0, 0.0]])
    a = Softplus().forward(z)
    assert a.tolist() == [[0.0, 0.0]]
    with np.errstate(all="raise", under="ignore"):
        values = Poisson().values(a, y)
        delta = output_delta(Poisson(), z, a, y, Softplus())
    assert values[0].tolist() == [pytest.approx(-3 * np.log(2.0**26 * np.finfo(float).tiny)), 0.0]
    assert np.isfinite(delta).all()


@pytest.mark.parametrize("z", [-800.0, -40.0, -1.0, 0.0, 1.0, 40.0, 700.0])
@pytest.mark.parametrize("y", [0.0, 1.0, 1000.0])
def test_poisson_of_exponentials_keeps_its_digits_in_both_tails(z: float, y: float) -> None:
    net_inputs, targets = np.array([[z]]), np.array([[y]])
    a = Exp().forward(net_inputs)
    with np.errstate(all="raise", under="ignore"):
        value = _losses_at(Poisson(), Exp(), net_inputs, targets)
        delta = output_delta(Poisson(), net_inputs, a, targets, Exp())
    with mpmath.workprec(3000):
        true = mpmath.exp(mpmath.mpf(z))
        assert value[0] == pytest.approx(
            float(true - y * mpmath.log(true)), rel=8 * EPS, abs=8 * EPS * abs(z) * y
        )
        assert delta[0, 0] == pytest.approx(float(y - true), rel=4 * EPS, abs=4 * EPS * y)


def test_poisson_of_an_exponential_that_has_overflown_is_infinite_and_no_nan() -> None:
    z, y = np.array([[800.0, 800.0, -800.0]]), np.array([[3.0, 0.0, np.nan]])
    with np.errstate(over="ignore"):
        assert _losses_at(Poisson(), Exp(), z, y).tolist() == [np.inf]
        delta = output_delta(Poisson(), z, Exp().forward(z), y, Exp())
    assert delta.tolist() == [[-np.inf, -np.inf, 0.0]]


@each_loss
def test_nan_travels_through_a_loss_and_a_missing_target_does_not(loss: Loss) -> None:
    a, y = np.array([[np.nan, 0.5, 0.5]]), np.array([[0.25, 0.25, np.nan]])
    assert np.isnan(loss.values(a, y)).tolist() == [[True, False, True]]
    assert np.isnan(loss.slopes(a, y)).tolist() == [[True, False, True]]
    assert np.isnan(sample_losses(loss, a, a, y, Identity())).tolist() == [True]
    assert np.isnan(output_delta(loss, a, a, y, Identity())).tolist() == [[True, False, False]]
    assert np.isfinite(sample_losses(loss, a[:, 1:], a[:, 1:], y[:, 1:], Identity())).all()


@each_pair
def test_net_input_that_is_nan_gives_a_loss_and_a_delta_that_are_nan(loss: Loss, g: Activation) -> None:
    z, y = np.array([[np.nan, 0.5]]), np.array([[0.25, 0.75]])
    assert np.isnan(_losses_at(loss, g, z, y)).all()
    assert np.isnan(output_delta(loss, z, g.forward(z), y, g)[0, 0])


@pytest.mark.oracle
@each_loss
def test_loss_and_slope_are_those_of_pytorch(loss: Loss) -> None:
    torch = pytest.importorskip("torch")
    f = torch.nn.functional
    random = np.random.default_rng(3)
    y = torch.from_numpy(_targets(loss, random, (6, 4)))
    z = torch.from_numpy(random.uniform(-3, 3, (6, 4))).requires_grad_()
    g = ACTIVATIONS[SUITED.get(loss.name, ["identity"])[0]]
    if loss.name == "poisson":  # of exponentials, and of softplus
        exponential = f.poisson_nll_loss(z, y, log_input=True, eps=0.0, reduction="sum")
        (slopes,) = torch.autograd.grad(exponential, z)
        pair = (Poisson(), z.detach().numpy(), np.exp(z.detach().numpy()), y.numpy(), Exp())
        assert sample_losses(*pair).sum() == pytest.approx(exponential.item(), rel=1e-12)
        np.testing.assert_allclose(output_delta(*pair), -slopes.numpy(), rtol=1e-12, atol=1e-14)

    def pinball(a: Any, y: Any) -> Any:  # noqa: ANN401 (tensors)
        return torch.maximum(0.9 * (y - a), -0.1 * (y - a)).sum()

    theirs = {
        "rss": lambda: f.mse_loss(z, y, reduction="sum") / 2,
        "absolute": lambda: f.l1_loss(z, y, reduction="sum"),
        "huber": lambda: f.huber_loss(z, y, reduction="sum", delta=1.0),
        "quantile": lambda: pinball(z, y),
        "poisson": lambda: f.poisson_nll_loss(f.softplus(z), y, log_input=False, eps=0.0, reduction="sum"),
        "cross_entropy": lambda: f.cross_entropy(z, y, reduction="sum"),
        "binary_cross_entropy": lambda: f.binary_cross_entropy_with_logits(z, y, reduction="sum"),
    }[loss.name]()
    theirs.backward()
    ours = Quantile(0.9) if loss.name == "quantile" else loss
    net_inputs, targets = z.detach().numpy(), y.numpy()
    assert _losses_at(ours, g, net_inputs, targets).sum() == pytest.approx(theirs.item(), rel=1e-12)
    delta = output_delta(ours, net_inputs, g.forward(net_inputs), targets, g)
    np.testing.assert_allclose(delta, -z.grad.numpy(), rtol=1e-12, atol=1e-14)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_mean_loss_is_the_mean(losses: list[float]) -> None:
    assert mean_loss(np.array(losses)) == pytest.approx(sum(losses) / len(losses), rel=50 * EPS)


def test_losses_are_found_by_name() -> None:
    known: dict[str, object] = dict(LOSSES)
    assert known == {
        "rss": RSS(),
        "cross_entropy": CrossEntropy(),
        "binary_cross_entropy": BinaryCrossEntropy(),
        "absolute": Absolute(),
        "huber": Huber(1.0),
        "quantile": Quantile(0.5),
        "poisson": Poisson(),
    }
    assert LOSSES.named("rss") == RSS()
    assert LOSSES.named("huber:1.5") == Huber(1.5)


@each_pair
def test_name_of_a_loss_leads_back_to_it(loss: Loss, g: Activation) -> None:
    assert LOSSES.named(name_of(loss)) == loss
    assert is_fused(loss, g) == (
        (loss.name, g.name)
        in {
            ("cross_entropy", "softmax"),
            ("binary_cross_entropy", "logistic"),
            ("poisson", "exp"),
        }
    )


@pytest.mark.parametrize("number", [0, -1, float("inf"), float("nan"), "1", True])
def test_parameter_of_a_loss_must_be_in_its_range(number: Any) -> None:  # noqa: ANN401 (anything)
    with pytest.raises(InputError, match=r"limit is .* but must be a finite number above 0\. Try 1"):
        Huber(number)
    with pytest.raises(
        InputError, match=r"share is .* but must be a finite number above 0 and below 1\. Try 0"
    ):
        Quantile(number)


def test_unknown_loss_suggests_the_one_that_was_meant() -> None:
    with pytest.raises(
        UnknownNameError, match=r"There is no loss 'rrs'\. Did you mean 'rss'\? There are: .*rss"
    ):
        LOSSES.named("rrs")
