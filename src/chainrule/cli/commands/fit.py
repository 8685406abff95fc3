"""`chainrule fit`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import typer

from chainrule.cli.members import beside_members, members_rows, network_rows
from chainrule.cli.naming import in_options
from chainrule.cli.paths import shell_word
from chainrule.cli.plots import NO_PICTURE
from chainrule.cli.printing import (
    MOST_LINES,
    calibration_rows,
    note,
    print_commands,
    print_json,
    print_lines,
    print_report,
    print_rows,
    recipe_rows,
    say,
    settings_rows,
    training_rows,
)
from chainrule.cli.remarks import loss_rows
from chainrule.cli.terminal import can_show, is_terminal, note_command, width_of
from chainrule.cli.terminal.curve import loss_curve
from chainrule.cli.terminal.progress import TrainingProgress
from chainrule.errors import OutputError, said
from chainrule.interrupts import exit_code
from chainrule.lines import LABEL, NARROW, WIDTH, span, wrapped
from chainrule.network import members_of
from chainrule.scores import score_lines
from chainrule.words import counted, printable

if TYPE_CHECKING:
    from pathlib import Path

    from chainrule.cli.plots import Plotting
    from chainrule.jobs import FitJob, FitOutcome
    from chainrule.models import CrossValidation

__all__ = ["run"]

WITHOUT_BRAILLE = {"linux", "dumb"}  # terminals whose letters have no such signs


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
    except OSError as error:
        if not isinstance(error, OutputError):  # that of the picture, which costs no summary
            note(f"{path} holds the trained network, but its summary cannot be printed.")
        if not outcome.was_interrupted:
            raise
    if outcome.was_interrupted:
        note(f"Interrupted: {path} holds {_held(outcome)}.")
        if outcome.checkpoint is not None:
            checkpoint, path_again = shell_word(outcome.checkpoint), shell_word(outcome.path)
            command = [f"chainrule fit {shell_word(table)}", f"--resume {checkpoint}"]
            note_command("Go on with", [*command, f"--out {path_again}", "--force"])
        raise typer.Exit(exit_code())


def _tell(outcome: FitOutcome, table: Path, picture: Plotting, *, as_json: bool) -> None:
    """Print the summary, and draw the fit, where that was asked for and there is time."""

    def tell(drawn: dict[str, str]) -> None:
        if as_json:
            print_json(outcome.summary() | drawn)
            return
        _print_summary(outcome, table)
        picture.say(drawn)

    if outcome.was_interrupted:
        tell({})
        return
    words = f"How {printable(str(outcome.path))} was fitted, and how good it is"
    picture.beside(tell, outcome.result, words)


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
    _print_curve(outcome)
    say()
    _print_saved(printable(str(outcome.path)), f"({_seen(outcome)})")
    model, source = shell_word(outcome.path), shell_word(table)
    row = f"--row {result.data.table.columns[0].row(0)}"
    commands = [[f"chainrule {name}", model, source] for name in ("predict", "trace", "check")]
    commands[1].append(row)
    print_commands("Next", commands)


def _print_curve(outcome: FitOutcome) -> None:
    """Draw how the loss fell, where somebody looks."""
    if not is_terminal(sys.stdout):
        return
    result, whose = outcome.result, ""
    if outcome.settings.recipe is not None:
        whose = " of one network of the recipe, which was trained longest"
    elif result.members:
        whose = " of the first network"
    elif result.cross_validation is not None:
        whose = " of the network of all rows"
    history, room = result.history, width_of(sys.stdout) - 2
    is_plain = os.environ.get("TERM") in WITHOUT_BRAILLE or not can_show("⠿│")
    title, lines = loss_curve(history.loss, history.validation_loss, room, of=whose, plain=is_plain)
    if lines:
        say()
        print_lines(title, lines)


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
        title = f"No rows were held out: the score below is that of the rows it {what}."
    else:
        held_out = counted(len(result.data.held_out_rows), "held-out row")
        title = f"Score of the {held_out}, which the network has not seen:"
    room = width_of(sys.stdout) - 2
    print_lines(title, [*_score(outcome, room), *beside_members(outcome.result.scores_of_members, room)])


def _print_folds(validated: CrossValidation, *, compared: bool) -> None:
    """Score of each fold, and of all together, beside linear models where there is time to train these."""
    print_rows([("Folds", f"{len(validated.folds)}, {validated.parting}")])
    width = width_of(sys.stdout)
    margin = " " * LABEL if width >= NARROW else "  "
    for line in validated.lines(MOST_LINES, min(width, WIDTH) - len(margin)):
        say(f"{margin}{line}".rstrip())
    say()
    held_out = counted(len(validated.rows), "held-out row")
    beside = (validated.linear_score, validated.gain) if compared else ()
    title = f"Score of the {held_out}, each predicted by the network that has not seen it:"
    print_lines(title, score_lines(validated.score, *beside, width=width - 2))


def _print_saved(path: str, seen: str) -> None:
    """Print where the model is, and what it has seen; the path is never broken, so that it can be copied."""
    width = width_of(sys.stdout)
    if LABEL + span(path) + 1 + span(seen) <= width:
        print_rows([("Saved", f"{path} {seen}")])
    elif LABEL + span(path) <= width:
        print_rows([("Saved", path), ("", seen)])
    else:
        say("Saved", bold=len("Saved"))
        say(f"  {path}")
        for line in wrapped(seen, width, first="  ", rest="  "):
            say(line)


def _seen(outcome: FitOutcome) -> str:
    """What the saved network has learnt from."""
    n_rows = len(outcome.result.data.training_rows)
    if outcome.result.held_out_score is not None:
        return f"has seen the {counted(n_rows, 'training row')} only"
    score = "; the score is that of the folds' networks" if outcome.result.cross_validation else ""
    return f"has {'seen' if outcome.n_watched else 'learnt from'} all {counted(n_rows, 'row')}{score}"


def _score(outcome: FitOutcome, width: int) -> list[str]:
    """Score of the held-out rows beside a linear model, which an interrupted fit has no time to train."""
    result = outcome.result
    if result.held_out_score is None:
        return score_lines(result.training_score, intervals=False, width=width)
    if outcome.was_interrupted:
        return score_lines(result.held_out_score, width=width)
    return score_lines(result.held_out_score, result.linear_score, result.gain, width=width)
