"""What folds are printed as: in their unit, within a line, in the words of each face."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import chainrule
from chainrule.errors import said
from chainrule.models.folds import FoldFigure
from chainrule.models.judging.figures import figure_lines
from chainrule.words import counted

pytestmark = pytest.mark.usefixtures("one_database")


def test_a_figure_that_no_fold_has_is_none() -> None:
    assert str(FoldFigure("RMSE", (math.nan, math.nan))) == "RMSE none ± none"
    assert str(FoldFigure("RMSE", (math.nan, 2.0))) == "RMSE 2.000 ± none"


def in_options(name: str, *_: object) -> str:
    return f"--{name}"


def test_a_figure_is_written_as_in_the_score_of_all_folds() -> None:
    assert str(FoldFigure("RMSE", (263.9551, 1234567.8))) == "RMSE 617416 ± 872785"
    assert str(FoldFigure("RMSE", (7200.0, 10800.0), is_time=True)) == "RMSE 2.500 hours ± 42.43 minutes"
    for size in (1e300, 1e-300, 1.7e308):  # whose squares, or whose sum, are no floats
        figure = FoldFigure("RMSE", (size, size / 2))
        assert figure.mean / size == pytest.approx(0.75)
        assert figure.deviation / size == pytest.approx(0.125**0.5)
    assert str(FoldFigure("RMSE", (math.inf, 2.0))) == "RMSE inf ± none"


def test_a_time_has_its_unit_in_each_fold() -> None:
    lap = [f"0:{20 + k % 7:02d}:{k % 60:02d}" for k in range(30)]
    table = pd.DataFrame({"x": np.arange(30) % 7, "z": np.arange(30) % 4, "lap": lap})
    result = chainrule.cross_validate(table, target="lap", folds=2, epochs=1)
    assert all(line.endswith(("minutes", "seconds")) for line in result.lines()[1:])


def test_the_figures_of_the_folds_have_room_in_a_line() -> None:
    sizes, names = [(20, 10)] * 2, [f"RMSE of a long name of target {k} of these" for k in range(4)]
    for figures, n in (
        ([FoldFigure(name, (2e5, 3e5), is_time=True) for name in names], 2),
        ([FoldFigure(f"accuracy of {name}", (0.5, 1.0)) for name in "pqrs"], 3),
        ([FoldFigure(name, (2e-301, 3e-301)) for name in ["RMSE"]], 1),
    ):
        lines = list(figure_lines(sizes, figures, 20))
        assert max(map(len, lines)) <= 90
        assert len({len(line) for line in lines[:5]}) == 1
        assert lines[5:] == [f"… {counted(len(figures) - n, 'target')} more"] * (len(figures) > n)


@pytest.mark.filterwarnings("ignore::chainrule.TableWarning", "ignore::chainrule.TrainingWarning")
def test_what_folds_say_keeps_its_words_for_every_face() -> None:
    x = np.random.default_rng(0).normal(size=40)
    table = pd.DataFrame({"x": x, "z": np.arange(40) % 3, "y": 2 * x})
    [given_away] = chainrule.cross_validate(table, target="y", folds=2, epochs=1).remarks
    table["k"] = ["a", *"bbbbb"] * 6 + ["b"] * 4
    badly = chainrule.cross_validate(table, target="k", ignore="y", folds=2, hidden=2, epochs=20).diagnosis
    [never] = [one for one in badly if "never predicted" in one]
    for words, end in ((given_away, "ignore=['x'] leaves it out."), (never, "Try class_weight='balanced'.")):
        assert words.endswith(end)
        assert said(words, in_options).count("--") == 1


@pytest.mark.filterwarnings("ignore::chainrule.TableWarning", "ignore::chainrule.TrainingWarning")
def test_weights_of_all_folds_count_as_of_one_split() -> None:
    table = pd.DataFrame({"x": np.arange(40) % 7, "w": np.arange(40) % 3 + 1, "k": list("ab" * 20)})
    given: dict[str, Any] = {"target": "k", "weights": "w", "epochs": 1}
    pooled: Any = chainrule.cross_validate(table, **given, folds=2).score
    single: Any = chainrule.fit(table, **given).held_out_score
    for score in (pooled, single):
        assert np.sum(score.confusion) == pytest.approx(score.n_rows)
