"""How names from a table are shown, how long lists are cut, and which names a file may not get."""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule
from chainrule.cli.commands.fit import run as run_fit
from chainrule.errors import TableError
from chainrule.jobs import FitJob
from chainrule.lines import WIDTH as LONGEST_LINE
from chainrule.lines import span
from chainrule.scores import ClassRows, NumberRows, score_classes, score_lines, score_numbers
from chainrule.tables import read_table
from chainrule.words import named, shortened

if TYPE_CHECKING:
    from collections.abc import Callable

import numpy as np

pytestmark = pytest.mark.usefixtures("one_database", "tables_read_once")

LISTS = st.lists(st.text(max_size=60), min_size=1, max_size=40)


@given(name=st.text(max_size=200), most=st.integers(3, 60))
def test_a_name_is_short_and_obeyed_by_no_terminal(name: str, most: int) -> None:
    shown = named(name, most)
    assert span(shown) <= most
    assert shown.isprintable()
    if name.isprintable() and span(name) <= most and len(name) <= 4 * most:
        assert shown == name


@given(names=LISTS, room=st.integers(60, 200))
def test_a_list_fills_its_room_and_counts_the_rest(names: list[str], room: int) -> None:
    shown = shortened(names, room)
    assert span(shown) <= room
    whole = ", ".join(map(named, names))
    if span(whole) <= room:
        assert shown == whole
    else:
        kept, more = shown.rsplit(", … ", 1)
        left = int(more.removesuffix(" more"))
        assert 0 < left < len(names)
        assert kept == ", ".join(map(named, names[: len(names) - left]))
        longer = ", ".join(map(named, names[: len(names) - left + 1]))
        assert span(f"{longer}, … {len(names)} more") > room


def test_a_name_that_fills_the_room_alone_is_still_shown() -> None:
    assert shortened(["a" * 30, "b"], 10) == f"{'a' * 30}, … 1 more"


