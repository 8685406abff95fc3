r"""Back-propagation compared with two estimates that know nothing of it.

Both estimates run the forward pass and the loss alone: central differences with real steps, which any
function allows, and the complex step, which has no cancellation and so sees the last digits.
"""

from __future__ import annotations

import functools
import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from chainrule.equations import (
    LAYERS,
    Dense,
    columns_spared,
    descend,
    mean_loss,
    penalty,
    sample_losses,
    sample_magnitudes,
)
from chainrule.errors import InputError
from chainrule.given import check_seed, not_negative_number, whole_number_from_1
from chainrule.inspection.check_result import GradientCheck, MethodCheck, WeightPlace
from chainrule.inspection.rounding import ROUNDING, rounding_of
from chainrule.inspection.slopes import (
    DIFFERENCE_STEP,
    SHORTER,
    Estimates,
    Outcome,
    Sides,
    best_of,
    bounds_on_slopes,
    sides_of,
    slopes_between,
)
from chainrule.network import (
    Objective,
    as_masks,
    as_pairs,
    as_sample_weight,
    backward,
    check_network,
    each_member,
    own_functions,
)
from chainrule.random_streams import Purpose, permutation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    from chainrule.inspection.slopes import Slopes
    from chainrule.network import Network

__all__ = ["check_gradients"]

Place: TypeAlias = tuple[int, int, int]  # matrix, row, column, counted from 0

MOST_WEIGHTS, FEWEST_WEIGHTS = 1000, 100  # of more a sample is compared, where nothing else is said:
MOST_WORK = 2 * 10**9  # as many as come to so many rows times weights, in some seconds
COMPLEX_STEP = 1e-40
DIFFERENCE_LIMIT = 1e-7
COMPLEX_LIMIT = 1e-12
UPDATE_LIMIT = 1e-7
ONE_THREAD, WORTH_THREADS = 2**16, 2**22  # multiply-adds
SMALLEST = float(np.finfo(np.float64).tiny)  # below it, numbers lose digits
UNDERFLOW = SMALLEST / COMPLEX_STEP  # what that does to a complex step


def check_gradients(
    net: Network,
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    *,
    sample_weight: npt.ArrayLike | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    masks: Sequence[npt.ArrayLike] | None = None,
    sample: int | None = None,
    seed: int = 0,
    on_weight: Callable[[str], object] = lambda _words: None,
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
    sample : int, optional
        A network with more weights than this is checked in so many of them, drawn by `seed`. Where it is not
        given, in 1000, and a wide one on many rows in fewer, at least 100, so that it takes some seconds.
    seed : int
    on_weight : callable
        Hears, before each weight, how far the check is, in words.

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
    that near a minimum and on the flat ends of a sigmoid. The gradient of a function that is not the one
    meant, but is right for it, passes: a check compares the two passes of a network with each other. Cost:
    five forward passes over all samples for each weight, and thirty more where they do not agree.

    Where they do not agree, each sample takes of seven steps of the differences, down to 4e-9, the one at
    which one step and two, and both sides, agree best with each other: it is too short to cross a kink, and
    what parts one step and two is allowed for. Where a sample stands at a kink of an
    activation, of the loss or of the penalty `l1`, or too near to step around it, anything between the
    slopes of both sides is right for that sample, and for units at kinks in several layers at once, any
    product of such slopes. Nothing need be known of where kinks are, so that functions of the user's own may
    have them. They are checked by differences alone: only their author knows whether they take complex
    numbers.

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
    if not callable(on_weight):
        raise InputError(
            parameter="on_weight",
            given=on_weight,
            needs="must be a function of a text",
            advice="Leave it out where nobody listens.",
        )
    check_network(net)
    net = net.with_weights([w.astype(np.float64) for w in net.weights])
    samples, targets = as_pairs(net, X, Y)
    weight = as_sample_weight(sample_weight, len(samples), net.dtype)
    penalties = (not_negative_number(l1, "l1", "0.0001"), not_negative_number(l2, "l2", "0.0001"))
    objective = Objective(net.activations, net.loss, *penalties, as_masks(masks, net), net.layers)
    # An overflow is no news of its own: what it leads to is not finite, and so fails the check.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _Comparison(net, objective, samples, targets, weight).result(
            _usual_sample(net, len(samples)) if sample is None else whole_number_from_1(sample, "sample"),
            check_seed(seed),
            on_weight,
        )


class _Estimate(NamedTuple):
    """An estimate of one gradient, and how far rounding and truncation may part back-propagation from it."""

    value: float
    noise: float


