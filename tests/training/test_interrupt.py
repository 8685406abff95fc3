"""Ctrl-C ends a training between two epochs, wherever it falls."""

from __future__ import annotations

import importlib
import itertools
import signal
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from disturbances import interrupted_at

from chainrule import Network, equations, train
from chainrule.compiled import trainer
from chainrule.compiled.machine import pace
from chainrule.compiled.machine.compiling import Kernel
from chainrule.training import ENGINES, StoppedBy

if TYPE_CHECKING:
    from chainrule.training import Epoch, Progress, TrainingResult

X, Y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0.0], [1.0], [1.0], [0.0]]
STEPS_AN_EPOCH = 4
RUN = importlib.import_module("chainrule.training.run").Run

each_engine = pytest.mark.parametrize("engine", ENGINES)

# What is proved here has nothing to do with how well the few epochs went.
pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")


def _start(hidden: int = 3) -> Network:
    return Network.random((2, hidden, 1), seed=3)


def _train(epochs: int, hidden: int = 3, **settings: Any) -> TrainingResult:  # noqa: ANN401 (handed through)
    return train(_start(hidden), X, Y, rate=0.5, epochs=epochs, **settings)


def _assert_same_weights(net: Network, expected: Network) -> None:
    for w, same in zip(net.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(w, same)


def _assert_interrupted_after(result: TrainingResult, n_epochs: int, **settings: Any) -> None:  # noqa: ANN401
    assert result.stopped_by == StoppedBy.INTERRUPT
    assert [epoch.number for epoch in result.history.epochs] == list(range(1, n_epochs + 1))
    if n_epochs == 0:
        _assert_same_weights(result.network, _start(settings.get("hidden", 3)))
        assert result.history.loss_after == result.history.loss_before
        return
    undisturbed = _train(n_epochs, **settings)
    _assert_same_weights(result.network, undisturbed.network)
    assert result.history.loss == undisturbed.history.loss
    assert result.history.loss_before == undisturbed.history.loss_before
    assert result.history.loss_after == undisturbed.history.loss_after


@each_engine
@pytest.mark.parametrize("number", [1, 4, 10])
def test_interrupt_in_on_epoch_keeps_that_epoch(number: int, engine: str) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.epoch.number == number:
            raise KeyboardInterrupt

    _assert_interrupted_after(_train(10, on_epoch=interrupt, engine=engine), number, engine=engine)


@pytest.fixture
def _python_handles_ctrl_c() -> Any:  # noqa: ANN401 (a generator)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_python_handles_ctrl_c")
@pytest.mark.parametrize("steps_before", [0, 1, 3, 4, 10, 19])
def test_signal_in_the_middle_of_an_epoch_drops_that_epoch(
    monkeypatch: pytest.MonkeyPatch, steps_before: int
) -> None:
    update = equations.Descent.update
    calls = 0

    def update_and_signal(*given: Any) -> Any:  # noqa: ANN401 (handed through)
        nonlocal calls
        calls += 1
        if (
            calls == 2 * steps_before + 2
        ):  # two weight matrices: here the first of them has its update already
            signal.raise_signal(signal.SIGINT)
        return update(*given)

    with monkeypatch.context() as patched:
        patched.setattr(equations.Descent, "update", update_and_signal)
        result = _train(10, engine="reference")
    _assert_interrupted_after(result, steps_before // STEPS_AN_EPOCH, engine="reference")


class _KernelWithSignal:
    """A kernel around whose n-th call by the main thread, counted from 0, falls a signal."""

    def __init__(self, kernel: Any, call: int, *, before: bool) -> None:  # noqa: ANN401 (a kernel)
        self.kernel, self.call, self.before = kernel, call, before
        self.calls = 0

    def of(self, dtype: Any) -> Any:  # noqa: ANN401 (as the kernel's)
        compiled = self.kernel.of(dtype)

        def run(*given: Any) -> Any:  # noqa: ANN401 (handed through)
            if threading.current_thread() is not threading.main_thread():
                return compiled(*given)
            now = self.calls == self.call
            self.calls += 1
            if now and self.before:
                signal.raise_signal(signal.SIGINT)
            result = compiled(*given)
            if now:
                signal.raise_signal(signal.SIGINT)
            return result

        return run


@pytest.mark.usefixtures("_python_handles_ctrl_c")
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("call", [0, 1, 2, 7])
@pytest.mark.parametrize(
    ("hidden", "batch_size", "threads"),
    [(3, 1, 1), (17, 1, 1), (3, 2, 1), (17, 2, 1), (17, 2, 2), (17, 2, 3)],
)
def test_signal_between_two_calls_of_a_kernel_drops_that_epoch(
    monkeypatch: pytest.MonkeyPatch, hidden: int, batch_size: int, threads: int, call: int, *, before: bool
) -> None:
    settings = {"hidden": hidden, "batch_size": batch_size, "threads": threads}
    n_threads = threading.active_count()
    with monkeypatch.context() as patched:
        patched.setattr(trainer, "SAMPLES_AT_FIRST", 1)  # a kernel's call takes one batch, and no more
        patched.setattr(pace, "SECONDS_AT_ONCE", 0.0)
        for name, value in [*vars(trainer).items()]:
            if isinstance(value, Kernel):
                patched.setattr(trainer, name, _KernelWithSignal(value, call, before=before))
        narrow = {
            width: _KernelWithSignal(kernel, call, before=before)
            for width, kernel in vars(trainer)["train_narrow"].items()
        }
        patched.setattr(trainer, "train_narrow", narrow)
        result = _train(10, **settings)
    calls_an_epoch = STEPS_AN_EPOCH // batch_size
    _assert_interrupted_after(result, call // calls_an_epoch, **settings)
    assert threading.active_count() == n_threads


@pytest.mark.usefixtures("_python_handles_ctrl_c")
@each_engine
def test_signal_while_the_last_loss_is_computed_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    loss_of = RUN._loss
    losses_of_all = 0

    def loss_and_signal(*given: Any) -> Any:  # noqa: ANN401 (handed through)
        nonlocal losses_of_all
        losses_of_all += 1
        if losses_of_all == 2:  # the first is the loss before training
            signal.raise_signal(signal.SIGINT)
        return loss_of(*given)

    with monkeypatch.context() as patched:
        patched.setattr(RUN, "_loss", loss_and_signal)
        result = _train(10, engine=engine)
    assert losses_of_all == 3
    _assert_interrupted_after(result, 10, engine=engine)


@pytest.mark.usefixtures("_python_handles_ctrl_c")
@each_engine
def test_signal_before_training_is_that_of_the_caller(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    def signal_at_once(*_: object) -> float:
        signal.raise_signal(signal.SIGINT)
        return 0.0

    monkeypatch.setattr(RUN, "_loss", signal_at_once)
    with pytest.raises(KeyboardInterrupt):
        _train(10, engine=engine)


def _reported(seen: list[Epoch], progress: Progress) -> None:
    seen.append(progress.epoch)


@each_engine
def test_interrupt_at_any_line_of_the_loop_keeps_network_and_history_together(engine: str) -> None:
    start = _start()
    undisturbed = {n: _train(n, engine=engine) for n in (1, 2)}
    loss_before = undisturbed[1].history.loss_before
    ended_after: set[int] = set()
    for line in itertools.count(1):
        seen: list[Epoch] = []
        result, interrupted = interrupted_at(
            line, partial(_train, 2, engine=engine, on_epoch=partial(_reported, seen))
        )
        if not interrupted:
            break
        if result is None:
            assert not seen, "epochs were completed, and are lost"
            assert not ended_after, "training had begun"
            continue
        n_epochs = len(result.history.epochs)
        assert n_epochs in {len(seen), len(seen) + 1}
        expected = undisturbed[n_epochs].network if n_epochs else start
        history = undisturbed[n_epochs].history if n_epochs else None
        _assert_same_weights(result.network, expected)
        assert result.history.loss == (history.loss if history else ())
        assert result.history.loss_after == (history.loss_after if history else loss_before)
        ended_after.add(n_epochs)
    assert ended_after == {0, 1, 2}
