"""Steps on rows as they come have the bits of a training over the same rows, and lose nothing."""

from __future__ import annotations

import copy
import math
import os
import pickle
import signal
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import (
    DivergenceError,
    InputError,
    Network,
    ShapeError,
    Trainer,
    UnknownNameError,
    load_state,
    save,
    train,
)
from chainrule.equations import RULES as ALL_RULES
from chainrule.training import ENGINES
from chainrule.training.engines.compiled import CompiledEngine
from chainrule.training.engines.reference import ReferenceEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chainrule import TrainingState

each_engine = pytest.mark.parametrize("engine", ENGINES)

# A few rows drawn by chance: how well they are learnt is not what is tested.
pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")

RULES = [name for name, rule in ALL_RULES.items() if not ALL_RULES.fact(rule, "takes_all_rows")]
OF_ALL_ROWS = [name for name in ALL_RULES if name not in RULES]
# Small enough for each of the kernels of narrow networks, for batches of them, and too wide for any.
SIZES = [(2, 4, 3), (3, 5, 4, 2), (3, 12, 2), (20, 7, 2), (4, 20, 3)]
LOSSES = [
    ("tanh", "identity", "rss"),
    ("relu", "softmax", "cross_entropy"),
    ("gelu", "identity", "huber:0.5"),
]
N = 7


def _net(sizes: tuple[int, ...], loss: tuple[str, str, str] = LOSSES[0], dtype: str = "float64") -> Network:
    activations = [loss[0]] * (len(sizes) - 2) + [loss[1]]
    return Network.random(sizes, activations, loss[2], dtype=dtype, seed=3)


def _rows(net: Network, n: int = N, seed: int = 1, *, gaps: bool = False) -> tuple[Any, Any]:
    """Inputs and targets, some of which are missing, though never all of a row."""
    random = np.random.default_rng(seed)
    X, n_outputs = random.uniform(-1, 1, (n, net.sizes[0])), net.sizes[-1]
    Y = np.eye(n_outputs)[random.integers(0, n_outputs, n)]
    if gaps:
        Y[random.random(Y.shape) < 0.4] = np.nan
        Y[np.isnan(Y).all(axis=1), 0] = 0.5
    return X, Y


def _bits(state: TrainingState) -> tuple[Any, ...]:
    """Weights and state of the rule."""
    rule = [[np.asarray(part).tobytes() for part in of_matrix] for of_matrix in state.rule]
    return [w.tobytes() for w in state.network.weights], rule


def _parts(n: int, size: int) -> Iterator[slice]:
    return (slice(first, first + size) for first in range(0, n, size))


def _pickled(trainer: Trainer) -> Trainer:
    again: Trainer = pickle.loads(pickle.dumps(trainer))  # noqa: S301 (our own)
    return again


def _step_each(trainer: Trainer, X: Any, Y: Any, **more: Any) -> list[float]:  # noqa: ANN401 (arrays)
    return [trainer.step(x, y, **more) for x, y in zip(X, Y, strict=True)]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", SIZES)
def test_a_step_a_row_is_an_epoch_of_batches_of_one(rule: str, dtype: str, sizes: tuple[int, ...]) -> None:
    net = _net(sizes, dtype=dtype)
    X, Y = _rows(net)
    trainer = Trainer(net, rule=rule, rate=0.01)
    losses = _step_each(trainer, X, Y)
    result = train(net, X, Y, rule=rule, rate=0.01, epochs=1, batch_size=1, shuffle=False)
    assert _bits(trainer.state) == _bits(result.state)
    assert _bits(trainer.state)[0] != [w.tobytes() for w in net.weights]
    assert math.fsum(losses) / N == pytest.approx(result.history.loss[0], rel=1e-6)


@st.composite
def _given(draw: st.DrawFn) -> tuple[Network, int, bool, dict[str, Any]]:
    """A network, how many rows a step, whether targets are missing, and settings of a training."""
    loss, dtype = draw(st.sampled_from(LOSSES)), draw(st.sampled_from(["float32", "float64"]))
    net = _net(draw(st.sampled_from(SIZES)), loss, dtype)
    gaps = loss[2] != "cross_entropy" and draw(st.booleans())
    return net, draw(st.integers(1, 5)), gaps, {
        "rule": draw(st.sampled_from(RULES)),
        "rate": draw(st.sampled_from([0.001, 0.1])),
        "engine": draw(st.sampled_from([*ENGINES])),
        "l1": draw(st.sampled_from([0.0, 0.01])),
        "l2": draw(st.sampled_from([0.0, 0.01])),
        "clip_norm": draw(st.sampled_from([None, 0.1])),
        "dropout": draw(st.sampled_from([0.0, 0.3])),
        "seed": draw(st.integers(0, 3)),
        "masks": draw(st.sampled_from([None, [w > 0 for w in net.weights]])),
    }  # fmt: skip


