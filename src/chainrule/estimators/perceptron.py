"""What both estimators are: scikit-learn's arrays in, one training, and its attributes out."""

from __future__ import annotations

import inspect
import math
import warnings
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from chainrule.equations import RULES, name_of
from chainrule.errors import DivergenceError, InputError, TrainingWarning
from chainrule.estimators.options import (
    activations_of,
    check_numbers,
    has_own_steps,
    hidden_units,
    outputs_of,
    rule_of,
    schedule_of,
)
from chainrule.estimators.watch import Measure, Watch
from chainrule.network import Network, own_functions
from chainrule.settings import Settings
from chainrule.training import StoppedBy, run_training

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.training import TrainingResult, TrainingState

    Array = npt.NDArray[Any]

T = TypeVar("T")

__all__ = ["Perceptron", "dense", "documented", "keep"]

CHECKS = {"accept_sparse": ["csr", "csc"], "dtype": (np.float64, np.float32)}  # of samples, as scikit-learn's
MOST_ROWS_AT_ONCE = 200  # of batch_size="auto"
SEEDS = 2**31 - 1
FEWEST_HELD_OUT = 2
OF_BOTH = """\
    hidden_layer_sizes, solver, alpha, batch_size, learning_rate_init, power_t, max_iter, shuffle, \
    random_state, tol, verbose, warm_start, momentum, nesterovs_momentum, early_stopping, \
    validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun
        As scikit-learn has them. A solver may be any update rule of this package, too.
    activation : str, Activation, or a list of them
        One for all hidden layers, or one for each.
    learning_rate : str or Schedule
        "constant", "invscaling", "adaptive", or a schedule of this package, for any rule with a rate.
    dropout : float, optional
        Share of the hidden units that drop out of each step.
    threads : int, optional
        As many as pay off where none is given.
    engine : {"compiled", "reference"}, optional
        Compiled, unless the network has a function that the kernels do not know.

    Attributes
    ----------
    network_ : Network
        The fitted network; predictions are its outputs, to the bit.

    Raises
    ------
    InputError
        A parameter does not fit. What is wrong with X or y, scikit-learn says.
"""


