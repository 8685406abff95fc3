"""Train one network on a dataset, or several whose outputs are averaged."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any

from chainrule.errors import ChainruleError, DivergenceError, InputError, Remark, TrainingWarning, argument
from chainrule.models.ensembles.calibrating import calibrated, check_calibration
from chainrule.models.ensembles.parting import check_folds, member_seeds, watched_folds
from chainrule.models.judging.predicted import never_predicted
from chainrule.models.learning import (
    across_arithmetic,
    beside,
    checkpoint,
    fit_dataset,
    learnt_of,
    training_record,
)
from chainrule.models.model import Model
from chainrule.models.recipe.fitting import fit_by_recipe
from chainrule.models.result import FitResult
from chainrule.network import Ensemble
from chainrule.training import (
    Diagnosis,
    StoppedBy,
    TrainingState,
    of_one_of_several,
    shared_threads,
    train_together,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from chainrule.models.beside import Watched
    from chainrule.models.dataset import Dataset
    from chainrule.models.judging.calibration import Calibration
    from chainrule.models.learning import Learnt
    from chainrule.models.record import TrainingRecord
    from chainrule.settings import FitSettings
    from chainrule.training import Progress

    Told = Callable[[Progress], object]

__all__ = ["checkpoint_of_members", "fit_networks"]


def fit_networks(
    data: Dataset,
    settings: FitSettings,
    *,
    on_epoch: Told | None = None,
    on_time: Told | None = None,
    every_seconds: float = 1.0,
    resume: TrainingState | Sequence[TrainingState] | None = None,
    on_step: Told | None = None,
    masks: Sequence[npt.ArrayLike] | None = None,
    watched: Watched | None = None,
    warn: bool = True,
    on_member: Callable[[TrainingState], object] | None = None,
    calibration: Calibration | None = None,
) -> FitResult:
    """Train as `fit_dataset` does; or, where `ensemble` says so, as many networks, on threads.

    Each of these is to the bit what `train` makes alone of the first weights and the seed that it has, and of
    the same rows. Where Ctrl-C comes, the networks are kept that were complete; where none was, all that were
    begun, as far as they came.

    Parameters
    ----------
    resume : TrainingState or several, optional
        For an ensemble those of its members, in any order; one that has none begins.
    on_member : callable, optional
        Hears the state of each member that has ended, from the thread that trained it, one at a time.
    calibration : Calibration, optional
        By other rows than those that are watched.

    Raises
    ------
    InputError, DivergenceError
        As for `fit_dataset`; of an ensemble, of the first of its members that has one.
    KeyboardInterrupt
        Ctrl-C came before an ensemble had a network.
    """
    callbacks: dict[str, Any] = {
        "on_epoch": on_epoch, "on_time": on_time, "on_step": on_step, "every_seconds": every_seconds,
    }  # fmt: skip
    if settings.recipe is not None:
        result = fit_by_recipe(data, settings, callbacks=callbacks)
        _warn_of(result, warn=warn)
        return result if calibration is None else calibrated(result, settings, watched, calibration)
    check_calibration(data, settings, watched, has_rows=calibration is not None)
    if settings.ensemble is None:
        state = _one_alone(resume)
        result = fit_dataset(
            data, settings, **callbacks, resume=state, masks=masks, watched=watched, warn=warn
        )
        return calibrated(result, settings, watched, calibration)
    seeds, states = member_seeds(settings), _several(resume, settings.ensemble)
    at_once, threads = _shares(settings, callbacks)
    if across_arithmetic(data, settings, states, strict=False):
        at_once = 1  # a training says so itself, and may in the thread that was called
    alone = replace(settings, ensemble=None, ensemble_by=None, threads=threads, calibrate=False)
    has_own_rows = settings.ensemble_by == "folds"
    call_one = RLock()

    def trainings() -> Iterator[Callable[[], FitResult]]:
        for k, (seed, rows) in enumerate(zip(seeds, _rows_of(data, settings, watched), strict=True), 1):
            told = {
                name: of_one_of_several(one, call_one, member=(k, len(seeds)))
                for name, one in callbacks.items()
            }
            state = next((one for one in states if one.settings["seed"] == seed), None)
            fit = partial(fit_dataset, data, replace(alone, seed=seed), **told, masks=masks, learnt=rows)
            yield partial(trained, k, seed, partial(fit, resume=state, warn=False))

    def trained(k: int, seed: int, fit: Callable[[], FitResult]) -> FitResult:
        with _named(k, len(seeds), seed):
            result = fit()
        training = result.training
        if on_member is not None:
            state = training.state  # now: what makes it holds the rows, and memory of an engine
            training = replace(training, _state=state)
            with call_one:
                on_member(state)
        other_rows = settings.seed if has_own_rows or seed != settings.seed else None
        record = replace(_record_of(result), seed_of_rows=other_rows)
        return replace(result, model=replace(result.model, training=record), training=training)

    together = train_together(trainings(), at_once)
    begun = [one for one in together.results if one is not None]
    if not begun:
        raise KeyboardInterrupt(f"None of the {len(seeds)} networks was trained.")
    result = _averaged(data, settings, begun, was_interrupted=together.was_interrupted)
    record = replace(_record_of(result), beside=beside(data, masks, watched))
    _warn_of(result, warn=warn)
    result = replace(result, model=replace(result.model, training=record))
    return calibrated(result, settings, watched, calibration)


def _warn_of(result: FitResult, *, warn: bool) -> None:
    """Warn of what went badly, where that is wanted."""
    for one in (one for one in result.diagnosis if one.is_warning and warn):
        warnings.warn(one.message, TrainingWarning, stacklevel=4)


def _one_alone(resume: TrainingState | Sequence[TrainingState] | None) -> TrainingState | None:
    """The state of one training, for one network; InputError for several."""
    if resume is None or isinstance(resume, TrainingState):
        return resume
    raise InputError(
        f"{argument('resume')} is a checkpoint of several networks",
        parameter="resume",
        given=resume,
        needs=f"needs {argument('ensemble')} as it was",
        advice="Leave the settings to the checkpoint.",
    )


def _several(
    resume: TrainingState | Sequence[TrainingState] | None, ensemble: int
) -> tuple[TrainingState, ...]:
    """States of the networks of an ensemble; InputError for that of one training."""
    if not isinstance(resume, TrainingState):
        return () if resume is None else tuple(resume)
    raise InputError(
        f"{argument('resume')} is the state of one training",
        parameter="resume",
        given=resume,
        needs=f"must be a checkpoint of several with {argument('ensemble', ensemble)}",
        advice=f"Give that, or leave {argument('ensemble')} out.",
    )


def _record_of(result: FitResult) -> TrainingRecord:
    """The record of a training that was just made."""
    record = result.model.training
    assert record is not None  # noqa: S101 (as every training has)
    return record


def _averaged(
    data: Dataset, settings: FitSettings, begun: Sequence[FitResult], *, was_interrupted: bool
) -> FitResult:
    """What the trainings that were begun come to: those of them that are complete, where one is."""
    complete = [one for one in begun if one.stopped_by is not StoppedBy.INTERRUPT]
    kept = tuple(complete or begun)
    unfinished = tuple(one for one in begun if one.stopped_by is StoppedBy.INTERRUPT) if complete else ()
    first = kept[0].training
    stopped_by = StoppedBy.INTERRUPT if was_interrupted else first.stopped_by
    record = training_record(data, settings, first.history, stopped_by, first.best_epoch)
    models = tuple(one.model for one in kept)
    networks = [one.training.network for one in kept]
    network = networks[0] if len(kept) == 1 else Ensemble(networks)
    model = Model(network, data.encoding, record, report=data.report, members=models if len(kept) > 1 else ())
    epochs = max(len(one.history.epochs) for one in kept)
    diagnosis = (*_diagnosis(kept), *never_predicted(network, data, settings, epochs))
    training = replace(first, stopped_by=stopped_by, diagnosis=diagnosis)
    return FitResult(model, data, training, members=kept, unfinished=unfinished)


def checkpoint_of_members(
    data: Dataset,
    settings: FitSettings,
    states: Sequence[TrainingState],
    calibration: Calibration | None = None,
) -> Model:
    """Model as a checkpoint of an ensemble holds it: the networks as they stand, each with its state."""
    alone = replace(settings, ensemble=None, ensemble_by=None, calibrate=False)
    members = tuple(
        replace(
            checkpoint(data, replace(alone, seed=state.settings["seed"]), state), encoding=None, report=None
        )
        for state in states
    )
    first = checkpoint(data, settings, states[0], calibration)
    if len(members) == 1:
        return first
    return replace(first, network=Ensemble(one.network for one in members), state=None, members=members)


def _rows_of(data: Dataset, settings: FitSettings, watched: Watched | None) -> Iterator[Learnt]:
    """What each network learns from and watches; where all have the same, they share it."""
    n = settings.ensemble or 1
    if settings.ensemble_by == "folds":
        check_folds(data, has_table=watched is not None)
        for places in watched_folds(data, n):
            yield learnt_of(data, settings, None, places)
        return
    all_the_same = learnt_of(data, settings, watched)
    yield from (all_the_same for _ in range(n))


def _shares(settings: FitSettings, callbacks: dict[str, Any]) -> tuple[int, int | None]:
    """How many networks to train at once, and how many threads each has then.

    Where somebody listens to each epoch, one follows the other, so that epochs do not alternate, unless
    threads were asked for.
    """
    if settings.threads is None and (callbacks["on_epoch"] or callbacks["on_step"]):
        return 1, None
    return shared_threads(settings.threads, settings.ensemble or 1, settings.engine)


@contextmanager
def _named(k: int, n: int, seed: int) -> Iterator[None]:
    """Let an error say which network it is of."""
    try:
        yield
    except ChainruleError as error:
        error.advise(f"This is of network {k} of {n}, which has the seed {seed}.")
        if isinstance(error, DivergenceError):
            error.seed = seed
        raise


def _diagnosis(kept: Sequence[FitResult]) -> Iterator[Diagnosis]:
    """What went badly: of each cause the first network that has it, and how many have."""
    found: dict[str, list[tuple[int, Diagnosis]]] = {}
    for k, one in enumerate(kept, 1):
        for each in one.training.diagnosis:
            found.setdefault(each.cause, []).append((k, each))
    for cause, alike in found.items():
        k, first = alike[0]
        words = getattr(first.message, "marked", first.message)
        of_all = f"This is so of {len(alike)} of {len(kept)} networks."
        yield Diagnosis(cause, Remark(f"Network {k}: {words} {of_all}"), first.is_warning)
