"""Fit a network to a table: everything that `chainrule fit` does but arguments and printing."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import partial
from numbers import Real
from threading import RLock
from typing import TYPE_CHECKING, Any

from chainrule.errors import TrainingWarning, said, warn_of_table
from chainrule.given import truth, whole_number_from_2
from chainrule.models.beside import data_of_checkpoint, opened, watched_rows
from chainrule.models.dataset import HELD_OUT, Dataset, Usable, usable_rows
from chainrule.models.ensembles import check_calibration, fit_networks
from chainrule.models.folds import (
    CrossValidation,
    calibration_by_folds,
    check_beside_folds,
    fit_folds,
    remarks_beside,
)
from chainrule.models.learning import across_arithmetic
from chainrule.models.model import Model
from chainrule.models.outputs import AskedOutputs
from chainrule.models.recipe.asking import refuse_to_go_on, with_masks
from chainrule.models.settings import fit_settings, settings_of_checkpoint
from chainrule.settings import FitSettings, documented, refuse_unknown_settings
from chainrule.table_options import TableOptions, documented_options, options_of, parted_options
from chainrule.tables import as_table, settle_roles
from chainrule.training import (
    Callbacks,
    TrainingState,
    of_one_of_several,
    shared_threads,
    shown_in_notebook,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from chainrule.models.result import FitResult
    from chainrule.training import Progress

__all__ = ["cross_validate", "fit", "in_folds"]

# What cross-validation, and a fit, may be given beside settings and what is said of the table.
OF_FOLDS = ("target", "defaults", "sample_weight", "on_epoch")
OF_FIT = (*OF_FOLDS, "masks", "resume", "on_step", "on_time", "every_seconds")


@documented_options
@documented(FitSettings, but=("seed", "held_out", "validation"))
def fit(
    table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
    *,
    target: str | int | Sequence[str] | None = None,
    held_out: float | None = None,
    seed: int = 0,
    validation: Any = None,  # noqa: ANN401 (a share, a path, or any frame that speaks Arrow)
    sample_weight: npt.ArrayLike | None = None,
    masks: Sequence[npt.ArrayLike] | None = None,
    resume: str | os.PathLike[str] | TrainingState | Model | None = None,
    on_step: Callable[[Progress], object] | None = None,
    on_epoch: Callable[[Progress], object] | None = None,
    on_time: Callable[[Progress], object] | None = None,
    every_seconds: float = 1.0,
    **given: Any,  # noqa: ANN401 (as documented)
) -> FitResult:
    """Fit a network to a table, as ``chainrule fit`` does.

    What is not said is found out, told in ``result.data.report`` and kept in the model; what the user should
    look at is a `TableWarning`.

    Parameters
    ----------
    table : path, data frame or Table
    target : str, int or sequence of them
        Column to learn, by its name, its number from 1, or a pattern; several where all are numbers, or of
        two classes each. A checkpoint that `resume` goes on from knows it.
    held_out : float, optional
        Share of the rows that the network does not learn from and is judged by; 0.25 where not given, and 0
        with `folds`.
    validation : float, path, data frame or Table, optional
        Share of the training rows to watch, and not to learn from; or rows to watch in a table of their own,
        which is read as the other one was.
    sample_weight : array of shape (n_rows,), optional
        What each row of the table counts, relative to the others; at least 0. Rows that have no target are
        left out with their weights. A column can say so, too: `weights`.
    resume : path, TrainingState or Model, optional
        Go on from there; `epochs` counts all of them. A checkpoint of `chainrule fit`, or a Model that holds
        a state, settles the columns, and all settings but those of when to stop. The state of a training
        alone, ``result.training.state``, needs the same arguments as before; a recipe cannot go on. Where
        another version kept it, whose bits are not those of this one, a `TrainingWarning` says so; `strict`
        refuses it.
    masks, seed, on_step, on_epoch, on_time, every_seconds
        As for `train`. What the callbacks see are rows and weights of the network, as in ``result.data``.
    {options}
    defaults : {"modern", "modern-2", "modern-1", "notes"}
        Where all that is not given comes from. "modern" is the newest recipe, "modern-2": where nothing is
        said of the network or its training, it trains several and mixes those that answer best. "modern-1",
        and "modern" beside a setting that a recipe settles, is one network for the kind of target and the
        number of rows; "notes" is that of the lecture notes.
    {settings}

    Returns
    -------
    FitResult

    Raises
    ------
    TableError, UnknownNameError, InputError
        The table, a name or a setting does not fit.
    DivergenceError
        Training left the finite numbers.

    Examples
    --------
    >>> import chainrule
    >>> result = chainrule.fit("examples/iris.csv", target="species", epochs=20, seed=0)
    >>> result.model.network
    Network(4-64-3, relu, softmax, cross_entropy, float64)
    >>> result.held_out_score.accuracy > 0.8
    True
    """
    callbacks, state = Callbacks(on_step, on_epoch, on_time, every_seconds), opened(resume)
    is_share = validation is None or isinstance(validation, Real)
    options, settings = _parted({**given, "validation": validation if is_share else 0.0}, OF_FIT)
    settings = with_masks(settings, masks)
    if isinstance(state, TrainingState):
        refuse_to_go_on(settings)
    states: TrainingState | Sequence[TrainingState] | None
    validated: CrossValidation | None = None
    remarks: tuple[str, ...] = ()
    calibration = state.calibration if isinstance(state, Model) else None
    if isinstance(state, Model):
        defaults = {"defaults": settings.pop("defaults")} if "defaults" in settings else {}
        data = data_of_checkpoint(
            table, state, target=target, held_out=held_out, seed=seed, sample_weight=sample_weight,
            others={**{name: one for name, one in options.items() if name != "strict"}, **defaults},
        )  # fmt: skip
        chosen = settings_of_checkpoint(state, **settings)
        states = state.states if chosen.ensemble else state.states[0]
    else:
        usable, folds = _usable(table, target, options, settings, sample_weight), settings.get("folds")
        if folds is not None:
            check_beside_folds(held_out, usable.roles.split)
        share = held_out if held_out is not None else HELD_OUT if folds is None else 0.0
        data = usable.encode(usable.part(held_out=share, seed=seed), held_out=share, seed=seed)
        chosen, states = fit_settings(data, **settings), state
        if chosen.folds is not None and state is None:
            table_of_watched, is_one = None if is_share else validation, chosen.recipe is None
            check_calibration(data, chosen, has_rows=True)
            with shown_in_notebook(callbacks) as told:
                validated = in_folds(
                    usable, chosen.folds, seed, {**settings, "calibrate": None} if is_one else settings,
                    on_epoch=on_epoch, on_time=None if told is callbacks else told.on_time,
                    every_seconds=told.every_seconds, masks=masks, validation=table_of_watched,
                )  # fmt: skip
            remarks = remarks_beside(data.decisions, validated)
            if chosen.calibrate and is_one:  # a recipe calibrates what it mixes by folds of its own
                calibration = calibration_by_folds(validated, data.encoding)
    strict = truth(options.get("strict") or False, "strict")
    watched = None if is_share else watched_rows(validation, data, chosen, strict=strict)
    of_watched = watched.remarks if watched else ()
    warn_of_table([*(said(one.sentence) for one in data.decisions if one.is_warning), *of_watched])
    warn_of_table([said(words) for words in remarks])
    if validated is not None:
        for words in validated.diagnosis:
            warnings.warn(said(words), TrainingWarning, stacklevel=2)
    across_arithmetic(data, chosen, states, strict=strict)  # the training itself says it, else
    with shown_in_notebook(callbacks) as told:
        result = fit_networks(
            data, chosen, **vars(told), resume=states, masks=masks, watched=watched, calibration=calibration
        )
    return replace(result, cross_validation=validated)


@documented_options
@documented(FitSettings, but=("seed", "held_out", "folds"))
def cross_validate(
    table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
    *,
    target: str | int | Sequence[str],
    folds: int = 5,
    seed: int = 0,
    sample_weight: npt.ArrayLike | None = None,
    on_epoch: Callable[[Progress], object] | None = None,
    **given: Any,  # noqa: ANN401 (as documented)
) -> CrossValidation:
    """Fit a network for each fold of a table, and judge it by the rows of that fold.

    The rows are parted at random, each class in proportion; by groups with `group`; and with `in_order` so
    that what comes before a block of rows is judged by it. Each network is the one that `fit` gives where
    `split` says so of the rows: whatever is learnt of a table is learnt from the training rows alone.

    Parameters
    ----------
    table : path, data frame or Table
    target : str, int or sequence of them
        As for `fit`.
    folds : int
        How many times rows are held out, 2 at least.
    seed : int
        Settles the folds, and everything that is random in their trainings.
    sample_weight
        As for `fit`.
    on_epoch : callable, optional
        As for `train`; ``progress.fold`` says which fold of how many is trained. Folds follow each other
        then, unless `threads` are given: each calls from the thread that trains it, one at a time.
    {options}
    defaults : {"modern", "modern-2", "modern-1", "notes"}
        As for `fit`.
    {settings}

    Returns
    -------
    CrossValidation

    Raises
    ------
    TableError, UnknownNameError, InputError
        As for `fit`; or there are more folds than rows or groups, or rows are held out in another way, too.
    DivergenceError
        A training left the finite numbers.

    Examples
    --------
    >>> import chainrule
    >>> result = chainrule.cross_validate("examples/iris.csv", target="species", epochs=20)
    >>> result
    CrossValidation(5 folds, accuracy 0.933 ± 0.041)
    """
    check_beside_folds(given.pop("held_out", None), given.get("split"))
    options, settings = _parted(given, OF_FOLDS)
    usable = _usable(table, target, options, settings, sample_weight)
    with shown_in_notebook(Callbacks(on_epoch=on_epoch)) as told:
        validated = in_folds(
            usable, folds, seed, settings, on_epoch=told.on_epoch, on_time=told.on_time,
            every_seconds=told.every_seconds,
        )  # fmt: skip
    warn_of_table([said(words) for words in validated.remarks])
    for words in validated.diagnosis:
        warnings.warn(said(words), TrainingWarning, stacklevel=2)
    return validated


def _parted(given: Mapping[str, Any], others: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of the table and settings, of which none is unknown; others may have been meant."""
    options, settings = parted_options(given)
    asked = {name: one for name, one in settings.items() if name != "defaults"}
    refuse_unknown_settings(asked, FitSettings, others=(*others, *(one.name for one in options_of())))
    return options, settings


