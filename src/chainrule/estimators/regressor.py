"""`MLPRegressor`, for scikit-learn's users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import xlogy
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from chainrule.estimators.perceptron import Perceptron, documented, keep
from chainrule.scores.arrays import share_explained

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.network import Network

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

    def __init__(
        self, loss: Any = "squared_error", hidden_layer_sizes: Any = (100,), activation: Any = "relu", *,
        solver: Any = "adam", alpha: float = 0.0001, batch_size: int | str = "auto",
        learning_rate: Any = "constant", learning_rate_init: float = 0.001, power_t: float = 0.5,
        max_iter: int = 200, shuffle: bool = True, random_state: Any = None, tol: float = 1e-4,
        verbose: bool | int = False, warm_start: bool = False, momentum: float = 0.9,
        nesterovs_momentum: bool = True, early_stopping: bool = False, validation_fraction: float = 0.1,
        beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8, n_iter_no_change: float = 10,
        max_fun: int = 15000, out_activation: Any = None, dropout: float | None = None,
        threads: int | None = None, engine: str | None = None,
    ) -> None:  # fmt: skip
        keep(self, locals())

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
        self._fit(X, y, sample_weight, goes_on=True)
        return self

    def predict(self, X: Any) -> Array:
        """Outputs of the network, (n_samples,) where there is one."""
        outputs = self._outputs(X)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def _targets(self, y: Array, *, goes_on: bool) -> Array:
        return y.reshape(len(y), -1)

    def _usual(self) -> tuple[str, str]:
        return "identity", "rss"

    def _measured(self, Y: Array, weight: Array | None) -> tuple[float, float]:
        """Half the mean over outputs of squares; the deviance of counts, which is 0 where they are met."""
        if self.loss == "squared_error":
            return 1 / Y.shape[1], 0.0
        if self.loss == "poisson":
            return 1.0, float(np.average(xlogy(Y, Y) - Y, weights=weight, axis=0).sum())
        return super()._measured(Y, weight)

    def _score_of(self, Y: Array, found: Array, weight: Array | None) -> float:
        if not np.isfinite(found).all():
            return float("nan")
        pairs = zip(Y.T.astype(np.float64), found.T.astype(np.float64), strict=True)
        shares = [share_explained(y, a, weight) for y, a in pairs]
        return float(np.mean([0.0 if share is None else share for share in shares]))
