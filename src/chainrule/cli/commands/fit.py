"""`chainrule fit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from chainrule.cli.members import beside_members, members_rows, network_rows
from chainrule.cli.naming import in_options
from chainrule.cli.paths import shell_word
from chainrule.cli.plots import NO_PICTURE
from chainrule.cli.printing import (
    MOST_LINES,
    TEXT,
    calibration_rows,
    note,
    print_json,
    print_report,
    print_rows,
    recipe_rows,
    say,
    settings_rows,
    training_rows,
)
from chainrule.cli.progress import TrainingProgress
from chainrule.cli.remarks import loss_rows
from chainrule.errors import said
from chainrule.interrupts import exit_code
from chainrule.network import members_of
from chainrule.scores import score_lines
from chainrule.words import counted, printable

if TYPE_CHECKING:
    from pathlib import Path

    from chainrule.cli.plots import Plotting
    from chainrule.jobs import FitJob, FitOutcome
    from chainrule.models import CrossValidation

__all__ = ["run"]


def run(job: FitJob, table: Path, picture: Plotting = NO_PICTURE, *, as_json: bool) -> None:
    """Fit, save, print, and draw where that was asked for."""
    with TrainingProgress(table) as face:
        outcome = job.run(face)
    path = printable(str(outcome.path))
    try:
        validated = outcome.result.cross_validation
        for words in () if validated is None else validated.diagnosis:
            note(f"Warning: {said(words, in_options)}")
        for one in outcome.result.diagnosis:
            note(f"{'Warning' if one.is_warning else 'Note'}: {said(one.message, in_options)}")
        _tell(outcome, table, picture, as_json=as_json)
    except (BrokenPipeError, KeyboardInterrupt):  # nobody reads on, or there is no time to
        if not outcome.was_interrupted:
            raise
    except OSError:
        note(f"{path} holds the trained network, but its summary cannot be printed.")
        if not outcome.was_interrupted:
            raise
    if outcome.was_interrupted:
        note(f"Interrupted: {path} holds {_held(outcome)}.")
        if outcome.checkpoint is not None:
            from_there = f"--resume {shell_word(outcome.checkpoint)} --out {shell_word(outcome.path)} --force"
            note(f"Go on with: chainrule fit {shell_word(table)} {from_there}")
        raise typer.Exit(exit_code())


def _tell(outcome: FitOutcome, table: Path, picture: Plotting, *, as_json: bool) -> None:
    """Print the summary, whatever becomes of the picture."""
    drawn: dict[str, str] = {}
    if not as_json:
        _print_summary(outcome, table)
        picture.say(_drawn(outcome, picture))
        return
    try:
        drawn = _drawn(outcome, picture)
    finally:
        print_json(outcome.summary() | drawn)


def _drawn(outcome: FitOutcome, picture: Plotting) -> dict[str, str]:
    """Draw the fit, where it was asked for and there is time; where the picture is."""
    if outcome.was_interrupted:
        return {}
    return picture.draw(outcome.result, f"How {printable(str(outcome.path))} was fitted, and how good it is")


def _held(outcome: FitOutcome) -> str:
    """Which network the file of an interrupted fit holds."""
    result = outcome.result
    if outcome.settings.recipe is not None:
        networks = counted(len(members_of(result.model.network)), "network")
        return f"{networks} of the recipe as far as they came, and nothing is chosen of them"
    if result.members:
        asked, n = outcome.settings.ensemble, len(result.members)
        if not all(str(one.stopped_by) == "interrupt" for one in result.members):
            return f"the {counted(n, 'network')} of {asked} that were complete"
        return f"{counted(n, 'network')} of {asked}, none of them complete, as far as they came"
    epochs, best = counted(len(outcome.result.history.epochs), "epoch"), outcome.result.training.best_epoch
    if best is None or best == len(outcome.result.history.epochs):
        return f"the network after {epochs}"
    return f"the network of epoch {best}, the best of {epochs}"


def _print_summary(outcome: FitOutcome, table: Path) -> None:
    """What was read, what was trained, how good it is, where it went, what to run next."""
    result = outcome.result
    history, record = result.history, result.model.training
    print_report(result.data.report)
    print_rows([*network_rows(result.model.network), *members_rows(result.model)])
    if record is not None:
        print_rows(
            [
                *recipe_rows(record, outcome.no_recipe),
                *training_rows(record, sum(history.seconds), outcome.n_watched),
                *settings_rows(record, result.data.encoding),
            ]
        )
    of_first = ", of the first network" * bool(result.members)
    losses = f"{history.loss_before:.6g} before, {history.loss_after:.6g} after{of_first}"
    print_rows(loss_rows(losses, result.data.encoding))
    print_rows(calibration_rows(result.model.calibration))
    _print_score(outcome)
    say()
    model, source = shell_word(outcome.path), shell_word(table)
    print_rows(
        [
            *_saved(printable(str(outcome.path)), f"({_seen(outcome)})"),
            ("Next", f"chainrule predict {model} {source}"),
            ("", f"chainrule trace {model} {source} --row {result.data.table.columns[0].row(0)}"),
            ("", f"chainrule check {model} {source}"),
        ]
    )


def _print_score(outcome: FitOutcome) -> None:
    """Score of rows that were held out, of all folds or of one split; or of those that were learnt from."""
    result = outcome.result
    validated = result.cross_validation
    if validated is not None:
        _print_folds(validated, compared=not outcome.was_interrupted)
        return
    say()
    if result.held_out_score is None:
        what = "has seen, to learn from or to watch" if outcome.n_watched else "has learnt from"
        say(f"No rows were held out: the score below is that of the rows it {what}.")
    else:
        held_out = counted(len(result.data.held_out_rows), "held-out row")
        say(f"Score of the {held_out}, which the network has not seen:")
    for line in [*_score(outcome), *beside_members(outcome.result.scores_of_members)]:
        say(f"  {line}".rstrip())


def _print_folds(validated: CrossValidation, *, compared: bool) -> None:
    """Score of each fold, and of all together, beside linear models where there is time to train these."""
    print_rows([("Folds", f"{len(validated.folds)}, {validated.parting}")])
    print_rows(("", line) for line in validated.lines(MOST_LINES))
    say()
    held_out = counted(len(validated.rows), "held-out row")
    say(f"Score of the {held_out}, each predicted by the network that has not seen it:")
    beside = (validated.linear_score, validated.gain) if compared else ()
    for line in score_lines(validated.score, *beside):
        say(f"  {line}".rstrip())


def _saved(path: str, seen: str) -> list[tuple[str, str]]:
    """Where the model is, and what it has seen; in two lines where one has no room for both."""
    if len(path) + 1 + len(seen) <= TEXT:
        return [("Saved", f"{path} {seen}")]
    return [("Saved", path), ("", seen)]


def _seen(outcome: FitOutcome) -> str:
    """What the saved network has learnt from."""
    n_rows = len(outcome.result.data.training_rows)
    if outcome.result.held_out_score is not None:
        return f"has seen the {counted(n_rows, 'training row')} only"
    score = "; the score is that of the folds' networks" if outcome.result.cross_validation else ""
    return f"has {'seen' if outcome.n_watched else 'learnt from'} all {counted(n_rows, 'row')}{score}"


def _score(outcome: FitOutcome) -> list[str]:
    """Score of the held-out rows beside a linear model, which an interrupted fit has no time to train."""
    result = outcome.result
    if result.held_out_score is None:
        return score_lines(result.training_score, intervals=False)
    if outcome.was_interrupted:
        return score_lines(result.held_out_score)
    return score_lines(result.held_out_score, result.linear_score, result.gain)
