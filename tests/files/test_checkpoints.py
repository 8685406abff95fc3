"""A checkpoint gives back every bit of a training's state; a training goes on from it; damage is noticed."""

from __future__ import annotations

import copy
import hashlib
import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import safetensors.numpy

import chainrule
from chainrule import (
    GeneralizationLoss,
    InputError,
    Model,
    ModelFileError,
    Network,
    TrainingState,
    load_state,
    save,
    train,
)
from chainrule.equations import ACTIVATIONS, LOSSES, name_of
from chainrule.equations import RULES as ALL_RULES
from chainrule.files import load_model, model_from_bytes, model_to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RANDOM = np.random.default_rng(1)
X, Y = RANDOM.normal(size=(12, 2)), RANDOM.normal(size=(12, 2))
RATES = {"lbfgs": None, "levenberg_marquardt": None}
WITH_PARAMETERS = [
    "momentum:0.5", "nesterov:0.8", "classical_momentum:0.5", "rmsprop:0.9:1e-06", "adam:0.8:0.99:1e-06",
    "adamw:0.1", "irprop_minus:0.4:1.3", "lbfgs:3", "levenberg_marquardt:0.1",
]  # fmt: skip
RULES = [*ALL_RULES, *WITH_PARAMETERS]


def fit(rule: str, epochs: int, dtype: str = "float64", **settings: Any) -> Any:  # noqa: ANN401 (a result)
    """Training of a small network by a rule."""
    net = Network.random((2, 3, 2), ["tanh", "identity"], seed=2, dtype=dtype)
    name = rule.split(":", maxsplit=1)[0]
    return train(net, X, Y, rate=RATES.get(name, 0.01), epochs=epochs, rule=rule, **settings)


def assert_same(one: TrainingState, other: TrainingState) -> None:
    """Every field and every bit, but the time that the epochs took."""
    assert repr(one.network) == repr(other.network)
    for ours, theirs in zip(one.network.weights, other.network.weights, strict=True):
        assert ours.tobytes() == theirs.tobytes()
    assert len(one.rule) == len(other.rule)
    for of_ours, of_theirs in zip(one.rule, other.rule, strict=True):
        assert [np.asarray(x).dtype for x in of_ours] == [np.asarray(x).dtype for x in of_theirs]
        assert [np.asarray(x).tobytes() for x in of_ours] == [np.asarray(x).tobytes() for x in of_theirs]
    assert (one.best is None) == (other.best is None)
    if one.best is not None and other.best is not None:
        for ours, theirs in zip(one.best.weights, other.best.weights, strict=True):
            assert ours.tobytes() == theirs.tobytes()
    for name in ("best_epoch", "loss_before", "data"):
        assert getattr(one, name) == getattr(other, name)
    assert dict(one.settings) == dict(other.settings)
    fields = ("number", "loss", "rate", "validation_loss", "score")
    assert [[getattr(e, f) for f in fields] for e in one.epochs] == [
        [getattr(e, f) for f in fields] for e in other.epochs
    ]


# What is written is read


@pytest.mark.parametrize("engine", ["reference", "compiled"])
@pytest.mark.parametrize("rule", RULES)
def test_state_of_every_rule_comes_back_and_goes_on(rule: str, engine: str, tmp_path: Path) -> None:
    path = tmp_path / "c.st"
    state = fit(rule, 4, engine=engine).state
    save(state, path)
    again = load_state(path)
    assert_same(state, again)
    save(again, tmp_path / "d.st")
    assert path.read_bytes() == (tmp_path / "d.st").read_bytes()
    whole, resumed = fit(rule, 7, engine=engine), fit(rule, 7, engine=engine, resume=again)
    for ours, theirs in zip(whole.network.weights, resumed.network.weights, strict=True):
        assert ours.tobytes() == theirs.tobytes()
    assert whole.history.loss == resumed.history.loss
    assert_same(whole.state, resumed.state)


