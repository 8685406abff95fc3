"""Fit a network to a table: everything that `chainrule fit` does but arguments and printing."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import TrainingWarning, said, warn_of_table
from chainrule.models.beside import (
    data_of_checkpoint,
    opened,
    watched_rows,
    weights_of_classes,
)
from chainrule.models.dataset import HELD_OUT, Dataset, prepare
from chainrule.models.model import Model
from chainrule.models.predicted import never_predicted
from chainrule.models.record import TrainingRecord
from chainrule.models.rows import watch_rows
from chainrule.models.settings import fit_settings, needs_counts, settings_of_checkpoint
from chainrule.network import Network
from chainrule.settings import FitSettings, documented, refuse_unknown_settings
from chainrule.table_options import documented_options, options_of, parted_options
from chainrule.tables import report_lines
from chainrule.training import Callbacks, History, StoppedBy, run_training
from chainrule.words import counted

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from chainrule.errors import DivergenceError
    from chainrule.models.beside import Watched
    from chainrule.scores.targets import Score
    from chainrule.training import Diagnosis, Progress, TrainingResult, TrainingState

__all__ = ["FitResult", "checkpoint", "diverged_model", "fit", "fit_dataset", "parted"]


MOST_LINES, MOST_TARGETS = 20, 5  # of a result that is printed
# What a fit may be given beside settings and what is said of its table.
OTHERS = (
    "target", "defaults", "sample_weight", "masks", "resume", "on_step", "on_epoch", "on_time",
    "every_seconds",
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class FitResult:
    """What a fit gives back.

    Attributes
    ----------
    model : Model
        It has seen the training rows only.
    data : Dataset
        The table as the network saw it.
    training : TrainingResult
        How the network came about: history, what ended it, what went badly, and its state.

    Examples
    --------
    >>> import chainrule, pyarrow
    >>> table = pyarrow.table({"x": [1.0, 2.0, 3.0, 4.0] * 5, "y": [1.0, 4.0, 9.0, 16.0] * 5})
    >>> result = chainrule.fit(table, target="y", seed=1)
    >>> result.held_out_score[0].r2 > 0.8
    True
    """

    model: Model
    data: Dataset
    training: TrainingResult

    @property
    def history(self) -> History:
        """Losses and time of every epoch."""
        return self.training.history

    @property
    def stopped_by(self) -> StoppedBy:
        """What ended the training."""
        return self.training.stopped_by

    @property
    def diagnosis(self) -> tuple[Diagnosis, ...]:
        """What went badly, or ended too soon, and what to do about it."""
        return self.training.diagnosis

    def __repr__(self) -> str:
        n = counted(len(self.history.epochs), "epoch")
        return (
            f"FitResult({self.model.network!r}, {n}, stopped by {self.stopped_by}, {self._score_in_words()})"
        )

    def _score_in_words(self) -> str:
        """The score of rows that the model has not seen; where there are none, that of those it has."""
        score, rows = self.held_out_score, "held-out rows"
        if score is None:
            score, rows = self.training_score, "the rows it has learnt from"
        if not isinstance(score, tuple):
            return f"accuracy {score.accuracy:.3f} of {rows}"
        r2 = [one.r2 for one in score]
        figures = ", ".join("none" if one is None else f"{one:z.3f}" for one in r2[:MOST_TARGETS])
        return f"R² {figures}{', …' * (len(r2) > MOST_TARGETS)} of {rows}"

    def __str__(self) -> str:
        said_of_it = [f"{'Warning' if one.is_warning else 'Note'}: {one}" for one in self.diagnosis]
        return "\n".join([*report_lines(self.data.report, most=MOST_LINES), *said_of_it, repr(self)])

    @cached_property
    def training_score(self) -> Score:
        """Score of the rows that the model has seen; computed when it is first asked for."""
        rows = self.data.training_rows
        return self.model.score_arrays(self.data.X[rows], self.data.Y[rows])

    @cached_property
    def held_out_score(self) -> Score | None:
        """Score of the rows that it has not seen; None where no rows were held out."""
        rows = self.data.held_out_rows
        return self.model.score_arrays(self.data.X[rows], self.data.Y[rows]) if len(rows) else None


@documented_options
@documented(FitSettings, but=("seed", "held_out", "validation"))
def fit(
    table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
    *,
    target: str | int | Sequence[str] | None = None,
    held_out: float = HELD_OUT,
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
        Column to learn, by its name, its number from 1, or a pattern; several where all are numbers. A
        checkpoint that `resume` goes on from knows it.
    held_out : float
        Share of the rows that the network does not learn from and is judged by.
    validation : float, path, data frame or Table, optional
        Share of the training rows to watch, and not to learn from; or rows to watch in a table of their own,
        which is read as the other one was.
    sample_weight : array of shape (n_rows,), optional
        What each row of the table counts, relative to the others; at least 0. Rows that have no target are
        left out with their weights. A column can say so, too: `weights`.
    resume : path, TrainingState or Model, optional
        Go on from there; `epochs` counts all of them. A checkpoint of `chainrule fit`, or a Model that holds
        a state, settles the columns, and all settings but those of when to stop. The state of a training
        alone, ``result.training.state``, needs the same arguments as before.
    masks, seed, on_step, on_epoch, on_time, every_seconds
        As for `train`. What the callbacks see are rows and weights of the network, as in ``result.data``.
    {options}
    defaults : {"modern", "notes"}
        Where all that is not given comes from; it may depend on the kind of target and the number of rows.
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
    given |= {"validation": validation if is_share else 0.0}
    options, settings = parted_options(given)
    asked = {name: one for name, one in settings.items() if name != "defaults"}
    refuse_unknown_settings(asked, FitSettings, others=(*OTHERS, *(one.name for one in options_of())))
    if isinstance(state, Model):
        defaults = {"defaults": settings.pop("defaults")} if "defaults" in settings else {}
        data = data_of_checkpoint(
            table, state, target=target, held_out=held_out, seed=seed, sample_weight=sample_weight,
            others={**options, **defaults},
        )  # fmt: skip
        chosen, state = settings_of_checkpoint(state, **settings), state.state
    else:
        counts = needs_counts(settings.get("loss"))
        data = prepare(
            table, target=target, held_out=held_out, seed=seed, counts=counts, sample_weight=sample_weight,
            **options,
        )  # fmt: skip
        chosen = fit_settings(data, **settings)
    strict = bool(options.get("strict"))
    watched = None if is_share else watched_rows(validation, data, chosen, strict=strict)
    remarks = watched.remarks if watched else ()
    warn_of_table([*(said(one.sentence) for one in data.decisions if one.is_warning), *remarks])
    return fit_dataset(data, chosen, **vars(callbacks), resume=state, masks=masks, watched=watched)


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
) -> FitResult:
    """Train on the training rows; those of a table of their own are watched instead of some of them.

    Raises
    ------
    DivergenceError
        Training left the finite numbers; the error carries the last finite network.
    """
    _ = data.majority  # computed now and kept, so that nothing slow is left for after the training
    rows, watched_ones = parted(data, settings)
    weight = sample_weight(data, settings.class_weight)
    result = run_training(
        start_network(data, settings),
        data.X[rows],
        data.Y[rows],
        settings,
        sample_weight=None if weight is None else weight[rows],
        masks=masks,
        validation=watched.arrays if watched else _validation(data, watched_ones, weight),
        engine=settings.engine,
        callbacks=Callbacks(on_step, on_epoch, on_time, every_seconds),
        resume=resume,
    )
    unsaid = never_predicted(result.network, data, settings, len(result.history.epochs))
    for one in unsaid:
        warnings.warn(one.message, TrainingWarning, stacklevel=3)
    result = replace(result, diagnosis=(*result.diagnosis, *unsaid))
    record = training_record(data, settings, result.history, result.stopped_by, result.best_epoch)
    record = replace(record, beside=_beside(data, masks, watched))
    return FitResult(Model(result.network, data.encoding, record, report=data.report), data, result)


def checkpoint(data: Dataset, settings: FitSettings, state: TrainingState) -> Model:
    """Model as a checkpoint holds it: the network as it stands, and the state of its training."""
    history = History(
        state.loss_before, state.epochs, state.epochs[-1].loss if state.epochs else state.loss_before
    )
    record = training_record(data, settings, history, "interrupt", None)
    return Model(state.network, data.encoding, record, state, data.report)


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


def sample_weight(
    data: Dataset, class_weight: str | Mapping[str, float] | None
) -> npt.NDArray[np.float64] | None:
    """What each row counts: what its column says, times the weight of its class; None where all are equal."""
    of_class = weights_of_classes(data, class_weight)
    if of_class is None:
        return data.weights
    weights: npt.NDArray[np.float64] = of_class[data.Y.argmax(axis=1)]
    return weights if data.weights is None else weights * data.weights


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
    return Network.random(
        sizes, activations, settings.loss, settings.seed, settings.dtype, start=settings.start
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
    )
