"""What the commands do, print and leave behind."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score, recall_score, root_mean_squared_error

import chainrule
from chainrule.equations import ACTIVATIONS, LOSSES, RULES, SCHEDULES
from chainrule.models import default_settings
from chainrule.models.defaults import DEFAULTS
from chainrule.table_options import options_of
from forks import everything_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from forks import Forks

pytestmark = pytest.mark.usefixtures("one_database")

COMMAND = shutil.which("chainrule") or str(Path(sys.executable).with_name("chainrule"))


ANOTHER_SEED = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"  # for hashes than this process has


def digest(path: str | Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def run_process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, **environment},
    )


def test_fit_tells_everything(here: Path, chainrule_command: Callable[..., Any]) -> None:
    done = chainrule_command(
        *("fit", "iris.csv", "--target", "species", "--defaults", "modern-1", "--out", "new.safetensors")
    )
    assert done.code == 0
    usual = default_settings("modern", 112, classes=True)
    for part in (
        "Read iris.csv: 150 rows, 5 columns", "Rows 150 used: 112 to learn from, 38 held out",
        "Columns sepal_length a number sepal_width a number petal_length a number petal_width a number",
        "petal_width a number species target: 3 classes: 'setosa', 'versicolor', 'virginica' Network",
        "4-64-3, relu, softmax, cross_entropy; 515 weights", "112 rows, ", "epochs in ",
        "--hidden 64 --activation relu --output softmax --loss cross_entropy --rule adam --rate ",
        f"--epochs {usual.epochs} --batch-size {usual.batch_size} --l2 {usual.l2} --seed 0", "Loss",
        "38 held-out rows", "accuracy", "always", "class rows precision recall F1",
        "setosa 13 1.000 1.000 1.000", "new.safetensors", "112 training rows only",
        "chainrule predict new.safetensors iris.csv",
    ):  # fmt: skip
        assert part in " ".join(done.out.split())
    assert done.err == ""
    assert max(map(len, done.out.splitlines())) <= 100
    assert here.joinpath("new.safetensors").is_file()


def test_fit_of_numbers_compares_with_the_mean(here: Path, chainrule_command: Callable[..., Any]) -> None:
    done = chainrule_command(
        *("fit", here / "penguins.csv", "--target", "body_mass_g", "--defaults", "modern-1"),
        *("--out", "new.safetensors"),
    )
    assert done.code == 0
    words = " ".join(done.out.split())
    for part in (
        "RMSE", "R²", "always the mean", "11-64-1, relu, identity, rss", "body_mass_g target: a number",
        "island one of 3 categories", "sex 'female' or 'male'",
    ):  # fmt: skip
        assert part in words
    assert done.err == ""


def test_the_next_commands_run_as_printed(here: Path, chainrule_command: Callable[..., Any]) -> None:
    shutil.copy("iris.csv", here / "my iris (new).csv")
    done = chainrule_command(
        *("fit", "my iris (new).csv", "--target", "species"),
        *("--hidden", 2, "--epochs", 1, "--out", "a model.st"),
    )
    printed = re.findall(r"chainrule (?:predict|trace|check) .*", done.out)
    assert len(printed) == 3
    for line in printed:
        assert chainrule_command(*shlex.split(line)[1:]).code == 0


@pytest.mark.parametrize("command", ["fit", "inspect", "predict", "score", "show", "trace", "check"])
def test_json_is_all_that_stdout_holds(
    command: str, here: Path, chainrule_command: Callable[..., Any]
) -> None:
    special: dict[str, list[object]] = {
        "fit": ["iris.csv", "--target", "species", "--out", here / "new.safetensors"],
        "inspect": ["iris.csv"],
        "show": ["iris.safetensors"],
        "check": ["iris.safetensors", "iris.csv", "--rows", 2, "--weights", 9],
    }
    arguments = special.get(command, ["iris.safetensors", "iris.csv"])
    done = chainrule_command(command, *arguments, "--json")
    assert done.code == 0

    def refuse(name: str) -> None:
        raise AssertionError(name)

    found = json.loads(done.out, parse_constant=refuse)
    keys = {
        "fit": {
            "rows",
            "report",
            "remarks",
            "targets",
            "loss",
            "loss_of_epochs",
            "held_out_score",
            "stopped_by",
            "model",
            "seconds",
        },
        "inspect": {"table", "n_training", "n_held_out", "left_out", "columns", "said", "warnings"},
        "predict": {"rows", "predictions", "remarks", "out"},
        "score": {"rows", "score"},
        "show": {"sizes", "weights", "encoding", "training", "report"},
        "trace": {"row", "layers", "loss_before", "loss_after", "inputs", "outputs"},
        "check": {"passed", "differences", "complex_step", "update_error", "n_checked"},
    }
    assert keys[command] <= set(found)


def test_predict_gives_classes_and_outputs(here: Path, chainrule_command: Callable[..., Any]) -> None:
    done = chainrule_command("predict", "iris.safetensors", here / "iris.csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    names = [f"probability_{name}" for name in ("setosa", "versicolor", "virginica")]
    assert list(rows[0]) == ["species", *names]
    assert len(rows) == 150
    for row in rows:
        chances = {name.removeprefix("probability_"): float(value) for name, value in list(row.items())[1:]}
        assert row["species"] == max(chances, key=chances.__getitem__)
        assert sum(chances.values()) == pytest.approx(1, rel=1e-15, abs=0)
    model = chainrule.load_model("iris.safetensors")
    expected = model.network(model.table_encoding.encode_inputs(chainrule.read_table("iris.csv")))
    assert [float(row["probability_setosa"]) for row in rows] == expected[:, 0].tolist()


def test_predict_finds_columns_by_name(here: Path, chainrule_command: Callable[..., Any]) -> None:
    with here.joinpath("iris.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with here.joinpath("other.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        names = ["petal_width", "id", "sepal_length", "petal_length", "colour", "sepal_width"]
        writer.writerow(names)
        writer.writerows(
            [{**row, "id": n, "colour": "blue"}[name] for name in names] for n, row in enumerate(rows)
        )
    plain = chainrule_command("predict", "iris.safetensors", "iris.csv")
    other = chainrule_command("predict", "iris.safetensors", "other.csv")
    assert other.out == plain.out
    assert other.err.splitlines() == [
        "Note: the file is not laid out as the table that was learnt: its layout is found anew",
        "Note: delimiter ';'",
        "Note: the model does not use these columns: id, colour",
    ]
    without = here.joinpath("iris.csv").read_text(encoding="utf-8").replace(",species", "")
    here.joinpath("without.csv").write_text(
        "\n".join(line.rsplit(",", 1)[0] if n else line for n, line in enumerate(without.splitlines())),
        encoding="utf-8",
    )
    assert chainrule_command("predict", "iris.safetensors", "without.csv").out == plain.out


def test_predictions_are_written_whole(here: Path, chainrule_command: Callable[..., Any]) -> None:
    done = chainrule_command("predict", "penguins.safetensors", "penguins.csv", "--out", "p.csv")
    assert (done.code, done.out) == (0, "")
    assert "p.csv" in done.err
    printed = chainrule_command("predict", "penguins.safetensors", "penguins.csv").out
    assert here.joinpath("p.csv").read_text(encoding="utf-8") == printed
    assert 2500 < float(printed.splitlines()[1]) < 6500


def test_scores_agree_with_scikit_learn(here: Path, chainrule_command: Callable[..., Any]) -> None:
    truth = [line.split(",")[-1] for line in here.joinpath("iris.csv").read_text().splitlines()[1:]]
    printed = chainrule_command("predict", "iris.safetensors", "iris.csv").out.splitlines()[1:]
    guesses = [line.split(",")[0] for line in printed]
    score = json.loads(chainrule_command("score", "iris.safetensors", "iris.csv", "--json").out)["score"]
    assert score["accuracy"] == pytest.approx(accuracy_score(truth, guesses))
    assert list(score["recall"].values()) == pytest.approx(list(recall_score(truth, guesses, average=None)))

    with here.joinpath("penguins.csv").open(encoding="utf-8", newline="") as file:
        masses = [float(row["body_mass_g"]) for row in csv.DictReader(file)]
    numbers = [
        float(n) for n in chainrule_command("predict", "penguins.safetensors", "penguins.csv").out.split()[1:]
    ]
    (found,) = json.loads(chainrule_command("score", "penguins.safetensors", "penguins.csv", "--json").out)[
        "score"
    ]
    assert found["rmse"] == pytest.approx(root_mean_squared_error(masses, numbers))
    assert found["r2"] == pytest.approx(r2_score(masses, numbers))


def test_the_model_has_seen_the_training_rows_only(here: Path) -> None:
    result = chainrule.fit(here / "iris.csv", target="species", defaults="notes", epochs=3, seed=4)
    data = result.data
    rows = data.training_rows
    start = chainrule.Network.random((4, 8, 3), seed=4)
    again = chainrule.train(start, data.X[rows], data.Y[rows], rate=0.2, epochs=3, seed=4)
    for ours, theirs in zip(result.model.network.weights, again.network.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert sorted([*rows, *data.held_out_rows]) == list(range(150))
    counts = np.bincount(np.argmax(data.Y[data.held_out_rows], axis=1))
    assert counts.min() >= 12
    assert counts.max() <= 13


def test_python_and_the_command_give_the_same_file(here: Path, chainrule_command: Callable[..., Any]) -> None:
    chainrule_command(
        "fit", "iris.csv", "--target", "species", "--epochs", 5, "--seed", 3, "--out", "a.safetensors"
    )
    result = chainrule.fit("iris.csv", target="species", epochs=5, seed=3)
    chainrule.save(result.model, here / "b.safetensors")
    assert digest("a.safetensors") == digest("b.safetensors")


def test_the_same_command_gives_the_same_file(here: Path, chainrule_command: Callable[..., Any]) -> None:
    fit = ("--target", "species", "--epochs", 5)
    first = run_process(
        "fit", "iris.csv", *fit, "--out", "a.safetensors", PYTHONHASHSEED=ANOTHER_SEED, TZ="Asia/Tokyo"
    )
    here.joinpath("sub").mkdir()
    shutil.copy("iris.csv", "sub/iris.csv")
    second = chainrule_command("fit", "sub/iris.csv", *fit, "--out", "sub/b.safetensors")
    assert (first.returncode, second.code) == (0, 0)
    assert digest("a.safetensors") == digest("sub/b.safetensors")
    other = chainrule_command("fit", "iris.csv", *fit, "--seed", 1, "--out", "c.safetensors")
    assert other.code == 0
    assert digest("a.safetensors") != digest("c.safetensors")


def test_divergence_keeps_the_last_finite_network(here: Path, chainrule_command: Callable[..., Any]) -> None:
    arguments = ["fit", "penguins.csv", "--target", "body_mass_g", "--rate", 1000, "--out", "new.safetensors"]
    arguments += ["--defaults", "notes", "--output", "identity"]
    done = chainrule_command(*arguments)
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    for part in ("epoch", "1000", "Try a rate of 0.1", "new.diverged.safetensors"):
        assert part in done.err
    assert not here.joinpath("new.safetensors").exists()
    kept = chainrule.load_model("new.diverged.safetensors")
    assert kept.training is not None
    assert kept.training.stopped_by == "divergence"
    assert all(np.isfinite(w).all() for w in kept.network.weights)
    before = digest("new.diverged.safetensors")
    assert "new.diverged-2.safetensors" in chainrule_command(*arguments).err
    assert digest("new.diverged.safetensors") == before


BEGUN = """
import pathlib, chainrule.cli.terminal.progress as progress, chainrule.jobs.fit as fit
fit.SECONDS_BETWEEN_LOOKS = 0.01
progress.TrainingProgress.progress = lambda *_: pathlib.Path("begun").touch()
"""


def test_interrupted_fit_keeps_the_network(here: Path, forks: Forks) -> None:
    arguments = ["fit", "iris.csv", "--target", "species", "--epochs", "1000000", "--out", "new.safetensors"]
    with tempfile.TemporaryFile("w+") as out_file, tempfile.TemporaryFile("w+") as err_file:
        process = forks.start(*arguments, stdout=out_file.fileno(), stderr=err_file.fileno(), script=BEGUN)
        while not here.joinpath("begun").exists():
            os.kill(process, 0)  # an error where it has ended
            time.sleep(0.01)
        os.kill(process, signal.SIGINT)
        code = forks.wait()
        out_file.seek(0)
        err_file.seek(0)
        out, err = out_file.read(), err_file.read()
    assert code == 130, err
    assert "Traceback" not in err
    assert "Interrupted: new.safetensors holds the network after" in err
    assert "ended by an interruption" in out
    record = chainrule.load_model("new.safetensors").training
    assert record is not None
    assert record.stopped_by == "interrupt"
    assert 0 < record.epochs_run < record.epochs
    again = chainrule.fit("iris.csv", target="species", epochs=record.epochs_run)
    for ours, theirs in zip(
        chainrule.load_model("new.safetensors").network.weights, again.model.network.weights, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_interrupt_outside_the_training(
    here: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("chainrule.jobs.job.as_table", interrupt)
    done = chainrule_command("fit", "iris.csv", "--target", "species", "--out", "new.safetensors")
    assert (done.code, done.out, done.err) == (130, "", "Interrupted. Nothing was saved.\n")
    assert not here.joinpath("new.safetensors").exists()


def test_progress_on_a_terminal(here: Path, forks: Forks) -> None:
    leader, follower = pty.openpty()
    arguments = ["fit", "iris.csv", "--target", "species", "--epochs", "3000", "--out", "new.safetensors"]
    often = (
        "import chainrule.cli.terminal.progress as progress, chainrule.jobs.fit as fit\n"
        "progress.SECONDS_BETWEEN_DRAWS = fit.SECONDS_BETWEEN_LOOKS = 1e-9"
    )
    with Path(os.devnull).open("wb") as nowhere:
        forks.start(*arguments, stdout=nowhere.fileno(), stderr=follower, script=often)
    os.close(follower)
    text = everything_from(leader).decode()
    assert forks.wait() == 0
    assert here.joinpath("new.safetensors").exists()
    assert re.search(r"epoch \d+ of 3000   loss 0\.\d+(   \S+ epochs/s)?   \d+ s left", text)
    assert text.endswith("\r\x1b[K")


def test_no_control_codes_in_pipes(here: Path, forks: Forks) -> None:
    assert here.is_dir()
    for arguments in (
        ["--help"], ["fit", "--help"], ["show", "iris.safetensors"],
        ["fit", "iris.csv", "--target", "species", "--epochs", "2", "--out", "new.safetensors"],
        ["fit", "iris.csv", "--target"],
    ):  # fmt: skip
        reader, writer = os.pipe()
        done = forks.run(*arguments, stdout=writer)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            assert b"\x1b" not in pipe.read()
        assert "\x1b" not in done.err


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys\nfrom chainrule.cli import main\n"
        "for command in ('', 'fit', 'inspect', 'predict', 'score', 'show', 'trace', 'check', 'precompile'):\n"
        "    sys.argv = ['chainrule', *command.split(), '--help']\n"
        "    try:\n        main()\n"
        "    except SystemExit:\n        print('loaded', *sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = done.stderr.splitlines()
    assert len(loaded) == done.stdout.count("Usage") == 9
    heavy = {"numpy", "numba", "llvmlite", "duckdb", "pyarrow", "safetensors", "array_api_compat"}
    for modules in loaded:
        assert not set(modules.split()) & heavy


def test_help_tells_the_defaults_and_every_name() -> None:
    help_text = " ".join(run_process("fit", "--help", COLUMNS="200").stdout.split())
    for known in (ACTIVATIONS, LOSSES, RULES, SCHEDULES, DEFAULTS):
        for name in known:
            assert re.search(rf"\b{name}\b", help_text), name
    assert "[default: modern]" in help_text
    assert "[default: 0.25]" in help_text
    classes, numbers = (default_settings("modern", 100, classes=classes) for classes in (True, False))
    assert (classes.output, classes.loss, numbers.output) == ("softmax", "cross_entropy", "identity")
    learnt = (
        "A target of text, of booleans or of two distinct numbers is learnt as classes, all others as numbers"
    )
    assert learnt in help_text
    for one in options_of():
        assert f"--{one.name.replace('_', '-')}" in help_text
        assert " ".join(one.meaning.split()) in help_text
    notes = default_settings("notes", 100, classes=True)
    assert (notes.activation, notes.loss, notes.rule.name) == ("logistic", "rss", "descent")
    assert "logistic units in every layer, RSS, gradient descent" in help_text


def test_defaults_by_kind_of_target_and_rows() -> None:
    few, many, most = 499, 500, 20_000
    notes = [default_settings("notes", rows, classes=False) for rows in (few, many, most)]
    assert notes == [default_settings("notes", rows, classes=True) for rows in (few, many, most)]
    assert [one.hidden for one in notes] == [(8,), (32,), (32,)]
    assert [one.epochs for one in notes] == [100, 100, 30]
    assert {(one.rate, one.batch_size, one.output, str(one.loss)) for one in notes} == {
        (0.2, 1, "logistic", "rss")
    }
    enough, watching = (default_settings("modern", rows, classes=True) for rows in (1999, 2000))
    assert (enough.patience, enough.validation) == (None, 0)
    assert watching.patience is not None
    assert 0 < watching.validation < 0.5


def test_columns_listed_with_commas(here: Path, chainrule_command: Callable[..., Any]) -> None:
    first = chainrule_command(
        "fit",
        "penguins.csv",
        "--target",
        "body_mass_g",
        "--ignore",
        "year,sex",
        "--epochs",
        1,
        "--out",
        "a.st",
    )
    second = chainrule_command(
        "fit", "penguins.csv", "--target", "body_mass_g", "--ignore", "year", "--ignore", "sex",
        "--epochs", 1, "--out", "b.st",
    )  # fmt: skip
    assert (first.code, second.code) == (0, 0)
    assert digest(here / "a.st") == digest(here / "b.st")


def test_names_that_are_hard_to_print(here: Path, chainrule_command: Callable[..., Any]) -> None:
    name = "größe [bold], in „cm“"
    lines = [f'"{name}",[red]kind', *(f"{n},{'[a]' if n % 2 else '[/b]'}" for n in range(20))]
    here.joinpath("t.csv").write_text("\n".join(lines), encoding="utf-8")
    done = chainrule_command("fit", "t.csv", "--target", "[red]kind", "--inputs", name, "--epochs", 1)
    assert done.code == 0, done.err
    assert name in done.out
    assert "\n  [/b] " in done.out
    assert name in chainrule_command("show", "t.safetensors").out


def test_several_numbers_at_once(here: Path, chainrule_command: Callable[..., Any]) -> None:
    done = chainrule_command(
        "fit", "penguins.csv", "--target", "body_mass_g,flipper_length_mm", "--epochs", 2, "--out", "two.st"
    )
    assert done.code == 0, done.err
    assert "RMSE of flipper_length_mm" in done.out
    header, first = chainrule_command("predict", "two.st", here / "penguins.csv").out.splitlines()[:2]
    assert header == "body_mass_g,flipper_length_mm"
    assert len(first.split(",")) == 2


def test_numbers_that_are_classes(here: Path, chainrule_command: Callable[..., Any]) -> None:
    rows = [f"{n % 7},{n % 3}" for n in range(60)]
    here.joinpath("t.csv").write_text("\n".join(["x,grade", *rows]), encoding="utf-8")
    as_numbers = chainrule_command("fit", "t.csv", "--target", "grade", "--epochs", 1, "--out", "n.st")
    assert "--classes grade" in as_numbers.err
    as_classes = chainrule_command(
        "fit", "t.csv", "--target", "grade", "--classes", "grade", "--epochs", 1, "--out", "c.st"
    )
    assert "target: a number; a number with only 3 distinct whole values, which may be classes" in " ".join(
        as_numbers.out.split()
    )
    assert "target: 3 classes: '0', '1', '2'" in as_classes.out
    assert "--classes" not in as_classes.err


def test_two_numbers_are_two_classes_unless_they_are_said_to_be_numbers(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    here.joinpath("t.csv").write_text(
        "\n".join(["x,ok", *(f"{n % 7},{n % 2}" for n in range(60))]), encoding="utf-8"
    )
    fit = ("fit", "t.csv", "--target", "ok", "--hidden", 2, "--epochs", 1)
    decided = chainrule_command(*fit, "--out", "c.st")
    note = "column 'ok': two distinct numbers are two classes. --numbers ok learns them as numbers."
    assert f"Note: {note}" in decided.err.splitlines()
    shown = " ".join(decided.out.split())
    assert "ok target: 2 classes: '0', '1'; two distinct numbers are two classes" in shown
    as_numbers = chainrule_command(*fit, "--numbers", "ok", "--out", "n.st")
    assert (as_numbers.code, "RMSE" in as_numbers.out) == (0, True)
    said = chainrule_command(*fit, "--classes", "ok", "--strict", "--out", "s.st")
    assert (said.code, said.err) == (0, "")
    refused = chainrule_command(*fit, "--strict", "--out", "x.st")
    why = "two distinct numbers are two classes. --numbers ok learns them as numbers."
    told = f"Error: Column 'ok' of t.csv cannot be read without a guess: {why}\n"
    assert (refused.code, refused.err) == (2, told)
    assert not here.joinpath("x.st").exists()


def test_no_held_out_rows(here: Path, chainrule_command: Callable[..., Any]) -> None:
    done = chainrule_command(
        "fit", here / "iris.csv", "--target", "species", "--held-out", 0, "--epochs", 1, "--out", "all.st"
    )
    assert done.code == 0
    assert "No rows were held out" in done.out


def test_trace_shows_every_digit(here: Path, chainrule_command: Callable[..., Any]) -> None:
    text = chainrule_command(
        "trace", "iris.safetensors", here / "iris.csv", "--row", 3, "--digits", 17, "--units", 64
    ).out
    found = json.loads(chainrule_command("trace", "iris.safetensors", "iris.csv", "--row", 3, "--json").out)
    for layer in found["layers"]:
        for value in [*layer["z"], *layer["a"], *layer["delta"]]:
            assert format(value, ".17g") in text
    assert format(found["loss_after"], ".17g") in text


def test_check_fails_where_gradients_are_wrong(
    here: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = ("iris.safetensors", here / "iris.csv", "--rows", 10, "--weights", 40)
    assert chainrule_command("check", *few).code == 0
    monkeypatch.setattr(chainrule.ReLU, "backward", lambda _self, _z, a, upstream: a * upstream)
    done = chainrule_command("check", *few)
    assert done.code == 1
    assert "FAILED" in done.out


def test_version(chainrule_command: Callable[..., Any]) -> None:
    assert chainrule_command("--version").out == f"chainrule {chainrule.__version__}\n"
