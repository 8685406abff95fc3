"""Whatever `fit` and `save` write, `load` reads and uses: tables of any names, cells and sizes."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule
from chainrule.files import model_to_bytes
from chainrule.jobs import FitJob

FULL_SUITE = bool(os.environ.get("FULL_SUITE"))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
NAMES = st.lists(TEXT, min_size=2, max_size=6, unique=True)
NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False) | st.integers(-9, 9).map(float)
N_ROWS = st.integers(8, 40)


DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))
KINDS: dict[str, tuple[st.SearchStrategy[Any], int]] = {  # cells, and how many different ones at most
    "numbers": (NUMBERS, 40),
    "labels": (TEXT, 4),
    "names": (TEXT, 40),
    "dates": (DAYS, 40),
    "dates as text": (DAYS.map(lambda day: f"{day.day}.{day.month:02}.{day.year}"), 40),
    "codes": (st.integers(0, 99).map("{:04}".format), 6),
    "prices": (st.integers(0, 10**6).map(lambda cents: f"{cents // 100},{cents % 100:02} €"), 40),
    "durations": (st.integers(0, 86_399).map(lambda s: f"{s // 3600}:{s // 60 % 60:02}:{s % 60:02}"), 40),
    "booleans": (st.booleans(), 2),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[pa.Table, str]:
    """A table with a column to learn, and others of every kind, in which some cells are missing."""
    names, n = draw(NAMES), draw(N_ROWS)
    columns: list[Any] = []
    for _ in names[1:]:
        cells, most = KINDS[draw(st.sampled_from([*KINDS]))]
        few = draw(st.lists(cells, min_size=2, max_size=min(most, n), unique=True))
        gap = draw(st.integers(2, 3 * n))  # each so many rows a cell is missing
        columns.append([None if k % gap == gap - 1 else few[k % len(few)] for k in range(n)])
    classes = draw(st.lists(TEXT, min_size=2, max_size=3, unique=True))
    is_number = draw(st.booleans())
    columns.append(
        [float(k % 5) for k in range(n)] if is_number else [classes[k % len(classes)] for k in range(n)]
    )
    return pa.table(dict(zip(names, columns, strict=True))), names[-1]


@pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning", "ignore::chainrule.TableWarning")
@settings(max_examples=400 if FULL_SUITE else 15)
@given(
    given=tables(),
    hidden=st.lists(st.integers(1, 9), max_size=2),
    rule=st.sampled_from(["adam", "descent", "lbfgs:3", "irprop_minus", "momentum:0.5"]),
    seed=st.integers(0, 2**64 - 1),
)
def test_what_is_saved_is_read_and_used(
    given: tuple[pa.Table, str], hidden: list[int], rule: str, seed: int
) -> None:
    table, target = given
    rate = None if rule.startswith("lbfgs") else 0.01
    try:
        result = chainrule.fit(
            table, target=target, hidden=tuple(hidden), rule=rule, rate=rate, epochs=2, seed=seed
        )
    except (chainrule.InputError, chainrule.DivergenceError):
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, thing in (("model.st", result.model), ("state.st", result.training.state)):
            path = Path(folder, name)
            chainrule.save(thing, path)
            assert model_to_bytes(chainrule.load(path)) == path.read_bytes()
        again = chainrule.load_model(Path(folder, "model.st"))
    predicted, reloaded = result.model.predict(table), again.predict(table)
    assert reloaded.names == predicted.names
    assert pa.table(reloaded).equals(pa.table(predicted))
    assert again.score(table) == result.model.score(table)
    assert again.training == result.model.training
    assert again.report == result.data.report == result.model.report
    assert result.data.report.n_read == table.num_rows
    of_one_row = again.predict(table.slice(1, 1))  # nothing is decided again
    assert pa.table(of_one_row).equals(pa.table(predicted).slice(1, 1))


@pytest.mark.parametrize("n", [999_999, 1_000_001])
def test_a_name_that_no_file_holds_is_refused_before_the_training(
    n: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pa.table({"x" * n: [0.0, 1.0, 2.0, 3.0] * 5, "y": [1.0, 2.0] * 10})
    job = FitJob(table, target="y", epochs=1, hidden=(1,), out=tmp_path / "m.st")
    if n < 1_000_000:
        assert chainrule.load_model(job.run().path).encoding is not None
    else:
        monkeypatch.setattr("chainrule.jobs.fit.fit_networks", None)
        with pytest.raises(chainrule.InputError, match="cannot be saved"):
            job.run()
        assert not list(tmp_path.iterdir())
