"""Rows that are not as training had them: what each is taken for is said, and others keep their bits."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import chainrule
from chainrule import TableError, TableWarning

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

N, ROW = 40, 3
CONTAINERS: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "pandas": lambda frame, _: frame,
    "polars": lambda frame, _: pl.from_pandas(frame),
    "Arrow": lambda frame, _: pa.Table.from_pandas(frame, preserve_index=False),
    "CSV": lambda frame, folder: frame.to_csv(folder / "t.csv", index=False) or folder / "t.csv",
}


def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": [k % 7 + 0.5 for k in range(N)],
            "city": [["Rome", "Oslo", "Bonn"][k % 3] for k in range(N)],
            "ok": [["yes", "no"][k % 2] for k in range(N)],
            "many": [f"t{k % 22}" if k < 22 else f"u{k}" for k in range(N)],
            "floor": pd.Categorical([k % 3 for k in range(N)]),
            "when": pd.date_range("2024-01-01", periods=N),
            "y": [["u", "v"][k // 2 % 2] for k in range(N)],
        }
    )


def changed(column: str, cell: object) -> pd.DataFrame:
    frame = rows()
    cells = frame[column].astype(object)
    cells[ROW] = cell
    frame[column] = cells.astype(str) if isinstance(cell, str) else cells
    return frame.infer_objects()


@pytest.fixture(scope="module")
def model() -> chainrule.Model:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return chainrule.fit(rows(), target="y", hidden=3, epochs=2, held_out=0).model


@pytest.fixture(scope="module")
def usual(model: chainrule.Model) -> chainrule.models.Predictions:
    return model.predict(rows())


UNLEARNT = "column {!r} has 1 cell of a category not learnt, {!r} in row 4 first: taken for {}"
GONE = "column {!r} has 1 cell without a value where training had none, row 4 first: taken for {}"
MIXTURE = "a mixture of both categories, as frequent as they were in training"
FAR = "column 'x' has 1 cell far outside what training had, '1000000000.0' in row 4 first: drawn to its edge"
CHANGED: dict[str, tuple[pd.DataFrame, str]] = {
    "a text that training never saw": (
        changed("city", "Paris"),
        UNLEARNT.format("city", "Paris", "none of them"),
    ),
    "a third text where there were two": (
        changed("ok", "perhaps"),
        UNLEARNT.format("ok", "perhaps", MIXTURE),
    ),
    "a category that is a number": (
        rows().assign(floor=changed("floor", 9)["floor"]),
        UNLEARNT.format("floor", "9", "none of them"),
    ),
    "no category": (changed("city", None), GONE.format("city", "none of them")),
    "no number": (changed("x", np.nan), GONE.format("x", "the mean")),
    "a text among numbers": (
        changed("x", "oops"),
        "column 'x' has 1 cell that is no number, 'oops' in row 4 first: taken for the mean",
    ),
    "a number far away": (changed("x", 1e9), FAR),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", CHANGED)
def test_a_cell_is_said_and_the_other_rows_keep_their_bits(
    name: str, container: str, model: chainrule.Model, usual: chainrule.models.Predictions, tmp_path: Path
) -> None:
    frame, says = CHANGED[name]
    source = CONTAINERS[container](frame, tmp_path)
    with pytest.warns(TableWarning) as warned:
        found = model.predict(source)
    assert found.remarks == (says,)
    assert [str(one.message) for one in warned] == [says]
    beside = np.arange(N) != ROW
    assert found.probabilities is not None
    assert usual.probabilities is not None
    assert found.probabilities[beside].tobytes() == usual.probabilities[beside].tobytes()
    assert found.probabilities[ROW].tobytes() != usual.probabilities[ROW].tobytes()
    with pytest.raises(TableError, match=r"[Rr]ow 4"):
        model.predict(source, strict=True)


ABOUT_COLUMNS: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], tuple[str, ...]]] = {
    "without the target": (lambda t: t.drop(columns="y"), ()),
    "with more": (lambda t: t.assign(extra=1.5, note="n"), ()),
    "in another order": (lambda t: t[t.columns[::-1]], ()),
    "with another letter case": (
        lambda t: t.rename(columns={"city": "City"}),
        ("column 'City' is taken for 'city'",),
    ),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", ABOUT_COLUMNS)
def test_columns_are_found_by_name(
    name: str, container: str, model: chainrule.Model, usual: chainrule.models.Predictions, tmp_path: Path
) -> None:
    change, says = ABOUT_COLUMNS[name]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        found = model.predict(CONTAINERS[container](change(rows()), tmp_path))
    assert found.remarks == says
    assert [str(one.message) for one in warned] == ["; ".join(says)] * bool(says)
    assert pa.table(found).equals(pa.table(usual))


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_column_that_is_not_there_is_an_error(
    container: str, model: chainrule.Model, tmp_path: Path
) -> None:
    for gone, says in (
        (["city"], "has no column 'city' but the model needs it. There are: 'x', 'ok'"),
        (["x", "city"], "has no columns 'x', 'city' but the model needs them. There are: 'ok', 'many'"),
    ):
        with pytest.raises(TableError, match=says):
            model.predict(CONTAINERS[container](rows().drop(columns=gone), tmp_path))
    renamed = rows().rename(columns={"city": "ctiy"})
    with pytest.raises(TableError, match=r"no column 'city' but the model needs it. Did you mean 'ctiy'"):
        model.predict(CONTAINERS[container](renamed, tmp_path))


def test_what_was_guessed_of_a_file_is_said_once(model: chainrule.Model, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = CONTAINERS["CSV"](rows(), tmp_path)
        learnt = chainrule.fit(path, target="y", hidden=3, epochs=2, held_out=0).model
    other = tmp_path / "other.csv"
    rows().to_csv(other, sep=";", index=False)
    says = "the file is not laid out as the table that was learnt: its layout is found anew"
    with pytest.warns(TableWarning, match=says):
        assert learnt.predict(other).remarks == (says,)
    read = learnt.read(other)
    assert learnt.predict(read).remarks == ()  # who read it was told
    assert model.predict(CONTAINERS["CSV"](rows(), tmp_path)).remarks == ()
