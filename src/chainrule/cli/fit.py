"""`chainrule fit`."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from chainrule.cli.checkpoint import Checkpoint
from chainrule.cli.errors import INTERRUPTED, speaking_of_options
from chainrule.cli.interrupts import at_most_one_interrupt, no_interrupt
from chainrule.cli.paths import output_path, refuse_to_replace, same_file, shell_word
from chainrule.cli.printing import (
    TEXT,
    note,
    print_json,
    print_rows,
    say,
    score_lines,
    score_to_json,
    settings_rows,
    training_words,
)
from chainrule.cli.progress import TrainingProgress
from chainrule.disk import check_writable
from chainrule.equations import name_of
from chainrule.errors import DivergenceError, InputError, TrainingWarning
from chainrule.files import load_model, save
from chainrule.models import FitResult, Plan, plan, plan_of, prepare, prepare_again
from chainrule.models.fitting import diverged_model, fit_dataset
from chainrule.tables import ClassTarget, read_table
from chainrule.training import StoppedBy
from chainrule.words import counted, named, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chainrule.models import Dataset
    from chainrule.tables import Encoding, Table
    from chainrule.training import Progress, TrainingState

__all__ = ["Request", "run"]


USUAL = {"defaults": "modern", "held_out": 0.25, "seed": 0}  # where nothing was typed


@dataclass(frozen=True)
class Request:
    """What was typed."""

    table: Path
    columns: Mapping[str, Sequence[str] | None]
    hidden: str | None
    class_weight: str | None
    defaults: str
    settings: Mapping[str, Any]
    held_out: float
    seed: int
    resume: str | None
    out: str | None
    force: bool
    as_json: bool


def run(request: Request) -> None:
    """Fit, save and print."""
    table = request.table
    path = Path(f"{table.stem or 'model'}.safetensors") if request.out is None else output_path(request.out)
    if not same_file(path, table):
        check_writable(path, overwrite=request.force)
    with speaking_of_options():
        data, chosen, state = _anew(request, path) if request.resume is None else _again(request, path)
        with at_most_one_interrupt():
            result, kept = _trained(data, chosen, path, state)
            with no_interrupt():
                save(result.model, path, overwrite=request.force)
                resumable = kept.finish(result)
    try:
        for one in result.training.diagnosis:
            note(f"Warning: {one.message}")
        if request.as_json:
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
        note(f"Interrupted: {path} holds the network after {counted(epochs, 'epoch')}.")
        note(f"Go on with: chainrule fit {shell_word(table)} --resume {shell_word(resumable)} --force")
        raise typer.Exit(INTERRUPTED)


def _anew(request: Request, path: Path) -> tuple[Dataset, Plan, TrainingState | None]:
    """Table and plan of a training from the beginning."""
    if not request.columns["target"]:
        message = "--target is missing. Give the column to learn, as in --target species."
        raise InputError(message)
    layers, weights = _layers(request.hidden), _class_weight(request.class_weight)
    source = _read(request.table, path)
    named = {role: _listed(values, source.names) for role, values in request.columns.items()}
    data = prepare(
        source,
        target=named["target"] or (),
        inputs=named["inputs"],
        ignore=named["ignore"] or (),
        classes=named["classes"] or (),
        held_out=request.held_out,
        seed=request.seed,
    )
    chosen = plan(
        data,
        defaults=request.defaults,
        hidden=layers,
        class_weight=weights,
        seed=request.seed,
        **request.settings,
    )
    for remark in data.remarks[len(source.remarks) :]:
        note(f"Note: {remark}")
    return data, chosen, None


def _again(request: Request, path: Path) -> tuple[Dataset, Plan, TrainingState | None]:
    """Table and plan of a training that goes on: everything but its end is settled by the checkpoint."""
    settled = {**request.columns, **request.settings, "hidden": request.hidden}
    settled["class_weight"] = request.class_weight
    given = [name for name, value in settled.items() if value is not None and name != "epochs"]
    given += [name for name, usual in USUAL.items() if getattr(request, name) != usual]
    if given:
        option = f"--{given[0].replace('_', '-')}"
        message = (
            f"{option} was given with --resume, which settles it. Leave it out; only --epochs may change."
        )
        raise InputError(message)
    model = load_model(str(request.resume))
    if model.state is None or model.training is None:
        message = (
            f"{request.resume} is no checkpoint of `chainrule fit`, so that there is nothing to go on from. "
            "Give the one that it keeps while it trains and when it is interrupted."
        )
        raise InputError(message)
    chosen = plan_of(model, request.settings["epochs"])
    source = _read(request.table, path)
    return prepare_again(source, model), chosen, model.state


def _read(table: Path, path: Path) -> Table:
    """Table, with what its reader should know said."""
    source = read_table(table)
    refuse_to_replace(path, table, "table")
    for remark in source.remarks:
        note(f"Note: {remark}")
    return source


def _class_weight(text: str | None) -> str | dict[str, float] | None:
    """Weights of classes from what was typed: balanced, or yes=5,no=1."""
    if text is None or "=" not in text:
        return text
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, equals, weight = part.rpartition("=")
        try:
            weights[name.strip()] = float(weight if equals else "")  # "" is no number either
        except ValueError:
            message = f"--class-weight has {part!r} but needs class=number. Try --class-weight yes=5,no=1."
            raise InputError(message) from None
    return weights


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


def _trained(
    data: Dataset, chosen: Plan, path: Path, state: TrainingState | None
) -> tuple[FitResult, Checkpoint]:
    """Train with progress; the last finite network of one that diverges is kept beside the asked-for name."""
    kept = Checkpoint(data, chosen, path.with_name(f"{path.stem}.checkpoint{path.suffix}"))
    try:
        with TrainingProgress() as progress, warnings.catch_warnings():
            warnings.simplefilter("ignore", TrainingWarning)  # said in words of its own

            def show(training: Progress) -> None:
                progress(training)
                kept(training)

            result = fit_dataset(data, chosen, on_epoch=show, on_time=show, every_seconds=0.1, resume=state)
    except DivergenceError as error:
        beside = _unused_name(path)
        save(diverged_model(data, chosen, error), beside, overwrite=False)
        message = f"{error} The last finite network, after {error.epoch - 1} epochs, is kept in {beside}."
        raise DivergenceError(
            message, network=error.network, history=error.history, epoch=error.epoch, rate=error.rate
        ) from error
    return result, kept


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
        "activation": chosen.activation,
        "output": chosen.output,
        "start": chosen.start,
        **settings.to_json(),
        "batch_size": chosen.settings.for_rows(len(data.training_rows)).batch_size,
        "validation": chosen.validation,
        "stopped_by": str(result.stopped_by),
        "epochs_run": len(result.history.epochs),
        "loss_before": result.history.loss_before,
        "loss": result.history.loss_after,
        "best_epoch": result.training.best_epoch,
        "loss_of_epochs": list(result.history.loss),
        "validation_loss_of_epochs": list(result.history.validation_loss),
        "diagnosis": [vars(one) for one in result.training.diagnosis],
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
        print_rows(settings_rows(record, result.model.network))
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
    names = ", ".join(name_of(function) for function in (*net.activations, net.loss))
    return f"{'-'.join(map(str, net.sizes))}, {names}; {n_weights} weights"
