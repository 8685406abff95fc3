"""Samples as the passes want them: one a row, in the network's dtype, every number finite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chainrule.errors import InputError, ShapeError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["as_pairs", "as_samples", "check_finite"]


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


def as_pairs(
    X: object, Y: object, sizes: tuple[int, ...], dtype: npt.DTypeLike
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Inputs and targets that belong to a network of these sizes and to each other, all finite.

    Raises
    ------
    ShapeError
        X and Y have other numbers of columns than the network, or not as many rows as each other.
    InputError
        A number is not finite.
    """
    samples = as_samples(X, sizes[0], dtype, "X")
    targets = as_samples(Y, sizes[-1], dtype, "Y")
    if len(samples) != len(targets):
        message = (
            f"X has {len(samples)} rows but Y has {len(targets)}. Give one row of targets for each sample."
        )
        raise ShapeError(message)
    check_finite(samples, "X")
    check_finite(targets, "Y")
    return samples, targets
