"""Answers of several models, each scaled in its own way, brought together in the targets' own units."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chainrule.models.judging.scoring import gives_chances, score_of
from chainrule.network import as_sample_weight
from chainrule.tables import ClassTarget, DateTarget, Encoding, NumberTarget

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.models.dataset import Dataset
    from chainrule.models.model import Model
    from chainrule.scores import Score
    from chainrule.tables import LearntTarget

    Matrix = npt.NDArray[np.float64]

__all__ = ["Pooled", "pooled_answers", "pooled_score", "writing_as"]


class Pooled(NamedTuple):
    """Targets, answers, and those that need no inputs, of several datasets, in the targets' own units."""

    encoding: Encoding
    Y: Matrix
    outputs: Matrix
    usual: Matrix
    weights: Matrix | None


def pooled_score(judged: Sequence[tuple[Dataset, Model]], order: npt.NDArray[np.intp]) -> Score:
    """Score over the held-out rows of several datasets, each judged by its own model.

    What it is compared with is the majority, or the mean, of each dataset's own training rows; it is named
    where all have the same majority.

    Parameters
    ----------
    judged : sequence of (Dataset, Model)
        Of one target; where it is one of classes, all know the same ones in the same order.
    order : array of int
        In which the rows are taken of all that are held out, one dataset behind the other.

    Raises
    ------
    InputError
        None of these rows counts.
    """
    pooled = pooled_answers(judged, order)
    majorities: dict[str, set[str | None]] = {}
    for data, _ in judged:
        for part, majority in zip(data.encoding.learnt, data.majorities, strict=True):
            majorities.setdefault(part.name, set()).add(majority)
    common = {name: found.pop() for name, found in majorities.items() if len(found) == 1}
    return score_of(
        pooled.encoding,
        pooled.Y,
        pooled.outputs,
        chances=all(gives_chances(model.network, data.encoding) for data, model in judged),
        majority=list(map(common.get, pooled.encoding.target_names)),
        weights=pooled.weights,
        seed=judged[0][0].seed,
        usual=pooled.usual,
    )


def pooled_answers(judged: Sequence[tuple[Dataset, Model]], order: npt.NDArray[np.intp]) -> Pooled:
    """Answers to the held-out rows of several datasets, as for `pooled_score`."""
    first = judged[0][0].encoding
    targets = {part.name: part for data, _ in judged for part in data.encoding.learnt}
    in_order = tuple(targets[name] for name in first.target_names if name in targets)
    parts = [_answers(data, model, in_order) for data, model in judged]
    Y, outputs, usual = (np.concatenate(part)[order] for part in zip(*parts, strict=True))
    encoding = Encoding(first.inputs, tuple(map(_unscaled, in_order)), first.rows, first.layout)
    weights = [data.weights[data.held_out_rows] for data, _ in judged if data.weights is not None]
    counting = np.concatenate(weights)[order] if weights else None
    return Pooled(encoding, Y, outputs, usual, as_sample_weight(counting, len(Y), np.float64))


def writing_as(first: Model, other: Model) -> Model:
    """The other model, which writes classes as the first does: spellings are those of training rows."""
    own, encoding = other.table_encoding, first.table_encoding
    if own.classes is None:
        return other
    return replace(other, encoding=Encoding(own.inputs, encoding.targets, own.rows, own.layout))


def _answers(data: Dataset, model: Model, targets: Sequence[LearntTarget]) -> tuple[Matrix, Matrix, Matrix]:
    """Of held-out rows: the targets, the answers, and those that need no inputs; NaN for one not learnt."""
    rows, Y = data.held_out_rows, data.Y
    outputs = model.outputs(data.X[rows])
    found = {
        part.name: (part, own, a, majority)
        for (part, own), (_, a), majority in zip(
            data.encoding.parted(Y), data.encoding.parted(outputs), data.majorities, strict=True
        )
    }
    columns = []
    for target in targets:
        if target.name not in found:  # it was constant in what this model has learnt from
            nothing = np.full((len(rows), len(target.names)), np.nan)
            columns.append((nothing, np.zeros_like(nothing), np.zeros_like(nothing)))
            continue
        part, own, a, majority = found[target.name]
        if isinstance(part, ClassTarget):
            columns.append((own[rows], a, np.broadcast_to(_encoded(part, majority), a.shape)))
        else:
            actual, answers = part.decode(own[rows]), part.decode(a)
            columns.append((actual, answers, np.full_like(actual, part.baseline)))
    Y, outputs, usual = (np.concatenate(each, axis=1) for each in zip(*columns, strict=True))
    return Y, outputs, usual


def _encoded(part: ClassTarget, label: str | None) -> Matrix:
    """A row of a target's columns of Y for one of its classes."""
    column: Matrix = (np.array(part.labels) == label).astype(np.float64)[part.one_unit :]
    return column


def _unscaled(part: LearntTarget) -> LearntTarget:
    """A target that is encoded as it is, in its own unit."""
    if isinstance(part, NumberTarget):
        return NumberTarget(part.name, 0.0, 1.0, part.reading)
    return DateTarget(part.name, part.reading, 0.0, 1.0, part.unit) if isinstance(part, DateTarget) else part
