"""Stopping criteria on series written out, and the network that is given back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import InputError, Network, UnknownNameError, train
from chainrule.equations.past import Past, PastEpoch
from chainrule.equations.stopping import generalization_loss, training_progress
from chainrule.training import ENGINES, GeneralizationLoss, Patience, ProgressQuotient, StoppedBy

each_engine = pytest.mark.parametrize("engine", ENGINES)

# Wherever an early stop is what is tested, the training goes badly on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")


def _verdicts(criterion: Any, series: list[tuple[float, float]]) -> list[bool]:  # noqa: ANN401
    """What a criterion says to training loss and watched value of each epoch."""
    past, verdicts = Past(), []
    for loss, watched in series:
        past.append(PastEpoch(loss, watched))
        verdicts.append(criterion.stops(past))
    return verdicts


def _first(verdicts: list[bool]) -> int | None:
    """Epoch, counted from 1, at whose end it says stop."""
    return verdicts.index(True) + 1 if True in verdicts else None


WATCHED = [0.50, 0.40, 0.41, 0.39, 0.40, 0.39, 0.41, 0.38, 0.42, 0.43, 0.44]


# New lowest values in epochs 1, 2, 4 and 8; one that is equalled, as in epoch 6, is none.
@pytest.mark.parametrize(("patience", "stops"), [(1, 3), (2, 6), (3, 7), (4, None)])
def test_patience_waits_so_many_epochs_after_a_new_lowest_value(patience: int, stops: int | None) -> None:
    assert _first(_verdicts(Patience(patience), [(1.0, value) for value in WATCHED])) == stops


# Prechelt's example of a validation loss with several minima, his GL = 100 · (E_va / E_opt − 1):
# epoch       1      2      3      4       5      6     7
# E_va        1.00   0.80   0.84   0.76    0.798  0.84  0.70
# E_opt       1.00   0.80   0.80   0.76    0.76   0.76  0.70
# GL          0      0      5      0       5      10.5  0
PRECHELT = [1.00, 0.80, 0.84, 0.76, 0.798, 0.84, 0.70]
GL = [0, 0, 5, 0, 5, 100 * 8 / 76, 0]


def test_generalization_loss_is_that_of_the_series_written_out() -> None:
    lowest = np.minimum.accumulate(PRECHELT)
    found = [generalization_loss(*values) for values in zip(PRECHELT, lowest.tolist(), strict=True)]
    assert found == pytest.approx(GL, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("most", "stops"), [(4.9, 3), (5.1, 6), (10.4, 6), (10.6, None)])
def test_generalization_loss_stops_above_its_limit(most: float, stops: int | None) -> None:
    assert _first(_verdicts(GeneralizationLoss(most), [(0.0, value) for value in PRECHELT])) == stops


# Strips of three epochs; P = 1000 · (mean / minimum − 1), PQ = GL / P at the end of each strip:
# training    1.0  0.8  0.6 | 0.50  0.45  0.40 | 0.40  0.39  0.38 | 0.38 0.379 0.378
# P           1000·(0.8/0.6 − 1) = 333.3; 1000·(0.45/0.4 − 1) = 125; 1000·(0.39/0.38 − 1) = 26.32; 2.646
# validation  1.0  0.9  0.8 | 0.78  0.80  0.84 | 0.85  0.86  0.88 | 0.90 0.92 0.858
# GL          0; 100·(0.84/0.78 − 1) = 7.692; 100·(0.88/0.78 − 1) = 12.82; 10
# PQ          0; 0.06154; 0.4872; 3.780
TRAINING = [1.0, 0.8, 0.6, 0.50, 0.45, 0.40, 0.40, 0.39, 0.38, 0.38, 0.379, 0.378]
VALIDATION = [1.0, 0.9, 0.8, 0.78, 0.80, 0.84, 0.85, 0.86, 0.88, 0.90, 0.92, 0.858]


def test_progress_is_that_of_the_strips_written_out() -> None:
    found = [training_progress(TRAINING[first : first + 3]) for first in (0, 3, 6, 9)]
    assert found == pytest.approx([1000 / 3, 125, 1000 / 38, 1000 / 378], rel=1e-9)


@pytest.mark.parametrize(
    ("most", "stops"), [(0.06, 6), (0.0616, 9), (0.48, 9), (0.49, 12), (3.77, 12), (3.79, None)]
)
def test_progress_quotient_stops_at_the_end_of_a_strip(most: float, stops: int | None) -> None:
    series = list(zip(TRAINING, VALIDATION, strict=True))
    assert _first(_verdicts(ProgressQuotient(most, strip=3), series)) == stops


def test_progress_quotient_stops_where_nothing_moves_any_more_but_validation_is_worse() -> None:
    series = [(0.5, 0.5), (0.5, 0.5), (0.5, 0.6), (0.5, 0.6)]
    assert _verdicts(ProgressQuotient(0.5, strip=2), series) == [False, False, False, True]


def test_a_loss_of_zero_is_no_division_by_zero() -> None:
    assert generalization_loss(0.0, 0.0) == 0.0
    assert generalization_loss(0.1, 0.0) == np.inf
    assert training_progress([0.0, 0.0]) == 0.0
    assert training_progress([0.5, 0.0]) == np.inf


# Values below 0, and across it: GL = 100 · |L_va − L_opt| / |L_opt|.
# watched     0.5  -0.5  -1.0  -0.8  -1.0  -0.5  0.5
# GL          0    0     0     20    0     50    150
CROSSING = [0.5, -0.5, -1.0, -0.8, -1.0, -0.5, 0.5]


def test_generalization_loss_below_0_is_the_rise_beside_the_size_of_the_lowest_value() -> None:
    lowest = np.minimum.accumulate(CROSSING).tolist()
    found = [generalization_loss(*values) for values in zip(CROSSING, lowest, strict=True)]
    assert found == pytest.approx([0, 0, 0, 20, 0, 50, 150], rel=1e-12)
    series = [(1.0, value) for value in CROSSING]
    assert _first(_verdicts(GeneralizationLoss(19), series)) == 4
    assert _first(_verdicts(GeneralizationLoss(149), series)) == 7
    assert _first(_verdicts(GeneralizationLoss(1000), series)) is None


def test_progress_below_0_is_that_of_the_losses_above_it_with_the_same_rises() -> None:
    assert training_progress([-0.5, -1.0]) == pytest.approx(250)  # the mean -0.75 is 1/4 above -1
    assert training_progress([1.5, 1.0]) == pytest.approx(250)
    # while it is made, a rise of the watched value is forgiven: 25 % beside 250 per mille
    series = [(-0.5, -1.0), (-1.0, -0.75)]
    assert _verdicts(ProgressQuotient(0.11, strip=2), series) == [False, False]
    assert _verdicts(ProgressQuotient(0.09, strip=2), series) == [False, True]


any_value = st.floats(allow_nan=False, allow_infinity=True)


@given(any_value, any_value, any_value)
def test_generalization_loss_is_0_at_the_best_and_grows_with_what_is_watched(
    one: float, two: float, three: float
) -> None:
    lowest, lower, higher = sorted([one, two, three])
    assert generalization_loss(lowest, lowest) == 0
    assert 0 <= generalization_loss(lower, lowest) <= generalization_loss(higher, lowest)
    assert generalization_loss(np.nan, lowest) == generalization_loss(np.inf, lowest)


@given(st.lists(st.floats(max_value=1.7e308, min_value=-1.7e308), min_size=1, max_size=6))
def test_progress_is_a_number_of_at_least_0_for_all_losses(strip: list[float]) -> None:
    assert training_progress(strip) >= 0
    assert training_progress(strip[:1] * len(strip)) == 0


# Whole trainings: two rows to learn, and one to watch that pulls the other way from some epoch on.

X, Y = [[0.0], [1.0]], [[0.1], [0.2]]
WATCHED_ROW = ([[0.5]], [[0.5]])  # the output comes from 1 and passes 0.5 on its way to 0.15
START = Network([[[1.0, 0.0]]], "identity")


def _train(**settings: Any) -> Any:  # noqa: ANN401 (handed through)
    given = {"rate": 0.1, "epochs": 60, "batch_size": 2, "validation": WATCHED_ROW, **settings}
    return train(START, X, Y, **given)


def _after(epochs: int, engine: str) -> Network:
    network: Network = _train(epochs=epochs, engine=engine).network
    return network


def _assert_same(net: Network, expected: Network) -> None:
    for w, same in zip(net.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(w, same)


@each_engine
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"patience": 3}, StoppedBy.PATIENCE),
        ({"stopping": "patience:3"}, StoppedBy.PATIENCE),
        ({"stopping": "generalization_loss:1000"}, StoppedBy.GENERALIZATION_LOSS),
        ({"stopping": GeneralizationLoss(1000)}, StoppedBy.GENERALIZATION_LOSS),
        ({"stopping": "progress_quotient:1:4"}, StoppedBy.PROGRESS_QUOTIENT),
        ({"patience": 100, "stopping": "generalization_loss:1000"}, StoppedBy.GENERALIZATION_LOSS),
        ({"patience": 2, "stopping": "generalization_loss:1000000"}, StoppedBy.PATIENCE),
    ],
)
def test_a_criterion_stops_and_the_best_network_is_given_back(
    settings: dict[str, Any], reason: StoppedBy, engine: str
) -> None:
    watched = [loss or 0 for loss in _train(engine=engine).history.validation_loss]
    best = int(np.argmin(watched)) + 1
    assert 1 < best < 50
    result = _train(engine=engine, **settings)
    assert result.stopped_by == reason
    assert best < len(result.history.epochs) < 60
    assert result.best_epoch == best
    _assert_same(result.network, _after(best, engine))
    # what the result's history says of the network is said of this one
    assert result.history.loss_after == _train(epochs=best, engine=engine).history.loss_after
    # and the epoch of the stop is that of the criterion on this series
    criterion = Patience(settings["patience"]) if reason == "patience" and "patience" in settings else None
    if criterion:
        assert _first(_verdicts(criterion, [(0.0, v) for v in watched])) == len(result.history.epochs)


def test_patience_watches_the_training_loss_where_there_are_no_validation_rows() -> None:
    # at this rate the steps are too long, and the loss soon grows
    result = train(START, X, Y, rate=1.9, epochs=60, batch_size=1, patience=2, shuffle=False)
    losses = list(result.history.loss)
    assert result.stopped_by == StoppedBy.PATIENCE
    assert result.best_epoch == np.argmin(losses) + 1
    assert len(losses) == (result.best_epoch or 0) + 2


@each_engine
@pytest.mark.parametrize("criterion", ["generalization_loss:1000000", "progress_quotient:1000000:5"])
@pytest.mark.parametrize(
    ("metric", "loss_name", "output"),
    [("accuracy", "rss", "logistic"), ("r2", "rss", "identity"), ("loss", "poisson", "softplus")],
)
def test_a_limit_that_is_never_reached_stops_nothing_whatever_is_watched(
    metric: str, loss_name: str, output: str, criterion: str, engine: str
) -> None:
    random = np.random.default_rng(3)
    X = random.normal(size=(60, 2))
    Y = (X[:, :1] + 0.1 * random.normal(size=(60, 1)) > 0) * (5.0 if loss_name == "poisson" else 1.0)
    net = Network.random((2, 3, 1), ["tanh", output], loss_name, seed=1)
    result = train(
        net, X, Y, rate=0.05, epochs=40, batch_size=8, validation=0.4, metric=metric, stopping=criterion,
        engine=engine,
    )  # fmt: skip
    history = result.history
    watched = [
        (loss or 0.0) if metric == "loss" else -(score or 0.0)
        for loss, score in zip(history.validation_loss, history.score, strict=True)
    ]
    assert min(watched) < 0
    assert any(later > min(watched[:n]) for n, later in enumerate(watched[1:], 1))  # there is a rise
    assert result.stopped_by == StoppedBy.EPOCHS


def test_the_best_network_is_given_back_where_the_epochs_end_first() -> None:
    result = _train(patience=1000)
    assert result.stopped_by == StoppedBy.EPOCHS
    assert result.best_epoch < 60
    _assert_same(result.network, _after(result.best_epoch, "compiled"))


def test_without_a_criterion_the_last_network_is_given_back() -> None:
    result = _train()
    assert result.best_epoch is None
    best, last = min(result.history.validation_loss), result.history.validation_loss[-1]
    assert last > best
    predicted = float(result.network([[0.5]])[0, 0])
    assert last == pytest.approx((0.5 - predicted) ** 2 / 2, rel=1e-14)


def test_a_loss_goal_goes_before_the_criteria() -> None:
    losses = _train().history.loss
    number = len(_train(patience=3).history.epochs)
    result = _train(patience=3, loss_goal=losses[number - 1])
    assert result.stopped_by == StoppedBy.LOSS_GOAL
    assert len(result.history.epochs) == number


def test_a_watched_value_that_is_not_a_number_is_never_the_best() -> None:
    scores = iter([np.nan, 0.3, np.nan, 0.5, 0.4])
    result = _train(metric=lambda *_: next(scores), patience=10, epochs=5)
    assert result.best_epoch == 4
    _assert_same(result.network, _after(4, "compiled"))


def test_interrupted_before_the_first_epoch_the_best_network_is_the_first() -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    result = _train(patience=3, on_step=interrupt)
    assert (result.stopped_by, result.best_epoch) == (StoppedBy.INTERRUPT, 0)
    _assert_same(result.network, START)


class _AfterThree:
    """A criterion of the user's own: stop after the third epoch."""

    name = "third"

    def stops(self, past: Past) -> bool:
        return len(past) == 3


def test_a_criterion_of_the_users_own_is_asked() -> None:
    result = _train(stopping=_AfterThree())
    assert (result.stopped_by, len(result.history.epochs)) == (StoppedBy.STOPPING, 3)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"stopping": "patiense"}, UnknownNameError, "There is no stopping criterion 'patiense'."),
        (
            {"stopping": "generalization_loss:0"},
            InputError,
            "most is 0.0 but must be a finite number above 0",
        ),
        ({"stopping": "progress_quotient:1:0"}, InputError, "strip is 0 but must be a whole number"),
        ({"stopping": 3}, InputError, "stopping is 3 but must be a name or an object"),
        ({"stopping": "patience:5", "validation": None}, InputError, "stopping needs validation rows."),
        ({"patience": -1}, InputError, "patience is -1 but must be a whole number of at least 0"),
    ],
)
def test_criteria_that_make_no_sense_are_refused(
    settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        _train(**settings)
    assert message in str(caught.value)
