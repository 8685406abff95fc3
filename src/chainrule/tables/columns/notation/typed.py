"""Cells that have a type, as numbers, seconds and digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from chainrule.tables.columns.grammar import FloatArray

__all__ = ["as_digits", "seconds_of"]

_UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
LARGEST_WHOLE = 2**53  # up to which a float64 holds every whole number


def seconds_of(cells: pa.Array) -> FloatArray:
    """Seconds of typed dates, times and durations, NaN for nulls; of a time with a zone by the clock there.

    Examples
    --------
    >>> seconds_of(pa.array([0, 1500], pa.timestamp("ms", tz="+01:00"))).tolist()
    [3600.0, 3601.5]
    """
    if pa.types.is_timestamp(cells.type) and cells.type.tz is not None:
        try:
            cells = pc.local_timestamp(cells)
        except pa.ArrowInvalid:  # nobody knows this zone: the clock of UTC remains
            cells = cells.cast(pa.timestamp(cells.type.unit))
    is_valid = cells.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_date(cells.type):
        cells = cells.cast(pa.timestamp("ms"))
    per_second = _UNITS[cells.type.unit]
    whole = cells.cast(pa.int32()) if pa.types.is_time32(cells.type) else cells.cast(pa.int64())
    ticks = pc.fill_null(whole, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    # One division of what has no fraction, rounded once where a float64 can hold the ticks.
    seconds: FloatArray = ticks // per_second + (ticks % per_second) / per_second
    return np.where(is_valid, seconds, np.nan)


def as_digits(numbers: FloatArray) -> pa.Array:
    """Numbers as strings, whole ones without a fraction; null for what is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> as_digits(np.array([20240229.0, 1.5, np.nan])).to_pylist()
    ['20240229', '1.5', None]
    """
    is_finite = np.isfinite(numbers)
    is_whole = is_finite & (numbers == np.round(numbers)) & (np.abs(numbers) < LARGEST_WHOLE)
    whole = pa.array(np.where(is_whole, numbers, 0).astype(np.int64)).cast(pa.large_string())
    other = pa.array(np.where(is_finite, numbers, 0)).cast(pa.large_string())
    return pc.if_else(pa.array(is_finite), pc.if_else(pa.array(is_whole), whole, other), None)