@pytest.mark.parametrize("rule", ["descent", "momentum", "adam", "irprop_minus"])
def test_float32_comes_back(rule: str, tmp_path: Path) -> None:
    state = fit(rule, 3, "float32", engine="reference").state
    save(state, tmp_path / "c.st")
    assert_same(state, load_state(tmp_path / "c.st"))
    assert all(w.dtype == np.float32 for w in load_state(tmp_path / "c.st").network.weights)


SETTINGS: list[dict[str, Any]] = [
    {"patience": 2, "validation": 0.25},
    {"patience": 3, "metric": "r2"},
    {"stopping": "progress_quotient:0.3:2", "validation": 0.25},
    {"stopping": GeneralizationLoss(3.0), "validation": 0.25},
    {"schedule": "warm_up:2,step:2:0.5", "batch_size": 4, "shuffle": False},
    {"schedule": "plateau:1:0.3", "validation": 0.25, "seed": 5},
    {"l1": 0.01, "l2": 0.1, "clip_norm": 0.5, "dropout": 0.3},
    {"sample_weight": np.arange(12.0), "threads": 1, "loss_goal": 1e-9},
]


@pytest.mark.filterwarnings("ignore:loss_goal=:chainrule.errors.TrainingWarning")
@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_state_with_any_setting_comes_back_and_goes_on(number: int, tmp_path: Path) -> None:
    settings = {**SETTINGS[number], "engine": "reference"}
    state = fit("adam", 3, **settings).state
    save(state, tmp_path / "c.st")
    again = load_state(tmp_path / "c.st")
    assert_same(state, again)
    assert_same(fit("adam", 6, **settings).state, fit("adam", 6, **settings, resume=again).state)


def test_the_best_network_comes_back(tmp_path: Path) -> None:
    # Rate 0.5 makes the first epochs the best ones.
    net = Network.random((2, 3, 2), ["tanh", "identity"], seed=2)
    state = train(net, X, Y, rate=0.5, epochs=6, rule="momentum", patience=6, engine="reference").state
    assert state.best is not None
    assert state.best_epoch is not None
    assert state.best_epoch < 6
    save(state, tmp_path / "c.st")
    assert_same(state, load_state(tmp_path / "c.st"))


def test_the_network_of_a_checkpoint_is_a_model(tmp_path: Path) -> None:
    state = fit("adam", 2, engine="reference").state
    save(state, tmp_path / "c.st")
    net = load_model(tmp_path / "c.st").network
    assert [w.tobytes() for w in net.weights] == [w.tobytes() for w in state.network.weights]
    assert isinstance(load_model(tmp_path / "c.st").state, TrainingState)


def test_a_model_alone_has_no_state(tmp_path: Path) -> None:
    save(Network.random((1, 1)), tmp_path / "m.st")
    with pytest.raises(
        ModelFileError, match=r"m\.st holds a model but no state of a training\. Give a checkpo"
    ):
        load_state(tmp_path / "m.st")


def test_a_rule_of_ones_own_cannot_be_saved(tmp_path: Path) -> None:
    class Half(chainrule.Descent):
        name = "half"

    state = train(
        Network.random((1, 1)), [[1.0]], [[0.5]], rate=1, epochs=1, rule=Half(), engine="reference"
    ).state
    with pytest.raises(InputError, match="The update rule half cannot be saved"):
        save(state, tmp_path / "c.st")
    assert not list(tmp_path.iterdir())


NAMES = [
    *ACTIVATIONS, "leaky_relu:0.2", "leaky_relu:0.3333333333333333",
]  # fmt: skip
LOSS_NAMES = [*LOSSES, "huber:1.5", "huber:1e-300", "quantile:0.1", "quantile:0.30000000000000004"]
OUTPUT_OF = {"cross_entropy": "softmax", "binary_cross_entropy": "logistic", "poisson": "softplus"}


@pytest.mark.parametrize("name", NAMES)
def test_every_activation_comes_back_with_its_parameters(name: str) -> None:
    activations = ["tanh", name] if name == "softmax" else [name, name]
    net = Network.random((2, 2, 2), activations, seed=1)
    again = model_from_bytes(model_to_bytes(Model(net))).network
    assert again.activations == net.activations
    assert [name_of(g) for g in again.activations] == activations


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_every_loss_comes_back_with_its_parameters(name: str) -> None:
    net = Network.random((2, 2), OUTPUT_OF.get(name, "identity"), name, seed=1)
    again = model_from_bytes(model_to_bytes(Model(net))).network
    assert again.loss == net.loss
    assert name_of(again.loss) == name


