"""`chainrule predict`."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from chainrule.cli.interrupts import no_interrupt
from chainrule.cli.paths import output_path, refuse_to_replace
from chainrule.cli.printing import note, print_json, say
from chainrule.disk import check_writable, write_file
from chainrule.errors import OutputError
from chainrule.files import load_model
from chainrule.tables import read_table
from chainrule.words import shortened

if TYPE_CHECKING:
    from pathlib import Path

    from chainrule.models import Predictions

__all__ = ["run"]

OTHER_FORMATS = {".parquet", ".json", ".jsonl", ".ndjson", ".xlsx", ".safetensors"}


def run(model: Path, table: Path, *, out: str | None, force: bool, as_json: bool) -> None:
    """Predict, and write or print."""
    path = None if out is None else output_path(out)
    if path is not None:
        _check_name(path)
        refuse_to_replace(path, model, "model")
        refuse_to_replace(path, table, "table")
        check_writable(path, overwrite=force)
    loaded = load_model(model)
    source = read_table(table)
    for remark in source.remarks:
        note(f"Note: {remark}")
    unused = loaded.table_encoding.unused_columns(source)
    if unused:
        note(f"Note: the model does not use these columns: {shortened(unused, room=50)}")
    predictions = loaded.predict(source)
    if path is not None:
        with no_interrupt():
            write_file(path, _as_csv(predictions).encode(), overwrite=force)
            note(f"Wrote {predictions.n_rows} predictions to {path}.")
    if as_json:
        print_json(
            {
                "rows": predictions.n_rows,
                "predictions": {
                    name: [_plain(value) for value in column]
                    for name, column in zip(predictions.names, predictions.columns, strict=True)
                },
                "out": str(path) if path else None,
            }
        )
    elif path is None:
        say(_as_csv(predictions), end="")


def _check_name(out: Path) -> None:
    """Refuse a name that promises another format than CSV."""
    if out.suffix.lower() in OTHER_FORMATS:
        message = f"{out} promises {out.suffix} but predictions are written as CSV. Name it {out.stem}.csv."
        raise OutputError(message)


def _plain(value: object) -> object:
    """Label as it is, number as a Python float."""
    return value if isinstance(value, str) else float(value)  # type: ignore[arg-type]


def _as_csv(predictions: Predictions) -> str:
    """Predictions as CSV text; floats keep all their bits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(predictions.names)
    writer.writerows([_plain(value) for value in row] for row in zip(*predictions.columns, strict=True))
    return text.getvalue()
