"""Tables whose target has a type of its own, models of them, and what a new process predicts with these."""

from __future__ import annotations

import datetime as dt
import os
import pickle
import sys
import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import chainrule

N = 24
PLACES = [(7 * k) % 3 for k in range(N)]  # of the class of each row
TWO = [place % 2 for place in PLACES]
X = pd.DataFrame(
    {
        "key": [f"{k:03}" for k in range(N)],
        "x": [3.0 * place + k / 100 for k, place in enumerate(PLACES)],
        "z": [3.0 * (place == 1) - k / 100 for k, place in enumerate(PLACES)],
    }
)
INDEX = pd.Index([f"row {k}" for k in range(N)][::-1], name="row")
DAY, ZONE = dt.date(2024, 3, 29), "Europe/Berlin"  # its clock changes two days later
MOMENT = dt.datetime(2024, 3, 29, 12, 30)  # noqa: DTZ001 (a wall clock)


def of(*classes: object) -> list[Any]:
    """The class of each row, of two or three."""
    return [classes[place] for place in (PLACES if len(classes) > 2 else TWO)]


def series(cells: Any, dtype: Any = None) -> pd.DataFrame:  # noqa: ANN401
    return X.assign(y=pd.Series(cells, dtype=dtype)).set_axis(INDEX)


def polars(cells: list[Any], dtype: Any) -> pl.DataFrame:  # noqa: ANN401
    return pl.from_pandas(X).with_columns(pl.Series("y", cells, dtype=dtype))


def arrow(cells: Any, kind: pa.DataType | None = None) -> pa.Table:  # noqa: ANN401
    return pa.Table.from_pandas(X, preserve_index=False).append_column("y", pa.array(cells, kind))


TRUTHS = [place == 0 for place in TWO]
LABELS: dict[str, tuple[Any, list[Any]]] = {  # a table or the cells of a file, and the truth
    "pandas int": (series(of(2, 0, 1)), of(2, 0, 1)),
    "pandas int8": (series(of(0, 1), "int8"), of(0, 1)),
    "pandas float": (series(of(0.5, 1.5)), of(0.5, 1.5)),
    "pandas boolean": (series(TRUTHS), TRUTHS),
    "pandas text": (series(of("b", "a", "c")), of("b", "a", "c")),
    "pandas text of digits": (series(of("2", "10")), of("2", "10")),
    "pandas text of truths": (series(of("True", "False")), of("True", "False")),
    "pandas object": (series(of("b", "a"), object), of("b", "a")),
    "pandas objects of several types": (series(of("b", 1), object), of("b", "1")),
    "pandas category": (series(of("b", "a", "c"), "category"), of("b", "a", "c")),
    "pandas ordered category": (
        series(of("low", "high", "mid"), pd.CategoricalDtype(["low", "mid", "high", "top"], ordered=True)),
        of("low", "high", "mid"),
    ),
    "pandas category of numbers": (
        series(of(30, 4, 100), pd.CategoricalDtype([100, 4, 30, 7], ordered=True)),
        of(30, 4, 100),
    ),
    "pandas Int64": (series(of(2, 1), "Int64"), of(2, 1)),
    "pandas nullable boolean": (series(TRUTHS, "boolean"), TRUTHS),
    "pandas string": (series(of("1", "2"), "string"), of("1", "2")),
    "pandas int16[pyarrow]": (series(of(2, 1), "int16[pyarrow]"), of(2, 1)),
    "polars Enum": (polars(of("b", "a"), pl.Enum(["b", "z", "a"])), of("b", "a")),
    "polars Categorical": (polars(of("b", "a"), pl.Categorical), of("b", "a")),
    "polars Boolean": (polars(TRUTHS, pl.Boolean), TRUTHS),
    "polars UInt16": (polars(of(7, 5, 6), pl.UInt16), of(7, 5, 6)),
    "Arrow dictionary": (arrow(pa.array(of("b", "a")).dictionary_encode()), of("b", "a")),
    "Arrow decimal": (arrow(of(Decimal("1.50"), Decimal("0.25"))), of(Decimal("1.5"), Decimal("0.25"))),
    "Arrow date": (arrow(of(DAY, dt.date(2023, 1, 2))), of(DAY, dt.date(2023, 1, 2))),
    "CSV integers": (of("2", "0", "1"), of(2, 0, 1)),
    "CSV floats": (of("0.5", "1.50"), of(0.5, 1.5)),
    "CSV truths": (of("True", "FALSE"), TRUTHS),
    "CSV codes": (of("007", "010"), of("007", "010")),
    "CSV answers": (of("yes", "no"), of("yes", "no")),
    "CSV words": (of("b", "a", "c"), of("b", "a", "c")),
}  # fmt: skip
DAYS = [DAY + dt.timedelta(days=k) for k in range(N)]
MOMENTS = [MOMENT + dt.timedelta(hours=5 * k) for k in range(N)]
ROWS = list(range(N))
VALUES: dict[str, tuple[Any, list[Any]]] = {  # that are learnt as numbers
    "pandas float32": (series(ROWS, "float32"), ROWS),
    "pandas nullable integers": (series(ROWS, "Int64"), ROWS),
    "pandas datetime": (series(MOMENTS, "datetime64[ns]"), MOMENTS),
    "pandas datetime with a zone": (series(pd.Series(MOMENTS).dt.tz_localize(ZONE)), MOMENTS),
    "pandas timedelta": (series(pd.to_timedelta(ROWS, unit="h")), [dt.timedelta(hours=k) for k in ROWS]),
    "polars Date": (polars(DAYS, pl.Date), DAYS),
    "Arrow decimals": (arrow([Decimal(k) / 4 for k in ROWS]), [k / 4 for k in ROWS]),
    "Arrow timestamp": (arrow(MOMENTS, pa.timestamp("ms")), MOMENTS),
    "CSV dates": ([f"{day.day}.{day.month}.{day.year}" for day in DAYS], DAYS),
}
LINE = X.assign(x=[k / 10 for k in range(N)], z=[(k % 3) / 10 for k in range(N)])
CONTAINERS = ("pandas", "polars", "Arrow", "CSV")
FULL_SUITE = bool(os.environ.get("FULL_SUITE"))
# Of each case two containers, of another case the next two: each type of a target meets each of them.
FROM = {
    name: tuple(one for k, one in enumerate(CONTAINERS) if FULL_SUITE or (k - place) % 4 < 2)
    for place, name in enumerate([*LABELS, *VALUES])
}


