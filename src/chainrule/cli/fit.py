"""`chainrule fit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from chainrule.cli.errors import INTERRUPTED
from chainrule.cli.interrupts import at_most_one_interrupt, no_interrupt
from chainrule.cli.paths import output_path, refuse_to_replace, same_file, shell_word
from chainrule.cli.printing import (
    TEXT,
    named,
    note,
    print_json,
    print_rows,
    say,
    score_lines,
    score_to_json,
    settings_words,
    shortened,
    training_words,
)
from chainrule.cli.progress import TrainingProgress
from chainrule.errors import DivergenceError, InputError
from chainrule.files import save
from chainrule.files.writing import check_writable
from chainrule.models import FitResult, prepare
from chainrule.models.fitting import Plan, diverged_model, fit_dataset, plan
from chainrule.tables import ClassTarget, read_table
from chainrule.training import StoppedBy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chainrule.models import Dataset
    from chainrule.tables import Encoding

__all__ = ["run"]


def run(
    table: Path,
    *,
    columns: Mapping[str, Sequence[str] | None],
    hidden: str | None,
    settings: Mapping[str, Any],
    held_out: float,
    seed: int,
    out: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Fit, save and print."""
    path = Path(f"{table.stem or 'model'}.safetensors") if out is None else output_path(out)
    if not same_file(path, table):
        check_writable(path, overwrite=force)
    layers = _layers(hidden)
    source = read_table(table)
    refuse_to_replace(path, table, "table")
    for remark in source.remarks:
        note(f"Note: {remark}")
    named = {role: _listed(values, source.names) for role, values in columns.items()}
    data = prepare(
        source,
        target=named["target"] or (),
        inputs=named["inputs"],
        ignore=named["ignore"] or (),
        classes=named["classes"] or (),
        held_out=held_out,
        seed=seed,
    )
    chosen = plan(data, hidden=layers, seed=seed, **settings)
    for remark in data.remarks[len(source.remarks) :]:
        note(f"Note: {remark}")
    with at_most_one_interrupt():
        result = _trained(data, chosen, path)
        with no_interrupt():
            save(result.model, path, overwrite=force)
    try:
        if as_json:
            print_json(_summary(result, chosen, path))
        else:
            _print_summary(result, table, path)
    except KeyboardInterrupt:
        note(f"Interrupted: {path} holds the trained network.")
        raise typer.Exit(INTERRUPTED) from None
    except OSError:
        note(f"{path} holds the trained network, but its summary cannot be printed.")
        raise
    if result.stopped_by is StoppedBy.INTERRUPT:
        epochs = len(result.history.epochs)
        note(f"Interrupted: {path} holds the network after {epochs} epoch{'' if epochs == 1 else 's'}.")
        raise typer.Exit(INTERRUPTED)


def _layers(hidden: str | None) -> tuple[int, ...] | None:
    """Units of the hidden layers from what was typed: 8, or 16,8, or none."""
    if hidden is None:
        return None
    if hidden.strip().lower() == "none":
        return ()
    parts = hidden.split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        message = (
            f"--hidden is {hidden!r} but must be whole numbers above 0, one for each hidden layer. "
            "Try --hidden 8, or --hidden 16,8, or --hidden none for a network without hidden layers."
        )
        raise InputError(message)
    return tuple(int(part) for part in parts)


def _listed(values: Sequence[str] | None, names: Sequence[str]) -> list[str] | None:
    """Column names from what was typed: one that exists as it is, else names separated by commas."""
    if values is None:
        return None
    listed: list[str] = []
    for value in values:
        listed += [value] if value in names else [part.strip() for part in value.split(",")]
    return listed


def _trained(data: Dataset, chosen: Plan, path: Path) -> FitResult:
    """Train with progress; the last finite network of one that diverges is kept beside the asked-for name."""
    try:
        with TrainingProgress(chosen.settings.epochs) as progress:
            return fit_dataset(data, chosen, progress)
    except DivergenceError as error:
        kept = _unused_name(path)
        save(diverged_model(data, chosen, error), kept, overwrite=False)
        message = f"{error} The last finite network, after {error.epoch - 1} epochs, is kept in {kept}."
        raise DivergenceError(
            message, network=error.network, history=error.history, epoch=error.epoch, rate=error.rate
        ) from error


