"""Update rules: first steps worked by hand, a hundred beside PyTorch's, and what a state must keep."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.equations import (
    RULES,
    Adam,
    AdamW,
    ClassicalMomentum,
    ClassicalNesterov,
    Descent,
    IRpropMinus,
    Momentum,
    Nesterov,
    RMSprop,
    Rule,
    levenberg_marquardt_step,
    name_of,
)
from chainrule.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Numbers = npt.NDArray[Any]

RATE = 0.5
EXACT = 1e-15
OF_GRADIENTS: dict[str, Any] = {
    name: rule for name, rule in RULES.items() if RULES.fact(rule, "engine") is None
}
each_rule = pytest.mark.parametrize("rule", OF_GRADIENTS.values(), ids=list(OF_GRADIENTS))


def _weights_after(
    rule: Rule, gradients: Sequence[float], weight: float = 1.0, rate: float = RATE
) -> list[float]:
    """Weight after each update, for a weight in column 1; column 0 holds a bias weight of the same value."""
    weights = np.array([[weight, weight]])
    state, after = rule.init(weights), []
    for gradient in gradients:
        weights, state = rule.update(weights, np.full_like(weights, gradient), state, rate)
        after.append(float(weights[0, 1]))
    return after


@pytest.mark.parametrize(
    ("rule", "after"),
    [
        # The gradients are 2 and then -1, the rate is 0.5, the weight begins at 1.
        # 1 - 0.5·2 = 0; 0 + 0.5·1 = 0.5
        (Descent(), [0.0, 0.5]),
        # v = 2; 1 - 0.5·2 = 0. v = 0.5·2 - 1 = 0; stays
        (Momentum(0.5), [0.0, 0.0]),
        # v = 2; 1 - 0.5·(2 + 0.5·2) = -0.5. v = 0; -0.5 - 0.5·(-1 + 0) = 0
        (Nesterov(0.5), [-0.5, 0.0]),
        # q = 0.25·4 = 1; 1 - 0.5·2/(1 + 1) = 0.5. q = 0.75·1 + 0.25·1 = 1; 0.5 + 0.5·1/(1 + 1) = 0.75
        (RMSprop(0.75, 1.0), [0.5, 0.75]),
        # mean = 0.5·2 = 1, over 1 - 0.5 is 2; q = 0.25·4 = 1, over 1 - 0.75 is 4, its root 2;
        # 1 - 0.5·2/(2 + 2) = 0.75. mean = 0.5·1 - 0.5·1 = 0: stays
        (Adam(0.5, 0.75, 2.0), [0.75, 0.75]),
        # First (1 - 0.5·0.5)·1 = 0.75, then the step of Adam: 0.75 - 0.25 = 0.5. Then 0.75·0.5 = 0.375
        (AdamW(0.5, 0.5, 0.75, 2.0), [0.5, 0.375]),
        # The step is the rate: 1 - 0.5 = 0.5. The sign has changed: the step is 0.25, the weight waits
        (IRpropMinus(), [0.5, 0.5]),
    ],
    ids=lambda thing: getattr(thing, "name", ""),
)
def test_first_two_steps_by_hand(rule: Rule, after: list[float]) -> None:
    assert _weights_after(rule, [2.0, -1.0]) == pytest.approx(after, rel=EXACT, abs=EXACT)


# The gradients are 2, -1 and then 4, the rates 0.5, 0.25 and then 0.125; the weight begins at 1.
AT_RATES_THAT_CHANGE = [
    # v = 2; 1 - 0.5·2 = 0. v = 1 - 1 = 0: stays. v = 4; 0 - 0.125·4 = -0.5
    (Momentum(0.5), [0.0, 0.0, -0.5]),
    # v = 2; 1 - 0.5·(2 + 1) = -0.5. v = 0; -0.5 + 0.25·1 = -0.25. v = 4; -0.25 - 0.125·(4 + 2) = -1
    (Nesterov(0.5), [-0.5, -0.25, -1.0]),
    # V = -0.5·2 = -1; 1 - 1 = 0. V = -0.5 + 0.25·1 = -0.25: the new weight. V = -0.125 - 0.125·4 = -0.625
    (ClassicalMomentum(0.5), [0.0, -0.25, -0.875]),
    # V = -1; 1 - 0.5 - 1 = -0.5. V = -0.25; -0.5 - 0.125 + 0.25 = -0.375. V = -0.625; -0.375 - 0.3125 - 0.5
    (ClassicalNesterov(0.5), [-0.5, -0.375, -1.1875]),
]


@pytest.mark.parametrize(
    ("rule", "after"), AT_RATES_THAT_CHANGE, ids=lambda thing: getattr(thing, "name", "")
)
def test_first_three_steps_at_rates_that_change_by_hand(rule: Rule, after: list[float]) -> None:
    weights, found = np.array([[1.0]]), []
    state = rule.init(weights)
    for gradient, rate in ((2.0, 0.5), (-1.0, 0.25), (4.0, 0.125)):
        weights, state = rule.update(weights, np.array([[gradient]]), state, rate)
        found.append(weights.item())
    assert found == pytest.approx(after, rel=EXACT, abs=EXACT)


def test_second_step_of_adam_where_the_mean_is_not_0() -> None:
    # mean = 0.5·1 + 0.5·2 = 1.5, over 1 - 0.25 is 2; q = 0.75·1 + 0.25·4 = 1.75, over 1 - 0.5625 is 4, its
    # root 2. Both steps are 0.5·2/(2 + 2) = 0.25.
    assert _weights_after(Adam(0.5, 0.75, 2.0), [2.0, 2.0]) == pytest.approx([0.75, 0.5], rel=EXACT)


def test_bias_weights_are_spared_by_the_decay_of_adamw() -> None:
    rule, weights = AdamW(0.5, 0.5, 0.75, 2.0), np.array([[1.0, 1.0]])
    weights, _ = rule.update(weights, np.array([[2.0, 2.0]]), rule.init(weights), RATE)
    assert weights.tolist() == [[pytest.approx(0.75, rel=EXACT), pytest.approx(0.5, rel=EXACT)]]


# iRPROP-, worked by hand: a rate of 0.25, steps times 2 (at most 0.75) or 0.5 (at least 0.1); the weight is 0
# at first. The product is that of the gradient with the one before it, as it is remembered.
IRPROP_BY_HAND = [
    # gradient, product, step, weight after, gradient that is remembered
    (1.0, 0, 0.25, -0.25, 1.0),  # the first step is the rate; nothing is remembered yet
    (3.0, +1, 0.5, -0.75, 3.0),  # same sign: 2·0.25
    (0.1, +1, 0.75, -1.5, 0.1),  # 2·0.5 = 1 is cut to 0.75
    (-2.0, -1, 0.375, -1.5, 0.0),  # other sign: 0.5·0.75; the weight waits and the gradient is forgotten
    (-1.0, 0, 0.375, -1.125, -1.0),  # nothing is remembered: the step stays
    (4.0, -1, 0.1875, -1.125, 0.0),  # 0.5·0.375
    (-4.0, 0, 0.1875, -0.9375, -4.0),
    (4.0, -1, 0.1, -0.9375, 0.0),  # 0.5·0.1875 = 0.09375 is raised to 0.1
    (0.0, 0, 0.1, -0.9375, 0.0),  # a gradient of 0 has no sign
    (-5.0, 0, 0.1, -0.8375, -5.0),
    (-5.0, +1, 0.2, -0.6375, -5.0),  # 2·0.1
]


def test_irprop_minus_by_hand() -> None:
    rule = IRpropMinus(0.5, 2.0, 0.1, 0.75)
    weights = np.array([[0.0]])
    state = rule.init(weights)
    for gradient, product, step, after, remembered in IRPROP_BY_HAND:
        assert np.sign(gradient * state[1][0, 0]) == product
        weights, state = rule.update(weights, np.array([[gradient]]), state, 0.25)
        assert state[0].item() == pytest.approx(step, rel=EXACT)
        assert weights.item() == pytest.approx(after, rel=EXACT)
        assert state[1].item() == remembered


def test_first_step_of_irprop_minus_obeys_its_limits() -> None:
    rule = IRpropMinus(0.5, 2.0, 0.1, 0.75)
    assert _weights_after(rule, [1.0], rate=4.0) == [0.25]
    assert _weights_after(rule, [1.0], rate=0.001) == [0.9]


def test_momentum_of_a_steady_gradient_comes_to_its_limit() -> None:
    weights = _weights_after(Momentum(0.75), [1.0] * 200)
    assert weights[-2] - weights[-1] == pytest.approx(RATE * 1 / (1 - 0.75), rel=1e-12)


@given(st.floats(1e-6, 1e6), st.sampled_from([RMSprop(0.9, 1e-12), Adam(epsilon=1e-12), IRpropMinus()]))
def test_size_of_the_gradients_hardly_matters(scale: float, rule: Rule) -> None:
    gradients = [1.0, -0.5, 2.0, 0.25]
    scaled = _weights_after(rule, [scale * gradient for gradient in gradients])
    assert scaled == pytest.approx(_weights_after(rule, gradients), rel=1e-4)


@each_rule
def test_state_is_as_its_names_say(rule: Rule) -> None:
    weights = np.ones((2, 3), dtype=np.float32)
    state = rule.init(weights)
    for _ in range(3):
        assert len(state) == len(rule.arrays) + len(rule.numbers)
        assert all(array.shape == (2, 3) and array.dtype == np.float32 for array in state[: len(rule.arrays)])
        assert all(isinstance(number, float) for number in state[len(rule.arrays) :])
        weights, state = rule.update(weights, np.full_like(weights, 0.5), state, 0.125)
        assert weights.dtype == np.float32


@each_rule
def test_update_changes_nothing_that_it_is_given(rule: Rule) -> None:
    weights, gradient = np.array([[1.0, -2.0]]), np.array([[0.5, 0.25]])
    state = rule.update(weights, gradient, rule.init(weights), RATE)[1]
    for array in (weights, gradient, *state[: len(rule.arrays)]):
        array.flags.writeable = False
    first, second = (rule.update(weights, -gradient, state, RATE) for _ in range(2))
    assert first[0].tolist() == second[0].tolist()
    assert weights.tolist() == [[1.0, -2.0]]


@each_rule
def test_nan_travels_through_a_rule(rule: Rule) -> None:
    weights = np.array([[1.0, 1.0]])
    state = rule.init(weights)
    for _ in range(2):
        weights, state = rule.update(weights, np.array([[np.nan, 0.5]]), state, RATE)
        assert np.isnan(weights).tolist() == [[True, False]]


@pytest.mark.parametrize(
    "rule",
    [
        *(Momentum(), Nesterov(), ClassicalMomentum(), ClassicalNesterov()),
        *(RMSprop(0.9), Adam(0.9, 0.9), AdamW(0.01, 0.9, 0.9)),
    ],
    ids=lambda rule: rule.name,
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_state_that_fades_ends_at_0_and_not_as_a_subnormal_number(rule: Rule, dtype: str) -> None:
    weights = np.ones((1, 2), dtype=dtype)
    state = rule.init(weights)
    tiny = np.finfo(dtype).smallest_normal
    for t in range(8_000):
        gradient = np.full_like(weights, 1e-15 if t == 0 else 0.0)
        weights, state = rule.update(weights, gradient, state, 0.001)
        if t % 100 == 0 or t < 100:
            for array in state[: len(rule.arrays)]:
                assert ((array == 0) | (np.abs(array) >= tiny)).all()
    assert not any(array.any() for array in state[: len(rule.arrays)])


# A function with curvature, valleys and saddles, so that a wrong step leads elsewhere.
RANDOM = np.random.default_rng(7)
X, Y, W = RANDOM.normal(size=(20, 3)), RANDOM.normal(size=(20, 2)), RANDOM.normal(size=(2, 4))


def _gradient(weights: Numbers) -> Numbers:
    ones = np.hstack([np.ones((20, 1)), X])
    a = np.tanh(ones @ weights.T)
    slopes: Numbers = ((a - Y) * (1 - a * a)).T @ ones / 20
    return slopes


def _rate(t: int) -> float:
    """Rate of an update: lower for a while, then higher."""
    return 0.005 if 30 <= t < 60 else 0.02


def _adamw_of_pytorch(parts: list[Any], torch: Any) -> Any:  # noqa: ANN401 (PyTorch's objects)
    bias, inner = parts
    groups = [{"params": [bias], "weight_decay": 0.0}, {"params": [inner], "weight_decay": 0.25}]
    return torch.optim.AdamW(groups, lr=0.02, betas=(0.8, 0.95), eps=1e-6)


BESIDE_PYTORCH: dict[str, tuple[Rule, Callable[[list[Any], Any], Any]]] = {
    "descent": (Descent(), lambda parts, torch: torch.optim.SGD(parts, lr=0.02)),
    "momentum": (Momentum(0.8), lambda parts, torch: torch.optim.SGD(parts, lr=0.02, momentum=0.8)),
    "nesterov": (
        Nesterov(0.8),
        lambda parts, torch: torch.optim.SGD(parts, lr=0.02, momentum=0.8, nesterov=True),
    ),
    "classical_momentum": (
        ClassicalMomentum(0.8),
        lambda parts, torch: torch.optim.SGD(parts, lr=0.02, momentum=0.8),
    ),
    "classical_nesterov": (
        ClassicalNesterov(0.8),
        lambda parts, torch: torch.optim.SGD(parts, lr=0.02, momentum=0.8, nesterov=True),
    ),
    "rmsprop": (
        RMSprop(0.95, 1e-6),
        lambda parts, torch: torch.optim.RMSprop(parts, lr=0.02, alpha=0.95, eps=1e-6),
    ),
    "adam": (
        Adam(0.8, 0.95, 1e-6),
        lambda parts, torch: torch.optim.Adam(parts, lr=0.02, betas=(0.8, 0.95), eps=1e-6),
    ),
    "adamw": (AdamW(0.25, 0.8, 0.95, 1e-6), _adamw_of_pytorch),
    "irprop_minus": (IRpropMinus(), lambda parts, torch: torch.optim.Rprop(parts, lr=0.02)),
}


def test_every_rule_is_held_against_pytorch() -> None:
    assert list(BESIDE_PYTORCH) == list(OF_GRADIENTS)


@pytest.mark.oracle
@pytest.mark.parametrize("name", BESIDE_PYTORCH)
def test_hundred_steps_are_those_of_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch")
    rule, make = BESIDE_PYTORCH[name]
    parts = [torch.from_numpy(part.copy()).requires_grad_() for part in (W[:, :1], W[:, 1:])]
    optimizer = make(parts, torch)
    ours, state = W, rule.init(W)
    for t in range(100):
        rate = _rate(t)
        if rate != optimizer.param_groups[0]["lr"]:
            for group in optimizer.param_groups:
                group["lr"] = rate
            if name.startswith("classical"):  # minus the rate times their velocity is the one that holds it
                for part in parts:
                    optimizer.state[part]["momentum_buffer"] *= _rate(t - 1) / rate
        ours, state = rule.update(ours, _gradient(ours), state, rate)
        theirs = np.hstack([part.detach().numpy() for part in parts])
        gradient = _gradient(theirs)
        for part, slopes in zip(parts, (gradient[:, :1], gradient[:, 1:]), strict=True):
            part.grad = torch.from_numpy(slopes.copy())
        optimizer.step()
    theirs = np.hstack([part.detach().numpy() for part in parts])
    assert np.linalg.norm(ours - W) > 0.1
    assert np.linalg.norm(ours - theirs) < 1e-10 * np.linalg.norm(theirs)


@pytest.mark.oracle
@pytest.mark.parametrize("rule", [ClassicalMomentum(0.8), ClassicalNesterov(0.8)], ids=name_of)
def test_hundred_steps_of_the_classical_rules_are_those_of_scikit_learn(rule: Rule) -> None:
    optimizers = pytest.importorskip("sklearn.neural_network._stochastic_optimizers")
    theirs, ours, state = W.copy(), W, rule.init(W)
    nesterov = isinstance(rule, ClassicalNesterov)
    optimizer = optimizers.SGDOptimizer([theirs], 0.02, momentum=0.8, nesterov=nesterov)
    for t in range(100):
        ours, state = rule.update(ours, _gradient(ours), state, _rate(t))
        optimizer.learning_rate = _rate(t)
        optimizer.update_params([theirs], [_gradient(theirs)])
    assert np.linalg.norm(ours - W) > 0.1
    assert np.linalg.norm(ours - theirs) < 1e-10 * np.linalg.norm(theirs)


def test_classical_nesterov_is_where_the_path_looks_ahead_at_every_rate() -> None:
    rule = ClassicalNesterov(0.8)
    ours, state = W, rule.init(W)
    path, velocity = W, np.zeros_like(W)
    for t in range(100):
        ours, state = rule.update(ours, _gradient(ours), state, _rate(t))
        velocity = 0.8 * velocity - _rate(t) * _gradient(path + 0.8 * velocity)
        path = path + velocity
        np.testing.assert_allclose(ours, path + 0.8 * velocity, rtol=1e-10)


@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3))
def test_levenberg_marquardt_step_makes_the_damped_squares_least(seed: int, damping: float) -> None:
    random = np.random.default_rng(seed)
    J, r = random.normal(size=(6, 3)), random.normal(size=6)
    step = levenberg_marquardt_step(J.T @ J, J.T @ r, damping)
    # The same least squares with a row more for each weight, which asks it to stay where it is.
    longer = np.vstack([J, math.sqrt(damping) * np.eye(3)])
    expected = np.linalg.lstsq(longer, np.concatenate([r, np.zeros(3)]), rcond=None)[0]
    np.testing.assert_allclose(step, expected, rtol=1e-8, atol=1e-10)


def test_levenberg_marquardt_step_by_hand() -> None:
    # (2 + 2)·d = 6 and (6 + 2)·d = 4
    step = levenberg_marquardt_step(np.diag([2.0, 6.0]), np.array([6.0, 4.0]), 2.0)
    assert step.tolist() == [1.5, 0.5]


def test_rules_are_found_by_name() -> None:
    assert {
        "descent": Descent(),
        "momentum": Momentum(0.9),
        "nesterov": Nesterov(0.9),
        "classical_momentum": ClassicalMomentum(0.9),
        "classical_nesterov": ClassicalNesterov(0.9),
        "rmsprop": RMSprop(0.99, 1e-8),
        "adam": Adam(0.9, 0.999, 1e-8),
        "adamw": AdamW(0.01, 0.9, 0.999, 1e-8),
        "irprop_minus": IRpropMinus(0.5, 1.2, 1e-6, 50.0),
    } == OF_GRADIENTS
    assert RULES.named("adamw:0.1:0.8") == AdamW(0.1, 0.8)


@pytest.mark.parametrize("rule", [*RULES.values(), Adam(0.9, 0.99), IRpropMinus(0.25)], ids=name_of)
def test_name_of_a_rule_leads_back_to_it(rule: Rule) -> None:
    assert RULES.named(name_of(rule)) == rule


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Momentum(1.0), "momentum is 1.0 but must be at least 0 and below 1. Try 0.9"),
        (lambda: Nesterov(-0.1), "momentum is -0.1 but"),
        (lambda: ClassicalNesterov(1.0), "momentum is 1.0 but"),
        (lambda: RMSprop(decay=float("nan")), "decay is nan but"),
        (lambda: RMSprop(epsilon=0.0), "epsilon is 0.0 but must be a finite number above 0. Try 1e-08"),
        (lambda: Adam(beta1=1), "beta1 is 1 but"),
        (lambda: Adam(beta2=1.5), "beta2 is 1.5 but"),
        (lambda: AdamW(decay=-1.0), "decay is -1.0 but"),
        (lambda: AdamW(beta2=1.5), "beta2 is 1.5 but"),
        (lambda: IRpropMinus(decrease=1.0), "decrease is 1.0 but"),
        (lambda: IRpropMinus(increase=1.0), "increase is 1.0 but must be a finite number above 1"),
        (lambda: IRpropMinus(smallest=1.0, largest=0.5), "largest is 0.5 but must be a finite number above"),
    ],
)
def test_parameter_of_a_rule_must_be_in_its_range(make: Callable[[], Rule], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_unknown_rule_suggests_the_one_that_was_meant() -> None:
    with pytest.raises(UnknownNameError, match=r"There is no update rule 'adan'\. Did you mean 'adam'"):
        RULES.named("adan")
