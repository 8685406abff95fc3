"""Trainings on threads: each is what it would be alone, and nothing of one ends in another."""

from __future__ import annotations

import os
import signal
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
import pytest

from chainrule import InputError, Network, train
from chainrule.interrupts import put_off
from chainrule.training import (
    Callbacks,
    Settings,
    StoppedBy,
    Together,
    TrainingResult,
    run_training,
    shared_threads,
    train_together,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chainrule import Progress

PATIENCE = 30.0  # seconds, for what comes at once
each_number = pytest.mark.parametrize("threads", [1, 2, 3])


def samples(n: int = 60) -> tuple[Any, Any]:
    X = np.sin(np.arange(n * 4).reshape(n, 4) ** 1.3)
    return X, np.stack([X[:, 0] * X[:, 1], X[:, 2] > 0], axis=1) / 2 + 0.25


CASES: list[dict[str, Any]] = [
    {"rate": 0.5, "epochs": 30, "seed": 1},
    {"rate": 0.01, "epochs": 600, "seed": 2, "batch_size": 8, "rule": "adam", "l2": 0.01},
    {"rate": 0.3, "epochs": 40, "seed": 3, "batch_size": 60, "dropout": 0.3},
    {"epochs": 10, "rule": "lbfgs"},
    {"epochs": 10, "rule": "levenberg_marquardt"},
    {"rate": 0.2, "epochs": 20, "seed": 4, "batch_size": 7, "schedule": "plateau:2:0.5", "patience": 3},
    {"rate": 0.5, "epochs": 30, "seed": 5, "hidden": 20},
]


def training(
    hidden: int = 5,
    engine: str = "compiled",
    callbacks: Callbacks | None = None,
    **settings: Any,  # noqa: ANN401 (as Settings)
) -> TrainingResult:
    net = Network.random((4, hidden, 2), seed=settings.get("seed", 0))
    chosen = Settings(**settings, threads=1)
    return run_training(net, *samples(), chosen, engine=engine, callbacks=callbacks, warn=False)


def endless(
    on_epoch: Callable[[Progress], object] | None = None,
    on_time: Callable[[Progress], object] | None = None,
    **settings: Any,  # noqa: ANN401 (as Settings)
) -> TrainingResult:
    """Train until something stops it; where nothing does, it ends in another way at last."""
    callbacks = Callbacks(on_epoch=on_epoch, on_time=on_time or give_up)
    return training(**{"rate": 0.1, "epochs": 10**9, **settings}, callbacks=callbacks)


def give_up(progress: Progress) -> None:
    if progress.seconds > PATIENCE:
        progress.stop()


def bits(result: TrainingResult) -> tuple[object, ...]:
    losses = (result.history.loss_before, *result.history.loss, result.history.loss_after)
    return [w.tobytes() for w in result.network.weights], losses, result.stopped_by, result.best_epoch


class Ended(NamedTuple):
    """What a training gives back, where nothing is asked of it but what ended it."""

    stopped_by: StoppedBy = StoppedBy.EPOCHS


@pytest.fixture(autouse=True)
def _leaves_no_thread() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@each_number
def test_each_is_to_the_bit_what_it_is_alone(threads: int) -> None:
    alone = [bits(training(**case)) for case in CASES]
    together = train_together((partial(training, **case) for case in CASES), threads)
    assert not together.was_interrupted
    assert [bits(one) for one in together.done] == alone
    net = Network.random((4, 5, 2), seed=1)
    assert alone[0][0] == [w.tobytes() for w in train(net, *samples(), **CASES[0]).network.weights]


def test_trainings_do_run_at_once() -> None:
    both_here = threading.Barrier(2)

    def meet(_: Progress) -> None:
        both_here.wait(PATIENCE)

    callbacks = Callbacks(on_epoch=meet)
    cases = [partial(training, **case, callbacks=callbacks) for case in [CASES[3]] * 2]
    assert [one.stopped_by for one in train_together(cases, 2).done] == [StoppedBy.EPOCHS] * 2


@each_number
def test_they_begin_in_order_and_are_made_ready_when_they_are_needed(threads: int) -> None:
    ready: list[int] = []
    begun: list[int] = []
    most_ahead = 0

    def run(number: int) -> Ended:
        nonlocal most_ahead
        begun.append(number)
        time.sleep(0.01)
        most_ahead = max(most_ahead, len(ready) - number)
        return Ended()

    def trainings() -> Iterator[Callable[[], Any]]:
        for number in range(12):
            assert threading.current_thread() is threading.main_thread()
            ready.append(number)
            yield partial(run, number)

    assert len(train_together(trainings(), threads).done) == 12
    assert begun == ready == list(range(12))
    assert most_ahead <= (1 if threads == 1 else 2 * threads + 1)


@each_number
def test_the_error_is_the_first_one_in_order_and_those_after_it_are_stopped(threads: int) -> None:
    second_failed = threading.Event()
    done: list[str] = []

    def first() -> NoReturn:
        if threads > 1:  # though it fails later
            assert second_failed.wait(PATIENCE)
            time.sleep(0.05)
        message = "the first"
        raise ValueError(message)

    def second() -> NoReturn:
        second_failed.set()
        message = "the second"
        raise ValueError(message)

    def zeroth() -> TrainingResult:
        result = training(**CASES[0])
        done.append("zeroth")
        return result

    with pytest.raises(ValueError, match=r"^the first$"):
        train_together([zeroth, first, second, endless, endless], threads)
    assert done == ["zeroth"]


def test_one_that_comes_before_the_error_is_not_stopped() -> None:
    failed = threading.Event()
    epochs: list[int] = []

    def wait(progress: Progress) -> None:
        assert failed.wait(PATIENCE)
        time.sleep(0.02)
        epochs.append(progress.epoch.number)

    def fail() -> NoReturn:
        failed.set()
        raise InputError(parameter="x", given=1, needs="must be 2", advice="Give 2.")

    waiting: Callable[[], TrainingResult] = partial(
        training, rate=0.1, epochs=9, callbacks=Callbacks(on_epoch=wait)
    )
    with pytest.raises(InputError, match="x is 1 but must be 2"):
        train_together([waiting, fail, endless], 3)
    assert epochs == list(range(1, 10))


@each_number
def test_what_cannot_be_made_ready_is_an_error_in_its_place(threads: int) -> None:
    def trainings(first: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
        yield first
        message = "the second cannot be made"
        raise ValueError(message)

    def fail() -> NoReturn:
        time.sleep(0.05)
        message = "the first"
        raise ValueError(message)

    with pytest.raises(ValueError, match="the second cannot be made"):
        train_together(trainings(partial(training, **CASES[0])), threads)
    with pytest.raises(ValueError, match="the first"):
        train_together(trainings(fail), threads)


@pytest.fixture
def _python_handles_ctrl_c() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press(progress: Progress, epochs: int = 3) -> None:
    """Press Ctrl-C, once."""
    if len(progress.epochs) == epochs:
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("_python_handles_ctrl_c")
@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("is_put_off", [False, True])
@each_number
def test_ctrl_c_ends_all_with_whole_epochs(threads: int, is_put_off: bool, engine: str) -> None:  # noqa: FBT001
    begun: list[Callable[..., TrainingResult]] = [
        *[endless] * (threads - 1),
        partial(endless, on_epoch=press),
    ]
    never: list[Any] = [partial(pytest.fail, "was begun")] * 2
    cases = [partial(one, seed=k, engine=engine) for k, one in enumerate(begun)]
    first = [partial(training, **CASES[0])]
    if is_put_off:
        with put_off():
            together = train_together([*first, *cases, *never], threads)
    else:
        together = train_together([*first, *cases, *never], threads)
    assert together.was_interrupted
    assert [bits(one) for one in together.done] == [bits(training(**CASES[0]))]
    stopped = [one for one in together.results[1 : threads + 1] if one is not None]
    assert len(stopped) == threads
    for k, one in enumerate(stopped):
        n = len(one.history.epochs)
        assert one.stopped_by is StoppedBy.INTERRUPT
        assert not n or bits(one)[:2] == bits(endless(seed=k, engine=engine, epochs=n))[:2]
    assert all(one is None for one in together.results[threads + 1 :])


@pytest.mark.parametrize("rule", ["lbfgs", "levenberg_marquardt"])
def test_the_rules_that_use_curvature_can_be_stopped(rule: str) -> None:
    """A callback of one of them raises what Ctrl-C raises, in its thread."""

    def stop(progress: Progress) -> None:
        if len(progress.epochs) == 2:
            raise KeyboardInterrupt

    slow = Callbacks(on_epoch=lambda _: time.sleep(0.001))
    cases = [
        partial(training, rule=rule, epochs=10**6, callbacks=slow, l2=1e-9),
        partial(endless, on_epoch=stop),
    ]
    together = train_together(cases, 2)
    assert together.was_interrupted
    assert all(one is not None for one in together.results)
    assert together.results[1] is not None
    assert len(together.results[1].history.epochs) == 2


def test_trainings_within_trainings_are_stopped_with_them() -> None:
    inner: list[Together[TrainingResult]] = []

    def nested() -> TrainingResult:
        cases: list[Callable[[], TrainingResult]] = [endless, partial(endless, seed=1)]
        inner.append(train_together(cases, 2))
        assert inner[0].results[0] is not None
        return inner[0].results[0]

    def stop(_: Progress) -> None:
        raise KeyboardInterrupt

    cases: list[Callable[[], TrainingResult]] = [
        nested,
        partial(endless, on_time=stop),
    ]
    together = train_together(cases, 2)
    assert together.was_interrupted
    assert inner[0].was_interrupted
    assert not together.done


def test_threads_treat_errors_of_numpy_as_the_thread_does_that_waits() -> None:
    found: list[Any] = []

    def look() -> Ended:
        found.append(np.geterr()["over"])
        return Ended()

    with np.errstate(over="raise"):
        train_together([look, look], 2)
    assert found == ["raise", "raise"]


def test_threads_are_shared_out() -> None:
    for threads in range(1, 20):
        for trainings in range(1, 20):
            at_once, each = shared_threads(threads, trainings)
            assert 1 <= at_once * each <= threads
            assert at_once == min(threads, trainings)
    assert shared_threads(None, 1)[0] == 1
    with pytest.raises(InputError, match="threads is 0 but must be a whole number of at least 1"):
        shared_threads(0, 3)