# What is no state is refused


def tiny_state() -> TrainingState:
    """State of Adam with a best network, as small as can be."""
    net = Network([[[0.5, -0.25]]], "identity")
    return train(
        net, [[1.0], [2.0]], [[0.0], [1.0]], rate=0.1, epochs=3, rule="adam", patience=3, engine="reference"
    ).state


CONTENT = model_to_bytes(Model(tiny_state().network, state=tiny_state()))


def refusal(content: bytes) -> str:
    """Message of the one error that hostile content may raise."""
    with pytest.raises(ModelFileError) as caught:
        model_from_bytes(content)
    message = str(caught.value)
    assert message.endswith(".")
    assert message.isprintable()
    assert len(message) < 700
    return message


def test_any_flipped_bit_is_noticed() -> None:
    content = bytearray(CONTENT)
    for place in range(len(content)):
        for bit in range(8):
            content[place] ^= 1 << bit
            refusal(bytes(content))
            content[place] ^= 1 << bit
    assert_same(tiny_state(), load_again(bytes(content)))


def load_again(content: bytes) -> TrainingState:
    state = model_from_bytes(content).state
    assert state is not None
    return state


def edited(
    change: Callable[[dict[str, Any]], object] = lambda _: None,
    tensors: Callable[[dict[str, Any]], object] = lambda _: None,
) -> bytes:
    """Checkpoint with a changed state, or changed tensors, and a digest that is right for it."""
    length = int.from_bytes(CONTENT[:8], "little")
    document = json.loads(json.loads(CONTENT[8 : 8 + length])["__metadata__"]["chainrule"])
    document["sha256"] = "0" * 64
    change(document["state"])
    arrays = {name: array.copy() for name, array in safetensors.numpy.load(CONTENT).items()}
    tensors(arrays)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    content = safetensors.numpy.save(arrays, metadata={"chainrule": text})
    return content.replace(b"0" * 64, hashlib.sha256(content).hexdigest().encode(), 1)


def test_the_helper_changes_nothing_but_what_it_should() -> None:
    assert edited() == CONTENT
    assert load_again(edited(lambda state: state.update(loss_before=7.5))).loss_before == 7.5


FIELDS = ["best_epoch", "data", "epochs", "loss_before", "numbers", "settings"]


@pytest.mark.parametrize("field", FIELDS)
def test_field_that_is_missing_unknown_or_of_another_type(field: str) -> None:
    refusal(edited(lambda state: state.pop(field)))
    refusal(edited(lambda state: state.update({field + "x": state.pop(field)})))
    numbers = () if field == "loss_before" else (0, -1, 1.5)
    no_text = () if field == "data" else ("",)  # a state from which other rows may go on has no digest
    for value in (
        *numbers,
        *no_text,
        None,
        True,
        10**400,
        "x",
        [],
        {},
        [1],
        {"a": 1},
        [[]],
        [None],
        "0" * 63,
        [[1.0]],
    ):
        refusal(edited(lambda state, value=value: state.update({field: value})))  # type: ignore[misc]


def test_state_that_is_no_object() -> None:
    def replaced(value: object) -> bytes:
        length = int.from_bytes(CONTENT[:8], "little")
        header = json.loads(CONTENT[8 : 8 + length])
        document = json.loads(header["__metadata__"]["chainrule"])
        document |= {"state": value, "sha256": "0" * 64}
        header["__metadata__"]["chainrule"] = json.dumps(document, sort_keys=True, separators=(",", ":"))
        text = json.dumps(header, separators=(",", ":")).encode()
        content = struct.pack("<Q", len(text)) + text + CONTENT[8 + length :]
        return content.replace(b"0" * 64, hashlib.sha256(content).hexdigest().encode(), 1)

    values: list[object] = [True, 0, 1.5, "x", [], {}, [{}]]
    for value in values:
        assert "is damaged: state: " in refusal(replaced(value))
    assert "its tensors are not W1, W2" in refusal(replaced(None))  # tensors that belong to no state