@given(_given())
@settings(max_examples=60)
def test_whatever_is_asked_for_the_bits_are_those_of_train(
    drawn: tuple[Network, int, bool, dict[str, Any]],
) -> None:
    net, size, gaps, asked = drawn
    X, Y = _rows(net, gaps=gaps)
    expected = _bits(train(net, X, Y, epochs=1, batch_size=size, shuffle=False, **asked).state)
    whole = Trainer(net, batch_size=size, **asked)
    whole.step(X, Y)
    assert _bits(whole.state) == expected
    if N % size != 1 or size == 1:  # a last batch of one row is a part of an epoch, and no step of its own
        in_steps = Trainer(net, **asked)
        for part in _parts(N, size):
            in_steps.step(X[part], Y[part])
        assert _bits(in_steps.state) == expected


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.sampled_from(RULES), st.sampled_from(SIZES))
@settings(max_examples=30)
def test_steps_of_any_sizes_are_trainings_one_after_the_other(
    n_rows: list[int], rule: str, sizes: tuple[int, ...]
) -> None:
    net = _net(sizes)
    trainer, state = Trainer(net, rule=rule, rate=0.01), None
    for k, n in enumerate(n_rows, 1):
        X, Y = _rows(net, n, seed=k)
        rate = 0.01 * k
        loss = trainer.step(X, Y, rate=rate)
        asked: dict[str, Any] = {"rule": rule, "rate": rate, "batch_size": n, "shuffle": False, "epochs": k}
        result = train(net, X, Y, **asked, resume=state)
        assert loss == result.history.loss[-1]
        state = result.state.elsewhere()
        assert _bits(trainer.state) == _bits(state)


@each_engine
@pytest.mark.parametrize("rule", ["descent", "adam"])
@pytest.mark.parametrize("sizes", SIZES)
def test_a_weight_multiplies_loss_and_gradient(engine: str, rule: str, sizes: tuple[int, ...]) -> None:
    """Weights with the mean 1 are what a training makes of them."""
    net = _net(sizes)
    X, Y = _rows(net, 4)
    weight = [0.5, 1.0, 2.25, 0.25]
    trainer = Trainer(net, rule=rule, rate=0.05, engine=engine)
    losses = [trainer.step(x, y, sample_weight=w) for x, y, w in zip(X, Y, weight, strict=True)]
    more: dict[str, Any] = {"rule": rule, "rate": 0.05, "engine": engine, "epochs": 1, "shuffle": False}
    result = train(net, X, Y, sample_weight=weight, batch_size=1, **more)
    assert _bits(trainer.state) == _bits(result.state)
    assert math.fsum(losses) / 4 == pytest.approx(result.history.loss[0], rel=1e-12)
    twice = Trainer(net, rate=0.05, engine=engine)
    twice.step(X[0], Y[0], sample_weight=[2.0])
    once = Trainer(net, rate=0.1, engine=engine)
    once.step(X[0], Y[0])
    for w, same in zip(twice.network.weights, once.network.weights, strict=True):
        np.testing.assert_allclose(w, same, rtol=1e-13)


@each_engine
def test_a_row_of_no_weight_changes_nothing(engine: str) -> None:
    net = _net(SIZES[0])
    trainer = Trainer(net, rate=0.1, engine=engine)
    assert trainer.step([0.5, 0.5], [1.0, 0.0, 0.0], sample_weight=0) == 0
    assert _bits(trainer.state)[0] == [w.tobytes() for w in net.weights]


@each_engine
def test_a_masked_target_is_one_that_is_missing(engine: str) -> None:
    net = _net(SIZES[0])
    masked, with_nan = (Trainer(net, rate=0.1, engine=engine) for _ in range(2))
    masked.step([0.5, 0.5], np.ma.masked_array([1.0, 0.3, 0.0], [False, True, False]))
    with_nan.step([0.5, 0.5], [1.0, math.nan, 0.0])
    assert _bits(masked.state) == _bits(with_nan.state)


