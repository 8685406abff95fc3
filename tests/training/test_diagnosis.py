"""The diagnosis on real data: silent where training went well, else the true cause, and advice that helps."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine

from chainrule import DivergenceError, Network, TrainingResult, TrainingWarning, train
from chainrule.equations import LOSSES, Uniform
from chainrule.settings import Settings
from chainrule.training import Epoch, History
from chainrule.training.diagnosis import FEWEST_EPOCHS, _still_falling, constant_loss


def _standardised(a: Any) -> Any:  # noqa: ANN401 (arrays)
    return (a - a.mean(axis=0)) / a.std(axis=0)


def _one_of(classes: Any) -> Any:  # noqa: ANN401 (arrays)
    return np.eye(classes.max() + 1)[classes]


IRIS, WINE, CANCER = load_iris(), load_wine(), load_breast_cancer()
DIABETES, DIGITS = load_diabetes(scaled=False), load_digits()
AGES = DIABETES.target[:, np.newaxis]
TABLES: dict[str, Any] = {
    "iris": (_standardised(IRIS.data), _one_of(IRIS.target)),
    "wine": (_standardised(WINE.data), _one_of(WINE.target)),
    "cancer": (_standardised(CANCER.data), CANCER.target[:, np.newaxis]),
    "digits": (DIGITS.data / 16, _one_of(DIGITS.target)),
    "diabetes": (_standardised(DIABETES.data), _standardised(AGES)),
    # as they come
    "wine, raw": (WINE.data, _one_of(WINE.target)),
    "cancer, raw": (CANCER.data, CANCER.target[:, np.newaxis]),
    "diabetes, raw": (DIABETES.data, AGES),
    "diabetes, raw targets": (_standardised(DIABETES.data), AGES),
    "diabetes, tiny": (load_diabetes().data, _standardised(AGES)),
}
ENDS: dict[str, tuple[str, str]] = {
    "iris": ("softmax", "cross_entropy"),
    "wine": ("softmax", "cross_entropy"),
    "digits": ("softmax", "cross_entropy"),
    "cancer": ("logistic", "binary_cross_entropy"),
    "diabetes": ("identity", "rss"),
}


def _warned(result: TrainingResult) -> list[str]:
    """Causes of which was warned."""
    return [one.cause for one in result.diagnosis if one.is_warning]


def _run(table: str, hidden: str = "tanh", **settings: Any) -> TrainingResult:  # noqa: ANN401 (handed through)
    """Train eight hidden units, by default in a way that goes well."""
    X, Y = TABLES[table]
    output, loss = settings.pop("ends", ENDS[table.split(",", maxsplit=1)[0]])
    start = settings.pop("start", "glorot_uniform")
    net = Network.random((X.shape[1], 8, Y.shape[1]), [hidden, output], loss, start=start, seed=1)
    given = {"rate": 0.03, "epochs": 30, "batch_size": 16, **settings}
    return train(net, X, Y, **given)


# Silence


@pytest.mark.parametrize("rule", ["descent", "adam"])
@pytest.mark.parametrize("hidden", ["logistic", "tanh", "relu", "gelu", "softsign"])
@pytest.mark.parametrize("table", ["iris", "wine", "cancer", "digits", "diabetes"])
def test_nothing_is_said_of_a_training_that_went_well(table: str, hidden: str, rule: str) -> None:
    result = _run(table, hidden, rule=rule, rate=0.1 if rule == "descent" and table != "diabetes" else 0.01)
    assert result.diagnosis == ()
    assert result.history.loss_after < 0.9 * result.history.loss_before


@pytest.mark.parametrize(
    "settings",
    [
        {"dropout": 0.5},
        {"l2": 0.01},
        {"patience": 5, "validation": 0.2},
        {"rule": "lbfgs", "rate": None, "batch_size": None, "l2": 0.001},
        {"rule": "irprop_minus", "batch_size": None},
        {"rule": "levenberg_marquardt", "rate": None, "batch_size": None, "epochs": 12},
        {"schedule": "cosine", "clip_norm": 0.5},
        {"sample_weight": np.linspace(0, 1, 442)},
        {"ends": ("identity", "absolute")},
        {"ends": ("identity", "quantile:0.9")},
        {"ends": ("identity", "huber")},
    ],
    ids=", ".join,
)
def test_nothing_is_said_of_other_ways_that_went_well(settings: dict[str, Any]) -> None:
    assert _run("diabetes", **settings).diagnosis == ()


def test_nothing_is_said_of_a_good_network_whose_loss_goes_up_a_little() -> None:
    good = _run("iris", epochs=300, rate=0.1)
    result = train(good.network, *TABLES["iris"], rate=0.1, epochs=20, batch_size=1)
    assert result.history.loss_after > result.history.loss_before
    assert result.diagnosis == ()


def test_a_good_network_may_get_worse_by_a_tenth_and_then_blames_the_rate_alone() -> None:
    # Most of its units are saturated, and were so when it was good.
    given: dict[str, Any] = {"rule": "lbfgs", "rate": None, "batch_size": None, "epochs": 5000}
    good = _run("diabetes", **given).network
    X, Y = TABLES["diabetes"]
    result = train(good, X, Y, rate=0.005, epochs=15, batch_size=1)
    assert 1 < result.history.loss_after / result.history.loss_before < 1.1
    assert result.diagnosis == ()
    message = r"The loss grew from 0\.1\d+ to 0\.1\d+\. The rate 0\.05 is too large\. Try 0\.005\."
    with pytest.warns(TrainingWarning, match=message):
        train(good, X, Y, rate=0.05, epochs=15, batch_size=1)


def test_units_that_are_saturated_in_a_good_network_are_no_trouble() -> None:
    result = _run("iris", epochs=1000, rate=0.3)
    z = result.network.forward(TABLES["iris"][0]).z[0]
    assert ((1 - np.tanh(z) ** 2) < 0.05).mean() > 0.5
    assert result.diagnosis == ()


def test_short_trials_are_left_alone() -> None:
    assert FEWEST_EPOCHS == 10
    assert _warned(_run("iris", rate=1e-9, epochs=9)) == []
    with pytest.warns(TrainingWarning, match="too small"):
        assert _run("iris", rate=1e-9, epochs=10).diagnosis


# Causes: what is run, what is said of it, and what is run when the advice is followed

NOT_SCALED = r"Standardise every column of inputs, and targets that are numbers"
BAD: list[Any] = [
    pytest.param(
        ("cancer, raw", "tanh", {}), "data_not_scaled",
        rf"The data are not scaled: X\[:, 23\] has mean 880\.6, deviation 568\.9\. {NOT_SCALED}",
        ("cancer", "tanh", {}), id="cancer, raw",
    ),
    pytest.param(
        ("wine, raw", "logistic", {}), "data_not_scaled",
        rf"The data are not scaled: X\[:, 12\] has mean 746\.9, deviation 314\. {NOT_SCALED}",
        ("wine", "logistic", {}), id="wine, raw",
    ),
    pytest.param(
        ("diabetes, raw targets", "tanh", {"rate": 1e-4}), "data_not_scaled",
        rf"The data are not scaled: Y\[:, 0\] has mean 152\.1, deviation 77\.0[0-9]\. {NOT_SCALED}",
        ("diabetes", "tanh", {"rate": 1e-3}), id="targets, raw",
    ),
    pytest.param(
        ("diabetes, tiny", "tanh", {"rate": 1e-4, "epochs": 100}), "data_not_scaled",
        rf"The data are not scaled: X\[:, \d\] has mean \S+, deviation 0\.04757\. {NOT_SCALED}",
        ("diabetes", "tanh", {"rate": 1e-4, "epochs": 100}), id="inputs, tiny",
    ),
    pytest.param(
        ("iris", "tanh", {"rate": 30}), "saturated_units",
        r"The loss grew from 1\.\d+ to .*\. \d of 8 units of layer 2 are saturated: .*; before training, 0 "
        r"were\. Try a rate of 0\.1, or the activation relu in place of tanh\.",
        ("iris", "tanh", {"rate": 0.1}), id="units saturated by a rate",
    ),
    pytest.param(
        ("iris", "tanh", {"start": Uniform(100)}), "saturated_units",
        r"8 of 8 units of layer 2 are saturated: .*; before training, 8 were\. Take smaller first weights",
        ("iris", "tanh", {"start": Uniform(1)}), id="units saturated from the start",
    ),
    pytest.param(
        ("diabetes", "logistic", {"start": Uniform(100), "rate": 0.01}), "saturated_units",
        r"8 of 8 units of layer 2 are saturated: .*; before training, 8 were\. .* in place of logistic",
        ("diabetes", "logistic", {"start": Uniform(1), "rate": 0.01}), id="logistic units from the start",
    ),
    pytest.param(
        ("iris", "relu", {"rate": 300, "ends": ("logistic", "rss")}), "saturated_units",
        r"3 of 3 units of layer 3 are saturated: .* before training, 0 were\. Try a rate of 30\.$",
        ("iris", "relu", {"rate": 30, "ends": ("logistic", "rss")}), id="outputs saturated",
    ),
    pytest.param(
        ("iris", "relu", {"rate": 30, "epochs": 50}), "dead_units",
        r"6 of 8 units of layer 2 are dead, 0 for every sample; before training, 0 were\. Try a rate of 3",
        ("iris", "relu", {"rate": 3, "epochs": 50}), id="units killed by a rate",
    ),
    pytest.param(
        ("iris", "relu", {"start": Uniform(20), "rate": 0.1, "epochs": 50}), "start_too_large",
        r"The first weights are too large: before training the loss was 595\.1, 542 times that of one answer",
        ("iris", "relu", {"start": Uniform(1), "rate": 0.1, "epochs": 50}), id="first weights",
    ),
    pytest.param(
        ("diabetes", "tanh", {"l2": 5.0}), "penalties_too_large",
        r"l2=5 is too large: the weights shrank to \d\.\d% of their length\. Try 0\.5\.",
        ("diabetes", "tanh", {"l2": 0.05}), id="l2",
    ),
    pytest.param(
        ("diabetes", "tanh", {"l1": 2.0, "l2": 0.01}), "penalties_too_large",
        r"l1=2 is too large: the weights shrank to 10\.\d% of their length\. Try 0\.2\.",
        ("diabetes", "tanh", {"l1": 0.002, "l2": 0.01}), id="l1",
    ),
    *[
        pytest.param(
            (table, "tanh", {"rate": rate}), "rate_too_small",
            rf"The rate {rate:g} is too small: in 30 epochs the weights moved by \S+ of their length\. "
            rf"Try {advised:g}, or more epochs\.",
            (table, "tanh", {"rate": advised}), id=f"{table} at {rate:g}",
        )
        for table, rate, advised in (
            ("iris", 1e-9, 1e-2), ("iris", 1e-4, 1e-2), ("diabetes", 1e-5, 1e-2), ("digits", 1e-7, 1e-2),
            ("iris", 1e-300, 1e-1),
        )
    ],
    pytest.param(
        ("digits", "tanh", {"rate": 1e-6, "rule": "adam"}), "rate_too_small",
        r"The rate 1e-06 is too small: in 30 epochs the weights moved by 0\.007 of their length\. Try 0\.001",
        ("digits", "tanh", {"rate": 1e-3, "rule": "adam"}), id="adam",
    ),
    pytest.param(
        ("iris", "tanh", {"rate": 1e-300, "rule": "adam"}), "rate_too_small", r"Try 0\.001, or more epochs",
        ("iris", "tanh", {"rate": 1e-3, "rule": "adam"}), id="adam, from nothing",
    ),
    pytest.param(  # the loss does not grow, but steps of Adam are as long as its rate
        ("digits", "relu", {"rate": 1, "rule": "adam"}), "dead_units",
        r"The loss \S+ hardly differs .* are dead, .*\. Try a rate of 0\.001, or the activation",
        ("digits", "relu", {"rate": 1e-3, "rule": "adam"}), id="adam, units killed by a rate",
    ),
    pytest.param(
        ("diabetes", "tanh", {"rate": 50, "rule": "adam"}), "saturated_units", r"\. Try a rate of 0\.001, or",
        ("diabetes", "tanh", {"rate": 1e-3, "rule": "adam"}), id="adam, far too fast",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "cause", "message", "good"), BAD)
def test_the_true_cause_is_named_and_the_advice_helps(bad: Any, cause: str, message: str, good: Any) -> None:  # noqa: ANN401
    (table, hidden, settings), (advised_table, advised_hidden, advised) = bad, good
    with pytest.warns(TrainingWarning) as warned:
        result = _run(table, hidden, **settings)
    [diagnosis] = result.diagnosis
    assert diagnosis.cause == cause
    assert re.search(message, diagnosis.message)
    assert [str(one.message) for one in warned] == [diagnosis.message] == [str(diagnosis)]
    assert warned[0].filename.endswith("test_diagnosis.py")
    assert _warned(_run(advised_table, advised_hidden, **advised)) == []


def test_a_loss_that_grew_blames_the_rate() -> None:
    # No hidden units that could saturate: a rate at which the steps of iris' classes are too long.
    X, Y = TABLES["iris"]
    net = Network.random((4, 3), "softmax", "cross_entropy", seed=1)
    with pytest.warns(TrainingWarning, match=r"The loss grew .*\. The rate 100 is too large\. Try 0\.1\."):
        result = train(net, X, Y, rate=100, epochs=20, batch_size=1)
    assert [one.cause for one in result.diagnosis] == ["loss_grew"]
    assert train(net, X, Y, rate=0.1, epochs=20, batch_size=1).diagnosis == ()


@pytest.mark.parametrize("rate", [0.001, 0.003])
def test_targets_drawn_by_chance_have_no_cause_that_figures_could_prove(rate: float) -> None:
    X = TABLES["diabetes"][0]
    Y = _standardised(np.random.default_rng(0).normal(size=(442, 1)))
    net = Network.random((10, 8, 1), ["tanh", "identity"], seed=1)
    with pytest.warns(TrainingWarning, match="inputs that say more of the targets"):
        result = train(net, X, Y, rate=rate, epochs=50, batch_size=16)
    assert [one.cause for one in result.diagnosis] == ["unknown"]


def test_units_dead_from_the_start_blame_the_first_weights() -> None:
    net = Network.random((10, 8, 1), ["relu", "identity"], seed=1)
    w1, w2 = (w.copy() for w in net.weights)
    w1[:, 0] = -60
    with pytest.warns(TrainingWarning, match=r"8 of 8 units of layer 2 are dead.*8 were\. Take other first"):
        train(net.with_weights([w1, w2]), *TABLES["diabetes"], rate=0.01, epochs=20)


def test_one_cause_is_named_the_first_of_them() -> None:
    # Raw data saturate units at this rate, and the loss grows; the data come first.
    with pytest.warns(TrainingWarning, match="The data are not scaled"):
        result = _run("wine, raw", rate=10)
    assert [one.cause for one in result.diagnosis] == ["data_not_scaled"]


# Divergence


@pytest.mark.parametrize(
    ("bad", "message", "good"),
    [
        (
            ("diabetes, raw", "leaky_relu", {"rate": 0.03}),
            r"at rate 0\.03, .* The data are not scaled: X\[:, 4\] has mean 189\.1, deviation 34\.57\.",
            ("diabetes", "leaky_relu", {"rate": 0.03}),
        ),
        (
            ("diabetes, raw targets", "relu", {"rate": 0.03}),
            r"at rate 0\.03, .* The data are not scaled: Y\[:, 0\] has mean 152\.1, deviation 77\.0[0-9]\.",
            ("diabetes", "relu", {"rate": 0.03}),
        ),
        (
            ("diabetes", "tanh", {"rate": 3}),
            r"at rate 3, a weight or the loss stopped being finite .*\. Try a rate of 0\.1\.$",
            ("diabetes", "tanh", {"rate": 0.1}),
        ),
        (
            ("diabetes", "tanh", {"rate": 1e200, "rule": "adam"}),
            r"at rate 1e\+200, a weight or the loss stopped being finite .*\. Try a rate of 0\.001\.$",
            ("diabetes", "tanh", {"rate": 0.001, "rule": "adam"}),
        ),
        (
            ("diabetes", "relu", {"start": Uniform(20), "rate": 0.01}),
            r"The first weights are too large: before training the loss was .* Take smaller ones\.$",
            ("diabetes", "relu", {"start": Uniform(1), "rate": 0.01}),
        ),
    ],
    ids=["inputs", "targets", "rate", "rate of adam", "first weights"],
)
def test_divergence_names_its_cause_and_the_advice_helps(bad: Any, message: str, good: Any) -> None:  # noqa: ANN401
    (table, hidden, settings), (advised_table, advised_hidden, advised) = bad, good
    with pytest.raises(DivergenceError, match=message):
        _run(table, hidden, **settings)
    assert _run(advised_table, advised_hidden, **advised).diagnosis == ()


# The loss of one answer to all


def _best_constant(loss: Any, y: Any, weight: Any) -> float:  # noqa: ANN401 (arrays)
    """The same by trying a thousand answers."""
    answers = np.linspace(0.001, 0.999, 999)
    return min(
        float(np.nansum(loss.values(np.full_like(y, answer), y) * weight[:, np.newaxis])) / len(y)
        for answer in answers
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("name", [*sorted(set(LOSSES) - {"cross_entropy", "huber"}), "quantile:0.2"])
def test_loss_of_one_answer_is_the_lowest_of_a_thousand(name: str, *, gaps: bool, weighted: bool) -> None:
    random = np.random.default_rng(2)
    y = random.uniform(0, 1, (200, 1))
    if name == "binary_cross_entropy":
        y = (y > 0.3).astype(float)
    if gaps:
        y[::7] = np.nan
    weight = random.uniform(0, 2, 200) if weighted else np.ones(200)
    weight /= weight.mean()
    found = constant_loss(LOSSES.named(name), y, weight if weighted else None)
    assert found == pytest.approx(_best_constant(LOSSES.named(name), y, weight), rel=1e-4)


def test_loss_of_one_answer_to_classes_is_their_entropy() -> None:
    shares = np.array([0.5, 0.25, 0.25])
    Y = np.eye(3)[[0, 0, 1, 2]]
    entropy = -(shares * np.log(shares)).sum()
    assert constant_loss(LOSSES.named("cross_entropy"), Y) == pytest.approx(entropy, rel=1e-14)
    assert constant_loss(LOSSES.named("cross_entropy"), Y[[0, 1, 2]], np.array([1, 1, 1])) == pytest.approx(
        -(2 * np.log(2 / 3) + np.log(1 / 3)) / 3, rel=1e-14
    )


def test_loss_of_ones_own_has_no_answer_that_is_known() -> None:
    class Own:
        name = "own"

    own: Any = Own()
    assert constant_loss(own, np.ones((3, 1))) is None


def test_warnings_can_be_turned_off_and_the_diagnosis_stays() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)
        assert _run("iris", rate=1e-9).diagnosis


# Epochs that ended too soon

GOES_WELL: dict[str, Any] = {"rate": 0.1, "epochs": 60}


def test_a_goal_that_was_missed_is_said_and_one_that_was_reached_is_not() -> None:
    goal = _run("iris", **GOES_WELL).history.loss[-1]
    message = rf"loss_goal={goal / 2!r} was not reached: the last epoch had a mean loss of {goal:.4g}\."
    with pytest.warns(TrainingWarning, match=message):
        missed = _run("iris", **GOES_WELL, loss_goal=goal / 2)
    assert (missed.stopped_by, _warned(missed)) == ("epochs", ["goal_missed"])
    reached = _run("iris", **GOES_WELL, loss_goal=goal)
    assert (reached.stopped_by, reached.diagnosis) == ("loss_goal", ())
    with pytest.warns(TrainingWarning, match="was not reached"):
        _run("iris", epochs=2, loss_goal=1e-9)


def test_a_goal_is_not_called_missed_where_something_else_ended_the_training() -> None:
    stopped = _run("iris", **GOES_WELL, loss_goal=1e-9, on_epoch=lambda progress: progress.stop())
    assert (stopped.stopped_by, stopped.diagnosis) == ("callback", ())
    patient = _run("iris", epochs=500, rate=2.0, loss_goal=1e-9, patience=3)
    assert (patient.stopped_by, patient.diagnosis) == ("patience", ())


@pytest.mark.parametrize("epochs", [2, 3, 7, 9, 12, 50])
def test_a_slow_descent_still_falls_when_its_epochs_end(epochs: int) -> None:
    begun = _run("iris", epochs=5).network  # which is better than one answer to all
    result = train(begun, *TABLES["iris"], rate=1e-4, epochs=epochs, batch_size=16)
    [found] = [one for one in result.diagnosis if one.cause == "still_falling"]
    assert not found.is_warning
    message = r"The loss still fell when the (\d+) epochs ended, by (\S+) an epoch to (\S+)\. "
    said = re.fullmatch(message + r"Try more epochs, or a higher rate\.", found.message)
    assert said is not None
    losses = result.history.loss
    assert int(said[1]) == epochs
    assert float(said[2]) == pytest.approx((losses[0] - losses[-1]) / (epochs - 1), rel=0.1)  # a line
    assert float(said[3]) == pytest.approx(losses[-1], rel=1e-3)


def test_the_watched_loss_is_judged_where_there_is_one() -> None:
    X, Y = TABLES["iris"]
    begun = _run("iris", epochs=5).network
    slow: dict[str, Any] = {"rate": 1e-3, "epochs": 20, "batch_size": 16}
    [falls] = train(begun, X, Y, **slow, validation=(X, Y)).diagnosis
    assert (falls.cause, falls.message[:30]) == ("still_falling", "The validation loss still fell")
    others = (X, Y[::-1])  # with other targets, so that their loss grows
    contrary = train(begun, X, Y, **slow, validation=others)
    assert contrary.history.loss[-1] < contrary.history.loss[0]
    assert contrary.diagnosis == ()


def test_a_loss_that_goes_up_and_down_is_no_fall() -> None:
    settings = Settings(rate=0.1, epochs=10)
    for losses, falls in (
        ([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1], True),
        ([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.05, 0.35], False),  # the last is above one before
        ([1.0, 0.8, 0.65, 0.55, 0.48, 0.42, 0.36, 0.31, 0.22, 0.15], True),  # 0.15 of 0.915: 16 %
        ([1.0, 0.8, 0.65, 0.55, 0.45, 0.4, 0.34, 0.28, 0.2, 0.16], False),  # 0.13 of 0.92: 14 %
        ([1.0, 0.5, 0.2, 0.1, 0.05, 0.04, 0.03, 0.02, 0.01, 0.005], False),  # most of its way lies behind it
        ([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, float("nan"), float("nan")], False),
    ):
        epochs = tuple(Epoch(n, loss, 0.0, 0.1) for n, loss in enumerate(losses, 1))
        history = History(1.1, epochs, losses[-1])
        found = _still_falling(history, settings)
        assert [one.cause for one in found] == ["still_falling"] * falls, losses
        by_lbfgs = _still_falling(history, Settings(rule="lbfgs", epochs=10))
        assert [one.message[-18:] for one in by_lbfgs] == [". Try more epochs."] * falls
