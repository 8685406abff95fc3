"""What a fit is given beside a table and settings: rows to watch in a table of their own, where to go on."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from chainrule.errors import InputError, argument, said
from chainrule.models.dataset import Dataset, prepare_again
from chainrule.models.model import Model
from chainrule.models.rows import row_weights, watch_rows, with_value
from chainrule.tables import Said, as_table
from chainrule.training import TrainingState
from chainrule.words import quoted, series, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from chainrule.settings import FitSettings

__all__ = [
    "Watched", "data_of_checkpoint", "opened", "parted", "reads_checkpoints", "sample_weight",
    "watched_rows",
]  # fmt: skip

# How the file of a checkpoint is read: known from a room above this one, where files are.
_READERS: list[Callable[[Any], object]] = []
R = TypeVar("R", bound=Callable[[Any], object])


def reads_checkpoints(reader: R) -> R:
    """Take a function for the one that reads what was saved in a file; as a decorator."""
    _READERS[:] = [reader]
    return reader


class Watched(NamedTuple):
    """Rows to watch, as `train` takes them, and what of their cells is not as learnt."""

    X: npt.NDArray[np.float64]
    Y: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64] | None
    remarks: tuple[str, ...]
    row_weight: npt.NDArray[np.float64] | None = None  # without what classes count

    @property
    def arrays(self) -> tuple[npt.NDArray[np.float64], ...]:
        """Inputs, targets, and weights where rows have some."""
        return (self.X, self.Y) if self.weight is None else (self.X, self.Y, self.weight)


def watched_rows(table: Any, data: Dataset, settings: FitSettings, *, strict: bool = False) -> Watched:  # noqa: ANN401 (a path, or any frame that speaks Arrow)
    """Rows of another table, by the encoding of the one that is learnt.

    Raises
    ------
    TableError, InputError
        The table does not fit that one, or a column of that one says which rows are watched.
    """
    encoding, heard = data.encoding, Said(is_strict=strict)
    if len(data.watched_rows):
        raise InputError(
            f"{argument('validation')} is a table, and {argument('split', encoding.rows.split)} was given",
            parameter="validation",
            needs="column and table cannot both say which rows are watched",
            advice=f"Leave one out, or let no row of {shown(str(encoding.rows.split))} say validation.",
        )
    try:
        source = as_table(table, "validation", **encoding.how_read)
        used, _ = with_value(source, encoding.has_target(source))
        X, Y = encoding.encode_inputs(used, heard), encoding.encode_targets(used)
        weight = of_rows = row_weights(used, encoding.rows)
    except InputError as error:
        error.parameter = "validation"
        raise
    of_class = _weights_of_classes(data, settings.class_weight)
    if of_class is not None:
        ((target, own),) = encoding.parted(Y)
        weight = of_class[target.decided(own)] * (1.0 if weight is None else weight)
    remarks = tuple(f"of the validation rows, {said(one.words)}" for one in heard.remarks())
    return Watched(X, Y, weight, remarks, of_rows)


def _weights_of_classes(
    data: Dataset, class_weight: str | Mapping[str, float] | None
) -> npt.NDArray[np.float64] | None:
    """What a row of each class counts; None where all are equal."""
    classes = data.encoding.classes
    if class_weight is None or classes is None:
        return None
    if isinstance(class_weight, str):  # "balanced"
        ((target, own),) = data.encoding.parted(data.Y[data.training_rows])
        codes = target.decided(own)
        counts = np.bincount(codes, minlength=len(classes))
        balanced: npt.NDArray[np.float64] = len(codes) / (np.count_nonzero(counts) * np.maximum(counts, 1))
        return balanced
    return np.array([float(class_weight.get(name, 1.0)) for name in classes])


def sample_weight(
    data: Dataset, class_weight: str | Mapping[str, float] | None
) -> npt.NDArray[np.float64] | None:
    """What each row counts: what its column says, times the weight of its class; None where all are equal."""
    of_class = _weights_of_classes(data, class_weight)
    if of_class is None:
        return data.weights
    ((target, own),) = data.encoding.parted(data.Y)
    weights: npt.NDArray[np.float64] = of_class[target.decided(own)]
    return weights if data.weights is None else weights * data.weights


def parted(data: Dataset, settings: FitSettings) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows to learn from and rows to watch, of the training rows; of each class as much.

    A recipe learns from all.
    """
    rows = data.training_rows
    if settings.recipe is not None:
        return rows, rows[:0]
    if len(data.watched_rows):
        return np.setdiff1d(rows, data.watched_rows), data.watched_rows
    if not settings.validation:
        return rows, rows[:0]
    labels = None if data.labels is None else [data.labels[row] for row in rows]
    learnt, watched = watch_rows(
        data.table, rows, data.encoding.rows, labels, share=settings.validation, seed=settings.seed
    )
    return rows[learnt], rows[watched]


def opened(resume: object) -> TrainingState | Model | None:
    """What a fit goes on from: the state of a training, or a checkpoint, which is a model with its columns.

    Raises
    ------
    ModelFileError
        A path leads to no model file.
    InputError
        There is nothing to go on from.
    """
    if resume is None or isinstance(resume, TrainingState):
        return resume
    if isinstance(resume, (str, os.PathLike)) and _READERS:
        try:
            return opened(_READERS[0](resume))
        except InputError as error:
            error.parameter = "resume"
            raise
    if isinstance(resume, Model) and resume.states:
        return resume if resume.encoding and resume.training else resume.states[0]
    raise InputError(
        f"{argument('resume')} is {quoted(resume)}",
        parameter="resume",
        given=resume,
        needs="must be the state of a training, or a checkpoint or its path",
        advice="Give result.training.state, or what `chainrule fit` keeps while it trains.",
    )


def data_of_checkpoint(
    table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
    model: Model,
    *,
    target: str | int | Sequence[str] | None,
    held_out: float | None,
    seed: int,
    sample_weight: object,
    others: Mapping[str, object],
) -> Dataset:
    """The table as the training of a checkpoint saw it, which settles all that is said of it.

    Raises
    ------
    TableError
        The table has not the columns of the checkpoint.
    InputError
        Something was given that is not as it was.
    """
    encoding, record = model.table_encoding, model.training
    names = encoding.target_names
    then: dict[str, tuple[object, bool]] = {
        "target": (target, target in (None, names[0] if len(names) == 1 else names, list(names))),
        **{name: (value, False) for name, value in others.items()},
    }
    if record is not None:
        then["held_out"] = held_out, held_out in (None, record.held_out)
        then["seed"] = seed, seed in (0, record.seed)
    for name, (given, is_so) in then.items():
        if not is_so:
            raise InputError(
                f"{argument(name)} was given with {argument('resume')}, which settles it.",
                parameter=name,
                given=given,
                needs=f"must not be given with {argument('resume')}",
                advice=f"Leave it out: what is learnt is {series([shown(one) for one in names])}.",
            )
    return prepare_again(as_table(table, layout=encoding.layout), model, sample_weight)
