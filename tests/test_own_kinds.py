"""One of each kind of a user's own, entered in the registry from outside: it works wherever a name does."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

import chainrule
from chainrule import InputError, Network, UnknownNameError, check_gradients, train
from chainrule.compiled.codes import code_of
from chainrule.compiled.machine.cache import folder
from chainrule.equations import (
    ACTIVATIONS,
    CRITERIA,
    ENGINES,
    LOSSES,
    METRICS,
    RULES,
    SCHEDULES,
    STARTS,
    Huber,
    Kind,
    Past,
    Patience,
    ReLU,
    name_of,
)
from chainrule.training.engines.choice import engine_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chainrule.settings import Settings
    from chainrule.training.task import Task


@dataclass(frozen=True)
class Bent:
    """Bent identity: smooth, and of a parameter."""

    bend: float = 0.5
    name: ClassVar[str] = "bent"
    formula: ClassVar[str] = "z + bend·(√(1 + z²) − 1)"
    derivative: ClassVar[str] = "(1 + bend·z/√(1 + z²))"

    def forward(self, z: Any) -> Any:  # noqa: ANN401 (any array)
        return z + self.bend * (np.sqrt(1 + z * z) - 1)

    def backward(self, z: Any, a: Any, upstream: Any) -> Any:  # noqa: ANN401, ARG002 (any array)
        return (1 + self.bend * z / np.sqrt(1 + z * z)) * upstream


@dataclass(frozen=True)
class Fourth:
    """A quarter of the fourth power of each residual."""

    name: ClassVar[str] = "fourth"
    formula: ClassVar[str] = "¼·(y − a)⁴"
    slope: ClassVar[str] = "(y − a)³"

    def values(self, a: Any, y: Any) -> Any:  # noqa: ANN401 (any array)
        return (y - a) ** 4 / 4

    def slopes(self, a: Any, y: Any) -> Any:  # noqa: ANN401 (any array)
        return (y - a) ** 3


@dataclass(frozen=True)
class Signs:
    """Steps of one length against the sign of a mean of gradients."""

    keep: float = 0.5
    name: ClassVar[str] = "signs"
    arrays: ClassVar[tuple[str, ...]] = ("mean",)
    numbers: ClassVar[tuple[str, ...]] = ()

    def init(self, weights: Any) -> tuple[Any, ...]:  # noqa: ANN401 (any array)
        return (np.zeros_like(weights),)

    def update(self, weights: Any, gradient: Any, state: tuple[Any, ...], rate: float) -> Any:  # noqa: ANN401
        mean = self.keep * state[0] + (1 - self.keep) * gradient
        return weights - rate * np.sign(mean), (mean,)


@dataclass(frozen=True)
class Linear:
    """A rate that falls in equal steps."""

    name: ClassVar[str] = "linear"

    def next_factor(self, past: Past, epochs: int) -> float:
        return 1 - len(past) / epochs


@dataclass(frozen=True)
class Enough:
    """Stop as soon as the watched value is low enough."""

    most: float = 0.1
    name: ClassVar[str] = "enough"

    def stops(self, past: Past) -> bool:
        return past[-1].watched <= self.most


@dataclass(frozen=True)
class Halves:
    """All weights between ±½."""

    name: ClassVar[str] = "halves"

    def weights(self, numbers: Any) -> Any:  # noqa: ANN401 (any array)
        return numbers - 0.5


def near(Y: Any, outputs: Any) -> float:  # noqa: ANN401 (any array)
    return float(np.mean(np.abs(Y - outputs) < 0.5))


def slow(task: Task, settings: Settings) -> Any:  # noqa: ANN401 (an engine)
    return engine_named("reference", task, settings)


OWN: list[tuple[Kind[Any], Any]] = [
    (ACTIVATIONS, Bent), (LOSSES, Fourth), (RULES, Signs), (SCHEDULES, Linear), (CRITERIA, Enough),
    (STARTS, Halves), (METRICS, near), (ENGINES, slow),
]  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def registered() -> Iterator[None]:
    """Enter them for the tests of this module alone."""
    for kind, entry in OWN:
        assert kind.register(entry) is entry
    yield
    for kind, entry in OWN:
        del kind._entries[getattr(entry, "name", entry.__name__)]


RANDOM = np.random.default_rng(8)
X = RANDOM.normal(size=(24, 3))
Y = np.stack([X[:, 0] - X[:, 1], np.abs(X[:, 2])], axis=1)


def _net() -> Network:
    return Network.random((3, 5, 2), ["bent:0.3", "identity"], "fourth", seed=3, start="halves")


def test_each_is_found_by_its_name_and_made_with_its_numbers() -> None:
    net = _net()
    assert net.activations[0] == Bent(0.3)
    assert net.loss == Fourth()
    assert repr(net) == "Network(3-5-2, bent:0.3, identity, fourth, float64)"
    np.testing.assert_array_equal(
        net.weights[0], Network.random((3, 5, 2), start=Halves(), seed=3).weights[0]
    )
    assert name_of(RULES.named("signs:0.25")) == "signs:0.25"
    with pytest.raises(UnknownNameError, match="Did you mean 'bent'"):
        Network.random((3, 5, 2), ["bnt", "identity"])
    with pytest.raises(InputError, match="bent takes at most bend"):
        Network.random((3, 5, 2), ["bent:1:2", "identity"])


def test_each_trains_is_checked_saved_and_goes_on_by_its_name(tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "rate": 0.05, "rule": "signs:0.75", "schedule": "linear", "stopping": "enough:-2",
        "metric": "near", "validation": 0.25, "batch_size": 4, "engine": "slow",
    }  # fmt: skip
    whole = train(_net(), X, Y, epochs=12, **given)
    assert whole.history.loss_after < whole.history.loss_before / 4
    assert whole.history.rate[:3] == pytest.approx((0.05, 0.05 * 11 / 12, 0.05 * 10 / 12))
    assert check_gradients(whole.network, X, Y).passed

    chainrule.save(whole.network, tmp_path / "net.st")
    again = chainrule.load_model(tmp_path / "net.st").network
    np.testing.assert_array_equal(again(X), whole.network(X))

    def stop_after_5(progress: chainrule.Progress) -> None:
        if len(progress.epochs) == 5:
            progress.stop()

    parts = train(_net(), X, Y, epochs=12, on_epoch=stop_after_5, **given)
    chainrule.save(parts.state, tmp_path / "state.st")
    resumed = train(_net(), X, Y, epochs=12, resume=chainrule.load_state(tmp_path / "state.st"), **given)
    for one, other in zip(resumed.network.weights, whole.network.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_criterion_of_ones_own_stops_a_training() -> None:
    result = train(
        _net(),
        X,
        Y,
        rate=0.05,
        epochs=500,
        batch_size=18,
        stopping="enough:0.2",
        validation=0.25,
        engine="reference",
    )
    losses = result.history.validation_loss
    assert result.stopped_by.value == "stopping"
    assert losses[-1] is not None
    assert losses[-1] <= 0.2 < min(loss for loss in losses[:-1] if loss is not None)


def test_a_table_is_fitted_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chainrule_command: Callable[..., Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "\n".join(f"{x[0]},{x[1]},{y[0]}" for x, y in zip(X, Y, strict=True))
    tmp_path.joinpath("t.csv").write_text(f"u,v,y\n{rows}\n", encoding="utf-8")
    result = chainrule.fit("t.csv", target="y", start="halves", schedule="linear", epochs=5)
    assert result.model.training is not None
    assert (result.model.training.start, result.model.training.schedule) == ("halves", "linear")
    typed = ("--start", "halves", "--schedule", "linear", "--epochs", 5, "--json")
    done = chainrule_command("fit", "t.csv", "--target", "y", *typed)
    assert done.code == 0, done.err
    assert json.loads(done.out)["loss"] == result.history.loss_after
    assert "--start halves" in chainrule_command("show", "t.safetensors").out


def test_a_file_names_what_this_process_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chainrule.save(_net(), tmp_path / "net.st")
    monkeypatch.delitem(ACTIVATIONS._entries, "bent")
    with pytest.raises(chainrule.ModelFileError, match="bent"):
        chainrule.load(tmp_path / "net.st")


def test_a_name_is_taken_once_only() -> None:
    class Other:
        name: ClassVar[str] = "relu"

    with pytest.raises(InputError, match="There is another activation 'relu' already"):
        ACTIVATIONS.register(Other)
    Other.name = "two words"
    with pytest.raises(InputError, match="must be one word"):
        ACTIVATIONS.register(Other)


class Doubled(ReLU):
    """Derived from one of the package's own; what it computes is another thing."""

    def forward(self, z: Any) -> Any:  # noqa: ANN401 (any array)
        return 2 * super().forward(z)

    def backward(self, z: Any, a: Any, upstream: Any) -> Any:  # noqa: ANN401 (any array)
        return 2 * super().backward(z, a, upstream)


