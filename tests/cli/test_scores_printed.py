"""What `fit` and `score` print of how good a network is, and what an interrupted fit leaves out."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import chainrule
from chainrule.scores import NumberRows, score_lines, score_numbers
from chainrule.scores.digits import share_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

FIT = ("fit", "iris.csv", "--target", "species", "--epochs", "3", "--out", "new.safetensors")


def test_the_lines_are_the_figures_of_the_result(here: Path, chainrule_command: Callable[..., Any]) -> None:
    done = chainrule_command(*FIT)
    result = chainrule.fit(here / "iris.csv", target="species", epochs=3)
    score, linear, gain = result.held_out_score, result.linear_score, result.gain
    assert isinstance(score, chainrule.ClassScore)
    assert isinstance(linear, chainrule.ClassScore)
    low, high = score.intervals["log_loss"] or (0, 0)
    expected = [
        "log",
        "loss",
        f"{score.log_loss:.3f}",
        f"{low:.3f}",
        "to",
        f"{high:.3f}",
        f"{linear.log_loss:.3f}",
    ]
    lines = [line.split() for line in done.out.splitlines()]
    assert expected in lines
    rows = [["class", "\\", "predicted", "setosa", "versicolor", "virginica"]]
    rows += [[name, *map(str, row)] for name, row in zip(score.rows, score.confusion, strict=True)]
    begin = lines.index(rows[0])
    assert lines[begin : begin + 4] == rows
    assert str(gain) in " ".join(done.out.split())
    assert max(map(len, done.out.splitlines())) <= 100


def test_a_score_has_no_linear_model_and_rows_learnt_from_no_interval(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    assert here.is_dir()
    scored = chainrule_command("score", "iris.safetensors", "iris.csv")
    assert "95 % interval" in scored.out
    assert "linear model" not in scored.out
    found = json.loads(chainrule_command("score", "iris.safetensors", "iris.csv", "--json").out)["score"]
    assert found["target"] == "species"
    assert len(found["intervals"]["accuracy"]) == 2
    learnt = chainrule_command(*FIT, "--held-out", 0)
    assert "that of the rows it has learnt from" in learnt.out
    assert "interval" not in learnt.out
    assert "linear model" not in learnt.out


def test_as_json_there_is_all(here: Path, chainrule_command: Callable[..., Any]) -> None:
    assert here.is_dir()
    found = json.loads(chainrule_command(*FIT, "--json").out)
    gain, linear = found["gain"], found["linear_score"]
    assert gain["verdict"] in gain["sentence"]
    assert linear["accuracy"] == gain["other"]
    assert found["training_score"]["intervals"] is None
    assert len(found["held_out_score"]["confusion"]) == 3


def test_ctrl_c_while_the_linear_model_is_trained_leaves_the_network(
    here: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(*_arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(10):
            time.sleep(0)

    assert here.is_dir()
    monkeypatch.setattr("chainrule.models.result.linear_network", pressed)
    done = chainrule_command(*FIT)
    assert done.code == 130
    assert done.err.splitlines()[-1] == "Interrupted. new.safetensors is saved."
    assert chainrule.load_model("new.safetensors").training is not None


def test_zero_has_no_sign() -> None:
    assert [share_text(value) for value in (-0.0004, -0.0006, 0.0, -0.0)] == [
        "0.000",
        "-0.001",
        "0.000",
        "0.000",
    ]
    actual = np.array([1.0, 2.0, 3.0])
    score = score_numbers("y", NumberRows(actual, actual + 0.5, mean=2.0001))
    assert score.mean_r2 is not None
    assert -1e-3 < score.mean_r2 < 0
    assert "-0.000" not in "".join(score_lines((score,)))
