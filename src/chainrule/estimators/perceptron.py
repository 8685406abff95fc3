"""What both estimators are: rows in, one training, and scikit-learn's attributes out."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from chainrule.equations import ACTIVATIONS, RULES, name_of
from chainrule.errors import ChainruleError, DivergenceError, InputError, TableWarning
from chainrule.estimators.callbacks import CallbackSupportMixin, both_kinds, told_of, with_callbacks
from chainrule.estimators.doors import Doors
from chainrule.estimators.options import (
    SCHEDULES_THERE,
    activations_of,
    check_numbers,
    has_own_steps,
    hidden_units,
    outputs_of,
    rule_of,
    schedule_of,
)
from chainrule.estimators.parameters import Parametrised, unless_it_fails
from chainrule.estimators.restarts import Once, averaged, restarted
from chainrule.estimators.rows import (
    dense,
    filled,
    means_of,
    refuse_empty_targets,
    rows_to_watch,
    without_gaps,
)
from chainrule.estimators.shown import OF_ONE_NETWORK, OfOneNetwork, Shown
from chainrule.estimators.steps import Kept, epoch_of
from chainrule.estimators.tabular import check_effort, effort_of, fit_table, table_inputs, takes_tables
from chainrule.estimators.warning import ended, warn
from chainrule.estimators.watch import Measure, Watch
from chainrule.network import Ensemble, Network, members_of, own_functions
from chainrule.settings import Settings
from chainrule.training import Callbacks, Epoch, StoppedBy, run_training, squares_of
from chainrule.words import counted

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.equations import Activation, Loss
    from chainrule.estimators.rows import WithTargets
    from chainrule.models import Calibration, TrainingRecord
    from chainrule.settings import FitSettings
    from chainrule.tables import Encoding, Report
    from chainrule.training import TrainingResult, TrainingState

    Array = npt.NDArray[Any]

__all__ = ["Perceptron"]

CHECKS: dict[str, Any] = {  # of samples, as scikit-learn's, but that numbers may be missing
    "accept_sparse": ["csr", "csc"], "dtype": (np.float64, np.float32), "ensure_all_finite": "allow-nan",
}  # fmt: skip
MOST_ROWS_AT_ONCE = 200  # of batch_size="auto"
SEEDS = 2**31 - 1
FEWEST_HELD_OUT = 2
SMALL = 0.01  # mean target of a rare class, where an exponential begins


class Perceptron(CallbackSupportMixin, Doors, Parametrised):
    """Estimator whose network is a `Network`, and whose training is `run_training`, or that of `fit`."""

    _calibrated: tuple[Calibration, Encoding] | None = None  # by rows that were watched
    _encoding: Encoding | None = None  # of columns, where these are not numbers that stand for themselves
    _names: list[str] | None = None  # of columns, where rows have none
    _means: Any = 0.0  # what a missing number is taken for
    _network: Network
    _shown: Shown | None = None
    _state: TrainingState | None = None
    _kept: Kept | None = None
    _n_epochs: int = 0  # of the training that goes on
    _settings: FitSettings | None = None
    _record: TrainingRecord | None = None
    _report: Report | None = None
    _encoded_once: Once | None = None  # what the estimators of an ensemble share
    _by_recipe: bool = False  # and not one network
    coefs_, intercepts_, n_layers_ = (OfOneNetwork() for _ in OF_ONE_NETWORK)

    @property
    def network_(self) -> Network | Any:
        """The network as it stands: its weights are those of `coefs_` and `intercepts_`, which may be set.

        Of an ensemble all of its networks, the first of which has these weights; with an effort what the
        recipe has mixed.
        """
        if self._by_recipe:
            return self._network
        if "estimators_" in vars(self):
            return Ensemble(one.network_ for one in self._members())
        return self._one_network()

    def _members(self) -> list[Any]:
        """The estimators of an ensemble's networks, the first of them with the weights that this one has."""
        first, *others = self.estimators_
        if first.coefs_ is not self.coefs_ or first.intercepts_ is not self.intercepts_:
            first = copy.copy(first)
            first.coefs_, first.intercepts_ = self.coefs_, self.intercepts_
        return [first, *others]

    def _one_network(self) -> Network:
        """The network whose weights are those of `coefs_` and `intercepts_`."""
        shown = self._shown
        if shown is not None and shown.are_still(self.coefs_, self.intercepts_):
            return self._network
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

    @property
    def calibration_(self) -> Calibration | None:
        """What the rows that were watched said of the answers; None where they were not asked."""
        return None if self._calibrated is None else self._calibrated[0]

    @with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on samples and their classes or numbers.

        Rows without a target are left out, and one of several targets that is missing counts for nothing.
        With `warm_start` it begins with the weights of the last call.

        Parameters
        ----------
        X : array of shape (n_samples, n_features), dense or sparse, or data frame
        y : array of shape (n_samples,) or (n_samples, n_outputs)
            Several columns are several outputs: numbers, or indicators of labels.
        sample_weight : array of shape (n_samples,), optional
        """
        watched = self.validation_data
        with unless_it_fails(self), both_kinds(self) as functions:
            check_numbers(self)
            check_effort(self)
            self.__dict__.pop("restarts_", None)
            if self.ensemble > 1:
                return averaged(self, X, y, sample_weight, watched)  # type: ignore[no-any-return]
            self.__dict__.pop("estimators_", None)
            if self.n_restarts > 1:
                return restarted(self, X, y, sample_weight, watched)  # type: ignore[no-any-return]
            return self._fit(X, y, sample_weight, watched, functions, goes_on=False)

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, watched: Any = None, functions: Callbacks | None = None,
        *, goes_on: bool,
    ) -> Self:  # fmt: skip
        """Train from the start, or from where it stands."""
        given, rows = (X, y, sample_weight), without_gaps(X, y, sample_weight)
        if rows.n_left_out:
            warn(f"{counted(rows.n_left_out, 'row')} without a target left out", TableWarning)
        is_first = self._begins(goes_on=goes_on)
        if takes_tables(self, is_first=is_first):
            fit_table(self, rows, watched, functions, given, is_first=is_first, goes_on=goes_on)
            return self
        arrays, once = partial(self._as_arrays, rows, is_first=is_first, goes_on=goes_on), self._encoded_once
        X, Y, means = arrays() if once is None else once.made("arrays", self, arrays)
        weight = None if rows.sample_weight is None else _check_sample_weight(rows.sample_weight, X)
        weight = self._weighted(rows.y, weight)
        is_new = not goes_on or not hasattr(self, "_seed")
        random: Any = check_random_state(self.random_state) if is_new else None  # it takes a while
        if is_first:
            self._begin(X, Y, weight, random)
            self._means = means
        Y, rule = self._learnt(Y).astype(X.dtype), rule_of(self)
        held_out = None if watched is None else self._watched_rows(watched)
        if held_out is None and self.early_stopping and not has_own_steps(rule):
            if goes_on:
                raise InputError(
                    "partial_fit does not support early_stopping=True.",
                    parameter="early_stopping",
                    given=True,
                    needs="must be False",
                    advice="Call fit, which holds rows out, or set it to False.",
                )
            X, Y, weight, held_out = self._parted(X, Y, weight, random)
        self._calibrated = None
        is_calibrated = bool(self.calibrate) and not goes_on
        if is_calibrated:
            self._check_calibration(held_out)
        by_score = held_out is not None and bool(self.early_stopping) and not has_own_steps(rule)
        if (self.best_loss_ is None) != by_score:  # as it was not before
            self._watched(by_score=by_score)
        if is_new:
            self._seed, self._factor = int(random.randint(SEEDS)), 1.0
            self._state, self._kept, self._n_epochs = None, None, 0
        self._train(X, Y, weight, held_out, rule, functions, given, is_one=goes_on)
        if is_calibrated and held_out is not None:
            self._calibrate(*held_out)
        return self

    def _begins(self, *, goes_on: bool) -> bool:
        """Whether a training begins with weights of its own, and not where it stands."""
        is_to_go_on = self.warm_start or goes_on
        if is_to_go_on and self._by_recipe:
            raise _cannot_go_on()
        return not (is_to_go_on and "coefs_" in vars(self))

    def _as_arrays(self, rows: WithTargets, *, is_first: bool, goes_on: bool) -> tuple[Array, Array, Array]:
        """Inputs without gaps, targets for the outputs, and what takes the place of a missing input."""
        is_numeric = isinstance(self, RegressorMixin)
        X, y = validate_data(
            self, rows.X, rows.y, multi_output=True, y_numeric=is_numeric, reset=is_first, **CHECKS
        )
        if y.shape[1:] == (1,):
            y = column_or_1d(y, warn=True)
        X = dense(X)
        means = means_of(X) if is_first else self._means
        X, n_filled = filled(X, means)
        if n_filled:
            warn(
                f"{counted(n_filled, 'column')} of X with missing values, which are taken for the column's "
                "mean (defaults='modern' learns that they are missing, too)",
                TableWarning,
            )
        Y = rows.marked(self._targets(y, goes_on=goes_on))
        if rows.gaps is not None:
            refuse_empty_targets(Y)
        return X, Y, means

    def _begin(self, X: Array, Y: Array, weight: Array | None, random: np.random.RandomState) -> None:
        """Draw the first weights, as scikit-learn draws them where nothing is said, and count from 0."""
        hidden = hidden_units(self.hidden_layer_sizes)
        activations = activations_of(self.activation, len(hidden))
        output, loss = outputs_of(self.loss, self.out_activation, self._usual())
        self._settle_targets(Y, output, loss)
        sizes = [X.shape[1], *hidden, Y.shape[1]]
        if self.start is not None:
            seed = int(random.randint(SEEDS))
            given = sizes, [*activations, output], loss, seed, str(X.dtype)
            net = Network.random(*given, start=self.start, X=X)
            self._start_from(net)
            return
        weights: list[Array] = []
        for m, (n_in, n_out) in enumerate(pairwise(sizes)):
            is_logistic = name_of(activations[min(m, len(hidden) - 1)] if hidden else output) == "logistic"
            bound = math.sqrt((2 if is_logistic else 6) / (n_in + n_out))
            coefs = random.uniform(-bound, bound, (n_in, n_out))
            weights.append(np.column_stack([random.uniform(-bound, bound, n_out), coefs.T]).astype(X.dtype))
        if ACTIVATIONS.fact(output, "dies"):  # a unit that is 0 for all samples would never learn
            weights[-1][:, 0] = _means_of_targets(self._learnt(Y), weight)
        elif name_of(output) == "exp" and name_of(loss) != "poisson":  # which scikit-learn has
            weights[-1][:, 0] = np.log(np.maximum(_means_of_targets(self._learnt(Y), weight), SMALL))
        self._start_from(Network(weights, [*activations, output], loss))

    def _start_from(self, net: Network) -> None:
        """Take a network as one that nothing was counted for yet."""
        self._keep(net)
        self._by_recipe = False
        self._encoding = self._record = self._report = self._settings = self._state = self._kept = None
        self._calibrated = None
        self._n_epochs = 0
        self.n_iter_, self.t_, self._no_improvement_count, self._factor = 0, 0, 0, 1.0
        self.loss_curve_: list[float] = []
        self.validation_scores_: list[float] | None = None
        self._watched(by_score=bool(self.early_stopping))

    def _take_mixed(self, net: Network | Ensemble) -> None:
        """Take what a recipe has mixed, or an ensemble with shares, as that which is fitted."""
        self._start_from(members_of(net)[0])
        for name in OF_ONE_NETWORK:
            self.__dict__.pop(name)
        self._network, self._shown, self._by_recipe = net, None, True  # type: ignore[assignment]

    def _watched(self, *, by_score: bool) -> None:
        """Begin to keep the best score, or else the best loss, and not the other."""
        self.best_loss_ = None if by_score else math.inf
        self.validation_scores_ = [] if by_score else None
        self.best_validation_score_ = -math.inf if by_score else None

    def _keep(self, net: Network) -> None:
        """Take a network as the fitted one."""
        self.__dict__.update(self._fitted(net))

    def _fitted(self, net: Network) -> dict[str, Any]:
        """What an estimator has that predicts by a network."""
        shown = Shown.of(net.weights)
        return {
            "_network": net,
            "_shown": shown,
            "coefs_": list(shown.coefs),
            "intercepts_": list(shown.intercepts),
            "n_layers_": len(net.sizes),
            "n_outputs_": net.sizes[-1],
            "out_activation_": name_of(net.activations[-1]),
        }

    def _watched_rows(self, given: Any) -> tuple[Array, Array, Array | None]:
        """Rows to score after each epoch, as they were given to be watched."""
        rows = rows_to_watch(given)
        _, X = self._checked(rows.X)
        y = self._checked_targets(rows.y)
        self._check_like(y)
        Y = rows.marked(self._learnt(self._indicators(y)))
        weight = rows.sample_weight
        if weight is not None:
            weight = _check_sample_weight(weight, X, ensure_non_negative=True)
        return X, Y, weight

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

    def _train(  # noqa: PLR0917 (called in one place)
        self,
        X: Array,
        Y: Array,
        weight: Array | None,
        held_out: Any,
        rule: Any,
        functions: Callbacks | None,
        given: tuple[Any, Any, Any],
        *,
        is_one: bool,
    ) -> None:
        """Train, and keep what comes of it."""
        own_steps, all_rows, n = has_own_steps(rule), RULES.fact(rule, "takes_all_rows"), len(X)
        batch_size = n if all_rows else self._batch_size(n)
        total = n if weight is None else float(weight.sum())
        net = self.network_
        if own_steps and net.dtype != np.float64:
            net = net.with_weights([w.astype(np.float64) for w in net.weights])
        share, offset = self._measured(Y, weight)
        l2 = (self.alpha * n / (batch_size * total) if total > 0 else 0.0) + (self.l2 or 0.0)
        steps = 0 if own_steps else -(-n // batch_size)
        past = self._n_epochs if is_one else 0

        def score_of(weights: Any) -> float:
            X, Y, weight = held_out
            return float(self._score_of(Y, net.with_weights(weights)(X, threads=self.threads), weight))

        told = None if is_one else told_of(self, given, self.max_iter)
        measure = Measure(share, offset, l2)
        score = None if held_out is None else score_of
        watch = Watch(self, net.weights, measure, n, steps, past, score, told=told, is_one=is_one)
        rate, schedule = self.learning_rate_init, schedule_of(self, rule, watch)
        if is_one and schedule is watch:  # which need not be asked for what is past
            rate, schedule = rate * self._factor, "constant"
        settings = Settings(
            epochs=max(past + 1, self.max_iter) if is_one else self.max_iter,
            rate=rate if RULES.fact(rule, "takes_rate") else None,
            batch_size=batch_size,
            shuffle=self.shuffle,
            seed=self._seed,
            threads=self.threads,
            rule=rule,
            schedule=schedule,
            clip_norm=self.clip_norm,
            l1=self.l1 or 0.0,
            l2=l2,
            dropout=self.dropout or 0.0,
            loss_goal=self.loss_goal,
        )
        engine = self.engine or ("reference" if own_functions(net) else "compiled")
        try:
            if is_one and schedule == "constant" and not (settings.dropout or all_rows):
                epoch, net = epoch_of(self, net, X, Y, weight, settings, engine)
                stacks = [w[np.newaxis] for w in net.weights]
                watch.take_in([epoch], lambda: stacks, lambda: squares_of(stacks), 0)
                watch.leave(epoch.number)
                self._n_epochs = epoch.number
                self._keep(net)
                return
            result = run_training(
                net, X, Y, settings, sample_weight=weight, engine=engine, callbacks=functions,
                resume=self._standing(net, rule) if is_one else None, observer=watch, warn=False,
            )  # fmt: skip
        except DivergenceError as error:
            watch.keep(past + len(error.history.epochs))
            if not watch.by_score:
                raise _not_finite(error) from error
            watch.diverged()
            watch.leave(past + self.max_iter)
            self._keep(net.with_weights(watch.best))
            self.history_, self._stopped_by = error.history, StoppedBy.CALLBACK
            warn(f"{error} The network is the best one before that.")
            return
        except InputError as error:
            if isinstance(error.given, float) and not math.isfinite(error.given):
                raise _not_finite(error) from error
            raise
        watch.leave(len(result.history.epochs))
        self._take(result, watch, own_steps=own_steps, is_one=is_one)
        if told is not None:
            told.end(self._network.weights)

    def _take(self, result: TrainingResult, watch: Watch, *, own_steps: bool, is_one: bool) -> None:
        """Keep the network and, where there may be more, the state; warn of what did not converge."""
        net = result.network
        if watch.by_score:
            net = net.with_weights(watch.best)
        if not self.n_iter_:  # there was no step to take
            self.loss_ = watch.measure.of(result.history.loss_after) + watch.penalties[0]
        self._keep(
            net.with_weights([w.astype(self.coefs_[0].dtype) for w in net.weights]) if own_steps else net
        )
        self._state, self._kept = None if own_steps or watch.by_score else result.state, None
        self._n_epochs = 0 if self._state is None else len(result.history.epochs)
        self.history_ = result.history
        ended(self, result, own_steps=own_steps, is_one=is_one, ran_out=watch.ran_out)

    def _standing(self, net: Network, rule: Any) -> TrainingState | None:
        """State to go on from: that of the last call, with the weights as they are now."""
        state = self._state_now()
        if state is None or state.settings["rule"] != name_of(rule):
            return None
        return replace(state.elsewhere(), network=net)

    def _state_now(self) -> TrainingState | None:
        """State of the training, also where a trainer has gone on with it."""
        if self._kept is None:
            state = self._state
            if (
                state is not None and state.settings["schedule"] in SCHEDULES_THERE
            ):  # whose factor is kept here
                state = replace(state, settings={**state.settings, "schedule": "constant"})
            return state
        n = self._n_epochs
        losses = [0.0] * max(0, n - len(self.loss_curve_)) + self.loss_curve_[-n:]
        epochs = tuple(Epoch(k, loss, 0.0, None, None, None) for k, loss in enumerate(losses, 1))
        return replace(self._kept.trainer.state, epochs=epochs)

    def __getstate__(self) -> Any:
        state = {name: one for name, one in super().__getstate__().items() if name not in {"_kept", "_shown"}}
        if self._kept is not None:  # which has memory of an engine
            state["_state"] = self._state_now()
        return state

    def _weighted(self, y: Array, weight: Array | None) -> Array | None:
        """Weights of samples."""
        return weight

    def _measured(self, Y: Array, weight: Array | None) -> tuple[float, float]:
        """Share of a mean loss that is reported, and what is added."""
        return 1.0, 0.0

    def _settle_targets(self, Y: Array, output: Activation, loss: Loss) -> None:
        """Settle how targets are learnt, by those of the first call."""

    def _learnt(self, Y: Array) -> Array:
        """Targets as they are learnt."""
        return Y

    def _strata(self, Y: Array) -> Array | None:
        """What has its proportions among the rows held out, too."""
        return None

    def _batch_size(self, n: int) -> int:
        if self.batch_size == "auto":
            return min(MOST_ROWS_AT_ONCE, n)
        if self.batch_size > n:
            what = "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped"
            warn(what, UserWarning)
        return min(int(self.batch_size), n)

    def _outputs(self, X: Any) -> Array:
        """Outputs of the network for samples."""
        net, X = self._checked(X)
        return net(X, threads=self.threads)

    def _checked(self, X: Any) -> tuple[Network, Array]:
        """The fitted network and samples for it."""
        if "coefs_" not in vars(self):
            check_is_fitted(self)
        if self._encoding is not None:
            return self.network_, table_inputs(self, X)
        X = validate_data(self, X, reset=False, **CHECKS)
        X = X if type(X) is np.ndarray else dense(X)
        if np.isnan(X).any():
            X, _ = filled(X, self._means)
        return self.network_, X

    def __sklearn_is_fitted__(self) -> bool:
        return "coefs_" in vars(self) or self._by_recipe

    def _goes_on(self) -> bool:
        """Whether the solver can take one epoch after another; one that there is not is refused elsewhere."""
        if effort_of(self) is not None:
            raise _cannot_go_on()  # which the AttributeError gives as its cause
        try:
            return not has_own_steps(rule_of(self))
        except ChainruleError:
            return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = tags.input_tags.allow_nan = True
        tags.input_tags.string = tags.input_tags.categorical = (
            self.defaults != "scikit-learn" or effort_of(self) is not None
        )
        return tags


def _means_of_targets(Y: Array, weight: Array | None) -> Array:
    """Mean target of each output."""
    there = ~np.isnan(Y) * (1.0 if weight is None else weight[:, np.newaxis])
    return np.asarray(np.average(np.nan_to_num(Y), axis=0, weights=there))


def _cannot_go_on() -> InputError:
    return InputError(
        "The estimator is one of a recipe",
        parameter="effort",
        needs="partial_fit and warm_start go on with one network, of which nothing was held out",
        advice="Give all rows to fit, or make a new estimator without effort, and with other defaults.",
    )


def _not_finite(error: Exception) -> InputError:
    """What scikit-learn says, and what `train` found."""
    return InputError(
        "Solver produced non-finite parameter weights. The input data may contain large values and need to "
        "be preprocessed.",
        needs="must keep the weights and the loss finite",
        advice=str(error),
    )
