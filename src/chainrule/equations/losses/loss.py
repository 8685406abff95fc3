r"""Losses of one sample: of each output, beside its derivative in that output.

A loss knows outputs and targets alone. What starts the backward pass is put together in `output_delta`, which
for three pairs of loss and activation takes a fused form: of an output that is 0 or 1 to the last bit the
plain product would know nothing. A target that is NaN is missing, and counts for nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from chainrule.equations.activations.activation import OutputRange
from chainrule.equations.activations.rectifiers import Exp
from chainrule.equations.arrays import array_namespace, real_part
from chainrule.equations.kinds import Kind
from chainrule.given import keep_between

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainrule.equations.activations.activation import Activation
    from chainrule.equations.arrays import Array

__all__ = ["LOSSES", "RSS", "Absolute", "Huber", "Loss", "LossFacts", "Poisson", "Quantile", "mean_loss"]


class Loss(Protocol):
    """What training needs of a loss.

    Attributes
    ----------
    name : str
        The shorthand for it wherever a loss is asked for, and its name in a model file.
    formula : str
        Loss of one output as it stands in a printed trace, as a function of ``y`` and ``a``.
    slope : str
        Minus its derivative in ``a``, likewise.

    Examples
    --------
    >>> from chainrule.equations import LOSSES
    >>> LOSSES.named("rss").best_constant
    'mean'
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    slope: ClassVar[str]

    def values(self, a: Array, y: Array) -> Array:
        """Loss of each output of each sample, shape ``(n_samples, n_outputs)``."""
        ...

    def slopes(self, a: Array, y: Array) -> Array:
        r"""Minus the derivative of that in the output, :math:`-\partial\,\text{loss} / \partial a`."""
        ...


LOSSES: Kind[Loss] = Kind("loss", "values", "slopes")


@LOSSES.facts
class LossFacts:
    """What a loss permits, belongs to and is usual for it; one's own may say some of it, or nothing.

    Attributes
    ----------
    symbol : str
        What stands for it in a printed trace.
    equation, fused_equation : int or None
        Equation of the loss, and of its delta together with the activation that it is fused with.
    fused_with : type or None
        Activation with which its delta is the residual, and its loss is known from the net inputs.
    takes : tuple of OutputRange
        Where the outputs must lie.
    lowest_target, highest_target : float
        Between which the targets must lie; `targets_needed` says it in words.
    shares_of_one : bool
        Whether the targets of a sample must sum to 1.
    is_of_squares : bool
        Whether it is half the sum of the squared residuals.
    is_of_residuals : bool
        Whether it is measured in the unit of the targets.
    best_constant : "mean", "quantile" or None
        Best answer that is the same for all samples: the mean of the targets, or the quantile of the loss's
        `share`, the median where it has none.
    usual_output : str or None
        Output activation that belongs to it, where one does.
    code : int or None
        Number of its compiled twin, where there is one.
    """

    symbol: ClassVar[str] = "L"
    equation: ClassVar[int | None] = None
    fused_equation: ClassVar[int | None] = None
    fused_with: ClassVar[type[Activation] | None] = None
    takes: ClassVar[tuple[OutputRange, ...]] = tuple(OutputRange)
    lowest_target: ClassVar[float] = -math.inf
    highest_target: ClassVar[float] = math.inf
    targets_needed: ClassVar[str] = "any numbers"
    shares_of_one: ClassVar[bool] = False
    is_of_squares: ClassVar[bool] = False
    is_of_residuals: ClassVar[bool] = False
    best_constant: ClassVar[str | None] = None
    usual_output: ClassVar[str | None] = None
    code: ClassVar[int | None] = None


