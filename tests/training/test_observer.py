"""What observes a training sees every epoch with its weights, and ends it where it says."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from chainrule import Network, train
from chainrule.compiled.machine.compiling import Kernel
from chainrule.settings import Settings
from chainrule.training import StoppedBy, run_training
from chainrule.training.engines.compiled import EPOCHS_IN_ALL, CompiledEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from chainrule.training import Epoch

RANDOM = np.random.default_rng(12)
X, Y = RANDOM.normal(size=(14, 2)), RANDOM.normal(size=(14, 2))
NET = Network.random((2, 5, 2), ["tanh", "identity"], seed=2)


class Observer:
    """Keeps what it is shown, forgets what was undone, and ends the training after an epoch."""

    def __init__(self, last: int | None = None) -> None:
        self.last = last
        self.epochs: list[Epoch] = []
        self.weights: list[list[npt.NDArray[Any]]] = []
        self.most = 0

    def at_once(self) -> int:
        return 50

    def take_in(
        self,
        epochs: Sequence[Epoch],
        weights: Callable[[], Sequence[npt.NDArray[Any]]],
        squares: Callable[[], npt.NDArray[np.float64]],
        evaluations: int,  # noqa: ARG002 (as it is called)
    ) -> int | None:
        first, self.most = epochs[0].number, max(self.most, len(epochs))
        assert first <= len(self.epochs) + 1
        self.epochs[first - 1 :] = epochs
        self.weights[first - 1 :] = [[w[n].copy() for w in weights()] for n in range(len(epochs))]
        of_weights = [sum((w[n][:, 1:] ** 2).sum() for w in weights()) for n in range(len(epochs))]
        assert np.allclose(squares(), of_weights, rtol=1e-12)
        is_last = self.last is not None and first <= self.last <= epochs[-1].number
        return (self.last or 0) - first + 1 if is_last else None


def observed(observer: Observer, engine: str = "compiled", **given: Any) -> Any:  # noqa: ANN401 (settings)
    settings = Settings(**{"epochs": 600, "rate": 0.05, "batch_size": 4} | given)
    return run_training(NET, X, Y, settings, engine=engine, observer=observer)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_it_is_shown_the_weights_after_each_epoch_and_ends_the_training(engine: str) -> None:
    observer = Observer(last=137)
    result = observed(observer, engine)
    assert observer.most == (50 if engine == "compiled" else 1)
    assert (len(result.history.epochs), result.stopped_by) == (137, StoppedBy.CALLBACK)
    assert [one.loss for one in observer.epochs[:137]] == list(result.history.loss)
    for n in (1, 2, 50, 51, 137):
        alone = train(NET, X, Y, epochs=n, rate=0.05, batch_size=4, engine=engine).network
        assert all(map(np.array_equal, observer.weights[n - 1], alone.weights)), n
    assert all(map(np.array_equal, result.network.weights, observer.weights[136]))


@pytest.mark.parametrize(
    "given", [{"patience": 6}, {"loss_goal": 0.57}, {"schedule": "plateau:2:0.5"}, {"schedule": "cosine"}]
)
def test_what_else_ends_or_undoes_epochs_does_so_as_without_it(given: dict[str, Any]) -> None:
    observer = Observer()
    result = observed(observer, **given)
    alone = train(NET, X, Y, **{"epochs": 600, "rate": 0.05, "batch_size": 4} | given)
    assert result.stopped_by is alone.stopped_by
    assert all(map(np.array_equal, result.network.weights, alone.network.weights))
    n = len(alone.history.epochs)
    assert [one._replace(seconds=0.0) for one in observer.epochs[:n]] == [
        one._replace(seconds=0.0) for one in alone.history.epochs
    ]


def test_patience_that_ends_it_sooner_is_what_ended_it() -> None:
    n = len(observed(Observer(), patience=6).history.epochs)
    later = observed(Observer(last=n + 1), patience=6)
    assert (len(later.history.epochs), later.stopped_by) == (n, StoppedBy.PATIENCE)
    sooner = observed(Observer(last=n - 1), patience=6)
    assert (len(sooner.history.epochs), sooner.stopped_by) == (n - 1, StoppedBy.CALLBACK)


def test_warnings_may_be_left_to_the_caller() -> None:
    settings = Settings(epochs=30, rate=1e-9)
    with warnings.catch_warnings(action="error"):
        result = run_training(NET, X, Y, settings, warn=False)
    [warning] = [one for one in result.diagnosis if one.is_warning]
    with pytest.warns(match="hardly differs|is above"):
        run_training(NET, X, Y, settings)
    assert "rate" in str(warning.message)


def test_many_short_trainings_are_worth_the_kernel_of_many_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kernel, "is_at_hand", lambda *_: False)
    monkeypatch.setattr(CompiledEngine, "epochs_without", 0)
    calls = []
    for _ in range(EPOCHS_IN_ALL // 200):
        observer = Observer()
        observed(observer, epochs=200)
        calls.append(observer.most)
    assert set(calls[:-1]) == {1}
    assert calls[-1] == 50
