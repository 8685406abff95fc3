"""Answers of several models, each scaled in its own way, brought together in the targets' own units."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from chainrule.models.model import Model, score_of
from chainrule.scores import ClassScore, NumberScore
from chainrule.tables import ClassTarget, DateTarget, Encoding, NumberTarget

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.models.dataset import Dataset
    from chainrule.scores import Score
    from chainrule.tables import TargetPart

    Matrix = npt.NDArray[np.float64]

__all__ = ["pooled_score", "writing_as"]

AnyScore = TypeVar("AnyScore", ClassScore, NumberScore)


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
    """
    parts = [_answers(data, model) for data, model in judged]
    Y, outputs, usual = (np.concatenate(part)[order] for part in zip(*parts, strict=True))
    first = judged[0][0].encoding
    encoding = Encoding(first.inputs, tuple(map(_unscaled, first.targets)), first.rows, first.layout)
    majorities = {data.majority or "" for data, _ in judged}
    majority = majorities.pop() if len(majorities) == 1 else ""
    score, always = (score_of(encoding, Y, each, majority) for each in (outputs, usual))
    if isinstance(score, ClassScore) and isinstance(always, ClassScore):
        return _beside(score, always, "majority_")
    assert isinstance(score, tuple)  # noqa: S101 (so both are)
    assert isinstance(always, tuple)  # noqa: S101
    return tuple(_beside(one, other, "mean_") for one, other in zip(score, always, strict=True))


def writing_as(first: Model, other: Model) -> Model:
    """The other model, which writes classes as the first does: spellings are those of training rows."""
    own, encoding = other.table_encoding, first.table_encoding
    if own.classes is None:
        return other
    return replace(other, encoding=Encoding(own.inputs, encoding.targets, own.rows, own.layout))


def _answers(data: Dataset, model: Model) -> tuple[Matrix, Matrix, Matrix]:
    """Of held-out rows: the targets, the answers, and those that need no inputs."""
    encoding, rows = data.encoding, data.held_out_rows
    Y, outputs = data.Y[rows], model.network(data.X[rows])
    if encoding.classes is not None:
        usual = np.array(encoding.classes) == data.majority
        return Y, outputs, np.broadcast_to(usual.astype(np.float64), Y.shape)
    means = [part.baseline for part in encoding.targets if not isinstance(part, ClassTarget)]
    actual, answers = (np.asarray(encoding.decode_outputs(each)) for each in (Y, outputs))
    return actual, answers, np.broadcast_to(np.array(means), actual.shape)


def _unscaled(part: TargetPart) -> TargetPart:
    """A target that is encoded as it is, in its own unit."""
    if isinstance(part, NumberTarget):
        return NumberTarget(part.name, 0.0, 1.0, part.reading)
    return DateTarget(part.name, part.reading, 0.0, 1.0, part.unit) if isinstance(part, DateTarget) else part


def _beside(score: AnyScore, always: AnyScore, begin: str) -> AnyScore:
    """A score with the figures of always answering the same: those whose names begin with a word more."""
    names = [one.name for one in fields(score) if one.name.startswith(begin)]
    return replace(score, **{name: getattr(always, name.removeprefix(begin)) for name in names})
