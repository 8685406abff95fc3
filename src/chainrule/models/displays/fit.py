"""How notebooks show a fit, and one in folds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chainrule.displays import Html, display, folded, paragraph, remark, some_of, table, warning
from chainrule.errors import said
from chainrule.models.displays.model import model_parts
from chainrule.scores import score_parts
from chainrule.tables import report_parts
from chainrule.training.displays.history import history_parts, said_of
from chainrule.training.displays.result import ended
from chainrule.words import counted, told_apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainrule.models.folds import CrossValidation
    from chainrule.models.result import FitResult

__all__ = ["fit_display", "folds_display"]

MOST_FOLDS, MOST_FIGURES, LONGEST_NAME, MOST_SAID = 10, 10, 28, 20
NOT_COMPARED = ".gain says whether a linear model would do as well, and trains one when it is asked for."


def fit_display(result: FitResult) -> str:
    """What came of it, how good it is by rows that it has not seen, and how it came about."""
    return display("Fit", *_fit_parts(result), more=ended(result.training))


def _fit_parts(result: FitResult) -> Iterator[Html]:
    yield from said_of(result.diagnosis)
    if result.unfinished:
        yield warning(f"Interrupted: {counted(len(result.unfinished), 'network')} under way are left out.")
    if result.cross_validation is not None:
        yield from _folds_parts(result.cross_validation)
    elif (score := result.held_out_score) is not None:
        yield paragraph(f"Score of {counted(len(result.data.held_out_rows), 'held-out row')}:")
        yield from score_parts(score, *_compared(result))
        yield from _not_compared(result)
    else:
        yield remark("No rows were held out that could judge the network.")
    of_which = "Losses of the first network" if result.members else "Losses"
    yield folded(of_which, *history_parts(result.history, result.training.best_epoch), is_open=True)
    yield folded("Model", *model_parts(replace(result.model, report=None)), is_open=True)
    yield folded("Table", *report_parts(result.data.report))


def folds_display(validated: CrossValidation) -> str:
    """Figures of the folds, and the score of all their rows."""
    n_folds = counted(len(validated.folds), "fold")
    return display("Cross-validation", *_folds_parts(validated), more=f"{n_folds}, {validated.parting}")


def _folds_parts(validated: CrossValidation) -> Iterator[Html]:
    for words in validated.diagnosis[:MOST_SAID]:
        yield warning(said(words))
    for words in validated.remarks[:MOST_SAID]:
        yield remark(said(words))
    yield _table_of_folds(validated)
    yield paragraph(f"Score of the {counted(len(validated.rows), 'held-out row')} together:")
    yield from score_parts(validated.score, *_compared(validated))
    yield from _not_compared(validated)


def _compared(result: FitResult | CrossValidation) -> tuple[Any, Any]:
    """The linear model's score and the gain, where they are known already: one would have to be trained."""
    known = vars(result)
    return known.get("linear_score"), known.get("gain")


def _not_compared(result: FitResult | CrossValidation) -> Iterator[Html]:
    if "gain" not in vars(result):
        yield paragraph(NOT_COMPARED, small=True)


def _table_of_folds(validated: CrossValidation) -> Html:
    """A line for each fold, the mean and the standard deviation."""
    figures = validated.figures[:MOST_FIGURES]
    heads = ["fold", "learns from", "held out", *told_apart([one.name for one in figures], LONGEST_NAME)]
    rows: list[list[object]] = []
    for k in some_of(len(validated.folds), MOST_FOLDS):
        if k is None:
            rows.append(["…"] * len(heads))
            continue
        data = validated.folds[k].data
        values = (one.written(one.of_folds[k]) for one in figures)
        rows.append([k + 1, len(data.training_rows), len(data.held_out_rows), *values])
    rows.append(["mean", "", "", *(one.written(one.mean) for one in figures)])
    rows.append(["standard deviation", "", "", *(one.written(one.deviation) for one in figures)])
    return table(heads, rows, caption="Folds")
