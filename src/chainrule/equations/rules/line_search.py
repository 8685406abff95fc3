r"""How far to go along a direction: the line search of Moré and Thuente, on floats alone.

With :math:`\phi(t)` the objective after a step of length t, it ends where the objective is lowered enough,
:math:`\phi(t) \leq \phi(0) + c_1 t \phi'(0)`, and the step is no shorter than it should be,
:math:`\lvert \phi'(t) \rvert \leq c_2 \lvert \phi'(0) \rvert`: the strong conditions of Wolfe. Limits and the
order of the trials are those of L-BFGS-B.

References
----------
Moré & Thuente (1994), Line search algorithms with guaranteed sufficient decrease, ACM Transactions on
Mathematical Software 20.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Trial", "line_search"]

DECREASE, CURVATURE = 1e-3, 0.9  # c1 and c2
NARROW = 0.1  # width of an interval beside its upper end at which the search ends
LARGEST, MOST_TRIALS = 1e10, 20
NEAR, FAR = 1.1, 4.0  # how much further a step goes at least and at most while nothing bounds it
SHRINK = 0.66  # an interval that has not shrunk to this share in two trials is halved


class Trial(NamedTuple):
    """A step that was tried, the objective there, and its slope along the direction."""

    step: float
    value: float
    slope: float

    def above(self, slope: float) -> Trial:
        """The same for what is left of the objective above a straight line through 0 with this slope."""
        return Trial(self.step, self.value - self.step * slope, self.slope - slope)


def line_search(
    along: Callable[[float], tuple[float, float]], value: float, slope: float, step: float
) -> bool:
    """Try steps until one satisfies the conditions of Wolfe; the last one tried is the one to take.

    Parameters
    ----------
    along : callable
        Objective and its slope after a step of a length.
    value, slope : float
        Both before the step; the slope must be below 0.
    step : float
        Length of the first one tried.

    Returns
    -------
    bool
        Whether there was such a step, or rounding leaves none better.

    Examples
    --------
    >>> tried = []
    >>> line_search(lambda t: (tried.append(t) or (t - 3) ** 2, 2 * (t - 3)), value=9.0, slope=-6.0, step=1.0)
    True
    >>> tried
    [1.0]
    """
    if not slope < 0:
        return False
    start, slope_enough = Trial(0.0, value, slope), DECREASE * slope
    interval, largest, is_first_stage = _Interval(start, start, 0.0, step + FAR * step), LARGEST, True
    for _ in range(MOST_TRIALS):
        trial = Trial(step, *along(step))
        if not (math.isfinite(trial.value) and math.isfinite(trial.slope)):
            largest = step = interval.best.step + (step - interval.best.step) / 2
            continue
        enough = value + step * slope_enough
        is_low = trial.value <= enough
        if is_low and abs(trial.slope) <= -CURVATURE * slope:
            return True
        if interval.is_spent(step) or (step == largest and is_low and trial.slope <= slope_enough):
            return step > 0
        is_first_stage = is_first_stage and not (is_low and trial.slope >= 0)
        above_line = is_first_stage and enough < trial.value <= interval.best.value
        step = min(max(interval.narrowed(trial, slope_enough if above_line else 0.0), 0.0), largest)
        if interval.is_spent(step):
            step = interval.best.step  # no further progress: end with the best
    return False


@dataclass
class _Interval:
    """Two trials with a minimum between them, once it is bracketed; the best has the lowest value so far.

    Steps that are tried next lie between `low` and `high`.
    """

    best: Trial
    other: Trial
    low: float
    high: float
    is_bracketed: bool = False
    width: float = LARGEST
    width_before: float = 2 * LARGEST

    def is_spent(self, step: float) -> bool:
        """Whether rounding lets no step be better, or the interval is narrow."""
        is_narrow = self.high - self.low <= NARROW * self.high
        return self.is_bracketed and (is_narrow or not self.low < step < self.high)

    def narrowed(self, trial: Trial, line: float) -> float:
        """Take in a trial; the step to try next, by what lies above a straight line with this slope."""
        ends = self.best.above(line), self.other.above(line), trial.above(line)
        is_higher, has_turned = ends[2].value > ends[0].value, ends[2].slope * ends[0].slope < 0
        step = _next_step(*ends, is_bracketed=self.is_bracketed, low=self.low, high=self.high)
        if is_higher:
            self.other = trial
        else:
            self.best, self.other = trial, self.best if has_turned else self.other
        self.is_bracketed = self.is_bracketed or is_higher or has_turned
        best, other = self.best.step, self.other.step
        if not self.is_bracketed:
            self.low, self.high = step + NEAR * (step - best), step + FAR * (step - best)
            return step
        if abs(other - best) >= SHRINK * self.width_before:
            step = best + (other - best) / 2
        self.width_before, self.width = self.width, abs(other - best)
        self.low, self.high = min(best, other), max(best, other)
        return step


def _next_step(
    best: Trial, other: Trial, trial: Trial, *, is_bracketed: bool, low: float, high: float
) -> float:
    """Step to try next: between those tried where they enclose a minimum, else beyond them."""
    cubic = best.step + _share_of_cubic(best, trial) * (trial.step - best.step)
    if trial.value > best.value:  # a minimum lies between the two
        fall = (best.value - trial.value) / (trial.step - best.step) + best.slope
        quadratic = best.step + best.slope / fall / 2 * (trial.step - best.step)
        is_near = abs(cubic - best.step) <= abs(quadratic - best.step)
        return cubic if is_near else cubic + (quadratic - cubic) / 2
    share = _share_of_cubic(trial, best)
    cubic = trial.step + share * (best.step - trial.step)
    if trial.slope * best.slope < 0:  # and here, too
        return _farther(cubic, _secant(trial, best), trial.step)
    if abs(trial.slope) < abs(best.slope):  # the slope fades: a minimum may lie beyond
        if not share < 0:
            cubic = high if trial.step > best.step else low
        secant = _secant(trial, best)
        if not is_bracketed:
            return min(max(_farther(cubic, secant, trial.step), low), high)
        near = cubic if abs(cubic - trial.step) < abs(secant - trial.step) else secant
        limit = trial.step + SHRINK * (other.step - trial.step)
        return min(limit, near) if trial.step > best.step else max(limit, near)
    if is_bracketed:
        return trial.step + _share_of_cubic(trial, other) * (other.step - trial.step)
    return high if trial.step > best.step else low


def _share_of_cubic(a: Trial, b: Trial) -> float:
    """Where between two trials the cubic through both has its minimum; 0 at the first, 1 at the second."""
    theta = 3 * (a.value - b.value) / (b.step - a.step) + a.slope + b.slope
    scale = max(abs(theta), abs(a.slope), abs(b.slope)) or 1.0
    root = scale * math.sqrt(max(0.0, (theta / scale) ** 2 - a.slope / scale * (b.slope / scale)))
    if b.step < a.step:
        root = -root
    divisor = ((root - a.slope) + root) + b.slope
    return ((root - a.slope) + theta) / divisor if divisor else 0.0


def _secant(a: Trial, b: Trial) -> float:
    """Where the slope would be 0 if it changed evenly from one trial to the other."""
    return a.step + a.slope / (a.slope - b.slope) * (b.step - a.step)


def _farther(one: float, other: float, step: float) -> float:
    return one if abs(one - step) > abs(other - step) else other
