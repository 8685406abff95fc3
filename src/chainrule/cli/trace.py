"""`chainrule trace`."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from chainrule.cli.printing import LONGEST_LINE, note, print_json, say
from chainrule.errors import InputError
from chainrule.files import load_model
from chainrule.inspection import trace
from chainrule.tables import read_table
from chainrule.words import named

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["run"]

RATE_WITHOUT_TRAINING = 0.1


def run(
    model: Path, table: Path, *, row: int, rate: float | None, digits: int, units: int, as_json: bool
) -> None:
    """Trace one row, and print."""
    loaded = load_model(model)
    source = read_table(table)
    if not 1 <= row <= source.n_rows:
        message = f"--row is {row} but {source.title} has rows 1 to {source.n_rows}. Try --row 1."
        raise InputError(message)
    if units < 1:
        message = f"--units is {units} but at least one unit must be shown. Try --units 8."
        raise InputError(message)
    if rate is None:
        rate = loaded.training.rate if loaded.training else None
    rate = RATE_WITHOUT_TRAINING if rate is None else rate
    one_row = source.take([row - 1])
    encoding = loaded.table_encoding
    X, Y = encoding.encode_inputs(one_row), encoding.encode_targets(one_row)
    step = trace(loaded.network, X[0], Y[0], rate=rate)
    if as_json:
        names = {"inputs": list(encoding.input_names), "outputs": list(encoding.output_names)}
        print_json({"model": str(model), "table": source.title, "row": row, **names, **step.to_json()})
        return
    text = step.text(digits=digits, most=units)
    inputs = ", ".join(f"x_{j} = {named(name)}" for j, name in enumerate(encoding.input_names[:units], 1))
    outputs = ", ".join(f"y_{k} = {named(name)}" for k, name in enumerate(encoding.output_names[:units], 1))
    heading = f"Row {row} of {named(source.title)}, encoded: {inputs}; {outputs}"
    note(textwrap.fill(heading, LONGEST_LINE, subsequent_indent="  ", break_on_hyphens=False))
    say(text)
