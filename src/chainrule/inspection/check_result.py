"""What a gradient check found, as records that print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.inspection.display import check_display
from chainrule.lines import WIDTH, kept, wrapped
from chainrule.words import counted, series

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CheckRow", "CheckSummary", "GradientCheck", "MethodCheck", "WeightPlace", "check_lines",
    "summary_of_check",
]  # fmt: skip

TOO_FAR = "too far apart"


@dataclass(frozen=True)
class WeightPlace:
    """Where a weight stands: unit and source are counted as in the notes, source 0 is the bias.

    Examples
    --------
    >>> print(WeightPlace(matrix=2, unit=1, source=0))
    W_1,0^(2)
    """

    matrix: int
    unit: int
    source: int

    def __str__(self) -> str:
        return f"W_{self.unit},{self.source}^({self.matrix})"


@dataclass(frozen=True)
class MethodCheck:
    """How well one estimate agrees with back-propagation.

    Attributes
    ----------
    relative_to_network : float
        Worst error, as a share of the largest gradient of the whole network.
    relative_to_layer : float
        Worst error, as a share of the largest gradient of its own weight matrix.
    limit : float
        What `relative_to_network` must not exceed, beyond what rounding explains. Where every gradient is
        0, an estimate that is not, by rounding, has the relative error infinity.
    rounding : float
        What rounding alone may come to at the worst weight, on the same scale. From 1 on this method cannot
        see gradients of that size: its agreement says nothing of them.
    worst : WeightPlace
        The weight with the worst error (relative to the network).
    gradient, estimate : float
        What back-propagation and the estimate give for it.
    passed : bool

    Examples
    --------
    >>> from chainrule import Network, check_gradients
    >>> check = check_gradients(Network.random((2, 1)), [[1.0, 2.0]], [[0.0]])
    >>> check.complex_step.relative_to_network < 1e-12
    True
    """

    relative_to_network: float
    relative_to_layer: float
    limit: float
    rounding: float
    worst: WeightPlace
    gradient: float
    estimate: float
    passed: bool


@dataclass(frozen=True)
class GradientCheck:
    """Result of a gradient check; ``print`` it for a summary.

    Attributes
    ----------
    network : str
    n_samples, n_weights, n_checked : int
    largest_gradient : float
        Largest size of a gradient in the network, of the mean loss.
    differences, complex_step : MethodCheck
        Central differences, and the complex step; the latter is None for a network with a function of the
        user's own.
    update_error, update_limit : float
        How far the update is from the steepest descent that equation (8) promises: relative error of the
        slope of the loss along it, which must be minus the squared length of the gradient. The limit
        includes what rounding explains.
    passed : bool
        Whether all three agree.

    Examples
    --------
    >>> from chainrule import Network, check_gradients
    >>> check_gradients(Network.random((2, 3, 1)), [[1.0, 2.0]], [[0.0]]).passed
    True
    """

    network: str
    n_samples: int
    n_weights: int
    n_checked: int
    largest_gradient: float
    differences: MethodCheck
    complex_step: MethodCheck | None
    update_error: float
    update_limit: float
    passed: bool

    def __str__(self) -> str:
        return "\n".join(check_lines(self))

    def _repr_html_(self) -> str:
        return check_display(self.network, summary_of_check(self), is_open=not self.passed)

    def to_json(self) -> dict[str, Any]:
        """Every figure as plain numbers."""
        methods = {
            name: method and {**vars(method), "worst": dict(vars(method.worst))}
            for name, method in (("differences", self.differences), ("complex_step", self.complex_step))
        }
        return {**vars(self), **methods}


@dataclass(frozen=True)
class CheckRow:
    """One comparison of a check.

    Attributes
    ----------
    name : str
    error, limit : float
        Worst error, as a share of the largest gradient of the network, and what it must not exceed.
    error_of_layer : float or None
        The same as a share of the largest gradient of its layer; None for the update.
    method : MethodCheck or None
        What is compared; None for the update.
    passed : bool
    remark : str
        What is to be said of an error that is not simply within its limit.
    """

    name: str
    error: float
    error_of_layer: float | None
    limit: float
    method: MethodCheck | None
    passed: bool
    remark: str

    @property
    def figures(self) -> tuple[str, str, str]:
        """The errors and the limit as they are written."""
        of_layer = "" if self.error_of_layer is None else f"{self.error_of_layer:.1e}"
        return f"{self.error:.1e}", of_layer, f"{self.limit:.0e}"


@dataclass(frozen=True)
class CheckSummary:
    """What is said of a gradient check, wherever it is shown.

    Attributes
    ----------
    title : str
        The verdict.
    extent, size : str
        How much was checked, and how large the gradients are.
    rows : tuple of CheckRow
    blindness : str
        What cannot see gradients of this size; empty where all can.
    """

    title: str
    extent: str
    size: str
    rows: tuple[CheckRow, ...]
    blindness: str

    @property
    def worst(self) -> list[tuple[str, str, str, str]]:
        """Of each method, what back-propagation and the estimate give for the worst weight, and its place."""
        return [
            (one.name, f"{one.method.gradient:.9g}", f"{one.method.estimate:.9g}", str(one.method.worst))
            for one in self.rows
            if one.method is not None
        ]


def summary_of_check(check: GradientCheck) -> CheckSummary:
    """What is said of a check, for text, notebooks and pictures alike.

    Examples
    --------
    >>> from chainrule import Network, check_gradients
    >>> told = summary_of_check(check_gradients(Network.random((2, 1)), [[1.0, 2.0]], [[0.0]]))
    >>> told.extent, [row.name for row in told.rows]
    ('1 sample, all 3 weights', ['central differences', 'complex step', 'update (slope)'])
    """
    methods = [("central differences", check.differences)]
    if check.complex_step is not None:
        methods.append(("complex step", check.complex_step))
    rows = [
        CheckRow(
            name, one.relative_to_network, one.relative_to_layer, one.limit, one, one.passed, _remark(one)
        )
        for name, one in methods
    ]
    if check.complex_step is not None:  # the slope along the update is found by it
        error, limit = check.update_error, check.update_limit
        is_within = error <= limit
        rows.append(
            CheckRow("update (slope)", error, None, limit, None, is_within, TOO_FAR * (not is_within))
        )
    blind, blindness = [name for name, one in methods if one.passed and one.rounding >= 1], ""
    if blind:
        sees = check.complex_step is not None and check.complex_step.rounding < 1
        rest = "; the complex step can" if sees else ""
        blindness = f"Rounding is larger than these gradients: {series(blind)} cannot see them{rest}."
    of_all = "all" if check.n_checked == check.n_weights else f"{check.n_checked} of"
    return CheckSummary(
        title=f"Gradient check {'passed' if check.passed else 'FAILED'}",
        extent=f"{counted(check.n_samples, 'sample')}, {of_all} {check.n_weights} weights",
        size=f"largest gradient {check.largest_gradient:.6g}",
        rows=tuple(rows),
        blindness=blindness,
    )


def _remark(method: MethodCheck) -> str:
    """Remark on an error that is not simply within its limit."""
    if not method.passed:
        return TOO_FAR
    if method.relative_to_network <= method.limit:
        return ""
    return f"no more than rounding: up to {method.rounding:.0e}"


def check_lines(check: GradientCheck, width: int = WIDTH) -> list[str]:
    """A check in lines of so many columns: tables, which are lists where they have no room."""
    told = summary_of_check(check)
    errors = [(one.name, *one.figures, _mark(one)) for one in told.rows]
    tables = [*_error_table(errors), "", *_worst_table(told.worst)]
    if max(map(len, tables)) > width:
        tables = [*_error_list(errors, width), "", *_worst_list(told.worst, width)]
    if told.blindness:
        tables += ["", *wrapped(told.blindness, width)]
    return [
        *wrapped(f"{told.title}: {check.network}", width),
        *wrapped(f"{told.extent}, {told.size}", width),
        "",
        *tables,
    ]


def _error_table(errors: Sequence[tuple[str, str, str, str, str]]) -> list[str]:
    return [
        "                      worst error relative to the largest gradient",
        "                      of the network     limit   of the layer",
        *(
            f"{name:<20}  {network:>14}  {limit:>8}  {layer:>13}{mark}"
            for name, network, layer, limit, mark in errors
        ),
    ]


def _error_list(errors: Sequence[tuple[str, str, str, str, str]], width: int) -> list[str]:
    lines = wrapped("worst error relative to the largest gradient", width)
    for name, network, layer, limit, mark in errors:
        figures = [f"of the network {network}", f"limit {limit}", f"of the layer {layer}" * bool(layer)]
        words = f"{', '.join(kept(one) for one in figures if one)}{mark}"
        lines += [f"  {name}", *wrapped(words, width, first="    ", rest="    ")]
    return lines


def _worst_table(worst: Sequence[tuple[str, str, str, str]]) -> list[str]:
    return [
        "worst weight          back-propagation        estimate",
        *(
            f"{name:<20}  {gradient:>16}  {estimate:>14}   {place}"
            for name, gradient, estimate, place in worst
        ),
    ]


def _worst_list(worst: Sequence[tuple[str, str, str, str]], width: int) -> list[str]:
    lines = ["worst weight"]
    for name, gradient, estimate, place in worst:
        figures = [place, f"back-propagation {gradient}", f"estimate {estimate}"]
        lines += [f"  {name}", *wrapped(", ".join(map(kept, figures)), width, first="    ", rest="    ")]
    return lines


def _mark(row: CheckRow) -> str:
    """Remark as it stands behind the figures."""
    return f"  ({row.remark})" * bool(row.remark) if row.passed else f"  <-- {row.remark}"
