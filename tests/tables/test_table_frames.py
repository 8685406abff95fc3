"""A table is the same table whether it comes from a file or from a frame of any kind."""

from __future__ import annotations

import datetime as dt
import io
import warnings
from functools import partial
from pathlib import Path  # noqa: TC003 - pytest looks at the annotations
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather, orc
from sklearn import datasets
from table_files import chosen, read, refusal, written

from chainrule.models import prepare
from chainrule.tables import read_table

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
    reference = chosen(tables["csv"], "species", [0, 1, 2]).encoding
    X, Y = reference.encode_inputs(tables["csv"]), reference.encode_targets(tables["csv"])
    for name, table in tables.items():
        assert table.n_rows == 4, name
        assert table.names == tables["csv"].names, name
        encoding = chosen(table, "species", [0, 1, 2]).encoding
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
        (pl.Series([1, 2]), "The data frame cannot be read as an Arrow table ("),
        ({"a": [1, 2], "b": [1]}, "The column 'a' has 2 cells but the column 'b' has 1."),
        ({"a": 1}, "The data frame cannot be read as an Arrow table ("),
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
        assert chosen(table, "y", [0, 1], inputs="x").encoding.n_inputs == 1
        for name in ("nothing", "bytes", "list"):
            assert "is left to learn from" in refusal(partial(chosen, table, "y", [0, 1], inputs=name))


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]),
        [{"a": 1, " a": 2}],
    ],
)
def test_names_that_are_there_twice(frame: object) -> None:
    table = read_table(frame)
    assert table.names == ("a", "a_2")
    assert [column.cells.to_pylist() for column in table.columns] == [[1], [2]]


def test_columns_of_mixed_objects_become_text() -> None:
    frame = pd.DataFrame(
        {
            "mixed": [5, "x", 2.0, True, None, pd.NA, float("nan"), 2**70],
            "numbers": [1, 2.5, None, 2, 3, 4, 5, 6],
            "times": [
                dt.date(2024, 2, 29),
                "x",
                dt.time(1),
                pd.Timestamp("2024-01-01 12:00"),
                pd.NaT,
                1,
                2,
                3,
            ],
            "objects": [object(), 1, 2, 3, 4, 5, 6, None],
            "lists": [[1], "x", None, 1, 2, 3, 4, 5],
            "complex": [1j] * 8,
            "big": [2**70] * 8,
        },
        dtype=object,
    )
    table = read_table(frame)
    found = {column.name: column.cells.to_pylist() for column in table.columns}
    assert found["mixed"] == ["5", "x", "2", "true", None, None, None, "1180591620717411303424"]
    assert found["numbers"] == [1, 2.5, None, 2, 3, 4, 5, 6]
    assert found["times"][:5] == ["2024-02-29", "x", "01:00:00", "2024-01-01 12:00:00", None]
    assert found["big"] == ["1180591620717411303424"] * 8
    for name in ("objects", "lists", "complex"):
        assert "is an object, but" in refusal(table.column(name).as_labels)


COLOURS = ["red", "green", "red"]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"c": pd.Categorical(COLOURS)}),
        pd.DataFrame({"c": pd.Categorical(COLOURS, ["green", "red"], ordered=True)}),
        pl.DataFrame({"c": pl.Series(COLOURS, dtype=pl.Categorical)}),
        pl.DataFrame({"c": pl.Series(COLOURS, dtype=pl.Enum(["green", "red"]))}),
        pa.table({"c": pa.array(COLOURS).dictionary_encode()}),
        {"c": pa.array(COLOURS).dictionary_encode()},
    ],
)
def test_categories_are_known_as_such(frame: object, tmp_path: Path) -> None:
    (column,) = read_table(frame).columns
    assert column.is_category
    assert column.cells.to_pylist() == COLOURS
    assert not read_table({"c": COLOURS}).column("c").is_category
    if isinstance(frame, pa.Table):
        pq.write_table(frame, tmp_path / "t.parquet")
        assert read_table(tmp_path / "t.parquet").column("c").is_category


def test_categories_of_numbers_and_of_intervals() -> None:
    frame = pd.DataFrame({"n": pd.Categorical([3, 1, None]), "i": pd.cut(pd.Series([1, 5, 9]), 2)})
    n, i = read_table(frame).columns
    assert (n.is_category, i.is_category) == (True, True)
    assert n.cells.to_pylist() == [3, 1, None]
    assert i.cells.to_pylist() == ["(0.992, 5.0]", "(0.992, 5.0]", "(5.0, 9.0]"]


