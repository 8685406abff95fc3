"""`chainrule inspect`: what becomes of each column and why, without training."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

import chainrule
from chainrule.lines import WIDTH as LONGEST_LINE
from chainrule.stored import plain
from messy_table import MESSY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("one_database")


@pytest.fixture
def messy(here: Path) -> Path:
    path = here / "t.csv"
    path.write_text(MESSY, encoding="utf-8")
    return path


def lines_of(out: str) -> str:
    return " ".join(out.split())


def test_every_column_is_told(messy: Path, chainrule_command: Callable[..., Any]) -> None:
    before = {path.name for path in messy.parent.iterdir()}
    done = chainrule_command("inspect", "t.csv")
    assert (done.code, done.err) == (0, "")
    assert {path.name for path in messy.parent.iterdir()} == before
    assert max(map(len, done.out.splitlines())) <= LONGEST_LINE
    told = lines_of(done.out)
    for words in (
        "Read t.csv: 25 rows, 11 columns",
        "delimiter ';'",
        "1 title line skipped: 'of shops'",
        "Left out 1 row: empty (row 1)",
        "key left out: text that hardly repeats (24 values in 24 training rows)",
        "price a number; numbers with a decimal comma; numbers with '€' beside them",
        "month a number and its place in the year; the month of a date, as its name and its range say",
        "sold a time and its place in the week; dates, read as day-month-year",
        "kind one of 3 categories",
        "size one of 3 categories, and whether it is missing; missing in 6 training rows, row 2 first",
        "code one of 5 categories; whole numbers with zeros before them, such as '00', are codes",
        "w a number",
        "took a duration, in seconds; durations in seconds, read as hours:minutes:seconds",
    ):
        assert words in told
    assert "held out" not in told  # nothing is learnt
    assert "target" not in told


def test_with_a_target_it_tells_what_a_fit_tells(messy: Path, chainrule_command: Callable[..., Any]) -> None:
    given = ("--target", "kind", "--id", "key", "--text", "note", "--weights", "w")
    inspected = chainrule_command("inspect", messy.name, *given)
    fitted = chainrule_command("fit", messy.name, *given, "--effort", "quick")
    assert inspected.code == fitted.code == 0
    assert inspected.out == fitted.out[: fitted.out.index("Network")]
    told = lines_of(inspected.out)
    for words in (
        "Rows 24 used: 18 to learn from, 6 held out",
        "key id: names the rows, kept in predictions",
        "kind target: 3 classes: 'u', 'v', 'w'",
        "w weights: what each row counts",
        "note text, by the parts of its words (",
    ):
        assert words in told


def test_as_json_it_is_the_report(messy: Path, chainrule_command: Callable[..., Any]) -> None:
    done = chainrule_command("inspect", "t.csv", "--target", "price", "--ignore", "key,note", "--json")
    found = json.loads(done.out)
    given: dict[str, Any] = {"target": "price", "ignore": ["key", "note"], "effort": "quick"}
    assert found == plain(chainrule.fit(messy, **given).data.report)
    assert [one["name"] for one in found["columns"]] == MESSY.splitlines()[1].split(";")
    assert (found["n_training"], found["n_held_out"]) == (18, 6)
    assert found["left_out"] == [{"reason": "empty", "count": 1, "first": [1]}]
    assert found["columns"][0] == {
        "name": "key", "role": "left out", "becomes": "", "why": "left out as asked", "warnings": [],
    }  # fmt: skip
    without = json.loads(chainrule_command("inspect", "t.csv", "--json").out)
    assert (without["n_training"], without["n_held_out"]) == (24, 0)
    assert "target" not in {one["role"] for one in without["columns"]}


def test_where_nothing_may_be_guessed(messy: Path, chainrule_command: Callable[..., Any]) -> None:
    assert messy.exists()
    done = chainrule_command("inspect", "t.csv", "--strict")
    assert (done.code, done.out) == (2, "")
    assert re.fullmatch(r"Error: .*t\.csv.*\n", done.err)
    clean = chainrule_command("inspect", "penguins.csv", "--target", "species", "--strict")
    assert (clean.code, clean.err) == (0, "")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--target", "nope"], "There is no column 'nope'"),
        (["--ignore", "key", "--id", "key"], "a column has one role"),
        (["--numbers", "kind"], "can be read as numbers"),
        (["--bad-rows", "skip"], "There is no treatment of bad rows 'skip'"),
        (["--delimiter", "ab"], "--delimiter is 'ab'"),
        (["--target", "w", "--inputs", "w"], "a column has one role"),
    ],
)
def test_what_does_not_fit(
    given: list[str], words: str, messy: Path, chainrule_command: Callable[..., Any]
) -> None:
    done = chainrule_command("inspect", messy.name, *given)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(done.err.splitlines()) == 1
    fitted = chainrule_command(
        "fit", messy.name, *(["--target", "kind"] if "--target" not in given else []), *given
    )
    assert words in fitted.err


def test_of_a_wide_table_all_columns_are_told(here: Path, chainrule_command: Callable[..., Any]) -> None:
    names = [f"a_rather_long_name_of_column_{k}" for k in range(60)]
    rows = [",".join(str((n * n + 1) * (k + 3) % 101) for k in range(60)) for n in range(30)]
    here.joinpath("w.csv").write_text("\n".join([",".join(names), *rows]), encoding="utf-8")
    done = chainrule_command("inspect", "w.csv")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= LONGEST_LINE
    columns = [line for line in lines if "a_rather_long" in line]
    assert len(columns) == 60
    assert columns[0].startswith("Columns   ")
    assert [
        one["name"] for one in json.loads(chainrule_command("inspect", "w.csv", "--json").out)["columns"]
    ] == names
