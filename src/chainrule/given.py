"""Numbers and paths that are given: checked once, in the same words wherever they come from."""

from __future__ import annotations

import math
import operator
import os
import sys
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from chainrule.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "LARGEST_SEED", "LARGEST_WHOLE", "check_seed", "keep_between", "keep_share", "keep_whole",
    "not_negative_number", "own_number", "path_given", "positive_number", "real_numbers", "share_below_1",
    "truth", "unmasked", "whole_number_from_1", "whole_number_from_2", "whole_number_or_none",
]  # fmt: skip

LARGEST_SEED = 2**64 - 1
LARGEST_WHOLE = 10**300  # that a file, and a float, can hold


def check_seed(seed: object) -> int:
    """Return the seed, or raise InputError where it is no whole number from 0 to 2**64 - 1."""
    number = _as_int(seed)
    if number is None or not 0 <= number <= LARGEST_SEED:
        _refuse("seed", seed, f"a whole number from 0 to {LARGEST_SEED}", "seed 0")
    return number


def whole_number_or_none(value: object, name: str) -> int | None:
    """Int of at least 1, None for 0, or InputError."""
    number = _as_int(value)
    if number is None or number < 0:
        _refuse(name, value, "a whole number of at least 0", "0 for none")
    return whole_number_from_1(number, name) if number else None


def whole_number_from_0(value: object, name: str) -> int:
    """The value as a whole number of at least 0, or InputError."""
    return whole_number_or_none(value, name) or 0


def whole_number_from_1(value: object, name: str) -> int:
    """Int of at least 1, or InputError."""
    number = _as_int(value)
    if number is None or number < 1:
        _refuse(name, value, "a whole number of at least 1", "1")
    if number > LARGEST_WHOLE:
        _refuse(name, value, "a whole number of at most 300 digits", "a smaller one")
    return number


def whole_number_from_2(value: object, name: str, example: str) -> int:
    """Int of at least 2, or InputError."""
    number = _as_int(value)
    if number is None or number < 2:  # noqa: PLR2004 (as the name says)
        _refuse(name, value, "a whole number of at least 2", example)
    return whole_number_from_1(number, name)


def unmasked(values: Any) -> npt.NDArray[Any]:  # noqa: ANN401 (anything that NumPy reads)
    """Array of what was given, in which a number that is masked is missing: NaN.

    Examples
    --------
    >>> import numpy
    >>> unmasked(numpy.ma.masked_array([1, 2], mask=[False, True]))
    array([ 1., nan])
    """
    import numpy as np  # noqa: PLC0415 (it takes its time to load, and settings need none)

    if type(values) is np.ndarray:  # the usual case, of which a prediction of one row would feel more
        return values
    parts = values if isinstance(values, (list, tuple)) else (values,)
    if not any(isinstance(part, np.ma.MaskedArray) for part in parts):
        return np.asarray(values)
    array: Any = np.ma.array(values)
    if array.dtype.kind in "biu" and array.mask.any():
        array = array.astype(np.float64)
    return np.asarray(array.filled(np.nan) if array.dtype.kind in "fO" else array)


def real_numbers(values: object, dtype: npt.DTypeLike, *, copy: bool = False) -> npt.NDArray[Any]:
    """Array of a type from anything that NumPy reads as numbers; TypeError or ValueError for what is none."""
    import numpy as np  # noqa: PLC0415 (as above)

    given = unmasked(values)
    if given.dtype == dtype and not copy:
        return given
    # Text, dates and complex numbers are refused, not converted; single objects may well be numbers.
    casting: Literal["unsafe", "same_kind"] = "unsafe" if given.dtype == object else "same_kind"
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite and is refused as that
        return given.astype(dtype, casting=casting, copy=copy)


def path_given(value: Any, name: str) -> Path:  # noqa: ANN401 (a path, if it is one)
    """Path of a file, or InputError for what is none."""
    try:
        path = Path(os.fspath(value))
    except TypeError:
        path = None
    if path is None or value == "":  # of which Python makes the working folder
        _refuse(name, value, "the path of a file", "'model.safetensors'")
    return path


