"""Going on from a state is as if nothing had happened: bit for bit, for every rule and schedule."""

from __future__ import annotations

import gc
import hashlib
import itertools
import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from chainrule import InputError, Network, train
from chainrule.equations import RULES as ALL_RULES
from chainrule.equations import SCHEDULES
from chainrule.training import ENGINES, Progress, StoppedBy, TrainingResult
from chainrule.training.run import Run
from chainrule.training.state import fingerprint
from chainrule.training.task import Rows, Task

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.training import TrainingState

each_engine = pytest.mark.parametrize("engine", ENGINES)

# A few epochs on numbers drawn by chance: how well they went is not what is tested.
pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")

RANDOM = np.random.default_rng(9)
N = 14
X, Y = RANDOM.uniform(-1, 1, (N, 2)), RANDOM.uniform(-1, 1, (N, 2))
WEIGHT = RANDOM.uniform(0.2, 2, N)
WATCHED = (RANDOM.uniform(-1, 1, (6, 2)), RANDOM.uniform(-1, 1, (6, 2)))
START = Network.random((2, 4, 2), ["tanh", "identity"], seed=2)
WIDE = Network.random((2, 20, 2), ["tanh", "identity"], seed=2)
EPOCHS = 9


def _train(net: Network = START, **settings: Any) -> TrainingResult:  # noqa: ANN401 (handed through)
    given: dict[str, Any] = {"rate": 0.05, "epochs": EPOCHS, "batch_size": 4, "seed": 3, **settings}
    if given.get("rule") in {"lbfgs", "levenberg_marquardt"}:
        given["rate"] = None
    if given.get("rule") in {"lbfgs", "levenberg_marquardt", "irprop_minus"}:
        given["batch_size"] = None
    return train(net, X, Y, **given)


def _assert_same_network(net: Network | None, expected: Network | None) -> None:
    if expected is None:
        assert net is None
        return
    assert net is not None
    for w, same in zip(net.weights, expected.weights, strict=True):
        assert w.tobytes() == same.tobytes()


def _assert_same_state(state: TrainingState, expected: TrainingState) -> None:
    _assert_same_network(state.network, expected.network)
    _assert_same_network(state.best, expected.best)
    for one, same in zip(state.rule, expected.rule, strict=True):
        assert [np.asarray(part).tobytes() for part in one] == [np.asarray(part).tobytes() for part in same]
    assert (state.best_epoch, state.loss_before) == (expected.best_epoch, expected.loss_before)
    assert (state.settings, state.data) == (expected.settings, expected.data)
    assert _without_seconds(state.epochs) == _without_seconds(expected.epochs)


def _without_seconds(epochs: Any) -> list[Any]:  # noqa: ANN401 (a tuple of Epoch)
    return [epoch._replace(seconds=0) for epoch in epochs]


def _assert_same(result: TrainingResult, expected: TrainingResult) -> None:
    """Everything but the seconds."""
    _assert_same_network(result.network, expected.network)
    assert _without_seconds(result.history.epochs) == _without_seconds(expected.history.epochs)
    assert result.history.loss_before == expected.history.loss_before
    assert result.history.loss_after == expected.history.loss_after
    assert (result.stopped_by, result.best_epoch) == (expected.stopped_by, expected.best_epoch)
    assert result.diagnosis == expected.diagnosis
    _assert_same_state(result.state, expected.state)


def _state_after(n: int, net: Network, **settings: Any) -> TrainingState:  # noqa: ANN401 (handed through)
    """State of a training that was stopped there, which is that of one that ended there."""
    stopped = _train(net, on_epoch=lambda p: p.stop() if p.epoch.number == n else None, **settings).state
    if "cos" not in settings.get("schedule", ""):  # another wave where fewer epochs are asked for
        ended = _train(net, **{**settings, "epochs": n}).state
        _assert_same_state(
            replace(ended, settings={**ended.settings, "epochs": stopped.settings["epochs"]}), stopped
        )
    return stopped


