"""The loop: what ends it, what it leaves, in which order it goes, and what it refuses."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import InputError, Network, ShapeError, UnknownNameError, train
from chainrule.compiled.trainer import Trainer
from chainrule.network import objective
from chainrule.random_streams import Purpose, permutation
from chainrule.training import ENGINES, Epoch, Progress, Settings, StoppedBy, TrainingResult
from chainrule.training.engines import reference

X: list[list[float]] = [[0, 0], [0, 1], [1, 0], [1, 1]]
Y: list[list[float]] = [[0], [1], [1], [0]]


each_engine = pytest.mark.parametrize("engine", ENGINES)

# What is proved here has nothing to do with how well the few epochs went.
pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")


def _start(**settings: Any) -> Network:  # noqa: ANN401 (handed through)
    return Network.random((2, 3, 1), start="uniform", **{"seed": 1, **settings})


def _train(net: Network | None = None, **settings: Any) -> TrainingResult:  # noqa: ANN401 (handed through)
    return train(net or _start(), X, Y, **{"rate": 0.5, "epochs": 5, **settings})


def _bits(net: Network) -> bytes:
    return b"".join(w.tobytes() for w in net.weights)


def _mean_rss(net: Network) -> float:
    return float(np.mean([((y - net(x)) ** 2).sum() / 2 for x, y in zip(X, Y, strict=True)]))


# What it leaves


@each_engine
@pytest.mark.parametrize("batch_size", [1, 3])
def test_two_runs_give_the_same_bits(batch_size: int, engine: str) -> None:
    first, second = (_train(epochs=20, batch_size=batch_size, engine=engine) for _ in range(2))
    assert _bits(first.network) == _bits(second.network)
    assert first.history.loss == second.history.loss
    assert first.history.loss_after == second.history.loss_after


@each_engine
def test_the_network_given_is_unchanged(engine: str) -> None:
    net = _start()
    before = _bits(net)
    result = _train(net, engine=engine)
    assert _bits(net) == before
    assert _bits(result.network) != before
    assert result.network.activations == net.activations
    assert result.network.loss is net.loss
    assert not any(w.flags.writeable for w in result.network.weights)


@pytest.mark.parametrize("engine", ENGINES)
def test_losses_before_and_after_can_be_computed_again(engine: str) -> None:
    for n_epochs in range(1, 6):
        result = _train(epochs=n_epochs, engine=engine)
        assert result.history.loss_before == pytest.approx(_mean_rss(_start()), rel=1e-14)
        assert result.history.loss_after == pytest.approx(_mean_rss(result.network), rel=1e-14)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch_size", [1, 3, 10])
def test_loss_of_an_epoch_is_the_mean_of_those_met_before_each_update(batch_size: int, engine: str) -> None:
    result = _train(batch_size=batch_size, epochs=2, shuffle=False, engine=engine)
    net, met = _start(), []
    for first in [*range(0, 4, batch_size)] * 2:
        rows = slice(first, first + batch_size)
        met += [((y - net(x)) ** 2).sum() / 2 for x, y in zip(X[rows], Y[rows], strict=True)]
        net = train(
            net, X[rows], Y[rows], rate=0.5, epochs=1, batch_size=4, shuffle=False, engine=engine
        ).network
    assert result.history.loss == pytest.approx([np.mean(met[:4]), np.mean(met[4:])], rel=1e-13)


@each_engine
def test_history_has_an_entry_for_each_epoch(engine: str) -> None:
    result = _train(engine=engine)
    assert result.stopped_by == StoppedBy.EPOCHS
    assert [epoch.number for epoch in result.history.epochs] == [1, 2, 3, 4, 5]
    assert len(result.history.loss) == len(result.history.seconds) == 5
    assert all(seconds >= 0 for seconds in result.history.seconds)


@each_engine
def test_fewer_epochs_are_the_beginning_of_more(engine: str) -> None:
    longer, shorter = _train(epochs=7, engine=engine), _train(epochs=4, engine=engine)
    assert longer.history.loss[:4] == shorter.history.loss


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch_size", [1, 3])
def test_float32_training_stays_float32(
    batch_size: int, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    types: set[Any] = set()
    gradients = vars(objective)["gradients"]

    def noted(weights: Any, X: Any, passed: Any, deltas: Any, **more: Any) -> Any:  # noqa: ANN401 (handed through)
        found = gradients(weights, X, passed, deltas, **more)
        types.update(array.dtype for array in (X, *passed.z, *passed.a, *deltas, *found))
        return found

    monkeypatch.setattr(objective, "gradients", noted)
    single = _train(_start(dtype="float32"), batch_size=batch_size, rate=np.float64(0.5), engine=engine)
    assert types == ({np.dtype("float32")} if engine == "reference" else set())
    assert single.network.dtype == np.float32
    double = _train(batch_size=batch_size, engine=engine)
    for w32, w64 in zip(single.network.weights, double.network.weights, strict=True):
        np.testing.assert_allclose(w32, w64, atol=1e-5)
        assert not np.array_equal(w32, w64)


@each_engine
def test_inputs_are_not_changed_and_may_be_read_only(engine: str) -> None:
    samples, targets = np.array(X), np.array(Y)
    samples.flags.writeable = targets.flags.writeable = False
    result = train(_start(), samples, targets, rate=0.5, epochs=5, engine=engine)
    assert samples.tolist() == X
    assert targets.tolist() == Y
    assert _bits(result.network) == _bits(_train(engine=engine).network)


# What ends it


@each_engine
def test_loss_goal_ends_after_the_first_epoch_that_reaches_it(engine: str) -> None:
    losses = _train(epochs=1000, rate=0.7, engine=engine).history.loss
    goal = losses[699]
    result = _train(epochs=1000, rate=0.7, loss_goal=goal, engine=engine)
    reached = next(i for i, loss in enumerate(losses) if loss <= goal) + 1
    assert result.stopped_by == StoppedBy.LOSS_GOAL
    assert len(result.history.epochs) == reached
    assert result.history.loss == losses[:reached]
    assert _bits(result.network) == _bits(_train(epochs=reached, rate=0.7, engine=engine).network)


def test_loss_goal_that_is_not_reached_ends_with_the_epochs() -> None:
    assert _train(loss_goal=1e-9).stopped_by == StoppedBy.EPOCHS


def test_loss_goal_reached_in_the_last_epoch_is_named() -> None:
    assert _train(epochs=1, loss_goal=100.0).stopped_by == StoppedBy.LOSS_GOAL


@each_engine
def test_on_epoch_sees_every_epoch_as_the_history_has_it(engine: str) -> None:
    seen: list[Epoch] = []
    result = _train(on_epoch=lambda progress: seen.append(progress.epoch), engine=engine)
    assert tuple(seen) == result.history.epochs


@each_engine
def test_error_of_on_epoch_comes_through(engine: str) -> None:
    def refuse(progress: Progress) -> None:
        message = f"no epoch {progress.epoch.number}"
        raise LookupError(message)

    with pytest.raises(LookupError, match="no epoch 1"):
        _train(on_epoch=refuse, engine=engine)


# In which order it goes


def _orders(
    monkeypatch: pytest.MonkeyPatch,
    n: int,
    engine: str,
    **settings: Any,  # noqa: ANN401 (handed through)
) -> list[list[int]]:
    orders: list[list[int]] = []
    kind: Any = reference.ReferenceEngine if engine == "reference" else Trainer
    epoch = kind.epoch

    def noted(engine: Any, order: Any, **given: Any) -> Any:  # noqa: ANN401 (handed through)
        orders.append(order.tolist())
        return epoch(engine, order, **given)

    with monkeypatch.context() as patched:
        patched.setattr(kind, "epoch", noted)
        rows = np.linspace(0, 1, n)[:, np.newaxis]
        train(Network.random((1, 1)), rows, rows, engine=engine, **{"rate": 0.1, "epochs": 4, **settings})
    return orders


@each_engine
def test_without_shuffle_the_order_is_that_of_the_table(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    assert _orders(monkeypatch, 6, engine, shuffle=False) == [[0, 1, 2, 3, 4, 5]] * 4


@each_engine
def test_order_depends_on_seed_and_epoch_only(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    expected = [
        permutation(30, seed=3, purpose=Purpose.SHUFFLE, counter=number).tolist() for number in (1, 2, 3, 4)
    ]
    assert _orders(monkeypatch, 30, engine, seed=3) == expected
    assert _orders(monkeypatch, 30, engine, seed=3, rate=0.9, batch_size=7) == expected
    assert _orders(monkeypatch, 30, engine, seed=3, epochs=2) == expected[:2]
    assert len({tuple(order) for order in expected}) == 4
    assert _orders(monkeypatch, 30, engine, seed=4)[0] != expected[0]


@each_engine
@pytest.mark.parametrize("batch_size", [1, 2, 7, 20, 25])
def test_an_epoch_moves_the_weights_as_its_batches_do_one_by_one(batch_size: int, engine: str) -> None:
    # Every sample once, in the order of the epoch; the last batch, if smaller, is a mean over what is left.
    random = np.random.default_rng(1)
    rows, targets = random.uniform(-1, 1, (20, 2)), random.uniform(-1, 1, (20, 1))
    settings: dict[str, Any] = {"rate": 0.5, "epochs": 1, "batch_size": batch_size, "engine": engine}
    net = _start()
    order = permutation(20, seed=5, purpose=Purpose.SHUFFLE, counter=1)
    for first in range(0, 20, batch_size):
        batch = order[first : first + batch_size]
        net = train(net, rows[batch], targets[batch], shuffle=False, **settings).network
    whole = train(_start(), rows, targets, seed=5, **settings).network
    for w, same in zip(whole.weights, net.weights, strict=True):
        np.testing.assert_allclose(w, same, rtol=0, atol=1e-14)


@each_engine
def test_global_random_state_takes_no_part(engine: str) -> None:
    np.random.seed(1)  # noqa: NPY002 (the old global state is what must not matter)
    before: Any = np.random.get_state()  # noqa: NPY002
    first = _train(engine=engine)
    after: Any = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(after[1], before[1])
    assert after[2] == before[2]
    np.random.seed(2)  # noqa: NPY002
    assert _bits(first.network) == _bits(_train(engine=engine).network)


# What it refuses

BAD_NUMBERS: list[Any] = [0, -1.0, math.nan, math.inf, -math.inf, "0.1", None, 1j, [0.1], True, 10**400]
BAD_COUNTS: list[Any] = [0, -1, 1.0, 2.5, math.nan, "3", None, True, [3], np.array([3]), np.array([3, 4])]


@pytest.mark.parametrize("value", BAD_NUMBERS)
@pytest.mark.parametrize(
    ("name", "advice"), [("rate", "Try 0.1."), ("loss_goal", "Try 0.01."), ("clip_norm", "Try 1.")]
)
def test_numbers_that_are_not_above_0_are_refused(name: str, advice: str, value: Any) -> None:  # noqa: ANN401
    if name == "rate" and value is None:
        advice = "There is no rate but the update rule descent needs one. Try rate=0.1."
        with pytest.raises(InputError, match=re.escape(advice)):
            _train(rate=None)
        return
    if value is None:
        assert _train(**{name: None}).stopped_by == StoppedBy.EPOCHS
        return
    with pytest.raises(InputError) as caught:
        _train(**{name: value})
    assert str(caught.value) == f"{name} is {value!r} but must be a finite number above 0. {advice}"


@pytest.mark.parametrize("value", BAD_COUNTS, ids=repr)
@pytest.mark.parametrize("name", ["epochs", "batch_size", "threads"])
def test_counts_below_1_or_not_whole_are_refused(name: str, value: Any) -> None:  # noqa: ANN401
    if name in {"threads", "batch_size"} and value is None:
        alone: dict[str, Any] = {name: 1}
        assert _bits(_train(**{name: None}).network) == _bits(_train(**alone).network)
        return
    with pytest.raises(InputError) as caught:
        _train(**{name: value})
    assert str(caught.value) == f"{name} is {value!r} but must be a whole number of at least 1. Try 1."


@pytest.mark.parametrize("seed", [-1, 2**64, 0.5, None])
def test_seeds_out_of_range_are_refused_by_train(seed: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(
        InputError, match=rf"seed is {seed} but must be a whole number from 0 to {2**64 - 1}\. Try"
    ):
        _train(seed=seed)


@pytest.mark.parametrize("engine", ["referense", "gpu", "", None])
def test_unknown_engine_is_refused(engine: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(
        UnknownNameError, match=rf"There is no engine '{engine}'\.(.*) There are: compiled, reference"
    ) as caught:
        _train(engine=engine)
    assert ("Did you mean 'reference'?" in str(caught.value)) == (engine == "referense")
    assert tuple(ENGINES) == ("compiled", "reference")


def test_settings_take_numbers_of_numpy_and_keep_pythons() -> None:
    settings = Settings(
        rate=np.float32(0.5),  # type: ignore[arg-type]
        epochs=np.int64(3),  # type: ignore[arg-type]
        batch_size=np.uint8(2),  # type: ignore[arg-type]
        shuffle=np.True_,  # type: ignore[arg-type]
        seed=np.uint64(7),  # type: ignore[arg-type]
        loss_goal=np.float64(0.1),
        threads=np.int16(2),  # type: ignore[arg-type]
    )
    kept = (
        settings.rate,
        settings.epochs,
        settings.batch_size,
        settings.shuffle,
        settings.seed,
        settings.loss_goal,
        settings.threads,
    )
    assert kept == (0.5, 3, 2, True, 7, 0.1, 2)
    assert [type(value) for value in kept] == [float, int, int, bool, int, float, int]


BAD_TABLES: list[Any] = [
    pytest.param(
        [[0, 1, 2]], [[1]], ShapeError, r"X has shape \(1, 3\) but the network needs", id="X columns"
    ),
    pytest.param(
        [[0, 1]], [[1, 2]], ShapeError, r"Y has shape \(1, 2\) but the network needs", id="Y columns"
    ),
    pytest.param([0, 1], [[1]], ShapeError, r"X has shape \(2,\) but the network needs", id="X 1-D"),
    pytest.param([[0, 1]], [1], ShapeError, r"Y has shape \(1,\) but the network needs", id="Y 1-D"),
    pytest.param([[0, 1]], [[1], [0]], ShapeError, "X has 1 rows but Y has 2. Give one row", id="rows"),
    pytest.param(np.ones((0, 2)), np.ones((0, 1)), ShapeError, "X has no rows but at least one", id="empty"),
    pytest.param(
        [[0, 1], [2, math.nan]],
        [[1], [0]],
        InputError,
        r"X\[1, 1\] is nan but every number must be f",
        id="X nan",
    ),
    pytest.param([[0, -math.inf]], [[1]], InputError, r"X\[0, 1\] is -inf but every number", id="X inf"),
    pytest.param([[0, 1], [2, 3]], [[1], [math.inf]], InputError, r"Y\[1, 0\] is inf but every", id="Y inf"),
    pytest.param([[0, 1]], [[None]], InputError, r"Y\[0, 0\] is nan but every number", id="Y None"),
    pytest.param([["a", "b"]], [[1]], InputError, "X cannot be read as a table of numbers", id="X text"),
    pytest.param([[0, 1]], [[1j]], InputError, "Y cannot be read as a table of numbers", id="Y complex"),
]


@pytest.mark.parametrize(("samples", "targets", "error", "message"), BAD_TABLES)
def test_tables_that_do_not_fit_are_refused(
    samples: Any,  # noqa: ANN401 (that is the point)
    targets: Any,  # noqa: ANN401 (that is the point)
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        train(_start(), samples, targets, rate=0.1, epochs=1)


@pytest.mark.parametrize("name", ["X", "Y"])
def test_number_beyond_float32_is_refused_for_a_float32_network(name: str) -> None:
    tables: dict[str, Any] = {"X": [[0.0, 1.0]], "Y": [[1.0]]}
    tables[name] = [[1e300] * len(tables[name][0])]
    with pytest.raises(
        InputError, match=rf"{name}\[0, 0\] is inf but every number must be finite in float32"
    ):
        train(_start(dtype="float32"), tables["X"], tables["Y"], rate=0.1, epochs=1)


@each_engine
def test_loss_that_is_not_finite_before_training_is_refused(engine: str) -> None:
    net = Network([[[0.0, 1e200]]], "identity")
    with pytest.raises(InputError, match="The loss of the network before training is inf but must be finite"):
        train(net, [[1.0]], [[0.0]], rate=0.1, epochs=1, engine=engine)


@each_engine
@given(
    rate=st.floats(1e-3, 2),
    epochs=st.integers(1, 6),
    batch_size=st.integers(1, 6),
    seed=st.integers(0, 2**64 - 1),
)
def test_training_of_any_settings_is_reproducible(
    engine: str, rate: float, epochs: int, batch_size: int, seed: int
) -> None:
    settings: dict[str, Any] = {
        "rate": rate,
        "epochs": epochs,
        "batch_size": batch_size,
        "seed": seed,
        "engine": engine,
    }
    first, second = (_train(**settings) for _ in range(2))
    assert _bits(first.network) == _bits(second.network)
    assert len(first.history.epochs) == epochs
