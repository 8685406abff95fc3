"""A fit of which nothing is said: what the command says of its recipe, and how it is repeated and ended."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

import chainrule
from chainrule.models.recipe import members
from chainrule.models.recipe.choice import EFFORT, Effort, Variant
from chainrule.network import members_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., Any]

FIT = ("fit", "t.csv", "--target", "y", "--out", "m.st")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a table, and efforts of two cycles of four networks."""
    monkeypatch.chdir(tmp_path)
    for name in EFFORT:
        monkeypatch.setitem(EFFORT, name, Effort(2, 2, 2, (Variant(4),), (Variant(4),), 0.97))
    A = np.random.default_rng(2).normal(size=(60, 2))
    y = np.where(A[:, 0] * A[:, 1] > 0, "yes", "no")
    pyarrow.csv.write_csv(pa.table({"a": A[:, 0], "b": A[:, 1], "y": y}), "t.csv")


def test_what_it_costs_is_said_before_and_what_was_chosen_after(chainrule_command: Command) -> None:
    done = chainrule_command(*FIT)
    assert done.code == 0
    assert (
        "Note: Recipe modern-2, effort normal: 4 networks 2-4-4-2, each of which learns from 1 of 2"
        in done.err
    )
    out = " ".join(done.out.split())
    for part in (
        "Recipe modern-2, effort normal: ",
        "candidates in all",
        "--defaults modern-2 --effort normal",
    ):
        assert part in out
    assert max(map(len, done.out.splitlines())) <= 100
    shown = chainrule_command("show", "m.st").out
    assert "Recipe    modern-2, effort normal: " in shown
    assert max(map(len, shown.splitlines()[:8])) <= 100


@pytest.mark.parametrize("more", [(), ("--effort", "quick"), ("--class-weight", "balanced"), ("--folds", 2)])
def test_the_command_that_is_shown_makes_the_same_file(
    more: tuple[object, ...], chainrule_command: Command
) -> None:
    assert chainrule_command(*FIT, *more, "--seed", 5).code == 0
    command = shlex.split(chainrule_command("show", "m.st", "--command").out)
    assert "--defaults" in command
    done = chainrule_command(*command[1:], "--out", "again.st")
    assert done.code == 0, done.err
    one, two = (chainrule.load_model(name) for name in ("m.st", "again.st"))
    first, second = (one.predict("t.csv").probabilities, two.predict("t.csv").probabilities)
    assert first is not None
    assert second is not None
    assert first.tobytes() == second.tobytes()
    assert one.training == two.training


def test_as_json_the_settings_are_those_of_its_networks(chainrule_command: Command) -> None:
    found = json.loads(chainrule_command(*FIT, "--json").out)
    assert found["hidden"] == [4, 4]
    assert found["epochs_run"] == len(found["loss_of_epochs"])
    assert found["calibration"] is not None


def test_as_json_the_choice_is_there(chainrule_command: Command) -> None:
    told = json.loads(chainrule_command(*FIT, "--effort", "quick", "--json").out)
    model = chainrule.load("m.st")
    assert (told["recipe"], told["effort"]) == ("modern-2", "quick")
    assert isinstance(model, chainrule.Model)
    assert model.training is not None
    assert tuple(map(tuple, told["choice"])) == model.training.choice
    one = json.loads(chainrule_command(*FIT, "--hidden", 3, "--epochs", 2, "--force", "--json").out)
    assert (one["recipe"], one["effort"], one["choice"]) == (None, None, [])


def test_a_recipe_by_its_name_beside_what_it_settles_is_one_line(chainrule_command: Command) -> None:
    done = chainrule_command(*FIT, "--defaults", "modern-2", "--hidden", 8)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "--defaults modern-2 was given with --hidden but it is a recipe" in done.err


def test_an_effort_beside_what_it_settles_is_one_line(chainrule_command: Command) -> None:
    done = chainrule_command(*FIT, "--effort", "best", "--hidden", 3)
    assert (done.code, done.out) == (2, "")
    assert "--effort best was given with --hidden but an effort says how much is tried" in done.err
    done = chainrule_command(*FIT, "--effort", "norml")
    assert done.code == 2
    assert "Did you mean 'normal'?" in done.err


def test_ctrl_c_keeps_networks_and_no_checkpoint(
    chainrule_command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run, begun = vars(members)["run_training"], []

    def run_six(*given: Any, **named: Any) -> Any:  # noqa: ANN401 (as it takes and gives them)
        begun.append(1)
        if len(begun) == 6:  # the second network in the second cycle
            raise KeyboardInterrupt
        return run(*given, **named)

    monkeypatch.setattr(members, "run_training", run_six)
    done = chainrule_command(*FIT, "--threads", 1)
    assert done.code == 130
    assert (
        "Interrupted: m.st holds 4 networks of the recipe as far as they came, and nothing is chosen"
        in done.err
    )
    assert "--resume" not in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.st", "t.csv"]
    assert len(members_of(chainrule.load_model("m.st").network)) == 4
    shown = " ".join(chainrule_command("show", "m.st").out.split())
    assert "modern-2, effort normal: interrupted before it could choose; the mean of" in shown
    refused = chainrule_command("predict", "m.st", "t.csv", "--interval", "0.9")
    assert refused.code == 2
    assert "Fit it to the end." in refused.err
    resumed = chainrule_command("fit", "t.csv", "--resume", "m.st", "--out", "n.st")
    assert resumed.code == 2
    assert "m.st is no checkpoint of `chainrule fit`" in resumed.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--dtype", "float64"), "none: --dtype was given, which"),
        (
            ("--defaults", "modern", "--hidden", "4", "--rate", "0.1"),
            "none: --rate and --hidden were given",
        ),
        (("--defaults", "modern-1", "--hidden", "4"), ""),
        (("--defaults", "notes"), ""),
        (("--effort", "quick"), ""),
    ],
)
def test_that_a_setting_puts_the_recipe_aside_is_said(
    chainrule_command: Command, more: tuple[str, ...], said: str
) -> None:
    told = chainrule_command(*FIT, *more).out
    assert ("Recipe    none" in told) == bool(said)
    assert said in " ".join(told.split())