def test_a_derived_class_is_not_taken_for_its_parent() -> None:
    net = Network.random((3, 4, 2), [Doubled(), "identity"], seed=1)
    assert repr(net) == "Network(3-4-2, Doubled, identity, rss, float64)"
    hidden = np.hstack([np.ones((24, 1)), X]) @ net.weights[0].T
    outputs = np.hstack([np.ones((24, 1)), 2 * np.maximum(hidden, 0)]) @ net.weights[1].T
    np.testing.assert_allclose(net(X), outputs, rtol=1e-12)
    with pytest.raises(InputError, match="has no kernel"):
        train(net, X, Y, rate=0.1, epochs=1)
    with pytest.raises(InputError, match="cannot be saved"):
        chainrule.save(net, "nowhere.st")
    text = chainrule.trace(net, X[0], Y[0], rate=0.1).text()
    assert "max(0" not in text
    assert "g(z_1^(2))" in text


class Replaced(ReLU):
    """Twice the rectifier, under the rectifier's own name."""

    name = "relu"

    def forward(self, z: Any) -> Any:  # noqa: ANN401 (any array)
        return 2 * super().forward(z)


@dataclass(frozen=True)
class Unregistered:
    """A schedule that no name stands for."""

    given: Any = 0.5
    name: ClassVar[str] = "unregistered"

    def next_factor(self, past: Past, epochs: int) -> Any:  # noqa: ANN401, ARG002 (interface)
        return self.given


