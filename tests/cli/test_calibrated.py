"""`--calibrate` and `--interval`: what is printed, what goes on, and how it is worked out."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import chainrule
from chainrule.training import Callbacks, Progress, run_training

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("one_database", "tables_read_once")

FIT = (
    "fit",
    "iris.csv",
    "--target",
    "species",
    "--validation",
    "0.3",
    "--seed",
    "1",
    "--calibrate",
    "--out",
    "new.st",
)
NUMBERS = (
    "fit", "penguins.csv", "--target", "body_mass_g", "--epochs", "5", "--folds", "3", "--calibrate",
    "--out", "new.st",
)  # fmt: skip


def test_what_it_gained_is_said_and_shown(here: Path, chainrule_command: Callable[..., Any]) -> None:
    assert here.is_dir()
    done = chainrule_command(*FIT)
    assert done.code == 0, done.err
    calibration = chainrule.load_model("new.st").calibration
    assert calibration is not None
    (found,) = calibration.targets
    text = " ".join(done.out.split())
    said = (
        rf"Certainty temperature {found.temperature:.4g}: log loss {found.log_loss[0]:.3f} before, "  # type: ignore[union-attr, index]
        rf"{found.log_loss[1]:.3f} after; calibration error {found.calibration_error[0]:.3f} before, "  # type: ignore[union-attr, index]
        rf"{found.calibration_error[1]:.3f} after, by 34 rows that were only watched"  # type: ignore[union-attr, index]
    )
    assert said in text
    assert re.search(r"calibration error +0\.\d{3}", done.out)
    shown = chainrule_command("show", "new.st")
    assert said in " ".join(shown.out.split())
    assert f"Σ_i (a_i)^(1/T),  T = {found.temperature:.6g}" in shown.out  # type: ignore[union-attr]
    of_show = json.loads(chainrule_command("show", "new.st", "--json").out)["calibration"]
    of_fit = json.loads(chainrule_command(*FIT, "--force", "--json").out)["calibration"]
    assert of_show == of_fit
    assert of_show["targets"][0]["temperature"] == found.temperature  # type: ignore[union-attr]


def test_the_command_that_makes_it_again_says_so(here: Path, chainrule_command: Callable[..., Any]) -> None:
    assert chainrule_command(*FIT).code == 0
    command = shlex.split(chainrule_command("show", "new.st", "--command").out)
    assert command[-1] == "--calibrate"
    assert chainrule_command(*command[1:], "--out", "again.st").code == 0
    assert here.joinpath("again.st").read_bytes() == here.joinpath("new.st").read_bytes()


def test_a_trace_works_out_the_probability_that_is_predicted(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    assert here.is_dir()
    assert chainrule_command(*FIT).code == 0
    model = chainrule.load_model("new.st")
    p = model.predict("iris.csv")
    assert p.probabilities is not None
    done = chainrule_command("trace", "new.st", "iris.csv", "--row", "60")
    value = f"{p.probabilities[59].max():.6g}"
    assert re.search(rf"the probability of versicolor = .*= {re.escape(value)}\n", done.out, re.DOTALL)
    assert "its probability" not in done.out
    data = json.loads(chainrule_command("trace", "new.st", "iris.csv", "--row", "60", "--json").out)
    assert data["probabilities"][0]["value"] == pytest.approx(p.probabilities[59].max(), rel=1e-12)
    assert data["probabilities_after"][0]["of"] == "the probability of versicolor"
    labels = (
        "fit", "penguins.csv", "--target", "sex", "--one-unit", "--folds", "3", "--epochs", "5",
        "--calibrate",
    )  # fmt: skip
    assert chainrule_command(*labels, "--out", "sex.st").code == 0
    p = chainrule.load_model("sex.st").predict("penguins.csv")
    assert p.probabilities is not None
    done = chainrule_command("trace", "sex.st", "penguins.csv", "--row", "1", "--digits", "12")
    assert f"= {p.probabilities[0, 1]:.12g}\n" in done.out
    assert "the probability of male = (a_1^(3))^(1/T) / " in done.out


def test_predictions_have_columns_for_intervals(here: Path, chainrule_command: Callable[..., Any]) -> None:
    assert here.is_dir()
    done = chainrule_command(*NUMBERS)
    assert "Intervals of up to 0.997 of the answers, by 333 rows held out in folds" in done.out
    done = chainrule_command("predict", "new.st", "penguins.csv", "--interval", "0.9", "--out", "p.csv")
    assert done.code == 0, done.err
    expected = chainrule.load_model("new.st").predict("penguins.csv", interval=0.9).to_pandas()
    pd.testing.assert_frame_equal(pd.read_csv("p.csv"), expected, check_exact=False, rtol=1e-14)
    assert list(expected) == ["body_mass_g", "body_mass_g_low", "body_mass_g_high"]
    for given, said in {
        "0.999": "--interval is 0.999 but 333 rows that the network has not learnt from can tell no more",
        "90": "Try --interval 0.9.",
        "much": "--interval is 'much' but must be a number",
    }.items():
        done = chainrule_command("predict", "new.st", "penguins.csv", "--interval", given)
        assert done.code == 2
        assert said in done.err


def test_a_training_that_goes_on_keeps_what_its_folds_said(
    here: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chainrule_command(*NUMBERS, "--out", "whole.st").code == 0
    trainings: list[None] = []

    def press(training: Progress) -> None:
        if len(trainings) == 4 and len(training.epochs) == 2:
            trainings.append(None)
            raise KeyboardInterrupt

    def run(*arguments: Any, callbacks: Callbacks, **others: Any) -> Any:  # noqa: ANN401 (as run_training)
        trainings.append(None)
        return run_training(*arguments, callbacks=replace(callbacks, on_epoch=press), **others)

    monkeypatch.setattr("chainrule.models.learning.run_training", run)
    stopped = chainrule_command(*NUMBERS)
    assert stopped.code == 130
    half = chainrule.fit("penguins.csv", resume="new.checkpoint.st")
    done = chainrule_command(
        "fit", "penguins.csv", "--resume", "new.checkpoint.st", "--out", "new.st", "--force"
    )
    assert done.code == 0, done.err
    assert "Intervals " in done.out
    assert here.joinpath("new.st").read_bytes() == here.joinpath("whole.st").read_bytes()
    assert half.model.calibration == chainrule.load_model("whole.st").calibration


def test_what_cannot_be_is_refused(here: Path, chainrule_command: Callable[..., Any]) -> None:
    assert here.is_dir()
    done = chainrule_command(
        *("fit", "penguins.csv", "--target", "body_mass_g", "--defaults", "modern-1"),
        *("--calibrate", "--out", "n.st"),
    )
    assert done.code == 2
    assert "--calibrate needs rows that the network does not learn from. Give --folds 5, or" in done.err
    plain = ("fit", "penguins.csv", "--target", "body_mass_g", "--epochs", "1", "--out", "n.st")
    assert chainrule_command(*plain).code == 0
    done = chainrule_command("predict", "n.st", "penguins.csv", "--interval", "0.9")
    assert done.code == 2
    assert "Fit it with --calibrate." in done.err
