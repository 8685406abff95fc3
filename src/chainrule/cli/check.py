"""`chainrule check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import typer

from chainrule.cli.printing import note, print_json, say
from chainrule.errors import InputError
from chainrule.files import load_model
from chainrule.inspection import check_gradients
from chainrule.random_streams import Purpose, permutation
from chainrule.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["run"]

FAILED = 1


def run(model: Path, table: Path, *, rows: int, weights: int, seed: int, as_json: bool) -> None:
    """Check, print, and fail where the gradients disagree."""
    if rows < 1:
        message = f"--rows is {rows} but at least one row is needed. Try --rows 200."
        raise InputError(message)
    if weights < 1:
        message = f"--weights is {weights} but at least one weight is needed. Try --weights 1000."
        raise InputError(message)
    loaded = load_model(model)
    source = read_table(table)
    if source.n_rows > rows:
        chosen = np.sort(permutation(source.n_rows, seed=seed, purpose=Purpose.SAMPLE)[:rows])
        note(f"Note: checked on {rows} of {source.n_rows} rows, drawn by seed {seed}; --rows takes more.")
        source = source.take(chosen)
    encoding = loaded.table_encoding
    result = check_gradients(
        loaded.network,
        encoding.encode_inputs(source),
        encoding.encode_targets(source),
        sample=weights,
        seed=seed,
    )
    if as_json:
        print_json({"model": str(model), "table": source.title, **result.to_json()})
    else:
        say(str(result))
    if not result.passed:
        raise typer.Exit(FAILED)
