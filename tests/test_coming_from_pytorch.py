"""Both sides of the page for users of PyTorch, Keras and skorch compute the same numbers."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from chainrule import Network, train

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # of Keras's weights
]

ROOT = Path(__file__).parents[1]
PAGE = ROOT.joinpath("docs/coming-from-pytorch.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in PAGE.split("\n## ")[1:]}
ROUNDING = 1e-12  # in double precision, after 300 updates
SINGLE = 1e-5  # what Keras multiplies matrices in


def _rows_under(header: str) -> list[list[str]]:
    """Cells of a table: the code in each, or else its words."""
    lines = PAGE.partition(header)[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [[re.sub(r"^`(.*?)`.*", r"\1", cell) for cell in row] for row in cells]


RULES = _rows_under("| PyTorch | Keras | chainrule |")
LOSSES = _rows_under("| PyTorch | Keras | chainrule: output, loss | share |")


def _source(block: str) -> str:
    """Statements of a block, which is a doctest or plain code."""
    examples = doctest.DocTestParser().get_examples(block)
    return "".join(example.source for example in examples) if examples else block


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    """What all names stand for at the end of each section, its blocks being run from top to bottom."""
    names: dict[str, Any] = {}
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("page")
        patch.chdir(folder)
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", str(folder))
        torch = pytest.importorskip("torch")
        for package in ("keras", "skorch"):
            pytest.importorskip(package)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # networks are small: more of them do nothing but wait for each other
        for title, section in SECTIONS.items():
            for block in re.findall(r"```python\n(.*?)```", section, re.DOTALL):
                exec(_source(block), names)  # noqa: S102 (the page's own)
            found[title] = dict(names)
        yield found
        torch.set_num_threads(threads)


def _same(ours: Network, theirs: Sequence[Any], within: float = ROUNDING) -> None:
    for w, other in zip(ours.weights, theirs, strict=True):
        np.testing.assert_allclose(w, other, rtol=0, atol=within)


def _moved(ours: Network, start: Network) -> bool:
    """Whether a training led anywhere that another one might not have led to."""
    return all(np.abs(w - first).max() > 0.01 for w, first in zip(ours.weights, start.weights, strict=True))


def _weights(module: Any) -> Sequence[Any]:  # noqa: ANN401 (PyTorch's)
    """Weights of linear layers, put together without the page's function."""
    parts = [part.detach().numpy() for part in module.parameters()]
    return [np.hstack([bias[:, None], w]) for w, bias in zip(parts[::2], parts[1::2], strict=True)]


def test_the_page_names_the_versions_that_are_installed_for_it() -> None:
    extras = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    oracles = extras["optional-dependencies"]["oracle"]
    pinned = dict(one.split("==") for one in oracles if "==" in one and not one.startswith("matplotlib"))
    said = re.findall(r"(PyTorch|Keras|skorch) (\d+\.\d+\.\d+)", PAGE)
    assert {{"PyTorch": "torch"}.get(name, name.lower()): version for name, version in said} == pinned


def test_weights_go_over_and_come_back(page: dict[str, dict[str, Any]]) -> None:
    seen = page["Weights, there and back"]
    torch, X, start = seen["torch"], seen["X"], seen["start"]
    _same(seen["back"], start.weights, within=0.0)
    module = seen["sequential_of"](start)
    np.testing.assert_allclose(module(torch.tensor(X)).detach().numpy(), start.forward(X).z[-1], atol=1e-14)
    np.testing.assert_allclose(module(torch.tensor(X)).softmax(1).detach().numpy(), start(X), atol=1e-14)
    single = seen["network_of"](module.float(), ["tanh", "softmax"], "cross_entropy")
    assert single.dtype == np.float32


def test_the_same_training_ends_in_the_same_network(page: dict[str, dict[str, Any]]) -> None:
    seen = page["The same training"]
    assert _moved(seen["result"].network, seen["start"])
    _same(seen["result"].network, _weights(seen["module"]))


