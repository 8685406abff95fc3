"""Piecewise-linear encoding: a number as how far it has come through each of several bins."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

import numpy as np

from chainrule.errors import InputError, ShapeError
from chainrule.given import real_numbers, whole_number_from_1
from chainrule.stored import Finite, Meta, Stored
from chainrule.table_options import BINS, MOST_BINS
from chainrule.tables.encoding.statistics import quantiles, rounding_error
from chainrule.tables.encoding.transforms.squashing import drawn_in
from chainrule.tables.encoding.worked import Step, Worked

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

__all__ = ["PiecewiseLinear", "worked_bins"]


class PiecewiseLinear(Stored, frozen=True, omit_defaults=True):
    r"""Piecewise-linear encoding by bins of which each holds as many training values as the next.

    With edges :math:`b_0 < \dots < b_T`, component t of x is

    .. math:: \frac{x - b_{t-1}}{b_t - b_{t-1}}, \qquad t = 1, \dots, T,

    no less than 0 but for the first component, and no more than 1 but for the last. So components are 1 of
    the bins below x and 0 of those above it, and a linear layer behind them has a slope in each bin.

    Attributes
    ----------
    edges : tuple of float
        Quantiles of the training values for shares 0, 1/n, …, 1 with n bins asked for; of edges that are one
        number but for rounding the first alone.
    n_bins : int
        How many bins were asked for.

    References
    ----------
    .. [1] Y. Gorishniy, I. Rubachev, A. Babenko, "On Embeddings for Numerical Features in Tabular Deep
       Learning", NeurIPS 2022, equation 1 and section 3.2.1.

    Examples
    --------
    >>> import chainrule
    >>> ages = chainrule.PiecewiseLinear.learn([20, 24, 30, 40, 60], n_bins=2)
    >>> ages.edges
    (20.0, 30.0, 60.0)
    >>> ages.apply([20, 25, 30, 45, 90, 10]).tolist()
    [[0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [1.0, 0.5], [1.0, 2.0], [-1.0, 0.0]]
    """

    edges: Annotated[tuple[Finite, ...], Meta(min_length=2, max_length=MOST_BINS + 1)]
    n_bins: Annotated[int, Meta(ge=1, le=MOST_BINS)] = BINS

    def __post_init__(self) -> None:
        if any(low >= high for low, high in zip(self.edges, self.edges[1:], strict=False)):
            raise InputError(
                "Edges of bins do not ascend",
                parameter="edges",
                given=self.edges,
                needs="each must be above the one before",
                advice="Take those that `learn` finds.",
            )

    @classmethod
    def learn(cls, values: npt.ArrayLike, n_bins: int = BINS) -> PiecewiseLinear | None:
        """Learn the edges from training values.

        Parameters
        ----------
        values : array of shape (n,)
            Finite; NaN, a missing value, is left out.
        n_bins : int
            From 1 to 1000. There are fewer where quantiles are equal.

        Returns
        -------
        PiecewiseLinear or None
            The same for every order of the values; None where they are one number but for rounding, or there
            are none.

        Raises
        ------
        ShapeError, InputError
            The values are no column of finite numbers, or there are too many bins.
        """
        n_bins = whole_number_from_1(n_bins, "n_bins")
        if n_bins > MOST_BINS:
            raise InputError(
                parameter="n_bins", given=n_bins, needs=f"must be {MOST_BINS} at most", advice="Try 16."
            )
        column = _column(values)
        column = column[~np.isnan(column)]
        if np.isinf(column).any():
            raise InputError(
                "values has an infinite number among it",
                parameter="values",
                needs="bins have finite edges",
                advice="Leave it out, or make it NaN, which is a missing value.",
            )
        if not len(column):
            return None
        first, *others = quantiles(column, [Fraction(t, n_bins) for t in range(n_bins + 1)])
        edges = [first]
        for edge in others:
            if edge - edges[-1] > rounding_error(np.array([edges[-1], edge])):
                edges.append(edge)
        return cls(tuple(edges), n_bins) if len(edges) > 1 else None

    @property
    def n_columns(self) -> int:
        """The number of components."""
        return len(self.edges) - 1

    def apply(self, values: npt.ArrayLike) -> FloatArray:
        """Encode values, each by itself.

        Parameters
        ----------
        values : array of shape (n,)
            NaN stays NaN.

        Returns
        -------
        array of shape (n, n_columns)

        Raises
        ------
        ShapeError, InputError
            The values are no column of numbers.
        """
        return self._components(*self._placed(_column(values)))

    def apply_drawn_in(self, values: npt.ArrayLike) -> FloatArray:
        """The same, but no further than one bin beyond the outer edges, as inputs of a table are.

        Raises
        ------
        ShapeError, InputError
            As for `apply`.
        """
        places, shares = self._placed(_column(values))
        outside = (shares < 0) | (shares > 1)
        if outside.any():
            beyond = shares[outside]
            shares[outside] = np.where(beyond < 0, drawn_in(beyond, 0.0), drawn_in(beyond, 1.0))
        return self._components(places, shares)

    def _placed(self, column: FloatArray) -> tuple[npt.NDArray[np.intp], FloatArray]:
        """In which bin each value lies, the outer ones without an end, and how far it has come in it."""
        edges = np.array(self.edges)
        places = np.searchsorted(edges[1:-1], column, side="right")
        if edges[-1] / 2 - edges[0] / 2 > np.finfo(np.float64).max / 4:  # so that no width is infinite
            column, edges = column / 4, edges / 4
        low = edges[places]
        with np.errstate(over="ignore"):
            shares: FloatArray = (column - low) / (edges[places + 1] - low)
        return places, shares + 0.0  # zeros have no sign

    def _components(self, places: npt.NDArray[np.intp], shares: FloatArray) -> FloatArray:
        """1 for the bins below a value, its share for its own, 0 for those above."""
        components = np.tri(self.n_columns, k=-1).take(places, axis=0)
        components[np.arange(len(places)), places] = shares
        components[np.isnan(shares)] = np.nan
        return components


def worked_bins(
    bins: PiecewiseLinear, names: Sequence[str], value: float | None, x: Sequence[float | None]
) -> list[Worked]:
    """How the components of `apply_drawn_in` are computed.

    Parameters
    ----------
    bins : PiecewiseLinear
    names : sequence of str
        Of the columns of X, as many as there are components, and more.
    value : float, optional
        NaN where the cell has none; None where no row is looked at.
    x : sequence
        What the components are.
    """
    worked, last = [], bins.n_columns - 1
    for k in range(bins.n_columns):
        outside = [*["below {low}"] * (k == 0), *["beyond {high}"] * (k == last)]
        remark = f"drawn in {' and '.join(outside)}" if outside else ""
        worked.append(Worked(names[k], _steps(bins, k, value, x[k]), remark, is_sparse=True))
    return worked


def _steps(bins: PiecewiseLinear, k: int, value: float | None, x: float | None) -> tuple[Step, ...]:
    """A component as equations."""
    if value is not None and np.isnan(value):
        return (Step("", "", {}, x),)
    low, high = bins.edges[k : k + 2]
    numbers = {"low": low, "high": high} | ({} if value is None else {"cell": value})
    share = "({cell} − {low})/({high} − {low})"
    if value is None or x is None or 0 <= x <= 1:
        formula = share if k == 0 else f"max(0, {share})"
        return (Step("", formula if k == bins.n_columns - 1 else f"min(1, {formula})", numbers, x),)
    p = float(bins.apply([value])[0, k])
    if x < 0:
        return Step("p", share, numbers, p), Step("", "{p}/√(1 + {p}²)", {"p": p}, x)
    beyond = Step("d", "{p} − 1", {"p": p}, p - 1)
    return Step("p", share, numbers, p), beyond, Step("", "1 + {d}/√(1 + {d}²)", {"d": p - 1}, x)


def _column(values: npt.ArrayLike) -> FloatArray:
    """Values as an array of one axis."""
    try:
        column = real_numbers(values, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            "values cannot be read as numbers",
            parameter="values",
            given=values,
            needs="must be a column of numbers",
            advice="Give a list or an array of them.",
        ) from error
    if column.ndim != 1:
        raise ShapeError(
            f"values has the shape {column.shape}",
            parameter="values",
            given=column.shape,
            needs="one column is encoded, of shape (n,)",
            advice="Give one column after the other.",
        )
    return column
