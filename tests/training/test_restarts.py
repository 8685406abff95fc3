"""Restarts: each is what its seed gives alone, on the same rows to watch, and the best is found."""

from __future__ import annotations

import os
import signal
import threading
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import chainrule
from chainrule import InputError, Network, UnknownNameError, train, train_restarts
from chainrule.random_streams import Purpose, permutation
from chainrule.training import StoppedBy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainrule import TrainingResult

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")

N, SEED, RESTARTS = 40, 7, 4
RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(N, 3))
Y = np.tanh(X @ RANDOM.normal(size=(3, 2)) + 0.3 * RANDOM.normal(size=(N, 2)))
WEIGHT = RANDOM.uniform(0.5, 2, N)


def start(seed: int) -> Network:
    return Network.random((3, 6, 2), ["tanh", "identity"], seed=seed)


def bits(result: TrainingResult) -> tuple[object, ...]:
    history = result.history
    losses = (history.loss_before, history.loss, history.validation_loss, history.score, history.loss_after)
    return [w.tobytes() for w in result.network.weights], losses, result.best_epoch, result.stopped_by


def share(n: int) -> tuple[Any, Any]:
    """Rows to learn from, and a share of 0.2 to watch, as the first seed draws them."""
    order = permutation(N, seed=SEED, purpose=Purpose.VALIDATION)
    return np.sort(order[n:]), np.sort(order[:n])


CASES: list[dict[str, Any]] = [
    {"rate": 0.1},
    {"rate": 0.05, "dropout": 0.4, "batch_size": 8, "rule": "adam"},
    {"rate": 0.1, "sample_weight": WEIGHT, "shuffle": False},
    {"rule": "lbfgs", "metric": "r2"},
    {"rate": 0.1, "engine": "reference"},
]


@pytest.mark.parametrize("threads", [1, 3, None])
@pytest.mark.parametrize("case", CASES)
def test_each_is_what_its_seed_gives_alone(case: dict[str, Any], threads: int | None) -> None:
    many = train_restarts(start, X, Y, seed=SEED, restarts=RESTARTS, threads=threads, epochs=6, **case)
    assert many.seeds == tuple(range(SEED, SEED + RESTARTS))
    for seed, result in zip(many.seeds, many.results, strict=True):
        assert bits(result) == bits(train(start(seed), X, Y, seed=seed, epochs=6, **case))
    assert len({bits(result)[0][0] for result in many.results}) == RESTARTS  # type: ignore[index]


def test_all_watch_the_rows_that_the_first_seed_draws() -> None:
    given: dict[str, Any] = {"rate": 0.3, "epochs": 30, "patience": 4, "batch_size": 5}
    many = train_restarts(start, X, Y, seed=SEED, restarts=RESTARTS, validation=0.2, **given)
    learnt, watched = share(8)
    for seed, result in zip(many.seeds, many.results, strict=True):
        pair = (X[watched], Y[watched])
        alone = train(start(seed), X[learnt], Y[learnt], seed=seed, validation=pair, **given)
        assert bits(result) == bits(alone)
    first = train(start(SEED), X, Y, seed=SEED, validation=0.2, **given)
    assert bits(many.results[0]) == bits(first)
    second = train(start(SEED + 1), X, Y, seed=SEED + 1, validation=0.2, **given)
    assert bits(many.results[1]) != bits(second), "another seed draws other rows to watch"
    own = train_restarts(start, X, Y, seed=SEED, restarts=2, validation=(X[:9], Y[:9]), **given)
    alone = train(start(SEED + 1), X, Y, seed=SEED + 1, validation=(X[:9], Y[:9]), **given)
    assert bits(own.results[1]) == bits(alone)


def value(result: TrainingResult, name: str) -> float:
    """What the network of a result is worth, computed from its outputs."""
    learnt, watched = share(8)
    rows = learnt if name == "loss" else watched
    residuals = Y[rows] - result.network(X[rows])
    if name != "score":
        return float((residuals**2).sum() / 2 / len(rows))
    spread = ((Y[rows] - Y[rows].mean(0)) ** 2).sum(0)
    return float((1 - (residuals**2).sum(0) / spread).mean())


