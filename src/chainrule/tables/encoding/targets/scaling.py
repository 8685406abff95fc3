"""How a number to be learnt is scaled: into what the outputs can give and the loss can take."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from chainrule.tables.encoding.statistics import Spread, measure

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from chainrule.table_options import NumberEncoding

    FloatArray = npt.NDArray[np.float64]

__all__ = ["NO_LIMITS", "Limits", "Scaled", "Scaling", "scaling_of"]

Scaled: TypeAlias = Literal["spread", "as_is", "share", "above", "range"]

MARGIN = 0.1  # of the outputs' range, which stays free at either end
LARGEST = sys.float_info.max


class Limits(NamedTuple):
    """What a network can learn: where its outputs lie, what its loss is defined for, how it takes numbers.

    Attributes
    ----------
    lowest, highest : float
        Between which targets must lie.
    filled : float
        Share of what lies between them that numbers fill which need no scaling.
    are_counts : bool
        Whether the loss learns counts, of which 0 must stay 0.
    one_unit : bool
        Whether two classes share one output.
    keeps_shares : bool
        Whether inputs that lie between 0 and 1 stay as they are.
    numbers_as : NumberEncoding, optional
        How inputs that are numbers are encoded where nothing was said; None where their tails say it.
    """

    lowest: float = -math.inf
    highest: float = math.inf
    filled: float = 0.5
    are_counts: bool = False
    one_unit: bool = False
    keeps_shares: bool = False
    numbers_as: NumberEncoding | None = None


NO_LIMITS = Limits()


class Scaling(NamedTuple):
    """A number y is learnt as (y - mean) / scale.

    `how` tells what these two are: the mean and the standard deviation ("spread"), 0 and 1 ("as_is"), 0 and
    the mean, or the largest ("share"), the smallest number and the mean's distance from it ("above"), or what
    draws the numbers between the limits ("range"). `average` is the mean of the numbers, where `mean` is not.
    """

    mean: float
    scale: float
    how: Scaled = "spread"
    average: float | None = None


def scaling_of(values: FloatArray, limits: Limits, *, as_is: bool = False, has_zero: bool = True) -> Scaling:
    """Scaling of the numbers of the training rows.

    Parameters
    ----------
    values : array of shape (n,)
        Finite; n may be 0.
    limits : Limits
    as_is : bool
        Whether they must stay as they are.
    has_zero : bool
        Whether 0 stands for nothing, and so stays 0 where it can; of times it does not.

    Returns
    -------
    Scaling
        Its scale is 0 where there is but one number.

    Examples
    --------
    >>> import numpy as np
    >>> prices = np.array([2.0, 6.0, 10.0])
    >>> scaling_of(prices, Limits()).mean
    6.0
    >>> scaling_of(prices, Limits(lowest=0.0))
    Scaling(mean=0.0, scale=6.0, how='share', average=6.0)
    >>> scaling_of(prices, Limits(-1.0, 1.0))
    Scaling(mean=6.0, scale=5.0, how='range', average=6.0)
    """
    spread = measure(values) if len(values) else Spread(0.0, 0.0)
    mean = spread.mean
    if spread.scale == 0:
        return Scaling(mean, 0.0)
    if as_is:
        return Scaling(0.0, 1.0, "as_is", mean)
    if math.isinf(limits.lowest) and not limits.are_counts:
        return Scaling(*spread)
    low, high = float(values.min()), float(values.max())
    if limits.are_counts or math.isinf(limits.highest):
        if low >= 0 and has_zero:
            most = high / (limits.highest * (1 - MARGIN))  # 0 where there is no limit
            return Scaling(0.0, most or mean, "share", mean)
        return Scaling(low, mean - low, "above", mean)
    return _between(low, high, mean, limits)


def _between(low: float, high: float, mean: float, limits: Limits) -> Scaling:
    """Scaling of numbers from `low` to `high` where both limits are finite."""
    width = limits.highest - limits.lowest
    if limits.lowest <= low and high <= limits.highest and high - low >= limits.filled * width:
        return Scaling(0.0, 1.0, "as_is", mean)
    room = width * (1 - 2 * MARGIN)
    scale = min(high / room - low / room, LARGEST)
    return Scaling(low - (limits.lowest + MARGIN * width) * scale, scale, "range", mean)
