"""Fit a network to a table: everything that `chainrule fit` does but arguments and printing."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import TrainingWarning, said, warn_of_table
from chainrule.models.dataset import HELD_OUT, Dataset, Usable, usable_rows
from chainrule.models.folds import CrossValidation, check_beside_folds, fit_folds, of_fold, remarks_beside
from chainrule.models.linear import linear_network
from chainrule.models.model import Model
from chainrule.models.outputs import AskedOutputs
from chainrule.models.record import TrainingRecord
from chainrule.models.rows import watch_rows
from chainrule.models.scoring import gives_chances, majorities_of, score_of
from chainrule.models.settings import fit_settings
from chainrule.network import Network
from chainrule.scores import Gain, gain_of, score_lines
from chainrule.settings import FitSettings, documented, refuse_unknown_settings
from chainrule.table_options import TableOptions, documented_options, parted_options
from chainrule.tables import as_table, report_lines, settle_roles
from chainrule.training import Callbacks, History, StoppedBy, run_training

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from chainrule.errors import DivergenceError
    from chainrule.scores import Score
    from chainrule.training import Progress, TrainingResult, TrainingState

__all__ = [
    "FitResult", "checkpoint", "cross_validate", "diverged_model", "fit", "fit_dataset", "in_folds", "parted",
]  # fmt: skip


MOST_LINES = 20  # of a result that is printed


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
    cross_validation : CrossValidation or None
        The folds that were asked for; the model itself has then learnt from all rows.

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
    cross_validation: CrossValidation | None = None

    @property
    def history(self) -> History:
        """Losses and time of every epoch."""
        return self.training.history

    @property
    def stopped_by(self) -> StoppedBy:
        """What ended the training."""
        return self.training.stopped_by

    def __repr__(self) -> str:
        n = len(self.history.epochs)
        return f"FitResult({self.model.network!r}, {n} epochs, stopped by {self.stopped_by})"

    def __str__(self) -> str:
        lines = [*report_lines(self.data.report, most=MOST_LINES), repr(self), ""]
        if self.cross_validation is not None:
            return "\n".join([*lines, str(self.cross_validation)])
        if self.held_out_score is None:
            return "\n".join([*lines, "No rows were held out that could judge the network."])
        lines.append(f"Score of the {len(self.data.held_out_rows)} held-out rows:")
        return "\n".join([*lines, *score_lines(self.held_out_score, self.linear_score, self.gain)])

    @cached_property
    def training_score(self) -> Score:
        """Score of the rows that the model has seen; computed when it is first asked for.

        Rows count by their weights, where a column says what these are.
        """
        return self._score(self.model.network, self.data.training_rows)

    @cached_property
    def held_out_score(self) -> Score | None:
        """Score of the rows that it has not seen, weighted likewise; None where no rows were held out."""
        rows = self.data.held_out_rows
        return self._score(self.model.network, rows) if len(rows) else None

    @cached_property
    def linear_score(self) -> Score | None:
        """Score of a linear model on the held-out rows, which is trained when it is first asked for.

        It is the network without hidden layers, on the same encoding and training rows; None where no rows
        were held out.
        """
        rows = self.data.held_out_rows
        linear = self.linear_model if len(rows) else None
        return None if linear is None else self._score(linear.network, rows)

    @cached_property
    def linear_model(self) -> Model | None:
        """That linear model; None where its training left the finite numbers."""
        record = self.model.training
        class_weight = None if record is None else record.settings.class_weight
        linear = linear_network(self.data, sample_weight(self.data, class_weight))
        return None if linear is None else Model(linear, self.data.encoding)

    @cached_property
    def gain(self) -> Gain | None:
        """Whether the network is better, on the held-out rows, than a linear model and always the same guess.

        None where no rows were held out.
        """
        return None if self.held_out_score is None else gain_of(self.held_out_score, self.linear_score)

    def _score(self, network: Network, rows: npt.NDArray[np.intp]) -> Score:
        data = self.data
        return score_of(
            data.encoding,
            data.Y[rows],
            network(data.X[rows]),
            chances=gives_chances(network, data.encoding),
            majority=majorities_of(data.encoding, data.Y[data.training_rows]),
            weights=None if data.weights is None else data.weights[rows] / data.weights[rows].mean(),
            seed=data.seed,
        )


@documented_options
@documented(FitSettings, but=("seed", "held_out"))
def fit(
    table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
    *,
    target: str | int | Sequence[str],
    held_out: float | None = None,
    seed: int = 0,
    on_epoch: Callable[[Progress], object] | None = None,
    **given: Any,  # noqa: ANN401 (as documented)
) -> FitResult:
    """Fit a network to a table, as ``chainrule fit`` does.

    What is not said is found out, told in ``result.data.report`` and kept in the model; what the user should
    look at is a `TableWarning`.

    Parameters
    ----------
    table : path, data frame or Table
    target : str, int or sequence of them
        Column to learn, by its name, its number from 1, or a pattern; several where all are numbers.
    held_out : float, optional
        Share of the rows that the network does not learn from and is judged by; 0.25 where not given, and 0
        with `folds`.
    seed, on_epoch
        As for `train`.
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
    usable, settings = _read(table, target, given)
    folds = settings.get("folds")
    if folds is not None:
        check_beside_folds(held_out, usable.roles.split)
    share = held_out if held_out is not None else HELD_OUT if folds is None else 0.0
    data = usable.encode(usable.part(held_out=share, seed=seed), held_out=share, seed=seed)
    warn_of_table([said(one.sentence) for one in data.decisions if one.is_warning])
    chosen, validated = fit_settings(data, **settings), None
    if chosen.folds is not None:
        validated = in_folds(usable, chosen.folds, seed, settings, on_epoch=on_epoch)
        warn_of_table([said(words) for words in remarks_beside(data.decisions, validated)])
        for words in validated.diagnosis:
            warnings.warn(said(words), TrainingWarning, stacklevel=2)
    return replace(fit_dataset(data, chosen, on_epoch=on_epoch), cross_validation=validated)


