"""The study of tables: its arithmetic by hand, the groups of tables, and the rows that all tools see."""

from __future__ import annotations

import doctest
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from benchmarks.rivals import Unavailable
from benchmarks.tabular import made, report, running, summary, tables
from benchmarks.tabular.page import PAGE, filled
from benchmarks.tabular.preparing import matrix, with_categories, without_gaps
from benchmarks.tabular.rivals import RIVALS, Rival, chainrule
from benchmarks.tabular.running import error_of, kept, run
from benchmarks.tabular.splits import parted
from benchmarks.tabular.study import Study
from benchmarks.tabular.tables import CHOOSING, JUDGING, MADE, TABLES, StudyTable, named
from sklearn.datasets import load_wine

from chainrule import read_table

if TYPE_CHECKING:
    from pathlib import Path


def _study(found: dict[str, dict[str, list[float]]]) -> Study:
    """Errors of tables, tools and splits; a fit takes ten times its error in seconds."""
    rows = [
        {
            "table": table, "tool": tool, "split": split, "error": error,
            "fit_seconds": 0.0, "fit_processor_seconds": 10 * error,
        }
        for table, tools in found.items()
        for tool, errors in tools.items()
        for split, error in enumerate(errors)
    ]  # fmt: skip
    facts = {"classes": None, "rows": 100, "columns": 3, "smooth": False, "source": "made"}
    return Study({}, dict.fromkeys(found, facts), rows)


# With 0.005 added, ours is 0.1 on "a", the MLP's 0.2 and the linear model's 0.4; on "b" 0.4, 0.2 and 0.1.
# The linear model's second split of "b" is missing: there ours is 0.395 alone, which is the mean, too.
WORKED = {
    "a": {"chainrule": [0.085, 0.105], "mlp": [0.195, 0.195], "linear": [0.395, 0.395]},
    "b": {"chainrule": [0.395, 0.395], "mlp": [0.185, 0.205], "linear": [0.095]},
}


def test_summary_is_what_a_hand_finds() -> None:
    lines = {
        line.split(" | ")[0].strip("| "): line.split(" | ")[1:]
        for line in report.summary(_study(WORKED), "chainrule")
    }
    assert lines["mean rank"] == ["chainrule 2.00, linear model 2.00, scikit-learn's MLP 2.00", "2 |"]
    assert lines["error in that of linear model"] == ["1.000", "2 |"]  # sqrt(1/4 * 4)
    assert lines["error in that of scikit-learn's MLP"] == ["1.000", "2 |"]  # sqrt(1/2 * 2)
    best = "error in the best's of the linear model, the MLP, LightGBM and RealMLP"
    assert lines[best] == [f"{math.sqrt(1 / 2 * 4):.3f}", "2 |"]
    assert lines["more than a fifth worse than the MLP"] == ["b", "2 |"]  # 0.2 more, standard error 0.01
    assert "mean rank where all ran" not in lines
    # Seconds have nothing added: 0.95 and 1.95, 3.95 and 1.95.
    assert lines["seconds in those of scikit-learn's MLP"] == [f"{math.sqrt(0.95 * 3.95) / 1.95:.3f}", "2 |"]


def test_ranks_are_shown_where_a_slow_tool_ran_too_and_by_the_splits_that_it_ran_on() -> None:
    # On the first split of "a" we are second of four, if level with TabM by the mean of both; "wide" is ours.
    found = {
        "a": {
            "chainrule": [0.3, 0.1],
            "mlp": [0.4, 0.4],
            "lightgbm": [0.5, 0.5],
            "tabm": [0.2],
            "wide": [0.1, 0.1],
        },
        "b": {"chainrule": [0.2, 0.2], "mlp": [0.1, 0.1], "lightgbm": [0.3, 0.3]},
    }
    lines = report.summary(_study(found), "chainrule")
    assert lines[2] == "| mean rank | chainrule 1.50, scikit-learn's MLP 1.50, LightGBM 3.00 | 2 |"
    assert lines[3] == (
        "| mean rank where all ran | TabM 1.00, chainrule 2.00, scikit-learn's MLP 3.00, LightGBM 4.00 | 1 |"
    )


