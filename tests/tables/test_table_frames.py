"""A table is the same table whether it comes from a file or from a frame of any kind."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path  # noqa: TC003 - pytest looks at the annotations
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn import datasets
from table_files import read, refusal, written

from chainrule.tables import choose_encoding, read_table

COLUMNS: dict[str, list[Any]] = {
    "mass": [3750.5, 3800.0, 3250.25, 1e-3],
    "count": [3, 1, -2, 2**40],
    "island": ["Dream", "Biscoe", "Dream", "Torgersen"],
    "wild": [True, False, True, True],
    "species": ["Adelie", "Gentoo", "Gentoo", "Adelie"],
}
FRAME = pd.DataFrame(COLUMNS)


def parquet(frame: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(frame, buffer)
    return buffer.getvalue()


def sources(folder: Path) -> dict[str, Any]:
    categorical = FRAME.assign(island=FRAME["island"].astype("category"))
    return {
        "csv": written(folder, FRAME.to_csv(index=False), "t.csv"),
        "german csv": written(folder, FRAME.to_csv(sep=";", decimal=",", index=False), "g.csv"),
        "csv with index": written(folder, FRAME.to_csv(), "i.csv"),
        "json lines": written(
            folder, FRAME.to_json(orient="records", lines=True, double_precision=15), "t.jsonl"
        ),
        "parquet": written(folder, parquet(pa.table(COLUMNS)), "t.parquet"),
        "pandas": FRAME,
        "pandas categorical": categorical,
        "pandas strings": FRAME.astype(str),
        "polars": pl.DataFrame(COLUMNS),
        "polars categorical": pl.DataFrame(COLUMNS).cast({"island": pl.Categorical}),
        "arrow": pa.table(COLUMNS),
        "arrow chunks": pa.concat_tables([pa.table(COLUMNS).slice(0, 1), pa.table(COLUMNS).slice(1)]),
    }


def test_every_source_gives_the_same_x_and_y(tmp_path: Path) -> None:
    tables = {name: read_table(source) for name, source in sources(tmp_path).items()}
    settings: dict[str, Any] = {"targets": ["species"], "training_rows": [0, 1, 2]}
    reference, _ = choose_encoding(tables["csv"], **settings)
    X, Y = reference.encode_inputs(tables["csv"]), reference.encode_targets(tables["csv"])
    for name, table in tables.items():
        assert table.n_rows == 4, name
        assert table.names == tables["csv"].names, name
        encoding, _ = choose_encoding(table, **settings)
        assert encoding.encode_inputs(table).tobytes() == X.tobytes(), name
        assert reference.encode_inputs(table).tobytes() == X.tobytes(), name
        assert reference.encode_targets(table).tobytes() == Y.tobytes(), name
        assert [part.name for part in encoding.inputs] == [part.name for part in reference.inputs]


def test_the_index_of_a_pandas_frame_is_no_column() -> None:
    table = read_table(FRAME.set_index("species"))
    assert "species" not in table.names
    assert table.remarks == (
        "the frame's index 'species' is no column: left out (reset_index() makes it one)",
    )
    assert read_table(FRAME[FRAME["count"] > 0]).names == tuple(COLUMNS)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "The data frame cannot be read as an Arrow table ("),
        (pd.DataFrame({"a": [1, "x"]}), "The data frame cannot be read as an Arrow table ("),
        (pd.DataFrame({"a": [1j]}), "The data frame cannot be read as an Arrow table ("),
        (
            pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]),
            "the data frame has 2 columns named 'a'",
        ),
        (pd.DataFrame({"a": []}), "the data frame has column names but no rows."),
        (pd.DataFrame(), "the data frame has no column"),
        (pl.DataFrame(), "the data frame has no column"),
    ],
)
def test_frames_that_are_no_tables(frame: object, says: str) -> None:
    assert refusal(lambda: read_table(frame)).startswith(says)


def test_what_is_in_a_frame_but_not_in_use_does_no_harm() -> None:
    odd: dict[str, Any] = {
        "when": [np.datetime64("2024-01-01"), np.datetime64("NaT", "D")],
        "span": [np.timedelta64(1, "D"), np.timedelta64(2, "D")],
        "nothing": [None, None],
        "bytes": [b"x", b"y"],
        "list": [[1], [2]],
        "x": [1, 2],
        "y": [1.5, 2],
    }
    for frame in (
        pd.DataFrame(odd),
        pl.DataFrame({name: odd[name] for name in odd if name not in {"when", "span"}}),
    ):
        table = read_table(frame)
        used = [name for name in table.names if name not in {"x", "y"}]
        assert choose_encoding(table, targets=["y"], inputs=["x"], training_rows=[0, 1])[0].n_inputs == 1
        for name in used:
            refusal(partial(choose_encoding, table, targets=["y"], inputs=[name], training_rows=[0, 1]))


def test_numbered_and_unnamed_columns_of_a_frame() -> None:
    assert read_table(pd.DataFrame([[1.5, 2]])).names == ("0", "1")
    assert read_table(pd.DataFrame([[1.5, 2]], columns=["", "b"])).names == ("unnamed_1", "b")


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes"])
def test_real_tables(tmp_path: Path, name: str) -> None:
    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = bunch.frame
    if name != "diabetes":
        frame["target"] = bunch.target_names[bunch.target]
    table = read(tmp_path, frame.to_csv(index=False))
    assert table.remarks == ()
    encoding, remarks = choose_encoding(table, targets=["target"], training_rows=range(len(frame)))
    assert remarks == ()
    X = encoding.encode_inputs(table)
    numbers = frame.drop(columns="target").to_numpy()
    assert np.allclose(X, (numbers - numbers.mean(0)) / numbers.std(0), rtol=1e-9, atol=1e-9)
    if name == "diabetes":
        assert encoding.classes is None
        assert np.allclose(np.ravel(encoding.decode_outputs(encoding.encode_targets(table))), frame["target"])
    else:
        assert encoding.decode_outputs(encoding.encode_targets(table)) == tuple(frame["target"])


def test_a_table_is_printed_in_short() -> None:
    table = read_table(pd.DataFrame({f"x{k}": range(1000) for k in range(12)}))
    assert repr(table) == (
        "Table(the data frame, 1000 rows, columns 'x0', 'x1', 'x2', 'x3', 'x4', 'x5', 'x6', 'x7', 'x8', 'x9' "
        "and 2 more)"
    )
