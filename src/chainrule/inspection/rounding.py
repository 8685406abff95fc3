r"""What rounding alone may do to a gradient: a bound to first order, carried along with both passes.

Near a minimum a gradient is a small difference of large numbers, and on the flat end of a sigmoid so is its
slope. Two correct programs then differ by far more than the last digit of the gradient, and a check that
does not know by how much would raise a false alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from chainrule.equations import ACTIVATIONS, Dense, output_delta, with_bias_unit
from chainrule.inspection.layer_bounds import reach_of_inputs, reach_of_units, reach_of_weights
from chainrule.network import each_member

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from chainrule.equations import Activation
    from chainrule.network import ForwardPass, Network

    # Of a dense layer pairs whose products are to be added; of any other the sums themselves.
    Share: TypeAlias = tuple[tuple[npt.NDArray[Any], npt.NDArray[Any]], ...] | npt.NDArray[Any]
    Products: TypeAlias = tuple[Share, ...]

__all__ = ["Rounding", "rounding_of"]

ROUNDING = 16 * float(np.finfo(np.float64).eps)  # relative, of one operation of a pass: a sum, an exp
SPREAD = 2.0**16  # times rounding: over this a slope jumps no more than it changes smoothly
FLUSHED = float(np.sqrt(np.finfo(np.float64).smallest_normal))  # deltas up to it count as 0


@dataclass(frozen=True)
class Rounding:
    """Bounds on what rounding does.

    Attributes
    ----------
    net_inputs, outputs : arrays of shape (n_samples, n_outputs)
        To the net inputs of the output layer, and to the outputs.
    gradients : tuple of arrays of the shapes of the weights
        To the gradient of the mean loss in every weight.
    products : tuple of tuples of arrays, or of arrays
        For the matrix of each dense layer two pairs of arrays of shapes (n_samples, n_out) and (n_samples,
        1 + n_in): the sum of their products bounds what rounding does to a sample's share in the gradient of
        a weight, where it moves no unit over a kink. Of other layers the bounds themselves, (n_samples,
        *shape).
    """

    net_inputs: npt.NDArray[Any]
    outputs: npt.NDArray[Any]
    gradients: tuple[npt.NDArray[Any], ...]
    products: Products

    def of_samples(self, m: int, k: int, j: int) -> npt.NDArray[Any]:
        """To each sample's share in the gradient of one weight."""
        own = self.products[m]
        if isinstance(own, np.ndarray):
            return np.asarray(own[:, k, j] / len(self.outputs))
        return np.asarray(sum(left[:, k] * right[:, j] for left, right in own) / len(self.outputs))


def rounding_of(  # noqa: PLR0917 (what one pass leaves)
    net: Network,
    X: npt.NDArray[Any],
    Y: npt.NDArray[Any],
    passed: ForwardPass,
    deltas: tuple[npt.NDArray[Any], ...],
    sample_weight: npt.NDArray[Any] | None = None,
) -> Rounding:
    """Bounds for one network on one batch, from the passes that it made."""
    before = (each_member(X, net.members), *passed.a[:-1])
    of_layers = _forward(net, before, passed)
    products, within_pieces = (
        _of_products(
            *(net, _backward(net, Y, passed, deltas, before, of_layers, sample_weight, spread), deltas),
            *(before, of_layers),
        )
        for spread in (1.0, SPREAD)
    )
    gradients = tuple(_total(share) / len(before[0]) for share in products)
    return Rounding(*of_layers[-1], gradients, within_pieces)


def _total(share: Share) -> npt.NDArray[Any]:
    """Bounds to the sum over all samples."""
    if isinstance(share, np.ndarray):
        return np.asarray(share.sum(axis=0))
    return np.asarray(sum(left.T @ right for left, right in share))


def _of_products(
    net: Network,
    of_delta: list[npt.NDArray[Any]],
    deltas: tuple[npt.NDArray[Any], ...],
    before: tuple[npt.NDArray[Any], ...],
    of_layers: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]],
) -> Products:
    """For each weight matrix what bounds what rounding does to a sample's share."""
    products: list[Share] = []
    for m, (layer, delta) in enumerate(zip(net.layers, deltas, strict=True)):
        size, of_before = np.abs(delta), of_layers[m - 1][1] if m else np.zeros_like(before[0])
        if type(layer) is not Dense:
            reach = of_delta[m] + ROUNDING * size
            products.append(reach_of_weights(layer, net.weights[m], before[m], of_before, delta, reach))
            continue
        inputs = with_bias_unit(np.abs(before[m]))
        of_inputs = np.zeros_like(inputs)
        of_inputs[:, 1:] = of_before
        products.append(((of_delta[m] + ROUNDING * size, inputs), (size, of_inputs)))
    return tuple(products)