def test_errors_are_shown_with_their_spread_and_beside_the_best() -> None:
    found = report.errors(_study(WORKED), "chainrule")[2:]
    # Standard deviation of 0.085 and 0.105 is 0.02 / sqrt(2); its error 0.01. Differences: -0.11 and -0.09.
    assert found[0] == (
        "| a | 100 × 3 | **0.0950 ± 0.0100** | 0.3950 ± 0.0000 | 0.1950 ± 0.0000 | 0.50 | -10.0 |"
    )
    # The linear model's one split is no mean of both.
    assert found[1] == "| b | 100 × 3 | 0.3950 ± 0.0000 | 0.0950 | **0.1950 ± 0.0100** | 4.00 | +20.0 |"


@pytest.mark.parametrize(
    ("ours", "is_worse"),
    [
        ([0.29, 0.31, 0.33], True),
        ([0.21, 0.22, 0.23], False),
        ([0.2, 0.2, 0.5], False),
        ([0.3, 0.3, 0.3], True),
    ],
)
def test_much_worse_is_by_a_fifth_and_by_two_standard_errors(ours: list[float], *, is_worse: bool) -> None:
    # A tenth more is no fifth; 0.1 more on the mean, with a standard error of 0.1, may be chance.
    assert summary.is_much_worse(dict(enumerate(ours)), dict.fromkeys(range(3), 0.2)) is is_worse


@pytest.mark.parametrize("module", [made, running, summary, tables])
def test_examples_hold(module: Any) -> None:  # noqa: ANN401 (a module)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    assert doctest.testmod(module, optionflags=flags).failed == 0


def test_tables_are_enough_and_few_are_smooth_or_wide() -> None:
    groups = {group: named([group]) for group in (CHOOSING, JUDGING, MADE)}
    assert [table for group in groups.values() for table in group] != []
    assert len({table.name for table in TABLES}) == len(TABLES) == sum(map(len, groups.values()))
    assert len(groups[JUDGING]) >= 12
    assert len(groups[CHOOSING]) >= 14
    wide = {"parkinson_speech", "permeability", "tissues"}
    for group in (groups[CHOOSING], groups[JUDGING]):
        assert len({table.is_classes for table in group}) == 2
        assert 4 * sum(table.is_smooth or table.name in wide for table in group) <= len(group)


def test_unknown_name_is_refused() -> None:
    with pytest.raises(Unavailable, match="no table or group moon, son"):
        named(["wine", "son", "moon"])


def test_table_of_a_package_is_plain_and_has_its_target_last() -> None:
    [wine] = named(["wine"])
    frame, theirs = wine.read(), load_wine(as_frame=True)
    assert list(frame) == [*theirs.feature_names, "target"]
    assert frame["target"].tolist() == [str(value) for value in theirs.target]


def test_file_of_a_folder_is_read_and_is_left_out_without_one(tmp_path: Path) -> None:
    text = "7, ?, 'x y', no\n8, 1.5, ?, yes\n9, 2, 'z', ?\n"
    (tmp_path / "some.csv").write_text(text, encoding="utf-8")
    table = StudyTable("some", "c4", True, "some.csv", ("c1",), has_header=False, quote="'")  # noqa: FBT003 (classes)
    frame = table.read(tmp_path)
    assert frame["c2"].isna().tolist() == [True, False]  # the third row has no target
    assert frame["c2"][1] == 1.5
    assert frame["c3"].tolist() == ["x y", None]
    assert frame["c4"].tolist() == ["no", "yes"]
    with pytest.raises(Unavailable, match="--data FOLDER"):
        table.read()


def test_rows_are_parted_the_same_way_each_time_and_classes_keep_their_shares() -> None:
    [wine] = named(["wine"])
    frame = wine.read()
    train, test = parted(wine, frame, 0)
    assert sorted([*train, *test]) == list(range(len(frame)))
    assert [part.tolist() for part in parted(wine, frame, 0)] == [train.tolist(), test.tolist()]
    assert parted(wine, frame, 1)[0].tolist() != train.tolist()
    whole, part = (frame["target"].iloc[rows].value_counts(normalize=True) for rows in (slice(None), train))
    assert np.abs(whole - part).max() < 0.01
    fewer = parted(wine, frame, 0, most_rows=20)
    assert [len(rows) for rows in fewer] == [20, 20]
    assert not set(fewer[0]) & set(fewer[1])


