"""A network drawn in characters: its layers one below the other, from the names of inputs to the answers."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from chainrule.equations import Dense, Identity, name_of
from chainrule.lines import LONGEST_TEXT, NARROW, kept, wrapped
from chainrule.network import members_of
from chainrule.words import counted, named, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainrule.models import Model
    from chainrule.network import Network
    from chainrule.tables import Encoding

__all__ = ["drawn_networks"]

MOST_KINDS = 4  # of networks of an ensemble
NODE = 14  # columns for what a layer is, before the names of its inputs or answers
LINKS = ("│", "|")  # what leads from a layer to the next, and where an encoding has no such sign


def drawn_networks(model: Model, width: int, *, plain: bool = False) -> list[str]:
    """A drawing for each kind of networks that a model has, of networks that are alike of the first.

    Parameters
    ----------
    model : Model
    width : int
        Columns of a line.
    plain : bool
        Whether it is drawn in ASCII.
    """
    networks = members_of(model.network)
    kinds = [list(alike) for _, alike in groupby(enumerate(networks, 1), key=lambda one: _shape(one[1]))]
    lines: list[str] = []
    for alike in kinds[:MOST_KINDS]:
        (number, net), last = alike[0], alike[-1][0]
        if len(networks) > 1:
            which = (
                f"networks {number} to {last}; its numbers are of the first"
                if last > number
                else f"network {number}"
            )
            lines += wrapped(
                f"Each of {which}" if last > number else f"Of {which}", width, first="  ", rest="  "
            )
        lines += _drawn(net, model.encoding, min(width, LONGEST_TEXT), LINKS[plain])
    if len(kinds) > MOST_KINDS:
        lines += wrapped(f"… {len(kinds) - MOST_KINDS} more kinds: see --json", width, first="  ", rest="  ")
    return lines


def _shape(net: Network) -> tuple[object, ...]:
    """What networks share that are drawn as one."""
    kinds = [name_of(one) for one in (*net.layers, *net.activations, net.loss)]
    return (*net.sizes, *kinds, *(w.shape for w in net.weights))


def _drawn(net: Network, encoding: Encoding | None, width: int, link: str) -> Iterator[str]:
    """Inputs, and of each layer its weights and its units."""
    inputs, answers = _names(net, encoding, width)
    yield from _node(counted(net.sizes[0], "input"), inputs, width)
    for m, (layer, w, g) in enumerate(zip(net.layers, net.weights, net.activations, strict=True), 1):
        held = f"{counted(w.size, 'weight')}, the largest {abs(w).max():.4g}"
        words = f"{kept(layer.words(w.shape))}; {kept(held)}"
        margin = f"    {link}   " if width >= NARROW else f"    {link} "
        yield from wrapped(f"W^({m})\0\0\0{words}", width, first=margin, rest=f"{margin}  ")
        is_last = m == len(net.layers)
        if is_last or type(layer) is Dense or type(g) is not Identity:
            yield from _node(f"{net.sizes[m]} {name_of(g)}", answers if is_last else "", width)


def _node(what: str, names: str, width: int) -> list[str]:
    """What a layer is, and beside it, or below in a narrow line, the names that belong to it."""
    if len(what) >= NODE or width < NARROW:
        below = wrapped(names, width, first="      ", rest="      ") if names else []
        return [f"  {what}", *below]
    return wrapped(names, width, first=f"  {what:<{NODE}}", rest=" " * (NODE + 2)) or [f"  {what}"]


def _numbered(letter: str, n: int) -> str:
    return f"{letter}_1" if n == 1 else f"{letter}_1 to {letter}_{n}"


def _names(net: Network, encoding: Encoding | None, width: int) -> tuple[str, str]:
    """Names of the inputs and of the answers, as far as a line or two have room."""
    if encoding is None:
        return _numbered("x", net.sizes[0]), _numbered("a", net.sizes[-1])
    room = width - NODE - 2 if width >= NARROW else 2 * (width - 8)
    columns = list(dict.fromkeys(part.name for part in encoding.inputs))
    inputs = shortened(columns, room)
    if net.sizes[0] != len(columns):
        inputs = f"of {counted(len(columns), 'column')}: {shortened(columns, room - 16)}"
    if encoding.classes and len(encoding.targets) == 1:
        target = named(encoding.targets[0].name)
        return (
            inputs,
            f"{target}: {shortened([str(one) for one in encoding.classes], room - len(target) - 2)}",
        )
    return inputs, shortened([part.name for part in encoding.targets], room)
