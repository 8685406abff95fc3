"""What computes the outputs of a network: the compiled forward pass wherever it knows the activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from chainrule.compiled.codes import knows_activations, knows_layers
from chainrule.equations import members_of
from chainrule.interrupts import put_off
from chainrule.network.passes import each_member, forward

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from chainrule.equations import Activation, Layer

    Outputs: TypeAlias = Callable[[npt.NDArray[Any], int | None], npt.NDArray[Any]]

__all__ = ["outputs_of_rows", "predictor_for"]

ROWS_AT_ONCE = 4096  # bounds the memory that members take


def predictor_for(
    weights: Sequence[npt.NDArray[Any]], activations: Sequence[Activation], layers: Sequence[Layer]
) -> Outputs:
    """Function of checked samples, or of one alone, and of a number of threads, that gives the outputs."""
    outputs, members = outputs_of_rows(weights, activations, layers), members_of(layers)
    return outputs if members == 1 else _mean_of_members(outputs, members)


def outputs_of_rows(
    weights: Sequence[npt.NDArray[Any]], activations: Sequence[Activation], layers: Sequence[Layer]
) -> Outputs:
    """The same of rows that are one member's each, of a network with members."""
    if knows_activations(activations) and knows_layers(layers):
        with put_off():  # as the engine has it
            from chainrule.compiled.prediction import Predictor  # noqa: PLC0415 (Numba takes its time to load)

        return Predictor(weights, activations, layers)

    def outputs(samples: npt.NDArray[Any], _threads: int | None) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = forward(weights, activations, np.atleast_2d(samples), layers=layers).a[-1]
        return found.reshape(*samples.shape[:-1], -1)

    return outputs


def _mean_of_members(outputs: Outputs, members: int) -> Outputs:
    """Function that gives the mean of the members' outputs, which are added in their order."""

    def means(samples: npt.NDArray[Any], threads: int | None) -> npt.NDArray[Any]:
        rows = np.atleast_2d(samples)
        parts = []
        for first in range(0, len(rows), ROWS_AT_ONCE):
            own = outputs(each_member(rows[first : first + ROWS_AT_ONCE], members), threads)
            by_member = own.reshape(-1, members, own.shape[1])
            found = by_member[:, 0].copy()
            for i in range(1, members):
                found += by_member[:, i]
            parts.append(found / members)
        means: npt.NDArray[Any] = np.concatenate(parts)
        return means.reshape(*samples.shape[:-1], -1)

    return means
