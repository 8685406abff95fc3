r"""Losses of one sample, each beside the delta that it starts at the output layer.

Loss and delta always describe the same function, for every number of outputs. A loss gives the delta for
its activation itself, because for some pairs the plain product would be 0 times infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from chainrule.equations.arrays import array_namespace
from chainrule.errors import UnknownNameError

if TYPE_CHECKING:
    from chainrule.equations.activations import Activation
    from chainrule.equations.arrays import Array

__all__ = ["LOSSES", "RSS", "Loss", "loss_named", "mean_loss"]


class Loss(Protocol):
    """What training needs of a loss.

    Attributes
    ----------
    name : str
        The shorthand for it wherever a loss is asked for, and its name in a model file.

    Examples
    --------
    >>> loss_named("rss")
    RSS()
    """

    name: ClassVar[str]

    def value(self, a: Array, y: Array) -> Array:
        """Loss of each sample, shape ``(n_samples,)``, for outputs `a` and targets `y`."""
        ...

    def output_delta(self, z: Array, a: Array, y: Array, activation: Activation) -> Array:
        r"""Descent direction :math:`-\partial\,\text{loss} / \partial z` of the output layer."""
        ...


@dataclass(frozen=True)
class RSS:
    r"""Residual sum of squares of the notes, :math:`\tfrac{1}{2} \sum_k (y_k - a_k)^2` of one sample.

    Notes
    -----
    The factor ½ makes the derivative :math:`-(y_k - a_k)` without a 2; many libraries leave it out, or
    divide by the number of outputs, and so train a multiple of what they report.

    Examples
    --------
    >>> import numpy as np
    >>> a, y = np.array([[0.75, 0.5]]), np.array([[0.25, 1.0]])
    >>> RSS().value(a, y)
    array([0.25])
    >>> from chainrule.equations import Identity
    >>> RSS().output_delta(a, a, y, Identity())
    array([[-0.5,  0.5]])
    """

    name: ClassVar[str] = "rss"

    def value(self, a: Array, y: Array) -> Array:
        r"""Half the squared residuals, summed over the output units, equation (4)."""
        xp = array_namespace(a, y)
        return xp.sum((y - a) * (y - a), axis=-1) / 2

    def output_delta(self, z: Array, a: Array, y: Array, activation: Activation) -> Array:
        r"""Residual times derivative, :math:`\delta_k = (y_k - a_k)\, g'(z_k)`, equation (7)."""
        return activation.backward(z, a, y - a)


LOSSES: dict[str, Loss] = {loss.name: loss for loss in (RSS(),)}


def loss_named(name: str) -> Loss:
    """Find a loss by its name.

    Raises
    ------
    UnknownNameError
        No loss has this name.

    Examples
    --------
    >>> loss_named("rss").name
    'rss'
    """
    if name not in LOSSES:
        what = "loss"
        raise UnknownNameError(what, name, LOSSES)
    return LOSSES[name]


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
