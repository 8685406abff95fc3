"""What a thing that is to be drawn has of what pictures are made of."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.errors import InputError, argument
from chainrule.inspection import GradientCheck, Trace
from chainrule.models import CrossValidation, FitResult, Model, Predictions
from chainrule.network import Ensemble, Network
from chainrule.scores import ClassScore, NumberScore, each_of
from chainrule.training import History, Restarts, TrainingResult, TrainingState
from chainrule.words import counted, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chainrule.models import Dataset
    from chainrule.tables import Encoding, Table

__all__ = ["Run", "Scored", "Subject", "subject_of"]

THINGS = (
    "a History, a TrainingResult, Restarts, a FitResult, a CrossValidation, a Network, an Ensemble, networks "
    "in the order of a training, a Model, a Trace, a GradientCheck, a ClassScore, a NumberScore, several of "
    "these, Predictions, and fitted estimators"
)
HELD_OUT, TRAINING = "held_out", "training"


class Run(NamedTuple):
    """One training.

    Attributes
    ----------
    history : History or TrainingState
    best_epoch : int or None
        Which epoch the network is from, where that was chosen.
    ends : tuple of int
        Epochs at which its cycles end.
    """

    history: Any
    best_epoch: int | None = None
    ends: tuple[int, ...] = ()


class Scored(NamedTuple):
    """Scores, one for each target, and which rows they are of."""

    scores: tuple[Any, ...]
    rows: str


@dataclass(frozen=True)
class Subject:
    """A thing by its parts, each of which is empty where it has none.

    Attributes
    ----------
    thing : object
        What was given.
    usual : str
        The kind of picture that it has where none is asked for.
    runs : tuple of Run
    run : str
        What one of them is: "network", "fold", "seed"; "first network" of several that are not kept.
    network : Network or Ensemble or None
    path : sequence of Network
        In the order of a training.
    model : Model or None
        With an encoding.
    data : Dataset or None
        That the model has learnt from.
    scored : callable or None
        Gives scores of the rows asked for, "held_out" or "training", or of what is usual for None.
    rows : callable or None
        Gives the table of such rows, and which they are in words, where the model itself answers to them.
    target_kind : str
        "classes", "labels" or "numbers" where that is known.
    """

    thing: Any
    usual: str
    runs: tuple[Run, ...] = ()
    run: str = "network"
    network: Network | Ensemble | None = None
    path: Sequence[Network] = ()
    model: Model | None = None
    data: Dataset | None = None
    scored: Callable[[str | None], Scored] | None = None
    rows: Callable[[str | None], tuple[Table, str]] | None = None
    target_kind: str = ""

    @property
    def encoding(self) -> Encoding | None:
        """How tables become its inputs, where that is known."""
        return None if self.model is None else self.model.encoding

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return type(self.thing).__name__


def subject_of(thing: object) -> Subject:  # noqa: C901, PLR0911 (one line for each type)
    """The parts of a thing; InputError for what has none."""
    if isinstance(thing, (History, TrainingState)):
        return Subject(thing, "history", runs=(Run(thing),))
    if isinstance(thing, TrainingResult):
        return Subject(thing, "history", runs=(Run(thing.history, thing.best_epoch),), network=thing.network)
    if isinstance(thing, Restarts):
        seeds = tuple(Run(one.history, one.best_epoch) for one in thing.results)
        return Subject(thing, "history", runs=seeds, run="seed", network=thing.best.network)
    if isinstance(thing, FitResult):
        return _of_fit(thing)
    if isinstance(thing, CrossValidation):
        return _of_folds(thing)
    if isinstance(thing, (Network, Ensemble)):
        return Subject(thing, "network", network=thing)
    if isinstance(thing, Model):
        of = "" if thing.encoding is None else str(thing.encoding.kind)
        return Subject(thing, "network", network=thing.network, model=thing, target_kind=of)
    if isinstance(thing, Trace):
        return Subject(thing, "network", network=thing.network)
    if isinstance(thing, GradientCheck):
        return Subject(thing, "errors")
    if isinstance(thing, Predictions):
        return Subject(thing, "answers")
    if _is_estimator(thing):
        return _of_estimator(thing)
    return _of_several(thing)


def _of_several(thing: object) -> Subject:
    """Scores of targets, or networks one after the other."""
    parts = [thing] if isinstance(thing, (ClassScore, NumberScore)) else thing
    if isinstance(parts, (list, tuple)) and parts:
        for kind, usual, of in ((ClassScore, "confusion", "classes"), (NumberScore, "predicted", "numbers")):
            if all(isinstance(one, kind) for one in parts):
                scores = tuple(parts)

                def found(rows: str | None, scores: tuple[Any, ...] = scores) -> Scored:
                    if rows is not None:
                        raise _no_rows(rows, "is of the rows that it is of")
                    return Scored(scores, counted(scores[0].n_rows, "row"))

                return Subject(thing, usual, scored=found, target_kind=of)
        if all(isinstance(one, Network) and one.sizes == parts[0].sizes for one in parts):
            return Subject(thing, "surface", network=parts[-1], path=tuple(parts))
    raise InputError(
        f"{quoted(thing)} cannot be drawn.",
        parameter="thing",
        given=thing,
        needs="must be something that a picture can be made of",
        advice=f"What can be drawn: {THINGS}.",
    )


def _of_folds(thing: CrossValidation) -> Subject:
    """All folds, and the scores of rows that their networks have not seen."""
    runs = tuple(Run(one.history, one.training.best_epoch) for one in thing.folds)
    kind = thing.folds[0].data.encoding.kind

    def scored(rows: str | None) -> Scored:
        if rows == TRAINING:
            raise _no_rows(rows, "judges rows that no network of its own has learnt from")
        words = f"{counted(len(thing.rows), 'row')}, none seen by its network"
        return Scored(each_of(thing.score), words)

    return Subject(thing, "summary", runs=runs, run="fold", scored=scored, target_kind=kind)


def _of_fit(thing: FitResult) -> Subject:
    record = thing.model.training
    ends = () if record is None else _ends_of(record.choice)
    each = thing.members or (thing,)
    is_first = not thing.members and isinstance(thing.model.network, Ensemble)
    runs = tuple(Run(one.history, one.training.best_epoch, ends) for one in each)

    data = thing.data

    def are_held_out(rows: str | None) -> bool:
        if rows == HELD_OUT and thing.held_out_score is None:
            raise _no_rows(rows, "was fitted without holding rows out")
        return rows != TRAINING and thing.held_out_score is not None

    def own_rows(rows: str | None) -> tuple[Table, str]:
        if are_held_out(rows):
            return data.table.take(data.held_out_rows), counted(len(data.held_out_rows), "held-out row")
        words = f"the {counted(len(data.training_rows), 'row')} that it has learnt from"
        return data.table.take(data.training_rows), words

    def scored(rows: str | None) -> Scored:
        validated = thing.cross_validation
        if rows is None and validated is not None:
            words = f"{counted(len(validated.rows), 'row')}, none seen by its fold's network"
            return Scored(each_of(validated.score), words)
        score = thing.held_out_score if are_held_out(rows) else thing.training_score
        return Scored(each_of(score), own_rows(rows)[1])

    return Subject(
        thing,
        "summary",
        runs=runs,
        run="first network" if is_first else "network",
        network=thing.model.network,
        model=thing.model,
        data=data,
        scored=scored,
        rows=own_rows,
        target_kind=data.encoding.kind,
    )


def _ends_of(choice: Sequence[tuple[str, float, float]]) -> tuple[int, ...]:
    """Epochs at which the cycles of a recipe ended."""
    names = [name.rpartition(":") for name, _, _ in choice]
    return tuple(sorted({int(end) for kind, _, end in names if kind and kind != "linear"}))


def _of_estimator(thing: Any) -> Subject:
    model = thing.model_
    each = vars(thing).get("estimators_") or [thing]
    histories = [getattr(one, "history_", None) for one in each]
    runs = tuple(Run(one) for one in histories if one is not None)
    usual = "history" if runs else "network"
    kind = model.table_encoding.kind
    return Subject(thing, usual, runs=runs, network=model.network, model=model, target_kind=kind)


def _is_estimator(thing: object) -> bool:
    """Whether it is one of the package's, whose room is loaded, then."""
    room = sys.modules.get("chainrule.estimators")
    return room is not None and isinstance(thing, (room.MLPClassifier, room.MLPRegressor))


