"""Cross-validation: each fold of the rows is held out of a network of its own, and judges it."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ChainruleError, InputError, Remark, argument, said
from chainrule.given import truth, whole_number_from_1
from chainrule.models.displays.fit import folds_display
from chainrule.models.judging.calibration import calibration_of
from chainrule.models.judging.figures import MOST_FIGURES, WIDTH, FoldFigure, figure_lines
from chainrule.models.judging.pooling import pooled_answers, pooled_score, writing_as
from chainrule.models.rows import refuse_weightless
from chainrule.network import is_linear
from chainrule.scores import ClassScore, NumberScore, each_of, gain_of, score_lines, score_to_json
from chainrule.tables import joined_predictions
from chainrule.training import train_together
from chainrule.words import counted, joined, named, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from chainrule.models.dataset import Dataset, Usable
    from chainrule.models.judging.calibration import Calibration
    from chainrule.models.result import FitResult
    from chainrule.scores import Gain, Score
    from chainrule.tables import Decision, Encoding, Predictions

    Rows = npt.NDArray[np.intp]

__all__ = [
    "CrossValidation",
    "FoldFigure",
    "calibration_by_folds",
    "check_beside_folds",
    "fit_folds",
    "remarks_beside",
]

MOST_LINES = 20  # of folds that are printed
MOST_NAMED = 5  # folds, in a sentence


@dataclass(frozen=True, repr=False)
class CrossValidation:
    """What cross-validation gives back: a fit for each fold, and what all of them together are worth.

    Attributes
    ----------
    folds : tuple of FitResult
        Each has learnt everything, the encoding included, from its own training rows.

    Examples
    --------
    >>> import chainrule
    >>> result = chainrule.cross_validate("examples/iris.csv", target="species", folds=3, epochs=20)
    >>> [len(rows) for rows in result.held_out], result.score.n_rows
    ([50, 50, 50], 150)
    >>> result.score.accuracy > 0.8
    True
    """

    folds: tuple[FitResult, ...]

    def __repr__(self) -> str:
        figures = ", ".join(map(str, self.figures[:MOST_FIGURES]))
        return f"CrossValidation({len(self.folds)} folds, {figures})"

    def __str__(self) -> str:
        title = f"Score of the {counted(len(self.rows), 'held-out row')} together:"
        scored = score_lines(self.score, self.linear_score, self.gain)
        return "\n".join([*self.lines(), "", title, *scored])

    def _repr_html_(self) -> str:
        return folds_display(self)

    @cached_property
    def held_out(self) -> tuple[Rows, ...]:
        """For each fold the rows that were held out, counted from 0 in the table that was given."""
        return tuple(_numbered(one.data, one.data.held_out_rows) for one in self.folds)

    @cached_property
    def rows(self) -> Rows:
        """All rows that were held out, counted likewise, ascending.

        Rows without a value of the target are not among them, nor, in order, those of the first block.
        """
        return np.sort(np.concatenate(self.held_out))

    @cached_property
    def predictions(self) -> Predictions:
        """What each of `rows` was predicted to be by the network that has not seen it."""
        parts = [
            writing_as(self.folds[0].model, one.model).predictions(
                one.data.table.take(one.data.held_out_rows)
            )
            for one in self.folds
        ]
        return joined_predictions(parts, self._order)

    @cached_property
    def score(self) -> Score:
        """Score over all held-out rows together, each predicted by the network that has not seen it.

        What it is compared with is the majority, or the mean, of each fold's own training rows. Where
        folds have not the same majority, `majority` is empty.
        """
        return pooled_score([(one.data, one.model) for one in self.folds], self._order)

    @cached_property
    def linear_score(self) -> Score | None:
        """The same of a linear model for each fold, on its encoding and training rows."""
        models = [(one.data, one.judged_linear_model) for one in self.folds]
        judged = [(data, model) for data, model in models if model is not None]
        return pooled_score(judged, self._order) if len(judged) == len(self.folds) else None

    @cached_property
    def gain(self) -> Gain | None:
        """Whether the networks are better, on all held-out rows, than linear models and one same guess."""
        are_linear = all(is_linear(one.model.network) for one in self.folds)
        return gain_of(self.score, self.linear_score, is_linear=are_linear)

    @cached_property
    def figures(self) -> tuple[FoldFigure, ...]:
        """The main figure of each fold, with mean and deviation: the accuracy, or the RMSE of each target."""
        encoding = self.folds[0].data.encoding
        figure = "RMSE" if encoding.kind == "numbers" else "accuracy"
        of_folds = [{one.target: one for one in each_of(fold.held_out_score)} for fold in self.folds]
        names = [name for name in encoding.target_names if any(name in one for one in of_folds)]
        return tuple(
            FoldFigure(
                f"{figure} of {name}" if len(names) > 1 else figure,
                tuple(_main_figure(one.get(name)) for one in of_folds),
                any(_is_time(one.get(name)) for one in of_folds),
            )
            for name in names
        )

    @property
    def parting(self) -> str:
        """How the rows were parted, in words."""
        encoding = self.folds[0].data.encoding
        if encoding.rows.group is not None:
            return f"by groups of {shown(encoding.rows.group)}"
        if encoding.rows.in_order:
            return "in order, each of which learns from the rows before it"
        return "at random" if encoding.classes is None else "at random, each class in proportion"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What should be looked at before the score is believed, and in which folds, in words."""
        return remarks_beside((), self)

    @cached_property
    def diagnosis(self) -> tuple[str, ...]:
        """What went badly in trainings: of each cause the first fold that has it, and how many have."""
        found: dict[str, list[str]] = {}
        for k, one in enumerate(self.folds, 1):
            for each in (words for words in one.diagnosis if words.is_warning):
                found.setdefault(each.cause, []).append(f"Fold {k}: {_marked(each.message)}")
        every = len(self.folds)
        return tuple(Remark(f"Of {every} folds {len(each)} went badly. {each[0]}") for each in found.values())

    def lines(self, most: int = MOST_LINES, width: int = WIDTH) -> list[str]:
        """Write a line for each fold, of many the first ones, and those for mean and standard deviation."""
        sizes = [(len(one.data.training_rows), len(one.data.held_out_rows)) for one in self.folds]
        limits = whole_number_from_1(most, "most"), whole_number_from_1(width, "width")
        return list(figure_lines(sizes, self.figures, *limits))

    def to_json(self, *, compared: bool = True) -> dict[str, Any]:
        """All there is to tell, as plain data; rows are counted from 1, as on the command line.

        Without what it is compared with, no linear models are trained.
        """
        linear, gain = (self.linear_score, self.gain) if truth(compared, "compared") else (None, None)
        return {
            "parting": self.parting,
            "folds": [
                {
                    "training_rows": len(one.data.training_rows),
                    "held_out_rows": len(rows),
                    "rows": (rows + 1).tolist(),
                    "epochs_run": len(one.history.epochs),
                    "stopped_by": str(one.stopped_by),
                    "score": score_to_json(one.held_out_score),
                }
                for one, rows in zip(self.folds, self.held_out, strict=True)
            ],
            "figures": [
                {
                    "name": one.name,
                    "of_folds": list(one.of_folds),
                    "mean": one.mean,
                    "deviation": one.deviation,
                }
                for one in self.figures
            ],
            "score": score_to_json(self.score),
            "linear_score": score_to_json(linear),
            "gain": None if gain is None else gain.to_json(),
            "remarks": [said(words) for words in self.remarks],
            "diagnosis": [said(words) for words in self.diagnosis],
            "rows": (self.rows + 1).tolist(),
            "predictions": {name: list(answer.plain()) for name, answer in self.predictions.answers.items()},
        }

    @cached_property
    def _order(self) -> Rows:
        """What brings the held-out rows of all folds into the order of the table."""
        return np.argsort(np.concatenate(self.held_out), kind="stable")


