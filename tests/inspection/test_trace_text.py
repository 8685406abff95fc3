"""The printed trace: every equation in it is worked out again, in symbols and in numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trace_text import equations, results_of, symbols_of, with_numbers, with_sums, worked_out

from chainrule import InputError, Network, trace

if TYPE_CHECKING:
    from chainrule import Trace

TINY = """\
One step of back-propagation: Network(1-1-1, tanh, identity, rss, float64), rate 0.5

inputs   x_0 = 1 (bias unit)   x_1 = 2
targets  y_1 = -1

Layer 2 (hidden, tanh): net inputs, equation (2), and activations
  z_1^(2) = W_10^(1)·x_0 + W_11^(1)·x_1 = 1·1 + (-0.5)·2 = 0
  a_1^(2) = tanh(z_1^(2)) = tanh(0) = 0

Layer 3 (output, identity): net inputs, equation (2), and activations
  z_1^(3) = W_10^(2)·x_0 + W_11^(2)·a_1^(2) = (-0.25)·1 + 4·0 = -0.25
  a_1^(3) = z_1^(3) = (-0.25) = -0.25

Loss, equation (4)
  RSS = ½·((y_1 − a_1^(3))²) = ½·((-1 − (-0.25))²) = 0.28125

Layer 3: output deltas, equation (7); δ = −∂RSS/∂z, the direction of descent
  δ_1^(3) = (y_1 − a_1^(3))·1 = (-1 − (-0.25))·1 = -0.75

Layer 2: hidden deltas, equation (9); δ = −∂RSS/∂z, the direction of descent
  δ_1^(2) = (δ_1^(3)·W_11^(2))·(1 − a_1^(2)²) = ((-0.75)·4)·(1 − 0²) = -3

W^(2): gradients, equation (7), and updates, equation (8)
  ∂RSS/∂W_10^(2) = −δ_1^(3)·x_0 = −(-0.75)·1 = 0.75
  W_10^(2) := W_10^(2) + η·δ_1^(3)·x_0 = -0.25 + 0.5·(-0.75)·1 = -0.625
  ∂RSS/∂W_11^(2) = −δ_1^(3)·a_1^(2) = −(-0.75)·0 = 0
  W_11^(2) := W_11^(2) + η·δ_1^(3)·a_1^(2) = 4 + 0.5·(-0.75)·0 = 4

W^(1): gradients, equation (9), and updates, equation (8)
  ∂RSS/∂W_10^(1) = −δ_1^(2)·x_0 = −(-3)·1 = 3
  W_10^(1) := W_10^(1) + η·δ_1^(2)·x_0 = 1 + 0.5·(-3)·1 = -0.5
  ∂RSS/∂W_11^(1) = −δ_1^(2)·x_1 = −(-3)·2 = 6
  W_11^(1) := W_11^(1) + η·δ_1^(2)·x_1 = -0.5 + 0.5·(-3)·2 = -3.5

