r"""Weights to start from: named formulas.

Whoever asks for weights draws the numbers that a formula is given, uniform or normal, by a seed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol

from chainrule.equations.kinds import Kind
from chainrule.given import keep_between

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainrule.equations.arrays import Array

__all__ = [
    "STARTS", "FromData", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal",
    "LecunUniform", "Start", "Uniform", "ZeroOutput",
]  # fmt: skip


class Start(Protocol):
    """A formula that makes the first weights of a layer.

    Examples
    --------
    >>> STARTS.named("glorot_uniform")
    GlorotUniform()
    """

    name: ClassVar[str]

    def weights(self, numbers: Array) -> Array:
        """Weights of shape ``(n_out, 1 + n_in)`` from `numbers` of that shape, uniform or normal."""
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


STARTS: Kind[Start] = Kind("start", "weights")


@STARTS.facts
class StartFacts:
    """What is to be known of a start; one's own may say some of it, or nothing.

    Attributes
    ----------
    is_normal : bool
        Whether its numbers are normal with mean 0 and variance 1, and not uniform in [0, 1).
    needs_rows : bool
        Whether its weights are then adapted to rows, equations (58) and (59).
    zeroes_outputs : bool
        Whether the weights of the output layer are then all 0.
    """

    is_normal: ClassVar[bool] = False
    needs_rows: ClassVar[bool] = False
    zeroes_outputs: ClassVar[bool] = False


def _normal_with(variance: float, numbers: Array) -> Array:
    """Normal numbers with this variance, bias weights 0."""
    weights = math.sqrt(variance) * numbers
    weights[:, 0] = 0.0
    return weights


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


@STARTS.register
@dataclass(frozen=True)
class GlorotNormal(StartFacts):
    r"""Normal with the variance 2 / (n_in + n_out), bias weights 0.

    References
    ----------
    Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural
    networks, AISTATS.

    Examples
    --------
    >>> import numpy as np
    >>> GlorotNormal().weights(np.array([[5.0, 1.0, -2.0]]))
    array([[ 0.        ,  0.81649658, -1.63299316]])
    """

    name: ClassVar[str] = "glorot_normal"
    also_called: ClassVar[tuple[str, ...]] = ("xavier_normal",)
    is_normal = True

    def weights(self, numbers: Array) -> Array:
        """Weights of shape ``(n_out, 1 + n_in)`` from normal numbers."""
        n_in, n_out = _fans(numbers)
        return _normal_with(2 / (n_in + n_out), numbers)


@STARTS.register
@dataclass(frozen=True)
class HeNormal(StartFacts):
    r"""Normal with the variance 2 / n_in, bias weights 0.

    References
    ----------
    He, Zhang, Ren & Sun (2015), Delving deep into rectifiers, ICCV.

    Examples
    --------
    >>> import numpy as np
    >>> HeNormal().weights(np.array([[5.0, 1.0, -2.0]]))
    array([[ 0.,  1., -2.]])
    """

    name: ClassVar[str] = "he_normal"
    also_called: ClassVar[tuple[str, ...]] = ("kaiming_normal",)
    is_normal = True

    def weights(self, numbers: Array) -> Array:
        """Weights of shape ``(n_out, 1 + n_in)`` from normal numbers."""
        return _normal_with(2 / _fans(numbers)[0], numbers)


@STARTS.register
@dataclass(frozen=True)
class LecunNormal(StartFacts):
    r"""Normal with the variance 1 / n_in, bias weights 0.

    References
    ----------
    LeCun, Bottou, Orr & Müller (1998), Efficient BackProp, in Neural Networks: Tricks of the Trade.

    Examples
    --------
    >>> import numpy as np
    >>> LecunNormal().weights(np.array([[5.0, 1.0, -2.0]]))
    array([[ 0.        ,  0.70710678, -1.41421356]])
    """

    name: ClassVar[str] = "lecun_normal"
    is_normal = True

    def weights(self, numbers: Array) -> Array:
        """Weights of shape ``(n_out, 1 + n_in)`` from normal numbers."""
        return _normal_with(1 / _fans(numbers)[0], numbers)


@dataclass(frozen=True)
class _Then(StartFacts):
    """A start that another one begins: its weights and facts are those of the other, but for one."""

    then: Start = field(default_factory=LecunNormal)

    def __post_init__(self) -> None:
        object.__setattr__(self, "then", STARTS.made_of(self.then, "then"))

    @property
    def is_normal(self) -> bool:  # type: ignore[override]
        """Whether the other one's numbers are."""
        return bool(STARTS.fact(self.then, "is_normal"))

    def weights(self, numbers: Array) -> Array:
        """Weights of the other one."""
        return self.then.weights(numbers)


@STARTS.register
@dataclass(frozen=True)
class FromData(_Then):
    r"""Weights that are adapted to the rows to learn from, layer by layer, equations (58) and (59).

    Each unit's net inputs over the rows get the standard deviation 1, and its bias weight puts their 0 among
    the rows. `Network.random` needs the rows for it; `fit` and the estimators give them.

    Parameters
    ----------
    then : Start
        What gives the weights before that.

    References
    ----------
    Holzmüller, Grinsztajn & Steinwart (2024), Better by default: strong pre-tuned MLPs and boosted trees
    on tabular data, NeurIPS 37.

    Examples
    --------
    >>> STARTS.named("from_data,he_normal").then
    HeNormal()
    """

    name: ClassVar[str] = "from_data"
    also_called: ClassVar[tuple[str, ...]] = ("lsuv", "data_dependent")
    needs_rows = True


@STARTS.register
@dataclass(frozen=True)
class ZeroOutput(_Then):
    """Weights of another start, and 0 for all weights of the output layer: the first outputs are all alike.

    Parameters
    ----------
    then : Start

    Examples
    --------
    >>> STARTS.named("zero_output,from_data").then
    FromData(then=LecunNormal())
    """

    name: ClassVar[str] = "zero_output"
    zeroes_outputs = True

    @property
    def needs_rows(self) -> bool:  # type: ignore[override]
        """Whether the other one does."""
        return bool(STARTS.fact(self.then, "needs_rows"))
