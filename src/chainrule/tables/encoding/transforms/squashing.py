"""What keeps a few extreme values from ruling a column: a second one that squashes, and an edge."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from chainrule.stored import Finite, Positive, Stored
from chainrule.tables.encoding.statistics import EPSILON, SMALLEST_SCALE, Spread, quantiles, standardise
from chainrule.tables.encoding.worked import Step, standardised

if TYPE_CHECKING:
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

__all__ = ["EDGE", "FAR", "Squash", "drawn_in", "has_heavy_tails", "squash_steps", "unsquashed"]

EDGE = 3.0  # what the squashed values never reach
FAR = 1.0  # standard deviations beyond the training rows, from which on a value is said to be far outside
HEAVY = 4  # the outer range in inner ranges; 3.4 for normal values, 2 for uniform ones
LARGEST_SQUARED = 1e150

QUARTER, HALF, THREE_QUARTERS = Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)
LOW, HIGH = Fraction(1, 100), Fraction(99, 100)
EVERY_SHARE = (LOW, QUARTER, THREE_QUARTERS, HIGH)


class Squash(Stored, frozen=True, omit_defaults=True):
    r"""Robust scale, and a smooth edge at 3 that no value reaches.

    .. math:: z = \frac{x - q_{1/2}}{s}, \qquad \frac{z}{\sqrt{1 + (z / 3)^2}}

    Attributes
    ----------
    median : float
        Of the training rows.
    scale : float
        The range of the inner half of the training rows, from the first to the third quartile; where that is
        0, half of their whole range.

    References
    ----------
    .. [1] D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by Default: Strong Pre-Tuned MLPs and Boosted
    Trees
       on Tabular Data", NeurIPS 2024: "robust scaling and smooth clipping".

    Examples
    --------
    >>> Squash.learn(np.array([3.0, -1.0, 2.0])).apply(np.array([3.0, -1.0, 2.0, 1e300])).round(8).tolist()
    [0.49319696, -1.34164079, 0.0, 3.0]
    """

    median: Finite
    scale: Positive

    @classmethod
    def learn(cls, values: FloatArray) -> Squash | None:
        """Learn from the values of training rows, finite and one at least; None where they are all equal."""
        first, median, third = quantiles(values, (QUARTER, HALF, THREE_QUARTERS))
        # Halves, so that the range of the largest floats stays finite.
        inner, whole = third / 2 - first / 2, float(values.max()) / 2 - float(values.min()) / 2
        if whole < SMALLEST_SCALE:
            return None
        return cls(
            median, min(2 * inner, float(np.finfo(np.float64).max)) if inner >= SMALLEST_SCALE else whole
        )

    def apply(self, values: FloatArray) -> FloatArray:
        """Squash values, NaN staying NaN: each by itself."""
        z = standardise(values, Spread(self.median, self.scale))
        z = np.clip(z, -LARGEST_SQUARED, LARGEST_SQUARED)
        edge = z / EDGE
        return z / np.sqrt(1 + edge * edge)


def squash_steps(squash: Squash, value: float | None, squashed: float | None) -> tuple[Step, ...]:
    """What `apply` does as equations, of a value, NaN for none, and of what it gave."""
    if value is not None and np.isnan(value):
        return (Step("", "", {}, squashed),)
    numbers = {"median": squash.median, "scale": squash.scale} | ({} if value is None else {"cell": value})
    z = None
    if value is not None:
        z = float(standardise(np.array([value]), Spread(squash.median, squash.scale))[0])
    return (
        Step("s", standardised(numbers, centre="median"), numbers, z),
        Step("", f"{{s}}/√(1 + ({{s}}/{EDGE:g})²)", {} if z is None else {"s": z}, squashed),
    )


def unsquashed(squashed: FloatArray) -> FloatArray:
    """The z of squashed values; those that lie at the edge itself were far away, and stay so.

    Examples
    --------
    >>> unsquashed(Squash(0.0, 2.0).apply(np.array([1.0, -5.0]))).round(12).tolist()
    [0.5, -2.5]
    """
    z: FloatArray = squashed / np.sqrt(np.maximum(1 - np.square(squashed / EDGE), EPSILON))
    return z


def has_heavy_tails(values: FloatArray) -> bool:
    """Whether the outer range of the values is more than four times their inner one.

    The outer range holds 98 of 100 values, the inner one the middle half. The ratio is 2 for values that are
    spread evenly, 3.4 for normal ones, 4.2 for exponential ones; where half of the values and more are equal,
    and one in a hundred is another, it is infinite.

    Parameters
    ----------
    values : array of shape (n,)
        Finite, n at least 1.

    Examples
    --------
    >>> has_heavy_tails(np.arange(100.0)), has_heavy_tails(np.arange(100.0) ** 3)
    (False, False)
    >>> has_heavy_tails(np.arange(100.0) ** 6)
    True
    """
    low, first, third, high = quantiles(values, EVERY_SHARE)
    return high / 2 - low / 2 > HEAVY * (third / 2 - first / 2)


def drawn_in(standard: FloatArray, reach: float) -> FloatArray:
    r"""Draw standardised values that lie beyond the reach of the training rows to its edge.

    .. math:: |z| \le r: \; z, \qquad |z| > r: \; \pm \Bigl(r + \frac{d}{\sqrt{1 + d^2}}\Bigr), \; d = |z| - r

    So no value goes further than one standard deviation beyond what training had, values that differ stay in
    order, and neither slope nor curvature jumps.

    Parameters
    ----------
    standard : array of shape (n,)
        May be infinite; NaN stays NaN.
    reach : float
        The largest magnitude among the training rows.

    Examples
    --------
    >>> drawn_in(np.array([-2.0, 2.0, 3.0, np.inf]), 2.0).round(6).tolist()
    [-2.0, 2.0, 2.707107, 3.0]
    """
    size = np.abs(standard)
    beyond = np.clip(size - reach, 0.0, LARGEST_SQUARED)
    edge = reach + beyond / np.sqrt(1 + beyond * beyond)
    drawn: FloatArray = np.where(size > reach, np.where(standard < 0, -edge, edge), standard)
    return drawn