class Perceptron(BaseEstimator):
    """Estimator whose network is a `Network`, and whose training is `run_training`."""

    @property
    def network_(self) -> Network:
        """The network as it stands: its weights are those of `coefs_` and `intercepts_`, which may be set."""
        given = list(zip(self.coefs_, self.intercepts_, strict=True))
        kept: Network | None = vars(self).get("_network")
        if kept is not None and len(kept.weights) == len(given):
            pairs = zip(kept.weights, given, strict=True)
            if all(np.array_equal(w[:, 1:].T, c) and np.array_equal(w[:, 0], b) for w, (c, b) in pairs):
                return kept
        weights = [np.column_stack([b, w.T]) for w, b in given]
        if kept is not None:
            return kept.with_weights(weights)
        output, loss = outputs_of(self.loss, self.out_activation_, self._usual())  # all was set from without
        return Network(weights, [*activations_of(self.activation, len(weights) - 1), output], loss)

    @classmethod
    def _of(cls, net: Network, parameters: dict[str, Any]) -> Self:
        """Fitted estimator that predicts by a network."""
        *hidden, output = net.activations
        like: dict[str, Any] = {"hidden_layer_sizes": net.sizes[1:-1], "activation": hidden}
        estimator = cls(**like, out_activation=output, loss=net.loss, **parameters)
        estimator._start_from(net)
        return estimator

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on samples (n_samples, n_features), dense or sparse, and their classes or numbers.

        Several columns of y are several outputs: numbers, or indicators of labels. With `warm_start` it
        begins with the weights of the last call.
        """
        return self._fit(X, y, sample_weight, goes_on=False)

    def _fit(self, X: Any, y: Any, sample_weight: Any, *, goes_on: bool) -> Self:
        """Train from the start, or from where it stands."""
        check_numbers(self)
        is_first = not hasattr(self, "coefs_") or not (self.warm_start or goes_on)
        is_numeric = isinstance(self, RegressorMixin)
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=is_numeric, reset=is_first, **CHECKS)
        if y.shape[1:] == (1,):
            y = column_or_1d(y, warn=True)
        X, Y = dense(X), self._targets(y, goes_on=goes_on).astype(X.dtype)
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        weight = self._weighted(y, weight)
        is_new = not goes_on or not hasattr(self, "_seed")
        random: Any = check_random_state(self.random_state) if is_new else None  # it takes a while
        if is_first:
            self._begin(X, Y, random)
        rule = rule_of(self)
        held_out = None
        if self.early_stopping and not has_own_steps(rule):
            if goes_on:
                raise InputError(
                    "partial_fit does not support early_stopping=True.",
                    parameter="early_stopping",
                    given=True,
                    needs="must be False",
                    advice="Call fit, which holds rows out, or set it to False.",
                )
            X, Y, weight, held_out = self._parted(X, Y, weight, random)
        if (vars(self).get("validation_scores_") is None) == (held_out is not None):  # as it was not before
            self._watched(is_scored=held_out is not None)
        if is_new:
            self._seed, self._factor = int(random.randint(SEEDS)), 1.0
            self._state: TrainingState | None = None
        self._train(X, Y, weight, held_out, rule, is_one=goes_on)
        return self

    def _begin(self, X: Array, Y: Array, random: np.random.RandomState) -> None:
        """Draw the first weights, as scikit-learn draws them, and count from 0."""
        hidden = hidden_units(self.hidden_layer_sizes)
        activations = activations_of(self.activation, len(hidden))
        output, loss = outputs_of(self.loss, self.out_activation, self._usual())
        layers = [X.shape[1], *hidden, Y.shape[1]]
        weights = []
        for m, (n_in, n_out) in enumerate(pairwise(layers)):
            is_logistic = name_of(activations[min(m, len(hidden) - 1)] if hidden else output) == "logistic"
            bound = math.sqrt((2 if is_logistic else 6) / (n_in + n_out))
            coefs = random.uniform(-bound, bound, (n_in, n_out))
            weights.append(np.column_stack([random.uniform(-bound, bound, n_out), coefs.T]).astype(X.dtype))
        self._start_from(Network(weights, [*activations, output], loss))

    def _start_from(self, net: Network) -> None:
        """Take a network as one that nothing was counted for yet."""
        self._keep(net)
        self.n_features_in_, self.n_iter_ = net.sizes[0], 0
        self.t_, self._no_improvement_count = 0, 0
        self.loss_curve_: list[float] = []
        self._watched(is_scored=self.early_stopping)

    def _watched(self, *, is_scored: bool) -> None:
        """Begin to keep the best score, or else the best loss, and not the other."""
        self.best_loss_ = None if is_scored else math.inf
        self.validation_scores_: list[float] | None = [] if is_scored else None
        self.best_validation_score_ = -math.inf if is_scored else None

    def _keep(self, net: Network) -> None:
        """Take a network as the fitted one."""
        self._network = net
        self.coefs_ = [w[:, 1:].T.copy() for w in net.weights]
        self.intercepts_ = [w[:, 0].copy() for w in net.weights]
        self.n_layers_, self.n_outputs_ = len(net.sizes), net.sizes[-1]
        self.out_activation_ = name_of(net.activations[-1])

    def _parted(
        self, X: Array, Y: Array, weight: Array | None, random: np.random.RandomState
    ) -> tuple[Any, ...]:
        """Rows to train on, and rows to score after each epoch: the very ones that scikit-learn draws."""
        arrays = [X, Y] if weight is None else [X, Y, weight]
        parts = train_test_split(
            *arrays, random_state=random, test_size=self.validation_fraction, stratify=self._strata(Y)
        )
        rows, held_out = parts[::2], parts[1::2]
        if len(held_out[0]) < FEWEST_HELD_OUT:
            raise InputError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your "
                "dataset.",
                parameter="validation_fraction",
                given=self.validation_fraction,
                needs="must leave two rows at least",
                advice="Try 0.2.",
            )
        none = () if weight is not None else (None,)
        return (*rows, *none, (*held_out, *none))

    def _train(
        self, X: Array, Y: Array, weight: Array | None, held_out: Any, rule: Any, *, is_one: bool
    ) -> None:
        """Train, and keep what comes of it."""
        own_steps, n = has_own_steps(rule), len(X)
        batch_size = n if RULES.fact(rule, "takes_all_rows") else self._batch_size(n)
        total = n if weight is None else float(weight.sum())
        net = self.network_
        if own_steps and net.dtype != np.float64:
            net = net.with_weights([w.astype(np.float64) for w in net.weights])
        share, offset = self._measured(Y, weight)
        l2 = self.alpha * n / (batch_size * total) if total > 0 else 0.0
        steps = 0 if own_steps else -(-n // batch_size)
        resume = self._standing(net, rule) if is_one else None
        past = 0 if resume is None else len(resume.epochs)

        def score_of(weights: Any) -> float:
            X, Y, weight = held_out
            return float(self._score_of(Y, net.with_weights(weights)(X, threads=self.threads), weight))

        measure = Measure(share, offset, l2)
        watch = Watch(self, net.weights, measure, n, steps, past, None if held_out is None else score_of)
        rate, schedule = self.learning_rate_init, schedule_of(self, rule, watch)
        if is_one and schedule is watch:  # which need not be asked for what is past
            rate, schedule = rate * self._factor, "constant"
        settings = Settings(
            epochs=past + (1 if is_one else self.max_iter),
            rate=rate if RULES.fact(rule, "takes_rate") else None,
            batch_size=batch_size,
            shuffle=self.shuffle,
            seed=self._seed,
            threads=self.threads,
            rule=rule,
            schedule=schedule,
            l2=l2,
            dropout=self.dropout or 0.0,
        )
        engine = self.engine or ("reference" if own_functions(net) else "compiled")
        try:
            result = run_training(
                net, X, Y, settings, sample_weight=weight, engine=engine, resume=resume, observer=watch,
                warn=False,
            )  # fmt: skip
        except DivergenceError as error:
            watch.keep(past + len(error.history.epochs))
            if held_out is None:
                raise _not_finite(error) from error
            watch.diverged()
            watch.leave(past + self.max_iter)
            self._keep(net.with_weights(watch.standings[-1].best_weights or ()))
            _warn(f"{error} The network is the best one before that.")
            return
        except InputError as error:
            if isinstance(error.given, float) and not math.isfinite(error.given):
                raise _not_finite(error) from error
            raise
        watch.leave(len(result.history.epochs))
        self._take(result, watch, own_steps=own_steps, is_one=is_one, is_scored=held_out is not None)

    def _take(
        self, result: TrainingResult, watch: Watch, *, own_steps: bool, is_one: bool, is_scored: bool
    ) -> None:
        """Keep the network and, where there may be more, the state; warn of what did not converge."""
        net = result.network
        if is_scored:
            net = net.with_weights(watch.standings[-1].best_weights or ())
        if not self.n_iter_:  # there was no step to take
            self.loss_ = watch.measure.of(result.history.loss_after) + watch.standings[0].penalty
        self._keep(
            net.with_weights([w.astype(self.coefs_[0].dtype) for w in net.weights]) if own_steps else net
        )
        self._state = None if own_steps or is_scored else result.state
        for one in result.diagnosis:
            if one.is_warning and not is_one:  # one epoch is no training to judge
                _warn(one.message, TrainingWarning)
        if result.stopped_by is StoppedBy.INTERRUPT:
            _warn("Training interrupted by user.", UserWarning)
        elif watch.ran_out or (result.stopped_by is StoppedBy.EPOCHS and not is_one):
            n = self.n_iter_
            _warn(
                f"{self.solver} failed to converge after {n} iteration(s). Increase max_iter or max_fun, or "
                "scale the data."
                if own_steps
                else f"Stochastic Optimizer: Maximum iterations ({n}) reached and the optimization hasn't "
                "converged yet."
            )

    def _standing(self, net: Network, rule: Any) -> TrainingState | None:
        """State to go on from: that of the last call, with the weights as they are now."""
        state = self._state
        if state is None or state.settings["rule"] != name_of(rule):
            return None
        return replace(state.elsewhere(), network=net)

    def _weighted(self, y: Array, weight: Array | None) -> Array | None:
        """Weights of samples."""
        return weight

    def _measured(self, Y: Array, weight: Array | None) -> tuple[float, float]:
        """Share of a mean loss that is reported, and what is added."""
        return 1.0, 0.0

    def _strata(self, Y: Array) -> Array | None:
        """What has its proportions among the rows held out, too."""
        return None

    def _batch_size(self, n: int) -> int:
        if self.batch_size == "auto":
            return min(MOST_ROWS_AT_ONCE, n)
        if self.batch_size > n:
            what = "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped"
            _warn(what, UserWarning)
        return min(int(self.batch_size), n)

    def _outputs(self, X: Any) -> Array:
        """Outputs of the network for samples."""
        net, X = self._checked(X)
        return net(X, threads=self.threads)

    def _checked(self, X: Any) -> tuple[Network, Array]:
        """The fitted network and samples for it."""
        check_is_fitted(self, "coefs_")
        return self.network_, dense(validate_data(self, X, reset=False, **CHECKS))

    def _goes_on(self) -> bool:
        """Whether the solver can take one epoch after another."""
        return not has_own_steps(rule_of(self))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def keep(estimator: object, given: dict[str, Any]) -> None:
    """Keep what an estimator is made with, as it is given."""
    vars(estimator).update({name: value for name, value in given.items() if name != "self"})


def documented(cls: type[T]) -> type[T]:
    """Write what is the same of both estimators into a docstring, in the place of ``{shared}``."""
    cls.__doc__ = (cls.__doc__ or "").replace("    {shared}\n", OF_BOTH)
    return cls


def dense(array: Any) -> Array:
    """The same numbers as an ordinary array."""
    return np.asarray(array.toarray() if issparse(array) else array)


def _not_finite(error: Exception) -> InputError:
    """What scikit-learn says, and what `train` found."""
    return InputError(
        "Solver produced non-finite parameter weights. The input data may contain large values and need to "
        "be preprocessed.",
        needs="must keep the weights and the loss finite",
        advice=str(error),
    )


def _warn(text: str, category: type[Warning] = ConvergenceWarning) -> None:
    """Warn of the line that called an estimator, from however deep within."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals["__name__"].startswith("chainrule."):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, category, stacklevel=level)
