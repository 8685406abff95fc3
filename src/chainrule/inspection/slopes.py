"""Slopes of functions that nothing is known of: over steps of a ladder, and on both sides of a place.

They are of many numbers at once, each of which is judged by itself: the step that crosses a kink of one
sample may be the best for the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from chainrule.equations import Dense, sample_losses, sample_magnitudes
from chainrule.inspection.layer_bounds import interval_of_inputs
from chainrule.inspection.rounding import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from chainrule.network import ForwardPass, Network

    Numbers: TypeAlias = npt.NDArray[Any]

__all__ = [
    "DIFFERENCE_STEP",
    "SHORTER",
    "Estimates",
    "Outcome",
    "Sides",
    "Slopes",
    "best_of",
    "bounds_on_slopes",
    "sides_of",
    "slopes_between",
]

DIFFERENCE_STEP = 1e-3  # largest change of a net input: the point where O(h^4) meets eps/h
SHORTER = tuple(8.0**-k for k in range(1, 7))  # shares of the longest step, where that does not agree
KINK = 4.0  # times what they may be wrong by, that the slopes of both sides differ where there is a kink


class Outcome(NamedTuple):
    """What functions come to at one place, and what rounding does to it."""

    values: Numbers
    noise: Numbers


class Estimates(NamedTuple):
    """Estimates of slopes, and what each may be wrong by on its own."""

    values: Numbers
    noise: Numbers


class Slopes(NamedTuple):
    """Slopes on both sides of a place over one step and over two, and what rounding does to one."""

    below: tuple[Numbers, Numbers]
    above: tuple[Numbers, Numbers]
    noise: Numbers

    @property
    def central(self) -> Estimates:
        """Central differences over one step and two combined, equation (16); wrong by rounding alone."""
        one, two = self._both()
        return Estimates((4 * one - two) / 3, 2 * self.noise)

    @property
    def careful(self) -> Estimates:
        """The same; wrong by no more than what parts both steps, too: by most of it if a curvature jumps."""
        one, two = self._both()
        return Estimates(self.central.values, 2 * self.noise + np.abs(two - one))

    @property
    def doubt(self) -> Numbers:
        """How little they agree with themselves: 0 but for rounding where the function is a parabola.

        Kinks on both sides may leave central differences as they are, but not both sides.
        """
        one, two = self._both()
        apart = [above - below for below, above in zip(self.below, self.above, strict=True)]
        doubt: Numbers = np.abs(two - one) + np.abs(apart[1] - 2 * apart[0]) + self.noise
        return doubt

    def sides(self) -> list[Estimates]:
        """Slope on each side alone, both steps combined; wrong by what parts them."""
        return [
            Estimates(2 * one - two, 4 * self.noise + np.abs(two - one))
            for one, two in (self.below, self.above)
        ]

    def _both(self) -> tuple[Numbers, Numbers]:
        one, two = ((below + above) / 2 for below, above in zip(self.below, self.above, strict=True))
        return one, two


class Sides(NamedTuple):
    """Bounds on right slopes, what they may be wrong by, and where there is a kink between them."""

    lower: Numbers
    upper: Numbers
    noise: Numbers
    at_kink: npt.NDArray[np.bool_]


def slopes_between(places: Sequence[Any], outcomes: Sequence[Outcome]) -> Slopes:
    """Slopes from outcomes at five places: two steps below, one, here, one above and two."""

    def slope(lower: int, upper: int) -> Numbers:
        step = places[upper] - places[lower]
        change: Numbers = outcomes[upper].values - outcomes[lower].values
        return change / np.where(step == 0, np.nan, step)

    noise = np.maximum.reduce([outcome.noise for outcome in outcomes])
    return Slopes((slope(1, 2), slope(0, 2)), (slope(2, 3), slope(2, 4)), 2 * noise / (places[3] - places[1]))


def best_of(steps: Sequence[Slopes]) -> Estimates:
    """For each number the central estimate of the step that agrees best with itself."""
    return _least([one.careful for one in steps], [one.doubt for one in steps])


def sides_of(steps: Sequence[Slopes]) -> Sides:
    """For each number the slopes of both sides, each over the step at which it is known best."""
    both = zip(*(one.sides() for one in steps), strict=True)
    below, above = (_least(list(side), [one.noise for one in side]) for side in both)
    noise = below.noise + above.noise
    lower, upper = np.minimum(below.values, above.values), np.maximum(below.values, above.values)
    return Sides(lower, upper, noise, upper - lower > KINK * noise)


def _least(estimates: Sequence[Estimates], doubts: Sequence[Numbers]) -> Estimates:
    """For each number the estimate of least doubt; one that is not a number is none."""
    doubt = np.stack(doubts)
    best = np.argmin(np.where(np.isnan(doubt), np.inf, doubt), axis=0)[np.newaxis]
    values, noise = (
        np.take_along_axis(np.stack(field), best, axis=0)[0] for field in zip(*estimates, strict=True)
    )
    return Estimates(values, noise)


def bounds_on_slopes(net: Network, passed: ForwardPass, Y: Numbers) -> list[tuple[Numbers, Numbers]]:
    """Bounds on right slopes of each sample's loss in every net input, carried back from layer to layer.

    Where a unit is at a kink, any slope between those of its two sides is right, and with it whatever comes
    of such slopes in several layers at once. Elsewhere both bounds are one number.

    Returns
    -------
    list of (lower, upper), arrays of shape (n_samples, n_units), one for each layer
    """
    g = net.activations[-1]

    def of_samples(function: Callable[..., Numbers]) -> Callable[[Numbers], Numbers]:
        return lambda z: function(net.loss, z, g.forward(z), Y, g)[:, np.newaxis]

    bounds = [
        _stacked(
            [
                _sides_in_unit(of_samples(sample_losses), of_samples(sample_magnitudes), passed.z[-1], k)
                for k in range(passed.z[-1].shape[1])
            ]
        )
    ]
    for m in range(len(net.weights) - 2, -1, -1):
        layer, w = net.layers[m + 1], net.weights[m + 1]
        if type(layer) is Dense:
            upstream = _product_of(bounds[0], w[:, 1:])
        else:
            upstream = interval_of_inputs(layer, w, passed.a[m], bounds[0])
        forward, z = net.activations[m].forward, passed.z[m]
        units = [_sides_in_unit(forward, _size_of(forward), z, k) for k in range(z.shape[1])]
        bounds.insert(0, _stacked([_between(sides, upstream) for sides in units]))
    return bounds


def _size_of(function: Callable[[Numbers], Numbers]) -> Callable[[Numbers], Numbers]:
    return lambda z: np.abs(function(z))


def _sides_in_unit(
    function: Callable[[Numbers], Numbers], magnitude: Callable[[Numbers], Numbers], z: Numbers, k: int
) -> tuple[Numbers, Numbers]:
    """Bounds on the slopes of a function of net inputs in those of one unit; one number where no kink is.

    The magnitude is what rounding of the function is a share of.
    """
    step = np.maximum(DIFFERENCE_STEP, 8 * np.spacing(np.abs(z[:, k])))

    def at(place: Numbers) -> Outcome:
        moved = z.copy()
        moved[:, k] = place[:, 0]
        values = function(moved)
        return Outcome(values, np.where(values == here, 0, ROUNDING * magnitude(moved)))

    here = function(z)
    steps = []
    for share in (1.0, *SHORTER):
        h = share * step
        places = [(z[:, k] + i * h)[:, np.newaxis] for i in (-2, -1, 0, 1, 2)]
        steps.append(slopes_between(places, [at(place) for place in places]))
    sides, best = sides_of(steps), best_of(steps).values
    return (
        np.where(sides.at_kink, sides.lower - sides.noise, best),
        np.where(sides.at_kink, sides.upper + sides.noise, best),
    )


def _between(one: tuple[Numbers, Numbers], other: tuple[Numbers, Numbers]) -> tuple[Numbers, Numbers]:
    """Bounds on the sum over a row of products of two numbers that are each between bounds."""
    products = [a * b for a in one for b in other]
    return (
        np.sum(np.minimum.reduce(products), axis=1, keepdims=True),
        np.sum(np.maximum.reduce(products), axis=1, keepdims=True),
    )


def _product_of(bounds: tuple[Numbers, Numbers], w: Numbers) -> tuple[Numbers, Numbers]:
    """Bounds on the matrix product of numbers between bounds with weights."""
    lower, upper = bounds
    up, down = np.maximum(w, 0), np.minimum(w, 0)
    return lower @ up + upper @ down, upper @ up + lower @ down


def _stacked(columns: list[tuple[Numbers, Numbers]]) -> tuple[Numbers, Numbers]:
    """Bounds for all units from those for each."""
    lower, upper = (np.concatenate(side, axis=1) for side in zip(*columns, strict=True))
    return lower, upper