@LOSSES.register
@dataclass(frozen=True)
class RSS(LossFacts):
    r"""Residual sum of squares of the notes, :math:`\tfrac{1}{2} \sum_k (y_k - a_k)^2` of one sample.

    Notes
    -----
    The factor ½ makes the derivative :math:`-(y_k - a_k)` without a 2; many libraries leave it out, or
    divide by the number of outputs, and so train a multiple of what they report.

    Examples
    --------
    >>> import numpy as np
    >>> a, y = np.array([[0.75, 0.5]]), np.array([[0.25, 1.0]])
    >>> RSS().values(a, y)
    array([[0.125, 0.125]])
    >>> RSS().slopes(a, y)
    array([[-0.5,  0.5]])
    """

    name: ClassVar[str] = "rss"
    also_called: ClassVar[tuple[str, ...]] = ("half_squared_error",)
    resembles: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("mse", "mean_squared_error", "squared_error", "l2", "quadratic", "least_squares"),
        "It is half the sum of squares, not their mean.",
    ) | dict.fromkeys(("sse", "sum_of_squares"), "It is half the sum of squares.")
    formula: ClassVar[str] = "½·(y − a)²"
    slope: ClassVar[str] = "y − a"
    symbol = "RSS"
    equation = 4
    is_of_squares = is_of_residuals = True
    best_constant = "mean"
    code = 0

    def values(self, a: Array, y: Array) -> Array:
        r"""Half the squared residual of each output, equation (4)."""
        return (y - a) * (y - a) / 2

    def slopes(self, a: Array, y: Array) -> Array:
        r"""Residual :math:`y_k - a_k`, as equation (7) has it."""
        return y - a


@LOSSES.register
@dataclass(frozen=True)
class Absolute(LossFacts):
    r"""Absolute error, :math:`\sum_k |y_k - a_k|`: its best constant is the median. At 0 its slope is 0.

    Examples
    --------
    >>> import numpy as np
    >>> a, y = np.array([[0.75, 0.5]]), np.array([[0.25, 1.0]])
    >>> Absolute().values(a, y), Absolute().slopes(a, y)
    (array([[0.5, 0.5]]), array([[-1.,  1.]]))
    """

    name: ClassVar[str] = "absolute"
    also_called: ClassVar[tuple[str, ...]] = ("absolute_error", "absolute_deviation", "laplace")
    resembles: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("mae", "l1", "mean_absolute_error"), "It is the sum over outputs, not their mean."
    )
    formula: ClassVar[str] = "|y − a|"
    slope: ClassVar[str] = "sign(y − a)"
    equation = 26
    is_of_residuals = True
    best_constant = "quantile"
    code = 1

    def values(self, a: Array, y: Array) -> Array:
        r"""Size of each residual, equation (26)."""
        return (y - a) * self.slopes(a, y)

    def slopes(self, a: Array, y: Array) -> Array:
        r"""Sign of each residual, equation (26)."""
        return array_namespace(a, y).sign(real_part(y - a))


@LOSSES.register
@dataclass(frozen=True)
class Huber(LossFacts):
    r"""Huber's loss: half the square of a residual up to a limit, and a straight line beyond.

    Parameters
    ----------
    limit : float
        Size of a residual from which on an outlier counts by its size, not by its square. Unit: that of the
        targets as the network sees them.

    References
    ----------
    Huber (1964), Robust estimation of a location parameter, Annals of Mathematical Statistics 35.

    Examples
    --------
    >>> import numpy as np
    >>> a, y = np.array([[0.0, 0.0]]), np.array([[0.5, 3.0]])
    >>> Huber(1.0).values(a, y), Huber(1.0).slopes(a, y)
    (array([[0.125, 2.5  ]]), array([[0.5, 1. ]]))
    """

    limit: float = 1.0
    name: ClassVar[str] = "huber"
    also_called: ClassVar[tuple[str, ...]] = ("smooth_l1", "huber_loss")
    formula: ClassVar[str] = "½·r·(2·(y − a) − r),  r = clip(y − a, ±limit)"
    slope: ClassVar[str] = "clip(y − a, ±limit)"
    equation = 27
    is_of_residuals = True
    best_constant = "quantile"  # about
    code = 2

    def __post_init__(self) -> None:
        keep_between(self, "limit", 0.0, math.inf, example=1.0)

    def values(self, a: Array, y: Array) -> Array:
        r"""Half the square, or the straight line beyond the limit, equation (27)."""
        near = self.slopes(a, y)
        return near * (2 * (y - a) - near) / 2

    def slopes(self, a: Array, y: Array) -> Array:
        r"""Residual, no further from 0 than the limit, equation (27)."""
        xp = array_namespace(a, y)
        residual = y - a
        limit = xp.ones_like(residual) * self.limit
        near = xp.where(real_part(residual) > self.limit, limit, residual)
        return xp.where(real_part(residual) < -self.limit, -limit, near)


