"""Samples as the passes want them: one a row, in the network's dtype, every number finite."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chainrule.errors import InputError, ShapeError
from chainrule.network.domains import check_targets

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.network.network import Network

__all__ = ["as_masks", "as_pairs", "as_sample_weight", "as_samples", "check_finite", "check_network"]


def as_samples(values: object, n_columns: int, dtype: npt.DTypeLike, name: str) -> npt.NDArray[Any]:
    """Array of shape ``(n_samples, n_columns)`` from anything that NumPy reads as one.

    Raises
    ------
    ShapeError
        `values` is no table of `n_columns` columns, or has no row.
    InputError
        `values` holds something that is no number.
    """
    try:
        given = np.asarray(values)
        # Text, dates and complex numbers are refused, not converted; single objects may well be numbers.
        casting: Literal["unsafe", "same_kind"] = "unsafe" if given.dtype == object else "same_kind"
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite and is refused as that
            array = given.astype(dtype, casting=casting, copy=False)
    except (TypeError, ValueError, OverflowError) as error:
        message = f"{name} cannot be read as a table of numbers: {error}. Encode it as numbers first."
        raise InputError(message) from error
    if array.ndim != 2 or array.shape[1] != n_columns:  # noqa: PLR2004 (rows and columns)
        message = (
            f"{name} has shape {array.shape} but the network needs (n_samples, {n_columns}). "
            f"Give one sample a row, with {n_columns} columns."
        )
        raise ShapeError(message)
    if array.shape[0] == 0:
        message = f"{name} has no rows but at least one sample is needed. Give at least one row."
        raise ShapeError(message)
    return array


def check_finite(array: npt.NDArray[Any], name: str) -> None:
    """Raise InputError with the place of the first number of `array` that is NaN or infinite."""
    finite = np.isfinite(array)
    if finite.all():
        return
    row, column = (int(place) for place in np.argwhere(~finite)[0])
    message = (
        f"{name}[{row}, {column}] is {array[row, column]} but every number must be finite "
        f"in {array.dtype}. Repair that number, or leave it out."
    )
    raise InputError(message)


def check_network(net: object) -> None:
    """Raise InputError for what is no network, such as a model that holds one."""
    if not all(hasattr(net, name) for name in ("weights", "activations", "sizes", "loss")):
        advice = (
            "Give its network, model.network." if hasattr(net, "network") else "Make one with Network.random."
        )
        message = f"net is a {type(net).__name__} but must be a Network. {advice}"
        raise InputError(message)


def as_pairs(
    net: Network, X: object, Y: object, names: tuple[str, str] = ("X", "Y")
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Inputs and targets that belong to a network and to each other, all finite.

    A target may be NaN, and is missing then, where the network has more than one output.

    Raises
    ------
    ShapeError
        X and Y have other numbers of columns than the network, or not as many rows as each other.
    InputError
        A number is not finite, or a target is none that the loss is defined for.
    """
    check_network(net)
    samples = as_samples(X, net.sizes[0], net.dtype, names[0])
    targets = as_samples(Y, net.sizes[-1], net.dtype, names[1])
    if len(samples) != len(targets):
        message = (
            f"{names[0]} has {len(samples)} rows but {names[1]} has {len(targets)}. "
            "Give one row of targets for each sample."
        )
        raise ShapeError(message)
    check_finite(samples, names[0])
    check_finite(np.where(np.isnan(targets), 0, targets) if targets.shape[1] > 1 else targets, names[1])
    if np.isnan(targets).all():
        message = f"Every number of {names[1]} is missing (NaN) but at least one target is needed."
        raise InputError(message)
    check_targets(net.loss, targets, names[1])
    return samples, targets


def as_sample_weight(
    values: object, n_samples: int, dtype: npt.DTypeLike, name: str = "sample_weight"
) -> npt.NDArray[Any] | None:
    """Weights of the samples divided by their mean, or None where all are equal.

    Divided so, they leave the meaning of a rate as it is, and only their ratios count.

    Raises
    ------
    ShapeError
        There is not one number for each sample.
    InputError
        A weight is negative or not finite, or all are 0.
    """
    if values is None:
        return None
    try:
        weights = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        message = f"{name} cannot be read as numbers: {error}. Give one number for each sample."
        raise InputError(message) from error
    if weights.shape != (n_samples,):
        message = f"{name} has shape {weights.shape} but must be ({n_samples},): one number for each sample."
        raise ShapeError(message)
    wrong = ~((weights >= 0) & np.isfinite(weights))
    if wrong.any():
        row = int(np.argmax(wrong))
        message = f"{name}[{row}] is {weights[row]} but must be finite and at least 0. Repair that number."
        raise InputError(message)
    try:
        mean = math.fsum(weights.tolist()) / n_samples
    except OverflowError:  # finite weights with a sum beyond float64
        mean = math.inf
    if not 0 < mean < math.inf:
        message = f"The mean of {name} is {mean:g} but must be above 0 and finite. Give some sample a weight."
        raise InputError(message)
    if (weights == weights[0]).all():
        return None
    return (weights / mean).astype(dtype)


def as_masks(masks: object, net: Network) -> tuple[npt.NDArray[Any], ...] | None:
    """Masks in the dtype of the weights: 1 for a weight that is trained, 0 for one that is held.

    Raises
    ------
    ShapeError
        There is not one mask of the same shape for each weight matrix.
    """
    if masks is None:
        return None
    given: Sequence[Any] = list(masks)  # type: ignore[call-overload]
    arrays = [np.asarray(mask) for mask in given]
    shapes = [w.shape for w in net.weights]
    if [mask.shape for mask in arrays] != shapes:
        message = (
            f"masks have the shapes {[mask.shape for mask in arrays]} but the weights have {shapes}. "
            "Give one mask for each weight matrix: True for a weight that is trained, False for one that "
            "is held."
        )
        raise ShapeError(message)
    if not all(np.isin(mask, (0, 1)).all() for mask in arrays):
        message = "masks hold other values than True and False. Give True for a weight that is trained."
        raise InputError(message)
    return tuple(mask.astype(net.dtype) for mask in arrays)