@each_engine
@pytest.mark.parametrize("copied", [_pickled, copy.deepcopy, copy.copy])
def test_a_pickle_or_a_copy_goes_on_to_the_same_bits(engine: str, copied: Any) -> None:  # noqa: ANN401
    net = _net((4, 20, 3))
    X, Y = _rows(net)
    trainer = Trainer(
        net, rule="adam", rate=0.01, dropout=0.3, seed=5, engine=engine, masks=[w > 0 for w in net.weights]
    )
    _step_each(trainer, X[:3], Y[:3])
    again = copied(trainer)
    assert repr(again) == repr(trainer) == "Trainer(Network(4-20-3, tanh, identity, rss, float64), 3 rows)"
    assert _step_each(again, X[3:], Y[3:]) == _step_each(trainer, X[3:], Y[3:])
    assert _bits(again.state) == _bits(trainer.state)


@each_engine
@pytest.mark.parametrize("rule", RULES)
def test_a_training_and_a_trainer_go_on_from_each_other(engine: str, rule: str, tmp_path: Path) -> None:
    net = _net((4, 20, 3))
    (X, Y), (X2, Y2) = _rows(net), _rows(net, seed=2)
    asked: dict[str, Any] = {"rule": rule, "rate": 0.01, "engine": engine}
    more = asked | {"batch_size": 1, "shuffle": False}
    first = train(net, X, Y, epochs=1, **more)
    then = train(net, X2, Y2, epochs=2, **more, resume=first.state.elsewhere())

    trainer = Trainer(net, **asked, resume=first.state)
    _step_each(trainer, X2, Y2)
    assert _bits(trainer.state) == _bits(then.state)
    assert trainer.state.epochs == first.state.epochs

    from_the_start = Trainer(net, **asked)
    _step_each(from_the_start, X, Y)
    save(from_the_start.state, tmp_path / "state.safetensors")
    for state in (from_the_start.state, load_state(tmp_path / "state.safetensors")):
        result = train(net, X2, Y2, epochs=1, **more, resume=state)
        assert _bits(result.state) == _bits(then.state)
        assert (
            result.history.loss_before == train(state.network, X2, Y2, epochs=1, **more).history.loss_before
        )


def test_a_state_of_other_rows_is_kept_by_a_file(tmp_path: Path) -> None:
    net = _net(SIZES[0])
    state = train(net, *_rows(net), rate=0.1, epochs=2).state.elsewhere()
    save(state, tmp_path / "state.safetensors")
    assert load_state(tmp_path / "state.safetensors").data == ""


WRONG_STEPS: list[tuple[Any, Any, dict[str, Any], type[InputError], str]] = [
    ([1.0, 2.0, 3.0], [1.0, 0.0, 0.0], {}, ShapeError, r"X has shape \(1, 3\)"),
    ([1.0, 2.0], [1.0, 0.0], {}, ShapeError, r"Y has shape \(1, 2\)"),
    ([[1.0, 2.0]] * 2, [1.0, 0.0, 0.0], {}, ShapeError, "X has 2 rows but Y has 1"),
    ([math.nan, 2.0], [1.0, 0.0, 0.0], {}, InputError, r"X\[0, 0\] is nan"),
    ([1.0, -math.inf], [1.0, 0.0, 0.0], {}, InputError, r"X\[0, 1\] is -inf"),
    ([1.0, 2.0], [1.0, math.inf, 0.0], {}, InputError, r"Y\[0, 1\] is inf"),
    ([1.0, 2.0], [math.nan] * 3, {}, InputError, "Every number of Y is missing"),
    ([1.0, "x"], [1.0, 0.0, 0.0], {}, InputError, "X cannot be read"),
    ([[1.0], [1.0, 2.0]], [1.0, 0.0, 0.0], {}, InputError, "X cannot be read"),
    ([1.0, 2.0], [0.5, 0.0, 0.0], {}, InputError, "sums to 0.5"),
    ([1.0, 2.0], [1.5, -0.5, 0.0], {}, InputError, r"Y\[0, 0\] is 1.5"),
    ([1.0, 2.0], [1.0, 0.0, 0.0], {"rate": -1}, InputError, "rate is -1 but must be a finite number above 0"),
    ([1.0, 2.0], [1.0, 0.0, 0.0], {"sample_weight": -1.0}, InputError, r"sample_weight\[0\] is -1"),
    ([1.0, 2.0], [1.0, 0.0, 0.0], {"sample_weight": [1.0, 1.0]}, ShapeError, r"must be \(1,\)"),
    ([1.0, 2.0], [1.0, 0.0, 0.0], {"sample_weight": "x"}, InputError, "sample_weight cannot be read"),
]  # fmt: skip