def learnt(name: str, folder: Path) -> Any:  # noqa: ANN401 (a frame, or a path)
    """The table of a case, as its model learnt it."""
    given, _ = {**LABELS, **VALUES}[name]
    if not isinstance(given, list):
        return given if name in LABELS else with_line(given)
    path = folder / f"{name}.csv"
    (X if name in LABELS else LINE).assign(y=given).to_csv(path, index=False)
    return path


def with_line(given: Any) -> Any:  # noqa: ANN401 (any frame)
    """The same target beside numbers that it follows from."""
    if isinstance(given, pd.DataFrame):
        return LINE.set_axis(given.index).assign(y=given["y"])
    if isinstance(given, pl.DataFrame):
        return pl.from_pandas(LINE).with_columns(given["y"])
    return pa.Table.from_pandas(LINE, preserve_index=False).append_column("y", given["y"])


def rows_in(container: str, name: str, folder: Path) -> Any:  # noqa: ANN401 (a frame, or a path)
    """Rows to predict, without the target."""
    frame = X if name in LABELS else LINE
    if container == "polars":
        return pl.from_pandas(frame)
    if container == "Arrow":
        return pa.Table.from_pandas(frame, preserve_index=False)
    if container == "CSV":
        frame.to_csv(folder / "rows.csv", index=False)
        return folder / "rows.csv"
    return frame.set_axis(INDEX)


def fit(name: str, folder: Path) -> chainrule.Model:
    """A model that is right on its own rows: a straight line, or three classes that lie apart."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that few rows are all learnt
        more: dict[str, Any] = {"classes": "y"} if name in LABELS else {}
        return chainrule.fit(
            learnt(name, folder), target="y", id="key", hidden=(), rule="lbfgs", epochs=20, held_out=0, **more
        ).model


def main(folder: Path) -> None:
    """Predict with every model in a folder, from every container, and write what came back."""
    found = {}
    for name in [*LABELS, *VALUES]:
        model = chainrule.load_model(folder / f"{name}.st")
        for container in FROM[name]:
            predictions = model.predict(rows_in(container, name, folder))
            found[name, container] = {
                "answers": predictions["y"],
                "all": np.asarray(predictions),
                "classes": predictions.classes,
                "probabilities": predictions.probabilities,
                "remarks": predictions.remarks,
                "pandas": predictions.to_pandas(),
                "arrow": pa.table(predictions),
            }
    (folder / "found.pickle").write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
