"""Which activations and losses the kernels know. Charter: no kernels, so that asking costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.equations import RSS, Identity, Logistic, Tanh
from chainrule.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations import Activation, Loss

__all__ = ["LOGISTIC", "TANH", "activation_codes", "check_loss", "knows_activations"]

IDENTITY, LOGISTIC, TANH = range(3)
_CODES: dict[type, int] = {Identity: IDENTITY, Logistic: LOGISTIC, Tanh: TANH}


def knows_activations(activations: Sequence[Activation]) -> bool:
    """Whether there is a kernel for each; a user's own class is none of these, whatever its name."""
    return all(type(activation) in _CODES for activation in activations)


def activation_codes(activations: Sequence[Activation]) -> tuple[int, ...]:
    """Number that stands for each activation in the kernels."""
    for activation in activations:
        if type(activation) not in _CODES:
            known = ", ".join(sorted(kind.__name__ for kind in _CODES))
            message = (
                f"The activation {activation!r} has no kernel; the compiled engine knows {known}. "
                "Train with engine='reference', which runs any activation."
            )
            raise InputError(message)
    return tuple(_CODES[type(activation)] for activation in activations)


def check_loss(loss: Loss) -> None:
    """Raise InputError for a loss that the kernels do not know."""
    if type(loss) is not RSS:
        message = (
            f"The loss {loss!r} has no kernel; the compiled engine knows RSS. "
            "Train with engine='reference', which runs any loss."
        )
        raise InputError(message)
