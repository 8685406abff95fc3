"""Which outputs and which targets a loss is defined for; the others are refused by name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import ACTIVATIONS, LOSSES, name_of
from chainrule.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.equations import Activation, Loss

__all__ = ["check_pairs", "check_targets"]

EPSILON = {char: float(np.finfo(char).eps) for char in "fd"}


def check_pairs(activations: Sequence[Activation], sizes: Sequence[int], loss: Loss) -> None:
    """Raise InputError for a softmax that is no output layer, or a loss that its outputs do not suit.

    An output activation of the user's own that says nothing of its outputs is let through: only its author
    knows them.
    """
    for g in activations[:-1]:
        if ACTIVATIONS.fact(g, "mixes_units"):
            raise InputError(
                f"{name_of(g)} is the activation of a hidden layer",
                parameter="activations",
                given=name_of(g),
                needs="belongs to the outputs alone: it lets the units of a layer compete",
                advice="Try relu, tanh or logistic there.",
            )
    output = activations[-1]
    if sizes[-1] < ACTIVATIONS.fact(output, "fewest_units"):
        raise InputError(
            f"{name_of(output)} has one output, which would always be 1,",
            parameter="activations",
            given=name_of(output),
            needs="needs two or more",
            advice="For two classes with one output take the output logistic with the loss "
            "binary_cross_entropy.",
        )
    takes = LOSSES.fact(loss, "takes")
    is_known = not ACTIVATIONS.is_own(output) or "outputs" in vars(type(output))
    if is_known and ACTIVATIONS.fact(output, "outputs") not in takes:
        names = " or ".join(
            name for name, g in ACTIVATIONS.items() if ACTIVATIONS.fact(g, "outputs") in takes
        )
        raise InputError(
            f"The loss {name_of(loss)} needs outputs that are {takes[0].value}, but the output activation is "
            f"{name_of(output)}.",
            parameter="loss",
            given=name_of(loss),
            needs=f"must suit the output activation {name_of(output)}",
            advice=f"Take the output {names}, or another loss.",
        )


def check_targets(loss: Loss, Y: npt.NDArray[Any], name: str = "Y") -> None:
    """Raise InputError for the first row of targets that the loss is not defined for; NaN is no target."""
    lowest, highest = LOSSES.fact(loss, "lowest_target"), LOSSES.fact(loss, "highest_target")
    if lowest > -math.inf or highest < math.inf:
        _refuse((lowest > Y) | (highest < Y), Y, name, loss)
    if not LOSSES.fact(loss, "shares_of_one"):
        return
    sums = Y.sum(axis=1)
    right = np.abs(sums - 1) <= 16 * Y.shape[1] * EPSILON[Y.dtype.char]
    if right.all():  # the usual case, of which a step of one row would feel more
        return
    wrong = ~right & ~np.isnan(Y).all(axis=1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"Row {row} of {name} sums to {sums[row]:g}",
            parameter=name,
            given=float(sums[row]),
            needs=f"the loss {name_of(loss)} needs chances of classes that sum to 1",
            advice="Give 1 for the class of the sample and 0 for the others.",
        )


def _refuse(wrong: npt.NDArray[np.bool_], Y: npt.NDArray[Any], name: str, loss: Loss) -> None:
    if wrong.any():
        row, column = (int(place) for place in np.argwhere(wrong)[0])
        needed = LOSSES.fact(loss, "targets_needed")
        raise InputError(
            f"{name}[{row}, {column}] is {Y[row, column]:g}",
            parameter=name,
            given=float(Y[row, column]),
            needs=f"the loss {name_of(loss)} needs targets that are {needed}",
            advice="Repair that number, or take another loss.",
        )