@pytest.mark.parametrize("patience", [None, 3])
@pytest.mark.parametrize(
    ("given", "name"), [({}, "validation_loss"), ({"metric": "r2"}, "score"), ({"validation": None}, "loss")]
)
def test_the_best_is_so_by_the_rows_that_are_watched(
    given: dict[str, Any], name: str, patience: int | None
) -> None:
    given = {"validation": 0.2, "patience": patience, **given}
    if name == "loss":
        learnt, _ = share(8)
        many = train_restarts(
            start, X[learnt], Y[learnt], seed=SEED, restarts=6, epochs=25, rate=0.5, **given
        )
    else:
        many = train_restarts(start, X, Y, seed=SEED, restarts=6, epochs=25, rate=0.5, **given)
    assert many.judged_by == name
    values = [value(result, name) for result in many.results]
    np.testing.assert_allclose(many.figures, values, rtol=1e-9)
    at = int(np.argmax(values) if name == "score" else np.argmin(values))
    assert many.best is many.results[at]
    assert many.best_seed == many.seeds[at]
    assert repr(many).startswith(f"Restarts(6 seeds, the best is {SEED + at} with {name.replace('_', ' ')} ")


def test_of_equal_ones_the_first_is_best_and_one_without_a_figure_the_last() -> None:
    def stop(seed: int) -> Network:
        return Network.random((3, 6, 2), ["tanh", "identity"], seed=0 if seed else 1)

    many = train_restarts(stop, X, Y, seed=1, restarts=3, epochs=5, rate=0.01, shuffle=False)
    assert many.best_seed == 1
    watched = train_restarts(stop, X, Y, restarts=2, epochs=5, rate=0.01, validation=0.2)
    none = replace(watched.results[0], best_epoch=0)  # ended before its first epoch
    assert chainrule.Restarts((0, 1), (none, watched.results[1]), "validation_loss").best_seed == 1
    assert chainrule.Restarts((4,), (none,), "validation_loss").best is none


def test_an_error_says_of_which_seed_it_is() -> None:
    def wild(seed: int) -> Network:
        return start(seed).with_weights([w * 1e200 if seed > SEED + 1 else w for w in start(seed).weights])

    with pytest.raises(InputError, match=r"This is of the seed 9\.$"):
        train_restarts(wild, X, Y, seed=SEED, restarts=5, epochs=3, rate=0.1)
    with pytest.raises(chainrule.DivergenceError, match=r"This is of the seed 7\.$"):
        train_restarts(start, X, Y, seed=SEED, restarts=5, epochs=9, rate=1e6)


def test_what_does_not_fit_is_refused() -> None:
    for not_one in (None, start(0), lambda _: 3):
        with pytest.raises(InputError, match=r"start is .* but must be a function that gives a Network"):
            train_restarts(not_one, X, Y, epochs=1, rate=0.1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="restarts is 0 but must be a whole number of at least 1"):
        train_restarts(start, X, Y, epochs=1, rate=0.1, restarts=0)
    with pytest.raises(InputError, match="threads is 0 but must be"):
        train_restarts(start, X, Y, epochs=1, rate=0.1, threads=0)
    with pytest.raises(UnknownNameError, match="There is no setting 'on_epoch'"):
        train_restarts(start, X, Y, epochs=1, rate=0.1, on_epoch=print)


@pytest.mark.filterwarnings("always::chainrule.TrainingWarning")
def test_what_went_badly_is_said_of_the_best_alone_and_by_the_line_that_called() -> None:
    filters = list(warnings.filters)
    with pytest.warns(chainrule.TrainingWarning) as caught:
        many = train_restarts(start, X, Y, epochs=30, rate=1e-6, restarts=5)
    assert all(one.diagnosis for one in many.results)
    assert [str(one.message) for one in caught] == [
        str(words.message) for words in many.best.diagnosis if words.is_warning
    ]
    assert all(one.filename == __file__ for one in caught)
    assert warnings.filters == filters


@pytest.fixture
def _python_handles_ctrl_c() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_python_handles_ctrl_c")
@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_keeps_those_that_were_under_way(threads: int) -> None:
    before, done = threading.active_count(), 0

    def metric(_targets: object, _outputs: object) -> float:
        nonlocal done
        done += 1
        if done == 50:
            os.kill(os.getpid(), signal.SIGINT)
        return 0.5

    many = train_restarts(start, X, Y, epochs=10**9, rate=0.01, restarts=9, threads=threads, metric=metric)
    assert 1 <= len(many.results) <= threads
    assert many.seeds == tuple(range(len(many.results)))
    assert {one.stopped_by for one in many.results} == {StoppedBy.INTERRUPT}
    assert threading.active_count() == before


def test_start_is_called_by_this_thread_in_order() -> None:
    seen: list[int] = []

    def noted(seed: int) -> Network:
        assert threading.current_thread() is threading.main_thread()
        seen.append(seed)
        return start(seed)

    train_restarts(noted, X, Y, epochs=1, rate=0.01, restarts=7, threads=3)
    assert seen == list(range(7))