def test_splits_of_a_made_table_share_test_rows_alone() -> None:
    [table] = named(["sine_three_periods"])
    frame = table.read()
    splits = [parted(table, frame, split) for split in range(5)]
    assert len({row for train, _ in splits for row in train}) == 5 * 60
    assert {tuple(test) for _, test in splits} == {tuple(range(2000, 3000))}
    assert np.allclose(frame["y"], np.sin(6 * np.pi * frame["x1"]))


def test_inputs_are_prepared_by_the_training_rows_alone() -> None:
    train = pd.DataFrame({"n": [1.0, np.nan, 5.0, 9.0], "k": pd.Series(["a", "b", None, "a"], dtype=object)})
    new = pd.DataFrame({"n": [np.nan, 100.0], "k": pd.Series(["c", None], dtype=object)})
    filled, others = without_gaps(train, [new])
    assert filled["n"].tolist() == [1, 5, 5, 9]
    assert filled["n missing"].tolist() == [0, 1, 0, 0]
    assert others["n"].tolist() == [5, 100]
    assert others["k"].tolist() == ["c", "(missing)"]
    typed = with_categories(train, [new])
    assert list(typed[1]["k"].cat.categories) == ["a", "b"]
    assert typed[1]["k"].isna().tolist() == [True, True]
    found = matrix(train).fit(train).transform(new)
    assert found[:, 2:].tolist() == [[0, 0, 0], [1, 0, 0]]  # (missing), a, b; c is none of them


def test_error_of_numbers_is_in_standard_deviations_of_the_target() -> None:
    y = pd.Series([0.0, 2.0, 4.0, 6.0])
    assert error_of(np.full(4, 3.0), y, is_classes=False) == 1
    assert error_of(y.to_numpy() + 5, y, is_classes=False) == pytest.approx(5 / math.sqrt(5))


def test_what_is_there_is_not_run_again(tmp_path: Path) -> None:
    seen: list[int] = []

    def fit(X: pd.DataFrame, y: pd.Series[Any], is_classes: bool, seed: int) -> Any:  # noqa: ANN401, ARG001, FBT001 (as the tools)
        seen.append(seed)
        return lambda new: np.full(len(new), y.mean())

    rival, file, [table] = Rival("mean", "numpy", fit), tmp_path / "mean.jsonl", named(["fourth_power"])
    run(rival, [table], file, splits=2)
    run(rival, [table], file, splits=3)
    assert seen == [0, 1, 2]
    facts = kept(file)
    assert [(fact["table"], fact["split"], fact["training_rows"]) for fact in facts] == [
        ("fourth_power", split, 100) for split in range(3)
    ]
    assert all(1 <= fact["error"] < 1.1 for fact in facts)
    study = Study.of_results(tmp_path, [table], None, ["mean"])
    study.write(tmp_path / "kept.json")
    assert Study.read(tmp_path / "kept.json") == study
    assert study.machine["versions"] == {"mean": np.__version__}


def test_seconds_of_another_machine_are_not_kept(tmp_path: Path) -> None:
    def fit(*_: object) -> Any:  # noqa: ANN401 (as the tools)
        return lambda new: np.zeros(len(new))

    rival, file, [table] = Rival("zero", "numpy", fit), tmp_path / "zero.jsonl", named(["fourth_power"])
    run(rival, [table], file, splits=1, elsewhere=True)
    run(rival, [table], file, splits=2)
    assert ["fit_seconds" in fact for fact in kept(file)] == [False, True]
    study = Study.of_results(tmp_path, [table], None, ["zero"])
    assert list(study.values("error")["fourth_power"]["zero"]) == [0, 1]
    assert list(study.values("fit_seconds")["fourth_power"]["zero"]) == [1]


