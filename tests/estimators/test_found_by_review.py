"""What a reading with fresh eyes had found: each was a wrong answer, or a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.callback import ProgressBar
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chainrule
from chainrule import InputError, MLPClassifier, MLPRegressor, TableWarning

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(80, 3))
NUMBERS = X @ [1.0, 2.0, 3.0]
TWO, THREE = (X[:, 0] > 0).astype(int), np.digitize(X[:, 0], [-0.5, 0.5])
FRAME = pd.DataFrame({"number": X[:, 0], "text": np.where(TWO, "a", "b")})

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::chainrule.TrainingWarning"
)


@pytest.mark.parametrize("given", [{"validation_data": (X, NUMBERS)}, {"n_restarts": 2}])
@pytest.mark.parametrize("solver", ["lbfgs", "levenberg_marquardt"])
def test_a_rule_with_steps_of_its_own_keeps_its_network_whatever_is_watched(
    solver: str, given: dict[str, Any]
) -> None:
    usual: dict[str, Any] = {
        "hidden_layer_sizes": 4,
        "activation": "tanh",
        "solver": solver,
        "random_state": 0,
    }
    plain = MLPRegressor(**usual, max_iter=40).fit(X, NUMBERS)
    one = MLPRegressor(**usual, max_iter=40, early_stopping=True, **given).fit(X, NUMBERS)
    assert one.score(X, NUMBERS) >= plain.score(X, NUMBERS) > 0.9


def test_labels_that_are_missing_are_not_judged() -> None:
    one = MLPClassifier(20, random_state=0).fit(X, (X > 0).astype(float))
    gappy = one.predict(X).astype(float)
    gappy[(gappy == 1) & (RANDOM.random(X.shape) < 0.3)] = np.nan
    assert one.score(X, gappy) == 1
    watched = MLPClassifier(20, random_state=0, validation_data=(X, gappy)).fit(X, (X > 0).astype(float))
    assert watched.validation_scores_[-1] == 1


@pytest.mark.parametrize(
    ("kind", "y", "watched"),
    [
        (MLPClassifier, TWO, (X, ["q"] * 80)), (MLPClassifier, TWO, (X, np.column_stack([TWO, TWO]))),
        (MLPClassifier, np.column_stack([TWO, TWO, TWO]), (X, TWO)), (MLPClassifier, TWO, (X, TWO[:5])),
        (MLPRegressor, NUMBERS, (X, NUMBERS[:5])), (MLPRegressor, NUMBERS, (X, X[:, :2])),
        (MLPRegressor, NUMBERS, (X, NUMBERS, -np.ones(80))),
    ],
)  # fmt: skip
def test_rows_to_watch_that_do_not_fit_are_refused(kind: Any, y: Any, watched: Any) -> None:  # noqa: ANN401
    with pytest.raises(ValueError, match=r"y |classes|inconsistent|[Nn]egative"):
        kind(4, max_iter=3, validation_data=watched).fit(X, y) if kind is MLPClassifier else kind(
            hidden_layer_sizes=4, max_iter=3, validation_data=watched
        ).fit(X, y)


def test_a_score_with_gaps_checks_as_one_without() -> None:
    one = MLPRegressor(hidden_layer_sizes=4, max_iter=5).fit(X, NUMBERS)
    for y, weight in (([[1, np.nan], [2, 3], [4, 5]], None), ([1, np.nan, 2], None), ([np.nan] * 6, None)):
        with pytest.raises(ValueError, match=r"samples|target|column"):
            one.score(X[:6], y, weight)
    with pytest.raises(ValueError, match="inconsistent"):
        one.score(X[:6], [1, np.nan, 2, 3, 4, 5], [1, 1, 1])


@pytest.mark.parametrize("given", [
    {"learning_rate_init": 0.05}, {"solver": "sgd", "momentum": 0.5}, {"beta_1": 0.5}, {"alpha": 0.1},
    {"solver": "rmsprop", "l1": 0.01}, {"clip_norm": 0.1, "batch_size": 7},
    {"solver": "sgd", "learning_rate": "adaptive"},
], ids=str)  # fmt: skip
def test_a_file_goes_on_with_what_the_training_was_given(given: dict[str, Any], tmp_path: Path) -> None:
    one = MLPClassifier(4, random_state=0, max_iter=5, **given).fit(X, TWO)
    one.save(tmp_path / "one.safetensors")
    again = MLPClassifier.from_model(tmp_path / "one.safetensors").partial_fit(X, TWO)
    assert np.array_equal(one.partial_fit(X, TWO).coefs_[0], again.coefs_[0])


def test_classes_that_a_table_takes_for_one_or_none_are_refused_there(tmp_path: Path) -> None:
    for names in (["1", "2", "1.0"], ["a", "b", "NA"]):
        y = np.array(names)[THREE]
        with pytest.raises(InputError, match="takes for one, or for a missing value"):
            MLPClassifier(4, defaults="modern").fit(X, y)
        one = MLPClassifier(4, max_iter=300, learning_rate_init=0.02, random_state=0).fit(X, y)
        assert one.score(X, y) > 0.9
    with pytest.raises(InputError, match="takes for one, or for a missing value"):
        MLPClassifier(4, defaults="modern").fit(X, np.array(["true", "True"])[TWO])
    one = MLPClassifier(4, max_iter=3).fit(X, np.array(["a", "b", "NA"])[THREE])
    with pytest.raises(InputError, match="takes for one, or for a missing value"):
        one.save(tmp_path / "one.safetensors")


def test_what_predict_would_say_of_cells_is_said() -> None:
    one = MLPClassifier(4, max_iter=3, defaults="modern").fit(FRAME, RANDOM.permutation(TWO))
    with pytest.warns(TableWarning, match="no numbers"):
        one.predict(FRAME.assign(number="x"))
    with pytest.warns(TableWarning, match="zz"):
        one.predict(FRAME.assign(text="zz"))


def test_targets_without_a_name_and_times() -> None:
    for y in (pl.Series(TWO), pd.Series(TWO, name=""), pd.Series(TWO, name=" ")):
        assert MLPClassifier(4, max_iter=3, defaults="modern").fit(X, y).classes_.tolist() == [0, 1]
    days = pd.Series(pd.date_range("2020", periods=80))
    with pytest.raises(InputError, match="times"):
        MLPRegressor(defaults="modern").fit(FRAME, days)
    model = chainrule.fit(FRAME.assign(day=days), target="day", epochs=3).model
    with pytest.raises(InputError, match="times"):
        MLPRegressor.from_model(model)
    with pytest.raises(InputError, match="Column 1 of y has no value"):
        MLPRegressor().fit(X, np.column_stack([NUMBERS, np.full(80, np.nan)]))


def test_restarts_by_validation_loss_and_of_rows_with_gaps() -> None:
    given: dict[str, Any] = {"max_iter": 30, "random_state": 0, "early_stopping": True, "n_restarts": 4}
    one = MLPClassifier(8, **given, defaults="modern").fit(X, THREE)
    losses = [min(e.validation_loss or 9 for e in fit.history_.epochs) for fit in one.restarts_]
    best = one.restarts_[int(np.argmin(losses))]
    assert np.array_equal(one.coefs_[0], best.coefs_[0])
    gappy = TWO.astype(object)
    gappy[:5] = None
    again = MLPClassifier(8, **given).fit(X, gappy, 2.0)
    assert len(again.restarts_) == 4
    assert not hasattr(again.set_params(n_restarts=1).fit(X, TWO), "restarts_")
    with pytest.raises(ValueError, match="y"):
        MLPClassifier(8, **given).fit(X, None)
    with pytest.warns(UserWarning, match="callbacks hear nothing"):
        MLPClassifier(8, max_iter=2, n_restarts=2, callbacks=print).fit(X, TWO)


def test_doors_take_both_names_and_other_kinds_of_targets_are_refused() -> None:
    one = MLPClassifier(4, max_iter=3, random_state=0).fit(X, TWO)
    assert MLPClassifier.from_model(one.model_, rate=0.5).learning_rate_init == 0.5
    assert MLPClassifier.from_network(one.network_, [0, 1], epochs=3).max_iter == 3
    assert one.check_gradients(X, [None, *TWO[1:]]).passed
    with pytest.raises(InputError, match=r"first call|not in"):
        MLPClassifier(4, max_iter=2).fit(X, THREE).partial_fit(X, np.column_stack([TWO, 1 - TWO, TWO]))
    numbers = MLPRegressor(hidden_layer_sizes=3, max_iter=2, defaults="modern").fit(X, NUMBERS)
    with pytest.raises(InputError, match="2 columns"):
        numbers.partial_fit(X, X[:, :2])
    switched = MLPClassifier(4, max_iter=2, warm_start=True, defaults="modern").fit(X, TWO)
    assert switched.set_params(defaults="scikit-learn").fit(X, TWO).n_iter_ == 2
    line = make_pipeline(StandardScaler(), MLPClassifier(4, max_iter=3, callbacks=ProgressBar()))
    with pytest.raises(InputError, match="outermost"):
        line.fit(X, TWO)