@pytest.mark.parametrize("row", RULES, ids=[row[2] for row in RULES])
def test_every_rule_of_the_table_moves_the_weights_as_pytorch_does(
    page: dict[str, dict[str, Any]], row: list[str]
) -> None:
    seen = page["The same thing by another name"]
    torch, X, Y, start = seen["torch"], seen["X"], seen["Y"], seen["start"]
    module = seen["sequential_of"](start)
    names = {"p": module.parameters(), "module": module, "decayed": seen["decayed"]}
    optimizer = eval(f"optim.{row[0]}", names | {"optim": torch.optim})  # noqa: S307 (the page's own)
    n_rows = len(X) if "Rprop" in row[0] else 16
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(seen["y"]))
    seen["run"](module, optimizer, torch.utils.data.DataLoader(data, batch_size=n_rows), epochs=30)
    ours = train(start, X, Y, epochs=30, batch_size=n_rows, shuffle=False, **_arguments(row[2])).network
    assert _moved(ours, start)
    _same(ours, _weights(module))


@pytest.mark.parametrize("row", [row for row in RULES if row[1]], ids=[row[2] for row in RULES if row[1]])
def test_every_rule_of_the_table_moves_the_weights_as_keras_does(
    page: dict[str, dict[str, Any]], row: list[str]
) -> None:
    seen = page["Keras"]
    ours = train(
        seen["start"], seen["X"], seen["Y"], epochs=10, batch_size=16, shuffle=False, **_arguments(row[2])
    ).network
    assert _moved(ours, seen["start"])
    _same(ours, _by_keras(seen, seen["start"], "CategoricalCrossentropy()", row[1], epochs=10), SINGLE)


def test_keras_spares_biases_where_it_is_told_to_and_its_l2_is_half_of_ours(
    page: dict[str, dict[str, Any]],
) -> None:
    seen = page["Keras"]
    start, X, Y, keras = seen["start"], seen["X"], seen["Y"], seen["keras"]
    plan: dict[str, Any] = {"epochs": 10, "batch_size": 16, "shuffle": False}
    adamw = keras.optimizers.AdamW(0.01, weight_decay=0.5, epsilon=1e-20)
    adamw.exclude_from_weight_decay(var_names=["bias"])
    ours = train(start, X, Y, rule="adamw:0.5:0.9:0.999:1e-20", rate=0.01, **plan).network
    _same(ours, _by_keras(seen, start, "CategoricalCrossentropy()", adamw, epochs=10), SINGLE)
    l2 = train(start, X, Y, rule="descent", rate=0.1, l2=0.1, **plan).network
    _same(l2, _by_keras(seen, start, "CategoricalCrossentropy()", "SGD(0.1)", epochs=10, l2=0.05), SINGLE)


