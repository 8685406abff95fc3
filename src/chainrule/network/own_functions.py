"""Functions of the user's own: which of a network's they are, and whether they give what the passes need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import ACTIVATIONS, LOSSES, name_of
from chainrule.errors import InputError
from chainrule.words import quoted

if TYPE_CHECKING:
    from chainrule.equations import Activation, Loss
    from chainrule.network.network import Network

__all__ = ["own_functions"]


def own_functions(net: Network) -> list[Activation | Loss]:
    """Activations and loss of a network that are not this package's, each tried on two samples.

    Raises
    ------
    InputError
        One of their methods gives no array of the shape of what it was given.
    """
    own: list[Activation | Loss] = []
    for n_units, g in zip(net.sizes[1:], net.activations, strict=True):
        if ACTIVATIONS.is_own(g):
            z = np.full((2, n_units), 0.5)
            _check_shape(g, "backward", z, _check_shape(g, "forward", z), np.ones_like(z))
            own.append(g)
    if LOSSES.is_own(net.loss):
        a = np.full((2, net.sizes[-1]), 0.5)
        _check_shape(net.loss, "values", a, a)
        _check_shape(net.loss, "slopes", a, a)
        own.append(net.loss)
    return own


def _check_shape(function: object, method: str, *arrays: Any) -> Any:  # noqa: ANN401 (any array)
    """What a method gives for these arrays; InputError where that is no array of their shape."""
    given = getattr(function, method)(*arrays)
    needed, shape = arrays[0].shape, getattr(given, "shape", None)
    if shape != needed:
        raise InputError(
            f"{method}() of {name_of(function)} gave {quoted(given)} for arrays of shape {needed}",
            parameter="net",
            given=function,
            needs="must give an array of that shape",
            advice="Return one number for each that it is given.",
        )
    return given