def test_a_name_that_another_class_has_is_not_taken() -> None:
    net = Network.random((3, 4, 2), [Replaced(), "identity"], seed=1)
    assert "Replaced" in repr(net)
    with pytest.raises(InputError, match="cannot be saved"):
        chainrule.save(net, "nowhere.st")


def test_what_would_not_be_read_back_is_not_saved() -> None:
    net = Network.random((3, 4, 2), [Bent("half"), "identity"], start="uniform", seed=1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="cannot be saved"):
        chainrule.save(net, "nowhere.st")


def test_a_code_of_ones_own_is_no_kernel_and_leaves_those_there_are() -> None:
    class Tripled(Doubled):
        name = "tripled"
        code = ReLU.code

    before = folder.__wrapped__()
    ACTIVATIONS.register(Tripled)
    try:
        assert code_of(Tripled(), ACTIVATIONS) is None
        assert folder.__wrapped__() == before
    finally:
        del ACTIVATIONS._entries["tripled"]


def test_a_state_is_not_saved_with_what_no_name_stands_for(tmp_path: Path) -> None:
    result = train(_net_of_numbers(), X, Y, rate=0.1, epochs=3, schedule=Unregistered())
    with pytest.raises(InputError, match="The schedule unregistered cannot be saved"):
        chainrule.save(result.state, tmp_path / "n.st")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("given", [-0.5, float("nan"), float("inf"), "half", None, 1j])
def test_a_schedule_gives_a_factor(given: Any) -> None:  # noqa: ANN401 (whatever a schedule may give)
    with pytest.raises(InputError, match=r"The schedule unregistered.* gave ") as caught:
        train(_net_of_numbers(), X, Y, rate=0.1, epochs=3, schedule=Unregistered(given))
    assert caught.value.parameter == "schedule"


def test_what_is_watched_need_not_be_finite(tmp_path: Path) -> None:
    far = np.full((2, 3), 1e300), np.zeros((2, 2))
    given: dict[str, Any] = {"rate": 0.05, "validation": far, "engine": "reference"}
    net = _net_of_numbers()
    begun, path = train(net, X, Y, epochs=3, **given), tmp_path / "far.st"
    assert begun.history.validation_loss[0] == np.inf
    chainrule.save(begun.state, path)
    on = train(net, X, Y, epochs=5, **given, resume=chainrule.load_state(path))
    whole = train(net, X, Y, epochs=5, **given)
    np.testing.assert_equal(on.network.weights, whole.network.weights)
    assert on.history.validation_loss == whole.history.validation_loss


