r"""Back-propagation compared with two estimates that know nothing of it.

Both estimates run the forward pass and the loss alone: central differences with real steps, which any
function allows, and the complex step, which has no cancellation and so sees the last digits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from chainrule.equations import descend, mean_loss, penalty, sample_losses
from chainrule.errors import InputError
from chainrule.given import check_seed, whole_number_from_1
from chainrule.inspection.check_result import GradientCheck, MethodCheck, WeightPlace
from chainrule.inspection.kinks import sides_of_kinks, sides_of_loss, sides_of_penalty
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
    from collections.abc import Sequence

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
TRUNCATION = 1e-3
SHORTENINGS = (1.0, 0.1, 0.01, 0.001)  # of a step that crosses a kink
LEFT_OUT = float(np.finfo(np.float64).max) / 8  # noise of an estimate that tells nothing


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

    Where an activation, a loss or the penalty `l1` has a kink, the step of the differences is shortened until
    no sample crosses one; a weight for which a thousandth of it still does is left to the complex step. An
    activation or a loss of the user's own is checked by differences alone: only its author knows whether it
    takes complex numbers.

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


class _Outputs(NamedTuple):
    """What the network gives for every sample with one weight replaced."""

    z: npt.NDArray[Any]
    a: npt.NDArray[Any]
    added: Any  # penalty of that weight
    sides: tuple[npt.NDArray[np.bool_] | None, ...]


def _same(
    sides: tuple[npt.NDArray[np.bool_] | None, ...], others: tuple[npt.NDArray[np.bool_] | None, ...]
) -> bool:
    """Whether every sample is on the same side of every kink."""
    return all(a is None or b is None or np.array_equal(a, b) for a, b in zip(sides, others, strict=True))


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

    def outputs_with(self, m: int, k: int, j: int, value: complex) -> _Outputs:
        """Outputs for every sample with one weight replaced; layers before it are as they were.

        Equation (2) is written out again, so that a bias unit that is not 1 shows: the passes share it.
        """
        changed = self.net.weights[m].astype(type(value))
        changed[k, j] = value
        a: npt.NDArray[Any] = self.before[m]
        sides = []
        for w, g in zip((changed, *self.net.weights[m + 1 :]), self.net.activations[m:], strict=True):
            z = w[:, 0] + a @ w[:, 1:].T
            a = g.forward(z)
            sides.append(sides_of_kinks(g, z))
        single = np.zeros_like(changed)
        single[k, j] = value
        added = penalty(single, l1=self.objective.l1, l2=self.objective.l2)
        side = sides_of_penalty(single[:, 1:], self.objective.l1)
        return _Outputs(z, a, added, (*sides, sides_of_loss(self.net.loss, a, self.Y), side))

    def by_differences(self, places: list[Place]) -> list[_Estimate]:
        """Central differences over one and two steps, combined, equation (16)."""
        pairs = [self.two_differences(*place) for place in places]
        changes = [abs(two.value - one.value) for one, two in pairs if math.isfinite(one.noise)]
        truncation = TRUNCATION * float(np.max(changes, initial=0.0))
        return [
            _Estimate((4 * one.value - two.value) / 3, (4 * one.noise + two.noise) / 3 + truncation)
            for one, two in pairs
        ]

    def two_differences(self, m: int, k: int, j: int) -> tuple[_Estimate, _Estimate]:
        """Differences over one and two steps, so short that no sample crosses a kink.

        Where one always does, back-propagation's own value, which tells nothing.
        """
        w, longest = float(self.net.weights[m][k, j]), self.step_of_differences(m, k, j)
        for shortening in SHORTENINGS:
            h = longest * shortening
            around = [self.outputs_with(m, k, j, value) for value in (w - 2 * h, w - h, w + h, w + 2 * h)]
            sides = self.outputs_with(m, k, j, w).sides
            if all(_same(outputs.sides, sides) for outputs in around):
                far_below, below, above, far_above = around
                one = self.difference(below, above, (w + h) - (w - h))
                return one, self.difference(far_below, far_above, (w + 2 * h) - (w - 2 * h))
        nothing = _Estimate(float(self.gradients[m][k, j]), LEFT_OUT)
        return nothing, nothing

    def step_of_differences(self, m: int, k: int, j: int) -> float:
        """Step that moves no net input by more than DIFFERENCE_STEP, and the weight by a few digits."""
        largest_input = float(np.max(np.abs(self.before[m][:, j - 1]))) if j else 1.0
        fewest_digits = 8 * float(np.spacing(abs(self.net.weights[m][k, j])))
        return max(DIFFERENCE_STEP / max(1.0, largest_input), fewest_digits)

    def difference(self, below: _Outputs, above: _Outputs, step: float) -> _Estimate:
        """Slope of the objective between two values of a weight; differences come before the mean."""
        change = self.losses(above.z, above.a) - self.losses(below.z, below.a)
        slope = (float(mean_loss(change)) + float(above.added) - float(below.added)) / step
        return _Estimate(slope, (self.noise_of_loss(above) + self.noise_of_loss(below)) / step)

    def losses(self, z: npt.NDArray[Any], a: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Loss of each sample times its weight."""
        losses: npt.NDArray[Any] = sample_losses(self.net.loss, z, a, self.Y, self.net.activations[-1])
        return losses if self.sample_weight is None else losses * self.sample_weight

    def noise_of_loss(self, outputs: _Outputs) -> float:
        """Bound on what rounding of the outputs, and of the loss itself, does to the objective."""
        of_z, of_a = self.rounding.net_inputs, self.rounding.outputs
        here = self.losses(outputs.z, outputs.a)
        up, down = (np.abs(self.losses(outputs.z + s * of_z, outputs.a + s * of_a) - here) for s in (1, -1))
        of_losses = float(np.mean(np.maximum(up, down) + ROUNDING * np.abs(here)))
        return of_losses + ROUNDING * abs(float(outputs.added)) + SMALLEST

    def by_complex_step(self, places: list[Place]) -> list[_Estimate]:
        """Imaginary part of the mean loss a tiny imaginary step away, equation (17)."""
        estimates = []
        for m, k, j in places:
            outputs = self.outputs_with(m, k, j, complex(self.net.weights[m][k, j], COMPLEX_STEP))
            loss = mean_loss(self.losses(outputs.z, outputs.a)) + outputs.added
            slope = float(loss.imag) / COMPLEX_STEP
            estimates.append(_Estimate(slope, UNDERFLOW))
        return estimates

    def compared(self, places: list[Place], estimates: list[_Estimate], limit: float) -> MethodCheck:
        """Errors of one method over all places, and the worst of them."""
        found = [float(self.gradients[m][k, j]) for m, k, j in places]
        errors = [abs(e.value - g) for e, g in zip(estimates, found, strict=True)]
        of_layer = [_share(e, self.largest_of_layer[m]) for e, (m, _, _) in zip(errors, places, strict=True)]
        allowed = [
            limit * self.largest + float(self.rounding.gradients[m][k, j]) + estimate.noise
            for (m, k, j), estimate in zip(places, estimates, strict=True)
        ]
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
        message = (
            f"The loss of the network on these samples is {loss} but must be finite. "
            "Standardise X and Y, or check smaller weights."
        )
        raise InputError(message)


def _length(arrays: Sequence[npt.NDArray[Any]]) -> float:
    """Length of all numbers together, as one vector."""
    return math.sqrt(math.fsum(float(np.sum(array * array)) for array in arrays))


def _share(error: float, of: float) -> float:
    """Error as a share of a size; 0 where there is no error."""
    return 0.0 if error == 0 else error / of if of else math.inf