@documented_options
@documented(FitSettings, but=("seed", "held_out", "folds"))
def cross_validate(
    table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
    *,
    target: str | int | Sequence[str],
    folds: int = 5,
    seed: int = 0,
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
    on_epoch : callable, optional
        As for `train`; ``progress.fold`` says which fold of how many is trained.
    {options}
    defaults : {"modern", "notes"}
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
    usable, settings = _read(table, target, given)
    validated = in_folds(usable, folds, seed, settings, on_epoch=on_epoch)
    warn_of_table([said(words) for words in validated.remarks])
    for words in validated.diagnosis:
        warnings.warn(said(words), TrainingWarning, stacklevel=2)
    return validated


def _read(table: Any, target: Any, given: Mapping[str, Any]) -> tuple[Usable, dict[str, Any]]:  # noqa: ANN401 (as of `fit`)
    """What of a table does not depend on how its rows are parted, and the settings that were given."""
    options, settings = parted_options(given)
    refuse_unknown_settings({name: one for name, one in settings.items() if name != "defaults"}, FitSettings)
    asked = TableOptions.of(options)
    source = as_table(table, **asked.of_file)
    roles = settle_roles(source, target, asked)
    outputs = AskedOutputs.of(settings)
    return usable_rows(source, roles, strict=asked.strict, outputs=outputs), settings


def in_folds(
    usable: Usable,
    folds: int,
    seed: int,
    given: Mapping[str, Any],
    *,
    on_epoch: Callable[[Progress], object] | None = None,
    on_time: Callable[[Progress], object] | None = None,
    every_seconds: float = 1.0,
) -> CrossValidation:
    """Cross-validate with settings as they were given, which each fold completes by its own training rows.

    Raises
    ------
    InputError, TableError, DivergenceError, KeyboardInterrupt
        As for `fit_folds`.
    """
    settings = {name: one for name, one in given.items() if name not in {"folds", "held_out", "seed"}}

    def fit_one(data: Dataset, fold: tuple[int, int]) -> FitResult:
        return fit_dataset(
            data,
            fit_settings(data, **settings),
            on_epoch=of_fold(on_epoch, fold),
            on_time=of_fold(on_time, fold),
            every_seconds=every_seconds,
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)  # they are in the result
        return fit_folds(usable, folds=folds, seed=seed, fit_one=fit_one)


def fit_dataset(
    data: Dataset,
    settings: FitSettings,
    *,
    on_epoch: Callable[[Progress], object] | None = None,
    on_time: Callable[[Progress], object] | None = None,
    every_seconds: float = 1.0,
    resume: TrainingState | None = None,
) -> FitResult:
    """Train on the training rows.

    Raises
    ------
    DivergenceError
        Training left the finite numbers; the error carries the last finite network.
    """
    _ = data.majority  # computed now and kept, so that nothing slow is left for after the training
    rows, watched = parted(data, settings)
    weight = sample_weight(data, settings.class_weight)
    result = run_training(
        start_network(data, settings),
        data.X[rows],
        data.Y[rows],
        settings,
        sample_weight=None if weight is None else weight[rows],
        validation=_validation(data, watched, weight),
        callbacks=Callbacks(on_epoch=on_epoch, on_time=on_time, every_seconds=every_seconds),
        resume=resume,
    )
    record = training_record(data, settings, result.history, result.stopped_by, result.best_epoch)
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
    if class_weight is None or data.encoding.classes is None:
        return data.weights
    classes = data.encoding.classes
    ((target, own),) = data.encoding.parted(data.Y)
    codes = target.decided(own)
    if isinstance(class_weight, str):  # "balanced"
        counts = np.bincount(codes[data.training_rows], minlength=len(classes))
        of_class = len(data.training_rows) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    else:
        of_class = np.array([float(class_weight.get(name, 1.0)) for name in classes])
    weights: npt.NDArray[np.float64] = of_class[codes]
    return weights if data.weights is None else weights * data.weights


def start_network(data: Dataset, settings: FitSettings) -> Network:
    """Network to start from."""
    sizes = (data.X.shape[1], *settings.hidden, data.Y.shape[1])
    activations = [settings.activation] * len(settings.hidden) + [settings.output]
    return Network.random(sizes, activations, settings.loss, seed=settings.seed, start=settings.start)


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