def test_names_of_every_kind_stand_in_lines_of_100_columns(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    header = [
        "plain", "with blank", '"with, comma"', '"with ""quote"""', "[bold]x[/bold]", "--dash", "Größe",
        "esc\x1b[31mred", "n" * 70, "kind",
    ]  # fmt: skip
    classes = ["[red]yes", "--no", "x" * 70 + "1", "x" * 70 + "2"]
    rows = [",".join([*(str((n * k) % 7) for k in range(1, 10)), classes[n % 4]]) for n in range(40)]
    here.joinpath("t.csv").write_text("\n".join([",".join(header), *rows]), encoding="utf-8")
    done = chainrule_command("fit", "t.csv", "--target", "kind", "--epochs", 1)
    assert done.code == 0, done.err
    shown = chainrule_command("show", "t.safetensors").out
    traced = chainrule_command("trace", "t.safetensors", "t.csv").out
    scored = chainrule_command("score", "t.safetensors", "t.csv").out
    for text in (done.out, shown, traced, scored):
        assert "\x1b" not in text
        lines = text.split("\nW^(1)")[0].splitlines()
        assert max(map(len, lines)) <= LONGEST_LINE, text
    for name in ('with "quote"', "[bold]x[/bold]", "--dash", "Größe", r"esc\x1b[31mred"):
        assert name in shown
    for text in (done.out, scored):
        begin = next(n for n, line in enumerate(text.splitlines()) if line.startswith("  class  "))
        rows = text.splitlines()[begin : begin + 5]
        assert len({line.split()[0] for line in rows}) == 5
        assert len(set(map(len, rows))) == 1
    ignoring = chainrule_command(
        "fit", "t.csv", "--target", "kind", "--ignore", "--dash", "--ignore", "with, comma", "--epochs", 1,
        "--out", "i.st",
    )  # fmt: skip
    assert ignoring.code == 0, ignoring.err
    for name in ("with, comma", "--dash"):
        assert re.search(rf"^ +{name} +left out as asked$", ignoring.out, re.MULTILINE)
    assert re.search(
        r"^ +Größe +left out: constant \(0\) in the rows that are learnt from$", ignoring.out, re.MULTILINE
    )
    assert len(chainrule.load_model("i.st").table_encoding.inputs) == 6


def test_wide_tables_are_cut_in_show(here: Path, chainrule_command: Callable[..., Any]) -> None:
    names = [f"column_{k}" for k in range(300)]
    rows = [",".join(str((n + 1) * (k + 3) % 11) for k in range(301)) for n in range(30)]
    here.joinpath("w.csv").write_text("\n".join([",".join([*names, "y"]), *rows]), encoding="utf-8")
    done = chainrule_command("fit", "w.csv", "--target", "y", "--epochs", 1)
    assert done.code == 0, done.err
    assert "Read      w.csv: 30 rows, 301 columns" in done.out
    columns = " ".join(done.out.split("Columns   ")[1].split("Warning")[0].split())
    assert columns == (
        "273 columns column_0, column_1, column_2 and 270 more: a number "
        "27 columns column_8, column_19, column_30 and 24 more: left out: constant (0) in the rows that are "
        "learnt from "
        "y target: a number"
    )
    same = [name for k, name in enumerate(names) if (k + 3) % 11 == 303 % 11]  # as the target
    for text in (done.out, chainrule_command("show", "w.safetensors").out):
        warned = " ".join(text.split("Warning   ")[1].split())
        first = ", ".join(f"'{name}'" for name in same[:3])
        alike = f"{len(same)} columns, {first} and {len(same) - 3} more: column … gives the target away: one"
        assert warned.startswith(alike)
    inspected = chainrule_command("inspect", "w.csv", "--target", "y").out
    assert all(f"'{name}'" in inspected.split("Warning   ")[1] for name in same)
    assert all(f"{name} " in inspected for name in names)
    assert max(map(len, done.out.splitlines())) <= LONGEST_LINE
    shown = chainrule_command("show", "w.safetensors").out
    learnt = [name for k, name in enumerate(names) if (k + 3) % 11]  # the others are 0 in all rows
    listed = shown.split("Inputs\n")[1]
    assert learnt[19] in listed
    assert learnt[20] not in listed
    assert f"… {len(learnt) - 20} more: see --json" in listed
    inputs = json.loads(chainrule_command("show", "w.safetensors", "--json").out)["encoding"]["inputs"]
    assert [one["name"] for one in inputs] == learnt


@pytest.mark.parametrize("levels", ["size 1 row/size 2|size 3/size 4", "lo{k}/hi{k}"])
def test_levels_that_are_numbered_are_each_columns_own(
    here: Path, chainrule_command: Callable[..., Any], levels: str
) -> None:
    kinds = [one.split("/") for one in levels.split("|")]
    header = [f"c{k}" for k in range(24)]
    rows = [
        ",".join([*(kinds[k % len(kinds)][(n + k) % 2].format(k=k) for k in range(24)), str(n)])
        for n in range(20)
    ]
    here.joinpath("alike.csv").write_text("\n".join([",".join([*header, "y"]), *rows]), encoding="utf-8")
    done = chainrule_command("fit", "alike.csv", "--target", "y", "--epochs", 1)
    assert done.code == 0, done.err
    if len(kinds) == 1:
        assert re.search(r"^ +c7 .*'hi7'.*'lo7'|^ +c7 .*'lo7'.*'hi7'", done.out, re.MULTILINE), done.out
        assert "and 21 more" not in done.out
    else:
        assert "12 columns  c0, c2, c4 and 9 more: " in done.out
        assert re.search(r"12 columns  c1, c3, c5 and 9 more: .*'size 3' .*'size 4'", done.out), done.out


def test_of_many_classes_the_worst_are_shown() -> None:
    classes = [f"c{k:02}" for k in range(60)]
    truth = np.repeat(np.arange(1, 60), 10)
    guess = np.where(np.tile(np.arange(10), 59) < (truth - 1) % 10, truth, 0)
    lines = score_lines(score_classes("kind", ClassRows(truth, guess), classes, "c01"))
    begin = next(n for n, line in enumerate(lines) if line.startswith("class"))
    end = lines.index("… the lowest 10 recalls of 60 classes; the score as JSON has all")
    recalls = [float(line.split()[3]) for line in lines[begin + 1 : end]]
    assert recalls == [0.0] * 6 + [0.1] * 4
    confused = np.bincount(truth[guess != truth], minlength=60)
    pairs = [line.split() for line in lines[end + 3 : -1]]
    assert [one[1] for one in pairs] == ["c00"] * 10
    assert [int(one[2]) for one in pairs] == sorted(confused)[:-11:-1]
    rest = sum(sorted(confused)[:-10])
    n_pairs = np.count_nonzero(confused) - 10
    assert lines[-1] == f"… {n_pairs} more pairs of the 60 classes, {rest} rows; the score as JSON has all"
    some = truth < 20
    few = score_lines(score_classes("kind", ClassRows(truth[some], guess[some]), classes[:20], "c01"))
    rows_of_classes = few[: few.index("", few.index("") + 1)]
    assert sum(line.startswith(("c0", "c1")) for line in rows_of_classes) == 20
    assert next(line for line in few if line.startswith("c00")).split() == [
        "c00",
        "0",
        "0.000",
        "none",
        "0.000",
    ]


def test_figures_stay_readable_however_bad() -> None:
    rows = NumberRows(np.array([1.0, 2.0]), np.array([1e100, -1e100]), mean=1.5)
    lines = score_lines((score_numbers("y", rows),))
    assert lines[-1].split()[:2] == ["R²", "-4e+200"]
    assert max(map(len, lines)) < 80
    rows = NumberRows(np.array([2.0, 2.0]), np.array([1.0, 3.0]), mean=2.0)
    constant = score_lines((score_numbers("y", rows),))
    assert constant[-2].split() == ["R²", "none", "none"]
    assert constant[-1] == "Where the rows do not vary there is no R²."


@pytest.mark.parametrize("link", ["plain", "symbolic", "hard"])
def test_a_result_never_replaces_what_it_was_made_from(
    link: str, here: Path, chainrule_command: Callable[..., Any]
) -> None:
    def target(source: str) -> str:
        if link == "plain":
            return source
        (os.symlink if link == "symbolic" else os.link)(source, f"{source}.link")
        return f"{source}.link"

    here.joinpath("iris.safetensors").rename("iris.st")
    table, model = target("iris.csv"), target("iris.st")
    before = {path.name: path.read_bytes() for path in here.iterdir()}
    for arguments in (
        ["fit", "iris.csv", "--target", "species", "--out", table],
        ["predict", "iris.st", "iris.csv", "--out", table],
        ["predict", "iris.st", "iris.csv", "--out", model],
    ):
        done = chainrule_command(*arguments, "--force")
        assert (done.code, done.out) == (2, "")
        assert "would be lost" in done.err
    assert {path.name: path.read_bytes() for path in here.iterdir()} == before


def test_a_model_given_as_the_table_is_called_that(here: Path, chainrule_command: Callable[..., Any]) -> None:
    before = here.joinpath("iris.safetensors").read_bytes()
    for force in ([], ["--force"]):
        done = chainrule_command("fit", "iris.safetensors", "--target", "species", *force)
        assert done.code == 2
        assert "a table is needed" in done.err
    assert here.joinpath("iris.safetensors").read_bytes() == before


@pytest.mark.parametrize("length", [600, 0x0480, 0x0580, 0x8B1F, 0xFEFF, 0xFFFE])
def test_a_model_with_a_header_of_any_length_is_no_pickle_and_no_text(length: int, tmp_path: Path) -> None:
    path = tmp_path / "m.st"
    path.write_bytes(length.to_bytes(8, "little") + b'{"W1":{}}')
    with pytest.raises(TableError, match="is a safetensors file, such as a model, but a table is needed"):
        read_table(path)


@pytest.mark.parametrize("out", ["", " ", "models/"])
def test_out_must_name_a_file(out: str, here: Path, chainrule_command: Callable[..., Any]) -> None:
    before = set(here.iterdir())
    for arguments in (
        ["fit", "iris.csv", "--target", "species"],
        ["predict", "iris.safetensors", "iris.csv"],
    ):
        done = chainrule_command(*arguments, "--out", out)
        assert (done.code, done.out) == (2, "")
        assert "must be the name of a file" in done.err
    assert set(here.iterdir()) == before


@pytest.mark.parametrize("units", ["100000000000", "9" * 18, "100000,100000"])
def test_giants_are_refused_before_they_are_built(
    units: str, here: Path, chainrule_command: Callable[..., Any]
) -> None:
    done = chainrule_command(
        "fit", here / "iris.csv", "--target", "species", "--hidden", units, "--out", "n.st"
    )
    assert (done.code, done.out) == (2, "")
    assert "Take fewer hidden units" in done.err


def test_too_little_memory_is_one_message(
    here: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object, **__: object) -> None:
        message = "Unable to allocate 3 TiB"
        raise MemoryError(message)

    monkeypatch.setattr("chainrule.jobs.fit.fit_networks", exhausted)
    done = chainrule_command("fit", here / "iris.csv", "--target", "species", "--epochs", 1, "--out", "n.st")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: Unable to allocate 3 TiB. ")


def test_settings_in_the_summary_repeat_the_run(here: Path, chainrule_command: Callable[..., Any]) -> None:
    first = chainrule_command(
        "fit", here / "penguins.csv", "--target", "species", "--hidden", "3,2", "--rate", "0.1234567890123",
        "--epochs", 3, "--batch-size", 7, "--loss-goal", "1e-9", "--held-out", "0.3", "--seed", 5,
        "--out", "a.st",
    )  # fmt: skip
    assert first.code == 0, first.err
    repeated("penguins.csv", "species", first.out, chainrule_command)


EVERY_OPTION = {
    "notes": "--defaults notes --epochs 2",
    "notes with a penalty": "--defaults notes --epochs 2 --l2 0.01 --hidden none",
    "no penalty": "--epochs 2 --l2 0",
    "patience": "--epochs 9 --l2 0 --patience 3 --validation 0.2",
    "patience without rows": "--epochs 2 --patience 7",
    "network": "--epochs 2 --activation leaky_relu:0.2 --output logistic --loss binary_cross_entropy",
    "rule": "--epochs 4 --rule momentum:0.8 --rate 0.05 --schedule warm_up:2,step:1:0.5 --dropout 0.25",
    "all rows": "--epochs 3 --rule lbfgs --activation tanh",
    "weights": "--epochs 2 --class-weight Adelie=2.5,Gentoo=1",
    "decay": "--epochs 4 --rule adamw:0.5:0.9:0.95 --decay-schedule flat_cosine --label-smoothing 0.1",
    "factors of the rate": "--epochs 2 --rate-factors 6,ntp --bias-rate 0.1",
    "balanced": "--epochs 2 --class-weight balanced",
}


@pytest.mark.parametrize("name", EVERY_OPTION)
def test_settings_of_any_kind_repeat_the_run(
    name: str, here: Path, chainrule_command: Callable[..., Any]
) -> None:
    given = EVERY_OPTION[name].split()
    first = chainrule_command("fit", here / "penguins.csv", "--target", "species", "--out", "a.st", *given)
    assert first.code == 0, first.err
    repeated("penguins.csv", "species", first.out, chainrule_command)


@pytest.mark.parametrize(
    "given", [[], ["--defaults", "notes"], ["--patience", "1", "--validation", "0"], ["--validation", "0.3"]]
)
def test_settings_of_a_larger_table_repeat_the_run(
    given: list[str], here: Path, chainrule_command: Callable[..., Any]
) -> None:
    rows = [f"{n % 7},{n % 11},{'ab'[n * n % 3 % 2]}" for n in range(4000)]  # enough rows to watch some
    here.joinpath("t.csv").write_text("\n".join(["x,y,kind", *rows]), encoding="utf-8")
    first = chainrule_command(
        "fit", "t.csv", "--target", "kind", "--hidden", 4, "--epochs", 2, "--out", "a.st", *given
    )
    assert first.code == 0, first.err
    repeated("t.csv", "kind", first.out, chainrule_command)


def test_weights_of_classes_with_hard_names_can_be_typed_again(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    rows = [f"{n % 7},{('it is', '$no')[n % 2]}" for n in range(20)]
    here.joinpath("t.csv").write_text("\n".join(["x,kind", *rows]), encoding="utf-8")
    first = chainrule_command(
        "fit",
        "t.csv",
        "--target",
        "kind",
        "--class-weight",
        "it is=2,$no=0.5",
        "--epochs",
        1,
        "--out",
        "a.st",
    )
    assert first.code == 0, first.err
    repeated("t.csv", "kind", first.out, chainrule_command)


def repeated(table: str, target: str, summary: str, chainrule_command: Callable[..., Any]) -> None:
    """Fit again with the settings that a summary prints, and compare the files."""
    lines = summary.splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith("Settings"))
    settings = [lines[begin].removeprefix("Settings")]
    settings += itertools.takewhile(lambda line: line.startswith(" "), lines[begin + 1 :])
    options = shlex.split(" ".join(settings))
    again = chainrule_command("fit", table, "--target", target, "--out", "b.st", *options)
    assert again.code == 0, again.err
    assert Path("a.st").read_bytes() == Path("b.st").read_bytes()
    shown = chainrule_command("show", "a.st").out
    assert all(line.strip() in shown for line in settings)


def test_keys_of_the_summary_as_json(here: Path, chainrule_command: Callable[..., Any]) -> None:
    shared = {
        "table", "rows", "report", "training_rows", "watched_rows", "held_out_rows", "inputs", "targets",
        "classes", "remarks",
        "recipe", "effort", "choice",
        "network", "sizes", "hidden", "activation", "output", "start", "rate", "epochs", "batch_size",
        "rate_factors", "bias_rate", "decay_schedule", "label_smoothing", "steps_per_epoch",
        "loss_goal", "seed", "shuffle", "rule", "schedule", "clip_norm", "l1", "l2", "dropout", "patience",
        "metric", "stopping", "threads", "validation", "dtype", "engine", "arithmetic", "stopped_by",
        "epochs_run",
        "best_epoch", "loss_before", "loss", "loss_of_epochs", "validation_loss_of_epochs", "diagnosis",
        "seconds", "training_score", "held_out_score", "linear_score", "gain", "folds", "cross_validation",
        "calibration",
        "model",
        "ensemble", "ensemble_by", "members", "held_out_scores_of_members",
    }  # fmt: skip
    number = {
        "target", "n_rows", "rmse", "mae", "mape", "r2", "mean_rmse", "mean_mae", "mean_mape", "mean_r2",
        "intervals",
    }  # fmt: skip
    classes = {
        "target", "n_rows", "accuracy", "balanced_accuracy", "log_loss", "auc", "brier",
        "calibration_error", "majority",
        "majority_accuracy", "precision", "recall", "f1", "rows", "confusion", "intervals",
    }  # fmt: skip
    kinds = {"species": classes, "body_mass_g,year": number}
    for target, score_keys in kinds.items():
        done = chainrule_command(
            "fit",
            here / "penguins.csv",
            "--target",
            target,
            "--epochs",
            2,
            "--json",
            "--force",
            "--out",
            "j.st",
        )
        found = json.loads(done.out)
        assert set(found) == shared
        assert len(found["loss_of_epochs"]) == found["epochs_run"] == 2
        for score in (found["training_score"], found["held_out_score"], found["linear_score"]):
            for one in score if isinstance(score, list) else [score]:
                assert set(one) == score_keys
        assert 0 < found["loss"] < found["loss_of_epochs"][-1] < found["loss_of_epochs"][0]
    none = chainrule_command(
        "fit", "penguins.csv", "--target", "sex", "--held-out", 0, "--epochs", 1, "--json", "--out", "k.st"
    )
    assert json.loads(none.out)["held_out_score"] is None


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_other_kinds_of_tables_give_the_same_predictions(
    suffix: str, here: Path, chainrule_command: Callable[..., Any]
) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(here / "penguins.csv")
    if suffix == "parquet":
        frame.to_parquet("t.parquet")
    else:
        frame.to_json("t.jsonl", orient="records", lines=True)
    plain = chainrule_command("predict", "penguins.safetensors", "penguins.csv")
    other = chainrule_command("predict", "penguins.safetensors", f"t.{suffix}")
    assert other.code == 0, other.err
    assert other.out == plain.out


def test_the_commands_module_takes_a_job(here: Path) -> None:
    job = FitJob(here / "iris.csv", target=["species"], defaults="notes", epochs=1, out=Path("x.st"))
    run_fit(job, here / "iris.csv", as_json=True)
    assert chainrule.load_model("x.st").network.sizes == (4, 8, 3)
