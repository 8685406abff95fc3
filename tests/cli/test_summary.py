"""What a summary says of its figures is true of every table: of one row, of none held out, of one value."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import chainrule

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [
    pytest.mark.usefixtures("one_database"),
    pytest.mark.filterwarnings("ignore::chainrule.errors.TrainingWarning"),
]

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chainrule_command: Callable[..., Any]
) -> Callable[..., str]:
    """A fit of a table with these columns, and what is printed of it, with single blanks."""
    monkeypatch.chdir(tmp_path)

    def fit(columns: dict[str, Any], *typed: object) -> str:
        pd.DataFrame(columns).to_csv("t.csv", index=False)
        done = chainrule_command("fit", "t.csv", *typed, "--epochs", 2, "--hidden", 2, "--force")
        assert done.code == 0, done.err
        return " ".join(str(done.out).split())

    return fit


NUMBERS: dict[str, Any] = {"x": [1.5, 2, 3, 4, 5, 6.5, 7, 8] * 3, "y": [1.25, 4, 9, 16, 25, 36, 49, 64] * 3}
CLASSES: dict[str, Any] = {"x": NUMBERS["x"], "kind": ["a", "b"] * 12}


def test_one_row_is_no_rows(fitted: Callable[..., str], chainrule_command: Callable[..., Any]) -> None:
    out = fitted({"x": NUMBERS["x"], "y": NUMBERS["y"]}, "--target", "y", "--held-out", 0.04)
    assert "Score of the 1 held-out row, which the network has not seen:" in out
    assert "(has seen the 23 training rows only)" in out
    pd.DataFrame({"x": [1.5], "y": [3.25]}).to_csv("one.csv", index=False)
    assert "on the 1 row of one.csv:" in chainrule_command("score", "t.safetensors", "one.csv").out


def test_a_score_that_is_none_says_why(
    fitted: Callable[..., str], chainrule_command: Callable[..., Any]
) -> None:
    why = "Where the rows do not vary there is no R²."
    assert why in fitted(NUMBERS, "--target", "y", "--held-out", 0.04)
    assert why not in fitted(NUMBERS, "--target", "y")
    pd.DataFrame({"x": [1.5, 2], "y": [3.25, 3.25]}).to_csv("same.csv", index=False)
    assert why in chainrule_command("score", "t.safetensors", "same.csv").out
    assert why not in chainrule_command("score", "t.safetensors", "t.csv").out


def test_a_network_that_has_seen_all_rows_says_so(fitted: Callable[..., str]) -> None:
    out = fitted(NUMBERS, "--target", "y", "--held-out", 0)
    assert "(has learnt from all 24 rows)" in out
    assert "training rows only" not in out


@pytest.mark.parametrize(
    ("columns", "typed", "unit"),
    [
        (NUMBERS, ("--target", "y"), "of the target in standard deviations; scores are in its own unit"),
        (
            NUMBERS | {"z": NUMBERS["x"][::-1]}, ("--target", "y", "--target", "z"),
            "of each target in standard deviations; scores are in their own unit",
        ),
        (
            NUMBERS, ("--target", "y", "--log", "y"),
            "of the logarithm of the target in standard deviations; scores are in its own unit",
        ),
        (
            {"x": NUMBERS["x"], "n": [0, 1, 2, 3, 4, 5, 6, 7] * 3},
            ("--target", "n", "--loss", "poisson", "--numbers", "n"),
            "of the target divided by its mean; scores are in its own unit",
        ),
    ],
)  # fmt: skip
def test_a_loss_of_numbers_has_its_unit(
    columns: dict[str, Any], typed: tuple[str, ...], unit: str, fitted: Callable[..., str],
    chainrule_command: Callable[..., Any],
) -> None:  # fmt: skip
    assert f"(mean over the training rows) {unit}" in fitted(columns, *typed)
    shown = " ".join(chainrule_command("show", "t.safetensors").out.split())
    assert f"(mean over the training rows) {unit}" in shown


def test_the_loss_of_a_mean_answer_is_half_in_the_unit_that_is_said() -> None:
    """RSS is half the square of a residual: in standard deviations, half of 1 for the mean of the rows."""
    table = pd.DataFrame(NUMBERS)
    result = chainrule.fit(table, target="y", hidden=(), epochs=1, held_out=0)
    Y = result.data.Y
    assert float((Y**2).mean() / 2) == pytest.approx(0.5)
    r2 = result.training_score[0].r2  # type: ignore[index,union-attr]
    assert r2 is not None
    assert result.history.loss_after == pytest.approx((1 - r2) / 2)


def test_a_loss_of_classes_has_none(
    fitted: Callable[..., str], chainrule_command: Callable[..., Any]
) -> None:
    assert "(mean over the training rows) Score" in fitted(CLASSES, "--target", "kind")
    assert "standard deviations" not in chainrule_command("show", "t.safetensors").out


def test_a_result_shows_its_score_and_of_which_rows_it_is() -> None:
    classes, numbers = pd.DataFrame(CLASSES), pd.DataFrame(NUMBERS)
    few: dict[str, Any] = {"epochs": 1, "hidden": 2}
    result = chainrule.fit(classes, target="kind", **few)
    assert result.held_out_score is not None
    accuracy = result.held_out_score.accuracy  # type: ignore[union-attr]
    assert repr(result).endswith(f", 1 epoch, stopped by epochs, accuracy {accuracy:.3f} of held-out rows)")
    assert repr(result) in " ".join(str(result).split())
    result = chainrule.fit(numbers, target="y", held_out=0, **few)
    r2 = result.training_score[0].r2  # type: ignore[index,union-attr]
    assert repr(result).endswith(f", R² {r2:.3f} of the rows it has learnt from)")
    several = chainrule.fit(numbers.assign(z=[3.0, 1, 2] * 8), target=["y", "z"], **few)
    both = ", ".join(f"{one.r2:.3f}" for one in several.held_out_score)  # type: ignore[union-attr]
    assert repr(several).endswith(f", R² {both} of held-out rows)")
    one_row = chainrule.fit(numbers, target="y", held_out=0.04, **few)
    assert repr(one_row).endswith(", R² none of held-out rows)")


def test_only_what_held_the_rows_out_is_said(
    fitted: Callable[..., str], chainrule_command: Callable[..., Any]
) -> None:
    parts = {"part": ["train", "train", "test"] * 8}
    out = fitted(NUMBERS | parts, "--target", "y", "--split", "part")
    shown = " ".join(chainrule_command("show", "t.safetensors").out.split())
    command = chainrule_command("show", "t.safetensors", "--command").out
    for text in (out, shown, command):
        assert "--split part" in text
        assert "--held-out" not in text
    out = fitted(NUMBERS, "--target", "y")
    assert "--held-out 0.25" in out
    assert "--split" not in out


def test_a_curve_is_drawn_for_a_terminal_alone(fitted: Callable[..., str]) -> None:
    assert "Loss of each epoch" not in fitted(NUMBERS, "--target", "y")
