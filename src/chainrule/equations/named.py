"""Every activation, loss and update rule under its name; a parameter may follow: ``"huber:1.5"``."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from chainrule.equations.activations import Identity, Logistic, Tanh
from chainrule.equations.entropies import BinaryCrossEntropy, CrossEntropy
from chainrule.equations.losses import RSS, Absolute, Huber, Poisson, Quantile
from chainrule.equations.rectifiers import GELU, LeakyReLU, ReLU, Softplus, Softsign
from chainrule.equations.softmax import Softmax
from chainrule.equations.updates import RULES
from chainrule.errors import InputError, UnknownNameError
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainrule.equations.activations import Activation
    from chainrule.equations.losses import Loss
    from chainrule.equations.updates import Rule

__all__ = ["ACTIVATIONS", "LOSSES", "activation_named", "loss_named", "name_of", "object_named", "rule_named"]

T = TypeVar("T")

ACTIVATIONS: dict[str, Activation] = {
    kind.name: kind()
    for kind in (Identity, Logistic, Tanh, ReLU, LeakyReLU, Softplus, Softsign, GELU, Softmax)
}
LOSSES: dict[str, Loss] = {
    kind.name: kind() for kind in (RSS, CrossEntropy, BinaryCrossEntropy, Absolute, Huber, Quantile, Poisson)
}


def object_named(what: str, text: str, kinds: Mapping[str, T]) -> T:
    """Object that a text stands for: a name, or a name, a colon and numbers for its first parameters.

    Raises
    ------
    UnknownNameError
        There is no such name.
    InputError
        What follows the name is no number, or not one that the object takes.

    Examples
    --------
    >>> object_named("loss", "huber:1.5", LOSSES)
    Huber(limit=1.5)
    """
    name, *given = text.split(":")
    if name not in kinds:
        raise UnknownNameError(what, name, kinds)
    kind = type(kinds[name])
    parameters = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    if len(given) > len(parameters):
        takes = f"takes at most {', '.join(parameters)}" if parameters else "takes no number"
        message = f"The {what} {text!r} has {counted(len(given), 'number')} but {name} {takes}. Try {name!r}."
        raise InputError(message)
    numbers_given = [_number(what, text, part) for part in given]
    try:
        return kind(*numbers_given)
    except InputError as error:
        message = f"The {what} {text!r} cannot be: {error}"
        raise InputError(message) from error


def _number(what: str, text: str, part: str) -> float:
    try:
        return float(part)
    except ValueError:
        message = f"The {what} {text!r} has {part!r} after a colon, where a number is needed. Try 1."
        raise InputError(message) from None


def name_of(thing: Any) -> str:  # noqa: ANN401 (an activation, a loss, a rule, a schedule)
    """Text that stands for an object of this package: parameters follow the name where they are not usual.

    Examples
    --------
    >>> name_of(Huber(1.5)), name_of(Huber())
    ('huber:1.5', 'huber')
    """
    given = fields(thing) if is_dataclass(thing) else ()  # one of the user's own may be of any kind
    numbers = [getattr(thing, field.name) for field in given]
    usual = [field.default for field in given]
    while numbers and numbers[-1] == usual[len(numbers) - 1]:
        numbers.pop()
    return ":".join([getattr(thing, "name", type(thing).__name__), *(repr(number) for number in numbers)])


def activation_named(name: str) -> Activation:
    """Activation that a name stands for.

    Raises
    ------
    UnknownNameError, InputError
        As for `object_named`.

    Examples
    --------
    >>> activation_named("logistic"), activation_named("leaky_relu:0.2")
    (Logistic(), LeakyReLU(slope=0.2))
    """
    return object_named("activation", name, ACTIVATIONS)


def loss_named(name: str) -> Loss:
    """Loss that a name stands for.

    Raises
    ------
    UnknownNameError, InputError
        As for `object_named`.

    Examples
    --------
    >>> loss_named("quantile:0.9")
    Quantile(share=0.9)
    """
    return object_named("loss", name, LOSSES)


def rule_named(name: str) -> Rule:
    """Update rule that a name stands for.

    Raises
    ------
    UnknownNameError, InputError
        As for `object_named`.

    Examples
    --------
    >>> rule_named("momentum:0.8")
    Momentum(momentum=0.8)
    """
    return object_named("update rule", name, RULES)
