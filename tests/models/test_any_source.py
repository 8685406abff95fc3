"""The same rows are the same X, to the last bit, wherever they come from and in whatever order."""

from __future__ import annotations

import csv
import random
import warnings
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import polars as pl
import pytest

import chainrule
from chainrule import TableWarning
from chainrule.tables import as_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chainrule import Model

    Source = Callable[[Path], Any]

pytestmark = pytest.mark.usefixtures("one_database")

N = 40
T = TypeVar("T")

NAMES = ["size", "rooms", "age", "sold", "kind", "new", "code", "share", "rent"]
WITH_HEADER, WITHOUT = "with a line of names", "without"


def _rows() -> list[list[str]]:
    """Cells as a file has them: numbers, missing ones, dates, words, booleans and codes.

    No number has more digits than those who write JSON lines and workbooks write.
    """
    chance = random.Random(3)  # noqa: S311 (no secret)
    rows = []
    for n in range(N):
        size, rooms = chance.uniform(20, 200), chance.randrange(1, 7)
        rows.append(
            [
                f"{size:.2f}", str(rooms), "" if n % 7 == 2 else str(chance.randrange(120)),
                f"20{chance.randrange(10, 25)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
                "" if n % 11 == 5 else chance.choice(["flat", "house", "loft, big"]), str(n % 3 == 0).lower(),
                chance.choice(["007", "08", "011"]), f"{chance.random():.12f}",
                f"{8 * size + 50 * rooms:.1f}",
            ]
        )  # fmt: skip
    return rows


ROWS = _rows()
WHOLE = list(range(N))


def sampled(things: list[T]) -> list[T]:
    """All of them in another order."""
    return random.Random(1).sample(things, len(things))  # noqa: S311 (no secret)


def written(path: Path, rows: list[list[str]], *, header: bool, delimiter: str = ";") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerows([NAMES, *rows] if header else rows)
    return path


@pytest.fixture(scope="module", params=[WITH_HEADER, WITHOUT])
def fitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Any]:
    """A model of the rows as a file, and the X that it makes of that."""
    has_header = request.param == WITH_HEADER
    path = written(tmp_path_factory.mktemp("source") / "rent.csv", ROWS, header=has_header)
    given: dict[str, Any] = {} if has_header else {"names": NAMES}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)
        model = chainrule.fit(path, target="rent", hidden=2, epochs=1, **given).model
    layout = model.table_encoding.layout
    assert layout is not None
    assert (layout.header_lines, layout.names) == (int(has_header), tuple(NAMES))
    kinds = {type(part).__name__ for part in model.table_encoding.inputs}
    assert kinds == {"NumberInput", "DateInput", "CategoryInput", "BinaryInput"}
    X = encoded(model, path)
    assert X.shape[0] == N
    return model, X


def encoded(model: Model, source: Any) -> Any:  # noqa: ANN401 (whatever is a table)
    table = as_table(source, layout=model.table_encoding.layout, absent=model.table_encoding.target_names)
    return model.table_encoding.encode_inputs(table)


def assert_same(fitted: tuple[Model, Any], source: Any, rows: list[int] = WHOLE) -> None:  # noqa: ANN401 (as above)
    model, X = fitted
    found = encoded(model, source)
    np.testing.assert_array_equal(found, X[rows])
    assert found.tobytes() == np.ascontiguousarray(X[rows]).tobytes()


def has_header(fitted: tuple[Model, Any]) -> bool:
    layout = fitted[0].table_encoding.layout
    return layout is not None and layout.header_lines > 0


def strings() -> pd.DataFrame:
    return pd.DataFrame(ROWS, columns=NAMES, dtype=str)


def typed() -> pd.DataFrame:
    """As pandas has it after it has read the file, codes left as they are."""
    frame = strings()
    for name in ("size", "rooms", "age", "share", "rent"):
        frame[name] = pd.to_numeric(frame[name].replace("", None))
    frame["new"] = frame["new"] == "true"
    frame["sold"] = pd.to_datetime(frame["sold"])
    frame["kind"] = frame["kind"].replace("", None)
    return frame


# Rows of the file


def test_one_row_alone(fitted: tuple[Model, Any], tmp_path: Path) -> None:
    for row in (0, 2, 5, 16, N - 1):
        path = written(tmp_path / "one.csv", [ROWS[row]], header=has_header(fitted))
        assert_same(fitted, path, [row])


def test_rows_in_another_order(fitted: tuple[Model, Any], tmp_path: Path) -> None:
    order = sampled(WHOLE)
    path = written(tmp_path / "shuffled.csv", [ROWS[row] for row in order], header=has_header(fitted))
    assert_same(fitted, path, order)


def test_another_delimiter(fitted: tuple[Model, Any], tmp_path: Path) -> None:
    for delimiter in (",", "\t", "|"):
        assert_same(fitted, written(tmp_path / "other.csv", ROWS, header=True, delimiter=delimiter))


def test_names_beside_rows_that_were_learnt_without(fitted: tuple[Model, Any], tmp_path: Path) -> None:
    assert_same(fitted, written(tmp_path / "named.csv", ROWS, header=True))
    assert_same(fitted, written(tmp_path / "bare.csv", ROWS, header=False))


def test_without_the_target(fitted: tuple[Model, Any], tmp_path: Path) -> None:
    assert_same(fitted, strings().drop(columns="rent"))
    assert_same(fitted, typed().drop(columns="rent"))
    path = tmp_path / "without.csv"
    strings().drop(columns="rent").to_csv(path, index=False, sep=";", header=has_header(fitted))
    assert_same(fitted, path)


