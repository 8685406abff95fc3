"""What computes the outputs of a network: the compiled forward pass wherever it knows the activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from chainrule.compiled.codes import knows_activations
from chainrule.interrupts import put_off
from chainrule.network.passes import forward

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from chainrule.equations import Activation

    Outputs: TypeAlias = Callable[[npt.NDArray[Any], int | None], npt.NDArray[Any]]

__all__ = ["predictor_for"]


def predictor_for(weights: Sequence[npt.NDArray[Any]], activations: Sequence[Activation]) -> Outputs:
    """Function of checked samples, or of one alone, and of a number of threads, that gives the outputs."""
    if not knows_activations(activations):

        def outputs(samples: npt.NDArray[Any], _threads: int | None) -> npt.NDArray[Any]:
            found: npt.NDArray[Any] = forward(weights, activations, np.atleast_2d(samples)).a[-1]
            return found.reshape(*samples.shape[:-1], -1)

        return outputs
    with put_off():  # as the engine has it
        from chainrule.compiled.prediction import Predictor  # noqa: PLC0415 (Numba takes its time to load)

    return Predictor(weights, activations)
