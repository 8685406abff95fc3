"""What a summary shows has room in a line of 100 columns, and names that are cut are told apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from chainrule.cli.terminal import asked_width

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("one_database")

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(40, 2)), columns=["a", "b"])
TARGETS = [f"a rather long name of the target of number {k} in kilograms of weight" for k in range(4)]


def lines_of(done: Any) -> list[str]:  # noqa: ANN401 (what the command leaves)
    assert done.code == 0, done.err
    lines: list[str] = done.out.splitlines()
    return lines


@pytest.mark.parametrize("kind", ["numbers", "labels"])
@pytest.mark.parametrize("judged", [(), ("--folds", 2)], ids=["held out", "folds"])
def test_long_names_of_targets(
    here: Path, chainrule_command: Callable[..., Any], kind: str, judged: tuple[Any, ...]
) -> None:
    Y = RNG.normal(size=(40, 4))
    own = pd.DataFrame(Y if kind == "numbers" else Y > 0, columns=TARGETS)
    pd.concat([X, own], axis=1).to_csv("t.csv", index=False)
    out = here / "a-name-of-a-file-that-leaves-no-room-for-anything-else.st"
    lines = lines_of(
        chainrule_command("fit", "t.csv", "--target", "3,4,5,6", "--epochs", 1, "--out", out.name, *judged)
    )
    assert max(map(len, lines)) <= 100
    figures = [re.split("  +", line.strip())[0] for line in lines if re.match("  (RMSE|accuracy) ", line)]
    assert len(set(figures)) == len(figures) == 4
    if judged:
        heads = next(line for line in lines if "learns from" in line)
        assert len(set(re.split("  +", heads.strip()))) == 5


def test_long_names_of_classes_and_columns(here: Path, chainrule_command: Callable[..., Any]) -> None:
    assert here.is_dir()
    like = "a name of a class of flowers and {} of other plants, too"
    table = X.rename(columns={"a": like.format("a"), "b": like.format("b")})
    table.assign(k=[like.format("st"[n % 2]) for n in range(40)]).to_csv("t.csv", index=False)
    lines = lines_of(chainrule_command("fit", "t.csv", "--target", "k", "--epochs", 1, "--out", "t.st"))
    assert max(map(len, lines)) <= 100
    columns = [re.split("  +", line[10:])[0] for line in lines if line.endswith("  a number")]
    assert len(columns) == len(set(columns)) == 2
    classes = [line[:34] for line in lines if line.startswith(("  1: ", "  2: "))]
    assert len(classes) == len(set(classes)) == 4  # precision and recall, and the confusion table
    assert next(line for line in lines if "predicted" in line and "\\" in line).count(": ") == 2


def test_the_unit_of_a_loss(here: Path, chainrule_command: Callable[..., Any]) -> None:
    assert here.is_dir()
    X.assign(when=pd.date_range("2020-01-01", periods=40)).to_csv("t.csv", index=False)
    typed = ("--target", "when", "--epochs", 1, "--output", "softplus", "--out", "t.st")
    lines = lines_of(chainrule_command("fit", "t.csv", *typed))
    at = next(k for k, line in enumerate(lines) if line.startswith("Loss"))
    assert max(map(len, lines)) <= 100
    assert " ".join(line.strip() for line in lines[at + 1 : at + 3]).endswith("; scores are in its own unit")


def test_rows_that_are_only_watched_are_counted(here: Path, chainrule_command: Callable[..., Any]) -> None:
    assert here.is_dir()
    parts = [("train", "train", "validation", "test")[n % 4] for n in range(40)]
    X.assign(y=X["a"], part=parts).to_csv("t.csv", index=False)
    one_network = ("--defaults", "modern-1", "--out", "t.st")
    by_column = chainrule_command("fit", "t.csv", "--target", "y", "--split", "part", *one_network)
    assert "Training  30 rows, 10 of them only watched, 60 epochs in" in by_column.out
    share = (
        "--ignore",
        "part",
        "--validation",
        0.2,
        "--patience",
        400,
        "--stopping",
        "generalization_loss:1e9",
    )
    by_share = chainrule_command("fit", "t.csv", "--target", "y", *share, "--epochs", 500, "--out", "u.st")
    assert "Training  30 rows, 6 of them only watched, 500 epochs in" in by_share.out
    for judged in (("--held-out", 0), ("--folds", 2)):
        done = chainrule_command("fit", "t.csv", "--target", "y", *share, *judged, "--force")
        assert "(has seen all 40 rows" in done.out
        assert "it has learnt from" not in done.out
    none = chainrule_command("fit", "t.csv", "--target", "y", "--ignore", "part", "--out", "v.st")
    assert "watched" not in none.out
    by_recipe = ("fit", "t.csv", "--target", "y", "--split", "part", "--json", "--out", "w.st")
    shown = chainrule_command(*by_recipe, "--defaults", "modern-1")
    assert '"watched_rows": 10,' in shown.out
    shown = chainrule_command(*by_recipe, "--force")  # which learns from all of them
    assert '"watched_rows": 0,' in shown.out


def test_what_times_were_learnt_as_and_many_weights(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    assert here.is_dir()
    clock = [f"{k % 24:02d}:{k % 7 * 8:02d}" for k in range(40)]
    days = pd.date_range("2020-01-01 12:00", periods=40)
    table = pd.DataFrame({"clock": clock, "day": days, "kind": list("abcdefgh") * 5, "y": X["a"]})
    table.to_csv("t.csv", index=False)
    assert chainrule_command("fit", "t.csv", "--target", "y", "--hidden", 3, "--out", "t.st").code == 0
    lines = lines_of(chainrule_command("show", "t.st"))
    mean = next(line for line in lines if line.startswith("  clock "))
    assert re.search(r"time, mean \d\d:\d\d:\d\d(\.\d+)?, deviation [\d.]+ seconds, place in the day$", mean)
    mean_day = next(re.search(r"\(day − (\S+)\)", line) for line in lines if "(day − " in line)
    assert mean_day
    assert f"  day               time, mean {mean_day[1]}, deviation " in "\n".join(lines)
    assert max(map(len, lines)) <= 100
    weights = lines[lines.index("W^(1)") :]
    assert sum(line.count("kind=") for line in weights) == 8
    assert len([line for line in weights if line.startswith("  k = 2")]) > 2


def test_the_row_that_is_proposed_is_there(here: Path, chainrule_command: Callable[..., Any]) -> None:
    here.joinpath("t.csv").write_text("x,y\n,\n1,\n2,3\n4,6\n5,6\n", encoding="utf-8")
    typed = ("fit", "t.csv", "--target", "y", "--epochs", 1, "--held-out", 0, "--hidden", 2, "--out", "t.st")
    [proposed] = [line for line in lines_of(chainrule_command(*typed)) if "chainrule trace" in line]
    assert proposed.split()[1:] == ["trace", "t.st", "t.csv", "--row", "3"]
    assert "  x: 2" in lines_of(chainrule_command(*proposed.split()[1:]))


def test_a_number_of_columns_of_many_digits_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for asked, columns in (("9" * 9, 10**9 - 1), ("9" * 10, None), ("9" * 5000, None), ("7", 20)):
        monkeypatch.setenv("COLUMNS", asked)
        assert asked_width(None) == columns