def test_pandas_types_of_its_own() -> None:
    frame = pd.DataFrame(
        {
            "i": pd.array([1, None], dtype="Int64"),
            "b": pd.array([True, None], dtype="boolean"),
            "s": pd.array(["x", None], dtype="string"),
            "p": pd.period_range("2024-01", periods=2, freq="M"),
            "z": pd.to_datetime(["2024-01-01", None]).tz_localize("Europe/Rome"),
            "sparse": pd.arrays.SparseArray([0, 1]),
        }
    )
    table = read_table(frame)
    found = {column.name: column.cells.to_pylist() for column in table.columns}
    assert found["i"] == [1, None]
    assert found["b"] == [True, None]
    assert found["s"] == ["x", None]
    assert found["p"] == ["2024-01", "2024-02"]
    assert found["sparse"] == [0, 1]
    assert pa.types.is_timestamp(table.column("z").cells.type)


def test_names_of_several_levels_are_joined() -> None:
    columns = pd.MultiIndex.from_tuples([("mass", "mean"), ("mass", "std"), ("n", "")])
    table = read_table(pd.DataFrame([[1, 2, 3]], columns=columns))
    assert table.names == ("mass mean", "mass std", "n")
    assert table.remarks == ("the names of 2 levels are joined: 'mass mean', 'mass std', 'n'",)


def test_dicts_lists_of_dicts_and_structured_arrays() -> None:
    expected = {"a": [1, 2], "b": ["x", None]}
    array = np.array([(1, "x"), (2, "")], dtype=[("a", "i4"), ("b", "U1")])
    for source in (
        expected,
        [{"a": 1, "b": "x"}, {"a": 2}],
        {"a": np.array([1, 2]), "b": pd.Series(["x", None])},
    ):
        table = read_table(source)
        assert {column.name: column.cells.to_pylist() for column in table.columns} == expected
    assert [column.cells.to_pylist() for column in read_table(array).columns] == [[1, 2], ["x", ""]]
    nested = read_table([{"a": {"x": 1, "y": 2}}, {"a": None}])
    assert nested.names == ("a.x", "a.y", "a")
    assert "has a key of an object in it" in refusal(lambda: read_table([{"a": {"b": 1}, "a.b": 2}]))


def test_structs_become_columns() -> None:
    table = read_table(pa.table({"at": [{"x": 1, "y": "u"}, None], "id": [1, 2]}))
    assert table.names == ("at.x", "at.y", "id")
    assert table.column("at.x").cells.to_pylist() == [1, None]
    assert table.remarks == ("the objects in 'at' became columns of their own ('at.…')",)


@pytest.mark.parametrize("name", ["t.arrow", "t.arrows", "t.feather", "t.orc", "t.csv"])
@pytest.mark.parametrize("kind", ["file", "stream", "feather", "feather 1", "orc"])
def test_files_of_arrow(tmp_path: Path, kind: str, name: str) -> None:
    frame, path = pa.table({"x": [1, None], "c": ["u", "v"]}), str(tmp_path / name)
    if kind in {"file", "stream"}:
        with (pa.ipc.new_file if kind == "file" else pa.ipc.new_stream)(path, frame.schema) as writer:
            writer.write_table(frame)
    elif kind == "orc":
        orc.write_table(frame, path)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            feather.write_feather(frame, path, version=1 if kind == "feather 1" else 2)
    table = read_table(path)
    assert [column.cells.to_pylist() for column in table.columns] == [[1, None], ["u", "v"]]
    is_named_so = name != "t.csv" and (kind == "orc") == (name == "t.orc")
    assert (table.decisions == ()) == is_named_so


@pytest.mark.parametrize("named", ["t.arrow", "t.csv"])
def test_an_arrow_file_whose_texts_are_none(tmp_path: Path, named: str) -> None:
    offsets, texts = pa.py_buffer(np.array([0, 1, 2], "i4")), pa.py_buffer(b"\xff\xff")
    frame = pa.table({"c": pa.Array.from_buffers(pa.string(), 2, [None, offsets, texts])})
    with pa.ipc.new_file(str(tmp_path / named), frame.schema) as writer:
        writer.write_table(frame)
    message = refusal(lambda: read_table(tmp_path / named))
    assert message.startswith(f"{named} is an Arrow file but cannot be read: it is cut short, damaged or")


def test_a_table_does_not_change_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "t.arrow"
    feather.write_feather(pa.table({"x": np.arange(10_000.0)}), str(path), compression="uncompressed")
    table = read_table(path)
    with path.open("r+b") as file:
        file.write(b"\xff" * path.stat().st_size)
    assert table.column("x").cells.to_pylist() == list(range(10_000))


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
    encoding, columns, _ = chosen(table, "target")
    assert not any(one.warnings for one in columns)
    X = encoding.encode_inputs(table)
    X = X[:, [k for k, column in enumerate(encoding.input_names) if "squashed" not in column]]
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


def test_bytes_of_polars_are_a_column_that_cannot_be_used() -> None:
    frame = pl.DataFrame({"a": [1.0, 2.0, 4.0, 3.0], "b": [b"x"] * 4, "y": [1.0, 0.5, 2.5, 4.0]})
    data = prepare(frame, target="y")
    assert data.encoding.input_names == ("a",)
    assert [one.role for one in data.report.columns if one.name == "b"] == ["left out"]
