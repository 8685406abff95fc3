r"""Back-propagation compared with two estimates that know nothing of it.

Both estimates run the forward pass and the loss alone: central differences with real steps, which any
function allows, and the complex step, which has no cancellation and so sees the last digits.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from chainrule.equations import descend, mean_loss, penalty, sample_losses
from chainrule.errors import InputError
from chainrule.given import check_seed, whole_number_from_1
from chainrule.inspection.check_result import GradientCheck, MethodCheck, WeightPlace
from chainrule.inspection.rounding import ROUNDING, rounding_of
from chainrule.network import (
    Objective,
    as_masks,
    as_pairs,
    as_sample_weight,
    backward,
    check_network,
    own_functions,
)
from chainrule.random_streams import Purpose, permutation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from chainrule.network import Network

__all__ = ["check_gradients"]

Place: TypeAlias = tuple[int, int, int]  # matrix, row, column, counted from 0

MOST_WEIGHTS = 1000  # above this a sample of the weights is compared
DIFFERENCE_STEP = 1e-3  # largest change of a net input: the point where O(h^4) meets eps/h
COMPLEX_STEP = 1e-40
DIFFERENCE_LIMIT = 1e-7
COMPLEX_LIMIT = 1e-12
UPDATE_LIMIT = 1e-7
SMALLEST = float(np.finfo(np.float64).tiny)  # below it, numbers lose digits
UNDERFLOW = SMALLEST / COMPLEX_STEP  # what that does to a complex step
# Share of the difference between one and two steps that their combination may still be wrong by.
TRUNCATION, SIDE_TRUNCATION = 1e-3, 1.0
SHORTER = tuple(8.0**-k for k in range(1, 7))  # shares of the longest step, where that does not agree
NEARBY, MOST_SIGNS = 1e-3, 4  # shares of the longest step that net inputs are moved by, and layers so moved
KINK = 4.0  # times what they may be wrong by, that the slopes of both sides differ where there is a kink


def check_gradients(
    net: Network,
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    *,
    sample_weight: npt.ArrayLike | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    masks: Sequence[npt.ArrayLike] | None = None,
    sample: int = MOST_WEIGHTS,
    seed: int = 0,
) -> GradientCheck:
    r"""Compare back-propagation with central differences and with the complex step.

    Parameters
    ----------
    net : Network
        Any network of this package. It is checked in float64, also where its weights are float32.
    X : array of shape (n_samples, n_inputs)
    Y : array of shape (n_samples, n_outputs)
    sample_weight, l1, l2, masks
        As for `train`: the gradient is that of the whole objective, in the weights that are trained.
    sample : int
        A network with more weights than this is checked in so many of them, drawn by `seed`.
    seed : int

    Returns
    -------
    GradientCheck
        Worst error, relative to the largest gradient of the network and of the layer, and where.

    Raises
    ------
    ShapeError, InputError
        X or Y does not fit the network, or is not finite; or the loss is not.

    Notes
    -----
    Central differences, equation (16), take a step that moves no net input by more than 1e-3; the
    complex step, equation (17), one of 1e-40. A check passes where every error is within the limit
    (1e-7 and 1e-12 of the network's largest gradient) plus what rounding alone explains, which is more than
    that near a minimum and on the flat ends of a sigmoid; for differences, plus a thousandth of what two
    steps change over one. The gradient of a function that is not the one meant, but is right for it, passes:
    a check compares the two passes of a network with each other. Cost: five forward passes over all samples
    for each weight.

    Where they do not agree, the step of the differences is shortened, down to 4e-9, and that one counts at
    which one step and two, and both sides, agree best with each other: it is too short to cross a kink. Where
    a sample stands at a kink of an activation, of the loss or of the penalty `l1`, or too near to step around
    it, anything between the slopes of both sides is right. Nothing need be known of where kinks are, so that
    functions of the user's own may have them. They are checked by differences alone: only their author knows
    whether they take complex numbers.

    References
    ----------
    Martins, Sturdza & Alonso (2003), The complex-step derivative approximation, ACM TOMS 29.

    Examples
    --------
    >>> from chainrule import Network, check_gradients
    >>> net = Network.random((2, 2, 2), seed=3)
    >>> check = check_gradients(net, [[0.05, 0.10]], [[0.01, 0.99]])
    >>> check.n_checked, check.differences.relative_to_network < 1e-7
    (12, True)
    """
    check_network(net)
    net = net.with_weights([w.astype(np.float64) for w in net.weights])
    samples, targets = as_pairs(net, X, Y)
    weight = as_sample_weight(sample_weight, len(samples), net.dtype)
    objective = Objective(net.activations, net.loss, l1, l2, as_masks(masks, net))
    # An overflow is no news of its own: what it leads to is not finite, and so fails the check.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _Comparison(net, objective, samples, targets, weight).result(
            whole_number_from_1(sample, "sample"), check_seed(seed)
        )


class _Estimate(NamedTuple):
    """An estimate of one gradient, and what it may be wrong by on its own."""

    value: float
    noise: float


class _Outcome(NamedTuple):
    """What the network comes to with one weight replaced."""

    losses: npt.NDArray[Any]  # of each sample, times its weight
    added: Any  # penalty of that weight
    noise: float  # bound on what rounding does to the objective


class _Slopes(NamedTuple):
    """Slopes of the objective around a weight over one step and over two, and what rounding does to one."""

    below: tuple[float, float]
    above: tuple[float, float]
    noise: float

    @property
    def central(self) -> tuple[float, float]:
        """Central differences over one step and over two."""
        return (self.below[0] + self.above[0]) / 2, (self.below[1] + self.above[1]) / 2

    @property
    def change(self) -> float:
        """How far both are apart: a kink between their ends parts them, curvature hardly does."""
        one, two = self.central
        return abs(two - one)

    @property
    def doubt(self) -> float:
        """How little they agree with themselves: 0 but for rounding where the objective is a parabola.

        Kinks on both sides may leave central differences as they are, but not both sides.
        """
        apart = [above - below for below, above in zip(self.below, self.above, strict=True)]
        return self.change + abs(apart[1] - 2 * apart[0]) + self.noise

    @property
    def estimate(self) -> _Estimate:
        """Both combined, equation (16); wrong by rounding, and by some of what parts them."""
        one, two = self.central
        return _Estimate((4 * one - two) / 3, 2 * self.noise + TRUNCATION * self.change)

    def side(self, slopes: tuple[float, float]) -> _Estimate:
        """Slope on one side alone, both steps combined; wrong by some of what parts them."""
        one, two = slopes
        return _Estimate(2 * one - two, 4 * self.noise + SIDE_TRUNCATION * abs(two - one))


class _Comparison:
    """One objective on one batch: its gradients, and both estimates of any of them."""

    def __init__(
        self,
        net: Network,
        objective: Objective,
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        sample_weight: npt.NDArray[Any] | None,
    ) -> None:
        self.net, self.objective, self.X, self.Y = net, objective, X, Y
        self.sample_weight = sample_weight
        passed = net.forward(X)
        self.before = (X, *passed.a[:-1])
        deltas = backward(net.weights, net.activations, net.loss, passed, Y, sample_weight=sample_weight)
        losses, self.gradients = objective.losses_and_gradients(net.weights, X, Y, sample_weight)
        self.rounding = rounding_of(net, X, Y, passed, deltas, sample_weight)
        _check_loss(float(mean_loss(losses)))
        self.largest_of_layer = [float(np.max(np.abs(g))) for g in self.gradients]
        self.largest = float(np.max(self.largest_of_layer))
        self.is_own = own_functions(net)
        self.shifts: list[float] = []  # of the net inputs of layers, from that of the weight on

    def result(self, sample: int, seed: int) -> GradientCheck:
        """Both methods over the chosen weights, and the update."""
        places = self.chosen(sample, seed)
        differences = self.compared(places, self.by_differences(places), DIFFERENCE_LIMIT)
        complex_step, update_error, update_limit = None, 0.0, UPDATE_LIMIT
        if not self.is_own:
            complex_step = self.compared(places, self.by_complex_step(places), COMPLEX_LIMIT)
            update_error, update_limit = self.update_error()
        return GradientCheck(
            network=repr(self.net),
            n_samples=len(self.X),
            n_weights=sum(w.size for w in self.net.weights),
            n_checked=len(places),
            largest_gradient=self.largest,
            differences=differences,
            complex_step=complex_step,
            update_error=update_error,
            update_limit=update_limit,
            passed=differences.passed
            and (complex_step is None or complex_step.passed)
            and update_error <= update_limit,
        )

    def chosen(self, sample: int, seed: int) -> list[Place]:
        """Places (matrix, row, column), counted from 0: all of them, or a sample in their order."""
        sizes = [w.size for w in self.net.weights]
        total = sum(sizes)
        order = permutation(total, seed=seed, purpose=Purpose.SAMPLE) if total > sample else np.arange(total)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        places = []
        for flat in np.sort(order[:sample]):
            m = int(np.searchsorted(starts, flat, side="right")) - 1
            k, j = divmod(int(flat - starts[m]), self.net.weights[m].shape[1])
            places.append((m, k, j))
        masks = self.objective.masks
        return places if masks is None else [(m, k, j) for m, k, j in places if masks[m][k, j]]

    def outputs_with(self, m: int, k: int, j: int, value: complex) -> tuple[npt.NDArray[Any], Any, Any]:
        """Net inputs and outputs for every sample with one weight replaced, and the penalty of that weight.

        Equation (2) is written out again, so that a bias unit that is not 1 shows: the passes share it.
        Layers before it are as they were.
        """
        changed = self.net.weights[m].astype(type(value))
        changed[k, j] = value
        a: npt.NDArray[Any] = self.before[m]
        weights, shifts = (changed, *self.net.weights[m + 1 :]), [*self.shifts, *[0.0] * len(self.before)]
        for w, g, shift in zip(weights, self.net.activations[m:], shifts, strict=False):
            z = w[:, 0] + a @ w[:, 1:].T + shift
            a = g.forward(z)
        single = np.zeros_like(changed)
        single[k, j] = value
        return z, a, penalty(single, l1=self.objective.l1, l2=self.objective.l2)

    def by_differences(self, places: list[Place]) -> list[_Estimate]:
        """Central differences, of which back-propagation need agree with those that agree with themselves."""
        return [self.by_difference(*place) for place in places]

    def by_difference(self, m: int, k: int, j: int) -> _Estimate:
        """Slope in one weight over the longest step, or over that at which one step and two agree best.

        Where a sample is at a kink, or too near to step around it, the nearest number between the slopes of
        both sides.
        """
        longest = self.step_of_differences(m, k, j)
        first = self.slopes(m, k, j, longest)
        if self.agrees(m, k, j, first.estimate):
            return first.estimate
        steps = [first, *(self.slopes(m, k, j, longest * share) for share in SHORTER)]
        best = min(steps, key=lambda one: one.doubt).estimate
        return best if self.agrees(m, k, j, best) else self.between_sides(m, k, j, best, steps)

    def agrees(self, m: int, k: int, j: int, estimate: _Estimate) -> bool:
        """Whether back-propagation is as near to an estimate as both can be."""
        found = float(self.gradients[m][k, j])
        return abs(estimate.value - found) <= self.allowed((m, k, j), estimate, DIFFERENCE_LIMIT)

    def between_sides(self, m: int, k: int, j: int, central: _Estimate, steps: list[_Slopes]) -> _Estimate:
        """Number between the slopes of both sides that is nearest to back-propagation's.

        The central estimate where both sides have one slope, and so no kink is between them.
        """
        below = min((one.side(one.below) for one in steps), key=lambda side: side.noise)
        above = min((one.side(one.above) for one in steps), key=lambda side: side.noise)
        noise = below.noise + above.noise
        if abs(above.value - below.value) <= KINK * noise:
            return central
        nearest = self.nearest(m, k, j, [below, above])
        if self.agrees(m, k, j, nearest):
            return nearest
        return self.nearest(m, k, j, [below, above, *self.slopes_nearby(m, k, j)])

    def nearest(self, m: int, k: int, j: int, slopes: list[_Estimate]) -> _Estimate:
        """Number between some slopes that is nearest to back-propagation's."""
        found, values = float(self.gradients[m][k, j]), [slope.value for slope in slopes]
        return _Estimate(min(max(found, min(values)), max(values)), max(slope.noise for slope in slopes))

    def slopes_nearby(self, m: int, k: int, j: int) -> Iterator[_Estimate]:
        """Slopes with the net inputs of each layer moved a little, the later the further, either way.

        Where units of several layers stand at a kink at once, as all do for inputs of 0 without bias weights,
        a slope of each unit that is right may come to more than either side of the weight has.
        """
        h, n_layers = NEARBY / 64 * self.step_of_differences(m, k, j), len(self.net.weights) - m
        for signs in itertools.product((-1, 1), repeat=min(n_layers, MOST_SIGNS)):
            self.shifts = [sign * NEARBY * DIFFERENCE_STEP * 8**layer for layer, sign in enumerate(signs)]
            slopes = self.slopes(m, k, j, h)
            yield _Estimate(slopes.central[0], slopes.noise + TRUNCATION * self.largest)
        self.shifts = []

    def step_of_differences(self, m: int, k: int, j: int) -> float:
        """Step that moves no net input by more than DIFFERENCE_STEP, and the weight by a few digits."""
        largest_input = float(np.max(np.abs(self.before[m][:, j - 1]))) if j else 1.0
        fewest_digits = 8 * float(np.spacing(abs(self.net.weights[m][k, j])))
        return max(DIFFERENCE_STEP / max(1.0, largest_input), fewest_digits)

    def slopes(self, m: int, k: int, j: int, h: float) -> _Slopes:
        """Slopes over steps of h and 2h to both sides of a weight."""
        w = float(self.net.weights[m][k, j])
        values = (w - 2 * h, w - h, w, w + h, w + 2 * h)
        far_below, below, here, above, far_above = (self.outcome(m, k, j, value) for value in values)

        def slope(lower: _Outcome, upper: _Outcome, step: float) -> float:
            change = float(mean_loss(upper.losses - lower.losses))  # differences come before the mean
            return (change + float(upper.added) - float(lower.added)) / step if step else math.nan

        left = (
            slope(below, here, values[2] - values[1]),
            slope(far_below, here, values[2] - values[0]),
        )
        right = (
            slope(here, above, values[3] - values[2]),
            slope(here, far_above, values[4] - values[2]),
        )
        noise = max(one.noise for one in (far_below, below, above, far_above))
        return _Slopes(left, right, 2 * noise / (values[3] - values[1]))

    def outcome(self, m: int, k: int, j: int, value: float) -> _Outcome:
        """Losses with one weight replaced, and what rounding does to them."""
        z, a, added = self.outputs_with(m, k, j, value)
        losses, of_z, of_a = self.losses(z, a), self.rounding.net_inputs, self.rounding.outputs
        up, down = (np.abs(self.losses(z + s * of_z, a + s * of_a) - losses) for s in (1, -1))
        of_losses = float(np.mean(np.maximum(up, down) + ROUNDING * np.abs(losses)))
        return _Outcome(losses, added, of_losses + ROUNDING * abs(float(added)) + SMALLEST)

    def losses(self, z: npt.NDArray[Any], a: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Loss of each sample times its weight."""
        losses: npt.NDArray[Any] = sample_losses(self.net.loss, z, a, self.Y, self.net.activations[-1])
        return losses if self.sample_weight is None else losses * self.sample_weight

    def by_complex_step(self, places: list[Place]) -> list[_Estimate]:
        """Imaginary part of the mean loss a tiny imaginary step away, equation (17)."""
        estimates = []
        for m, k, j in places:
            z, a, added = self.outputs_with(m, k, j, complex(self.net.weights[m][k, j], COMPLEX_STEP))
            loss = mean_loss(self.losses(z, a)) + added
            slope = float(loss.imag) / COMPLEX_STEP
            estimates.append(_Estimate(slope, UNDERFLOW))
        return estimates

    def allowed(self, place: Place, estimate: _Estimate, limit: float) -> float:
        """How far an estimate may be from back-propagation."""
        m, k, j = place
        return limit * self.largest + float(self.rounding.gradients[m][k, j]) + estimate.noise

    def compared(self, places: list[Place], estimates: list[_Estimate], limit: float) -> MethodCheck:
        """Errors of one method over all places, and the worst of them."""
        found = [float(self.gradients[m][k, j]) for m, k, j in places]
        errors = [abs(e.value - g) for e, g in zip(estimates, found, strict=True)]
        of_layer = [_share(e, self.largest_of_layer[m]) for e, (m, _, _) in zip(errors, places, strict=True)]
        allowed = [self.allowed(place, e, limit) for place, e in zip(places, estimates, strict=True)]
        # NaN fails every comparison with <=, so that a NaN anywhere fails the check; infinity is no bound.
        passed = all(e <= most < math.inf for e, most in zip(errors, allowed, strict=True))
        worst = int(np.argmax(errors))
        m, k, j = places[worst]
        return MethodCheck(
            relative_to_network=_share(errors[worst], self.largest),
            relative_to_layer=float(np.max(of_layer)),
            limit=limit,
            worst=WeightPlace(matrix=m + 1, unit=k + 1, source=j),
            gradient=found[worst],
            estimate=estimates[worst].value,
            passed=passed,
        )

    def update_error(self) -> tuple[float, float]:
        """Relative error of the slope of the loss along the update, and its limit: equation (8), checked.

        Along ``W - rate * G`` the loss has the slope ``-|G|²`` at rate 0; a step with an imaginary rate
        takes it from the update rule itself. Here it is divided by ``|G|``, which does not underflow.
        """
        if self.largest == 0:
            return 0.0, UPDATE_LIMIT
        length = self.largest * _length([g / self.largest for g in self.gradients])
        rate = complex(0, COMPLEX_STEP / length)  # moves the weights by the tiny step
        moved = [descend(w, g, rate) for w, g in zip(self.net.weights, self.gradients, strict=True)]
        value = self.objective.value(moved, self.X, self.Y, self.sample_weight)
        slope = float(value.imag) / COMPLEX_STEP
        noise = _length(self.rounding.gradients) + UNDERFLOW
        return abs(slope + length) / length, UPDATE_LIMIT + noise / length


def _check_loss(loss: float) -> None:
    """Refuse a loss that overflows, of which there is no gradient to compare."""
    if not math.isfinite(loss):
        raise InputError(
            f"The loss of the network on these samples is {loss}",
            given=loss,
            needs="must be finite",
            advice="Standardise X and Y, or check smaller weights.",
        )


def _length(arrays: Sequence[npt.NDArray[Any]]) -> float:
    """Length of all numbers together, as one vector."""
    return math.sqrt(math.fsum(float(np.sum(array * array)) for array in arrays))


def _share(error: float, of: float) -> float:
    """Error as a share of a size; 0 where there is no error."""
    return 0.0 if error == 0 else error / of if of else math.inf
