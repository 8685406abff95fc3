r"""What a layer is: a matrix of numbers, three functions of it, and an activation after them.

A network is a chain of layers, each of a named kind. Whatever the kind, its numbers stand in one matrix with
a line for each unit, or whatever else has numbers of its own, so that update rules, model files and checks
need not know it. In column 0 are those that penalties and decay spare, as bias weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from chainrule.equations.arrays import array_namespace
from chainrule.equations.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chainrule.equations.activations.activation import Activation
    from chainrule.equations.arrays import Array

    Drawn = Callable[[int], Array]

__all__ = [
    "LAYERS", "Layer", "LayerFacts", "LayerKind", "columns_spared", "keep_whole", "layers_of", "members_of",
]  # fmt: skip


class Layer(Protocol):
    """What a network needs of a kind of layers.

    Examples
    --------
    >>> from chainrule.equations import LAYERS
    >>> LAYERS.named("scale").sizes((3, 1))
    (3, 3)
    """

    name: ClassVar[str]

    def sizes(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Numbers of inputs and of units of a layer whose matrix has this shape."""
        ...

    def shape(self, inputs: int, units: int) -> tuple[int, int]:
        """Shape of the matrix for so many inputs, and so many units where these are not settled by them."""
        ...

    def start(self, inputs: int, uniform: Drawn, normal: Drawn) -> Array:
        """First weights where no formula for these is asked for, from functions that draw so many numbers."""
        ...

    def forward(self, weights: Array, a_before: Array) -> Array:
        """Net inputs, shape (n_samples, n_units)."""
        ...

    def backward(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Sum of the deltas times the slope of their net inputs in each input, (n_samples, n_inputs)."""
        ...

    def products(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Sum of the deltas times the slope of their net inputs in each weight, (n_samples, *shape)."""
        ...

    def gradient(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Gradient of a batch's mean loss in the matrix."""
        ...

    def magnitudes(self, weights: Array, a_before: Array) -> Array:
        """Net inputs with all terms of their sums added by size: what rounding is a share of."""
        ...

    def fault_of(self, weights: Array) -> str | None:
        """What is wrong with a matrix of the right shape, in words; None for one that will do."""
        ...

    def of_member(self, weights: Array, member: int) -> tuple[Layer, Array]:
        """The layer that one member has for itself, counted from 0, and its matrix."""
        ...

    def symbol(self, line: int, number: int) -> tuple[str | int, ...]:
        """Letter of a number of the matrix, and its indices, counted from 1."""
        ...

    def words(self, shape: tuple[int, int]) -> str:
        """What its matrix holds, in plain words."""
        ...

    def terms_of_unit(self, weights: Array, a: Array, k: int) -> Sequence[str]:
        """Terms of the net input of unit k, in the notation of `LayerKind`; none where nothing is written.

        It is that of one sample, of which `a` holds the inputs.
        """
        ...

    def terms_passed_back(self, weights: Array, a: Array, j: int) -> Sequence[str]:
        """Terms of what is passed back to input j, likewise."""
        ...

    def terms_of_descent(self, weights: Array, a: Array, line: int, number: int) -> Sequence[str]:
        """Terms of minus the slope of a sample's loss in a number of the matrix, likewise."""
        ...


LAYERS: Kind[Layer] = Kind(
    "layer", "sizes", "shape", "forward", "backward", "products", "gradient", "of_member"
)


@LAYERS.facts
class LayerFacts:
    """What is so of a kind of layers; a user's own may say some of it, or nothing.

    Attributes
    ----------
    also_called, resembles
        As of activations.
    chooses_units : bool
        Whether any number of units may follow any number of inputs.
    members : int
        Of how many networks it holds the weights, each of which sees every sample.
    equation : str or None
        Number of the equation of its net inputs, in words.
    is_held : bool
        Whether its matrix is settled before a training, which then leaves it as it is.
    is_spared : bool
        Whether penalties and decay spare all of its numbers; else those in column 0.
    activation : Activation or None
        Of which its units learn a part, behind a dense layer.
    """

    also_called: ClassVar[tuple[str, ...]] = ()
    resembles: ClassVar[Mapping[str, str]] = {}
    chooses_units: ClassVar[bool] = False
    members: int = 1
    equation: ClassVar[str | None] = None
    is_held: ClassVar[bool] = False
    is_spared: ClassVar[bool] = False
    activation: ClassVar[Activation | None] = None


class LayerKind:
    """What a kind of layers need not say itself: a base for each, a user's own too.

    It has a unit and a number for each input, its gradient is made of the products of each sample, every
    member has the whole of it, and a worked example leaves out what is not written. Formulas are written as
    terms: ``W[k,j]`` is a number of the matrix, ``a[j]`` input j, ``d[k]`` the delta of unit k, all counted
    from 0, and ``x[0]`` the bias unit; so a dense layer's unit 0 begins with ``"W[0,0]·x[0]"``.
    """

    def sizes(self, shape: tuple[int, int]) -> tuple[int, int]:
        """As many units as inputs, each with a line of the matrix."""
        return shape[0], shape[0]

    def shape(self, inputs: int, units: int) -> tuple[int, int]:
        """One number of each input."""
        return inputs, 1

    def fault_of(self, weights: Array) -> str | None:
        """As of `Layer`."""
        return None

    def forward(self, weights: Array, a_before: Array) -> Array:
        """As of `Layer`."""
        raise NotImplementedError

    def products(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """As of `Layer`."""
        raise NotImplementedError

    def magnitudes(self, weights: Array, a_before: Array) -> Array:
        """Net inputs with all terms of their sums added by size: what rounding is a share of."""
        xp = array_namespace(a_before)
        return self.forward(xp.abs(weights), xp.abs(a_before))

    def gradient(self, weights: Array, a_before: Array, delta: Array) -> Array:
        r"""Gradient of a batch's mean loss, equation (15): minus the mean of the products of all samples."""
        xp = array_namespace(delta)
        return -xp.sum(self.products(weights, a_before, delta), axis=0) / delta.shape[0]

    def of_member(self, weights: Array, member: int) -> tuple[Layer, Array]:
        """As of `Layer`."""
        return self, weights  # type: ignore[return-value]

    def symbol(self, line: int, number: int) -> tuple[str | int, ...]:
        """As of `Layer`."""
        return "W", line + 1, number + 1

    def words(self, shape: tuple[int, int]) -> str:
        """As of `Layer`."""
        return f"{getattr(self, 'name', type(self).__name__)}, {shape[0]} x {shape[1]}"

    def terms_of_unit(self, weights: Array, a: Array, k: int) -> Sequence[str]:
        """As of `Layer`."""
        return ()

    def terms_passed_back(self, weights: Array, a: Array, j: int) -> Sequence[str]:
        """As of `Layer`."""
        return ()

    def terms_of_descent(self, weights: Array, a: Array, line: int, number: int) -> Sequence[str]:
        """As of `Layer`."""
        return ()


def keep_whole(layer: object, name: str, check: Callable[[object, str], int]) -> None:
    """Keep a field as a whole number, also where it comes as a float from a text."""
    given = getattr(layer, name)
    whole = int(given) if isinstance(given, float) and given % 1 == 0 else given
    object.__setattr__(layer, name, check(whole, name))


def layers_of(layers: Sequence[Layer] | None, n_matrices: int) -> Sequence[Layer]:
    """The kinds as given, or that of the notes for each matrix.

    Examples
    --------
    >>> layers_of(None, 2)
    [Dense(), Dense()]
    """
    return [LAYERS["dense"]] * n_matrices if layers is None else layers


def columns_spared(layer: Layer, columns: int) -> int:
    """Of how many columns of a matrix penalties and decay spare the numbers: the first one, or all.

    Examples
    --------
    >>> from chainrule.equations import Dense, MemberBias
    >>> columns_spared(Dense(), 4), columns_spared(MemberBias(4), 4)
    (1, 4)
    """
    is_spared = LAYERS.fact(layer, "is_spared") or LAYERS.fact(layer, "is_held")
    return columns if is_spared else 1


def members_of(layers: Sequence[Layer]) -> int:
    """How many networks share the weights of a chain of layers.

    Examples
    --------
    >>> from chainrule.equations import Dense, MemberScale
    >>> members_of([MemberScale(4), Dense()])
    4
    """
    return max(int(LAYERS.fact(layer, "members")) for layer in layers)