def _unused_name(path: Path) -> Path:
    """Name beside the asked-for one that no file has."""
    candidate, number = path.with_name(f"{path.stem}.diverged{path.suffix}"), 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.stem}.diverged-{number}{path.suffix}")
    return candidate


def _summary(result: FitResult, chosen: Plan, path: Path) -> dict[str, Any]:
    """Everything that the printed summary tells, and the loss of every epoch."""
    data, settings = result.data, chosen.settings
    return {
        "table": data.table.title,
        "rows": data.table.n_rows,
        "training_rows": len(data.training_rows),
        "held_out_rows": len(data.held_out_rows),
        "inputs": [column.name for column in data.encoding.inputs],
        "targets": list(data.encoding.target_names),
        "classes": list(data.encoding.classes) if data.encoding.classes else None,
        "remarks": list(data.remarks),
        "network": repr(result.model.network),
        "sizes": list(result.model.network.sizes),
        "hidden": list(chosen.hidden),
        "start": chosen.start,
        "rate": settings.rate,
        "epochs": settings.epochs,
        "batch_size": settings.batch_size,
        "loss_goal": settings.loss_goal,
        "seed": settings.seed,
        "stopped_by": str(result.stopped_by),
        "epochs_run": len(result.history.epochs),
        "loss_before": result.history.loss_before,
        "loss": result.history.loss_after,
        "loss_of_epochs": list(result.history.loss),
        "seconds": sum(result.history.seconds),
        "training_score": score_to_json(result.training_score),
        "held_out_score": score_to_json(result.held_out_score),
        "model": str(path),
    }


def _print_summary(result: FitResult, table: Path, path: Path) -> None:
    """What was read, what was trained, how good it is, where it went, what to run next."""
    data, history, record = result.data, result.history, result.model.training
    print_rows([("Read", f"{named(data.table.title)}: {data.table.n_rows} rows"), *_columns(data.encoding)])
    print_rows([("Network", _network(result))])
    if record is not None:
        print_rows([("Training", training_words(record, sum(history.seconds)))])
        print_rows([("Settings", settings_words(record, result.model.network.sizes[1:-1]))])
    losses = f"{history.loss_before:.6g} before, {history.loss_after:.6g} after"
    print_rows([("Loss", f"{losses} (mean over the training rows)")])
    say()
    if result.held_out_score is None:
        say("No rows were held out: the score below is that of the rows it has learnt from.")
    else:
        say(f"Score of the {len(data.held_out_rows)} held-out rows, which the network has not seen:")
    for line in score_lines(result.held_out_score or result.training_score):
        say(f"  {line}".rstrip())
    say()
    model, source = shell_word(path), shell_word(table)
    print_rows(
        [
            ("Saved", f"{path} (has seen the {len(data.training_rows)} training rows only)"),
            ("Next", f"chainrule predict {model} {source}"),
            ("", f"chainrule trace {model} {source} --row 1"),
            ("", f"chainrule check {model} {source}"),
        ]
    )


def _columns(encoding: Encoding) -> list[tuple[str, str]]:
    """Inputs and targets in words."""
    names = [column.name for column in encoding.inputs]
    count = f"{len(names)}: "
    inputs = ("Inputs", count + shortened(names, TEXT - len(count)))
    first = encoding.targets[0]
    if isinstance(first, ClassTarget):
        begin = f"{named(first.name)}, {len(first.classes)} classes: "
        return [inputs, ("Target", begin + shortened(first.classes, TEXT - len(begin)))]
    if len(encoding.targets) == 1:
        return [inputs, ("Target", f"{named(first.name)}, a number")]
    begin = f"{len(encoding.targets)} numbers: "
    return [inputs, ("Targets", begin + shortened(encoding.target_names, TEXT - len(begin)))]


def _network(result: FitResult) -> str:
    """Sizes, activations and number of weights."""
    net = result.model.network
    n_weights = sum(w.size for w in net.weights)
    return (
        f"{'-'.join(map(str, net.sizes))}, {', '.join(g.name for g in net.activations)}; {n_weights} weights"
    )