SETTINGS_OF = copy.deepcopy(dict(tiny_state().settings))
WRITTEN: set[str] = set()
edited(lambda state: WRITTEN.update(state["settings"]))


@pytest.mark.parametrize("name", SETTINGS_OF)
def test_setting_that_is_missing_or_wrong(name: str) -> None:
    if name in WRITTEN:  # others are the default of what there was not
        refusal(edited(lambda state: state["settings"].pop(name)))
    wrong: list[object] = [[], {}, [1], {"a": 1}]
    if name != "shuffle":
        wrong += ["nonsense", -1] if name != "metric" else [None, 1]
    for value in wrong:
        refusal(edited(lambda state, value=value: state["settings"].update({name: value})))  # type: ignore[misc]


def test_setting_of_another_version() -> None:
    refusal(edited(lambda state: state["settings"].update(speed=1)))


@pytest.mark.parametrize(
    "rule", ["descent", "momentum", "rmsprop", "irprop_minus", "lbfgs", "levenberg_marquardt"]
)
def test_state_of_another_rule(rule: str) -> None:
    def change(state: dict[str, Any]) -> None:
        state["settings"].update(rule=rule, rate=RATES.get(rule, 0.1))

    assert "not those of a training's state" in refusal(edited(change))


def test_rule_that_does_not_exist() -> None:
    refusal(edited(lambda state: state["settings"].update(rule="magic")))
    refusal(edited(lambda state: state["settings"].update(rule="adam:2")))
    refusal(edited(lambda state: state["settings"].update(rule="adam:nan")))


@pytest.mark.parametrize("name", ["rule1.mean", "rule1.mean_of_squares", "best1"])
def test_tensor_of_another_shape_type_or_with_nan(name: str) -> None:
    for change in (
        lambda array: array.T.copy(),
        lambda array: array[:, :1].copy(),
        lambda _: np.zeros((2, 2)),
        lambda array: array.astype(np.float32),
        lambda array: np.zeros(array.shape, dtype=np.int64),
        lambda array: array * np.nan,
        lambda array: array * 0 + np.inf,
    ):
        refusal(edited(tensors=lambda arrays, change=change: arrays.update({name: change(arrays[name])})))  # type: ignore[misc]
    refusal(edited(tensors=lambda arrays: arrays.pop(name)))
    refusal(edited(tensors=lambda arrays: arrays.update({name + "x": arrays.pop(name)})))
    refusal(edited(tensors=lambda arrays: arrays.update({"rule2.mean": arrays[name]})))
    refusal(edited(tensors=lambda arrays: arrays.update({"rule1.velocity": arrays[name]})))


@pytest.mark.parametrize(
    "numbers",
    [[[0.9]], [[0.9, 0.9, 0.9]], [], [[0.9, 0.9], [0.9, 0.9]], [[True, 0.9]], [[None, 0.9]], [["0.9", 0.9]],
     [[2.0, 0.9]], [[0.9, 1.0000001]], [[-0.1, 0.9]], [0.9, 0.9]],
)  # fmt: skip
def test_numbers_that_are_no_powers(numbers: list[Any]) -> None:
    refusal(edited(lambda state: state.update(numbers=numbers)))


@pytest.mark.parametrize("damping", [0.0, -1.0])
def test_damping_that_would_never_grow(damping: float) -> None:
    net = Network([[[0.5, -0.25]]], "identity")
    state = train(net, [[1.0], [2.0]], [[0.0], [1.0]], epochs=1, rule="levenberg_marquardt").state
    content = model_to_bytes(Model(state.network, state=state))
    assert load_again(content).rule == state.rule
    hostile = TrainingState(**{**vars(state), "rule": ((damping,),)})
    refusal(model_to_bytes(Model(hostile.network, state=hostile)))


def lbfgs_state(epochs: int) -> TrainingState:
    net = Network.random((2, 3, 2), ["tanh", "identity"], seed=2)
    return train(net, X, Y, epochs=epochs, rule="lbfgs:3", engine="reference").state


