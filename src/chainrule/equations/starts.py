r"""Weights to start from: named formulas, uniform numbers only.

Normal numbers would need a logarithm and a cosine, whose last bits differ between machines; a uniform
number and a square root do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from chainrule.equations.kinds import Kind
from chainrule.given import keep_between

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainrule.equations.arrays import Array

__all__ = ["STARTS", "GlorotUniform", "HeUniform", "LecunUniform", "Start", "Uniform"]


class Start(Protocol):
    """A formula that makes the first weights of a layer.

    Examples
    --------
    >>> STARTS.named("glorot_uniform")
    GlorotUniform()
    """

    name: ClassVar[str]

    def weights(self, numbers: Array) -> Array:
        """Weights of shape ``(n_out, 1 + n_in)`` from `numbers` of that shape, uniform in [0, 1)."""
        ...


def _between(limit: float, numbers: Array) -> Array:
    """Numbers in [0, 1) spread over [-limit, limit)."""
    return limit * (2 * numbers - 1)


def _with_zero_bias(limit: float, numbers: Array) -> Array:
    """Weights spread over [-limit, limit), bias weights 0."""
    weights = _between(limit, numbers)
    weights[:, 0] = 0.0
    return weights


def _fans(numbers: Array) -> tuple[int, int]:
    """Numbers of units before and after, the bias unit left out."""
    n_out, n_columns = numbers.shape
    return n_columns - 1, n_out


NO_NORMAL_NUMBERS = "It is uniform, with the same variance."
STARTS: Kind[Start] = Kind("start", "weights")


@STARTS.register
@dataclass(frozen=True)
class GlorotUniform:
    r"""Uniform in ±√(6 / (n_in + n_out)), bias weights 0; the default.

    Notes
    -----
    Equation (18) of docs/derivation.md.

    References
    ----------
    Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural
    networks, AISTATS.

    Examples
    --------
    >>> import numpy as np
    >>> GlorotUniform().weights(np.array([[0.0, 0.75, 0.5]]))
    array([[0.        , 0.70710678, 0.        ]])
    """

    name: ClassVar[str] = "glorot_uniform"
    also_called: ClassVar[tuple[str, ...]] = ("xavier", "glorot", "xavier_uniform")
    resembles: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("xavier_normal", "glorot_normal"), NO_NORMAL_NUMBERS
    )

    def weights(self, numbers: Array) -> Array:
        """Weights of shape ``(n_out, 1 + n_in)``, equation (18)."""
        n_in, n_out = _fans(numbers)
        return _with_zero_bias(math.sqrt(6 / (n_in + n_out)), numbers)


@STARTS.register
@dataclass(frozen=True)
class HeUniform:
    r"""Uniform in ±√(6 / n_in), bias weights 0.

    References
    ----------
    He, Zhang, Ren & Sun (2015), Delving deep into rectifiers, ICCV.

    Examples
    --------
    >>> import numpy as np
    >>> HeUniform().weights(np.array([[0.0, 0.75, 0.5]]))
    array([[0.       , 0.8660254, 0.       ]])
    """

    name: ClassVar[str] = "he_uniform"
    also_called: ClassVar[tuple[str, ...]] = ("he", "kaiming", "kaiming_uniform")
    resembles: ClassVar[Mapping[str, str]] = dict.fromkeys(("he_normal", "kaiming_normal"), NO_NORMAL_NUMBERS)

    def weights(self, numbers: Array) -> Array:
        """Weights of shape ``(n_out, 1 + n_in)``."""
        return _with_zero_bias(math.sqrt(6 / _fans(numbers)[0]), numbers)


@STARTS.register
@dataclass(frozen=True)
class LecunUniform:
    r"""Uniform in ±√(3 / n_in), bias weights 0.

    References
    ----------
    LeCun, Bottou, Orr & Müller (1998), Efficient BackProp, in Neural Networks: Tricks of the Trade.

    Examples
    --------
    >>> import numpy as np
    >>> LecunUniform().weights(np.array([[0.0, 0.75, 0.5]]))
    array([[0.        , 0.61237244, 0.        ]])
    """

    name: ClassVar[str] = "lecun_uniform"
    also_called: ClassVar[tuple[str, ...]] = ("lecun",)
    resembles: ClassVar[Mapping[str, str]] = {"lecun_normal": NO_NORMAL_NUMBERS}

    def weights(self, numbers: Array) -> Array:
        """Weights of shape ``(n_out, 1 + n_in)``."""
        return _with_zero_bias(math.sqrt(3 / _fans(numbers)[0]), numbers)


@STARTS.register
@dataclass(frozen=True)
class Uniform:
    """Uniform in ±limit, bias weights included.

    Parameters
    ----------
    limit : float
        Largest size of a weight; above 0.

    Examples
    --------
    >>> import numpy as np
    >>> Uniform(0.5).weights(np.array([[0.0, 0.75, 0.5]]))
    array([[-0.5 ,  0.25,  0.  ]])
    """

    limit: float = 1.0
    name: ClassVar[str] = "uniform"
    also_called: ClassVar[tuple[str, ...]] = ("random_uniform", "rand")
    resembles: ClassVar[Mapping[str, str]] = {
        "normal": "Its numbers are uniform between two limits.",
        "gaussian": "Its numbers are uniform between two limits.",
    }

    def __post_init__(self) -> None:
        keep_between(self, "limit", 0.0, math.inf, example=1.0)

    def weights(self, numbers: Array) -> Array:
        """Weights of shape ``(n_out, 1 + n_in)``."""
        return _between(self.limit, numbers)
