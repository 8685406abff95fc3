"""Functions of one or two inputs, and Friedman's three, with and without noise: shown apart, in no mean."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Drawn = tuple[Floats, npt.NDArray[np.float64 | np.int64]]

__all__ = ["ROWS", "TEST_ROWS", "made"]

TEST_ROWS = 1000  # common to all splits
ROWS = 5 * 400 + TEST_ROWS  # the most that five splits need


def made(name: str) -> pd.DataFrame:
    """Table of a function; `_noise` behind its name adds what its line in `_MADE` says.

    Examples
    --------
    >>> made("fourth_power").shape
    (3000, 2)
    """
    function, noisy, _ = name.partition("_noise")
    draw, noise = _MADE[function]
    random = np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))
    X, y = draw(random, noise if noisy else 0.0)
    return pd.DataFrame({f"x{place}": column for place, column in enumerate(X.T, 1)} | {"y": y})


def _of(
    function: Callable[..., Floats], *ranges: tuple[float, float]
) -> Callable[[np.random.Generator, float], Drawn]:
    """Draw inputs evenly from ranges; normal noise is added to the function of them."""

    def draw(random: np.random.Generator, noise: float) -> Drawn:
        X = np.stack([random.uniform(low, high, ROWS) for low, high in ranges], axis=1)
        return X, function(*X.T) + noise * random.standard_normal(ROWS)

    return draw


def _moons(random: np.random.Generator, noise: float) -> Drawn:
    """Two half circles, one upside down in the other's arms."""
    second, angle = random.integers(0, 2, ROWS), random.uniform(0, np.pi, ROWS)
    sign = 1 - 2 * second
    X = np.stack([sign * np.cos(angle) + second, sign * np.sin(angle) + 0.5 * second], axis=1)
    return X + noise * random.standard_normal(X.shape), second


def _spirals(random: np.random.Generator, noise: float) -> Drawn:
    """Two arms of one turn and a half, even in area."""
    second, turned = random.integers(0, 2, ROWS), np.sqrt(random.uniform(0.02, 1, ROWS))
    angle = 3 * np.pi * turned + np.pi * second
    X = turned[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return X + noise * random.standard_normal(X.shape), second


def _friedman_1(a: Floats, b: Floats, c: Floats, d: Floats, e: Floats, *_: Floats) -> Floats:
    found: Floats = 10 * np.sin(np.pi * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e
    return found


def _reactance(frequency: Floats, inductance: Floats, capacity: Floats) -> Floats:
    return frequency * inductance - 1 / (frequency * capacity)


def _impedance(resistance: Floats, *of_circuit: Floats) -> Floats:
    found: Floats = np.hypot(resistance, _reactance(*of_circuit))
    return found


def _phase(resistance: Floats, *of_circuit: Floats) -> Floats:
    found: Floats = np.arctan2(_reactance(*of_circuit), resistance)
    return found


CIRCUIT = ((0.0, 100.0), (40 * np.pi, 560 * np.pi), (0.0, 1.0), (1.0, 11.0))
_MADE: dict[str, tuple[Callable[[np.random.Generator, float], Drawn], float]] = {
    "fourth_power": (_of(lambda x: x**4, (-2, 2)), 1.0),
    "sine_three_periods": (_of(lambda x: np.sin(6 * np.pi * x), (0, 1)), 0.2),
    "product_of_waves": (_of(lambda x, z: np.sin(3 * x) * np.cos(2 * z), (-1, 1), (-1, 1)), 0.2),
    "friedman_1": (_of(_friedman_1, *[(0, 1)] * 10), 1.0),
    "friedman_2": (_of(_impedance, *CIRCUIT), 125.0),
    "friedman_3": (_of(_phase, *CIRCUIT), 0.1),
    "moons": (_moons, 0.25),
    "spirals": (_spirals, 0.04),
}