def _assert_resumes(net: Network = START, **settings: Any) -> None:  # noqa: ANN401 (handed through)
    whole = _train(net, **settings)
    n_epochs = len(whole.history.epochs)
    for n in sorted({1, n_epochs // 2, n_epochs}):
        state = _state_after(n, net, **settings)
        # the network that is given does not matter any more
        _assert_same(_train(net.with_weights([0 * w for w in net.weights]), resume=state, **settings), whole)


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "patience": {"validation": 0.3, "patience": 3},
    "metric": {"validation": WATCHED, "metric": "r2", "patience": 2},
    "dropout": {"dropout": 0.3},
    "penalties": {"sample_weight": WEIGHT, "l1": 0.001, "l2": 0.01},
    "masks": {"clip_norm": 0.2, "masks": [w > -0.3 for w in START.weights]},
}


def _of_rules() -> list[Any]:
    """Rules, settings and engines; in the quick run the slow engine has but two settings for each rule."""
    given = []
    for engine, place, name in itertools.product(ENGINES, range(len(ALL_RULES)), SETTINGS):
        quick = engine == "compiled" or name in {"plain", [*SETTINGS][1 + place % 5]}
        rule = [*ALL_RULES][place]
        marks = () if quick else pytest.mark.slow
        given.append(pytest.param(rule, SETTINGS[name], engine, id=f"{rule}-{name}-{engine}", marks=marks))
    return given


@pytest.mark.parametrize(("rule", "settings", "engine"), _of_rules())
def test_every_rule_goes_on_as_if_nothing_had_happened(
    rule: str, settings: dict[str, Any], engine: str
) -> None:
    if rule in {"lbfgs", "levenberg_marquardt"}:
        settings = {
            key: value for key, value in settings.items() if key not in {"dropout", "clip_norm", "l1"}
        }
    _assert_resumes(rule=rule, engine=engine, **settings)


@each_engine
@pytest.mark.parametrize("watched", [{}, {"validation": WATCHED}], ids=["loss", "validation"])
@pytest.mark.parametrize("schedule", [*SCHEDULES, "plateau:1:0.5:0.3", "step:2:0.5", "warm_up:3,cosine"])
def test_every_schedule_goes_on_as_if_nothing_had_happened(
    schedule: str, watched: dict[str, Any], engine: str
) -> None:
    _assert_resumes(schedule=schedule, rule="adam", engine=engine, **watched)


@each_engine
@pytest.mark.parametrize(
    "stopping",
    ["patience:3", "generalization_loss:0.1", "progress_quotient:0.0001:3", "progress_quotient:9:2"],
)
def test_every_criterion_goes_on_as_if_nothing_had_happened(stopping: str, engine: str) -> None:
    _assert_resumes(rate=0.3, epochs=25, stopping=stopping, validation=WATCHED, engine=engine)


@pytest.mark.parametrize("batch_size", [1, 4, N, 20])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("net", [START, WIDE], ids=["narrow", "wide"])
def test_every_kernel_goes_on_as_if_nothing_had_happened(net: Network, dtype: Any, batch_size: int) -> None:  # noqa: ANN401
    net = Network([w.astype(dtype) for w in net.weights], ["tanh", "identity"])
    _assert_resumes(net, rule="adamw", batch_size=batch_size, dropout=0.2)


def _interrupt(after: int) -> Any:  # noqa: ANN401 (a callback)
    def step(progress: Progress) -> None:
        if progress.steps == after:
            raise KeyboardInterrupt

    return step


def _stop(after: int) -> Any:  # noqa: ANN401 (a callback)
    return lambda progress: progress.stop() if progress.steps == after else None


@each_engine
@pytest.mark.parametrize(("ends", "reason"), [(_interrupt, "interrupt"), (_stop, "callback")])
@pytest.mark.parametrize("after", [1, 4, 5, 10, 16, 35])  # of four steps an epoch: first, last and inside
@pytest.mark.parametrize("rule", ["descent", "adam", "irprop_minus"])
def test_a_training_cut_off_inside_an_epoch_goes_on_from_before_it(
    rule: str,
    after: int,
    ends: Any,  # noqa: ANN401 (makes a callback)
    reason: str,
    engine: str,
) -> None:
    given: dict[str, Any] = {"dropout": 0.2, "validation": WATCHED, "patience": 99}
    given |= {"rule": rule, "engine": engine}
    after = min(after, 8) if rule == "irprop_minus" else after
    cut = _train(on_step=ends(after), **given)
    assert cut.stopped_by == StoppedBy(reason)
    n_epochs = after - 1 if rule == "irprop_minus" else (after - 1) // 4
    assert len(cut.state.epochs) == len(cut.history.epochs) == n_epochs
    _assert_same(_train(resume=cut.state, **given), _train(**given))


@each_engine
@pytest.mark.parametrize("rule", ["lbfgs", "levenberg_marquardt"])
@pytest.mark.parametrize("ends", [_interrupt, _stop])
def test_steps_that_are_epochs_are_cut_off_between_two(rule: str, ends: Any, engine: str) -> None:  # noqa: ANN401
    cut = _train(on_step=ends(4), rule=rule, engine=engine)
    assert len(cut.state.epochs) == 3
    _assert_same(_train(resume=cut.state, rule=rule, engine=engine), _train(rule=rule, engine=engine))


def test_a_training_that_has_converged_takes_no_other_step() -> None:
    whole = _train(rule="lbfgs", epochs=5000, l2=0.1)
    assert whole.stopped_by == StoppedBy.CONVERGED
    _assert_same(_train(rule="lbfgs", epochs=5000, l2=0.1, resume=whole.state), whole)


@each_engine
def test_the_state_that_a_callback_keeps_is_as_good_as_that_of_the_result(engine: str) -> None:
    kept: list[TrainingState] = []
    whole = _train(rule="adam", engine=engine, on_epoch=lambda p: kept.append(p.state))
    for state in kept:
        _assert_same(_train(rule="adam", engine=engine, resume=state), whole)


def test_a_state_goes_through_a_pickle() -> None:
    state = _train(rule="adam", epochs=4).state
    _assert_same(_train(rule="adam", resume=pickle.loads(pickle.dumps(state))), _train(rule="adam"))  # noqa: S301


def test_a_state_is_not_changed_by_going_on_from_it() -> None:
    state = _train(rule="momentum", epochs=4).state
    before = pickle.dumps(state)
    first, second = (_train(rule="momentum", resume=state) for _ in range(2))
    assert pickle.dumps(state) == before
    _assert_same(first, second)


@pytest.mark.parametrize("rule", ["nesterov", "classical_nesterov"])
def test_a_training_goes_on_several_times(rule: str) -> None:
    given: dict[str, Any] = {"rule": rule, "schedule": "plateau:1:0.5"}
    state = None
    for epochs in (2, 3, 7):
        state = _train(epochs=epochs, resume=state, **given).state
    _assert_same(_train(resume=state, **given), _train(**given))


def test_steps_count_on() -> None:
    seen: list[int] = []
    _train(resume=_train(epochs=3).state, epochs=4, on_step=lambda progress: seen.append(progress.steps))
    assert seen == [13, 14, 15, 16]


def test_a_training_that_is_over_gives_what_it_had() -> None:
    whole = _train(patience=99)
    _assert_same(_train(patience=99, resume=whole.state), whole)


def test_patience_may_change_and_what_was_seen_counts() -> None:
    # At this rate the losses go up and down; that of epoch 6 is the lowest for a while.
    whole = _train(rate=0.9, epochs=30, patience=5)
    assert (whole.best_epoch, len(whole.history.epochs)) == (6, 11)
    before = _train(rate=0.9, epochs=8, patience=99)
    _assert_same(_train(rate=0.9, epochs=30, patience=5, resume=before.state), whole)
    stopped = _train(rate=0.9, epochs=30, patience=4)
    assert (stopped.stopped_by, len(stopped.history.epochs)) == (StoppedBy.PATIENCE, 10)
    _assert_same(_train(rate=0.9, epochs=30, patience=4, resume=stopped.state), stopped)
    _assert_same(_train(rate=0.9, epochs=30, patience=5, resume=stopped.state), whole)


def test_a_training_that_has_reached_its_goal_goes_no_further() -> None:
    reached = _train(loss_goal=max(_train().history.loss[1:]))
    assert reached.stopped_by == StoppedBy.LOSS_GOAL
    _assert_same(_train(loss_goal=reached.history.loss[-1], resume=reached.state), reached)


def test_without_a_criterion_before_the_last_network_is_the_best_there_is() -> None:
    state = _train(epochs=5).state
    result = _train(epochs=5, patience=3, resume=state)
    assert result.best_epoch == 5
    _assert_same_network(result.network, state.network)


CHANGES: list[Any] = [
    ({"rate": 0.06}, "rate is 0.06 but was 0.05 when the state was kept"),
    ({"batch_size": 5}, "batch_size is 5 but was 4"),
    ({"shuffle": False}, "shuffle is False but was True"),
    ({"seed": 4}, "seed is 4 but was 3"),
    ({"rule": "adam:0.8"}, "rule is 'adam:0.8' but was 'adam'"),
    ({"rule": "adamw"}, "rule is 'adamw' but was 'adam'"),
    ({"schedule": "cosine"}, "schedule is 'cosine' but was 'constant'"),
    ({"clip_norm": 1}, "clip_norm is 1.0 but was None"),
    ({"l1": 0.1}, "l1 is 0.1 but was 0.0"),
    ({"l2": 0.1}, "l2 is 0.1 but was 0.0"),
    ({"dropout": 0.1}, "dropout is 0.1 but was 0.0"),
    ({"metric": "r2"}, "metric is 'r2' but was 'loss'"),
    ({"sample_weight": WEIGHT}, "The samples, targets, weights of samples or masks are not those"),
    ({"validation": 0.2}, "The samples, targets, weights of samples or masks are not those"),
    ({"validation": WATCHED}, "The samples, targets, weights of samples or masks are not those"),
    ({"masks": [w > 0 for w in START.weights]}, "weights of samples or masks are not those of the state"),
    ({"epochs": 3}, "epochs is 3 but the state has 4 already. Give a larger"),
]


@pytest.mark.parametrize(("changed", "message"), CHANGES)
def test_going_on_with_something_else_is_refused(changed: dict[str, Any], message: str) -> None:
    state = _train(rule="adam", epochs=4).state
    with pytest.raises(InputError) as caught:
        _train(**{"rule": "adam", **changed}, resume=state)
    assert message in str(caught.value)


@pytest.mark.parametrize("changed", ["X", "Y", "watched X", "watched Y"])
def test_going_on_with_a_number_changed_in_its_last_bit_is_refused(changed: str) -> None:
    arrays = {"X": X.copy(), "Y": Y.copy(), "watched X": WATCHED[0].copy(), "watched Y": WATCHED[1].copy()}

    def run(**settings: Any) -> TrainingResult:  # noqa: ANN401 (handed through)
        watched = (arrays["watched X"], arrays["watched Y"])
        return train(START, arrays["X"], arrays["Y"], rate=0.1, epochs=2, validation=watched, **settings)

    state = run().state
    arrays[changed][1, 1] = np.nextafter(arrays[changed][1, 1], 9)
    with pytest.raises(InputError, match="are not those of the state"):
        run(resume=state)


@pytest.mark.parametrize(
    "net",
    [
        Network.random((2, 5, 2), ["tanh", "identity"]),
        Network.random((2, 4, 2), ["logistic", "identity"]),
        Network.random((2, 4, 2), ["tanh", "identity"], "absolute"),
        Network.random((2, 4, 2), ["tanh", "identity"], dtype="float32"),
    ],
)
def test_going_on_with_another_network_is_refused(net: Network) -> None:
    state = _train(epochs=4).state
    with pytest.raises(InputError, match=r"The state is that of Network\(.*\) but the network is Network\("):
        _train(net, resume=state)


def test_elsewhere_it_goes_on_with_other_rows_and_settings_by_the_same_rule() -> None:
    state = _train(rule="momentum", epochs=4).state
    as_before = _train(rule="momentum", epochs=5, resume=state.elsewhere())
    _assert_same_network(as_before.network, _train(rule="momentum", epochs=5).network)
    given: dict[str, Any] = {"epochs": 5, "batch_size": 2, "seed": 8, "l2": 0.1, "rate": 0.2}
    other = train(START, X[:5], Y[:5], rule="momentum", resume=state.elsewhere(), **given)
    assert [epoch.number for epoch in other.history.epochs] == [1, 2, 3, 4, 5]
    anew = train(state.network, X[:5], Y[:5], rule="momentum", **given | {"epochs": 1})
    assert not np.allclose(other.network.weights[0], anew.network.weights[0])
    with pytest.raises(InputError, match="rule is 'adam' but was 'momentum'"):
        train(START, X[:5], Y[:5], rule="adam", resume=state.elsewhere(), **given)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_rows_elsewhere_that_have_no_finite_loss_are_refused(engine: str) -> None:
    state = _train(epochs=4, engine=engine).state
    with pytest.raises(InputError, match="The loss of the network before training is inf"):
        train(START, X, 1e200 * Y, epochs=5, rate=0.05, engine=engine, resume=state.elsewhere())


def test_threads_and_a_loss_goal_may_change() -> None:
    state = _train(WIDE, epochs=4, threads=1).state
    losses = _train(WIDE).history.loss
    result = _train(WIDE, resume=state, threads=2, loss_goal=max(losses[4:]))
    assert result.stopped_by == StoppedBy.LOSS_GOAL
    assert result.history.loss == losses[: len(result.history.loss)]


def test_rows_are_known_by_their_numbers_however_they_lie_in_memory() -> None:
    many = np.random.default_rng(7).normal(size=(5000, 2))  # more than are looked at at once
    other = many.copy()
    other[-1, -1] += 1

    def known(rows: npt.NDArray[Any]) -> str:
        return fingerprint(Task(START, Rows(rows, many, None), None), None)

    assert known(np.asfortranarray(many)) == known(many)
    assert known(other) != known(many)
    digest = hashlib.sha256(b"float64 (5000, 2)" + many.tobytes())
    digest.update(b"float64 (5000, 2)" + many.tobytes() + 4 * b"none")
    assert known(many) == digest.hexdigest()


@pytest.mark.parametrize("rule", ["adam", "lbfgs"])
def test_a_training_is_gone_with_its_result(rule: str) -> None:
    """With all that it made of the rows, and without the garbage collector."""

    def runs() -> int:
        return sum(type(one) is Run for one in gc.get_objects())

    gc.collect()
    before = runs()
    gc.disable()
    result = _train(rule=rule)
    assert runs() == before + 1  # from which its state can be asked for
    del result
    assert runs() == before
    gc.enable()
