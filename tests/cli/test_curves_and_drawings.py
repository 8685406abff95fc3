"""The curve of a training and the drawing of a network say what is true of them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import chainrule
from chainrule.cli.terminal.curve import BRAILLE, HEIGHT, loss_curve
from chainrule.cli.terminal.drawing import drawn_networks
from chainrule.lines import span
from chainrule.models import Model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("one_database")


def picture(lines: list[str]) -> list[str]:
    """The part of each line that is drawn."""
    return [line.partition("|")[2] for line in lines[:HEIGHT]]


def test_a_straight_line_is_drawn_as_one() -> None:
    title, lines = loss_curve([10.0 - k for k in range(10)], [None] * 10, 80, plain=True)
    assert title == "Loss of each epoch"
    rows = picture(lines)
    assert rows[0].startswith("*")
    assert rows[-1].endswith("*")
    starts = [len(row) - len(row.lstrip()) for row in rows]
    steps = [after - before for before, after in pairwise(starts)]
    assert max(steps) - min(steps) <= 9  # the first and the last step are half as long as the others
    assert lines[0].split()[0] == "10"
    assert lines[HEIGHT - 1].split()[0] == "1"
    assert lines[HEIGHT:] == ["        epoch 1 to 10", "first 10, last 1, the lowest"]


def test_losses_of_many_sizes_have_a_logarithmic_scale_which_is_said() -> None:
    falling = [10.0**-k for k in range(7)]
    title, lines = loss_curve(falling, [None] * 7, 80, plain=True)
    assert title.endswith(", on a logarithmic scale")
    straight = loss_curve([6.0 - k for k in range(7)], [None] * 7, 80, plain=True)[1]
    assert picture(lines) == picture(straight)
    assert not loss_curve([2.0, 1.5, 1.0], [None] * 3, 80)[0].endswith("scale")
    with_zero, _ = loss_curve([2.0, 1.0, 0.0], [None] * 3, 80)  # which has no logarithm
    assert not with_zero.endswith("scale")


def test_every_epoch_of_many_is_in_the_picture() -> None:
    losses = [1.0] * 1000
    losses[618] = 2.0  # one of some seventeen that share a column
    _, lines = loss_curve(losses, [None] * 1000, 80, plain=True)
    rows = picture(lines)
    at = rows[0].index("*")
    assert at == round(618 * 59 / 999)
    assert all(row[at] == "*" for row in rows)  # it goes there and back
    assert rows[-1] == "*" * 60
    assert lines[-1] == "first 1, last 1, lowest 1 in epoch 1"


def test_validation_rows_have_a_curve_of_their_own() -> None:
    _, lines = loss_curve([4.0, 3, 2, 1], [4.0, None, 3.5, 3.75], 80, plain=True)
    text = "\n".join(picture(lines))
    assert "o" in text
    assert "*" in text
    assert "#" in text  # where both begin
    assert lines[-3:] == [
        "training (*): first 4, last 1, the lowest",
        "validation (o): first 4, last 3.75, lowest 3.5 in epoch 3",
        "both: #",
    ]
    _, braille = loss_curve([4.0, 3, 2, 1], [4.0, None, 3.5, 3.75], 80)
    assert any(BRAILLE < ord(one) < BRAILLE + 256 for one in "".join(braille))
    assert all(ord(one) < BRAILLE for one in "".join(lines))


def test_a_sign_for_both_is_explained_where_it_is_drawn() -> None:
    _, apart = loss_curve([4.0, 3, 2, 1], [8.0, 7.0, 6.0, 5.0], 80, plain=True)
    assert "#" not in "".join(apart)
    _, braille = loss_curve([4.0, 3, 2, 1], [4.0, None, 3.5, 3.75], 80)
    assert "#" not in "".join(braille)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("losses", [[1.0, 0.5, 1e-310], [1e308, 1.0, 5e-324], [5e-324, 0.0, 1e308]])
def test_no_finite_losses_are_too_far_apart(losses: list[float], plain: bool) -> None:  # noqa: FBT001 (a parameter)
    title, lines = loss_curve(losses, losses[::-1], 80, plain=plain)
    assert title.endswith("scale") == (min(losses) > 0)
    assert len(lines) > HEIGHT


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("plain", [False, True])
def test_a_curve_has_room(width: int, plain: bool) -> None:  # noqa: FBT001 (a parameter)
    losses = [math.exp(-k / 9) + k % 3 for k in range(100)]
    _, lines = loss_curve(losses, losses[::-1], width, plain=plain)
    assert max(map(span, lines)) <= width


@pytest.mark.parametrize("losses", [[], [1.0], [2.0, 1.0], [1.0, math.nan, 2.0], [1.0, math.inf, 2.0]])
def test_what_makes_no_curve_has_none(losses: list[float]) -> None:
    assert loss_curve(losses, [None] * len(losses), 80)[1] == []


def test_losses_that_are_all_alike_are_a_line() -> None:
    _, lines = loss_curve([0.5] * 9, [None] * 9, 80, plain=True)
    assert picture(lines)[:-1] == [""] * (HEIGHT - 1)
    assert set(picture(lines)[-1]) == {"*"}


def test_layers_are_drawn_from_inputs_to_answers() -> None:
    result = chainrule.fit(
        pd.DataFrame({"a": [1.0, 2, 3, 4] * 5, "k": ["x", "y"] * 10}), target="k", hidden=3
    )
    lines = drawn_networks(result.model, 100)
    weights = result.model.network.weights
    largest = [f"{abs(w).max():.4g}" for w in weights]
    assert lines == [
        "  1 input       a",
        f"    │   W^(1)   3 x (1 + 1); 6 weights, the largest {largest[0]}",
        "  3 relu",
        f"    │   W^(2)   2 x (1 + 3); 8 weights, the largest {largest[1]}",
        "  2 softmax     k: x, y",
    ]
    assert [line.replace("|", "│") for line in drawn_networks(result.model, 100, plain=True)] == lines
    for width in (20, 40, 60):
        assert max(map(span, drawn_networks(result.model, width))) <= width


def test_a_network_alone_and_one_of_each_kind_are_drawn() -> None:
    net = chainrule.Network.random((2, 3, 1), seed=1)
    assert drawn_networks(Model(net), 100)[0] == "  2 inputs      x_1 to x_2"
    other = chainrule.Network.random((2, 1), seed=1)
    lines = drawn_networks(Model(chainrule.Ensemble([net, net, other])), 100)
    assert lines[0] == "  Each of networks 1 to 2; its numbers are of the first"
    assert lines[6] == "  Of network 3"
    assert len(lines) == 10


def test_a_model_of_a_recipe_is_drawn(here: Path, chainrule_command: Callable[..., Any]) -> None:
    assert here.is_dir()
    assert (
        chainrule_command("fit", "iris.csv", "--target", "species", "--effort", "quick", "--out", "r.st").code
        == 0
    )
    out = chainrule_command("show", "r.st").out
    assert "    │   W^(1)   " in out
    assert "species: setosa, versicolor, virginica" in out
    assert max(map(len, out.splitlines())) <= 100
