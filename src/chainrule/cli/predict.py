"""`chainrule predict`."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import typer

from chainrule.cli.printing import note, print_json, shortened
from chainrule.errors import OutputError
from chainrule.files import load_model, write_file
from chainrule.files.writing import check_writable
from chainrule.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

    from chainrule.models import Predictions

__all__ = ["run"]

OTHER_FORMATS = {".parquet", ".json", ".jsonl", ".ndjson", ".xlsx", ".safetensors"}


def run(model: Path, table: Path, *, out: Path | None, force: bool, as_json: bool) -> None:
    """Predict, and write or print."""
    if out is not None:
        _check_name(out)
        check_writable(out, overwrite=force)
    loaded = load_model(model)
    source = read_table(table)
    for remark in source.remarks:
        note(f"Note: {remark}")
    unused = loaded.table_encoding.unused_columns(source)
    if unused:
        note(f"Note: the model does not use these columns: {shortened(unused)}")
    predictions = loaded.predict(source)
    if out is not None:
        write_file(out, _as_csv(predictions).encode(), overwrite=force)
        note(f"Wrote {predictions.n_rows} predictions to {out}.")
    if as_json:
        print_json(
            {
                "rows": predictions.n_rows,
                "predictions": {
                    name: [_plain(value) for value in column]
                    for name, column in zip(predictions.names, predictions.columns, strict=True)
                },
                "out": str(out) if out else None,
            }
        )
    elif out is None:
        typer.echo(_as_csv(predictions), nl=False)


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