def calibration_by_folds(validated: CrossValidation, encoding: Encoding) -> Calibration | None:
    """What the answers to held-out rows say of those of a model that learns from all rows, by its encoding.

    They are answers of other networks, each of which has learnt from fewer rows.
    """
    order = np.argsort(np.concatenate(validated.held_out))
    pooled = pooled_answers([(one.data, one.model) for one in validated.folds], order)
    outputs = pooled.outputs
    if encoding.kind != "numbers":  # which are as exact as the networks are
        outputs = outputs.astype(validated.folds[0].model.network.dtype)
    return calibration_of(
        "folds", pooled.encoding, pooled.Y, outputs, weights=pooled.weights, learnt=encoding.learnt
    )


def check_beside_folds(held_out: float | None, split: object) -> None:
    """Refuse what holds rows out in another way than folds do; to hold out 0 is what they do at the end.

    Raises
    ------
    InputError
        A share, or a column, was given, too.
    """
    name, given = ("split", split) if split is not None else ("held_out", held_out)
    if given is not None and given != 0:
        raise InputError(
            f"{argument('folds')} and {argument(name)} were both given",
            parameter=name,
            given=given,
            needs="folds hold rows out in turn, and the network that is kept learns from all of them",
            advice=f"Take {argument('folds')} alone for a score over all rows, or {argument(name)} alone for "
            "a single split.",
        )