@pytest.mark.parametrize("epochs", [1, 2, 5])
def test_memory_of_lbfgs_has_as_many_steps_as_were_taken_up_to_its_size(epochs: int) -> None:
    state = lbfgs_state(epochs)
    for (steps, changes, _), matrix in zip(state.rule, state.network.weights, strict=True):
        assert steps.shape == changes.shape == (min(epochs, 3), *matrix.shape)
    assert_same(load_again(model_to_bytes(Model(state.network, state=state))), state)


@pytest.mark.parametrize(
    "change",
    [
        lambda steps, changes: (steps[:1], changes),  # not as many of each
        lambda steps, changes: (steps[:, :1], changes[:, :1]),
        lambda steps, changes: (steps[0], changes[0]),
        lambda steps, changes: (np.repeat(steps, 2, axis=0), np.repeat(changes, 2, axis=0)),  # too many
        lambda steps, changes: (steps * np.nan, changes),
        lambda steps, changes: (steps.astype(np.float32), changes),
        lambda steps, changes: (steps.sum(), changes),
        lambda steps, changes: (steps[np.newaxis], changes[np.newaxis]),
    ],
)
def test_memory_of_lbfgs_that_does_not_fit(change: Any) -> None:  # noqa: ANN401 (a function)
    state = lbfgs_state(4)
    for damaged in ({0}, {1}, {0, 1}):
        rule = [
            (*change(*of_matrix[:2]), of_matrix[2]) if m in damaged else of_matrix
            for m, of_matrix in enumerate(state.rule)
        ]
        hostile = TrainingState(**{**vars(state), "rule": tuple(rule)})
        refusal(model_to_bytes(Model(state.network, state=hostile)))


@pytest.mark.parametrize("fall", [-0.1, 1.1, np.nan])
def test_fall_that_is_no_share(fall: float) -> None:
    state = lbfgs_state(2)
    rule = tuple((steps, changes, fall) for steps, changes, _ in state.rule)
    with pytest.raises((ModelFileError, ValueError)):  # NaN is not even written
        model_from_bytes(
            model_to_bytes(Model(state.network, state=TrainingState(**{**vars(state), "rule": rule})))
        )


@pytest.mark.parametrize("best_epoch", [0, -1, 4, 1.0, True, "1", [1]])
def test_best_epoch_that_was_not(best_epoch: object) -> None:
    refusal(edited(lambda state: state.update(best_epoch=best_epoch)))


def test_best_epoch_without_its_network() -> None:
    refusal(edited(lambda state: state.update(best_epoch=None)))


@pytest.mark.parametrize(
    "epoch", [[], [1.0], [1.0, None, None], [1.0, None, None, None, None], [None, 0.1, None, None], 1.0, {},
              ["1", 0.1, None, None], [True, 0.1, None, None], [1.0, "0.1", None, None]]
)  # fmt: skip
def test_epoch_that_is_none(epoch: object) -> None:
    refusal(edited(lambda state: state["epochs"].append(epoch)))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite(number: str) -> None:
    length = int.from_bytes(CONTENT[:8], "little")
    header = json.loads(CONTENT[8 : 8 + length])
    text = header["__metadata__"]["chainrule"]
    loss = json.dumps(tiny_state().loss_before)
    assert text.count(f'"loss_before":{loss}') == 1
    text = text.replace(f'"loss_before":{loss}', f'"loss_before":{number}')
    header["__metadata__"]["chainrule"] = text.replace(json.loads(text)["sha256"], "0" * 64)
    whole = json.dumps(header, separators=(",", ":")).encode()
    content = struct.pack("<Q", len(whole)) + whole + CONTENT[8 + length :]
    refusal(content.replace(b"0" * 64, hashlib.sha256(content).hexdigest().encode(), 1))


def test_message_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.st"
    path.write_bytes(edited(lambda state: state.pop("data")))
    words = r"c\.st is not a chainrule model, or is damaged: state: Object missing required field `data`"
    with pytest.raises(ModelFileError, match=words):
        load_state(path)
