"""What became of a table: every row and every column is accounted for, and each decision is named."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule
from chainrule import InputError, TableError, TableWarning
from chainrule.errors import said
from chainrule.models import Dataset, prepare
from chainrule.stored import plain, read
from chainrule.tables import Report

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("one_database")

N = 60
RNG = np.random.default_rng(11)
NOISE, OTHER = RNG.normal(size=N), RNG.normal(size=N)
KINDS = np.array(["a", "b", "c"])[RNG.integers(0, 3, size=N)]


def frame(**columns: Any) -> pd.DataFrame:  # noqa: ANN401 (cells)
    """Two numbers without a pattern, and the columns that are given."""
    return pd.DataFrame({"x": NOISE, "z": OTHER, **columns})


def about(data: Dataset, name: str) -> tuple[str, str, str]:
    [one] = [one for one in data.report.columns if one.name == name]
    return one.role, one.becomes, one.why


def warned(data: Dataset) -> tuple[str, ...]:
    return data.report.all_warnings


# Rows

CELLS = st.sampled_from(["1", "2.5", "-3", "", "NA", "a", "2024-02-29", "inf", "x", "y"])
LINES = st.one_of(
    st.lists(CELLS, min_size=3, max_size=3),  # a row
    st.lists(CELLS, min_size=1, max_size=5),  # one with other cells than its table
    st.just(["", "", ""]),
    st.just(["p", "q", "y"]),  # the names once more
)


@settings(max_examples=60)
@given(
    lines=st.lists(LINES, min_size=4, max_size=30),
    held_out=st.sampled_from([0, 0.25, 0.5]),
    seed=st.integers(0, 9),
)
def test_rows_read_are_rows_used_and_rows_left_out(
    tmp_path_factory: pytest.TempPathFactory, lines: list[list[str]], held_out: float, seed: int
) -> None:
    """Each line below the names is one row, whatever stands in it."""
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    lines = [["1", "2.5", "x"], ["2", "1.5", "y"], ["3", "0.5", "x"], *lines, ["5", "1", "y"]]
    path.write_text("\n".join(["p,q,y", *(",".join(cells) for cells in lines)]) + "\n", encoding="utf-8")
    data = prepare(path, target="y", header=True, held_out=held_out, seed=seed)
    report = data.report
    assert report.n_read == len(lines)
    assert (report.n_training, report.n_held_out) == (len(data.training_rows), len(data.held_out_rows))
    assert report.n_training + report.n_held_out == data.table.n_rows == len(data.X) == len(data.Y)
    for one in report.left_out:
        assert one.count >= 1
        assert 1 <= len(one.first) <= min(one.count, 100)
        assert list(one.first) == sorted(set(one.first))
        for row in one.first:
            cells = lines[row - 1]
            if one.reason == "empty":
                assert not any(cells)
            elif one.reason == "repeats the names":
                assert cells == ["p", "q", "y"]
            else:
                assert one.reason == "no value of the target"
                assert len(cells) != 3 or cells[2] in {"", "NA", "inf"}
    assert read(plain(report), Report) == report
    assert [column.name for column in report.columns] == ["p", "q", "y"]


def test_rows_without_a_target_are_left_out_and_counted() -> None:
    table = frame(y=np.where(np.arange(N) % 7 == 3, np.nan, NOISE * 2 + OTHER))
    data = prepare(table, target="y")
    [left_out] = data.report.left_out
    assert left_out.reason == "no value of the target"
    assert left_out.count == 9 - (N % 7 < 4 and N // 7 < 9)
    assert left_out.first == (4, 11, 18, 25, 32)
    assert data.report.n_read == N
    assert np.isfinite(data.Y).all()
    whole = prepare(table.dropna(), target="y")
    assert (whole.encoding, whole.X.tobytes()) == (data.encoding, data.X.tobytes())
    with pytest.raises(TableError, match="No row of the data frame has a value of the target"):
        prepare(frame(y=np.nan), target="y")


# Decisions: what a column becomes, and why

UNKNOWN = "'unknown' (3 cells, row 4 first)"
IN_TRAINING = "in the rows that are learnt from"
DECIDED: dict[str, tuple[Any, tuple[str, str, str]]] = {
    "number": (NOISE + 1, ("input", "a number", "")),
    "missing": (
        np.where(np.arange(N) == 5, np.nan, NOISE),
        (
            "input", "a number, and whether it is missing",
            "missing in 1 training row, row 6 first: taken for the mean",
        ),
    ),
    "far": (
        np.where(np.arange(N) == 5, 1e6, NOISE),
        ("input", "a number, squashed beside", "some values are far from most"),
    ),
    "constant": (np.ones(N), ("left out", "", f"left out: constant (1) {IN_TRAINING}")),
    "constant text": (["s"] * N, ("left out", "", f"left out: constant ('s') {IN_TRAINING}")),
    "empty": ([None] * N, ("left out", "", f"left out: no value {IN_TRAINING}")),
    "index": (np.arange(N), ("left out", "", "left out: it numbers the rows")),
    "names": (
        [f"n{n}" for n in range(N)],
        ("left out", "", f"left out: text that hardly repeats ({N} values in {N} training rows)"),
    ),
    "some names": (
        [f"n{n}" if n % 2 else None for n in range(N)],
        (
            "input", "whether it is missing",
            "left out: text that hardly repeats (30 values in 30 training rows)",
        ),
    ),
    "two words": (np.where(OTHER > 0, "yes", "no"), ("input", "'no' or 'yes'", "")),
    "booleans": (OTHER > 0, ("input", "'false' or 'true'", "")),
    "categories": (KINDS, ("input", "one of 3 categories", "")),
    "categories with gaps": (
        [None if n % 10 == 4 else kind for n, kind in enumerate(KINDS)],
        (
            "input", "one of 3 categories, and whether it is missing",
            "missing in 6 training rows, row 5 first",
        ),
    ),
    "codes": (
        [f"00{n % 4}" for n in range(N)],
        (
            "input", "one of 4 categories",
            "whole numbers with zeros before them, such as '000', are codes",
        ),
    ),
    "dates": (
        pd.date_range("2024-01-01", periods=N, freq="17D").astype(str),
        ("input", "a time and its place in the year and week", ""),
    ),
    "month": (
        np.arange(N) % 12 + 1,
        ("input", "a number and its place in the year", "the month of a date, as its name and its range say"),
    ),
    "took": (
        [f"{n % 5}:{n % 60:02}:00" for n in range(N)],
        ("input", "a duration, in seconds", "durations in seconds, read as hours:minutes:seconds"),
    ),
    "per cent": (
        [f"{n % 17} %" for n in range(N)],
        ("input", "a number", "numbers with '%' beside them"),
    ),
    "decimal commas": (
        [f"{n % 17},{n % 10}" for n in range(N)],
        ("input", "a number", ""),  # which is said of the table
    ),
    "words for none": (
        ["unknown" if n % 20 == 3 else str(n % 9 + n % 7 / 10) for n in range(N)],
        (
            "input", "a number, and whether it is missing",
            f"{UNKNOWN} read as missing; missing in 3 training rows, row 4 first: taken for the mean",
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DECIDED)
def test_what_a_column_becomes_and_why(name: str) -> None:
    cells, expected = DECIDED[name]
    column = name if name in {"month", "took"} else "c"
    table = frame(**{column: cells, "y": NOISE * 2 + OTHER + RNG.normal(size=N)})
    data = prepare(table, target="y", held_out=0)
    assert about(data, column) == expected
    assert about(data, "x") == ("input", "a number", "")
    assert about(data, "y") == ("target", "a number", "")
    assert data.report.said == (("decimal comma",) if name == "decimal commas" else ())
    assert warned(data) == ()
    decided = [one for one in data.decisions if one.column == column and one.is_guess]
    if decided:
        with pytest.raises(InputError) as caught:
            prepare(table, target="y", held_out=0, strict=True)
        errors = getattr(caught.value, "errors", (caught.value,))
        assert [one.parameter for one in errors] == ["strict"] * len(decided)
        for one, error in zip(decided, errors, strict=True):
            told = f"Column '{column}' of the data frame cannot be read without a guess: {said(one.words)}. "
            assert str(error).startswith(told)
            assert error.advice
    else:
        strict = prepare(table, target="y", held_out=0, strict=True)
        assert strict.report == data.report


# Warnings


def test_a_column_that_gives_the_target_away() -> None:
    y = NOISE * 2 + OTHER
    for leak in (y * 2.54 + 3, -y):
        data = prepare(frame(leak=leak, y=y), target="y")
        assert warned(data) == ("column 'leak' gives the target away: one follows from the other",)
    data = prepare(frame(label=[f"is {kind}" for kind in KINDS], y=KINDS), target="y")
    assert warned(data) == ("column 'label' gives the target away: one follows from the other",)
    noisy = [f"is {kind}" if n else "is a" for n, kind in enumerate(KINDS)]
    noisy[0] = "is b" if KINDS[0] == "a" else "is a"
    assert warned(prepare(frame(label=noisy, y=KINDS), target="y")) == ()
    with pytest.warns(TableWarning, match=r"'leak' gives the target away.*ignore=\['leak'\] leaves it out"):
        chainrule.fit(frame(leak=-y, y=y), target="y", hidden=1, epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chainrule.fit(frame(leak=-y, y=y), target="y", ignore="leak", hidden=1, epochs=1)


def test_held_out_rows_that_stand_among_the_training_rows() -> None:
    base = frame(y=NOISE + OTHER)
    twice = pd.concat([base, base], ignore_index=True)
    data = prepare(twice, target="y", held_out=0.25)
    seen = {tuple(row) for row in np.hstack([data.X, data.Y])[data.training_rows].tolist()}
    n = sum(tuple(row) in seen for row in np.hstack([data.X, data.Y])[data.held_out_rows].tolist())
    assert n > 10
    [told] = warned(data)
    assert told.startswith(
        f"{n} rows of the 30 held out are the same as a training row in all that is used: "
    )
    assert warned(prepare(base, target="y", held_out=0.4)) == ()
    group = twice.assign(g=[*range(N), *range(N)])
    assert warned(prepare(group, target="y", group="g")) == ()


def test_whole_numbers_that_all_differ_may_name_the_rows() -> None:
    data = prepare(frame(key=RNG.permutation(1000)[:N], y=NOISE + OTHER), target="y")
    assert warned(data) == (
        "column 'key': whole numbers that all differ: if it only names the rows, ignore it",
    )
    assert about(data, "key") == ("input", "a number", "")
    few = frame(key=RNG.permutation(1000)[:N], y=NOISE + OTHER)[:40]
    assert warned(prepare(few, target="y")) == ()


def test_a_class_with_a_single_row_is_kept_for_training() -> None:
    kinds = KINDS.copy().astype(object)
    kinds[17], kinds[40] = "rare", "scarce"
    for seed in range(4):
        data = prepare(frame(y=kinds), target="y", seed=seed)
        assert {17, 40} <= set(data.training_rows.tolist())
        assert warned(data) == (
            "column 'y': 2 classes with a single row, kept for training: 'rare', 'scarce'",
        )
    assert about(data, "y")[1] == "5 classes: 'a', 'b', 'c', 'rare', 'scarce'"


def test_infinite_cells_are_said_once() -> None:
    cells = NOISE.copy()
    cells[[3, 8]] = np.inf, -np.inf
    data = prepare(frame(c=cells, y=NOISE + OTHER), target="y", held_out=0)
    assert warned(data) == ("column 'c': 2 infinite numbers (row 4 first) read as missing",)
    assert about(data, "c") == (
        "input", "a number, and whether it is missing",
        "missing in 2 training rows, row 4 first: taken for the mean",
    )  # fmt: skip
    assert np.isfinite(data.X).all()


def test_rows_held_out_that_are_not_as_learnt_are_said() -> None:
    table = frame(c=KINDS, y=NOISE + OTHER)
    row = int(prepare(table, target="y").held_out_rows[2])
    table.loc[row, "x"], table.loc[row, "c"] = np.nan, "other"
    data = prepare(table, target="y")
    first = f"row {row + 1} first"
    assert data.report.said == tuple(
        f"of the rows held out, column {words}"
        for words in (
            f"'x' has 1 cell without a value where training had none, {first}: taken for the mean",
            f"'c' has 1 cell of a category not learnt, 'other' in {first}: taken for none of them",
        )
    )
    assert warned(data) == ()
    with pytest.raises(TableError, match=rf"missing in column 'x' of the data frame in row {row + 1}"):
        prepare(table, target="y", strict=True)


def test_what_was_decided_about_the_file_is_said_with_the_table(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{x!r};{kind}" for x, kind in zip(NOISE.tolist(), KINDS, strict=True)]
    path.write_bytes("\n".join(["Größen", "", *rows[:30], "", *rows[30:]]).encode("cp1252"))
    data = prepare(path, target="c2")
    assert data.report.table == "t.csv"
    assert [(one.reason, one.count, one.first) for one in data.report.left_out] == [("empty", 1, (31,))]
    told = "; ".join(data.report.said)
    for words in (
        "Windows-1252",
        "1 title line skipped: 'Größen'",
        "no line of names",
        "delimiter ';'",
    ):
        assert words in told
    assert data.encoding.layout is not None
    assert (data.encoding.layout.header_lines, data.encoding.layout.encoding) == (0, "cp1252")


def test_a_last_row_that_sums_up_is_told() -> None:
    n = 20
    shops = {
        "shop": [*"ab" * (n // 2), "Total"],
        "x": [*map(float, range(n)), 190.0],
        "y": [0.5, 1.5, 2.5] * 7,
    }
    data = prepare(pd.DataFrame(shops), target="y", numbers="y")
    assert "row 21 is 'Total': it may sum up the others, and is used as they are" in data.report.warnings
    usual = prepare(
        pd.DataFrame({**shops, "shop": [*"ab" * 9, "Total", "a", "Total"]}), target="y", numbers="y"
    )
    assert not [one for one in usual.report.warnings if "sum up" in one]