RSS with the new weights = 6.5703
                  before = 0.28125"""


def _tiny() -> Trace:
    net = Network([[[1.0, -0.5]], [[-0.25, 4.0]]], ["tanh", "identity"])
    return trace(net, [2.0], [-1.0], rate=0.5)


def _random(sizes: tuple[int, ...], activations: Any = "logistic", seed: int = 0) -> Trace:  # noqa: ANN401
    net = Network.random(sizes, activations, seed=seed, start="uniform")
    random = np.random.default_rng(seed)
    return trace(net, random.normal(size=sizes[0]), random.normal(size=sizes[-1]), rate=0.3)


def _check_every_equation(step: Trace, text: str, tolerance: float) -> int:
    """Work out every equation in symbols and numbers; count them."""
    known, results = symbols_of(step), results_of(step)
    for equation in equations(text):
        scale = tolerance * max(1.0, abs(equation.result))
        assert equation.result == pytest.approx(results[equation.left], rel=tolerance, abs=0)
        assert worked_out(equation.numbers) == pytest.approx(equation.result, rel=0, abs=scale)
        exact = worked_out(with_sums(with_numbers(equation.symbols, known), step))
        assert exact == pytest.approx(results[equation.left], rel=0, abs=1e-13 * max(1.0, abs(exact)))
    return len(equations(text))


# A whole text


def test_text_of_a_tiny_network_to_the_letter() -> None:
    # The hidden unit is at z = 0, so that all but tanh(-7.5) afterwards can be followed in the head.
    assert str(_tiny()) == TINY
    assert _tiny().text() == TINY


def test_published_numbers_stand_in_the_text_with_all_their_bits() -> None:
    net = Network([[[0.35, 0.15, 0.20], [0.35, 0.25, 0.30]], [[0.60, 0.40, 0.45], [0.60, 0.50, 0.55]]])
    step = trace(net, [0.05, 0.10], [0.01, 0.99], rate=0.5)
    text = step.text(digits=17)
    found = {equation.left: equation.result for equation in equations(text)}
    for equation in equations(text):
        if ":=" not in equation.symbols:
            assert equation.result == results_of(step)[equation.left]
    published = {
        "a_1^(3)": 0.7513650695523157,
        "a_2^(3)": 0.7729284653214625,
        "RSS": 0.2983711087600027,
        "W_11^(2)": 0.35891647971788465,
        "W_12^(2)": 0.4086661860762334,
        "W_21^(2)": 0.5113012702387375,
        "W_22^(2)": 0.5613701211079891,
        "W_10^(2)": 0.5307507191857215,
        "W_20^(2)": 0.6190491182582781,
        "W_11^(1)": 0.1497807161327628,
        "W_12^(1)": 0.19956143226552567,
        "W_21^(1)": 0.24975114363236958,
        "W_22^(1)": 0.29950228726473915,
        "W_10^(1)": 0.3456143226552565,
        "W_20^(1)": 0.3450228726473914,
    }
    for left, number in published.items():
        assert found[left] == pytest.approx(number, rel=0, abs=1e-15)
    assert float(text.splitlines()[-2].removeprefix("RSS with the new weights = ")) == step.loss_after
    assert float(text.splitlines()[-1].removeprefix("                  before = ")) == step.loss_before


# Every equation


@settings(max_examples=30)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=6),
    seed=st.integers(0, 2**32),
    data=st.data(),
)
def test_every_equation_is_true_in_symbols_and_in_numbers(
    sizes: list[int], seed: int, data: st.DataObject
) -> None:
    names = st.sampled_from(["identity", "logistic", "tanh"])
    activations = data.draw(st.lists(names, min_size=len(sizes) - 1, max_size=len(sizes) - 1))
    step = _random(tuple(sizes), activations, seed)
    n_equations = _check_every_equation(step, step.text(digits=17), 1e-13)
    n_weights = sum(w.size for w in step.network.weights)
    assert n_equations == 3 * sum(sizes[1:]) + 1 + 2 * n_weights
    # With six digits the numbers that stand there give the result to about as many.
    _check_every_equation(step, step.text(digits=6), 2e-4)


PAIRS = [
    ("relu", "softmax", "cross_entropy"), ("relu", "softmax", "rss"), ("gelu", "identity", "huber:0.5"),
    ("gelu", "gelu", "rss"), ("leaky_relu:0.1", "softplus", "poisson"), ("softplus", "logistic", "poisson"),
    ("exp", "exp", "poisson"), ("tanh", "exp", "rss"),
    ("softsign", "logistic", "binary_cross_entropy"), ("tanh", "softmax", "poisson"),
    ("logistic", "leaky_relu:0.2", "quantile:0.8"), ("softplus", "softsign", "absolute"),
    ("relu", "softmax", "absolute"), ("relu", "softmax", "huber:0.25"), ("identity", "softmax", "quantile"),
]  # fmt: skip


@pytest.mark.parametrize(("hidden", "output", "loss"), PAIRS)
@pytest.mark.parametrize("n_outputs", [2, 3])
def test_every_equation_of_units_and_losses_is_true(
    hidden: str, output: str, loss: str, n_outputs: int
) -> None:
    for seed in range(4):
        random = np.random.default_rng(seed)
        net = Network.random((2, 3, n_outputs), [hidden, output], loss, seed=seed, start="uniform")
        whole = loss in {"poisson", "cross_entropy"}
        y = (
            np.eye(n_outputs)[seed % n_outputs] * (3 if loss == "poisson" else 1)
            if whole
            else random.uniform(size=n_outputs)
        )
        step = trace(net, random.normal(size=2), y, rate=0.3)
        text = step.text(digits=17)
        assert _check_every_equation(step, text, 1e-13) == 3 * (3 + n_outputs) + 1 + 2 * (9 + 4 * n_outputs)
        _check_every_equation(step, step.text(digits=9), 1e-6)
        assert "+ −" not in text
        assert "− -" not in text
        word = "RSS" if loss == "rss" else "L"
        assert float(text.splitlines()[-2].removeprefix(f"{word} with the new weights = ")) == step.loss_after
        assert float(text.splitlines()[-1].split(" = ")[1]) == step.loss_before


def test_softmax_and_cross_entropy_to_the_letter() -> None:
    # exp(0) = 1 twice: each chance is a half, and the loss is ln 2.
    net = Network([[[0.0, 1.0], [0.0, 2.0]]], "softmax", "cross_entropy")
    assert str(trace(net, [0.0], [1.0, 0.0], rate=0.5)).splitlines() == [
        "One step of back-propagation: Network(1-2, softmax, cross_entropy, float64), rate 0.5",
        "",
        "inputs   x_0 = 1 (bias unit)   x_1 = 0",
        "targets  y_1 = 1   y_2 = 0",
        "",
        "Layer 2 (output, softmax): net inputs, equation (2), and activations",
        "  z_1^(2) = W_10^(1)·x_0 + W_11^(1)·x_1 = 0·1 + 1·0 = 0",
        "  a_1^(2) = exp(z_1^(2)) / Σ_i exp(z_i) = exp(0) / 2 = 0.5",
        "  z_2^(2) = W_20^(1)·x_0 + W_21^(1)·x_1 = 0·1 + 2·0 = 0",
        "  a_2^(2) = exp(z_2^(2)) / Σ_i exp(z_i) = exp(0) / 2 = 0.5",
        "",
        "Loss (cross_entropy), equation (30)",
        "  L = −y_1·ln a_1^(2) − y_2·ln a_2^(2) = −1·ln 0.5 − 0·ln 0.5 = 0.693147",
        "",
        "Layer 2: output deltas, equation (31); δ = −∂L/∂z, the direction of descent",
        "  δ_1^(2) = y_1 − a_1^(2) = 1 − 0.5 = 0.5",
        "  δ_2^(2) = y_2 − a_2^(2) = 0 − 0.5 = -0.5",
        "",
        "W^(1): gradients, equation (7), and updates, equation (8)",
        "  ∂L/∂W_10^(1) = −δ_1^(2)·x_0 = −0.5·1 = -0.5",
        "  W_10^(1) := W_10^(1) + η·δ_1^(2)·x_0 = 0 + 0.5·0.5·1 = 0.25",
        "  ∂L/∂W_11^(1) = −δ_1^(2)·x_1 = −0.5·0 = 0",
        "  W_11^(1) := W_11^(1) + η·δ_1^(2)·x_1 = 1 + 0.5·0.5·0 = 1",
        "  ∂L/∂W_20^(1) = −δ_2^(2)·x_0 = −(-0.5)·1 = 0.5",
        "  W_20^(1) := W_20^(1) + η·δ_2^(2)·x_0 = 0 + 0.5·(-0.5)·1 = -0.25",
        "  ∂L/∂W_21^(1) = −δ_2^(2)·x_1 = −(-0.5)·0 = 0",
        "  W_21^(1) := W_21^(1) + η·δ_2^(2)·x_1 = 2 + 0.5·(-0.5)·0 = 2",
        "",
        "L with the new weights = 0.474077",  # -ln(1 / (1 + exp(-0.5)))
        "                before = 0.693147",
    ]


@pytest.mark.parametrize(
    ("loss", "output", "equation"),
    [("rss", "softmax", 7), ("cross_entropy", "softmax", 31), ("binary_cross_entropy", "logistic", 33),
     ("poisson", "softplus", 7), ("poisson", "exp", 50)],
)  # fmt: skip
def test_delta_cites_its_equation(loss: str, output: str, equation: int) -> None:
    net = Network.random((2, 2), output, loss, seed=1)
    assert f"Layer 2: output deltas, equation ({equation});" in str(trace(net, [1, 2], [1, 0], rate=1))


def test_sum_of_exponentials_that_overflows_does_not_warn() -> None:
    step = trace(Network([[[800.0, 0.0], [0.0, 0.0]]], "softmax", "rss"), [1.0], [1.0, 0.0], rate=1.0)
    assert "exp(800) / inf = 1" in str(step)


def test_wide_layers_have_commas_between_indices_and_still_true_equations() -> None:
    step = _random((12, 11, 10), ["tanh", "logistic"])
    text = step.text(digits=17, most=20)
    assert "W_11,12^(1)·x_12" in text
    assert "W_1112" not in text
    assert "more" not in text
    assert _check_every_equation(step, text, 1e-13) == 3 * 21 + 1 + 2 * (11 * 13 + 10 * 12)


def test_lines_fit_the_page() -> None:
    for step in (_random((12, 11, 10)), _random((40, 30, 20)), _tiny()):
        for digits in (1, 6, 17):
            assert max(len(line) for line in step.text(digits=digits).splitlines()) <= 110
    text = _random((12, 11, 10)).text(digits=17)
    assert all(len(line) <= 100 for line in text.splitlines())


# What is left out


def test_wide_layers_are_counted_and_not_written_out() -> None:
    text = _random((20, 11, 10)).text(most=8)
    lines = text.splitlines()
    assert lines[2].startswith("inputs   x_0 = 1 (bias unit)   x_1 = ")
    assert "… 12 more" in text.split("targets")[0]
    assert "… 2 more" in text.split("targets")[1].split("Layer 2")[0]
    assert lines.count("  … 3 more units") == 3  # layer 2 forward and back, and W^(1)
    assert lines.count("  … 2 more units") == 3
    assert lines.count("  … 13 more weights of unit 1") == 1
    assert lines.count("  … 4 more weights of unit 8") == 1
    assert "z_8^(2)" in text
    assert "z_9^(2)" not in text
    # 21 terms of a net input: 7 from the front, 1 from the end, 13 left out.
    flat = re.sub(r"\s+", " ", text)
    assert "W_1,6^(1)·x_6 + … 13 more terms … + W_1,20^(1)·x_20 =" in flat


def test_terms_left_out_and_terms_written_make_the_whole() -> None:
    for width in range(1, 14):
        for most in (1, 2, 3, 8):
            flat = re.sub(r"\s+", " ", _random((width, 1)).text(most=most))
            sum_of_terms = flat.split("z_1^(2) = ")[1].split(" = ")[0]
            left_out = re.search(r"… (\d+) more terms …", sum_of_terms)
            written = sum_of_terms.count("·x_")
            assert written + int(left_out.group(1) if left_out else 0) == width + 1
            assert written <= most + 1


def test_loss_of_many_outputs_counts_terms() -> None:
    flat = re.sub(r"\s+", " ", _random((2, 12)).text(most=3))
    assert "RSS = ½·((y_1 − a_1^(2))² + (y_2 − a_2^(2))² + … 9 more terms … + (y_12 − a_12^(2))²) =" in flat


def test_layer_of_exactly_the_most_is_written_out() -> None:
    assert "more" not in _random((7, 7, 8)).text(most=8)
    lines = _random((7, 9, 8)).text(most=8).splitlines()
    assert "  … 1 more unit" in lines
    assert "  … 2 more weights of unit 1" in lines


def test_most_of_one_shows_one_unit_of_each_layer() -> None:
    text = _random((3, 4, 2)).text(most=1)
    assert {left.split("_")[1].split("^")[0] for left in re.findall(r"^  (z_\S+)", text, re.MULTILINE)} == {
        "1"
    }
    assert "  … 3 more units" in text.splitlines()
    assert "  … 3 more weights of unit 1" in text.splitlines()


# Layers


def test_network_without_hidden_layer_has_no_equation_9() -> None:
    text = str(_random((3, 2)))
    assert "Layer 2 (output, logistic)" in text
    assert "hidden" not in text
    assert "equation (9)" not in text
    assert "W^(1): gradients, equation (7), and updates, equation (8)" in text


def test_six_layers_are_named_from_inputs_to_outputs_and_back() -> None:
    text = str(_random((2, 2, 3, 2, 2, 1), ["tanh", "logistic", "identity", "tanh", "logistic"]))
    headings = [line.split(":")[0] for line in text.splitlines() if re.match(r"Layer|W\^", line)]
    assert headings == [
        "Layer 2 (hidden, tanh)",
        "Layer 3 (hidden, logistic)",
        "Layer 4 (hidden, identity)",
        "Layer 5 (hidden, tanh)",
        "Layer 6 (output, logistic)",
        *[f"Layer {m}" for m in (6, 5, 4, 3, 2)],
        *[f"W^({m})" for m in (5, 4, 3, 2, 1)],
    ]
    equation_of = re.findall(r"^W\^\(\d\): gradients, equation \((\d)\)", text, re.MULTILINE)
    assert equation_of == ["7", "9", "9", "9", "9"]


class Cube:
    """A user's activation that does not say how it is written."""

    name: ClassVar[str] = "cube"

    def forward(self, z: Any) -> Any:  # noqa: ANN401 (any array)
        return z**3

    def backward(self, z: Any, a: Any, upstream: Any) -> Any:  # noqa: ANN401, ARG002 (any array)
        return 3 * z**2 * upstream


