"""Rows as scikit-learn's users give them: dense or sparse, with values and targets that are missing."""

from __future__ import annotations

from numbers import Number
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.sparse import issparse, sparray
from sklearn.utils import _safe_indexing, check_consistent_length

from chainrule.errors import InputError
from chainrule.words import counted

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

__all__ = [
    "WithTargets",
    "classes_in",
    "dense",
    "filled",
    "means_of",
    "missing_targets",
    "refuse_empty_targets",
    "rows_to_watch",
    "without_gaps",
]


class WithTargets(NamedTuple):
    """The rows that have a target.

    Attributes
    ----------
    X, y, sample_weight : Any
        As they were given, without the other rows; a number stands where one of several targets is missing.
    gaps : array of bool, or None
        Of the shape of y, where one of several targets is missing.
    n_left_out : int
    """

    X: Any
    y: Any
    sample_weight: Any
    gaps: Array | None = None
    n_left_out: int = 0

    def marked(self, Y: Array) -> Array:
        """Targets, one column each, with NaN in the gaps."""
        return Y if self.gaps is None else np.where(self.gaps.reshape(len(Y), -1), np.nan, Y)


def dense(array: Any) -> Array:
    """The same numbers as an ordinary array."""
    return np.asarray(array.toarray() if issparse(array) else array)


def classes_in(y: Any) -> tuple[Array, str]:
    """Classes of samples, in order, or numbers of labels; and what an indicator of labels comes as.

    scikit-learn's own `type_of_target` sets filters of warnings, which belong to all threads.

    Raises
    ------
    InputError
        They are numbers that are not whole, or of several types.

    Examples
    --------
    >>> classes_in(["b", "a"])[0].tolist(), classes_in(np.eye(3))
    (['a', 'b'], (array([0, 1, 2]), 'ndarray'))
    """
    if issparse(y):
        container = "csr_array" if isinstance(y, sparray) else "csr_matrix"
        return _numbers_of_labels(y, y.data), container
    y = np.asarray(y)
    if y.ndim > 1 and y.shape[1] != 1:
        return _numbers_of_labels(y, y), "ndarray"
    if y.dtype.kind == "f" and (y != np.floor(y)).any():
        raise _no_classes("continuous", y)
    try:
        classes = np.unique(y)
    except TypeError:
        raise _no_classes("values of several types", y) from None
    return np.array(classes.tolist()) if classes.dtype.kind == "O" else classes, ""


def missing_targets(y: Any) -> Array | None:
    """Which targets are missing, of the shape of y: NaN, None, NA; None where none is.

    Examples
    --------
    >>> missing_targets(["a", None]).tolist(), missing_targets([1.0, 2.0])
    ([False, True], None)
    """
    if issparse(y) or (y.dtype.kind not in "fO" if isinstance(y, np.ndarray) else isinstance(y, str)):
        return None
    try:
        array = np.asarray(y)
    except (TypeError, ValueError):  # of lists of several lengths, which is said elsewhere
        return None
    if array.dtype.kind == "U" and isinstance(y, list):
        array = np.array(y, dtype=object)  # NumPy has made a text of what is missing
    if array.dtype.kind == "f":
        gaps: Array = np.isnan(array)
    elif array.dtype.kind == "O" and array.ndim:
        gaps = np.reshape([_is_missing(one) for one in array.ravel()], array.shape).astype(bool)
    else:
        return None
    return gaps if gaps.any() else None


def without_gaps(X: Any, y: Any, sample_weight: Any) -> WithTargets:
    """Rows that have a target, with those of several targets that are missing marked.

    Raises
    ------
    InputError
        No row has a target.

    Examples
    --------
    >>> rows = without_gaps([[1.0], [2.0]], [None, "b"], None)
    >>> rows.X, rows.y.tolist(), rows.n_left_out
    ([[2.0]], ['b'], 1)
    """
    gaps = None if y is None else missing_targets(y)
    if gaps is None:
        return WithTargets(X, y, sample_weight)
    there = np.flatnonzero(~gaps.reshape(len(gaps), -1).all(axis=1))
    if not len(there):
        raise InputError(
            f"Input y contains NaN alone: none of {counted(len(gaps), 'row')} has a target",
            parameter="y",
            needs="must have one at least",
            advice="Give rows whose class or number is known.",
        )
    check_consistent_length(X, y, None if isinstance(sample_weight, Number) else sample_weight)
    n_left_out, gaps = len(gaps) - len(there), gaps[there]
    targets = np.asarray(y if gaps.ndim > 1 else np.array(y, dtype=object))[there]
    kept = np.array(np.where(gaps, 0, targets).tolist())  # of the type that is left without them
    if sample_weight is not None and not isinstance(sample_weight, Number):
        sample_weight = _safe_indexing(sample_weight, there)
    return WithTargets(
        _safe_indexing(X, there), kept, sample_weight, gaps if gaps.any() else None, n_left_out
    )


def rows_to_watch(given: Any) -> WithTargets:
    """Rows that were given to be watched, those that have a target.

    Raises
    ------
    InputError
        They are no tuple of rows, targets, and weights where there are some.

    Examples
    --------
    >>> rows_to_watch(([[1.0]], [2.0])).y
    [2.0]
    """
    pair = list(given) if isinstance(given, (tuple, list)) else []
    if not 2 <= len(pair) <= 3:  # noqa: PLR2004 (X, y, weights)
        raise InputError(
            parameter="validation_data",
            given=given,
            needs="must be (X, y) or (X, y, sample_weight)",
            advice="Give the rows and their targets as a tuple.",
        )
    check_consistent_length(*pair[:2])
    return without_gaps(*pair, *[None] * (3 - len(pair)))


def refuse_empty_targets(Y: Array) -> None:
    """Refuse targets of which one has no value in any row.

    Raises
    ------
    InputError
        There is one.
    """
    empty = np.isnan(Y).all(axis=0)
    if empty.any():
        raise InputError(
            f"Column {int(np.argmax(empty))} of y has no value in any row",
            parameter="y",
            needs="each target must have one",
            advice="Leave the column out.",
        )


def means_of(X: Array) -> Array:
    """Mean of the numbers in each column of X; 0 where there is none."""
    with np.errstate(invalid="ignore", over="ignore"):
        means = X.mean(axis=0, dtype=np.float64)
        if not np.isfinite(means).all():
            gaps = np.isnan(X)
            present = np.maximum((~gaps).sum(axis=0), 1)
            means = (np.where(gaps, 0, X) / present).sum(axis=0, dtype=np.float64)
    return np.asarray(means)


def filled(X: Array, means: Array) -> tuple[Array, int]:
    """X with a column's mean in the place of each number that is missing; how many columns miss some."""
    gaps = np.isnan(X)
    columns = int(gaps.any(axis=0).sum())
    return (np.where(gaps, means, X).astype(X.dtype), columns) if columns else (X, 0)


def _numbers_of_labels(y: Any, values: Array) -> Array:
    """Numbers of the labels of an indicator, which has 0 and 1 alone."""
    if not np.isin(values, (0, 1)).all():
        raise _no_classes("several outputs", y)
    return np.arange(y.shape[1])


def _no_classes(what: str, y: Any) -> InputError:
    return InputError(
        f"Unknown label type: {what}",
        parameter="y",
        given=y,
        needs="a classifier learns classes, or an indicator of labels",
        advice="Take MLPRegressor for numbers.",
    )


def _is_missing(cell: object) -> bool:
    """Whether a cell has no value, whichever library's."""
    if cell is None or type(cell).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(cell, (float, np.floating)) and bool(np.isnan(cell))