def remarks_beside(known: Sequence[Decision], validated: CrossValidation) -> tuple[str, ...]:
    """What should be looked at in the folds, but what is known already, of all rows say."""
    folds_of: dict[str, list[str]] = {}
    for k, one in enumerate(validated.folds, 1):
        for decision in one.data.decisions:
            if decision.is_warning and decision not in known:
                folds_of.setdefault(decision.sentence, []).append(str(k))
    every = len(validated.folds)
    return tuple(
        Remark(words if len(at) == every else f"fold{'s' * (len(at) > 1)} {joined(at, MOST_NAMED)}: {words}")
        for words, at in folds_of.items()
    )


def fit_folds(
    usable: Usable,
    *,
    folds: int,
    seed: int,
    threads: int,
    prepare_one: Callable[[Dataset, tuple[int, int]], Callable[[], FitResult]],
) -> CrossValidation:
    """Fit a network for each fold, so many folds at once.

    Parameters
    ----------
    usable : Usable
    folds : int
    seed : int
    threads : int
    prepare_one : callable
        Gives what fits a network to the training rows of a dataset, without a warning; it hears which fold of
        how many that is. A dataset is made when its turn comes, in this thread.

    Raises
    ------
    InputError, TableError, DivergenceError
        A fold cannot be fitted; the error says which, the first one that is so.
    KeyboardInterrupt
        Ctrl-C came; it says what was done.
    """

    def fits() -> Iterator[Callable[[], FitResult]]:
        for k, parted in enumerate(all_parted, 1):
            with _named(k, folds):
                share = len(parted.held_out) / usable.table.n_rows
                data = usable.encode(parted, held_out=share, seed=seed)
                yield partial(_of_fold, k, folds, prepare_one(data, (k, folds)))

    try:
        all_parted = usable.part_in_folds(folds=folds, seed=seed)
        refuse_weightless(usable.weights, [parted.held_out for parted in all_parted])
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_done([], folds)) from None
    fitted = train_together(fits(), threads)
    if fitted.was_interrupted:
        raise KeyboardInterrupt(_done(fitted.done, folds))
    return CrossValidation(tuple(fitted.done))


def _of_fold(k: int, folds: int, fit: Callable[[], FitResult]) -> FitResult:
    """Fit one fold."""
    with _named(k, folds):
        return fit()


@contextmanager
def _named(k: int, folds: int) -> Iterator[None]:
    """Let an error say which fold it is of."""
    try:
        yield
    except ChainruleError as error:
        error.advise(f"This is of fold {k} of {folds}.")
        raise


def _done(results: Sequence[FitResult], folds: int) -> str:
    """How far an interrupted cross-validation came."""
    if not results:
        return f"None of the {folds} folds was done."
    figure = CrossValidation(tuple(results)).figures[0]
    values = joined([figure.written(value) for value in figure.of_folds], MOST_NAMED)
    was = "were" if len(results) > 1 else "was"
    return f"{len(results)} of {folds} folds {was} done: {named(figure.name)} {values}."


def _numbered(data: Dataset, rows: Rows) -> Rows:
    """Rows of a dataset's table by their numbers, from 0, in the table that was given."""
    numbering = data.table.columns[0].numbering
    return rows if numbering is None else numbering[rows]


def _main_figure(score: ClassScore | NumberScore | None) -> float:
    """The accuracy or the RMSE; NaN where there is no score."""
    if score is None:
        return math.nan
    return score.accuracy if isinstance(score, ClassScore) else score.rmse


def _is_time(score: ClassScore | NumberScore | None) -> bool:
    return isinstance(score, NumberScore) and score.scored.is_time


def _marked(words: str) -> str:
    """Words with their marks, where they have some, for what they become a part of."""
    return getattr(words, "marked", words)