class Zap(Cube):
    """A user's activation whose functions have names with a and z in them."""

    formula: ClassVar[str] = "zap(max(z, 0))"
    derivative: ClassVar[str] = "zap(a)·a²"


def test_own_activation_without_formula_is_called_g() -> None:
    text = str(trace(Network([[[0.0, 2.0]]], Cube()), [1.0], [0.0], rate=0.5))  # type: ignore[arg-type]
    assert "Layer 2 (output, cube)" in text
    assert "a_1^(2) = g(z_1^(2)) = g(2) = 8" in text
    assert "δ_1^(2) = (y_1 − a_1^(2))·g' = (0 − 8)·g' = -96" in text


def test_variable_is_filled_in_but_not_the_letters_of_a_name() -> None:
    text = str(trace(Network([[[0.0, 2.0]]], Zap()), [1.0], [0.0], rate=0.5))
    assert "a_1^(2) = zap(max(z_1^(2), 0)) = zap(max(2, 0)) = 8" in text
    assert "(y_1 − a_1^(2))·zap(a_1^(2))·a_1^(2)² = (0 − 8)·zap(8)·8² = -96" in text


def test_float32_numbers_are_printed_as_they_are() -> None:
    net = Network([np.array([[0.1, 0.2]], dtype=np.float32)], "identity")
    text = trace(net, [1.0], [0.0], rate=0.5).text(digits=17)
    assert "0.10000000149011612·1 + 0.20000000298023224·1 = 0.30000001192092896" in re.sub(r"\s+", " ", text)


# Settings


@pytest.mark.parametrize("digits", [1, 17])
def test_digits_at_their_bounds(digits: int) -> None:
    assert "RSS" in _tiny().text(digits=digits)


def test_more_digits_than_a_float_has_are_refused() -> None:
    with pytest.raises(InputError, match=r"^digits is 18 but must be from 1 to 17. Try 6.$"):
        _tiny().text(digits=18)


@pytest.mark.parametrize("digits", [0, -1, 2.5, "6", None, True])
def test_digits_must_be_a_whole_number(digits: Any) -> None:  # noqa: ANN401 (hostile on purpose)
    with pytest.raises(InputError, match=r"^digits is .* but must be a whole number of at least 1. Try"):
        _tiny().text(digits=digits)


@pytest.mark.parametrize("most", [0, -3, 2.5, "6", None, True])
def test_most_must_be_a_whole_number(most: Any) -> None:  # noqa: ANN401 (hostile on purpose)
    with pytest.raises(InputError, match=r"^most is .* but must be a whole number of at least 1. Try"):
        _tiny().text(most=most)
