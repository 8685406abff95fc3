"""Train a network on a table that is numbers already, and keep how that came about."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from chainrule.errors import InputError, TrainingWarning, argument
from chainrule.models.beside import parted, sample_weight
from chainrule.models.judging.predicted import never_predicted
from chainrule.models.model import Model
from chainrule.models.recipe.input_layers import start_network
from chainrule.models.record import TrainingRecord
from chainrule.models.result import FitResult
from chainrule.network import as_masks, tabm_masks
from chainrule.training import Callbacks, History, TrainingState, other_bits, run_training

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt

    from chainrule.errors import DivergenceError
    from chainrule.models.beside import Watched
    from chainrule.models.dataset import Dataset
    from chainrule.models.judging.calibration import Calibration
    from chainrule.network import Network
    from chainrule.settings import FitSettings
    from chainrule.training import Observer, Progress

__all__ = [
    "Learnt", "across_arithmetic", "beside", "checkpoint", "diverged_model", "fit_dataset", "learnt_of",
    "parted", "start_network", "training_record",
]  # fmt: skip


class Learnt(NamedTuple):
    """What a network learns from, and the rows that it watches, as `run_training` takes them."""

    X: npt.NDArray[np.float64]
    Y: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64] | None
    validation: tuple[npt.NDArray[np.float64], ...] | None


def learnt_of(
    data: Dataset,
    settings: FitSettings,
    watched: Watched | None = None,
    places: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]] | None = None,
) -> Learnt:
    """Rows to learn from and to watch: those at the places that are given, or as `parted` has them."""
    rows, watched_ones = parted(data, settings) if places is None else places
    weight = sample_weight(data, settings.class_weight)
    validation = watched.arrays if watched else _validation(data, watched_ones, weight)
    return Learnt(data.X[rows], data.Y[rows], None if weight is None else weight[rows], validation)


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
    learnt: Learnt | None = None,
) -> FitResult:
    """Train on the training rows; those of a table of their own are watched instead of some of them.

    It begins with `start_network` where no network is given. What went badly is in the diagnosis, and where
    it may `warn` it is a `TrainingWarning`, too. One that is given what to learn from is one of several that
    answer together, so that classes that it never predicts are not looked for.

    Raises
    ------
    DivergenceError
        Training left the finite numbers; the error carries the last finite network.
    """
    _ = data.majorities  # computed now and kept, so that less is left for after the training
    is_one = learnt is None
    rows = learnt_of(data, settings, watched) if learnt is None else learnt
    net = start_network(data, settings) if start is None else start
    result = run_training(
        net,
        rows.X,
        rows.Y,
        settings,
        sample_weight=rows.weight,
        masks=masks if settings.members is None else _with_masks_of_members(net, masks),
        validation=rows.validation,
        engine=settings.engine,
        callbacks=Callbacks(on_step, on_epoch, on_time, every_seconds),
        resume=resume,
        observer=observer,
        warn=warn,
    )
    unsaid = never_predicted(result.network, data, settings, len(result.history.epochs)) if is_one else ()
    for one in unsaid if warn else ():
        warnings.warn(one.message, TrainingWarning, stacklevel=3)
    result = replace(result, diagnosis=(*result.diagnosis, *unsaid))
    record = training_record(data, settings, result.history, result.stopped_by, result.best_epoch)
    record = replace(record, beside=beside(data, masks, watched))
    return FitResult(Model(result.network, data.encoding, record, report=data.report), data, result)


def _with_masks_of_members(
    net: Network, masks: Sequence[npt.ArrayLike] | None
) -> list[npt.NDArray[np.bool_]]:
    """Masks that hold what is held where members share weights, and what is to be held beside."""
    own = tabm_masks(net)
    given = None if masks is None else as_masks(masks, net)
    return own if given is None else [one & (mask != 0) for one, mask in zip(own, given, strict=True)]


def checkpoint(
    data: Dataset, settings: FitSettings, state: TrainingState, calibration: Calibration | None = None
) -> Model:
    """Model as a checkpoint holds it: the network as it stands, and the state of its training."""
    loss = state.epochs[-1].loss if state.epochs else state.loss_before
    history = History(state.loss_before, state.epochs, loss, state.arithmetic)
    record = training_record(data, settings, history, "interrupt", None)
    return Model(state.network, data.encoding, record, state, data.report, calibration=calibration)


def across_arithmetic(
    data: Dataset,
    settings: FitSettings,
    state: TrainingState | Sequence[TrainingState] | None,
    *,
    strict: bool,
) -> str:
    """That a fit goes on from a state, or several, by other bits than it would have then; "" where not.

    Raises
    ------
    InputError
        It does, where it must not: `strict`.
    """
    states = [state] if isinstance(state, TrainingState) else state or ()
    words = ""
    for one in states:
        for_rows = settings.for_rows(len(parted(data, settings)[0]))
        words = words or other_bits(one.arithmetic, for_rows, settings.engine)
    if words and strict:
        raise InputError(
            words,
            parameter="resume",
            needs="must go on by the arithmetic that the state was kept by",
            advice=f"Leave out {argument('strict')} to go on by new bits, or {argument('resume')} to start "
            "anew, or go on by the version of chainrule that kept it.",
        )
    return words


def _validation(
    data: Dataset, watched: npt.NDArray[np.intp], weight: npt.NDArray[np.float64] | None
) -> tuple[npt.NDArray[np.float64], ...] | None:
    """The watched rows as `train` takes them."""
    if not len(watched):
        return None
    pair = (data.X[watched], data.Y[watched])
    return pair if weight is None else (*pair, weight[watched])


def beside(data: Dataset, masks: object, watched: object) -> tuple[str, ...]:
    """Names of what no setting and no column says."""
    is_given = {
        "sample_weight": data.weights is not None and data.encoding.rows.weights is None,
        "validation": watched is not None,
        "masks": masks is not None,
    }
    return tuple(name for name, given in is_given.items() if given)


def diverged_model(data: Dataset, settings: FitSettings, error: DivergenceError) -> Model:
    """Model with the last finite network of a training that diverged, marked as that.

    Of an ensemble, or of a recipe, it is that of one member, with the seed, or the settings, that are in the
    error. One of a recipe has learnt from some of the training rows alone.
    """
    seed = settings.seed if error.seed is None else error.seed
    alone = error.settings or replace(settings, ensemble=None, ensemble_by=None, seed=seed)
    record = training_record(data, alone, error.history, "divergence", None)
    if seed != settings.seed:
        record = replace(record, seed_of_rows=settings.seed)
    return Model(error.network, data.encoding, record, report=data.report)


def training_record(
    data: Dataset, settings: FitSettings, history: History, stopped_by: str, best_epoch: int | None
) -> TrainingRecord:
    """Record for the model file."""
    n = len(data.training_rows)
    return TrainingRecord.of(
        settings,
        batch_size=settings.batch_size or n,
        n_training_rows=n,
        epochs_run=len(history.epochs),
        stopped_by=str(stopped_by),
        final_loss=history.loss_after,
        majority=data.majority,
        best_epoch=best_epoch,
        arithmetic=history.arithmetic,
    )
