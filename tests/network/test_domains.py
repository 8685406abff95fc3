"""Which outputs and targets a loss takes: the others are refused by name."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from chainrule import InputError, Network, check_gradients, train
from chainrule.equations import ACTIVATIONS, LOSSES

ALLOWED = {
    "cross_entropy": {"softmax"},
    "binary_cross_entropy": {"logistic"},
    "poisson": {"softplus", "exp", "logistic", "softmax"},
}


@pytest.mark.parametrize(("output", "loss"), [*itertools.product(ACTIVATIONS, LOSSES)])
def test_pairs_of_output_and_loss(output: str, loss: str) -> None:
    if output in ALLOWED.get(loss, ACTIVATIONS):
        assert Network.random((2, 2), output, loss).loss.name == loss
        return
    with pytest.raises(
        InputError, match=rf"^The loss {loss} needs outputs that are .* {output}\. Take the"
    ) as e:
        Network.random((2, 2), output, loss)
    assert all(name in str(e.value) for name in ALLOWED[loss])


def test_refused_pair_is_named_with_its_parameters() -> None:
    with pytest.raises(InputError, match=r"but the output activation is leaky_relu:0.2\. Take the output"):
        Network.random((2, 2), "leaky_relu:0.2", "poisson")


def test_softmax_belongs_to_outputs_and_to_several() -> None:
    with pytest.raises(InputError, match="softmax is the activation of a hidden layer"):
        Network.random((2, 3, 2), "softmax", "cross_entropy")
    with pytest.raises(InputError, match="softmax has one output, which would always be 1"):
        Network.random((2, 1), "softmax", "cross_entropy")


REFUSED: list[tuple[str, str, list[list[float]], str]] = [
    ("softmax", "cross_entropy", [[1, 0], [1, 1]], "Row 1 of Y sums to 2 but the loss cross_entropy"),
    ("softmax", "cross_entropy", [[0, 0], [1, 0]], "Row 0 of Y sums to 0 but"),
    ("softmax", "cross_entropy", [[1, 0], [1.5, -0.5]], r"Y\[1, 0\] is 1.5 but the loss cross_entropy"),
    ("softmax", "cross_entropy", [[1, 0], [0.5, 0.499]], "Row 1 of Y sums to 0.999 but"),
    ("softmax", "cross_entropy", [[1, 0], [np.nan, 0]], "Row 1 of Y sums to nan but"),
    ("logistic", "binary_cross_entropy", [[1, 0], [1, -1]], r"Y\[1, 1\] is -1 but the loss binary_cross_ent"),
    ("logistic", "binary_cross_entropy", [[2, 0], [1, 1]], r"Y\[0, 0\] is 2 but .* from 0 to 1"),
    ("softplus", "poisson", [[2, 0], [-1, 1]], r"Y\[1, 0\] is -1 but the loss poisson needs .* at least 0"),
]


@pytest.mark.parametrize(("output", "loss", "Y", "message"), REFUSED)
def test_targets_outside_the_domain_are_refused(output: str, loss: str, Y: Any, message: str) -> None:  # noqa: ANN401
    net, X = Network.random((1, 2), output, loss), [[1.0], [2.0]]
    with pytest.raises(InputError, match=f"^{message}"):
        train(net, X, Y, rate=0.1, epochs=1, engine="reference")
    with pytest.raises(InputError, match=f"^{message}"):
        check_gradients(net, X, Y)
    right = [[0.25, 0.75], [1.0, 0.0]]
    assert check_gradients(net, X, right).passed
    with pytest.raises(InputError, match=f"^{message.replace('Y', 'validation Y')}"):
        train(net, X, right, rate=0.1, epochs=1, engine="reference", validation=(X, Y))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_chances_may_miss_1_by_rounding(dtype: str) -> None:
    Y = np.full((1, 10), 0.1).astype(dtype)
    net = Network.random((1, 10), "softmax", "cross_entropy", dtype=dtype)
    assert np.isfinite(train(net, [[1.0]], Y, rate=0.1, epochs=1, engine="reference").history.loss_after)


@pytest.mark.parametrize(
    ("output", "loss"),
    [
        ("softmax", "cross_entropy"),
        ("logistic", "binary_cross_entropy"),
        ("softplus", "poisson"),
        ("exp", "poisson"),
    ],
)
def test_samples_without_any_target_count_for_nothing(output: str, loss: str) -> None:
    net = Network.random((1, 2), output, loss, seed=1)
    with_gap = check_gradients(net, [[1.0], [2.0]], [[1.0, 0.0], [np.nan, np.nan]])
    alone = check_gradients(net, [[1.0]], [[1.0, 0.0]])
    assert with_gap.passed
    assert with_gap.largest_gradient == pytest.approx(alone.largest_gradient / 2, rel=1e-15)


def test_targets_that_are_all_missing_are_refused() -> None:
    net = Network.random((1, 2), "softmax", "cross_entropy")
    with pytest.raises(InputError, match=r"^Every number of Y is missing \(NaN\) but at least one target"):
        check_gradients(net, [[1.0]], [[np.nan, np.nan]])
    with pytest.raises(InputError, match=r"^Y\[0, 0\] is nan but every number must be finite"):
        check_gradients(Network.random((1, 1)), [[1.0], [2.0]], [[np.nan], [1.0]])
