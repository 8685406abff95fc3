"""How notebooks show a model: its network, how that came about, and what it makes of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.displays import Html, display, facts, folded, paragraph, some_of, table
from chainrule.network import Ensemble, ensemble_parts, network_parts
from chainrule.tables import encoding_parts, report_parts
from chainrule.words import counted, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainrule.models.model import Model
    from chainrule.models.record import TrainingRecord
    from chainrule.network import Network

__all__ = ["model_display", "model_parts", "network_with_names"]

MOST_TARGETS, MOST_MIXED = 5, 12


def model_display(model: Model) -> str:
    """A model alone."""
    encoding = model.encoding
    targets = "" if encoding is None else f"of {joined(encoding.target_names, MOST_TARGETS)}"
    return display("Model", *model_parts(model), more=targets)


def model_parts(model: Model) -> Iterator[Html]:
    """Its network with the names of inputs and outputs; the rest is folded."""
    record, encoding = model.training, model.encoding
    names = ((), ()) if encoding is None else (encoding.input_names, encoding.output_names)
    yield from network_with_names(model.network, *names)
    if record is not None:
        yield from _of_record(record)
    if model.calibration is not None:
        rows = ", by rows that were not learnt from"
        yield paragraph(f"Calibrated{rows}: probabilities have a temperature, and numbers intervals.")
    if model.states:
        yield paragraph(f"A checkpoint: {counted(len(model.states), 'training')} can go on.")
    if encoding is not None:
        yield folded("Encoding", *encoding_parts(encoding))
    if model.report is not None:
        yield folded("Table that it was fitted to", *report_parts(model.report))


def network_with_names(
    network: Network | Ensemble, inputs: Sequence[str], outputs: Sequence[str]
) -> Iterator[Html]:
    """A network, or several that answer as one."""
    if isinstance(network, Ensemble):
        yield from ensemble_parts(network.members, network.weights, inputs, outputs)
    else:
        yield paragraph(repr(network))
        yield from network_parts(network, inputs, outputs)


def _of_record(record: TrainingRecord) -> Iterator[Html]:
    """How the network came about."""
    best = None if record.best_epoch is None else f"; the network is that of epoch {record.best_epoch}"
    n_epochs = f"{counted(record.epochs_run, 'epoch')}, stopped by {record.stopped_by.replace('_', ' ')}"
    pairs: list[tuple[str, object]] = [
        ("Trained on", counted(record.n_training_rows, "row")),
        ("Training", f"{n_epochs}{best or ''}"),
        ("Final loss", f"{record.final_loss:.6g}"),
        ("Rule", f"{record.rule}{'' if record.rate is None else f', rate {record.rate:g}'}"),
        ("Seed", record.seed),
        ("Recipe", record.recipe),
    ]
    yield facts(pairs)
    rows = [
        ["…"] * 3
        if k is None
        else [record.choice[k][0], f"{100 * record.choice[k][1]:.4g} %", f"{record.choice[k][2]:.4g}"]
        for k in some_of(len(record.choice), MOST_MIXED)
    ]
    heads = ["candidate", "share", "squared error"]
    yield folded("What the recipe has mixed", table(heads, rows, caption="What the recipe has mixed"))
