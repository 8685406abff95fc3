"""The line search ends at a step that satisfies Wolfe's conditions, or says that it found none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from chainrule.equations.rules.line_search import (
    CURVATURE,
    DECREASE,
    LARGEST,
    MOST_TRIALS,
    NARROW,
    line_search,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = Callable[[float], float]

# Functions of the step with their slopes, from Moré and Thuente's paper (1 to 3) and of other shapes.
BETA = 0.01
CASES: dict[str, tuple[Function, Function]] = {
    "concave at first": (lambda t: -t / (t * t + 2), lambda t: (t * t - 2) / (t * t + 2) ** 2),
    "steep end": (
        lambda t: (t + 0.004) ** 5 - 2 * (t + 0.004) ** 4,
        lambda t: 5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3,
    ),
    "wavy": (
        lambda t: (1 - BETA) * abs(t - 1) + 2 * BETA / math.pi * math.sin(10 * math.pi * t),
        lambda t: math.copysign(1 - BETA, t - 1) + 20 * BETA * math.cos(10 * math.pi * t),
    ),
    "bowl": (lambda t: (t - 3) ** 2, lambda t: 2 * (t - 3)),
    "wall": (lambda t: math.exp(min(20 * t, 700)) - 40 * t, lambda t: 20 * math.exp(min(20 * t, 700)) - 40),
    "cliff": (
        lambda t: (t - 3) ** 2 if t < 4 else math.inf,
        lambda t: 2 * (t - 3) if t < 4 else math.nan,
    ),
}


def searched(name: str, step: float) -> tuple[bool, list[float]]:
    """Whether there was a step, and the steps that were tried."""
    value, slope = CASES[name]
    tried: list[float] = []

    def along(step: float) -> tuple[float, float]:
        tried.append(step)
        return value(step), slope(step)

    return line_search(along, value(0.0), slope(0.0), step), tried


STEPS = [1e-3, 0.1, 1.0, 10.0, 1e3]
FINITE = [name for name in CASES if name != "cliff"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", FINITE)
def test_steps_are_those_of_minpack(name: str, step: float) -> None:
    dcsrch = pytest.importorskip("scipy.optimize._dcsrch").DCSRCH
    value, slope = CASES[name]
    expected: list[float] = []

    def kept(step: float) -> float:
        expected.append(step)
        return value(step)

    search = dcsrch(kept, slope, DECREASE, CURVATURE, NARROW, 0.0, LARGEST)
    search(step, value(0.0), slope(0.0), maxiter=MOST_TRIALS + 1)
    found, tried = searched(name, step)
    assert found
    assert tried == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ["concave at first", "bowl", "wall", "cliff"])
def test_the_last_step_satisfies_the_conditions_of_wolfe(name: str, step: float) -> None:
    value, slope = CASES[name]
    found, tried = searched(name, step)
    assert found
    assert tried[0] == step
    assert value(tried[-1]) <= value(0.0) + DECREASE * tried[-1] * slope(0.0)
    assert abs(slope(tried[-1])) <= CURVATURE * abs(slope(0.0))


def test_a_first_step_that_is_good_is_taken() -> None:
    assert searched("bowl", 2.0) == (True, [2.0])


@pytest.mark.parametrize("slope", [0.0, 1.0, math.nan])
def test_no_step_is_tried_where_the_objective_does_not_fall(slope: float) -> None:
    assert not line_search(lambda _: pytest.fail("it was tried"), 1.0, slope, 1.0)


@pytest.mark.parametrize(
    "along", [lambda t: (1 + t, -1.0), lambda _: (math.inf, math.inf), lambda _: (math.nan, math.nan)]
)
def test_there_is_none_where_slopes_are_wrong_or_no_value_is_finite(along: Any) -> None:  # noqa: ANN401
    tried: list[float] = []

    def counted(step: float) -> tuple[float, float]:
        tried.append(step)
        value, slope = along(step)
        return value, slope

    assert not line_search(counted, 1.0, -1.0, 1.0)
    assert 1 < len(tried) <= MOST_TRIALS