@pytest.mark.parametrize("row", LOSSES, ids=[row[0] for row in LOSSES])
def test_every_loss_of_the_table_is_that_share_of_ours(
    page: dict[str, dict[str, Any]], row: list[str]
) -> None:
    seen = page["Keras"]
    torch, X, Y = seen["torch"], seen["X"], seen["Y"]  # targets of 0 and 1 are some for every loss
    output, loss = re.findall(r'"(.*?)"', row[2])
    start = Network.random((4, 8, 3), ["tanh", output], loss, seed=2)
    share = eval(row[3], {"k": 3})  # noqa: S307 (the page's own)
    module = seen["sequential_of"](start)
    if output == "softplus":
        module.append(torch.nn.Softplus())
    criterion = eval(f"nn.{row[0]}", {"nn": torch.nn})  # noqa: S307 (the page's own)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    rows = list(zip(torch.tensor(X).split(16), torch.tensor(Y).split(16), strict=True))
    before = criterion(module(torch.tensor(X)), torch.tensor(Y)).item()
    for inputs, targets in rows * 30:
        optimizer.zero_grad()
        criterion(module(inputs), targets).backward()
        optimizer.step()
    result = train(start, X, Y, rate=0.1 * share, epochs=30, batch_size=16, shuffle=False)
    assert _moved(result.network, start)
    assert before == pytest.approx(share * result.history.loss_before, rel=1e-12)
    _same(result.network, _weights(module))
    shorter = train(start, X, Y, rate=0.1 * share, epochs=10, batch_size=16, shuffle=False).network
    _same(shorter, _by_keras(seen, start, row[1], "SGD(0.1)", epochs=10), SINGLE)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("relu", "ReLU()"), ("tanh", "Tanh()"), ("softplus", "Softplus()"), ("softsign", "Softsign()"),
        ("leaky_relu:0.01", "LeakyReLU()"), ("logistic", "Sigmoid()"), ("gelu", 'GELU("tanh")'),
        ("selu", "SELU()"), ("mish", "Mish()"),
    ],
)  # fmt: skip
def test_activations_are_those_of_pytorch(page: dict[str, dict[str, Any]], name: str, made: str) -> None:
    seen = page["The same thing by another name"]
    assert f"`{name}`" in PAGE
    torch, X, Y = seen["torch"], seen["X"], seen["Y"]
    start = Network.random((4, 8, 8, 3), [name, name, "softmax"], "cross_entropy", seed=2)
    module = seen["sequential_of"](start, lambda: eval(f"nn.{made}", {"nn": torch.nn}))  # noqa: S307
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(seen["y"]))
    seen["run"](module, optimizer, torch.utils.data.DataLoader(data, batch_size=16), epochs=10)
    ours = train(start, X, Y, rate=0.1, epochs=10, batch_size=16, shuffle=False).network
    _same(ours, _weights(module))


def test_a_clipped_gradient_differs_by_what_pytorch_adds_to_its_norm(page: dict[str, dict[str, Any]]) -> None:
    seen = page["The same thing by another name"]
    torch, start = seen["torch"], seen["start"]
    module = seen["sequential_of"](start)
    torch.nn.functional.cross_entropy(module(torch.tensor(seen["X"])), torch.tensor(seen["y"])).backward()
    norm = float(torch.nn.utils.clip_grad_norm_(module.parameters(), 0.1))
    plan: dict[str, Any] = {"rate": 1.0, "epochs": 1, "batch_size": len(seen["X"]), "clip_norm": 0.1}
    ours = train(start, seen["X"], seen["Y"], **plan).network
    assert norm > 0.1
    for w, first, layer in zip(ours.weights, start.weights, (module[0], module[2]), strict=True):
        theirs = torch.column_stack([layer.bias.grad, layer.weight.grad]).numpy() * (norm + 1e-6) / norm
        np.testing.assert_allclose(first - w, theirs, rtol=0, atol=1e-15)


def test_early_stopping_by_hand_stops_there_and_keeps_the_same_network(
    page: dict[str, dict[str, Any]],
) -> None:
    seen = page["Validation, early stopping, a schedule"]
    history = seen["stopped"].history
    assert 20 < len(history.epochs) < 300  # rates changed, and nobody ran out of epochs
    np.testing.assert_allclose(history.validation_loss, seen["validation_loss"], rtol=1e-10)
    _same(seen["stopped"].network, _weights(seen["module"]))


def test_both_go_on_from_a_file(page: dict[str, dict[str, Any]]) -> None:
    seen = page["Saving, and going on"]
    assert len(seen["longer"].history.epochs) == 80
    _same(seen["longer"].network, _weights(seen["module"]))
    whole = train(seen["start"], seen["X"], seen["Y"], **seen["adam"], epochs=80).network
    _same(seen["longer"].network, whole.weights, within=0.0)


def test_a_trace_has_the_gradients_of_autograd(page: dict[str, dict[str, Any]]) -> None:
    seen = page["Gradients"]
    for ours, (bias, w) in zip(seen["step"].gradients, seen["gradient"], strict=True):
        np.testing.assert_allclose(ours, np.hstack([bias.numpy()[:, None], w.numpy()]), rtol=0, atol=1e-15)