# Other sources

FRAMES: dict[str, Callable[[], Any]] = {
    "strings of pandas": strings,
    "objects of pandas": lambda: strings().astype(object),
    "types of pandas": typed,
    "categories of pandas": lambda: typed().astype({"kind": "category", "code": "category"}),
    "nullable types of pandas": lambda: typed().convert_dtypes(),
    "types of Arrow in pandas": lambda: typed().convert_dtypes(dtype_backend="pyarrow"),
    "polars": lambda: pl.from_pandas(typed()),
    "strings of polars": lambda: pl.from_pandas(strings()),
    "categories of polars": lambda: pl.from_pandas(typed()).with_columns(pl.col("kind").cast(pl.Categorical)),
    "days of polars": lambda: pl.from_pandas(typed()).with_columns(pl.col("sold").cast(pl.Date)),
    "Arrow": lambda: pl.from_pandas(typed()).to_arrow(),
    "reordered": lambda: typed()[sampled(NAMES)],
    "added columns": lambda: typed().assign(other=1.5, another="x")[["another", *NAMES, "other"]],
    "an index of its own": lambda: typed().set_axis([f"row {n}" for n in range(N)]),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame(name: str, fitted: tuple[Model, Any]) -> None:
    assert_same(fitted, FRAMES[name]())


FILES: dict[str, Callable[[Path], object]] = {
    "t.parquet": lambda path: typed().to_parquet(path),
    "strings.parquet": lambda path: strings().to_parquet(path),
    "t.arrow": lambda path: pl.from_pandas(typed()).write_ipc(path),
    "t.jsonl": lambda path: (
        typed()
        .assign(sold=strings()["sold"])
        .to_json(path, orient="records", lines=True, double_precision=15)
    ),
    "t.json": lambda path: strings().to_json(path, orient="records"),
    "t.xlsx": lambda path: typed().to_excel(path, index=False),
    "strings.xlsx": lambda path: strings().to_excel(path, index=False),
    "t.csv": lambda path: typed().to_csv(path, index=False),
    "indexed.csv": lambda path: typed().to_csv(path),
    "t.csv.gz": lambda path: strings().to_csv(path, index=False, sep=";"),
    "t.tsv": lambda path: strings().to_csv(path, index=False, sep="\t", encoding="utf-16"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file(name: str, fitted: tuple[Model, Any], tmp_path: Path) -> None:
    FILES[name](tmp_path / name)
    assert_same(fitted, tmp_path / name)


def test_a_model_of_a_frame_reads_files_and_one_of_a_file_frames(tmp_path: Path) -> None:
    """What was learnt does not depend on where it was learnt from."""
    encodings = []
    path = written(tmp_path / "t.csv", ROWS, header=True)
    for source in (path, strings(), typed(), pl.from_pandas(typed())):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TableWarning)
            model = chainrule.fit(source, target="rent", hidden=1, epochs=1).model
        X = encoded(model, path)
        for other in (strings(), typed()):
            assert encoded(model, other).tobytes() == X.tobytes()
        encodings.append((model.table_encoding.input_names, X.tobytes(), np.asarray(model.predict(path))))
    for names, X, predicted in encodings[1:]:
        assert names == encodings[0][0]
        assert encodings[0][1] == X
        np.testing.assert_array_equal(predicted, encodings[0][2])


def test_a_title_above_rows_without_names_is_skipped_again(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", ROWS, header=False)
    titled = tmp_path / "titled.csv"
    titled.write_text(f"Rents of 2024\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)
        model = chainrule.fit(titled, target="c9", hidden=1, epochs=1).model
    X = encoded(model, titled)
    assert len(X) == N
    assert encoded(model, path).tobytes() == X.tobytes()
    one = written(tmp_path / "one.csv", ROWS[3:4], header=False)
    assert encoded(model, one).tobytes() == X[3:4].tobytes()


def test_names_that_are_written_a_little_otherwise_are_known() -> None:
    x, b, y = ([n * step % 11 / 4 for n in range(20)] for step in (1, 3, 7))
    model = chainrule.fit({"petal length": x, "b": b, "y": y}, target="y", hidden=2, epochs=1).model
    with pytest.warns(TableWarning, match="column 'Petal_Length' is taken for 'petal length'"):
        answers = model.predict({"Petal_Length": x, "B": b})["y"]
    assert list(answers) == list(model.predict({"petal length": x, "b": b})["y"])
    read = model.read({"Petal_Length": x, "B": b, "Y": y})
    assert read.names == ("petal length", "b", "y")
    assert read.remarks[0] == "column 'Petal_Length' is taken for 'petal length'"
    for doubtful in ({"Petal_Length": x, "petal.length": x, "b": b}, {"petals": x, "b": b}):
        with pytest.raises(chainrule.TableError, match="has no column 'petal length'"):
            model.predict(doubtful)


def test_names_that_were_given_are_those_of_any_source(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {name: [n * step % 11 / 4 for n in range(20)] for name, step in zip("abc", (1, 3, 7), strict=True)}
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    sources: list[Any] = [frame, tmp_path / "t.csv", tmp_path / "t.parquet", frame[["b", "a"]]]
    for learnt in sources[:3]:
        model = chainrule.fit(learnt, target="size", names=["x", "y", "size"], hidden=2, epochs=1).model
        answers = [list(model.predict(source)["size"]) for source in sources]
        assert answers == [answers[0]] * len(sources)
        both = model.read(frame.assign(x=frame["a"]))  # the learnt name goes before the one that it replaced
        assert both.names == ("a", "y", "size", "x")
