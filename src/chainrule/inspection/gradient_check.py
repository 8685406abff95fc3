r"""Back-propagation compared with two estimates that know nothing of it.

Both estimates run the forward pass and the loss alone: central differences with real steps, which any
function allows, and the complex step, which has no cancellation and so sees the last digits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from chainrule.equations import descend, mean_loss, with_bias_unit
from chainrule.inspection.check_result import GradientCheck, MethodCheck, WeightPlace
from chainrule.network import as_pairs, backward, forward, gradients, loss_over_rows
from chainrule.random_streams import Purpose, permutation
from chainrule.training.settings import whole_number_from_1

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
EPSILON = float(np.finfo(np.float64).eps)


def check_gradients(
    net: Network, X: npt.ArrayLike, Y: npt.ArrayLike, *, sample: int = MOST_WEIGHTS, seed: int = 0
) -> GradientCheck:
    r"""Compare back-propagation with central differences and with the complex step.

    Parameters
    ----------
    net : Network
        Any network of this package. It is checked in float64, also where its weights are float32.
    X : array of shape (n_samples, n_inputs)
    Y : array of shape (n_samples, n_outputs)
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
        X or Y does not fit the network, or is not finite.

    Notes
    -----
    Central differences, equation (16), take a step that moves no net input by more than 1e-3; the
    complex step, equation (17), one of 1e-40. A check passes where every error is within the limit
    (1e-7 and 1e-12 of the network's largest gradient) plus what rounding alone explains: of the loss,
    divided by the step, for differences; of the sum over samples, which may cancel near a minimum, for the
    complex step. Cost: six forward passes over all samples for each weight.

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
    net = net.with_weights([w.astype(np.float64) for w in net.weights])
    samples, targets = as_pairs(X, Y, net.sizes, net.dtype)
    return _Comparison(net, samples, targets).result(whole_number_from_1(sample, "sample"), seed)


class _Comparison:
    """One network on one batch: its gradients, and both estimates of any of them."""

    def __init__(self, net: Network, X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> None:
        self.net, self.X, self.Y = net, X, Y
        passed = net.forward(X)
        self.before = (X, *passed.a[:-1])
        self.deltas = backward(net.weights, net.activations, net.loss, passed, Y)
        self.gradients = gradients(X, passed, self.deltas)
        self.loss = float(mean_loss(net.loss.value(passed.a[-1], Y)))
        self.largest_of_layer = [float(np.max(np.abs(g))) for g in self.gradients]
        self.largest = max(self.largest_of_layer)

    def result(self, sample: int, seed: int) -> GradientCheck:
        """Both methods over the chosen weights, and the update."""
        places = self.chosen(sample, seed)
        differences = self.compared(places, self.by_differences, DIFFERENCE_LIMIT, self.noise_of_differences)
        complex_step = self.compared(places, self.by_complex_step, COMPLEX_LIMIT, self.noise_of_sums)
        update_error = self.update_error()
        return GradientCheck(
            network=repr(self.net),
            n_samples=len(self.X),
            n_weights=sum(w.size for w in self.net.weights),
            n_checked=len(places),
            largest_gradient=self.largest,
            differences=differences,
            complex_step=complex_step,
            update_error=update_error,
            update_limit=UPDATE_LIMIT,
            passed=differences.passed and complex_step.passed and update_error <= UPDATE_LIMIT,
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
        return places

    def losses_with(self, m: int, k: int, j: int, value: complex) -> npt.NDArray[Any]:
        """Loss of every sample with one weight replaced; layers before it are as they were."""
        changed = self.net.weights[m].astype(type(value))
        changed[k, j] = value
        weights: Sequence[npt.NDArray[Any]] = (changed, *self.net.weights[m + 1 :])
        activations = self.net.activations[m:]
        losses: npt.NDArray[Any] = loss_over_rows(weights, activations, self.net.loss, self.before[m], self.Y)
        return losses

    def step_of_differences(self, m: int, j: int) -> float:
        """Step that moves no net input by more than DIFFERENCE_STEP."""
        largest_input = float(np.max(np.abs(self.before[m][:, j - 1]))) if j else 1.0
        return DIFFERENCE_STEP / max(1.0, largest_input)

    def by_differences(self, m: int, k: int, j: int) -> float:
        """Central differences over one and two steps, combined, equation (16)."""
        w, h = float(self.net.weights[m][k, j]), self.step_of_differences(m, j)
        one, two = (self.difference(m, k, j, w - step, w + step) for step in (h, 2 * h))
        return (4 * one - two) / 3

    def difference(self, m: int, k: int, j: int, low: float, high: float) -> float:
        """Slope of the mean loss between two values of a weight; differences come before the mean."""
        change = self.losses_with(m, k, j, high) - self.losses_with(m, k, j, low)
        return float(mean_loss(change)) / (high - low)

    def by_complex_step(self, m: int, k: int, j: int) -> float:
        """Imaginary part of the mean loss a tiny imaginary step away, equation (17)."""
        value = complex(self.net.weights[m][k, j], COMPLEX_STEP)
        return float(mean_loss(self.losses_with(m, k, j, value)).imag) / COMPLEX_STEP

    def noise_of_differences(self, m: int, j: int) -> float:
        """Bound on what rounding of the loss does to central differences."""
        return 8 * EPSILON * self.loss / self.step_of_differences(m, j)

    def noise_of_sums(self, m: int, j: int) -> float:
        """Bound on what rounding does to a sum over samples that cancels."""
        column = with_bias_unit(self.before[m])[:, j]
        return 64 * EPSILON * float(np.max(np.abs(self.deltas[m]).T @ np.abs(column))) / len(self.X)

    def compared(
        self,
        places: list[Place],
        estimate: Callable[[int, int, int], float],
        limit: float,
        noise: Callable[[int, int], float],
    ) -> MethodCheck:
        """Errors of one method over all places, and the worst of them."""
        estimates = [estimate(*place) for place in places]
        found = [float(self.gradients[m][k, j]) for m, k, j in places]
        errors = [abs(e - g) for e, g in zip(estimates, found, strict=True)]
        of_layer = [_share(e, self.largest_of_layer[m]) for e, (m, _, _) in zip(errors, places, strict=True)]
        # NaN fails every comparison with <=, so that a NaN anywhere fails the check.
        passed = all(
            e <= limit * self.largest + noise(m, j) for e, (m, _, j) in zip(errors, places, strict=True)
        )
        worst = int(np.argmax(errors))
        m, k, j = places[worst]
        return MethodCheck(
            relative_to_network=_share(errors[worst], self.largest),
            relative_to_layer=float(np.max(of_layer)),
            limit=limit,
            worst=WeightPlace(matrix=m + 1, unit=k + 1, source=j),
            gradient=found[worst],
            estimate=estimates[worst],
            passed=passed,
        )

    def update_error(self) -> float:
        """Relative error of the slope of the loss along the update: equation (8) with an imaginary rate.

        Along ``W - rate * G`` the loss has the slope ``-|G|²`` at rate 0; the complex step takes it from
        the update rule itself.
        """
        squared_length = math.fsum(float(np.sum(g * g)) for g in self.gradients)
        if squared_length == 0:
            return 0.0
        # A rate that moves the weights by the tiny step, whatever the size of the gradient.
        rate = COMPLEX_STEP / math.sqrt(squared_length)
        moved = [
            descend(w, g, complex(0, rate)) for w, g in zip(self.net.weights, self.gradients, strict=True)
        ]
        outputs = forward(moved, self.net.activations, self.X).a[-1]
        slope = float(mean_loss(self.net.loss.value(outputs, self.Y)).imag) / rate
        return abs(slope + squared_length) / squared_length


def _share(error: float, of: float) -> float:
    """Error as a share of a size; 0 where there is no error."""
    return 0.0 if error == 0 else error / of if of else math.inf