def test_keras_stops_there_and_keeps_the_same_network(page: dict[str, dict[str, Any]]) -> None:
    seen = page["Keras"]
    ours, theirs = seen["kept"].history, seen["fitted"].history
    assert 20 < len(ours.epochs) == len(theirs["loss"]) < 300
    np.testing.assert_allclose(ours.loss, theirs["loss"], rtol=0, atol=SINGLE)
    np.testing.assert_allclose(ours.validation_loss, theirs["val_loss"], rtol=0, atol=SINGLE)
    _same(seen["kept"].network, seen["weights"], SINGLE)


def test_skorch_trains_the_same_network(page: dict[str, dict[str, Any]]) -> None:
    seen = page["skorch and scikeras"]
    _same(seen["classifier"].network_, _weights(seen["wrapped"].module_))
    losses = seen["wrapped"].history[:, "train_loss"]
    np.testing.assert_allclose(seen["result"].history.loss, losses, rtol=1e-10)


def test_a_classifier_s_alpha_is_so_much_for_all_rows_of_a_batch(page: dict[str, dict[str, Any]]) -> None:
    seen = page["skorch and scikeras"]
    plan = {"alpha": 1.6, "learning_rate_init": 0.01, "batch_size": 16, "shuffle": False}
    classifier = seen["MLPClassifier"].from_network(seen["start"], [0, 1, 2], **plan)
    classifier.partial_fit(seen["X"], seen["y"])
    ours = train(seen["start"], seen["X"], seen["Y"], **seen["adam"], epochs=1, l2=1.6 / 16).network
    _same(ours, classifier.network_.weights)


def test_the_defaults_that_are_named_are_those_that_there_are(page: dict[str, dict[str, Any]]) -> None:
    seen = page["skorch and scikeras"]
    split, theirs = importlib.import_module("skorch.dataset").ValidSplit, seen["NeuralNetClassifier"].__base__
    table = PAGE.partition("| skorch, with its defaults |")[2].partition("\n\n")[0]
    found = 0
    for line in table.splitlines()[2:]:
        sides = zip(line.strip("|").split("|"), (theirs, seen["MLPClassifier"]), strict=True)
        for cell, made in sides:
            there = inspect.signature(made).parameters
            for name, text in re.findall(r"`(\w+)=([^`]+)`", cell):
                if name in there and not isinstance(there[name].default, (type, split)):
                    assert ast.literal_eval(text) == there[name].default, name
                    found += 1
    assert found >= 12


def _arguments(text: str) -> dict[str, Any]:
    """Arguments of `train` as the table has them."""
    made: dict[str, Any] = eval(f"dict({text})", {})  # noqa: S307 (the page's own)
    return made


def _by_keras(
    seen: dict[str, Any],
    start: Network,
    loss: str,
    optimizer: Any,  # noqa: ANN401 (Keras's, or its text)
    *,
    epochs: int,
    l2: float = 0.0,
) -> Sequence[Any]:
    """Weights after the same training by Keras."""
    keras = seen["keras"]
    output = {"logistic": "sigmoid", "identity": "linear"}.get(*[start.activations[-1].name] * 2)
    layers = [(start.sizes[1], "tanh"), (start.sizes[2], output)]
    penalty = keras.regularizers.L2(l2) if l2 else None
    dense = [keras.layers.Dense(n, g, kernel_regularizer=penalty) for n, g in layers]
    model = keras.Sequential([keras.Input((start.sizes[0],)), *dense])
    model.set_weights([part for w in start.weights for part in (w[:, 1:].T, w[:, 0])])
    if isinstance(optimizer, str):
        optimizer = eval(f"optimizers.{optimizer}", {"optimizers": keras.optimizers})  # noqa: S307
    model.compile(optimizer, eval(f"losses.{loss}", {"losses": keras.losses}))  # noqa: S307
    model.fit(seen["X"], seen["Y"], batch_size=16, epochs=epochs, shuffle=False, verbose=0)
    parts = model.get_weights()
    return [np.column_stack([bias, kernel.T]) for kernel, bias in zip(parts[::2], parts[1::2], strict=True)]
