"""Which activations and losses the kernels know. Charter: no kernels, so that asking costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chainrule.equations import (
    GELU,
    RSS,
    Absolute,
    BinaryCrossEntropy,
    CrossEntropy,
    Huber,
    Identity,
    LeakyReLU,
    Logistic,
    Poisson,
    Quantile,
    ReLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
    is_fused,
)
from chainrule.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations import Activation, Loss

__all__ = ["Code", "activation_codes", "knows_activations", "loss_code", "narrow_suits"]

IDENTITY, LOGISTIC, TANH, RELU, LEAKY_RELU, SOFTPLUS, SOFTSIGN, GELU_, SOFTMAX = range(9)
_ACTIVATIONS: dict[type, int] = {
    Identity: IDENTITY,
    Logistic: LOGISTIC,
    Tanh: TANH,
    ReLU: RELU,
    LeakyReLU: LEAKY_RELU,
    Softplus: SOFTPLUS,
    Softsign: SOFTSIGN,
    GELU: GELU_,
    Softmax: SOFTMAX,
}
IN_NARROW_KERNELS = (IDENTITY, LOGISTIC, TANH, RELU)

SQUARES, ABSOLUTE, HUBER, QUANTILE, POISSON, SOFTMAX_ENTROPY, LOGISTIC_ENTROPY = range(7)
_LOSSES: dict[type, int] = {
    RSS: SQUARES,
    Absolute: ABSOLUTE,
    Huber: HUBER,
    Quantile: QUANTILE,
    Poisson: POISSON,
    CrossEntropy: SOFTMAX_ENTROPY,
    BinaryCrossEntropy: LOGISTIC_ENTROPY,
}


class Code(NamedTuple):
    """Number that stands for an activation or a loss in the kernels, and its parameter."""

    number: int
    parameter: float = 0.0


def knows_activations(activations: Sequence[Activation]) -> bool:
    """Whether there is a kernel for each; a user's own class is none of these, whatever its name."""
    return all(type(activation) in _ACTIVATIONS for activation in activations)


def activation_codes(activations: Sequence[Activation]) -> tuple[Code, ...]:
    """What stands for each activation in the kernels.

    Raises
    ------
    InputError
        There is no kernel for one.
    """
    for activation in activations:
        if type(activation) not in _ACTIVATIONS:
            known = ", ".join(sorted(kind.__name__ for kind in _ACTIVATIONS))
            message = (
                f"The activation {activation!r} has no kernel; the compiled engine knows {known}. "
                "Train with engine='reference', which runs any activation."
            )
            raise InputError(message)
    return tuple(Code(_ACTIVATIONS[type(one)], getattr(one, "slope", 0.0)) for one in activations)


def loss_code(loss: Loss, output: Activation) -> Code:
    """What stands for a loss with this output activation.

    Raises
    ------
    InputError
        There is no kernel for the loss, or for the pair.
    """
    number = _LOSSES.get(type(loss))
    entropy = number in {SOFTMAX_ENTROPY, LOGISTIC_ENTROPY}
    if number is None or (entropy and not is_fused(loss, output)):
        known = ", ".join(sorted(kind.__name__ for kind in _LOSSES))
        message = (
            f"The loss {loss!r} has no kernel; the compiled engine knows {known}. "
            "Train with engine='reference', which runs any loss."
        )
        raise InputError(message)
    return Code(number, getattr(loss, "limit", getattr(loss, "share", 0.0)))


def narrow_suits(activations: Sequence[Code], loss: Code) -> bool:
    """Whether the kernels for networks with few units know these."""
    return loss.number == SQUARES and all(one.number in IN_NARROW_KERNELS for one in activations)
