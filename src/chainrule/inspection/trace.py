"""One step of training with every number that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import descend, name_of
from chainrule.errors import ShapeError
from chainrule.given import positive_number, unmasked
from chainrule.inspection.display import trace_display
from chainrule.inspection.worked_example import forward_example, worked_example
from chainrule.lines import WIDTH
from chainrule.network import (
    as_samples,
    backward,
    check_finite,
    check_network,
    check_targets,
    forward,
    gradients,
    loss_over_rows,
)
from chainrule.words import printable

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.network import Network

__all__ = ["ForwardTrace", "Trace", "trace", "trace_forward"]


@dataclass(frozen=True)
class Trace:
    r"""Every number of one update on one sample; ``print`` it for the worked example.

    Attributes
    ----------
    network : Network
        The network before the update.
    x, y : arrays of shape (n_inputs,) and (n_outputs,)
        All arrays are read-only.
    rate : float
    z, a, delta : tuples of arrays of shape (n_units,)
        Net inputs, activations and deltas; entry m - 1 belongs to the layer that :math:`W^{(m)}` leads to.
        Delta is the descent direction :math:`-\partial \mathrm{RSS} / \partial z`.
    gradients, updates, weights_after : tuples of arrays of the shapes of the weights
        :math:`\partial \mathrm{RSS} / \partial W`, what is added to each weight, and the weights after it.
    loss_before, loss_after : float
        Loss of the sample before and after the update.
    member : int or None
        Which member of a network that shares its weights among several is traced, counted from 1.
    members : int
        How many there are.

    Examples
    --------
    >>> from chainrule import Network, trace
    >>> step = trace(Network([[[0.0, 1.0]]], activations="identity"), [2.0], [3.0], rate=0.1)
    >>> print(step)
    One step of back-propagation: Network(1-1, identity, rss, float64), rate 0.1
    <BLANKLINE>
    inputs   x_0 = 1 (bias unit)   x_1 = 2
    targets  y_1 = 3
    ...
    >>> step.delta[0], step.weights_after[0]
    (array([1.]), array([[0.1, 1.2]]))
    """

    network: Network
    x: npt.NDArray[Any]
    y: npt.NDArray[Any]
    rate: float
    z: tuple[npt.NDArray[Any], ...]
    a: tuple[npt.NDArray[Any], ...]
    delta: tuple[npt.NDArray[Any], ...]
    gradients: tuple[npt.NDArray[Any], ...]
    updates: tuple[npt.NDArray[Any], ...]
    weights_after: tuple[npt.NDArray[Any], ...]
    loss_before: float
    loss_after: float
    member: int | None = None
    members: int = 1

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, _frozen(value))
            elif isinstance(value, tuple):
                object.__setattr__(self, name, tuple(map(_frozen, value)))

    def __reduce__(self) -> tuple[type[Trace], tuple[object, ...]]:
        # Copies and pickles go through the constructor: arrays restored on their own would be writable.
        return Trace, tuple(vars(self).values())

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return trace_display(self)

    def text(self, digits: int = 6, most: int = 8, width: int = WIDTH) -> str:
        """Worked example: each formula with symbols, with numbers, and its result.

        Parameters
        ----------
        digits : int
            Significant digits, 1 to 17; 17 tell every float64 apart.
        most : int
            Units of a layer, and terms of a sum, that are written out; the rest is counted.
        width : int
            Columns of a line.
        """
        return worked_example(self, digits, most, width)

    @property
    def outputs_after(self) -> npt.NDArray[Any]:
        """Outputs of the network with the new weights, shape (n_outputs,); not finite where these are not."""
        with np.errstate(over="ignore", invalid="ignore"):
            net = self.network
            passed = forward(self.weights_after, net.activations, self.x[np.newaxis], layers=net.layers)
        outputs: npt.NDArray[Any] = passed.a[-1][0]
        return outputs

    def to_json(self) -> dict[str, Any]:
        """Every number as plain lists, all its bits kept."""
        layers = zip(
            self.network.layers,
            self.network.weights,
            self.z,
            self.a,
            self.delta,
            self.gradients,
            self.updates,
            self.weights_after,
            strict=True,
        )
        names = ("weights", "z", "a", "delta", "gradient", "update", "weights_after")
        return {
            "network": repr(self.network),
            **({"member": self.member, "members": self.members} if self.member else {}),
            "rate": self.rate,
            "x": self.x.tolist(),
            "y": self.y.tolist(),
            "layers": [
                {"kind": name_of(kind)} | dict(zip(names, (array.tolist() for array in arrays), strict=True))
                for kind, *arrays in layers
            ],
            "loss_before": self.loss_before,
            "loss_after": self.loss_after,
        }


@dataclass(frozen=True)
class ForwardTrace:
    """Every number of a forward pass on one sample, as of `Trace`: of a sample that has no targets.

    Attributes
    ----------
    network : Network
    x : array of shape (n_inputs,)
        All arrays are read-only.
    z, a : tuples of arrays of shape (n_units,)
        Net inputs and activations, layer by layer.
    member, members
        As of `Trace`.

    Examples
    --------
    >>> from chainrule import Network
    >>> print(trace_forward(Network([[[0.0, 1.0]]], activations="identity"), [2.0]))
    Forward pass: Network(1-1, identity, rss, float64)
    <BLANKLINE>
    inputs   x_0 = 1 (bias unit)   x_1 = 2
    ...
    """

    network: Network
    x: npt.NDArray[Any]
    z: tuple[npt.NDArray[Any], ...]
    a: tuple[npt.NDArray[Any], ...]
    member: int | None = None
    members: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", _frozen(self.x))
        for name in ("z", "a"):
            object.__setattr__(self, name, tuple(map(_frozen, getattr(self, name))))

    def __reduce__(self) -> tuple[type[ForwardTrace], tuple[object, ...]]:
        return ForwardTrace, tuple(vars(self).values())  # as of Trace

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return trace_display(self)

    def text(self, digits: int = 6, most: int = 8, width: int = WIDTH) -> str:
        """Worked example, as of `Trace`."""
        return forward_example(self, digits, most, width)

    def to_json(self) -> dict[str, Any]:
        """Every number as plain lists, all its bits kept."""
        layers = zip(self.network.layers, self.network.weights, self.z, self.a, strict=True)
        return {
            "network": repr(self.network),
            **({"member": self.member, "members": self.members} if self.member else {}),
            "x": self.x.tolist(),
            "layers": [
                {"kind": name_of(kind), "weights": w.tolist(), "z": z.tolist(), "a": a.tolist()}
                for kind, w, z, a in layers
            ],
        }


def trace_forward(net: Network, x: npt.ArrayLike, *, member: int | None = None) -> ForwardTrace:
    """Run a network on one sample and keep every number.

    Parameters
    ----------
    net : Network
    x : array of shape (n_inputs,)
    member : int, optional
        As for `trace`.

    Returns
    -------
    ForwardTrace

    Raises
    ------
    ShapeError, InputError
        As for `trace`.

    Examples
    --------
    >>> from chainrule import Network
    >>> trace_forward(Network([[[0.0, 1.0]]]), [0.0]).a
    (array([0.5]),)
    """
    check_network(net)
    members = net.members
    net, member = _traced(net, member)
    X = _one_sample(x, net.sizes[0], net, "x")
    with np.errstate(over="ignore", invalid="ignore"):
        passed = net.forward(X)
    return ForwardTrace(
        net, X[0], tuple(z[0] for z in passed.z), tuple(a[0] for a in passed.a), member, members
    )


def trace(
    net: Network, x: npt.ArrayLike, y: npt.ArrayLike, *, rate: float, member: int | None = None
) -> Trace:
    r"""Run one update on one sample and keep every number of it.

    Parameters
    ----------
    net : Network
        It is not changed.
    x : array of shape (n_inputs,)
    y : array of shape (n_outputs,)
    rate : float
        Learning rate :math:`\eta`, above 0.
    member : int, optional
        Which member of a network that shares its weights among several, counted from 1; the first one where
        none is named. The weights that all of them share move by the mean of what moves each alone.

    Returns
    -------
    Trace

    Raises
    ------
    ShapeError
        x or y is not one sample of this network.
    InputError
        A number is not finite, or the rate is not above 0.

    Notes
    -----
    The numbers come from the functions that train the network: equations (2) to (5) forward, (7) and (9)
    backward, (8) for the update, each with the weights as they were before it.

    Examples
    --------
    >>> from chainrule import Network, trace
    >>> step = trace(Network([[[0.0, 1.0]]]), [0.5], [1.0], rate=0.5)
    >>> step.loss_after < step.loss_before
    True
    """
    check_network(net)
    members = net.members
    net, member = _traced(net, member)
    eta = positive_number(rate, "rate", "0.1")
    X = _one_sample(x, net.sizes[0], net, "x")
    Y = _one_sample(y, net.sizes[-1], net, "y")
    check_targets(net.loss, Y, "y")
    with np.errstate(over="ignore", invalid="ignore"):
        passed, layers = net.forward(X), net.layers
        deltas = backward(net.weights, net.activations, net.loss, passed, Y, layers=layers)
        slopes = gradients(net.weights, X, passed, deltas, layers=layers)
        updates = [descend(np.zeros_like(g), g, eta) for g in slopes]
        after = tuple(descend(w, g, eta) for w, g in zip(net.weights, slopes, strict=True))
        losses = [
            float(loss_over_rows(w, net.activations, net.loss, X, Y, layers=layers)[0])
            for w in (net.weights, after)
        ]
    return Trace(
        network=net,
        x=X[0],
        y=Y[0],
        rate=eta,
        z=tuple(z[0] for z in passed.z),
        a=tuple(a[0] for a in passed.a),
        delta=tuple(delta[0] for delta in deltas),
        gradients=tuple(slopes),
        updates=tuple(updates),
        weights_after=after,
        loss_before=losses[0],
        loss_after=losses[1],
        member=member,
        members=members,
    )


def _traced(net: Network, member: int | None) -> tuple[Network, int | None]:
    """The network that is traced, and which member it is of one that has several."""
    if net.members == 1 and member is None:
        return net, None
    own = net.member(1 if member is None else member)
    return own, 1 if member is None else int(member)


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Read-only copy, so that a record cannot change with the array it was made from."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def _one_sample(values: npt.ArrayLike, n: int, net: Network, name: str) -> npt.NDArray[Any]:
    """One sample as a batch of one."""
    try:
        shape = np.shape(values)
    except ValueError as error:  # rows of several lengths
        raise ShapeError(
            f"{name} cannot be read as one sample: {printable(str(error))}.",
            parameter=name,
            needs=f"must have shape ({n},)",
            advice="Give a single row, not a table.",
        ) from error
    if shape != (n,):
        raise ShapeError(
            f"{name} has shape {shape}",
            parameter=name,
            given=shape,
            needs=f"one sample of this network needs ({n},)",
            advice="Give a single row, not a table.",
        )
    sample = as_samples(unmasked(values)[np.newaxis], n, net.dtype, name)
    check_finite(sample, name)
    return sample