def _forward(
    net: Network, before: tuple[npt.NDArray[Any], ...], passed: ForwardPass
) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Bounds on each layer's z and a: from those of the layer before, and from its own sums and g."""
    bounds: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = []
    of_before = np.zeros_like(before[0])
    steps = zip(net.layers, net.weights, net.activations, before, passed.z, passed.a, strict=True)
    for layer, w, g, a_before, z, a in steps:
        size = np.abs(w)
        if type(layer) is Dense:
            of_z = of_before @ size[:, 1:].T + ROUNDING * (with_bias_unit(np.abs(a_before)) @ size.T)
        else:
            of_z = reach_of_units(layer, w, a_before, of_before, z.shape[1])
            of_z += ROUNDING * layer.magnitudes(w, a_before)
        of_before = _through(g, z, a, of_z) + ROUNDING * np.abs(a)
        bounds.append((of_z, of_before))
    return bounds


def _backward(  # noqa: PLR0917 (what one pass leaves)
    net: Network,
    Y: npt.NDArray[Any],
    passed: ForwardPass,
    deltas: tuple[npt.NDArray[Any], ...],
    before: tuple[npt.NDArray[Any], ...],
    of_layers: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]],
    sample_weight: npt.NDArray[Any] | None,
    spread: float,
) -> list[npt.NDArray[Any]]:
    """Bounds on the deltas: how far each moves with its z and a, and with the deltas of the layer after."""
    bounds: list[npt.NDArray[Any]] = []
    for m in range(len(deltas) - 1, -1, -1):
        g, z, a, (of_z, of_a) = net.activations[m], passed.z[m], passed.a[m], of_layers[m]
        places = [(z + move * of_z, a + move * of_a) for move in (0, spread, -spread)]
        if not bounds:
            bound = _reach([output_delta(net.loss, *place, Y, g) for place in places], spread)
            if ACTIVATIONS.fact(g, "mixes_units"):
                bound += _of_softmax(net, Y, a, of_a, spread)
            if sample_weight is not None:
                bound *= sample_weight[:, np.newaxis]
        else:
            layer, w, delta = net.layers[m + 1], net.weights[m + 1], deltas[m + 1]
            upstream, reach = layer.backward(w, before[m + 1], delta), bounds[-1] + ROUNDING * np.abs(delta)
            if type(layer) is Dense:
                of_upstream = reach @ np.abs(w[:, 1:])
            else:
                of_upstream = reach_of_inputs(layer, w, before[m + 1], of_a, delta, reach)
            bound = _reach([g.backward(*place, upstream) for place in places], spread)
            # The slope, too, is exact to so many digits of 1 only: on a flat end it may be 0 by rounding.
            bound += _back(g, z, a, of_upstream) + ROUNDING * of_upstream
        bounds.append(bound + ROUNDING * np.abs(deltas[m]) + FLUSHED)
    return bounds[::-1]


def _through(
    g: Activation, z: npt.NDArray[Any], a: npt.NDArray[Any], of_z: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """What bounds on the net inputs become behind an activation, where signs must not cancel."""
    if getattr(g, "mixes_units", None) is None:
        sums = [np.sum(slopes * of_z, axis=1) for slopes in _slopes(g, z, a)]
        return np.stack(sums, axis=1)
    if ACTIVATIONS.fact(g, "mixes_units"):
        return np.asarray(a * (of_z + np.sum(a * of_z, axis=1, keepdims=True)))
    return np.asarray(np.abs(g.backward(z, a, of_z)))


def _back(
    g: Activation, z: npt.NDArray[Any], a: npt.NDArray[Any], of_upstream: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """What bounds on the upstream become on the way back through an activation."""
    if getattr(g, "mixes_units", None) is None:
        products = [slopes * of_upstream[:, [k]] for k, slopes in enumerate(_slopes(g, z, a))]
        return np.asarray(np.sum(products, axis=0))
    return np.asarray(np.abs(g.backward(z, a, of_upstream)))


def _slopes(g: Activation, z: npt.NDArray[Any], a: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """Sizes of the slopes of each output in every net input: a user's own function may mix the units."""
    for unit in np.eye(z.shape[1]):
        yield np.abs(g.backward(z, a, np.broadcast_to(unit, z.shape).copy()))


def _of_softmax(
    net: Network, Y: npt.NDArray[Any], a: npt.NDArray[Any], of_a: npt.NDArray[Any], spread: float
) -> npt.NDArray[Any]:
    """Bound on the deltas of softmax outputs, which add up slopes of the loss that may cancel."""
    moves = (0, spread, -spread)
    slopes = [np.where(np.isnan(Y), 0, net.loss.slopes(a + move * of_a, Y)) for move in moves]
    of_slopes, size = _reach(slopes, spread), np.abs(slopes[0])
    of_sum = np.sum(of_a * size + a * (of_slopes + ROUNDING * size), axis=1, keepdims=True)
    bound: npt.NDArray[Any] = of_a * (size + np.sum(a * size, axis=1, keepdims=True)) + a * (
        of_slopes + of_sum
    )
    return bound


def _reach(arrays: list[npt.NDArray[Any]], spread: float) -> npt.NDArray[Any]:
    """How far the others are from the first at most, number by number, as a share of the spread.

    What is smooth moves in proportion, whatever the spread; a jump counts the less, the wider it is.
    """
    here, up, down = arrays
    reach: npt.NDArray[Any] = np.maximum(np.abs(up - here), np.abs(down - here)) / spread
    return reach
