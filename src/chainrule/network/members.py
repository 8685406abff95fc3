"""Each member of a network that shares its weights among several, as a network of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.equations import members_of
from chainrule.errors import InputError
from chainrule.given import whole_number_from_1

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.equations import Layer

__all__ = ["own_layers"]


def own_layers(
    layers: Sequence[Layer], weights: Sequence[npt.NDArray[Any]], member: int
) -> tuple[list[Layer], list[npt.NDArray[Any]]]:
    """The layers that one member has for itself, counted from 1, and their matrices.

    Raises
    ------
    InputError
        There is no such member.
    """
    number, most = whole_number_from_1(member, "member"), members_of(layers)
    if number > most:
        raise InputError(
            parameter="member",
            given=member,
            needs=f"must be from 1 to {most}: the network has no others",
            advice="Try 1.",
        )
    own = [layer.of_member(w, number - 1) for layer, w in zip(layers, weights, strict=True)]
    return [layer for layer, _ in own], [w for _, w in own]