def _no_rows(rows: str | None, why: str) -> InputError:
    return InputError(
        parameter="rows", given=rows, needs=f"what is drawn {why}", advice=f"Leave {argument('rows')} out."
    )


def table_of(names: Sequence[str], X: Any, targets: Sequence[str], y: Any) -> dict[str, Any]:
    """Columns of samples and answers by name, as a model reads them; by place where X has other names."""
    X = X.toarray() if hasattr(X, "toarray") else X
    there = _columns_of(X)
    if set(names) <= set(there):
        columns = {name: X[name] for name in names}
    else:
        shape = np.shape(X)
        if len(shape) != 2 or shape[1] != len(names):  # noqa: PLR2004 (rows and columns)
            raise InputError(
                parameter="X",
                given=X,
                needs=f"must have {counted(len(names), 'column')}, as what the model was fitted to",
                advice="Give samples as they were given to it.",
            )
        is_frame = len(set(there)) == len(names)  # whose columns have types of their own
        values = [X[one] for one in there] if is_frame else np.asarray(X).T
        columns = dict(zip(names, values, strict=True))
    answers = np.asarray(y).reshape(len(np.asarray(y)), -1)
    return columns | {name: answers[:, k] for k, name in enumerate(targets)}


def _columns_of(frame: Any) -> list[Any]:
    """Names of the columns of a frame, or of a table of Arrow; none of an array."""
    names = getattr(frame, "column_names", None)
    return names if isinstance(names, list) else list(getattr(frame, "columns", []))
