"""Ensembles on the command line: fitted, shown, scored, traced, checked and made again."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import chainrule
from chainrule.training import Progress
from chainrule.training.displays.progress import progress_line
from command_line import run_command

if TYPE_CHECKING:
    from pathlib import Path

FIT = ("--target", "species", "--ensemble", 3, "--epochs", 30, "--hidden", 6, "--seed", 2)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, compiled_kernels: None) -> Path:  # noqa: ARG001
    """A file of three networks."""
    out = tmp_path_factory.mktemp("ensemble") / "three.st"
    assert run_command("fit", "examples/iris.csv", *FIT, "--out", out).code == 0
    return out


def test_a_summary_says_how_many_they_are_and_what_each_scores_alone(here: Path) -> None:
    done = run_command("fit", here / "iris.csv", *FIT, "--out", here / "e.st")
    assert done.code == 0
    assert "Network   3 networks 4-6-3, relu, softmax, cross_entropy, averaged; 153 weights" in done.out
    assert "Networks  1: seed 2, 30 epochs, loss " in done.out
    assert "--ensemble 3" in done.out
    assert "Each of the 3 networks alone, in the mean (from, to):" in done.out
    told = json.loads(run_command("fit", here / "iris.csv", *FIT, "--out", here / "f.st", "--json").out)
    assert [one["seed"] for one in told["members"]] == [2, 3, 4]
    assert told["ensemble"] == 3
    assert all(len(one["loss_of_epochs"]) == 30 for one in told["members"])
    assert len(told["held_out_scores_of_members"]) == 3
    assert (here / "e.st").read_bytes() == (here / "f.st").read_bytes()


@pytest.mark.parametrize("by", ["seeds", "folds"])
def test_the_command_that_is_shown_makes_it_again_to_the_bit(by: str, here: Path) -> None:
    done = run_command("fit", here / "iris.csv", *FIT, "--ensemble-by", by, "--out", here / "e.st")
    assert done.code == 0
    words = shlex.split(run_command("show", here / "e.st", "--command").out)
    assert words[:2] == ["chainrule", "fit"]
    again = run_command("fit", here / "iris.csv", *words[3:], "--out", here / "again.st")
    assert again.code == 0, again.err
    one, other = (chainrule.load_model(here / name) for name in ("e.st", "again.st"))
    for ours, theirs in zip(one.members, other.members, strict=True):
        assert [w.tobytes() for w in ours.network.weights] == [w.tobytes() for w in theirs.network.weights]


def test_a_network_of_it_by_itself_has_no_command(path: Path, tmp_path: Path) -> None:
    chainrule.save(chainrule.load_model(path).members[1], tmp_path / "second.st")
    done = run_command("show", tmp_path / "second.st", "--command")
    assert done.code == 2
    assert "one network of an ensemble" in done.err


def test_show_lists_the_networks(path: Path) -> None:
    shown = run_command("show", path).out
    assert "Network   3 networks 4-6-3, cross_entropy, float64, averaged; 153 weights" in shown
    assert [line[10:17] for line in shown.splitlines() if ": seed " in line] == [
        "1: seed", "2: seed", "3: seed",
    ]  # fmt: skip
    weights = run_command("show", path, "--weights").out
    assert [line for line in weights.splitlines() if line.startswith("Network ") and ":" not in line][1:] == [
        "Network 1", "Network 2", "Network 3",
    ]  # fmt: skip
    told = json.loads(run_command("show", path, "--json").out)
    model = chainrule.load_model(path)
    for one, member in zip(told["members"], model.members, strict=True):
        assert one["weights"] == [w.tolist() for w in member.network.weights]


def test_score_has_the_networks_alone_beside_the_whole(path: Path, here: Path) -> None:
    told = json.loads(run_command("score", path, here / "iris.csv", "--json").out)
    model = chainrule.load_model(path)
    scores: list[Any] = [one.score(here / "iris.csv") for one in model.members]
    alone = [one.accuracy for one in scores]
    assert [one["accuracy"] for one in told["scores_of_members"]] == alone
    printed = run_command("score", path, here / "iris.csv").out
    mean, low, high = np.mean(alone), min(alone), max(alone)
    assert f"  accuracy  {mean:.3f}  ({low:.3f}, {high:.3f})" in printed


@pytest.mark.parametrize("member", [1, 3])
def test_a_trace_is_that_of_one_network_and_ends_with_the_mean(member: int, path: Path, here: Path) -> None:
    asked = () if member == 1 else ("--member", member)
    done = run_command("trace", path, here / "iris.csv", *asked)
    model = chainrule.load_model(path)
    assert f"By network {member} of the 3 that are averaged" in done.out
    assert "(a_1[1] + … + a_1[3]) / 3" in done.out
    assert "species of all networks = setosa" in done.out
    told = json.loads(run_command("trace", path, here / "iris.csv", *asked, "--json").out)
    x = np.array(told["x"])
    outputs = [one.network(x).tolist() for one in model.members]
    assert told["outputs_of_members"] == outputs
    assert told["mean_outputs"] == model.network(x).tolist()
    assert told["layers"][-1]["a"] == pytest.approx(outputs[member - 1], rel=1e-12)  # by the equations


@pytest.mark.parametrize("command", ["trace", "check"])
def test_a_network_that_there_is_not_is_refused(command: str, path: Path, here: Path) -> None:
    done = run_command(command, path, here / "iris.csv", "--member", 4)
    assert done.code == 2
    assert "--member is 4 but the model has 3 networks. Try --member 3." in done.err
    one = run_command(command, here / "iris.safetensors", here / "iris.csv", "--member", 2)
    assert one.code == 2
    assert "--member is 2 but the model has 1 network." in one.err


def test_a_check_says_which_network_it_is_of(path: Path, here: Path) -> None:
    done = run_command("check", path, here / "iris.csv", "--member", 2)
    assert done.code == 0
    assert "this is network 2 of 3; --member takes another" in done.err


def test_predictions_are_those_of_the_mean(path: Path, here: Path) -> None:
    done = run_command("predict", path, here / "iris.csv", "--json")
    model = chainrule.load_model(path)
    X = model.table_encoding.encode_inputs(model.read(here / "iris.csv"))
    mean = np.sum([one.network(X) for one in model.members], axis=0) / 3
    names = [model.classes[k] for k in mean.argmax(axis=1)] if model.classes else []
    assert json.loads(done.out)["predictions"]["species"] == names


def test_progress_names_the_networks_under_way() -> None:
    training = Progress(10, 100, lambda: None, lambda: None)  # type: ignore[arg-type, return-value]
    training.member = (2, 8)
    assert str(progress_line(training, 0, members=[3, 2])) == "networks 2, 3 of 8, epoch 0 of 10"
    training.fold = (1, 5)
    assert str(progress_line(training, 0, [1], [2])) == "fold 1 of 5, network 2 of 8, epoch 0 of 10"