@each_engine
@pytest.mark.parametrize(("X", "Y", "more", "kind", "message"), WRONG_STEPS)
def test_what_does_not_fit_is_refused_and_nothing_is_lost(  # noqa: PLR0917 (cases)
    X: Any,  # noqa: ANN401 (anything)
    Y: Any,  # noqa: ANN401
    more: dict[str, Any],
    kind: type[InputError],
    message: str,
    engine: str,
) -> None:
    net = _net(SIZES[0], LOSSES[1])
    trainer, undisturbed = (Trainer(net, rule="adam", rate=0.1, engine=engine) for _ in range(2))
    good = _rows(net)
    trainer.step(*good)
    with pytest.raises(InputError, match=message) as caught:
        trainer.step(X, Y, **more)
    assert type(caught.value) is kind
    trainer.step(*good)
    undisturbed.step(*good)
    undisturbed.step(*good)
    assert _bits(trainer.state) == _bits(undisturbed.state)


@each_engine
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("sizes", [SIZES[0], SIZES[-1]])
def test_a_step_that_leaves_the_finite_numbers_is_undone(
    engine: str, rule: str, sizes: tuple[int, ...]
) -> None:
    net = _net(sizes)
    trainer, undisturbed = (Trainer(net, rule=rule, rate=0.01, engine=engine) for _ in range(2))
    X, Y = _rows(net)
    _step_each(trainer, X, Y)
    _step_each(undisturbed, X, Y)
    wrong: list[Any] = [({"rate": 1e308}, 1e6), ({"sample_weight": [1e300] * N}, 1e6), ({}, 1e200)]
    for how, times in wrong if rule in {"descent", "momentum", "nesterov"} else wrong[1:]:
        with pytest.raises(DivergenceError, match="The trainer stands where it stood") as caught:
            trainer.step(times * X, times * Y, **how)
        assert caught.value.epoch == 1
        assert [w.tobytes() for w in caught.value.network.weights] == _bits(undisturbed.state)[0]
        assert _bits(trainer.state) == _bits(undisturbed.state)
    assert _step_each(trainer, X, Y) == _step_each(undisturbed, X, Y)
    assert _bits(trainer.state) == _bits(undisturbed.state)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("cls", [CompiledEngine, ReferenceEngine])
