"""What scikit-learn's have not: callbacks, restarts, missing values, rows to watch, two names."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chainrule import InputError, MLPClassifier, MLPRegressor, TableWarning, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(80, 4))
NUMBERS = np.sin(X[:, 0]) + 0.1 * X[:, 1]
CLASSES = np.digitize(NUMBERS, [-0.4, 0.4])
GIVEN: dict[str, Any] = {"hidden_layer_sizes": 5, "random_state": 3, "max_iter": 6}

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::chainrule.TrainingWarning"
)


def same_bits(one: Any, other: Any) -> bool:  # noqa: ANN401 (either estimator)
    return all(map(np.array_equal, one.network_.weights, other.network_.weights))


def test_both_names_of_a_parameter_are_one() -> None:
    ours = MLPClassifier(
        hidden=[5], rule="adam", rate=0.01, schedule="cosine", epochs=3, seed=1, output="softmax"
    )
    theirs = MLPClassifier(
        hidden_layer_sizes=[5], solver="adam", learning_rate_init=0.01, learning_rate="cosine", max_iter=3,
        random_state=1, out_activation="softmax",
    )  # fmt: skip
    assert ours.get_params() == theirs.get_params()
    assert same_bits(clone(ours).fit(X, CLASSES), theirs.fit(X, CLASSES))
    search = GridSearchCV(MLPClassifier(**GIVEN), {"rate": [1e-4, 0.1]}, cv=2).fit(X, CLASSES)
    assert search.best_estimator_.learning_rate_init == search.best_params_["rate"]
    with pytest.raises(InputError, match=r"by two names, max_iter and epochs"):
        MLPClassifier(max_iter=3, epochs=3)
    with pytest.raises(UnknownNameError, match="Did you mean 'momentum'"):
        MLPClassifier(momentun=0.5)
    with pytest.raises(UnknownNameError, match="Did you mean 'epochs'"):
        MLPRegressor().set_params(epoch=5)


@pytest.mark.parametrize(
    "given", [{}, {"solver": "lbfgs"}, {"engine": "reference"}, {"early_stopping": True}]
)
@pytest.mark.parametrize("defaults", ["scikit-learn", "modern"])
def test_scikit_learns_callbacks_hear_of_every_epoch(given: dict[str, Any], defaults: str) -> None:
    monitor = ScoringMonitor(scoring="accuracy")
    one = MLPClassifier(**GIVEN, **given, defaults=defaults)
    plain = clone(one).fit(X, CLASSES)
    one.set_callbacks(monitor).fit(X, CLASSES)
    assert same_bits(one, plain)
    log = pd.DataFrame(monitor.get_logs().data)
    epochs = log[log["task_name"] == "epoch"]
    assert len(epochs) == len(one.loss_curve_)
    assert log[log["task_name"] == "fit"]["accuracy"].tolist() == [one.score(X, CLASSES)]
    if not given:
        assert epochs["accuracy"].iloc[-1] == one.score(X, CLASSES)
        shorter = clone(one).set_params(max_iter=2).fit(X, CLASSES)
        assert epochs["accuracy"].iloc[1] == shorter.score(X, CLASSES)


def test_a_callback_of_scikit_learn_ends_the_training_by_saying_so() -> None:
    class UntilThird:
        heard: ClassVar[list[str]] = []

        def setup(self, estimator: Any, context: Any) -> None:  # noqa: ANN401, ARG002
            self.heard.append("setup")

        def on_fit_task_begin(self, estimator: Any, context: Any) -> None:  # noqa: ANN401, ARG002
            self.heard.append(f"begin {context.task_name}")

        def on_fit_task_end(self, estimator: Any, context: Any) -> bool:  # noqa: ANN401, ARG002
            self.heard.append(f"end {context.task_name}")
            return bool(context.task_id == 2)

        def teardown(self, estimator: Any, context: Any) -> None:  # noqa: ANN401, ARG002
            self.heard.append("teardown")

    one = MLPClassifier(**GIVEN, callbacks=UntilThird()).fit(X, CLASSES)
    assert UntilThird.heard == [
        "setup",
        "begin fit",
        *["begin epoch", "end epoch"] * 3,
        "end fit",
        "teardown",
    ]
    with pytest.raises(InputError):
        clone(one).fit(X, CLASSES, -np.ones(80))
    assert UntilThird.heard[-1] == "teardown"
    assert one.n_iter_ == 3
    assert same_bits(one, MLPClassifier(**{**GIVEN, "max_iter": 3}).fit(X, CLASSES))
    assert not hasattr(one, "_skl_callbacks")  # a parameter, and not set for good


def test_progress_bars_show_an_estimator_beside_others(capsys: pytest.CaptureFixture[str]) -> None:
    line = make_pipeline(StandardScaler(), MLPClassifier(**GIVEN)).set_callbacks(ProgressBar())
    line.fit(X, CLASSES)
    assert "MLPClassifier" in capsys.readouterr().out
    search = GridSearchCV(MLPClassifier(**GIVEN), {"alpha": [1e-4, 1.0]}, cv=2).set_callbacks(ProgressBar())
    search.fit(X, CLASSES)
    assert "MLPClassifier" in capsys.readouterr().out


def test_functions_are_called_with_the_progress_after_each_epoch() -> None:
    losses: list[float] = []

    def until_third(progress: Any) -> None:  # noqa: ANN401
        losses.append(progress.epoch.loss)
        if len(progress.epochs) == 3:
            progress.stop()

    seen: list[int] = []
    one = MLPRegressor(**GIVEN, callbacks=[until_third, lambda progress: seen.append(len(progress.epochs))])
    one.fit(X, NUMBERS)
    assert one.n_iter_ == len(losses) == 3
    assert seen == [1, 2, 3]
    with pytest.raises(InputError, match="callbacks"):
        MLPRegressor(callbacks=[3]).fit(X, NUMBERS)


def test_restarts_are_each_what_they_are_alone_and_the_best_is_kept() -> None:
    one = MLPClassifier(**GIVEN, n_restarts=5, threads=2).fit(X, CLASSES)
    alone = [MLPClassifier(**{**GIVEN, "random_state": 3 + k}).fit(X, CLASSES) for k in range(5)]
    assert [fit.random_state for fit in one.restarts_] == [3, 4, 5, 6, 7]
    assert all(map(same_bits, one.restarts_, alone))
    best = min(alone, key=lambda fit: fit.loss_)
    assert same_bits(one, best)
    assert one.loss_curve_ == best.loss_curve_
    assert one.random_state == 3
    assert same_bits(one, MLPClassifier(**GIVEN, n_restarts=5, threads=1).fit(X, CLASSES))
    with pytest.raises(InputError, match="n_restarts"):
        clone(one).set_params(warm_start=True).fit(X, CLASSES)


def test_restarts_that_stop_early_watch_the_same_rows_and_are_judged_by_them() -> None:
    given = {**GIVEN, "max_iter": 30, "early_stopping": True, "n_iter_no_change": 3}
    one = MLPClassifier(**given, n_restarts=4).fit(X, CLASSES)
    assert one.best_validation_score_ == max(fit.best_validation_score_ for fit in one.restarts_)
    rows = one.restarts_[0].validation_data[0]
    assert all(np.array_equal(fit.validation_data[0], rows) for fit in one.restarts_)
    assert len(rows) == 8


def test_ctrl_c_keeps_the_restarts_that_are_done() -> None:
    code = (
        "import numpy as np, os, signal, threading, time, warnings\n"
        "from chainrule import MLPRegressor\n"
        "X = np.random.default_rng(0).normal(size=(400, 4)); y = X[:, 0]\n"
        "MLPRegressor(random_state=0, max_iter=2).fit(X, y)\n"
        "threading.Timer(2.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "warnings.simplefilter('ignore')\n"
        "one = MLPRegressor(random_state=0, n_restarts=10**4, max_iter=40, threads=2).fit(X, y)\n"
        "print(len(one.restarts_) > 0, one.predict(X[:2]).shape)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["True", "(2,)"], done.stderr[-500:]


def test_missing_numbers_are_taken_for_the_mean_that_is_kept_and_said(tmp_path: Path) -> None:
    gappy = X.copy()
    gappy[::7, 2] = np.nan
    filled = np.where(np.isnan(gappy), np.nanmean(gappy, axis=0), gappy)
    with pytest.warns(TableWarning, match="1 column of X with missing values"):
        one = MLPRegressor(**GIVEN).fit(gappy, NUMBERS)
    plain = MLPRegressor(**GIVEN).fit(filled, NUMBERS)
    assert np.allclose(one.network_.weights[0], plain.network_.weights[0], rtol=1e-9)
    assert np.allclose(one.predict(gappy), one.predict(filled), rtol=1e-12)
    one.save(tmp_path / "one.safetensors")
    again = MLPRegressor.from_model(tmp_path / "one.safetensors")
    assert np.array_equal(again.predict(gappy), one.predict(gappy))
    later = MLPRegressor(**GIVEN).fit(X, NUMBERS)  # which had none
    assert np.array_equal(later.predict([[np.nan] * 4]), later.predict([X.mean(axis=0)]))


def test_missing_targets_are_left_out_or_count_for_nothing() -> None:
    numbers, there = NUMBERS.copy(), np.arange(80) % 4 > 0
    numbers[~there] = np.nan
    with pytest.warns(TableWarning, match="20 rows without a target left out"):
        one = MLPRegressor(**GIVEN).fit(X, numbers)
    assert same_bits(one, MLPRegressor(**GIVEN).fit(X[there], NUMBERS[there]))
    assert one.score(X, numbers) == pytest.approx(one.score(X[there], NUMBERS[there]), rel=1e-12)
    labels = CLASSES.astype(object)
    labels[~there] = None
    for given in (labels, labels.tolist(), pd.Series(labels)):
        with pytest.warns(TableWarning, match="without a target"):
            other = MLPClassifier(**GIVEN).fit(X, given, np.ones(80))
        assert same_bits(other, MLPClassifier(**GIVEN).fit(X[there], CLASSES[there]))
        assert other.classes_.tolist() == [0, 1, 2]
    both = np.column_stack([numbers, NUMBERS])
    two = MLPRegressor(**GIVEN).fit(X, both)  # all rows have one at least
    assert np.isfinite(two.loss_)
    moved = both.copy()
    moved[0, 1] += 1
    assert not same_bits(two, MLPRegressor(**GIVEN).fit(X, moved))
    # Without hidden layers each output has the least squares of the rows that have its target.
    linear = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0, tol=1e-10, max_iter=500).fit(
        X, both
    )
    with_bias = np.column_stack([np.ones(80), X])
    for k, rows in enumerate((there, np.full(80, fill_value=True))):
        least, *_ = np.linalg.lstsq(with_bias[rows], NUMBERS[rows])
        assert np.allclose(linear.predict(X)[:, k], with_bias @ least, atol=1e-4)  # it stops 2e-9 above
    with pytest.raises(InputError, match="none of 80 rows has a target"):
        MLPRegressor(**GIVEN).fit(X, np.full(80, np.nan))


def test_rows_to_watch_are_scored_and_end_the_training_only_where_asked() -> None:
    watched = (X[60:], CLASSES[60:])
    one = MLPClassifier(**GIVEN, validation_data=watched).fit(X[:60], CLASSES[:60])
    assert same_bits(one, MLPClassifier(**GIVEN).fit(X[:60], CLASSES[:60]))
    assert one.validation_scores_[-1] == one.score(*watched)
    assert len(one.validation_scores_) == one.n_iter_
    given = {**GIVEN, "max_iter": 300, "learning_rate_init": 0.05}
    early = MLPClassifier(**given, validation_data=watched, early_stopping=True).fit(X[:60], CLASSES[:60])
    assert early.n_iter_ < 300
    assert early.best_validation_score_ == early.score(*watched) == max(early.validation_scores_)
    with pytest.raises(InputError, match="validation_data"):
        MLPClassifier(validation_data=X).fit(X, CLASSES)


@pytest.mark.parametrize("output", ["logistic", "tanh", "softsign", "relu", "softplus", "exp"])
def test_numbers_beyond_what_outputs_give_are_drawn_in_and_given_back(output: str) -> None:
    far = 100 + 50 * NUMBERS
    given: dict[str, Any] = {"hidden_layer_sizes": 8, "out_activation": output, "random_state": 0}
    one = MLPRegressor(**given, activation="tanh", solver="lbfgs", alpha=1e-3).fit(X, far)
    assert one.score(X, far) > 0.9
    assert MLPRegressor.from_model(one.model_).predict(X).tolist() == one.predict(X).tolist()
    two = MLPRegressor(**given).fit(X, np.column_stack([far, far]))
    assert two.predict(X).shape == (80, 2)


def test_chances_are_there_where_outputs_are_chances() -> None:
    for output in ("softmax", "logistic"):
        one = MLPClassifier(**GIVEN, out_activation=output).fit(X, CLASSES)
        assert np.allclose(one.predict_proba(X).sum(axis=1), 1)
        assert np.array_equal(one.classes_[one.decision_function(X).argmax(axis=1)], one.predict(X))
    two = MLPClassifier(**GIVEN, out_activation="softmax").fit(X, CLASSES > 0)
    assert two.network_.sizes[-1] == 2
    assert np.array_equal(two.decision_function(X) > 0, two.predict(X))
    assert not hasattr(MLPClassifier(**GIVEN, out_activation="tanh"), "predict_proba")
    assert not hasattr(MLPClassifier(**GIVEN, out_activation="tanh").fit(X, CLASSES), "predict_proba")


def test_momentum_of_sgd_is_scikit_learns_also_while_the_rate_changes() -> None:
    given: dict[str, Any] = {
        "hidden_layer_sizes": 5, "solver": "sgd", "shuffle": False, "max_iter": 30, "random_state": 3,
        "batch_size": 80, "learning_rate_init": 0.1,
    }  # fmt: skip
    for schedule in ("invscaling", "adaptive"):
        for nesterov in (True, False):
            changed = {**given, "learning_rate": schedule, "nesterovs_momentum": nesterov}
            ours, theirs = (kind(**changed).fit(X, NUMBERS) for kind in (MLPRegressor, TheirRegressor))
            assert np.allclose(ours.coefs_[0], theirs.coefs_[0], rtol=1e-10)
            assert np.allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-10)


def test_an_unfitted_estimator_is_compared_with_others_as_scikit_learn_does() -> None:
    assert repr(MLPClassifier(rate=0.1)) == "MLPClassifier(learning_rate_init=0.1)"
    assert isinstance(clone(MLPClassifier(5)), MLPClassifier)
    assert TheirClassifier(5).get_params().items() <= MLPClassifier(5).get_params().items()
    assert LogisticRegression().fit(X, CLASSES).score(X, CLASSES) > 0.5