def keep_whole(record: object, name: str) -> None:
    """Keep a field of a frozen record as an int of at least 1: numbers that come from a text are floats."""
    value = getattr(record, name)
    number = own_number(value)
    whole = int(number) if isinstance(number, float) and number.is_integer() else value
    object.__setattr__(record, name, whole_number_from_1(whole, name))


def positive_number(value: object, name: str, example: str) -> float:
    """Finite float above 0, or InputError."""
    number = _as_float(value)
    if not 0 < number < math.inf:
        _refuse(name, value, "a finite number above 0", example)
    return number


def not_negative_number(value: object, name: str, example: str) -> float:
    """Finite float of at least 0, or InputError."""
    number = _as_float(value)
    if not 0 <= number < math.inf:
        _refuse(name, value, "a finite number of at least 0", example)
    return number


def share_below_1(value: object, name: str, example: str, what: str = "at least 0 and below 1") -> float:
    """Float of at least 0 and below 1, or InputError; `what` says in words what it must be."""
    number = _as_float(value)
    if not 0 <= number < 1:
        _refuse(name, value, what, example)
    return number


def truth(value: object, name: str) -> bool:
    """True or False, NumPy's own included; InputError for all else."""
    if type(value).__name__ in {"bool", "bool_"} or (isinstance(value, int) and value in {0, 1}):
        return bool(value)
    return _refuse(name, value, "True or False", "True")


def keep_between(record: object, name: str, low: float, high: float, *, example: float) -> None:
    """Keep a field of a frozen record as Python's own number, strictly between two others.

    Raises
    ------
    InputError
        It is none, or not between them; `high` may be infinity.

    Examples
    --------
    >>> from chainrule.equations import Huber
    >>> Huber(-1.0)
    Traceback (most recent call last):
    chainrule.errors.InputError: limit is -1.0 but must be a finite number above 0. Try 1.
    """
    number = _kept(record, name)
    if not low < number < high:
        end = "" if high == math.inf else f" and below {high:g}"
        _refuse(name, getattr(record, name), f"a finite number above {low:g}{end}", f"{example:g}")


def keep_share(record: object, name: str, *, example: float) -> None:
    """Keep a field of a frozen record as Python's own number, at least 0 and below 1; InputError else.

    Examples
    --------
    >>> from chainrule.equations import Momentum
    >>> Momentum(1.0)
    Traceback (most recent call last):
    chainrule.errors.InputError: momentum is 1.0 but must be at least 0 and below 1. Try 0.9.
    """
    if not 0 <= _kept(record, name) < 1:
        _refuse(name, getattr(record, name), "at least 0 and below 1", f"{example:g}")


def own_number(value: object) -> float:
    """Python's own number: an int as it is, any other as a float; NaN for what is none, or too large."""
    number = _as_float(value) if isinstance(value, Real) else math.nan
    return value if isinstance(value, int) and not math.isnan(number) else number


def _kept(record: object, name: str) -> float:
    """Field of a frozen record, kept as Python's own number where it is one."""
    number = own_number(getattr(record, name))
    if not math.isnan(number):
        object.__setattr__(record, name, number)
    return number


def _is_masked(value: object) -> bool:
    """Whether this is a number of NumPy's that is masked, and so is none; without NumPy there are none."""
    is_masked = getattr(sys.modules.get("numpy.ma"), "is_masked", None)  # which another thread may be loading
    return is_masked is not None and bool(is_masked(value))


def _as_int(value: object) -> int | None:
    """Int of what counts, NumPy's whole numbers included; None for what is no whole number, or a truth."""
    try:
        return None if isinstance(value, bool) or _is_masked(value) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def _as_float(value: object) -> float:
    """Float, or NaN for what is no number."""
    try:
        is_none = isinstance(value, (str, bytes, bool)) or _is_masked(value)
        return math.nan if is_none else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _refuse(name: str, value: object, needed: str, example: str) -> NoReturn:
    raise InputError(parameter=name, given=value, needs=f"must be {needed}", advice=f"Try {example}.")
