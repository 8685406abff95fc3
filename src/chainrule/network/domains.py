"""Which outputs and which targets a loss is defined for; the others are refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import (
    ACTIVATIONS,
    LOSSES,
    BinaryCrossEntropy,
    CrossEntropy,
    Logistic,
    Poisson,
    Softmax,
    Softplus,
    name_of,
)
from chainrule.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.equations import Activation, Loss
    from chainrule.network.network import Network

__all__ = ["check_pairs", "check_targets", "own_functions"]

# Activations whose outputs a loss can take, and why; a loss that is not here takes any number.
_OUTPUTS: dict[type[Loss], tuple[tuple[type[Activation], ...], str]] = {
    CrossEntropy: ((Softmax,), "chances of classes that sum to 1"),
    BinaryCrossEntropy: ((Logistic,), "chances between 0 and 1, each of its own"),
    Poisson: ((Softplus, Logistic, Softmax), "expected counts above 0"),
}


def check_pairs(activations: Sequence[Activation], sizes: Sequence[int], loss: Loss) -> None:
    """Raise InputError for a softmax that is no output layer, or a loss that its outputs do not suit.

    An activation or a loss of the user's own is let through: only its author knows its domain.
    """
    if any(isinstance(g, Softmax) for g in activations[:-1]):
        message = (
            "softmax is the activation of a hidden layer but belongs to the outputs alone: it lets the "
            "units of a layer compete. Try relu, tanh or logistic there."
        )
        raise InputError(message)
    output = activations[-1]
    if isinstance(output, Softmax) and sizes[-1] == 1:
        message = (
            "softmax has one output, which would always be 1, but needs two or more. For two classes with "
            "one output take the output logistic with the loss binary_cross_entropy."
        )
        raise InputError(message)
    suited, needed = _OUTPUTS.get(type(loss), ((), ""))
    if suited and type(output) in map(type, ACTIVATIONS.values()) and not isinstance(output, suited):
        names = " or ".join(kind.name for kind in suited)
        message = (
            f"The loss {name_of(loss)} needs outputs that are {needed}, but the output activation is "
            f"{name_of(output)}. Take the output {names}, or another loss."
        )
        raise InputError(message)


def own_functions(net: Network) -> list[Activation | Loss]:
    """Activations and loss of a network that are not this package's."""
    known = {type(thing) for thing in (*ACTIVATIONS.values(), *LOSSES.values())}
    things: list[Activation | Loss] = [*net.activations, net.loss]
    return [thing for thing in things if type(thing) not in known]


def check_targets(loss: Loss, Y: npt.NDArray[Any], name: str = "Y") -> None:
    """Raise InputError for the first row of targets that the loss is not defined for; NaN is no target."""
    if type(loss) is Poisson:
        _refuse(Y < 0, Y, name, "a count, at least 0", loss)
    if type(loss) is BinaryCrossEntropy:
        _refuse((Y < 0) | (Y > 1), Y, name, "from 0 to 1", loss)
    if type(loss) is CrossEntropy:
        _refuse((Y < 0) | (Y > 1), Y, name, "from 0 to 1", loss)
        with np.errstate(invalid="ignore"):
            sums = Y.sum(axis=1)
        wrong = np.abs(sums - 1) > 16 * Y.shape[1] * float(np.finfo(Y.dtype).eps)
        wrong |= np.isnan(sums) & ~np.isnan(Y).all(axis=1)
        if wrong.any():
            row = int(np.argmax(wrong))
            message = (
                f"Row {row} of {name} sums to {sums[row]:g} but the loss cross_entropy needs chances of "
                "classes that sum to 1. Give 1 for the class of the sample and 0 for the others."
            )
            raise InputError(message)


def _refuse(wrong: npt.NDArray[np.bool_], Y: npt.NDArray[Any], name: str, needed: str, loss: Loss) -> None:
    if wrong.any():
        row, column = (int(place) for place in np.argwhere(wrong)[0])
        message = (
            f"{name}[{row}, {column}] is {Y[row, column]:g} but the loss {name_of(loss)} needs targets "
            f"that are {needed}. Repair that number, or take another loss."
        )
        raise InputError(message)
