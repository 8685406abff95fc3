"""Samples as the passes want them: one a row, in the network's dtype, every number finite."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import InputError, ShapeError
from chainrule.given import real_numbers, unmasked
from chainrule.network.domains import check_targets
from chainrule.words import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.network.network import Network

__all__ = [
    "as_masks", "as_pairs", "as_sample_weight", "as_samples", "as_table", "as_weights", "check_as_many",
    "check_finite", "check_network",
]  # fmt: skip


def as_table(values: object) -> object:
    """What was given, the numbers of one sample alone as a table of one row; for `as_samples` to check.

    Examples
    --------
    >>> as_table([1, 2])
    array([[1, 2]])
    """
    try:
        array = unmasked(values)
    except ValueError:  # rows of several lengths, which are refused by name
        return values
    return array if array.ndim > 1 else array.reshape(1, -1)


def as_samples(
    values: object, n_columns: int, dtype: npt.DTypeLike, name: str, *, copy: bool = False
) -> npt.NDArray[Any]:
    """Array of shape ``(n_samples, n_columns)`` from anything that NumPy reads as one; a copy if asked.

    Raises
    ------
    ShapeError
        `values` is no table of `n_columns` columns, or has no row.
    InputError
        `values` holds something that is no number.
    """
    try:
        array = real_numbers(values, dtype, copy=copy)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"{name} cannot be read as a table of numbers: {printable(str(error))}.",
            parameter=name,
            needs="must be a table of numbers",
            advice="Encode it as numbers first.",
        ) from error
    if array.ndim != 2 or array.shape[1] != n_columns:  # noqa: PLR2004 (rows and columns)
        raise ShapeError(
            f"{name} has shape {array.shape}",
            parameter=name,
            given=array.shape,
            needs=f"the network needs (n_samples, {n_columns})",
            advice=f"Give one sample a row, with {n_columns} columns.",
        )
    if array.shape[0] == 0:
        raise ShapeError(
            f"{name} has no rows",
            parameter=name,
            given=array.shape,
            needs="at least one sample is needed",
            advice="Give at least one row.",
        )
    return array


def check_finite(array: npt.NDArray[Any], name: str) -> None:
    """Raise InputError with the place of the first number of `array` that is NaN or infinite."""
    finite = np.isfinite(array)
    if finite.all():
        return
    row, column = (int(place) for place in np.argwhere(~finite)[0])
    raise InputError(
        parameter=f"{name}[{row}, {column}]",
        given=float(array[row, column]),
        needs=f"every number must be finite in {array.dtype}",
        advice="Repair that number, or leave it out.",
    )


def check_network(net: object) -> None:
    """Raise InputError for what is no network, such as a model that holds one."""
    if not all(hasattr(net, name) for name in ("weights", "activations", "sizes", "loss")):
        advice = "Make one with Network.random."
        if hasattr(net, "network"):
            advice = "Give its network, model.network."
        elif hasattr(net, "members"):
            advice = "Give one of its members."
        raise InputError(
            f"net is a {type(net).__name__}",
            parameter="net",
            given=net,
            needs="must be a Network",
            advice=advice,
        )


def as_pairs(
    net: Network, X: object, Y: object, names: tuple[str, str] = ("X", "Y"), *, copy: bool = False
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Inputs and targets that belong to a network and to each other, all finite; copies if asked.

    A target may be NaN, and is missing then, where the network has more than one output.

    Raises
    ------
    ShapeError
        X and Y have other numbers of columns than the network, or not as many rows as each other.
    InputError
        A number is not finite, or a target is none that the loss is defined for.
    """
    check_network(net)
    sizes, dtype = net.sizes, net.dtype
    samples = as_samples(X, sizes[0], dtype, names[0], copy=copy)
    targets = as_samples(Y, sizes[-1], dtype, names[1], copy=copy)
    check_as_many(samples, targets, names)
    check_finite(samples, names[0])
    if not np.isfinite(targets).all():
        _check_gaps(targets, names[1])
    check_targets(net.loss, targets, names[1])
    return samples, targets


def _check_gaps(targets: npt.NDArray[Any], name: str) -> None:
    """Raise InputError where targets, some of which are not finite, are more than missing here and there."""
    check_finite(np.where(np.isnan(targets), 0, targets) if targets.shape[1] > 1 else targets, name)
    if np.isnan(targets).all():
        raise InputError(
            f"Every number of {name} is missing (NaN)",
            parameter=name,
            needs="at least one target is needed",
            advice="Give at least one.",
        )


def check_as_many(
    samples: npt.NDArray[Any], targets: npt.NDArray[Any], names: tuple[str, str] = ("X", "Y")
) -> None:
    """Raise ShapeError where there is not one row of targets for each sample."""
    if len(samples) != len(targets):
        raise ShapeError(
            f"{names[0]} has {len(samples)} rows but {names[1]} has {len(targets)}.",
            parameter=names[1],
            given=targets.shape,
            needs=f"must have {len(samples)} rows",
            advice="Give one row of targets for each sample.",
        )


def as_weights(
    values: object, n_samples: int, dtype: npt.DTypeLike, name: str = "sample_weight"
) -> npt.NDArray[Any]:
    """One number for each sample, as they are given.

    Raises
    ------
    ShapeError
        There is not one number for each sample.
    InputError
        A weight is negative or not finite.
    """
    try:
        weights = real_numbers(values, dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"{name} cannot be read as numbers: {printable(str(error))}.",
            parameter=name,
            needs="must be numbers",
            advice="Give one number for each sample.",
        ) from error
    if weights.shape != (n_samples,):
        raise ShapeError(
            f"{name} has shape {weights.shape}",
            parameter=name,
            given=weights.shape,
            needs=f"must be ({n_samples},): one number for each sample",
            advice="Give them in the order of the samples.",
        )
    wrong = ~((weights >= 0) & np.isfinite(weights))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            parameter=f"{name}[{row}]",
            given=float(weights[row]),
            needs="must be finite and at least 0",
            advice="Repair that number.",
        )
    return weights


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
    weights = as_weights(values, n_samples, np.float64, name)
    try:
        mean = math.fsum(weights.tolist()) / n_samples
    except OverflowError:  # finite weights with a sum beyond float64
        mean = math.inf
    if not 0 < mean < math.inf:
        raise InputError(
            f"The mean of {name} is {mean:g}",
            parameter=name,
            given=mean,
            needs="must be above 0 and finite",
            advice="Give some sample a weight.",
        )
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
    try:
        given: Sequence[Any] = list(masks)  # type: ignore[call-overload]
        arrays = [unmasked(mask) for mask in given]
    except (TypeError, ValueError) as error:
        raise InputError(
            f"masks cannot be read as arrays: {printable(str(error))}.",
            parameter="masks",
            given=masks,
            needs="must be one array for each weight matrix",
            advice="Give True for a weight that is trained, False for one that is held.",
        ) from error
    shapes = [w.shape for w in net.weights]
    if [mask.shape for mask in arrays] != shapes:
        raise ShapeError(
            f"masks have the shapes {[mask.shape for mask in arrays]}",
            parameter="masks",
            given=[mask.shape for mask in arrays],
            needs=f"the weights have {shapes}",
            advice="Give one mask for each weight matrix: True for a weight that is trained, False for one "
            "that is held.",
        )
    if not all(np.isin(mask, (0, 1)).all() for mask in arrays):
        raise InputError(
            "masks hold other values than True and False.",
            parameter="masks",
            given=given,
            needs="must hold True and False",
            advice="Give True for a weight that is trained.",
        )
    return tuple(mask.astype(net.dtype) for mask in arrays)