def test_a_tool_that_fails_leaves_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fit(*_: object) -> Any:  # noqa: ANN401 (as the tools)
        message = "too few rows"
        raise ValueError(message)

    run(Rival("broken", "numpy", fit), named(["moons"]), tmp_path / "broken.jsonl")
    assert "too few rows" in capsys.readouterr().err
    assert kept(tmp_path / "broken.jsonl") == []

    def of_nothing(*_: object) -> Any:  # noqa: ANN401 (as the tools)
        return lambda new: np.full(len(new), np.nan)

    run(Rival("nan", "numpy", of_nothing), named(["fourth_power"]), tmp_path / "nan.jsonl")
    assert "its answers are no numbers" in capsys.readouterr().err
    assert kept(tmp_path / "nan.jsonl") == []
    with pytest.raises(Unavailable, match="there_is_none is not installed"):
        run(Rival("none", "there_is_none", fit), named(["moons"]), tmp_path / "none.jsonl")


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_ours_and_the_linear_model_learn_a_line_and_classes() -> None:
    random = np.random.default_rng(0)
    X = pd.DataFrame({"a": random.normal(size=80), "k": random.choice(list("xyz"), 80)})
    number = pd.Series(3 * X["a"] + (X["k"] == "x"), name="y")
    classes = pd.Series(np.where(number > 0, "1", "0"), name="y", dtype=object)
    ours = chainrule("ours", {"engine": "reference", "epochs": 200, "hidden": ()})
    for rival in (ours, RIVALS["linear"], RIVALS["mlp"]):
        assert error_of(rival.fit(X, number, False, 0)(X), number, is_classes=False) < 0.25  # noqa: FBT003 (as the tools)
        assert error_of(rival.fit(X, classes, True, 0)(X), classes, is_classes=True) < 0.1  # noqa: FBT003 (as the tools)


def test_what_ours_says_of_itself_is_of_rows_that_it_has_not_seen() -> None:
    random = np.random.default_rng(0)
    X = pd.DataFrame({"a": random.normal(size=160)})
    number = pd.Series(3 * X["a"] + random.normal(size=160), name="y")
    classes = pd.Series(np.where(number > 0, "1", "0"), name="y", dtype=object)
    ours = chainrule("ours", {"hidden": (), "epochs": 200, "validation": 0.3, "calibrate": True})
    for y, is_classes in ((number, False), (classes, True)):
        predict = ours.fit(X[:80], y[:80], is_classes, 0)
        told = predict.told(X[80:].assign(y=y[80:]))  # type: ignore[attr-defined]
        assert told["made_by"] == "one network"
        if not is_classes:
            low, high = (predict.model.predict(X[80:], interval=0.9)[f"y_{end}"] for end in ("low", "high"))  # type: ignore[attr-defined]
            assert told["coverage"] == np.mean((low <= y[80:]) & (y[80:] <= high))
            continue
        chances = predict.model.outputs(predict.model.table_encoding.encode_inputs(read_table(X[80:])))  # type: ignore[attr-defined]
        own = np.where(y[80:] == "1", chances[:, 1], chances[:, 0])
        assert told["log_loss_after"] == pytest.approx(-np.log(own).mean())
        assert set(told) == {
            "made_by", "log_loss", "log_loss_after", "calibration_error", "calibration_error_after",
        }  # fmt: skip


def test_means_of_certainty_and_coverage_are_what_a_hand_finds() -> None:
    study = _study({"a": {"ours": [0.1, 0.1]}, "b": {"ours": [0.1]}, "n": {"ours": [0.2, 0.2]}})
    of_a = {"log_loss": 0.5, "log_loss_after": 0.4, "calibration_error": 0.1, "calibration_error_after": 0.05}
    study.rows[0] |= of_a
    study.rows[1] |= {name: 3 * value for name, value in of_a.items()}
    study.rows[2] |= dict.fromkeys(of_a, 0.2)
    study.rows[3] |= {"coverage": 0.88}
    study.rows[4] |= {"coverage": 0.94}
    assert report.certainty(study, "ours")[2:] == [
        "| a | 1.0000 | 0.8000 | 0.2000 | 0.1000 |",
        "| b | 0.2000 | 0.2000 | 0.2000 | 0.2000 |",
        "| mean | 0.6000 | 0.5000 | 0.2000 | 0.1500 |",
    ]
    assert report.coverage(study, "ours")[2:] == [
        "| n | 0.910 | 0.880 | 0.940 |",
        "| mean | 0.910 | 0.910 | 0.910 |",
    ]


def test_page_is_what_the_figures_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == filled(PAGE), "run python -m benchmarks.tabular page"
