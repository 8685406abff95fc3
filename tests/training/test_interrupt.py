"""Ctrl-C ends a training between two epochs, wherever it falls."""

from __future__ import annotations

import importlib
import itertools
import signal
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from chainrule import Network, equations, train
from chainrule.training import StoppedBy, reference

if TYPE_CHECKING:
    from types import FrameType

    from chainrule.training import Epoch, TrainingResult

X, Y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0.0], [1.0], [1.0], [0.0]]
STEPS_AN_EPOCH = 4
LOOP = importlib.import_module("chainrule.training.train")._run


def _train(epochs: int, **settings: Any) -> TrainingResult:  # noqa: ANN401 (handed through)
    return train(Network.random((2, 3, 1), seed=3), X, Y, rate=0.5, epochs=epochs, **settings)


def _assert_interrupted_after(result: TrainingResult, n_epochs: int) -> None:
    assert result.stopped_by == StoppedBy.INTERRUPT
    assert [epoch.number for epoch in result.history.epochs] == list(range(1, n_epochs + 1))
    if n_epochs == 0:
        expected = Network.random((2, 3, 1), seed=3)
    else:
        undisturbed = _train(n_epochs)
        expected = undisturbed.network
        assert result.history.loss == undisturbed.history.loss
    for w, same in zip(result.network.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(w, same)


@pytest.mark.parametrize("number", [1, 4, 10])
def test_interrupt_in_on_epoch_keeps_that_epoch(number: int) -> None:
    def interrupt(epoch: Epoch) -> None:
        if epoch.number == number:
            raise KeyboardInterrupt

    _assert_interrupted_after(_train(10, on_epoch=interrupt), number)


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
    descend = equations.descend
    calls = 0

    def descend_and_signal(w: Any, g: Any, rate: float) -> Any:  # noqa: ANN401 (handed through)
        nonlocal calls
        calls += 1
        if (
            calls == 2 * steps_before + 2
        ):  # two weight matrices: here the first of them has its update already
            signal.raise_signal(signal.SIGINT)
        return descend(w, g, rate)

    with monkeypatch.context() as patched:
        patched.setattr(reference, "descend", descend_and_signal)
        result = _train(10)
    _assert_interrupted_after(result, steps_before // STEPS_AN_EPOCH)


@pytest.mark.usefixtures("_python_handles_ctrl_c")
@pytest.mark.parametrize("epochs_before", [0, 1, 5])
def test_signal_while_the_loss_is_computed_drops_that_epoch(
    monkeypatch: pytest.MonkeyPatch, epochs_before: int
) -> None:
    loss_over_table = reference.loss_over_table
    calls = 0

    def loss_and_signal(*given: Any) -> float:  # noqa: ANN401 (handed through)
        nonlocal calls
        calls += 1
        if calls == epochs_before + 2:  # the first call is the loss before training
            signal.raise_signal(signal.SIGINT)
        return loss_over_table(*given)

    with monkeypatch.context() as patched:
        patched.setattr(reference, "loss_over_table", loss_and_signal)
        result = _train(10)
    _assert_interrupted_after(result, epochs_before)


def _train_interrupted_at(line: int) -> tuple[TrainingResult | None, bool]:
    """Three epochs with KeyboardInterrupt at the n-th executed line of the loop, and whether it came to that.

    No result where the interrupt falls before the first epoch or after the last line of the loop.
    """
    seen = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401 (a trace function)
        nonlocal seen
        if frame.f_code is not LOOP.__code__:
            return None
        if event == "line":
            seen += 1
            if seen == line:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        result = _train(3)
    except KeyboardInterrupt:
        return None, True
    finally:
        sys.settrace(before)
    return result, seen >= line


def test_interrupt_at_any_line_of_the_loop_keeps_network_and_history_together() -> None:
    network_of: dict[tuple[float, ...], Network] = {(): Network.random((2, 3, 1), seed=3)}
    network_of |= {result.history.loss: result.network for result in (_train(n) for n in (1, 2, 3))}
    ended_after: set[int] = set()
    for line in itertools.count(1):
        result, interrupted = _train_interrupted_at(line)
        if not interrupted:
            break
        if result is not None:
            expected = network_of[result.history.loss]
            for w, same in zip(result.network.weights, expected.weights, strict=True):
                np.testing.assert_array_equal(w, same)
            ended_after.add(len(result.history.epochs))
    assert ended_after == {0, 1, 2, 3}