@LOSSES.register
@dataclass(frozen=True)
class Quantile(LossFacts):
    r"""Quantile (pinball) loss: what lies above is weighted with the share, what lies below with the rest.

    Parameters
    ----------
    share : float
        Which quantile the outputs become, between 0 and 1: 0.5 for the median.

    References
    ----------
    Koenker & Bassett (1978), Regression quantiles, Econometrica 46.

    Examples
    --------
    >>> import numpy as np
    >>> a, y = np.array([[0.0, 0.0]]), np.array([[2.0, -2.0]])
    >>> Quantile(0.9).values(a, y)
    array([[1.8, 0.2]])
    """

    share: float = 0.5
    name: ClassVar[str] = "quantile"
    also_called: ClassVar[tuple[str, ...]] = ("pinball", "quantile_loss", "check_loss", "tilted")
    formula: ClassVar[str] = "max(share·(y − a), (share − 1)·(y − a))"
    slope: ClassVar[str] = "share − [y < a]"
    equation = 28
    is_of_residuals = True
    best_constant = "quantile"
    code = 3

    def __post_init__(self) -> None:
        keep_between(self, "share", 0.0, 1.0, example=0.9)

    def values(self, a: Array, y: Array) -> Array:
        r"""Residual times its weight, equation (28)."""
        return (y - a) * self.slopes(a, y)

    def slopes(self, a: Array, y: Array) -> Array:
        r"""Weight of each residual, equation (28): 0 where there is none."""
        xp = array_namespace(a, y)
        residual = real_part(y - a)
        below = (self.share - 1) * xp.ones_like(residual)
        return xp.where(residual < 0, below, self.share * xp.sign(residual))


@LOSSES.register
@dataclass(frozen=True)
class Poisson(LossFacts):
    r"""Poisson loss of counts, :math:`\sum_k (a_k - y_k \ln a_k)`: outputs are expected counts, above 0.

    Notes
    -----
    The negative logarithm of the likelihood, without the term :math:`\ln y!`, which no output can change: the
    loss may be below 0.

    Examples
    --------
    >>> import numpy as np
    >>> a, y = np.array([[2.0, 1.0]]), np.array([[2.0, 0.0]])
    >>> Poisson().values(a, y), Poisson().slopes(a, y)
    (array([[0.61370564, 1.        ]]), array([[ 0., -1.]]))
    """

    name: ClassVar[str] = "poisson"
    also_called: ClassVar[tuple[str, ...]] = ("poisson_nll",)
    formula: ClassVar[str] = "a − y·ln a"
    slope: ClassVar[str] = "y/a − 1"
    equation, fused_equation = 29, 50
    fused_with = Exp
    takes = (OutputRange.POSITIVE, OutputRange.UNIT, OutputRange.SHARES)
    lowest_target = 0.0
    targets_needed = "a count, at least 0"
    best_constant = "mean"
    usual_output = "softplus"
    code = 4

    def values(self, a: Array, y: Array) -> Array:
        r"""Expected count less the count times its logarithm, equation (29)."""
        return a - y * array_namespace(a, y).log(_above_zero(a))

    def slopes(self, a: Array, y: Array) -> Array:
        r"""Count as a share of the expected one, less 1, equation (29)."""
        return y / _above_zero(a) - 1

    def values_of_net_inputs(self, z: Array, y: Array) -> Array:
        r"""The same of exponential outputs, from their net inputs: exact where one is 0, equation (50)."""
        return array_namespace(z, y).exp(z) - y * z

    def magnitudes_of_net_inputs(self, z: Array, y: Array) -> Array:
        """The same with both terms added by size: what rounding is a share of."""
        xp = array_namespace(z, y)
        return xp.exp(z) + y * xp.abs(z)


def _above_zero(a: Array) -> Array:
    """Outputs, with a tiny number in the place of those that have underflown.

    It is 2^26 of the smallest normal number, so that a count divided by it stays finite.
    """
    xp = array_namespace(a)
    smallest = 2.0**26 * float(xp.finfo(real_part(a).dtype).smallest_normal)
    return xp.where(real_part(a) < smallest, smallest * xp.ones_like(a), a)


def mean_loss(losses: Array) -> Array:
    r"""Loss of a batch: the mean of its samples' losses, equation (14).

    The mean, and not the sum, lets a rate mean the same at every batch size.

    Examples
    --------
    >>> import numpy as np
    >>> float(mean_loss(np.array([0.5, 1.5])))
    1.0
    """
    xp = array_namespace(losses)
    return xp.sum(losses) / losses.shape[0]
