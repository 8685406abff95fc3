"""Which activations and losses the kernels know. Charter: no kernels, so that asking costs nothing."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule.equations import ACTIVATIONS, LAYERS, LOSSES, RSS, Dense, Identity, Kind, Logistic, ReLU, Tanh
from chainrule.errors import InputError, argument
from chainrule.words import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations import Activation, Layer, Loss

__all__ = [
    "Code", "activation_codes", "are_dense", "checked_code", "knows_activations", "knows_layers", "loss_code",
    "narrow_suits",
]  # fmt: skip

IN_NARROW_KERNELS = (Identity.code, Logistic.code, Tanh.code, ReLU.code)


class Code(NamedTuple):
    """Number that stands for an activation or a loss in the kernels, and its parameter."""

    number: int
    parameter: float = 0.0


def code_of(thing: object, kind: Kind[Any]) -> int | None:
    """Number of the compiled twin of an object; None where its very class has none, or is a user's own."""
    code: int | None = None if kind.is_own(thing) else vars(type(thing)).get("code")
    return code


def checked_code(thing: object, kind: Kind[Any]) -> int:
    """Number of the compiled twin of an object; InputError where there is none."""
    code = code_of(thing, kind)
    if code is None:
        known = ", ".join(
            sorted(type(one).__name__ for one in kind.values() if code_of(one, kind) is not None)
        )
        raise InputError(
            f"The {kind.what} {quoted(thing)} has no kernel; the compiled engine knows {known}.",
            parameter="engine",
            needs=f"must have a kernel for the {kind.what}",
            advice=f"Train with {argument('engine', 'reference')}, which runs any {kind.what}.",
        )
    return code


def _parameter(thing: Any) -> float:
    """The number that an activation or a loss takes, where it takes one."""
    return next((float(getattr(thing, field.name)) for field in fields(thing)), 0.0)


def knows_activations(activations: Sequence[Activation]) -> bool:
    """Whether there is a kernel for each; a user's own class is none of these, whatever its name."""
    return all(code_of(activation, ACTIVATIONS) is not None for activation in activations)


def knows_layers(layers: Sequence[Layer]) -> bool:
    """Whether there are routines for each."""
    return all(code_of(layer, LAYERS) is not None for layer in layers)


def are_dense(layers: Sequence[Layer]) -> bool:
    """Whether all layers are those that every kernel knows."""
    return all(type(layer) is Dense for layer in layers)


def activation_codes(activations: Sequence[Activation]) -> tuple[Code, ...]:
    """What stands for each activation in the kernels.

    Raises
    ------
    InputError
        There is no kernel for one.
    """
    return tuple(Code(checked_code(one, ACTIVATIONS), _parameter(one)) for one in activations)


def loss_code(loss: Loss, output: Activation) -> Code:
    """What stands for a loss with this output activation.

    Raises
    ------
    InputError
        There is no kernel for the loss, or for the pair.
    """
    if ACTIVATIONS.fact(output, "outputs") not in LOSSES.fact(loss, "takes"):
        raise InputError(
            f"The loss {quoted(loss)} has no kernel for the output activation {quoted(output)}.",
            parameter="engine",
            needs="must have a kernel for the pair",
            advice=f"Train with {argument('engine', 'reference')}, which runs any pair.",
        )
    return Code(checked_code(loss, LOSSES), _parameter(loss))


def narrow_suits(activations: Sequence[Code], loss: Code) -> bool:
    """Whether the kernels for networks with few units know these."""
    return loss.number == RSS.code and all(one.number in IN_NARROW_KERNELS for one in activations)
