"""Where activations, losses and penalties are made of pieces, which differences must not step across."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import Absolute, Huber, LeakyReLU, Quantile, ReLU, Softsign

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.equations import Activation, Loss

__all__ = ["sides_of_kinks", "sides_of_loss", "sides_of_penalty"]


def sides_of_kinks(activation: Activation, z: npt.NDArray[Any]) -> npt.NDArray[np.bool_] | None:
    """Whether each net input is above the kink at 0; None for an activation without one.

    Examples
    --------
    >>> import numpy as np
    >>> sides_of_kinks(ReLU(), np.array([[-1.0, 2.0]]))
    array([[False,  True]])
    """
    if isinstance(activation, (ReLU, LeakyReLU, Softsign)):
        return np.asarray(np.real(z) > 0)
    return None


def sides_of_loss(loss: Loss, a: npt.NDArray[Any], Y: npt.NDArray[Any]) -> npt.NDArray[np.bool_] | None:
    """On which side of the kinks of the loss each residual is; None for a loss without any.

    Examples
    --------
    >>> import numpy as np
    >>> sides_of_loss(Absolute(), np.array([[1.0]]), np.array([[2.0]]))
    array([[ True]])
    """
    residual = Y - np.real(a)
    if isinstance(loss, (Absolute, Quantile)):
        return np.asarray(residual > 0)
    if isinstance(loss, Huber):
        return np.concatenate([residual > loss.limit, residual < -loss.limit], axis=1)
    return None


def sides_of_penalty(weights: npt.NDArray[Any], l1: float) -> npt.NDArray[np.bool_] | None:
    """Whether each weight is above the kink of its size at 0; None without that penalty.

    Examples
    --------
    >>> import numpy as np
    >>> sides_of_penalty(np.array([[-1.0, 2.0]]), l1=0.1)
    array([[False,  True]])
    """
    return np.asarray(np.real(weights) > 0) if l1 else None
