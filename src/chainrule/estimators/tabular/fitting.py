"""The defaults of `fit` for an estimator: its columns as they are, encoded and trained as `fit` does."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import check_array, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.validation import _check_sample_weight, validate_data

from chainrule.errors import InputError, TableWarning, UnknownNameError, said
from chainrule.estimators.callbacks import told_of
from chainrule.estimators.options import activations_of, asked_settings, has_own_steps
from chainrule.estimators.rows import dense, rows_to_watch
from chainrule.estimators.tabular.effort import (
    OF_SCIKIT_LEARN,
    asked_beside,
    effort_of,
    fit_mixed,
    named_defaults,
)
from chainrule.estimators.tabular.encodings import (
    columns_of,
    dataset_again,
    dataset_of,
    encoded,
    is_frame,
    refuse_ambiguous_classes,
    target_columns,
    with_classes,
)
from chainrule.estimators.warning import ended, warn
from chainrule.estimators.watch import Measure, Watch
from chainrule.models import DEFAULTS, fit_dataset, fit_settings, start_network, watched_rows
from chainrule.models.ensembles import calibrated, check_calibration
from chainrule.network import Network
from chainrule.tables import as_table
from chainrule.training import StoppedBy
from chainrule.words import quoted

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.estimators.rows import WithTargets
    from chainrule.models import Dataset
    from chainrule.settings import FitSettings
    from chainrule.training import Callbacks

    Array = npt.NDArray[Any]

__all__ = ["OF_SCIKIT_LEARN", "fit_table", "table_inputs", "takes_tables", "watched_arrays"]

CHECKS: dict[str, Any] = {
    "accept_sparse": ["csr", "csc"], "dtype": None, "ensure_all_finite": "allow-nan",
}  # fmt: skip
SEEDS = 2**31 - 1
FEWEST = 2  # rows that a column is learnt from, and classes


def takes_tables(estimator: Any, *, is_first: bool) -> bool:
    """Whether an estimator encodes columns as `fit` does: one that is fitted, as it was then."""
    name = estimator.defaults
    if name != OF_SCIKIT_LEARN and name not in DEFAULTS:
        raise UnknownNameError("set of defaults", str(name), [OF_SCIKIT_LEARN, *DEFAULTS], "defaults")
    if is_first and effort_of(estimator) is not None:
        return True
    if is_first and name == OF_SCIKIT_LEARN and estimator.numbers_as is not None:
        raise InputError(
            parameter="numbers_as",
            given=estimator.numbers_as,
            needs="belongs to defaults that encode tables, and these are scikit-learn's",
            advice="Add defaults='modern' or effort='normal', or encode X before.",
        )
    return bool(name != OF_SCIKIT_LEARN if is_first else estimator._encoding is not None)


def fit_table(
    estimator: Any,
    rows: WithTargets,
    watched: Any,
    functions: Callbacks | None,
    given: tuple[Any, Any, Any],
    *,
    is_first: bool,
    goes_on: bool,
) -> None:
    """Encode rows and train on them, from the start or from where the estimator stands."""
    data, weight, asked = _dataset(estimator, rows, given[1], is_first=is_first, goes_on=goes_on)
    settings = _settings(estimator, data, asked, weight, goes_on=goes_on)
    if settings.recipe is not None:
        fit_mixed(estimator, data, settings, functions)
        return
    start = _start(estimator, data, settings) if is_first else estimator.network_
    if is_first:
        estimator._start_from(start)
        estimator._encoding, estimator._report = data.encoding, data.report
        estimator._settle_classes()
    elif not goes_on:
        estimator._no_improvement_count = 0
    if estimator.best_loss_ is None:  # there is no score that these settings stop by
        estimator._watched(by_score=False)
    resume = None
    if goes_on and estimator._state is not None:
        resume = replace(estimator._state.elsewhere(), network=start)
        settings = replace(settings, epochs=max(len(resume.epochs) + 1, settings.epochs))
    estimator._settings = settings
    told = None if goes_on else told_of(estimator, given, settings.epochs)
    own_steps, n = has_own_steps(settings.rule), len(data.training_rows)
    steps = 0 if own_steps else -(-n // (settings.batch_size or n))
    past = 0 if resume is None else len(resume.epochs)
    watch = Watch(
        estimator,
        start.weights,
        Measure(1.0, 0.0, settings.l2),
        n,
        steps,
        past,
        told=told,
        judges=False,
        is_one=goes_on,
    )
    held_out = None if watched is None else _watched(estimator, watched, data, settings)
    check_calibration(data, settings, held_out)
    result = fit_dataset(
        data,
        settings,
        on_epoch=None if functions is None else functions.on_epoch,
        resume=resume,
        watched=held_out,
        start=start,
        observer=watch,
        warn=False,
    )
    watch.leave(len(result.history.epochs))
    estimator._keep(result.model.network)
    found = calibrated(result, settings, held_out).model.calibration
    estimator._calibrated = None if found is None else (found, data.encoding)
    estimator._record, estimator.history_ = result.model.training, result.history
    if not estimator.n_iter_:
        estimator.loss_ = result.history.loss_after
    estimator._state = None if own_steps or settings.criteria else result.training.state
    is_enough = result.training.stopped_by is StoppedBy.EPOCHS  # as many as these defaults want
    ended(estimator, result.training, own_steps=own_steps, is_one=goes_on, is_enough=is_enough)
    if told is not None:
        told.end(estimator._network.weights)


def _dataset(
    estimator: Any, rows: WithTargets, own: Any, *, is_first: bool, goes_on: bool
) -> tuple[Dataset, Array | None, dict[str, Any]]:
    """D = [X | Y] of rows, their weights, and the settings that are asked for."""
    columns, y = _checked(estimator, rows, is_first=is_first)
    weight = rows.sample_weight
    if weight is not None:
        weight = _check_sample_weight(weight, np.empty((len(y), 1)), dtype=np.float64)
    estimator._targets(y, goes_on=goes_on)
    if rows.gaps is not None:
        y = np.where(rows.gaps, np.nan, y.astype(np.float64))
    if not goes_on or not hasattr(estimator, "_seed"):
        estimator._seed, estimator._state = _seed(estimator.random_state), None
    asked = asked_settings(estimator) if effort_of(estimator) is None else asked_beside(estimator)
    if is_first:
        return _first_dataset(estimator, columns, y, own, weight, asked, goes_on=goes_on), weight, asked
    estimator._check_like(y)
    names = estimator._encoding.target_names
    targets = dict(zip(names, target_columns(y, columns, names).values(), strict=True))
    return dataset_again(estimator.model_, columns, targets, weight), weight, asked


def table_inputs(estimator: Any, X: Any) -> Array:
    """Rows as the network takes them, by the encoding that the estimator has learnt, or was given."""
    names = None
    if is_frame(X):
        if hasattr(estimator, "feature_names_in_"):
            validate_data(estimator, X, skip_check_array=True, reset=False)
    else:
        X = dense(validate_data(estimator, X, reset=False, **CHECKS))
        names = list(getattr(estimator, "feature_names_in_", ())) or None
        if estimator._names is not None:
            names = estimator._names
    inputs, remarks = encoded(estimator._encoding, columns_of(X, names))
    for words in remarks:
        warn(words, TableWarning)
    return inputs


def _checked(estimator: Any, rows: WithTargets, *, is_first: bool) -> tuple[dict[str, Any], Any]:
    """Columns of the inputs, and targets as an array, checked as scikit-learn checks them."""
    is_numeric = isinstance(estimator, RegressorMixin)
    X, y, names = rows.X, rows.y, None
    if is_frame(X):
        columns_of(X)
        if is_first or hasattr(estimator, "feature_names_in_"):
            validate_data(estimator, X, y, skip_check_array=True, reset=is_first)
        check_consistent_length(X, y)
        y = check_array(dense(y), ensure_2d=False, dtype="numeric" if is_numeric else None, input_name="y")
    else:
        X, y = validate_data(
            estimator, X, y, multi_output=True, y_numeric=is_numeric, reset=is_first, **CHECKS
        )
        X = dense(X)
        names = list(getattr(estimator, "feature_names_in_", ())) or None
    y = dense(y)
    if is_numeric and y.dtype.kind in "mM":
        raise InputError(
            "y holds times",
            parameter="y",
            needs="a regressor learns numbers",
            advice="Give them as numbers, or take chainrule.fit, which answers with times.",
        )
    if y.shape[1:] == (1,):
        y = column_or_1d(y, warn=True)
    if is_first and len(y) < FEWEST:
        raise InputError(
            f"Found array with n_samples={len(y)}",
            parameter="X",
            given=len(y),
            needs=f"what a column is like is learnt from {FEWEST} rows at least",
            advice="Give more rows, or take the defaults of scikit-learn.",
        )
    if is_first:
        estimator._names = None
    elif names is None:
        names = estimator._names
    return columns_of(X, names), y


def _first_dataset(  # noqa: PLR0917 (called in one place)
    estimator: Any,
    columns: dict[str, Any],
    y: Array,
    own: Any,
    weight: Array | None,
    asked: dict[str, Any],
    *,
    goes_on: bool,
) -> Dataset:
    """D = [X | Y] of the first rows, whose encoding all others have, and what is to be said of it."""
    names = [own.name] if isinstance(getattr(own, "name", None), str) and own.name.strip() else None
    if is_frame(own):
        names = list(columns_of(own))
    classes = not isinstance(estimator, RegressorMixin)
    if classes and not goes_on and y.ndim == 1 and len(estimator.classes_) < FEWEST:
        raise InputError(
            f"y has one class alone, {quoted(y[:1].tolist()[0])}",
            parameter="y",
            given=y[0],
            needs="a classifier tells two classes apart at least",
            advice="Give rows of another class, too, or take the defaults of scikit-learn.",
        )
    if classes and y.ndim == 1:
        refuse_ambiguous_classes(estimator.classes_)
    learnt, asked = y, {**asked, "defaults": named_defaults(estimator)}
    if classes and goes_on and y.ndim == 1:  # which may lack some of the classes
        learnt = np.resize(estimator.classes_, len(y))
    make = partial(
        dataset_of,
        columns,
        target_columns(learnt, columns, names),
        weight,
        asked,
        classes=classes,
        seed=estimator._seed,
        numbers_as=estimator.numbers_as,
    )
    once = estimator._encoded_once
    data = make() if once is None else replace(once.made("table", estimator, make), seed=estimator._seed)
    for one in data.decisions:
        if one.is_warning:
            warn(said(one.sentence), TableWarning)
    return data if learnt is y else with_classes(data, estimator.classes_, y)


def _settings(
    estimator: Any, data: Dataset, asked: dict[str, Any], weight: Any, *, goes_on: bool
) -> FitSettings:
    """Settings as they are asked for, or else by the defaults, or by the first call of those that go on."""
    asked = dict(asked)
    alpha = asked.pop("alpha", None)
    settings = estimator._settings if goes_on else None
    if settings is None:
        settings = fit_settings(data, defaults=named_defaults(estimator), **asked)
    else:
        settings = replace(settings, **{name: one for name, one in asked.items() if one is not None})
    if goes_on:  # whoever calls says when to stop
        settings = replace(
            settings, patience=None, stopping=None, loss_goal=None, validation=0.0, calibrate=False
        )
    if alpha is None:
        return settings
    n = len(data.training_rows)
    total = n if weight is None else float(np.sum(weight))
    l2 = alpha * n / (min(settings.batch_size or n, n) * total)
    if data.encoding.kind == "numbers":  # as large beside the loss as where these have the deviation 1
        l2 *= float(np.nanvar(data.Y, axis=0).mean())
    return replace(settings, l2=l2 + asked.get("l2", 0.0))


def _start(estimator: Any, data: Dataset, settings: FitSettings) -> Network:
    """First weights: those of `fit`, and of layers with an activation each."""
    if not isinstance(estimator.activation, (list, tuple)):
        return start_network(data, settings)
    hidden = activations_of(estimator.activation, len(settings.hidden))
    sizes = (data.X.shape[1], *settings.hidden, data.Y.shape[1])
    return Network.random(
        *(sizes, [*hidden, settings.output], settings.loss, settings.seed, settings.dtype),
        start=settings.start,
        X=data.X[data.training_rows],
    )


def _watched(estimator: Any, given: Any, data: Dataset, settings: FitSettings) -> Any:
    """Rows to watch that were given as such."""
    columns, weight = _columns_to_watch(estimator, given)
    found = watched_rows(columns, data, settings)
    return found if weight is None else found._replace(weight=weight)


def watched_arrays(estimator: Any, given: Any) -> tuple[Array, Array, Array | None]:
    """Rows to watch that were given as such, as the networks of a fitted estimator have them."""
    columns, weight = _columns_to_watch(estimator, given)
    table = as_table(columns)
    return estimator._encoding.encode_inputs(table), estimator._encoding.encode_targets(table), weight


def _columns_to_watch(estimator: Any, given: Any) -> tuple[dict[str, Any], Array | None]:
    """Columns of rows that were given to be watched, and what each row counts."""
    rows = rows_to_watch(given)
    columns, y = _checked(estimator, rows, is_first=False)
    if rows.gaps is not None:
        y = np.where(rows.gaps, np.nan, y.astype(np.float64))
    names = estimator._encoding.target_names
    targets = dict(zip(names, target_columns(y, columns, names).values(), strict=True))
    weight = None if rows.sample_weight is None else np.asarray(rows.sample_weight)
    return {**columns, **targets}, weight


def _seed(random_state: Any) -> int:
    """Seed of the package for a random state: a number stands for itself."""
    if isinstance(random_state, (int, np.integer)) and random_state >= 0:
        return int(random_state)
    return int(check_random_state(random_state).randint(SEEDS))
