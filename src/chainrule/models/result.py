"""What a fit gives back: the model, the table as it saw it, how it came about, and how good it is."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from chainrule.models.beside import sample_weight
from chainrule.models.displays.fit import fit_display
from chainrule.models.judging.linear import linear_network
from chainrule.models.judging.scoring import gives_chances, score_of
from chainrule.models.model import Model
from chainrule.network import as_sample_weight, is_linear, members_of
from chainrule.scores import ClassScore, each_of, gain_of, score_lines
from chainrule.tables import report_lines
from chainrule.words import counted

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.models.dataset import Dataset
    from chainrule.models.folds import CrossValidation
    from chainrule.scores import Gain, Score
    from chainrule.training import Diagnosis, History, StoppedBy, TrainingResult

__all__ = ["FitResult"]

MOST_LINES, MOST_TARGETS, LONGEST_LINE = 20, 5, 100  # of a result that is printed


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
        How the network came about: history, what ended it, what went badly, and its state. Of an ensemble
        that of its first network, but for what ended and what went badly in any of them.
    cross_validation : CrossValidation or None
        The folds that were asked for; the model itself has then learnt from all rows.
    members : tuple of FitResult
        Of an ensemble, what came of each of its networks.
    unfinished : tuple of FitResult
        Of an ensemble that was interrupted, networks under way, which it has not.

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
    members: tuple[FitResult, ...] = ()
    unfinished: tuple[FitResult, ...] = ()

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
        if self.cross_validation is not None:
            return ", ".join(map(str, self.cross_validation.figures[:MOST_TARGETS])) + " in folds"
        scores, rows = each_of(self.held_out_score), "held-out rows"
        if self.held_out_score is None:
            scores, rows = each_of(self.training_score), "the rows it has learnt from"
        is_classes = bool(scores) and isinstance(scores[0], ClassScore)
        values = [one.accuracy if isinstance(one, ClassScore) else one.r2 for one in scores]
        figures = ", ".join("none" if one is None else f"{one:z.3f}" for one in values[:MOST_TARGETS])
        more = ", …" * (len(values) > MOST_TARGETS)
        return f"{'accuracy' if is_classes else 'R²'} {figures}{more} of {rows}"

    def __str__(self) -> str:
        said_of_it = [f"{'Warning' if one.is_warning else 'Note'}: {one}" for one in self.diagnosis]
        own = textwrap.wrap(repr(self), LONGEST_LINE, subsequent_indent="  ", break_on_hyphens=False)
        lines = [*report_lines(self.data.report, most=MOST_LINES), *said_of_it, *own, ""]
        if self.cross_validation is not None:
            return "\n".join([*lines, str(self.cross_validation)])
        if self.held_out_score is None:
            return "\n".join([*lines, "No rows were held out that could judge the network."])
        lines.append(f"Score of the {counted(len(self.data.held_out_rows), 'held-out row')}:")
        return "\n".join([*lines, *score_lines(self.held_out_score, self.linear_score, self.gain)])

    def _repr_html_(self) -> str:
        return fit_display(self)

    @cached_property
    def training_score(self) -> Score:
        """Score of the rows that the model has seen; computed when it is first asked for.

        Rows count by their weights, where a column or `sample_weight` says what these are.
        """
        return self._score(self.model, self.data.training_rows)

    @cached_property
    def held_out_score(self) -> Score | None:
        """Score of the rows that it has not seen, weighted likewise.

        None where no rows were held out, or none of them counts.
        """
        rows, weights = self.data.held_out_rows, self.data.weights
        is_there = len(rows) if weights is None else weights[rows].any()
        return self._score(self.model, rows) if is_there else None

    @cached_property
    def scores_of_members(self) -> tuple[Score, ...]:
        """Of an ensemble, the score of each of its networks alone on the held-out rows.

        None where `held_out_score` is None, or there is one network.
        """
        if self.held_out_score is None:
            return ()
        return tuple(self._score(one, self.data.held_out_rows) for one in self.model.members)

    @cached_property
    def linear_score(self) -> Score | None:
        """Score of a linear model on the held-out rows, which is trained when it is first asked for.

        It is the network without hidden layers, on the same encoding and training rows; None where
        `held_out_score` is, and where its training left the finite numbers.
        """
        linear = None if self.held_out_score is None else self.judged_linear_model
        return None if linear is None else self._score(linear, self.data.held_out_rows)

    @property
    def judged_linear_model(self) -> Model | None:
        """The linear model in the precision of the network, by whose kernels it then answers."""
        if self.linear_model is None:
            return None
        (linear,) = members_of(self.linear_model.network)
        rounded = [w.astype(self.model.network.dtype) for w in linear.weights]
        return Model(linear.with_weights(rounded), self.data.encoding)

    @cached_property
    def linear_model(self) -> Model | None:
        """That linear model; None where its training left the finite numbers."""
        record = self.model.training
        class_weight = None if record is None else record.weights_of_classes
        linear = linear_network(self.data, sample_weight(self.data, class_weight))
        return None if linear is None else Model(linear, self.data.encoding)

    @cached_property
    def gain(self) -> Gain | None:
        """Whether the network is better, on the held-out rows, than a linear model and always the same guess.

        None where `held_out_score` is.
        """
        if self.held_out_score is None:
            return None
        return gain_of(self.held_out_score, self.linear_score, is_linear=is_linear(self.model.network))

    def _score(self, model: Model, rows: npt.NDArray[np.intp]) -> Score:
        data = self.data
        return score_of(
            data.encoding,
            data.Y[rows],
            model.outputs(data.X[rows]),
            chances=gives_chances(model.network, data.encoding),
            majority=data.majorities,
            weights=None
            if data.weights is None
            else as_sample_weight(data.weights[rows], len(rows), np.float64),
            seed=data.seed,
        )
