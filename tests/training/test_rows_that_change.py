"""What was given when a training began is what it is trained on, whatever becomes of the arrays meanwhile."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import InputError, Network, train
from chainrule.training import ENGINES, Progress

each_engine = pytest.mark.parametrize("engine", ENGINES)
NET = Network.random((2, 3, 1), seed=1)


def _arrays() -> tuple[Any, ...]:
    random = np.random.default_rng(5)
    X, Y = random.normal(size=(12, 2)), random.normal(size=(12, 1))
    return X, Y, X[:5] + 0.5, Y[:5] - 0.5, np.arange(12.0), [np.ones(w.shape) for w in NET.weights]


def _train(arrays: tuple[Any, ...], **settings: Any) -> Any:  # noqa: ANN401 (handed through)
    X, Y, validation_X, validation_Y, weights, masks = arrays
    given = {
        "rate": 0.1,
        "epochs": 6,
        "batch_size": 4,
        "validation": (validation_X, validation_Y),
        **settings,
    }
    return train(NET, X, Y, sample_weight=weights, masks=masks, **given)


@each_engine
@pytest.mark.parametrize("when", ["on_step", "on_epoch", "on_time"])
@pytest.mark.parametrize("validation", [True, 0.25])
def test_a_callback_that_changes_the_arrays_changes_no_training(
    when: str,
    validation: Any,  # noqa: ANN401 (a share, or none)
    engine: str,
) -> None:
    arrays = _arrays()

    def spoil(_: Progress) -> None:
        for array in (*arrays[:5], *arrays[5]):
            array[:] = 0

    given = {"engine": engine} | ({} if validation is True else {"validation": validation})
    expected = _train(_arrays(), **given)
    result = _train(arrays, **given, **{when: spoil}, every_seconds=1e-9)
    assert not arrays[0].any()
    assert result.history.loss == expected.history.loss
    assert result.history.validation_loss == expected.history.validation_loss
    for w, same in zip(result.network.weights, expected.network.weights, strict=True):
        np.testing.assert_array_equal(w, same)
    assert result.state.data == expected.state.data


@each_engine
def test_a_metric_that_changes_its_arguments_is_stopped(engine: str) -> None:
    def sorts(Y: Any, _outputs: Any) -> float:  # noqa: ANN401 (arrays)
        Y.sort(axis=0)
        return 0.0

    with pytest.raises(ValueError, match="read-only"):
        _train(_arrays(), metric=sorts, engine=engine)


@each_engine
def test_a_metric_that_changes_the_arrays_changes_no_training(engine: str) -> None:
    arrays = _arrays()

    def spoils(_Y: Any, _outputs: Any) -> float:  # noqa: ANN401 (arrays)
        arrays[0][:] = 0
        return 0.0

    assert _train(arrays, metric=spoils, engine=engine).history.loss == _train(_arrays()).history.loss


@each_engine
def test_a_state_is_that_of_the_rows_as_they_were(engine: str) -> None:
    arrays = _arrays()
    result = _train(arrays, engine=engine)
    arrays[0][:] = 0
    longer = _train(_arrays(), engine=engine, epochs=9, resume=result.state)
    assert longer.history.loss == _train(_arrays(), engine=engine, epochs=9).history.loss
    with pytest.raises(InputError, match="are not those of the state"):
        _train(arrays, engine=engine, epochs=9, resume=result.state)


def test_rows_are_not_copied_where_nobody_could_change_them(monkeypatch: pytest.MonkeyPatch) -> None:
    X, Y, *_ = _arrays()
    seen = []
    engine = "chainrule.training.preparation.engine_named"

    def watched(_name: str, task: Any, _settings: Any) -> Any:  # noqa: ANN401
        seen.append(np.shares_memory(task.X, X) and np.shares_memory(task.Y, Y))
        raise InterruptedError

    monkeypatch.setattr(engine, watched)
    for on_epoch in (None, print):
        with pytest.raises(InterruptedError):
            train(NET, X, Y, rate=0.1, epochs=1, on_epoch=on_epoch)
    assert seen == [True, False]
