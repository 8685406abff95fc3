"""A prediction as a job: a model and a raw table in, the targets of each row out."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.disk import check_writable, write_file
from chainrule.errors import Faults, OutputError
from chainrule.given import path_given, truth
from chainrule.jobs.job import Face, Job, begin, hearing, refuse_to_replace
from chainrule.words import counted, named, printable, shortened

if TYPE_CHECKING:
    from pathlib import Path

    from chainrule.models import Predictions

__all__ = ["PredictionJob", "PredictionOutcome"]

OTHER_FORMATS = {".parquet", ".json", ".jsonl", ".ndjson", ".xlsx", ".safetensors"}


@dataclass(frozen=True)
class PredictionOutcome:
    """Predictions, and the file that they were written to, if any."""

    predictions: Predictions
    path: Path | None

    def summary(self) -> dict[str, Any]:
        """All predictions as plain data."""
        return {
            "rows": len(self.predictions),
            "predictions": {name: list(one.plain()) for name, one in self.predictions.answers.items()},
            "remarks": list(self.predictions.remarks),
            "out": str(self.path) if self.path else None,
        }

    def csv(self) -> str:
        """Predictions as CSV text; floats keep all their bits."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.predictions.names)
        writer.writerows(zip(*(one.texts() for one in self.predictions.answers.values()), strict=True))
        return text.getvalue()


class PredictionJob(Job):
    """Predict the target of each row of a table, and write them as CSV where a path is given.

    Examples
    --------
    >>> PredictionJob("missing.safetensors", "examples/iris.csv").run()
    Traceback (most recent call last):
    chainrule.errors.ModelFileError: There is no file missing.safetensors. ...
    """

    def __init__(
        self,
        model: str | Path,
        table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        *,
        out: str | Path | None = None,
        overwrite: bool = False,
        strict: bool = False,
        interval: float | None = None,
    ) -> None:
        super().__init__()
        self.model, self.table, self.overwrite = model, table, truth(overwrite, "overwrite")
        self.strict, self.interval = truth(strict, "strict"), interval
        self.path = None if out is None else path_given(out, "out")

    def run(self, face: Face | None = None) -> PredictionOutcome:
        """Load, read, predict, write."""
        face = hearing(face)
        faults = Faults()
        with faults:
            if self.path is not None:
                _check_name(self.path)
                refuse_to_replace(self.path, self.model, "model")
                refuse_to_replace(self.path, self.table, "table")
                check_writable(self.path, overwrite=self.overwrite)
        model, source = self._load_and_read(self.model, self.table, face, faults)
        known = {column.name for column in model.report.columns} if model.report else set()
        unused = [name for name in model.table_encoding.unused_columns(source) if name not in known]
        if unused:
            face.note(f"the model does not use these columns: {shortened(unused, room=50)}")
        self.look()
        begin(face, f"predicting {counted(source.n_rows, 'row')}")
        predictions = model.predictions(source, interval=self.interval, strict=self.strict)
        for remark in predictions.remarks:
            face.note(remark)
        outcome = PredictionOutcome(predictions, self.path)
        if self.path is not None:
            begin(face, f"writing {named(str(self.path))}")
            write_file(self.path, outcome.csv().encode(), overwrite=self.overwrite)
        return outcome


def _check_name(out: Path) -> None:
    """Refuse a name that promises another format than CSV."""
    if out.suffix.lower() in OTHER_FORMATS:
        raise OutputError(
            printable(f"{out} promises {out.suffix}"),
            parameter="out",
            given=out,
            needs="predictions are written as CSV",
            advice=f"Name it {printable(out.stem)}.csv.",
        )
