"""Train a network on a table that is numbers already, and keep how that came about."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from chainrule.equations import STARTS
from chainrule.errors import InputError, TrainingWarning, argument
from chainrule.models.beside import sample_weight
from chainrule.models.judging.predicted import never_predicted
from chainrule.models.model import Model
from chainrule.models.record import TrainingRecord
from chainrule.models.result import FitResult
from chainrule.models.rows import watch_rows
from chainrule.network import Network
from chainrule.training import Callbacks, History, other_bits, run_training

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from chainrule.errors import DivergenceError
    from chainrule.models.beside import Watched
    from chainrule.models.dataset import Dataset
    from chainrule.settings import FitSettings
    from chainrule.training import Observer, Progress, TrainingState

__all__ = ["across_arithmetic", "checkpoint", "diverged_model", "fit_dataset", "parted", "start_network"]


def fit_dataset(
    data: Dataset,
    settings: FitSettings,
    *,
    on_epoch: Callable[[Progress], object] | None = None,
    on_time: Callable[[Progress], object] | None = None,
    every_seconds: float = 1.0,
    resume: TrainingState | None = None,
    on_step: Callable[[Progress], object] | None = None,
    masks: Sequence[npt.ArrayLike] | None = None,
    watched: Watched | None = None,
    start: Network | None = None,
    observer: Observer | None = None,
    warn: bool = True,
) -> FitResult:
    """Train on the training rows; those of a table of their own are watched instead of some of them.

    It begins with `start_network` where no network is given. What went badly is in the diagnosis, and where
    it may `warn` it is a `TrainingWarning`, too.

    Raises
    ------
    DivergenceError
        Training left the finite numbers; the error carries the last finite network.
    """
    _ = data.majorities  # computed now and kept, so that less is left for after the training
    rows, watched_ones = parted(data, settings)
    weight = sample_weight(data, settings.class_weight)
    result = run_training(
        start_network(data, settings) if start is None else start,
        data.X[rows],
        data.Y[rows],
        settings,
        sample_weight=None if weight is None else weight[rows],
        masks=masks,
        validation=watched.arrays if watched else _validation(data, watched_ones, weight),
        engine=settings.engine,
        callbacks=Callbacks(on_step, on_epoch, on_time, every_seconds),
        resume=resume,
        observer=observer,
        warn=warn,
    )
    unsaid = never_predicted(result.network, data, settings, len(result.history.epochs))
    for one in unsaid if warn else ():
        warnings.warn(one.message, TrainingWarning, stacklevel=3)
    result = replace(result, diagnosis=(*result.diagnosis, *unsaid))
    record = training_record(data, settings, result.history, result.stopped_by, result.best_epoch)
    record = replace(record, beside=_beside(data, masks, watched))
    return FitResult(Model(result.network, data.encoding, record, report=data.report), data, result)


def checkpoint(data: Dataset, settings: FitSettings, state: TrainingState) -> Model:
    """Model as a checkpoint holds it: the network as it stands, and the state of its training."""
    loss = state.epochs[-1].loss if state.epochs else state.loss_before
    history = History(state.loss_before, state.epochs, loss, state.arithmetic)
    record = training_record(data, settings, history, "interrupt", None)
    return Model(state.network, data.encoding, record, state, data.report)


def across_arithmetic(
    data: Dataset, settings: FitSettings, state: TrainingState | None, *, strict: bool
) -> str:
    """That a fit goes on from a state by other bits than it would have then; "" where it does not.

    Raises
    ------
    InputError
        It does, where it must not: `strict`.
    """
    if state is None:
        return ""
    words = other_bits(state.arithmetic, settings.for_rows(len(parted(data, settings)[0])), settings.engine)
    if words and strict:
        raise InputError(
            words,
            parameter="resume",
            needs="must go on by the arithmetic that the state was kept by",
            advice=f"Leave out {argument('strict')} to go on by new bits, or {argument('resume')} to start "
            "anew, or go on by the version of chainrule that kept it.",
        )
    return words


def parted(data: Dataset, settings: FitSettings) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows to learn from and rows to watch, of the training rows; of each class as much."""
    rows = data.training_rows
    if len(data.watched_rows):
        return np.setdiff1d(rows, data.watched_rows), data.watched_rows
    if not settings.validation:
        return rows, rows[:0]
    labels = None if data.labels is None else [data.labels[row] for row in rows]
    learnt, watched = watch_rows(
        data.table, rows, data.encoding.rows, labels, share=settings.validation, seed=settings.seed
    )
    return rows[learnt], rows[watched]


def _validation(
    data: Dataset, watched: npt.NDArray[np.intp], weight: npt.NDArray[np.float64] | None
) -> tuple[npt.NDArray[np.float64], ...] | None:
    """The watched rows as `train` takes them."""
    if not len(watched):
        return None
    pair = (data.X[watched], data.Y[watched])
    return pair if weight is None else (*pair, weight[watched])


def _beside(data: Dataset, masks: object, watched: object) -> tuple[str, ...]:
    """Names of what no setting and no column says."""
    is_given = {
        "sample_weight": data.weights is not None and data.encoding.rows.weights is None,
        "validation": watched is not None,
        "masks": masks is not None,
    }
    return tuple(name for name, given in is_given.items() if given)


def start_network(data: Dataset, settings: FitSettings) -> Network:
    """Network to start from."""
    sizes = (data.X.shape[1], *settings.hidden, data.Y.shape[1])
    activations = [settings.activation] * len(settings.hidden) + [settings.output]
    needs_rows = STARTS.fact(STARTS.made_of(settings.start), "needs_rows")
    return Network.random(
        *(sizes, activations, settings.loss, settings.seed, settings.dtype),
        start=settings.start,
        X=data.X[parted(data, settings)[0]] if needs_rows else None,
    )


def diverged_model(data: Dataset, settings: FitSettings, error: DivergenceError) -> Model:
    """Model with the last finite network of a training that diverged, marked as that."""
    record = training_record(data, settings, error.history, "divergence", None)
    return Model(error.network, data.encoding, record, report=data.report)


def training_record(
    data: Dataset, settings: FitSettings, history: History, stopped_by: str, best_epoch: int | None
) -> TrainingRecord:
    """Record for the model file."""
    n = len(data.training_rows)
    return TrainingRecord.of(
        replace(settings, batch_size=settings.batch_size or n),
        n_training_rows=n,
        epochs_run=len(history.epochs),
        stopped_by=str(stopped_by),
        final_loss=history.loss_after,
        majority=data.majority,
        best_epoch=best_epoch,
        arithmetic=history.arithmetic,
    )
