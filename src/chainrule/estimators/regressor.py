"""`MLPRegressor`, for scikit-learn's users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import xlogy
from sklearn.base import RegressorMixin
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight

from chainrule.equations import ACTIVATIONS, LOSSES
from chainrule.errors import InputError
from chainrule.estimators.options import check_numbers
from chainrule.estimators.parameters import documented, keep, unless_it_fails, with_both_names
from chainrule.estimators.perceptron import Perceptron
from chainrule.estimators.restarts import stepped
from chainrule.estimators.rows import missing_targets, without_gaps
from chainrule.network import members_of
from chainrule.scores.arrays import share_explained
from chainrule.tables import ConstantTarget, Encoding, Limits, NumberTarget, scaling_of
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.equations import Activation, Loss
    from chainrule.estimators.rows import WithTargets
    from chainrule.network import Network
    from chainrule.tables import TargetPart

    Array = npt.NDArray[Any]

__all__ = ["MLPRegressor"]


@documented
class MLPRegressor(RegressorMixin, Perceptron):
    """Regressor in the place of scikit-learn's: the same parameters, attributes and methods.

    The page "Coming from scikit-learn" has all of them, with what is different. Here stands what is more.

    Parameters
    ----------
    loss : str or Loss
        "squared_error", "poisson" (of outputs that are exponentials), or a loss of this package, such as
        "absolute", "huber:1.5" or "quantile:0.9".
    out_activation : str or Activation, optional
        What belongs to the loss, or else identity, where none is given.
    {shared}

    Examples
    --------
    >>> from chainrule import MLPRegressor
    >>> X, y = [[0.0], [0.5], [1.0]], [0.0, 1.0, 0.0]
    >>> regressor = MLPRegressor("huber:1.5", 8, "tanh", solver="lbfgs", alpha=0, random_state=1).fit(X, y)
    >>> bool(abs(regressor.predict(X) - y).max() < 0.01)
    True
    >>> regressor.network_
    Network(1-8-1, tanh, identity, huber:1.5, float64)
    """

    @with_both_names
    def __init__(
        self, loss: Any = "squared_error", hidden_layer_sizes: Any = (100,), activation: Any = "relu", *,
        solver: Any = "adam", alpha: float = 0.0001, batch_size: int | str = "auto",
        learning_rate: Any = "constant", learning_rate_init: float = 0.001, power_t: float = 0.5,
        max_iter: int = 200, shuffle: bool = True, random_state: Any = None, tol: float = 1e-4,
        verbose: bool | int = False, warm_start: bool = False, momentum: float = 0.9,
        nesterovs_momentum: bool = True, early_stopping: bool = False, validation_fraction: float = 0.1,
        beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8, n_iter_no_change: float = 10,
        max_fun: int = 15000, out_activation: Any = None, dropout: float | None = None,
        l1: float | None = None, l2: float | None = None, clip_norm: float | None = None,
        loss_goal: float | None = None, start: Any = None, validation_data: Any = None, callbacks: Any = None,
        n_restarts: int = 1, ensemble: int = 1, defaults: str = "scikit-learn", numbers_as: Any = None,
        threads: int | None = None, engine: str | None = None, calibrate: bool | None = None,
        effort: str | None = None,
    ) -> None:  # fmt: skip
        keep(self, locals())

    __metadata_request__predict = {"return_interval": UNUSED}  # noqa: RUF012 (scikit-learn's own name)

    _parts: list[NumberTarget] | None = None  # how targets are scaled, where outputs have limits

    @classmethod
    def from_network(cls, network: Network, **parameters: Any) -> MLPRegressor:
        """Fitted regressor that predicts by a network.

        Parameters
        ----------
        network : Network
        **parameters
            Of the regressor, for a training that goes on.

        Examples
        --------
        >>> from chainrule import MLPRegressor, Network
        >>> MLPRegressor.from_network(Network([[[1.0, 2.0]]], "identity")).predict([[3.0]])
        array([7.])
        """
        return cls._of(network, parameters)

    @available_if(Perceptron._goes_on)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Go on for one epoch."""
        with unless_it_fails(self):
            check_numbers(self)
            if self.ensemble > 1:
                return stepped(self, X, y, sample_weight)
            return self._fit(X, y, sample_weight, goes_on=True)

    def predict(self, X: Any, return_interval: float | None = None) -> Any:
        """Numbers that the outputs stand for, (n_samples,) where there is one.

        Parameters
        ----------
        X : array of shape (n_samples, n_features), dense or sparse, or data frame
        return_interval : float, optional
            Share of the numbers that are to lie within intervals, which come behind the predictions: their
            low and high ends, shape (n_samples, 2), or (n_samples, n_outputs, 2) of several targets. It needs
            `calibrate`.
        """
        outputs = self._outputs(X)
        found = self._in_units(outputs)
        if return_interval is None:
            return found
        if self._calibrated is None:
            raise InputError(
                "The regressor was fitted without looking at how far off it is",
                parameter="return_interval",
                given=return_interval,
                needs="intervals need that",
                advice="Fit it with calibrate=True.",
            )
        calibration, encoding = self._calibrated
        ends = calibration.ends(outputs, encoding, return_interval, members_of(self._network)[0].loss)
        nothing = np.full((2, len(outputs)), np.nan)
        low, high = (
            self._in_units(np.column_stack([ends.get(part.name, nothing)[k] for part in encoding.learnt]))
            for k in range(2)
        )
        return found, np.stack([low, high], axis=-1)

    def _in_units(self, outputs: Array) -> Array:
        """Outputs in the targets' own units, one column each."""
        parts = self._parts if self._encoding is None else self._encoding.targets
        if self._by_recipe:  # whose networks are of another precision than the numbers
            outputs = outputs.astype(np.float64)
        if parts is not None:
            outputs = _numbers(parts, outputs)
        return np.asarray(outputs[:, 0] if outputs.shape[1] == 1 else outputs)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Coefficient of determination, the mean over the outputs; targets that are missing are left out."""
        if missing_targets(y) is None:
            return float(super().score(X, y, sample_weight))
        check_consistent_length(X, y)
        rows = without_gaps(X, y, sample_weight)
        found, Y = self.predict(rows.X).reshape(len(rows.y), -1), self._with_gaps(rows)
        self._check_like(Y)
        weight = rows.sample_weight
        if weight is not None:
            weight = _check_sample_weight(weight, Y, dtype=np.float64, ensure_non_negative=True)
        return self._score_of(Y, found, weight)

    def _with_gaps(self, rows: WithTargets) -> Array:
        """Targets, one column each, NaN where one is missing."""
        return rows.marked(self._indicators(self._checked_targets(rows.y)).astype(np.float64))

    def _check_like(self, y: Array) -> None:
        """Refuse other numbers of targets than there are outputs."""
        n = np.reshape(y, (len(y), -1)).shape[1]
        parts = None if self._encoding is None else self._encoding.targets
        needed = self.n_outputs_ if parts is None else len(parts)
        if n != needed:
            raise InputError(
                f"y has {counted(n, 'column')}",
                parameter="y",
                given=np.shape(y),
                needs=f"the regressor has learnt {counted(needed, 'target')}",
                advice="Give a column for each.",
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = self.loss == "poisson"
        return tags

    def _targets(self, y: Array, *, goes_on: bool) -> Array:
        if "coefs_" in vars(self) and (self.warm_start or goes_on):
            self._check_like(y)
        return self._indicators(y)

    def _indicators(self, y: Array) -> Array:
        """Targets, one column each."""
        return np.reshape(y, (len(y), -1))

    def _checked_targets(self, y: Any) -> Array:
        y = np.asarray(check_array(y, ensure_2d=False, dtype="numeric", input_name="y"))
        return np.asarray(column_or_1d(y) if y.shape[1:] == (1,) else y)

    def _usual(self) -> tuple[str, str]:
        return "identity", "rss"

    def _settle_targets(self, Y: Array, output: Activation, loss: Loss) -> None:
        """Draw targets into what the outputs can give, where that has limits that some lie beyond."""
        self._parts = None
        limits = [
            end(
                ACTIVATIONS.fact(output, f"{which}_output"),
                LOSSES.fact(loss, f"{which}_target"),
            )
            for which, end in (("lowest", max), ("highest", min))
        ]
        low, high = np.nanmin(Y, axis=0), np.nanmax(Y, axis=0)
        is_counted = LOSSES.fact(loss, "lowest_target") == 0
        if is_counted or ((low >= limits[0]).all() and (high <= limits[1]).all()):
            return
        self._parts = []
        for k, y in enumerate(Y.T.astype(np.float64)):
            scaling = scaling_of(y[~np.isnan(y)], Limits(*limits))
            mean, scale, how, average = scaling if scaling.scale else scaling._replace(scale=1.0)
            self._parts.append(NumberTarget(f"target_{k}", mean, scale, scaled=how, average=average))

    def _settle_classes(self) -> None:
        self._parts = None  # the encoding has them

    def _take_targets(self, encoding: Encoding) -> None:
        parts = [part for part in encoding.targets if isinstance(part, NumberTarget)]
        is_plain = all((part.mean, part.scale, part.learnt_as) == (0.0, 1.0, "plain") for part in parts)
        self._parts = None if is_plain and len(parts) == len(encoding.targets) else parts

    def _target_parts(self, names: Sequence[str]) -> list[NumberTarget]:
        several = self.n_outputs_ > 1
        called = [f"target_{k}" if several else "target" for k in range(self.n_outputs_)]
        called = [name if name not in names else f"{name}_" for name in called]
        if self._parts is None:
            return [NumberTarget(name, 0.0, 1.0, scaled="as_is") for name in called]
        return [
            NumberTarget(name, part.mean, part.scale, scaled=part.scaled, average=part.average)
            for name, part in zip(called, self._parts, strict=True)
        ]

    def _learnt(self, Y: Array) -> Array:
        return Y if self._parts is None else _learnt(self._parts, Y)

    def _targets_of_network(self, y: Array) -> Array:
        """Targets as the network has them."""
        Y = self._indicators(y)
        return self._learnt(Y) if self._encoding is None else _learnt(self._encoding.targets, Y)

    def _measured(self, Y: Array, weight: Array | None) -> tuple[float, float]:
        """Half the mean over outputs of squares; the deviance of counts, which is 0 where they are met."""
        if self.loss == "squared_error":
            return 1 / Y.shape[1], 0.0
        if self.loss == "poisson":
            deviance = np.nan_to_num(xlogy(Y, Y) - Y)
            return 1.0, float(np.average(deviance, weights=weight, axis=0).sum())
        return super()._measured(Y, weight)

    def _score_of(self, Y: Array, found: Array, weight: Array | None) -> float:
        if not np.isfinite(found).all():
            return float("nan")
        shares = []
        for y, a in zip(Y.T.astype(np.float64), found.T.astype(np.float64), strict=True):
            here = ~np.isnan(y)
            if here.any():
                own = None if weight is None else weight[here]
                shares.append(share_explained(y[here], a[here], own))
        return float(np.mean([0.0 if share is None else share for share in shares]))


def _numbers(parts: Sequence[TargetPart], outputs: Array) -> Array:
    """Numbers that outputs stand for, in the targets' own units; constants stand for themselves."""
    columns, places = [], iter(range(outputs.shape[1]))
    for part in parts:
        if isinstance(part, ConstantTarget):
            constant = np.nan if part.number is None else part.number
            columns.append(np.full(len(outputs), constant))
        else:
            columns.append(part.decode(outputs[:, next(places)].astype(np.float64)))  # type: ignore[union-attr]
    return np.column_stack(columns).astype(outputs.dtype)


def _learnt(parts: Sequence[TargetPart], Y: Array) -> Array:
    """The other way."""
    columns = [
        part.learnt(y)
        for part, y in zip(parts, Y.T.astype(np.float64), strict=True)
        if isinstance(part, NumberTarget)
    ]
    return np.column_stack(columns)