def _usable(
    table: Any,  # noqa: ANN401 (as of `fit`)
    target: Any,  # noqa: ANN401 (likewise)
    options: Mapping[str, Any],
    settings: Mapping[str, Any],
    sample_weight: object,
) -> Usable:
    """What of a table does not depend on how its rows are parted."""
    asked = TableOptions.of(options)
    source = as_table(table, **asked.of_file)
    roles = settle_roles(source, target, asked)
    return usable_rows(
        source, roles, strict=asked.strict, outputs=AskedOutputs.of(settings), sample_weight=sample_weight
    )


def in_folds(
    usable: Usable,
    folds: int,
    seed: int,
    given: Mapping[str, Any],
    *,
    on_epoch: Callable[[Progress], object] | None = None,
    on_time: Callable[[Progress], object] | None = None,
    every_seconds: float = 1.0,
    masks: Sequence[npt.ArrayLike] | None = None,
    validation: Any = None,  # noqa: ANN401 (a table of its own, or None)
) -> CrossValidation:
    """Cross-validate with settings as they were given, which each fold completes by its own training rows.

    Raises
    ------
    InputError, TableError, DivergenceError, KeyboardInterrupt
        As for `fit_folds`.
    """
    settings = {name: one for name, one in given.items() if name not in {"folds", "held_out", "seed"}}
    folds = whole_number_from_2(folds, "folds", "5")
    asked = settings.get("threads")
    if asked is None and on_epoch is not None:  # so that its author hears of one fold after the other
        at_once, threads = 1, None
    else:
        at_once, threads = shared_threads(asked, folds, settings.get("engine"))
    one_at_a_time = RLock()

    def prepare_one(data: Dataset, fold: tuple[int, int]) -> Callable[[], FitResult]:
        chosen = fit_settings(data, **settings)
        return partial(
            fit_networks,
            data,
            chosen if threads is None else replace(chosen, threads=threads),
            on_epoch=of_one_of_several(on_epoch, one_at_a_time, fold=fold),
            on_time=of_one_of_several(on_time, one_at_a_time, fold=fold),
            every_seconds=every_seconds,
            masks=masks,
            watched=None if validation is None else watched_rows(validation, data, chosen),
            warn=False,  # what went badly is in the result
        )

    return fit_folds(usable, folds=folds, seed=seed, threads=at_once, prepare_one=prepare_one)