def _heard(places: Sequence[Place], on_weight: Callable[[str], object], method: str) -> Iterator[Place]:
    """Places, before each of which it is said how far a method is."""
    for k, place in enumerate(places, 1):
        on_weight(f"weight {k} of {len(places)}, in W^({place[0] + 1}), by {method}")
        yield place


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
        self.net, self.objective, self.samples = net, objective, (X, Y, sample_weight)
        losses, self.gradients = objective.losses_and_gradients(net.weights, X, Y, sample_weight)
        # From here on each member's rows, of a network with members.
        self.X, self.Y = each_member(X, net.members), each_member(Y, net.members)
        self.sample_weight = None if sample_weight is None else each_member(sample_weight, net.members)
        self.passed = passed = net.forward(X)
        self.before = (self.X, *passed.a[:-1])
        self.deltas = backward(
            *(net.weights, net.activations, net.loss, passed, self.Y),
            sample_weight=self.sample_weight,
            layers=net.layers,
        )
        self.rounding = rounding_of(net, X, self.Y, passed, self.deltas, self.sample_weight)
        _check_loss(float(mean_loss(losses)))
        self.largest_of_layer = [float(np.max(np.abs(g))) for g in self.gradients]
        self.largest = float(np.max(self.largest_of_layer))
        self.is_own = own_functions(net)
        self.shares: dict[int, npt.NDArray[Any]] = {}  # of the layers that are not dense
        self.net_inputs: dict[int, npt.NDArray[Any]] = {}  # of those that are

    def result(self, sample: int, seed: int, on_weight: Callable[[str], object]) -> GradientCheck:
        """Both methods over the chosen weights, and the update."""
        places = self.chosen(sample, seed)
        heard = partial(_heard, places, on_weight)
        differences = self.compared(
            places, self.by_differences(heard("central differences")), DIFFERENCE_LIMIT
        )
        complex_step, update_error, update_limit = None, 0.0, UPDATE_LIMIT
        if not self.is_own:
            complex_step = self.compared(
                places, self.by_complex_step(heard("the complex step")), COMPLEX_LIMIT
            )
            update_error, update_limit = self.update_error()
        return GradientCheck(
            network=repr(self.net),
            n_samples=len(self.samples[0]),
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
        held = [bool(LAYERS.fact(layer, "is_held")) for layer in self.net.layers]
        places = [(m, k, j) for m, k, j in places if not held[m]]
        return places if masks is None else [(m, k, j) for m, k, j in places if masks[m][k, j]]

    def outputs_with(self, m: int, k: int, j: int, value: complex) -> tuple[npt.NDArray[Any], Any, Any]:
        """Net inputs and outputs for every sample with one weight replaced, and the penalty of that weight.

        Layers before it are as they were, and so are the other units of its own.
        """
        own, weights = self.net.layers[m], self.net.weights[m]
        if type(own) is Dense:
            row = weights[k : k + 1].astype(type(value))
            row[0, j] = value
            z: npt.NDArray[Any] = self.net_inputs_of(m).astype(row.dtype)
            z[:, [k]] = _net_inputs(row, self.before[m])
        else:
            changed = weights.astype(type(value))
            changed[k, j] = value
            z = own.forward(changed, self.before[m])
        a: npt.NDArray[Any] = self.net.activations[m].forward(z)
        after = slice(m + 1, None)
        for layer, w, g in zip(
            self.net.layers[after], self.net.weights[after], self.net.activations[after], strict=True
        ):
            z = _net_inputs(w, a) if type(layer) is Dense else layer.forward(w, a)
            a = g.forward(z)
        is_spared = j < columns_spared(own, weights.shape[1])
        return z, a, 0.0 if is_spared else self.penalty_of(value)

    def net_inputs_of(self, m: int) -> npt.NDArray[Any]:
        """Net inputs of one dense layer with the weights as they are."""
        if m not in self.net_inputs:
            self.net_inputs[m] = _net_inputs(self.net.weights[m], self.before[m])
        return self.net_inputs[m]

    def penalty_of(self, value: complex) -> Any:  # noqa: ANN401 (a number of NumPy's)
        """Penalty of one weight that is not spared."""
        l1, l2 = self.objective.l1, self.objective.l2
        return penalty(np.array([[0, value]]), l1=l1, l2=l2) if l1 or l2 else 0.0

    def by_differences(self, places: Iterable[Place]) -> list[_Estimate]:
        """Central differences over the longest step, or over steps that agree better with themselves."""
        return [self.by_difference(*place) for place in places]

    def by_difference(self, m: int, k: int, j: int) -> _Estimate:
        """Slope in one weight: the sum over parts of the objective, which are judged each by itself.

        The longest step does where back-propagation agrees with it to the last digit. Else each part takes
        the step that agrees best with itself, and one that is at a kink takes the nearest number between its
        sides.
        """
        longest = self.step_of_differences(m, k, j)
        steps = [self.slopes(m, k, j, longest)]
        estimate = _sum_of(*steps[0].central)
        if self.agrees(m, k, j, estimate):
            return estimate
        steps += [self.slopes(m, k, j, longest * share) for share in SHORTER]
        best, sides = best_of(steps), sides_of(steps)
        estimate = self.between(m, k, j, best, sides)
        if self.agrees(m, k, j, estimate):
            return estimate
        return self.between(m, k, j, best, self.widened(m, k, j, sides))

    def agrees(self, m: int, k: int, j: int, estimate: _Estimate) -> bool:
        """Whether back-propagation is as near to an estimate as both can be."""
        found = float(self.gradients[m][k, j])
        return abs(estimate.value - found) <= self.allowed(estimate, DIFFERENCE_LIMIT)

    def between(self, m: int, k: int, j: int, best: Estimates, sides: Sides) -> _Estimate:
        """Whole of the best estimates of the parts, and of what is nearest between the sides at kinks."""
        rounding = np.append(self.rounding.of_samples(m, k, j), 0.0)
        room = sides.noise + rounding  # for each by itself: errors of many that are small may cancel
        nearest = np.clip(self.parts_found(m, k, j), sides.lower - room, sides.upper + room)
        return _sum_of(
            np.where(sides.at_kink, nearest, best.values),
            np.where(sides.at_kink, 0.0, best.noise + rounding),
        )

    def parts_found(self, m: int, k: int, j: int) -> npt.NDArray[Any]:
        """Back-propagation's slopes of the parts of the objective: the rest is the penalty's."""
        parts = -self.share_of(m, k, j) / len(self.X)
        return np.append(parts, self.gradients[m][k, j] - np.sum(parts))

    def widened(self, m: int, k: int, j: int, sides: Sides) -> Sides:
        """Sides of the parts, and what right slopes of units at kinks in several layers may come to.

        That may be more than either side of the weight has, if all inputs are 0 and there are no bias
        weights, say. Of a layer that is not dense they are left as they are.
        """
        if type(self.net.layers[m]) is not Dense:
            return sides
        factors = self.inputs_of(m, j) / len(self.X)
        if self.sample_weight is not None:
            factors = factors * self.sample_weight
        ends = [np.append(side[:, k] * factors, 0.0) for side in self.bounds[m]]
        lower, upper = np.minimum(*ends), np.maximum(*ends)
        wide = upper > lower
        noise = sides.noise + DIFFERENCE_LIMIT * np.maximum(np.abs(lower), np.abs(upper))
        return Sides(
            np.where(wide, np.minimum(lower, sides.lower), sides.lower),
            np.where(wide, np.maximum(upper, sides.upper), sides.upper),
            np.where(wide, noise, sides.noise),
            wide | sides.at_kink,
        )

    @functools.cached_property
    def bounds(self) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
        """Bounds on right slopes in net inputs, for the few checks that need them."""
        return bounds_on_slopes(self.net, self.passed, self.Y)

    def share_of(self, m: int, k: int, j: int) -> npt.NDArray[Any]:
        """Delta times the slope of the net inputs in a weight, for each sample."""
        if type(self.net.layers[m]) is Dense:
            return np.asarray(self.deltas[m][:, k] * self.inputs_of(m, j))
        if m not in self.shares:
            step = self.net.weights[m], self.before[m], self.deltas[m]
            self.shares[m] = self.net.layers[m].products(*step)
        return self.shares[m][:, k, j]

    def inputs_of(self, m: int, j: int) -> npt.NDArray[Any]:
        """What a weight multiplies, for each sample: the bias unit is 1."""
        return self.before[m][:, j - 1] if j else np.ones(len(self.X))

    def step_of_differences(self, m: int, k: int, j: int) -> float:
        """Step that moves no net input by more than DIFFERENCE_STEP, and the weight by a few digits."""
        if type(self.net.layers[m]) is Dense:
            largest_input = float(np.max(np.abs(self.inputs_of(m, j))))
        else:  # what is turned into an angle moves by so much
            largest_input = 2 * math.pi * float(np.max(np.abs(self.before[m])))
        fewest_digits = 8 * float(np.spacing(abs(self.net.weights[m][k, j])))
        return max(DIFFERENCE_STEP / max(1.0, largest_input), fewest_digits)

    def slopes(self, m: int, k: int, j: int, h: float) -> Slopes:
        """Slopes of the parts of the objective over steps of h and 2h to both sides of a weight."""
        w = float(self.net.weights[m][k, j])
        places = (w - 2 * h, w - h, w, w + h, w + 2 * h)
        return slopes_between(places, [self.outcome(m, k, j, place) for place in places])

    def outcome(self, m: int, k: int, j: int, value: float) -> Outcome:
        """Parts of the objective with one weight replaced: each sample's share, and that weight's penalty.

        With what rounding does to each.
        """
        z, a, added = self.outputs_with(m, k, j, value)
        losses, of_z, of_a = self.losses(z, a), self.rounding.net_inputs, self.rounding.outputs
        up, down = (np.abs(self.losses(z + s * of_z, a + s * of_a) - losses) for s in (1, -1))
        of_losses = np.maximum(up, down) + ROUNDING * self.counted(sample_magnitudes, z, a)
        parts = np.append(losses / len(losses), added)
        return Outcome(parts, np.append(of_losses / len(losses), ROUNDING * abs(added)) + SMALLEST)

    def losses(self, z: npt.NDArray[Any], a: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Loss of each sample times its weight."""
        return self.counted(sample_losses, z, a)

    def counted(
        self, of_samples: Callable[..., npt.NDArray[Any]], z: npt.NDArray[Any], a: npt.NDArray[Any]
    ) -> npt.NDArray[Any]:
        """What a function of the loss says of each sample, times the sample's weight."""
        found = of_samples(self.net.loss, z, a, self.Y, self.net.activations[-1])
        return found if self.sample_weight is None else found * self.sample_weight

    def by_complex_step(self, places: Iterable[Place]) -> list[_Estimate]:
        """Imaginary part of the mean loss a tiny imaginary step away, equation (17)."""
        estimates = []
        for m, k, j in places:
            z, a, added = self.outputs_with(m, k, j, complex(self.net.weights[m][k, j], COMPLEX_STEP))
            loss = mean_loss(self.losses(z, a)) + added
            slope = float(loss.imag) / COMPLEX_STEP
            estimates.append(_Estimate(slope, float(self.rounding.gradients[m][k, j]) + UNDERFLOW))
        return estimates

    def allowed(self, estimate: _Estimate, limit: float) -> float:
        """How far an estimate may be from back-propagation."""
        return limit * self.largest + estimate.noise

    def compared(self, places: list[Place], estimates: list[_Estimate], limit: float) -> MethodCheck:
        """Errors of one method over all places, and the worst of them."""
        found = [float(self.gradients[m][k, j]) for m, k, j in places]
        errors = [abs(e.value - g) for e, g in zip(estimates, found, strict=True)]
        of_layer = [_share(e, self.largest_of_layer[m]) for e, (m, _, _) in zip(errors, places, strict=True)]
        allowed = [self.allowed(estimate, limit) for estimate in estimates]
        # NaN fails every comparison with <=, so that a NaN anywhere fails the check; infinity is no bound.
        passed = all(e <= most < math.inf for e, most in zip(errors, allowed, strict=True))
        worst = int(np.argmax(errors))
        m, k, j = places[worst]
        return MethodCheck(
            relative_to_network=_share(errors[worst], self.largest),
            rounding=_share(estimates[worst].noise, self.largest),
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
        value = self.objective.value(moved, *self.samples)
        slope = float(value.imag) / COMPLEX_STEP
        noise = _length(self.rounding.gradients) + UNDERFLOW
        return abs(slope + length) / length, UPDATE_LIMIT + noise / length


def _usual_sample(net: Network, n_samples: int) -> int:
    """How many weights to check where nothing is said."""
    work_of_one = n_samples * sum(w.size for w in net.weights)
    return min(MOST_WEIGHTS, max(FEWEST_WEIGHTS, MOST_WORK // work_of_one))


def _net_inputs(w: npt.NDArray[Any], a: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Equation (2) written out again, so that a bias unit that is not 1 shows: the passes share it.

    Rows go in blocks for which a BLAS begins no threads: these wait for each other longer than they compute.
    """
    rows = max(1, ONE_THREAD // w.size) if w.size * len(a) < WORTH_THREADS else len(a)
    blocks = [a[first : first + rows] @ w[:, 1:].T for first in range(0, len(a), rows)]
    return np.asarray(w[:, 0] + (blocks[0] if len(blocks) == 1 else np.concatenate(blocks)))


def _check_loss(loss: float) -> None:
    """Refuse a loss that overflows, of which there is no gradient to compare."""
    if not math.isfinite(loss):
        raise InputError(
            f"The loss of the network on these samples is {loss}",
            given=loss,
            needs="must be finite",
            advice="Standardise X and Y, or check smaller weights.",
        )


def _sum_of(values: npt.NDArray[Any], noise: npt.NDArray[Any]) -> _Estimate:
    """The whole of what is judged by parts."""
    return _Estimate(float(np.sum(values)), float(np.sum(noise)))


def _length(arrays: Sequence[npt.NDArray[Any]]) -> float:
    """Length of all numbers together, as one vector."""
    return math.sqrt(math.fsum(float(np.sum(array * array)) for array in arrays))


def _share(error: float, of: float) -> float:
    """Error as a share of a size; 0 where there is no error."""
    return 0.0 if error == 0 else error / of if of else math.inf
