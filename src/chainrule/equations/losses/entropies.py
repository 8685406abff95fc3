r"""Cross-entropies, and what starts the backward pass for any pair of loss and output activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from chainrule.equations.activations.activation import Logistic, OutputRange
from chainrule.equations.activations.rectifiers import softplus
from chainrule.equations.activations.softmax import Softmax, log_of_sum_of_exponentials
from chainrule.equations.arrays import array_namespace
from chainrule.equations.kinds import name_of
from chainrule.equations.losses.loss import LOSSES, LossFacts
from chainrule.errors import InputError, argument

if TYPE_CHECKING:
    from chainrule.equations.activations.activation import Activation
    from chainrule.equations.arrays import Array
    from chainrule.equations.losses.loss import Loss

__all__ = [
    "BinaryCrossEntropy", "CrossEntropy", "is_fused", "output_delta", "sample_losses", "sample_magnitudes",
    "smoothed_targets",
]  # fmt: skip


@LOSSES.register
@dataclass(frozen=True)
class CrossEntropy(LossFacts):
    r"""Cross-entropy of softmax outputs, :math:`-\sum_k y_k \ln a_k`: one class of several.

    The targets of a sample are the chances of its classes: at least 0, with the sum 1; for a known class, 1
    and else 0.

    Examples
    --------
    >>> import numpy as np
    >>> CrossEntropy().values(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    array([[0.69314718, 0.        ]])
    """

    name: ClassVar[str] = "cross_entropy"
    also_called: ClassVar[tuple[str, ...]] = (
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
        "softmax_cross_entropy",
        "cce",
        "ce",
        "nll",
        "log_loss",
        "negative_log_likelihood",
    )
    formula: ClassVar[str] = "−y·ln a"
    slope: ClassVar[str] = "y/a"
    equation, fused_equation = 30, 31
    fused_with = Softmax
    takes = (OutputRange.SHARES,)
    lowest_target, highest_target = 0.0, 1.0
    targets_needed = "from 0 to 1"
    shares_of_one = True
    best_constant = "mean"
    usual_output = "softmax"
    code = 5

    def values(self, a: Array, y: Array) -> Array:
        r"""Minus the target times the logarithm of the output, equation (30)."""
        return -y * array_namespace(a, y).log(a)

    def slopes(self, a: Array, y: Array) -> Array:
        r"""Target divided by output, equation (30)."""
        return y / a

    def values_of_net_inputs(self, z: Array, y: Array) -> Array:
        r"""The same of softmax outputs, from their net inputs: exact where an output is 0, equation (31)."""
        return y * (log_of_sum_of_exponentials(z) - z)

    def magnitudes_of_net_inputs(self, z: Array, y: Array) -> Array:
        """The same with both terms added by size: what rounding is a share of."""
        xp = array_namespace(z, y)
        return y * (xp.abs(log_of_sum_of_exponentials(z)) + xp.abs(z))


@LOSSES.register
@dataclass(frozen=True)
class BinaryCrossEntropy(LossFacts):
    r"""Cross-entropy of logistic outputs, :math:`-\sum_k (y_k \ln a_k + (1 - y_k) \ln(1 - a_k))`.

    For two classes with one output, or for several labels, each of which holds or not whatever the others do.
    Targets are from 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> BinaryCrossEntropy().values(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    array([[0.69314718, 0.69314718]])
    """

    name: ClassVar[str] = "binary_cross_entropy"
    also_called: ClassVar[tuple[str, ...]] = (
        "bce",
        "bce_with_logits",
        "sigmoid_cross_entropy",
        "logistic_loss",
    )
    formula: ClassVar[str] = "−y·ln a − (1 − y)·ln(1 − a)"
    slope: ClassVar[str] = "(y − a) / (a·(1 − a))"
    equation, fused_equation = 32, 33
    fused_with = Logistic
    takes = (OutputRange.UNIT,)
    lowest_target, highest_target = 0.0, 1.0
    targets_needed = "from 0 to 1"
    best_constant = "mean"
    usual_output = "logistic"
    code = 6

    def values(self, a: Array, y: Array) -> Array:
        r"""Both logarithms, each times its target, equation (32)."""
        xp = array_namespace(a, y)
        return -y * xp.log(a) - (1 - y) * xp.log1p(-a)

    def slopes(self, a: Array, y: Array) -> Array:
        r"""Residual divided by the slope of the logistic, equation (32)."""
        return (y - a) / (a * (1 - a))

    def values_of_net_inputs(self, z: Array, y: Array) -> Array:
        r"""The same of logistic outputs, from their net inputs: exact in both tails, equation (33)."""
        return softplus(z) - y * z

    def magnitudes_of_net_inputs(self, z: Array, y: Array) -> Array:
        """The same with both terms added by size: what rounding is a share of."""
        return softplus(z) + y * array_namespace(z).abs(z)


def is_fused(loss: Loss, activation: Activation) -> bool:
    """Whether the delta of this pair is the residual, and its loss is known from the net inputs.

    Examples
    --------
    >>> is_fused(CrossEntropy(), Softmax())
    True
    """
    # Asked of the class alone: one derived from either may compute something else.
    return vars(type(loss)).get("fused_with") is type(activation)


def _present(y: Array, numbers: Array) -> Array:
    """Numbers, with 0 in the place of those whose target is missing."""
    xp = array_namespace(y, numbers)
    return xp.where(xp.isnan(y), xp.zeros_like(numbers), numbers)


def sample_losses(loss: Loss, z: Array, a: Array, y: Array, activation: Activation) -> Array:
    r"""Loss of each sample: the sum over its outputs, without those whose target is missing (NaN).

    Parameters
    ----------
    loss : Loss
    z, a : arrays of shape (n_samples, n_outputs)
        Net inputs and activations of the output layer.
    y : array of that shape
        Targets; NaN where there is none.
    activation : Activation
        That of the output layer.

    Returns
    -------
    array of shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.equations import RSS, Identity
    >>> a = np.array([[0.75, 0.5]])
    >>> sample_losses(RSS(), a, a, np.array([[0.25, np.nan]]), Identity())
    array([0.125])
    """
    fused = is_fused(loss, activation)
    values = loss.values_of_net_inputs(z, y) if fused else loss.values(a, y)  # type: ignore[attr-defined]
    return array_namespace(values).sum(_present(y, values), axis=-1)


def sample_magnitudes(loss: Loss, z: Array, a: Array, y: Array, activation: Activation) -> Array:
    r"""Loss of each sample with all terms of its sums added by size: what rounding is a share of.

    Of a sample that is answered well, a loss that is known from the net inputs is a small difference of large
    numbers.

    Parameters
    ----------
    loss, z, a, y, activation
        As for `sample_losses`.

    Returns
    -------
    array of shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> z, y = np.array([[20.0, -20.0]]), np.array([[1.0, 0.0]])
    >>> loss, g = CrossEntropy(), Softmax()
    >>> sample_losses(loss, z, g.forward(z), y, g), sample_magnitudes(loss, z, g.forward(z), y, g)
    (array([0.]), array([40.]))
    """
    xp = array_namespace(a, y)
    of_net_inputs = getattr(loss, "magnitudes_of_net_inputs", None)  # one's own need not say
    if is_fused(loss, activation) and of_net_inputs is not None:
        sizes = of_net_inputs(z, y)
    else:
        sizes = xp.abs(loss.values(a, y))
    return xp.sum(_present(y, sizes), axis=-1)


def output_delta(loss: Loss, z: Array, a: Array, y: Array, activation: Activation) -> Array:
    r"""Delta of the output layer: slope of the loss times slope of the activation, as in equation (7).

    .. math:: \delta_k = -\frac{\partial\,\text{loss}}{\partial z_k}

    Parameters
    ----------
    loss, z, a, y, activation
        As for `sample_losses`.

    Returns
    -------
    array of shape (n_samples, n_outputs)
        0 where a target is missing, unless the activation mixes outputs.

    Notes
    -----
    Where the activation is the one that the loss is fused with, delta is the residual, equations (31), (33)
    and (50): the same function, without a division by what may be 0.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.equations import RSS, Identity
    >>> a, y = np.array([[0.75, 0.5]]), np.array([[0.25, 1.0]])
    >>> output_delta(RSS(), a, a, y, Identity())
    array([[-0.5,  0.5]])
    """
    if is_fused(loss, activation):
        return _present(y, y - a)
    return activation.backward(z, a, _present(y, loss.slopes(a, y)))


def smoothed_targets(y: Array, share: float, loss: Loss) -> Array:
    r"""Targets of classes of which each gives a share to all classes, equation (57).

    Parameters
    ----------
    y : array of shape (n_samples, n_outputs)
    share : float
    loss : CrossEntropy or BinaryCrossEntropy
        Of the former each output is a class; of the latter an output stands for two, one that holds and one
        that does not.

    Returns
    -------
    array of that shape
        Missing targets (NaN) are missing still.

    Examples
    --------
    >>> import numpy as np
    >>> smoothed_targets(np.array([[0.0, 1.0]]), 0.25, CrossEntropy())
    array([[0.125, 0.875]])
    """
    kind: Any = type(loss)
    if kind not in {CrossEntropy, BinaryCrossEntropy}:
        raise InputError(
            f"{argument('label_smoothing')} is {share:g} with the loss {name_of(loss)}",
            parameter="label_smoothing",
            given=share,
            needs="is for cross_entropy and binary_cross_entropy",
            advice="Leave it out.",
        )
    n_classes = y.shape[-1] if kind is CrossEntropy else 2
    return (1 - share) * y + share / n_classes