def test_a_step_that_is_interrupted_is_undone(
    cls: Any,  # noqa: ANN401 (an engine)
    threads: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = _net((4, 20, 3))
    X, Y = _rows(net, 64)
    engine = "compiled" if cls is CompiledEngine else "reference"
    trainer, undisturbed = (
        Trainer(net, rule="momentum", rate=0.01, engine=engine, threads=threads) for _ in range(2)
    )
    trainer.step(X, Y)
    undisturbed.step(X, Y)
    epoch = cls.epoch

    def interrupted(self: Any, *args: Any, **given: Any) -> Iterator[Any]:  # noqa: ANN401
        yield from epoch(self, *args, **given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cls, "epoch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            trainer.step(X, Y)
    assert _bits(trainer.state) == _bits(undisturbed.state)
    trainer.step(X, Y)
    undisturbed.step(X, Y)
    assert _bits(trainer.state) == _bits(undisturbed.state)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_has_threads_of_its_own() -> None:
    net = _net((4, 20, 3))
    X, Y = _rows(net, 64)
    trainer, undisturbed = (Trainer(net, rate=0.01, threads=2) for _ in range(2))
    trainer.step(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads, which this is about
        child = os.fork()
    if child == 0:
        signal.alarm(20)  # ends it where it waits for threads that it has not
        try:
            trainer.step(X, Y)
            undisturbed.step(X, Y)
            undisturbed.step(X, Y)
            os._exit(0 if _bits(trainer.state) == _bits(undisturbed.state) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_engine_is_kept_while_its_batches_do_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    begin = CompiledEngine.__init__

    def counted(self: Any, *given: Any) -> None:  # noqa: ANN401
        made.append(self)
        begin(self, *given)

    monkeypatch.setattr(CompiledEngine, "__init__", counted)
    net = _net((4, 20, 3))
    trainer, by_descent = Trainer(net, rule="adam", rate=0.01), Trainer(net, rate=0.01)
    for n, expected in ((1, 2), (8, 2), (40, 3), (40, 3), (1, 3), (33, 3)):
        trainer.step(*_rows(net, n))
        assert len(made) == expected
    for n, expected in ((1, 3), (1, 3), (20, 4), (17, 4)):
        by_descent.step(*_rows(net, n))
        assert len(made) == expected


def test_an_engine_that_knows_no_other_rows_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    net = _net(SIZES[0])
    trainers = [Trainer(net, rule="adam", rate=0.01, engine="reference") for _ in range(2)]
    _step_each(trainers[0], *_rows(net))
    monkeypatch.delattr(ReferenceEngine, "go_on_with")
    _step_each(trainers[1], *_rows(net))
    assert _bits(trainers[0].state) == _bits(trainers[1].state)


def test_the_network_is_another_one_after_each_step_and_is_not_changed() -> None:
    net = _net(SIZES[0])
    trainer = Trainer(net, rate=0.1)
    first = trainer.network
    kept = [w.copy() for w in first.weights]
    assert trainer.network is first
    trainer.step([0.5, 0.5], [1.0, 0.0, 0.0])
    assert trainer.network is not first
    for w, same, before in zip(first.weights, kept, net.weights, strict=True):
        assert (w == same).all()
        assert (w == before).all()


def test_one_number_is_a_row_of_one() -> None:
    net = Network([[[0.0, 1.0]]], "identity")
    trainer = Trainer(net, rate=0.5)
    assert trainer.step(1.0, 3.0) == 2.0
    assert trainer.network.weights[0].tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize("rule", OF_ALL_ROWS)
def test_rules_of_all_rows_are_refused_with_what_to_do(rule: str) -> None:
    with pytest.raises(InputError, match=f"rule is '{rule}' but needs all rows at once.*call train"):
        Trainer(_net(SIZES[0]), rule=rule)


def test_settings_are_those_of_train_and_checked_as_there() -> None:
    net = _net(SIZES[0])
    with pytest.raises(InputError, match=r"There is no rate .* Try rate=0\.001"):
        Trainer(net, rule="adam")
    with pytest.raises(UnknownNameError, match=r"'learning_rate'.*Did you mean 'rate'"):
        Trainer(net, learning_rate=0.1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="schedule is 'cosine' but belongs to epochs, of which a stream has"):
        Trainer(net, rate=0.1, schedule="cosine")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="engine 'compild'"):
        Trainer(net, rate=0.1, engine="compild")
    with pytest.raises(InputError, match="batch_size is 0"):
        Trainer(net, rate=0.1, batch_size=0)
    with pytest.raises(InputError, match="The state is that of"):
        Trainer(net, rate=0.1, resume=Trainer(_net(SIZES[1]), rate=0.1).state)
    with pytest.raises(InputError, match="was 'adam' when the state was kept"):
        Trainer(net, rate=0.1, resume=Trainer(net, rate=0.1, rule="adam").state)
    with pytest.raises(InputError, match="must be the state of a training"):
        Trainer(net, rate=0.1, resume=net)  # type: ignore[arg-type]


class Wrong:
    """A loss whose slopes are not those of its values."""

    name = "wrong"

    @staticmethod
    def values(a: Any, y: Any) -> Any:  # noqa: ANN401
        return (y - a) ** 2

    @staticmethod
    def slopes(a: Any, y: Any) -> Any:  # noqa: ANN401
        return y - a


def test_functions_of_ones_own_are_checked_on_the_first_rows() -> None:
    net = Network.random((2, 3, 1), ["tanh", "identity"], Wrong())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="has no kernel"):
        Trainer(net, rate=0.1)
    trainer = Trainer(net, rate=0.1, engine="reference")
    with pytest.raises(InputError, match="The gradient of the network is wrong"):
        trainer.step([1.0, 2.0], [1.0])
