"""What a fit says of itself: classes that it never predicts, epochs that ended too soon; and silence else."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import chainrule
from chainrule import Network, TrainingWarning
from chainrule.models import prepare
from chainrule.models.judging.predicted import never_predicted
from chainrule.settings import FitSettings

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("one_database")

FULL_SUITE = bool(os.environ.get("FULL_SUITE"))
EXAMPLES = Path(__file__).parents[2] / "examples"
N = np.arange(200)
KINDS = np.where(N < 114, "a", np.where(N < 190, "b", "rare"))  # 114, 76 and 10 rows
RARE = pd.DataFrame(
    {
        "x": N * 37 % 101 / 101 + np.select([KINDS == "a", KINDS == "rare"], [0.0, 1.2], 2.4),
        "z": N * 61 % 199 / 199,
        "kind": KINDS,
    }
)
FEW: dict[str, Any] = {"target": "kind", "hidden": 4}


def test_a_class_that_is_never_predicted_is_named_with_its_rows() -> None:
    message = r"The class 'rare' is never predicted, though 10 rows have it\. Try class_weight='balanced'\."
    with pytest.warns(TrainingWarning, match=message):
        result = chainrule.fit(RARE, **FEW)
    assert "rare" not in result.model.predict(RARE)["kind"]
    assert [one.cause for one in result.diagnosis] == ["class_never_predicted"]
    assert result.diagnosis is result.training.diagnosis
    assert f"Warning: {result.diagnosis[0]}\nFitResult(" in str(result)
    again = chainrule.fit(RARE, **FEW, epochs=150, class_weight="balanced")  # the advice helps
    assert "rare" in again.model.predict(RARE)["kind"]
    assert again.diagnosis == ()


def test_several_such_classes_are_said_at_once() -> None:
    other = RARE.assign(kind=RARE["kind"].mask(N > 196, "rarer"))
    message = "The classes 'rare', 'rarer' are never predicted, though 10 rows have them"
    with pytest.warns(TrainingWarning, match=message):
        chainrule.fit(other, **FEW)


def test_what_was_given_is_not_advised() -> None:
    data = prepare(RARE, target="kind")
    net = Network([[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]], "softmax", "cross_entropy")
    assert set(data.encoding.decode_outputs(net(data.X))) == {"a"}
    plain = FitSettings(rate=0.1, epochs=50)
    [found] = never_predicted(net, data, plain, 50)
    what = "The classes 'b', 'rare' are never predicted, though 86 rows have them."
    assert found.message == f"{what} Try class_weight='balanced'."
    of_recipe = replace(plain, class_weight="balanced", recipe="modern-2", effort="quick")
    [found] = never_predicted(net, data, of_recipe, 50)
    assert found.message.endswith("Try effort='best', or give more such rows.")
    [found] = never_predicted(net, data, replace(of_recipe, effort="best"), 50)
    assert found.message.endswith(". Give more such rows.")
    [found] = never_predicted(net, data, replace(plain, class_weight="balanced"), 50)
    assert found.message == f"{what} Try more epochs or hidden units, or give more such rows."
    assert never_predicted(net, data, plain, 9) == ()


def test_weights_are_not_advised_where_no_class_is_rare() -> None:
    data = prepare(RARE.assign(kind=N % 4).astype({"kind": str}), target="kind", classes="kind")
    net = Network(
        [[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]], "softmax", "cross_entropy"
    )
    [found] = never_predicted(net, data, FitSettings(rate=0.1, epochs=50), 50)
    assert found.message.endswith("Try more epochs or hidden units, or give more such rows.")


def test_a_short_trial_is_left_alone() -> None:
    other = RARE.assign(kind=RARE["kind"].mask(N > 197, "rarer"))
    result = chainrule.fit(other, **FEW, epochs=9)
    assert "rarer" not in result.model.predict(other)["kind"]
    assert "class_never_predicted" not in [one.cause for one in result.diagnosis]


def test_the_command_says_it_in_its_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chainrule_command: Callable[..., Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    RARE.to_csv("t.csv", index=False)
    typed = ("fit", "t.csv", "--target", "kind", "--hidden", 4, "--force")
    done = chainrule_command(*typed)
    said = (
        "Warning: The class 'rare' is never predicted, though 10 rows have it. Try --class-weight balanced."
    )
    assert (done.code, done.err.splitlines().count(said)) == (0, 1)
    slow = chainrule_command(*typed, "--epochs", 3, "--rate", 0.0001, "--json")
    assert re.search(
        "^Note: The loss still fell when the 3 epochs ended, by .* Try more epochs", slow.err, re.MULTILINE
    )
    [found] = json.loads(slow.out)["diagnosis"]
    assert (found["cause"], found["is_warning"]) == ("still_falling", False)
    missed = chainrule_command(*typed, "--epochs", 3, "--loss-goal", 0.001)
    assert "Warning: --loss-goal 0.001 was not reached: the last epoch had a mean loss of" in missed.err


def test_a_loss_that_still_fell_is_a_word_and_no_warning() -> None:
    result = chainrule.fit(EXAMPLES / "iris.csv", target="species", rule="descent", rate=0.001, epochs=3)
    [found] = result.diagnosis
    assert (found.cause, found.is_warning) == ("still_falling", False)
    assert f"Note: {found}\nFitResult(" in str(result)


@pytest.mark.parametrize("seed", range(12 if FULL_SUITE else 1))
@pytest.mark.parametrize(
    ("table", "target"),
    [
        ("iris.csv", "species"),
        ("penguins.csv", "species"),
        ("penguins.csv", "body_mass_g"),
        ("flats.csv", "rent"),
    ],
)
@pytest.mark.parametrize("defaults", ["modern", "notes"])
@pytest.mark.filterwarnings("ignore::chainrule.errors.TableWarning")
def test_a_fit_with_the_defaults_has_nothing_to_say(
    table: str, target: str, defaults: str, seed: int
) -> None:
    result = chainrule.fit(EXAMPLES / table, target=target, defaults=defaults, seed=seed)
    assert result.diagnosis == ()
