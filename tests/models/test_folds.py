"""Cross-validation: each fold is what it would be alone, and all of them judge together."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, r2_score, root_mean_squared_error

import chainrule
from chainrule import InputError, TableError, UnknownNameError
from chainrule.models.folds import FoldFigure
from chainrule.scores import ClassScore
from chainrule.tables import as_table
from chainrule.tables.columns.readings import settle_reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule import CrossValidation, FitResult, Progress

pytestmark = pytest.mark.usefixtures("one_database")

EXAMPLES = Path(__file__).parents[2] / "examples"


def iris() -> pd.DataFrame:
    return pd.read_csv(EXAMPLES / "iris.csv")


def penguins() -> pd.DataFrame:
    """With gaps in the target, which are no rows of any fold, and in an input."""
    table = pd.read_csv(EXAMPLES / "penguins.csv")
    table.loc[3::40, "body_mass_g"] = np.nan
    table.loc[5::30, "bill_depth_mm"] = np.nan
    return table


def series(n: int = 30) -> pd.DataFrame:
    """Rows that follow each other, in groups of three, with two targets of which one has gaps."""
    x = np.arange(n) * 1.0
    return pd.DataFrame(
        {
            "x": np.sin(x),
            "who": [f"g{k // 3}" for k in range(n)],
            "y": 10 + 2 * np.sin(x) + 0.3 * np.cos(5 * x),
            "z": np.where(x % 4 == 1, np.nan, -np.cos(x) + 0.2 * (x % 3)),
        }
    )


def same(one: FitResult, other: FitResult) -> bool:
    """Whether two networks have the same bits."""
    pairs = zip(one.model.network.weights, other.model.network.weights, strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


CASES: dict[str, tuple[Callable[[], pd.DataFrame], Any, dict[str, Any]]] = {
    "classes": (iris, "species", {"class_weight": "balanced", "seed": 3}),
    "numbers": (penguins, "body_mass_g", {"validation": 0.2, "patience": 2}),
    "several": (series, ["y", "z"], {"ignore": "who", "batch_size": 4}),
    "groups": (series, "y", {"group": "who", "ignore": "z", "log": "y"}),
    "in order": (series, "y", {"in_order": True, "loss": "huber:1", "validation": 0.2}),
}


@pytest.mark.parametrize("name", CASES)
def test_each_fold_is_to_the_last_bit_what_it_would_be_alone(name: str) -> None:
    make, target, given = CASES[name]
    table = make()
    result = chainrule.cross_validate(table, target=target, folds=3, epochs=4, **given)
    assert len(result.folds) == 3
    for fold, rows in zip(result.folds, result.held_out, strict=True):
        part = np.where(np.isin(np.arange(len(table)), rows), "test", "train").astype(object)
        alone_given = given | {"split": "part"}
        used = table
        if alone_given.pop("in_order", False):  # rows to watch are parted so, too
            alone_given["in_order"] = True
            used = table[: rows.max() + 1]
            part = part[: rows.max() + 1]
        with pytest.warns(chainrule.TableWarning) if {"group", "in_order"} & set(given) else _nothing():
            alone = chainrule.fit(used.assign(part=part), target=target, epochs=4, **alone_given)
        assert same(fold, alone)
        assert fold.data.encoding.inputs == alone.data.encoding.inputs
        assert fold.data.encoding.targets == alone.data.encoding.targets
        assert fold.held_out_score == alone.held_out_score
        assert fold.data.report.n_held_out == alone.data.report.n_held_out


def _nothing() -> Any:  # noqa: ANN401
    import contextlib  # noqa: PLC0415

    return contextlib.nullcontext()


def test_nothing_of_the_rows_held_out_is_learnt() -> None:
    table = penguins()
    before = chainrule.cross_validate(table, target="body_mass_g", folds=3, epochs=2)
    changed = table.copy()
    rows = before.held_out[1]
    changed.loc[rows, "flipper_length_mm"] *= 100.0
    changed.loc[rows, "body_mass_g"] += 7.0
    after = chainrule.cross_validate(changed, target="body_mass_g", folds=3, epochs=2)
    assert [same(a, b) for a, b in zip(before.folds, after.folds, strict=True)] == [False, True, False]
    assert before.folds[1].data.encoding == after.folds[1].data.encoding


def test_classes_are_pooled_as_scikit_learn_scores_them() -> None:
    table = iris()
    result = chainrule.cross_validate(table, target="species", folds=4, epochs=10, seed=1)
    assert sorted(np.concatenate(result.held_out).tolist()) == result.rows.tolist() == list(range(150))
    guesses, score = np.asarray(result.predictions), result.score
    assert isinstance(score, ClassScore)
    assert len(result.predictions) == score.n_rows == 150
    for fold, rows in zip(result.folds, result.held_out, strict=True):
        expected = fold.model.predict(table.iloc[rows])
        for name in expected:
            assert result.predictions[name][rows].tolist() == expected[name].tolist()
    assert score.accuracy == accuracy_score(table["species"], guesses)
    means = [accuracy_score(table["species"][rows], np.array(guesses)[rows]) for rows in result.held_out]
    assert result.figures == (FoldFigure("accuracy", tuple(means)),)
    assert result.figures[0].mean == pytest.approx(np.mean(means))
    assert result.figures[0].deviation == pytest.approx(pd.Series(means).std())


@pytest.mark.parametrize("log", [None, "y"])
def test_numbers_are_pooled_in_their_own_unit(log: str | None) -> None:
    table = series().drop(columns=["who"])
    table["y"] *= np.arange(1, 31)  # so that folds have other means and scales
    with pytest.warns(chainrule.TrainingWarning, match="^Of 3 folds . went badly. Fold 1: The loss"):
        result = chainrule.cross_validate(table, target=["y", "z"], folds=3, epochs=10, log=log)
    scores: Any = result.score
    for name, score in zip("yz", scores, strict=True):
        column = result.predictions[name]
        there = table[name].notna().to_numpy()
        assert score.target == name
        assert score.n_rows == there.sum()
        actual = table[name][there]
        assert score.rmse == pytest.approx(root_mean_squared_error(actual, column[there]))
        assert score.r2 == pytest.approx(r2_score(actual, column[there]))
        means = np.empty(len(table))
        for fold, rows in zip(result.folds, result.held_out, strict=True):
            values = table[name][np.setdiff1d(np.arange(30), rows)].dropna()
            means[rows] = np.exp(np.log(values).mean()) if name == log else values.mean()
            assert fold.data.encoding.classes is None
        assert score.mean_rmse == pytest.approx(root_mean_squared_error(actual, means[there]))
        assert score.mean_r2 == pytest.approx(r2_score(actual, means[there]))
    assert [one.name for one in result.figures] == ["RMSE of y", "RMSE of z"]


def test_always_the_majority_is_that_of_each_fold() -> None:
    table = pd.DataFrame({"x": np.arange(9) % 4, "k": list("abababbab")})
    result = chainrule.cross_validate(table, target="k", folds=3, in_order=True, epochs=1)
    of_folds: list[Any] = [one.held_out_score for one in result.folds]
    shares = [one.majority_accuracy for one in of_folds]
    assert isinstance(result.score, ClassScore)
    assert {one.data.majority for one in result.folds} == {"a", "b"}
    assert result.score.majority is None
    assert result.score.majority_accuracy == pytest.approx(np.mean(shares))


def test_a_date_is_pooled_too() -> None:
    days = pd.date_range("2024-01-01", periods=24)
    table = pd.DataFrame({"x": np.arange(24.0) + np.arange(24) % 3 * 0.4, "due": days.strftime("%Y-%m-%d")})
    result = chainrule.cross_validate(table, target="due", folds=3, epochs=200)
    guesses = pd.Series(result.predictions["due"])
    assert abs(guesses - days.to_series(index=range(24))).max() < pd.Timedelta(days=6)
    scores: Any = result.score
    assert scores[0].mean_rmse > 6 * 86_400 > scores[0].rmse
    figure, (head, *lines) = result.figures[0], result.lines()
    assert figure.is_time
    assert [line.split()[-2:] for line in lines[:3]] == [
        [f"{seconds / 3_600:#.4g}", "hours"] for seconds in figure.of_folds
    ]
    assert len({len(line) for line in (head, *lines)}) == 1
    assert str(figure) == f"RMSE {figure.mean / 3_600:#.4g} hours ± {figure.deviation / 3_600:#.4g} hours"


def test_rows_are_counted_as_in_the_table_that_was_given() -> None:
    table = penguins()
    result = chainrule.cross_validate(table, target="body_mass_g", folds=2, epochs=1)
    assert result.rows.tolist() == np.flatnonzero(table["body_mass_g"].notna()).tolist()
    in_order = chainrule.cross_validate(table, target="body_mass_g", folds=4, epochs=1, in_order=True)
    n = len(result.rows)
    assert in_order.rows.tolist() == result.rows[n - 4 * (n // 5) :].tolist()
    assert in_order.parting == "in order, each of which learns from the rows before it"


def test_classes_are_written_alike_in_all_folds() -> None:
    floors = [*["1.0", "1"] * 3, *["2"] * 6]  # two classes, one of them spelt in two ways
    table = pd.DataFrame({"x": np.arange(12) // 6 + np.arange(12) % 3 * 0.1, "floor": floors})
    result = chainrule.cross_validate(table, target="floor", folds=6, epochs=100, classes="floor")
    spelt = {one.data.encoding.classes for one in result.folds}
    assert spelt == {("1.0", "2"), ("1", "2")}
    first = result.folds[0].data.encoding.classes
    assert first is not None
    assert result.predictions.answers["floor"].texts() == [first[0]] * 6 + [first[1]] * 6
    assert isinstance(result.score, ClassScore)
    assert (result.score.n_rows, result.score.accuracy) == (12, 1.0)


def test_a_fit_with_folds_learns_from_all_rows_at_the_end() -> None:
    table = iris()
    whole = chainrule.fit(table, target="species", held_out=0, epochs=5, seed=2)
    result = chainrule.fit(table, target="species", folds=3, epochs=5, seed=2)
    folds = chainrule.cross_validate(table, target="species", folds=3, epochs=5, seed=2)
    assert whole.cross_validation is None
    assert same(result, whole)
    assert result.held_out_score is None
    assert result.cross_validation is not None
    assert all(same(a, b) for a, b in zip(result.cross_validation.folds, folds.folds, strict=True))
    record, of_fold = result.model.training, folds.folds[0].model.training
    assert record is not None
    assert of_fold is not None
    assert (record.folds, record.held_out, record.n_training_rows) == (3, 0.0, 150)
    assert (of_fold.folds, of_fold.held_out, of_fold.n_training_rows) == (None, 1 / 3, 100)
    again = chainrule.fit(table, target="species", folds=3, held_out=0, epochs=5, seed=2)
    assert same(again, whole)


def test_the_table_is_read_once_and_its_columns_too(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:  # noqa: ANN401
            calls.append(name)
            return function(*given, **named)

        return counted

    for name, place, function in (
        ("read", "chainrule.models.fitting.as_table", as_table),
        ("settle", "chainrule.tables.encoding.choosing.settle_reading", settle_reading),
    ):
        monkeypatch.setattr(place, counting(name, function))
    chainrule.fit(EXAMPLES / "iris.csv", target="species", folds=5, epochs=1)
    assert calls == ["read", *["settle"] * 4]


def test_a_callback_hears_which_fold_is_trained() -> None:
    heard: list[Any] = []

    def hear(progress: Progress) -> None:
        heard.append((progress.fold, progress.epoch.number))
        if progress.fold == (2, 3):
            progress.stop()

    chainrule.fit(iris(), target="species", folds=3, epochs=2, on_epoch=hear)
    assert heard == [
        ((1, 3), 1), ((1, 3), 2), ((2, 3), 1), ((3, 3), 1), ((3, 3), 2), (None, 1), (None, 2),
    ]  # fmt: skip
    with pytest.raises(InputError, match="on_epoch is 3 but must be a function"):
        chainrule.cross_validate(iris(), target="species", epochs=2, on_epoch=3)  # type: ignore[arg-type]


def test_the_number_of_threads_changes_no_bit() -> None:
    results = [
        chainrule.cross_validate(iris(), target="species", epochs=8, folds=5, threads=threads)
        for threads in (1, 2, 5, 11)
    ]
    for one in results[1:]:
        assert all(same(a, b) for a, b in zip(one.folds, results[0].folds, strict=True))
        assert one.score == results[0].score
        assert one.to_json() == results[0].to_json()


def test_folds_that_are_trained_at_once_call_one_at_a_time() -> None:
    heard: list[tuple[tuple[int, int] | None, int]] = []
    within = 0

    def hear(progress: Progress) -> None:
        nonlocal within
        within += 1
        time.sleep(0.002)
        assert within == 1
        heard.append((progress.fold, progress.epoch.number))
        if progress.fold == (2, 4) and progress.epoch.number == 3:
            progress.stop()
        within -= 1

    result = chainrule.cross_validate(iris(), target="species", folds=4, epochs=5, threads=2, on_epoch=hear)
    for k, epochs in enumerate((5, 3, 5, 5), 1):
        assert [number for fold, number in heard if fold == (k, 4)] == list(range(1, epochs + 1))
        assert len(result.folds[k - 1].history.epochs) == epochs


@pytest.mark.parametrize("threads", [1, 2])
def test_the_error_is_that_of_the_first_fold_that_has_one(threads: int) -> None:
    def fail(progress: Progress) -> None:
        number = (progress.fold or (0, 0))[0]
        if (number, progress.epoch.number) in {(2, 3), (3, 1)}:  # the third one fails first
            raise InputError(parameter="x", given=number, needs="must not be", advice="Leave it.")

    with pytest.raises(InputError, match=r"x is 2 but must not be. Leave it. This is of fold 2 of 5.$"):
        chainrule.cross_validate(iris(), target="species", epochs=3, on_epoch=fail, threads=threads)


def test_what_went_badly_is_said_by_the_thread_that_called() -> None:
    """In order, once, and with the filters of warnings as they were."""
    filters = list(warnings.filters)
    hot: dict[str, Any] = {
        "rule": "descent",
        "rate": 30.0,
        "epochs": 20,
        "loss": "rss",
        "output": "logistic",
        "dropout": 0.1,
    }
    said = []
    for threads in (1, 3):
        with pytest.warns(chainrule.TrainingWarning) as caught:
            chainrule.cross_validate(iris(), target="species", threads=threads, **hot)
        said.append([str(one.message) for one in caught])
        assert all(one.filename == __file__ for one in caught)
    assert said[0] == said[1]
    assert warnings.filters == filters


def test_ctrl_c_in_folds_that_are_trained_at_once_says_how_many_were_done() -> None:
    """The second and the third are under way then."""
    before = threading.active_count()

    def press(progress: Progress) -> None:
        if (progress.fold, progress.epoch.number) == ((1, 5), 2):
            progress.stop()
        if (progress.fold, progress.epoch.number) == ((3, 5), 2):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt, match=r"1 of 5 folds was done: accuracy 0\.\d{3}\."):
        chainrule.cross_validate(iris(), target="species", epochs=10**9, on_epoch=press, threads=2)
    assert threading.active_count() == before


def test_ctrl_c_leaves_nothing_half_done() -> None:
    def press(progress: Progress) -> None:
        if progress.fold == (3, 5):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt, match=r"2 of 5 folds were done: accuracy 0\.\d{3}, 0\.\d{3}\."):
        chainrule.cross_validate(iris(), target="species", epochs=2, on_epoch=press)


def message(error: type[Exception], **given: Any) -> str:  # noqa: ANN401
    """What cross-validation is refused with."""
    with pytest.raises(error) as raised:
        chainrule.cross_validate(**{"table": iris(), "target": "species", "epochs": 1, **given})
    return str(raised.value)


def test_what_does_not_go_with_folds_is_refused() -> None:
    assert message(InputError, folds=1) == "folds is 1 but must be a whole number of at least 2. Try 5."
    assert message(InputError, folds=151).startswith(
        "folds is 151 but there are only 150 rows. Take folds=150"
    )
    assert message(InputError, group="species", target="sepal_length", folds=4).startswith(
        "folds is 4 but there are only 3 groups. Take folds=3 or fewer"
    )
    assert message(InputError, held_out=0.25) == (
        "folds and held_out were both given but folds hold rows out in turn, and the network that is kept "
        "learns from all of them. Take folds alone for a score over all rows, or held_out alone for a single "
        "split."
    )
    assert message(InputError, split="species").startswith("folds and split were both given")
    assert message(UnknownNameError, epoch=3).startswith(
        "There is no setting 'epoch'. Did you mean 'epochs'?"
    )
    for name in ("on_step", "masks", "resume"):  # which `fit` has
        words = message(UnknownNameError, **{name: 1})
        assert words.startswith(f"There is no setting {name!r}.")
        assert f"Did you mean {name!r}" not in words
    for given in ({"held_out": 0.1}, {"split": "species"}):
        with pytest.raises(InputError, match="were both given"):
            chainrule.fit(iris(), target="petal_width", folds=3, **given)


def test_an_error_tells_which_fold_it_is_of() -> None:
    rare = pd.DataFrame({"x": np.arange(6.0), "k": ["b", "a", "a", "a", "a", "a"]})
    text = message(TableError, table=rare, target="k", folds=6)
    assert text.startswith("Constant target: column 'k'")
    assert text.endswith("of 6.")
    assert "This is of fold " in text
    diverges = {"target": "petal_width", "rule": "descent", "rate": 1e9, "epochs": 9, "output": "identity"}
    assert message(chainrule.DivergenceError, **diverges).endswith("This is of fold 1 of 5.")


def test_what_a_fold_warns_of_is_said_with_its_number() -> None:
    table = pd.DataFrame({"x": np.arange(21) % 5, "k": ["c", *"ab" * 10]})
    with pytest.warns(chainrule.TableWarning) as caught:
        result = chainrule.cross_validate(table, target="k", folds=3, epochs=1)
    assert len(caught) == 1
    [of_fold] = [one for one in result.remarks if "of which no training row is" in one]
    held = next(k for k, rows in enumerate(result.held_out, 1) if 0 in rows)
    assert of_fold.startswith(f"fold {held}: column 'k': 1 class of which no training row is: 'c'")
    [of_others] = [one for one in result.remarks if "with a single row, kept for training" in one]
    assert of_others.startswith(
        f"folds {', '.join(str(k) for k in (1, 2, 3) if k != held)}: column 'k': 1 class"
    )


def shown(result: CrossValidation) -> list[list[str]]:
    return [line.split() for line in str(result).splitlines()]


def test_a_result_is_shown_in_a_few_lines() -> None:
    result = chainrule.cross_validate(iris(), target="species", folds=25, epochs=1)
    lines = shown(result)
    assert lines[0] == ["fold", "learns", "from", "held", "out", "accuracy"]
    assert lines[1][:3] == ["1", "144", "6"]
    assert lines[21] == ["…", "5", "folds", "more"]
    assert [line[0] for line in lines[22:24]] == ["mean", "standard"]
    assert lines[25] == ["Score", "of", "the", "150", "held-out", "rows", "together:"]
    assert repr(result) == f"CrossValidation(25 folds, {result.figures[0]})"
    whole = chainrule.fit(iris(), target="species", folds=2, epochs=1)
    assert str(whole.cross_validation) in str(whole)
    several = chainrule.cross_validate(
        series(), target=["y", "z"], ignore="who", folds=15, epochs=1, in_order=True
    )
    assert "RMSE of y" in str(several)
    assert np.isnan(several.figures[1].of_folds).any()  # a fold of one row, which has no z
    assert np.isfinite(several.figures[1].mean)
    assert "none" in str(several)


def test_what_is_constant_in_one_fold_is_answered_there_in_its_own_type() -> None:
    """Row 0 alone has another value: the network that has not seen it answers with that of the others."""
    n = 12
    first = np.arange(n) == 0
    table = pd.DataFrame(
        {
            "x": np.sin(np.arange(n)),
            "y": np.arange(n) ** 1.5,
            "day": np.where(first, np.datetime64("2021-03-04"), np.datetime64("2020-01-02")),
            "clock": np.where(first, "11:00", "10:30"),
            "span": pd.to_timedelta(np.where(first, 2, 1), unit="h"),
            "seen": pd.array([None, *["yes"] * (n - 1)], "string"),
            "word": np.where(np.arange(n) % 2, "p", "q"),
            "flag": pd.array(first, "boolean"),
            "kind": pd.Categorical(np.where(first, "u", "v"), ["v", "u", "w"]),
        }
    )
    for names, usual in (
        (["y", "day", "span"], {"day": pd.Timestamp("2020-01-02"), "span": pd.Timedelta("1h")}),
        (["word", "flag", "kind", "seen"], {"flag": False, "kind": "v", "seen": "yes"}),
    ):
        with pytest.warns(UserWarning, match="always answered so"):
            result = chainrule.cross_validate(table[["x", *names]], target=names, folds=3, epochs=1)
        predicted = result.predictions
        answers = predicted.to_pandas()
        assert answers[names].dtypes.equals(table[names].dtypes)
        for name, value in usual.items():
            assert answers[name].iloc[0] == value
    (alone,) = (rows for rows in result.held_out if 0 in rows)
    assert predicted.names == (*names, "probability_word", "probability_flag", "probability_kind")
    assert predicted.classes == (("p", "q"), (False, True), ("u", "v"))
    assert predicted.probabilities is not None
    unknown = np.isnan(predicted.probabilities)
    assert np.flatnonzero(unknown[:, 1]).tolist() == np.flatnonzero(unknown[:, 2]).tolist() == alone.tolist()
    assert not unknown[:, 0].any()


def test_what_fit_alone_takes_is_not_suggested() -> None:
    for name in ("masks", "resume", "on_step", "on_time", "every_seconds"):
        given: Any = {"target": "species", name: 1.0}
        with pytest.raises(UnknownNameError) as caught:
            chainrule.cross_validate(iris(), **given)
        assert name not in caught.value.known
        assert "Did you mean" not in str(caught.value)


def test_a_table_that_is_no_share_is_named_by_its_type() -> None:
    with pytest.raises(InputError, match="validation is an object of the type DataFrame but"):
        chainrule.cross_validate(iris(), target="species", validation=iris())
