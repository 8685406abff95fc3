"""`chainrule fit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from chainrule.cli.naming import in_options
from chainrule.cli.paths import shell_word
from chainrule.cli.printing import (
    note,
    print_json,
    print_report,
    print_rows,
    say,
    score_lines,
    settings_rows,
    training_words,
)
from chainrule.cli.progress import TrainingProgress
from chainrule.cli.remarks import loss_rows, score_remarks
from chainrule.equations import name_of
from chainrule.errors import said
from chainrule.interrupts import exit_code
from chainrule.words import counted, printable

if TYPE_CHECKING:
    from pathlib import Path

    from chainrule.jobs import FitJob, FitOutcome
    from chainrule.models import FitResult

__all__ = ["run"]


def run(job: FitJob, table: Path, *, as_json: bool) -> None:
    """Fit, save and print."""
    with TrainingProgress(table) as face:
        outcome = job.run(face)
    path = printable(str(outcome.path))
    try:
        for one in outcome.result.diagnosis:
            note(f"{'Warning' if one.is_warning else 'Note'}: {said(one.message, in_options)}")
        if as_json:
            print_json(outcome.summary())
        else:
            _print_summary(outcome, table)
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


def _held(outcome: FitOutcome) -> str:
    """Which network the file of an interrupted fit holds."""
    epochs, best = counted(len(outcome.result.history.epochs), "epoch"), outcome.result.training.best_epoch
    if best is None or best == len(outcome.result.history.epochs):
        return f"the network after {epochs}"
    return f"the network of epoch {best}, the best of {epochs}"


def _print_summary(outcome: FitOutcome, table: Path) -> None:
    """What was read, what was trained, how good it is, where it went, what to run next."""
    result = outcome.result
    data, history, record = result.data, result.history, result.model.training
    print_report(data.report)
    print_rows([("Network", _network(result))])
    if record is not None:
        print_rows([("Training", training_words(record, sum(history.seconds))), *settings_rows(record)])
    losses = f"{history.loss_before:.6g} before, {history.loss_after:.6g} after"
    print_rows(loss_rows(losses, data.encoding))
    say()
    if result.held_out_score is None:
        say("No rows were held out: the score below is that of the rows it has learnt from.")
    else:
        held_out = counted(len(data.held_out_rows), "held-out row")
        say(f"Score of the {held_out}, which the network has not seen:")
    score = result.held_out_score or result.training_score
    for line in [*score_lines(score), *score_remarks(score)]:
        say(f"  {line}".rstrip())
    say()
    seen = counted(len(data.training_rows), "training row")
    seen = f"all {counted(data.table.n_rows, 'row')}" if result.held_out_score is None else f"the {seen} only"
    model, source = shell_word(outcome.path), shell_word(table)
    print_rows(
        [
            ("Saved", f"{printable(str(outcome.path))} (has seen {seen})"),
            ("Next", f"chainrule predict {model} {source}"),
            ("", f"chainrule trace {model} {source} --row 1"),
            ("", f"chainrule check {model} {source}"),
        ]
    )


def _network(result: FitResult) -> str:
    """Sizes, activations and number of weights."""
    net = result.model.network
    n_weights = sum(w.size for w in net.weights)
    names = ", ".join(name_of(function) for function in (*net.activations, net.loss))
    return f"{'-'.join(map(str, net.sizes))}, {names}; {n_weights} weights"
