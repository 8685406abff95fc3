"""Fit, save, and predict in a new process from any container: answers are in the target's own type."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import round_trip_cases as cases
from round_trip_cases import FROM, INDEX, LABELS, MOMENTS, VALUES, X, fit

import chainrule

Found = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("round_trips")
    for name in [*LABELS, *VALUES]:
        chainrule.save(fit(name, folder), folder / f"{name}.st")
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> Found:
    """What one new process predicted with every model, from every container."""
    path = os.pathsep.join([str(Path(chainrule.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    subprocess.run(
        [sys.executable, "-W", "error", cases.__file__, str(folder)],
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    back: Found = pickle.loads((folder / "found.pickle").read_bytes())  # noqa: S301 (written just now)
    return back


def of_frame(name: str) -> pd.Series[Any] | None:
    """The target in the frame that was learnt, where that was one of pandas."""
    given, _ = {**LABELS, **VALUES}[name]
    return given["y"] if isinstance(given, pd.DataFrame) else None


@pytest.mark.parametrize(("name", "container"), [(name, one) for name in LABELS for one in FROM[name]])
def test_labels_are_equal_to_the_truth_in_its_own_type(name: str, container: str, found: Found) -> None:
    truth, back = LABELS[name][1], found[name, container]
    assert back["remarks"] == ()
    dates = name.endswith("date")
    expected = np.array(truth, dtype="datetime64[D]" if dates else object)
    assert (back["answers"] == expected).all()
    assert (back["all"] == expected).all()
    assert back["pandas"]["y"].tolist() == truth
    assert back["arrow"]["y"].to_pylist() == truth
    of_its_own = {type(value) for value in truth}
    assert {type(value) for value in back["pandas"]["y"].tolist()} == of_its_own
    assert {type(value) for value in back["classes"]} == of_its_own


@pytest.mark.parametrize(("name", "container"), [(name, one) for name in LABELS for one in FROM[name]])
def test_probabilities_are_in_the_order_of_the_classes(name: str, container: str, found: Found) -> None:
    truth, back = LABELS[name][1], found[name, container]
    assert list(back["classes"]) == sorted(set(truth), key=float if "digits" in name else None)  # by value
    chances = back["probabilities"]
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-12)
    assert [back["classes"][place] for place in chances.argmax(axis=1)] == truth
    named = back["pandas"].filter(like="probability_")
    np.testing.assert_array_equal(named.to_numpy(), chances)
    written = dict(zip(map(str, back["classes"]), named.columns, strict=True))
    if all(isinstance(value, (str, int)) and not isinstance(value, bool) for value in truth):
        assert written == {label: f"probability_{label}" for label in written}


@pytest.mark.parametrize("name", [name for name in LABELS if of_frame(name) is not None])
def test_a_frame_of_pandas_comes_back_in_the_dtype_that_it_had(name: str, found: Found) -> None:
    own = of_frame(name)
    assert own is not None
    for container in FROM[name]:
        back = found[name, container]["pandas"]["y"]
        assert back.dtype == (pd.Series(["text"]).dtype if own.dtype == object else own.dtype)
        if own.dtype != object and container == "pandas":
            pd.testing.assert_series_equal(back, own)


@pytest.mark.parametrize("name", [*LABELS, *VALUES])
def test_the_index_and_the_key_are_kept(name: str, found: Found) -> None:
    for container in FROM[name]:
        frame = found[name, container]["pandas"]
        assert frame.index.equals(INDEX if container == "pandas" else pd.RangeIndex(len(X)))
        assert frame.index.name == (INDEX.name if container == "pandas" else None)
        assert frame["key"].tolist() == X["key"].tolist()  # with its zeros
        assert frame.columns[:2].tolist() == ["key", "y"]


ARROW_TYPES = {
    "pandas int8": pa.int8(),
    "pandas ordered category": pa.dictionary(pa.int32(), pa.large_string(), ordered=True),
    "pandas category of numbers": pa.dictionary(pa.int32(), pa.int64(), ordered=True),
    "polars Enum": pa.dictionary(pa.int32(), pa.large_string(), ordered=True),
    "polars UInt16": pa.uint16(),
    "Arrow dictionary": pa.dictionary(pa.int32(), pa.large_string()),
    "Arrow decimal": pa.decimal128(3, 2),
    "Arrow date": pa.date32(),
    "pandas datetime": pa.timestamp("ns"),
    "pandas datetime with a zone": pa.timestamp("us", cases.ZONE),
    "polars Date": pa.date32(),
    "Arrow timestamp": pa.timestamp("ms"),
    "CSV truths": pa.bool_(),
    "CSV codes": pa.large_string(),
}


@pytest.mark.parametrize("name", ARROW_TYPES)
def test_arrow_has_the_type_that_was_learnt(name: str, found: Found) -> None:
    for container in FROM[name]:
        table = found[name, container]["arrow"]
        assert table["y"].type == ARROW_TYPES[name]
        assert pl.DataFrame(table)["y"].len() == len(X)
    categories = {"pandas ordered category": ["low", "mid", "high", "top"], "polars Enum": ["b", "z", "a"]}
    if name in categories:
        assert table["y"].chunk(0).dictionary.to_pylist() == categories[name]


@pytest.mark.parametrize(("name", "container"), [(name, one) for name in VALUES for one in FROM[name]])
def test_numbers_and_times_are_in_the_unit_of_the_target(name: str, container: str, found: Found) -> None:
    truth, back = VALUES[name][1], found[name, container]["pandas"]["y"]
    own = of_frame(name)
    if own is None or own.dtype.kind not in "mM":
        own = pd.Series(truth)
    if back.dtype == object:  # dates, which are right to the day
        assert back.tolist() == truth
        return
    assert back.dtype == (
        np.float64 if own.dtype.kind in "iuf" else own.dtype if "pandas" in name else back.dtype
    )
    own = pd.to_datetime(own) if own.dtype == object else own
    wrong = np.abs(back.to_numpy() - own.to_numpy())
    assert (wrong < (own.iloc[1] - own.iloc[0]) / 4).all()


def test_times_with_a_zone_follow_its_clock(found: Found) -> None:
    name = "pandas datetime with a zone"
    back = found[name, FROM[name][0]]
    assert str(back["pandas"]["y"].dt.tz) == cases.ZONE
    clock = back["pandas"]["y"].dt.tz_localize(None)
    assert (abs(clock - pd.Series(MOMENTS, clock.index)) < pd.Timedelta("75min")).all()
    assert (back["answers"] == back["pandas"]["y"].dt.tz_convert(None).to_numpy()).all()  # NumPy has no zones


def test_a_model_that_was_not_saved_answers_likewise(folder: Path, found: Found) -> None:
    for name in ("pandas ordered category", "Arrow decimal", "CSV truths"):
        for container in FROM[name]:
            again = fit(name, folder).predict(cases.rows_in(container, name, folder))
            assert pa.table(again).equals(found[name, container]["arrow"])
