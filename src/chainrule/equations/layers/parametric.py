r"""Layers that learn how much of an activation their units have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from chainrule.equations.activations.rectifiers import SELU, SELU_ALPHA, SELU_SCALE, Mish
from chainrule.equations.arrays import array_namespace
from chainrule.equations.layers.layer import LAYERS, LayerKind
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chainrule.equations.activations.activation import Activation
    from chainrule.equations.arrays import Array
    from chainrule.equations.layers.layer import Drawn, Layer

__all__ = ["Parametric", "ParametricMish", "ParametricSELU", "parametric_layer"]


def parametric_layer(given: object) -> Layer | None:
    """The layer, given by its name or as such, whose units learn a part of an activation; None for all else.

    Examples
    --------
    >>> parametric_layer("parametric_mish"), parametric_layer("mish")
    (ParametricMish(), None)
    """
    layer = LAYERS.get(given) if isinstance(given, str) else given
    return None if LAYERS.fact(layer, "activation") is None else LAYERS.made_of(layer)  # type: ignore[arg-type]


class Parametric(LayerKind, ABC):
    r"""Part of an activation for each unit: :math:`z_j = a_j + \alpha_j (g(a_j) - a_j)`, equation (68).

    Its matrix has shape (n_inputs, 1). It follows a dense layer without an activation of its own: with
    :math:`\alpha = 1` both are that layer with the activation g, with 0 they are linear.

    Attributes
    ----------
    activation : Activation
        g.

    References
    ----------
    He, Zhang, Ren & Sun (2015), Delving deep into rectifiers, ICCV, for rectifiers; in this form Holzmüller,
    Grinsztajn & Steinwart (2024), Better by default: strong pre-tuned MLPs and boosted trees on tabular data,
    NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> ParametricMish().forward(np.array([[1.0], [0.5], [0.0]]), np.array([[1.0, 1.0, 1.0]]))
    array([[0.86509839, 0.93254919, 1.        ]])
    """

    activation: ClassVar[Activation]
    equation: ClassVar[str] = "68"

    def start(self, inputs: int, uniform: Drawn, normal: Drawn) -> Array:
        """All 1: the activation as it is."""
        numbers = uniform(inputs)
        return array_namespace(numbers).ones_like(numbers)[:, None]

    def forward(self, weights: Array, a_before: Array) -> Array:
        """Net inputs, equation (68)."""
        return a_before + weights[:, 0] * (self.activation.forward(a_before) - a_before)

    def magnitudes(self, weights: Array, a_before: Array) -> Array:
        """The activation and the input count both, though they have opposite signs."""
        xp = array_namespace(a_before)
        sizes = xp.abs(self.activation.forward(a_before)) + xp.abs(a_before)
        return xp.abs(a_before) + xp.abs(weights[:, 0]) * sizes

    def backward(self, weights: Array, a_before: Array, delta: Array) -> Array:
        r"""Deltas times :math:`1 + \alpha_j (g'(a_j) - 1)`."""
        through = self.activation.backward(a_before, self.activation.forward(a_before), delta)
        return delta + weights[:, 0] * (through - delta)

    def products(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Deltas times what the activation adds to the inputs."""
        return (delta * (self.activation.forward(a_before) - a_before))[:, :, None]

    def symbol(self, line: int, number: int) -> tuple[str | int, ...]:
        """Its letter in equation (68)."""
        return "α", line + 1

    def words(self, shape: tuple[int, int]) -> str:
        """How many."""
        return f"{counted(shape[0], 'unit')}, each with a part of {self.activation.name} of its own"

    @abstractmethod
    def of_input(self, a: Array, j: int) -> str:
        """The activation of an input, written with ``a[j]``."""

    @abstractmethod
    def slope_of_input(self, a: Array, j: int) -> str:
        """Its slope likewise."""

    def terms_of_unit(self, weights: Array, a: Array, k: int) -> Sequence[str]:
        """Equation (68)."""
        return [f"a[{k}]", f"W[{k},0]·({self.of_input(a, k)} − a[{k}])"]

    def terms_passed_back(self, weights: Array, a: Array, j: int) -> Sequence[str]:
        """As `backward`."""
        return [f"d[{j}]", f"d[{j}]·W[{j},0]·({self.slope_of_input(a, j)} − 1)"]

    def terms_of_descent(self, weights: Array, a: Array, line: int, number: int) -> Sequence[str]:
        """As `products`."""
        return [f"d[{line}]·({self.of_input(a, line)} − a[{line}])"]


@LAYERS.register
@dataclass(frozen=True)
class ParametricSELU(Parametric):
    """`Parametric` with SELU.

    Examples
    --------
    >>> import numpy as np
    >>> ParametricSELU().forward(np.array([[1.0], [0.0]]), np.array([[1.0, -1.0]]))
    array([[ 1.05070099, -1.        ]])
    """

    name: ClassVar[str] = "parametric_selu"
    code: ClassVar[int] = 8
    resembles: ClassVar[Mapping[str, str]] = {"prelu": "It learns a part of SELU, not the slope below 0."}
    activation: ClassVar[Activation] = SELU()

    def of_input(self, a: Array, j: int) -> str:
        """Equation (53) of an input, on its side of 0."""
        return f"{SELU_SCALE}·{f'a[{j}]' if a[j] > 0 else f'{SELU_ALPHA}·(exp(a[{j}]) − 1)'}"

    def slope_of_input(self, a: Array, j: int) -> str:
        """Likewise."""
        return f"{SELU_SCALE}{'' if a[j] > 0 else f'·{SELU_ALPHA}·exp(a[{j}])'}"


@LAYERS.register
@dataclass(frozen=True)
class ParametricMish(Parametric):
    """`Parametric` with Mish.

    Examples
    --------
    >>> import numpy as np
    >>> ParametricMish().backward(np.array([[0.5]]), np.array([[0.0]]), np.array([[1.0]])).round(6)
    array([[0.8]])
    """

    name: ClassVar[str] = "parametric_mish"
    code: ClassVar[int] = 9
    activation: ClassVar[Activation] = Mish()

    def of_input(self, a: Array, j: int) -> str:
        """Equation (54) of an input."""
        return f"a[{j}]·tanh(ln(1 + exp(a[{j}])))"

    def slope_of_input(self, a: Array, j: int) -> str:
        """Likewise."""
        t = f"tanh(ln(1 + exp(a[{j}])))"
        return f"({t} + a[{j}]·(1 − {t}²)/(1 + exp(−a[{j}])))"