def _net_of_numbers() -> Network:
    return Network.random((3, 2), ["identity"], seed=1)


def _array_of(shape: tuple[int, ...]) -> Any:  # noqa: ANN401 (any array)
    return np.zeros(shape)


WRONG_ANSWERS: list[tuple[str, Any, str]] = [
    ("forward", None, r"forward\(\) of bent:0.3 gave None for arrays of shape \(2, 5\)"),
    ("forward", _array_of((2, 1)), r"forward\(\) of bent:0.3 gave array"),
    ("backward", _array_of((5, 2)), r"backward\(\) of bent:0.3 gave an object of the type ndarray"),
    ("values", _array_of((2,)), r"values\(\) of fourth gave array"),
    ("slopes", 0.0, r"slopes\(\) of fourth gave 0.0"),
    ("update", None, r"update\(\) of signs gave None"),
    ("update", (_array_of((2, 6)), 1.0), r"update\(\) of signs gave"),
    ("update", (_array_of((6, 2)), ()), r"shape that it is given, \(2, 6\)"),
    ("near", "high", "The metric near gave 'high' but must give a number"),
    ("near", _array_of((3,)), "The metric near gave array"),
]


@pytest.mark.parametrize(("method", "answer", "message"), WRONG_ANSWERS)
def test_a_wrong_answer_is_said_to_be_one(
    method: str, answer: object, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_arguments: object) -> object:
        return answer

    wrong.__name__ = method
    classes = {"forward": Bent, "backward": Bent, "values": Fourth, "slopes": Fourth, "update": Signs}
    if method in classes:
        monkeypatch.setattr(classes[method], method, wrong)
    given: dict[str, Any] = {"metric": wrong if method == "near" else "loss", "rule": "signs:0.5"}
    with pytest.raises(InputError, match=message):
        train(_net(), X, Y, rate=0.1, epochs=2, engine="reference", **given)


def test_what_is_no_class_is_not_registered() -> None:
    with pytest.raises(InputError, match="The name of 5 is None but must be one word"):
        ACTIVATIONS.register(5)


class Forgetful:
    """A rule with a state of which it tells nothing."""

    name: ClassVar[str] = "forgetful"

    def init(self, weights: Any) -> tuple[Any, ...]:  # noqa: ANN401 (any array)
        return (weights,)

    def update(self, weights: Any, gradient: Any, state: Any, rate: float) -> Any:  # noqa: ANN401 (any array)
        return weights - rate * gradient, state


def test_a_rule_needs_no_names_of_its_state_until_it_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RULES._entries, "forgetful", Forgetful)
    result = train(_net(), X, Y, rate=0.001, epochs=2, engine="reference", rule="forgetful")
    with pytest.raises(InputError, match="forgetful has 1 part, of which its arrays and numbers name 0"):
        chainrule.save(result.state, tmp_path / "state.st")
    with pytest.raises(InputError, match="has no kernel"):
        train(_net_of_numbers(), X, Y, rate=0.1, epochs=2, rule="forgetful")


@pytest.mark.parametrize("number", [np.float64(0.5), np.float32(0.5)])
def test_numbers_of_numpy_are_kept_as_pythons(number: Any) -> None:  # noqa: ANN401 (two kinds of number)
    parameters: list[tuple[Kind[Any], str, str]] = [
        (ACTIVATIONS, "leaky_relu", "slope"), (LOSSES, "huber", "limit"), (RULES, "adamw", "beta1"),
        (SCHEDULES, "cosine", "final"), (SCHEDULES, "plateau", "threshold"),
    ]  # fmt: skip
    for kind, name, parameter in parameters:
        one: Any = replace(kind[name], **{parameter: number})
        assert one == kind.named(name_of(one))
        assert type(getattr(one, parameter)) is float
    assert name_of(Patience(np.float32(3.0))) == "patience:3"  # type: ignore[arg-type]
    for nothing in (np.float32("nan"), 10**400, True):
        with pytest.raises(InputError, match="must be a finite number above 0"):
            Huber(nothing)  # type: ignore[arg-type]
