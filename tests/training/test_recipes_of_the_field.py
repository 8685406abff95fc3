"""Published recipes for tables beside independent copies in PyTorch: RealMLP's and TabM's, step by step.

The copies are written from the papers' formulas, in their own parametrisation, with gradients by autograd and
PyTorch's Adam; what they share with the package is the first weights and the rows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from chainrule import Network, train
from chainrule.equations import Piecewise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

pytestmark = pytest.mark.oracle
torch: Any = pytest.importorskip("torch")


@pytest.fixture(autouse=True, scope="module")
def _one_thread_of_pytorch() -> Iterator[None]:
    """More would wait for each other over matrices that small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


ROWS, BATCH, EPOCHS = 320, 32, 20  # 200 steps
EPSILON = 1e-8


def rows_of(n_inputs: int, classes: int | None) -> tuple[Numbers, Numbers]:
    """Inputs as they are after a smooth clip, and a target that depends on some of them."""
    random = np.random.default_rng(8)
    X = random.normal(size=(ROWS, n_inputs))
    X = X / np.sqrt(1 + (X / 3) ** 2)
    signal = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.3 * random.normal(size=ROWS)
    if classes is None:
        return X, ((signal - signal.mean()) / signal.std())[:, None]
    # Not as many of each: where a batch has, Adam makes a step of what rounding leaves of a gradient of 0.
    places = np.quantile(signal, 0.8 * np.arange(1, classes) / classes)
    return X, np.eye(classes)[np.searchsorted(places, signal)]


def batches(X: Numbers, Y: Numbers) -> list[tuple[Any, Any]]:
    return [
        (torch.from_numpy(X[first : first + BATCH]), torch.from_numpy(Y[first : first + BATCH]))
        for first in range(0, ROWS, BATCH)
    ]


def assert_as_close(found: Sequence[Numbers], expected: Sequence[Numbers], tolerance: float) -> None:
    """No weight of a matrix is further from the copy's than this share of the matrix's largest."""
    for m, (w, copy) in enumerate(zip(found, expected, strict=True)):
        assert w.shape == copy.shape
        assert np.abs(w - copy).max() <= tolerance * np.abs(copy).max(), f"weights[{m}]"


def coslog4(t: float) -> float:
    return 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * t)))


def flat_cosine(t: float) -> float:
    return 1.0 if t < 0.5 else 0.5 * (1 + math.cos(math.pi * (2 * t - 1)))


class RealMLP:
    """The recipe's network in its own parametrisation, z = x W / sqrt(n_in) + b, and its training.

    Embedded inputs give four columns each, as the recipe has them: three sums, and the input. Adam moves W by
    the rate; its epsilon is divided by sqrt(n_in), so that it means the same as beside W / sqrt(n_in).
    """

    def __init__(self, net: Network, n_numbers: int = 0) -> None:
        self.classes = net.activations[-1].name == "softmax"
        kinds = [layer.name for layer in net.layers]
        d, self.embeds = n_numbers, "periodic" in kinds
        n = net.sizes[0]
        own = list(net.weights)
        # places of the package's units, inputs and then sums, among those of the copy: e1 e2 e3 x of each
        self.order = np.arange(n)
        if self.embeds:
            table = own.pop(0)
            c1, w, b, c, A = np.split(table, [1, 17, 33, 35], axis=1)
            self.frequencies, self.phases = _leaf(w), _leaf(b)
            self.matrix = _leaf(A.reshape(d, 3, 16).transpose(0, 2, 1))
            self.shift, self.more = _leaf(c1), _leaf(c)
            embedded = np.array([[n + j, n + d + j, n + 2 * d + j, j] for j in range(d)])
            self.order = np.concatenate([embedded.ravel(), np.arange(d, n)])
        self.scale = _leaf(own.pop(0)[:, 0][self.order])
        own[0] = np.concatenate([own[0][:, :1], own[0][:, 1:][:, self.order]], axis=1)
        self.W = [_leaf(w[:, 1:].T * math.sqrt(w.shape[1] - 1)) for w in own]
        self.b = [_leaf(w[:, 0]) for w in own]
        self.d = d

    def outputs(self, x: Any) -> Any:  # noqa: ANN401 (tensors)
        if self.embeds:
            numbers, others = x[:, : self.d], x[:, self.d :]
            h = torch.cos(2 * math.pi * self.frequencies * numbers[:, :, None] + self.phases)
            shift = torch.cat([self.shift, self.more], dim=1)
            e = torch.einsum("ndp,dpe->nde", h, self.matrix) + shift
            x = torch.cat([torch.cat([e, numbers[:, :, None]], dim=2).flatten(1), others], dim=1)
        a = x * self.scale
        for m, (W, b) in enumerate(zip(self.W, self.b, strict=True)):
            z = a @ W / math.sqrt(len(W)) + b
            if m == len(self.W) - 1:
                return z
            smooth = torch.logaddexp(z, torch.zeros_like(z))
            a = torch.nn.functional.selu(z) if self.classes else z * torch.tanh(smooth)
        raise AssertionError

    def loss(self, x: Any, y: Any) -> Any:  # noqa: ANN401 (tensors)
        if self.classes:
            labels = y.argmax(dim=1)
            return torch.nn.functional.cross_entropy(self.outputs(x), labels, label_smoothing=0.1)
        return 0.5 * torch.nn.functional.mse_loss(self.outputs(x), y)

    def groups(self, decay: float) -> list[dict[str, Any]]:
        """Factors of the rate, epsilon and decay of each parameter.

        None decays of what the package has in column 0: biases, front scales and the first shift of each
        embedding.
        """
        roots = [math.sqrt(len(W)) for W in self.W]
        groups = [
            {"params": [self.scale], "factor": 6.0, "eps": EPSILON, "weight_decay": 0.0},
            {"params": self.b, "factor": 0.1, "eps": EPSILON, "weight_decay": 0.0},
            *(
                {"params": [W], "factor": 1.0, "eps": EPSILON / root, "weight_decay": decay}
                for W, root in zip(self.W, roots, strict=True)
            ),
        ]
        if self.embeds:
            parts = [self.frequencies, self.phases, self.matrix, self.more]
            groups += [
                {"params": parts, "factor": 0.1, "eps": EPSILON, "weight_decay": decay},
                {"params": [self.shift], "factor": 0.1, "eps": EPSILON, "weight_decay": 0.0},
            ]
        return groups

    def train(self, X: Numbers, Y: Numbers, rate: float, *, cycles: bool, decay: float = 0.0) -> None:
        optimizer = torch.optim.AdamW(self.groups(decay), lr=rate, betas=(0.9, 0.95))
        decays = [group["weight_decay"] for group in optimizer.param_groups]
        for epoch in range(EPOCHS):
            factor = coslog4((epoch + 0.5) / EPOCHS) if cycles else 1.0
            for group, own in zip(optimizer.param_groups, decays, strict=True):
                group["lr"] = rate * factor * group["factor"]
                group["weight_decay"] = own * flat_cosine(epoch / EPOCHS)
            for x, y in batches(X, Y):
                optimizer.zero_grad()
                self.loss(x, y).backward()
                optimizer.step()

    def weights(self) -> list[Numbers]:
        """As the package has them."""
        back = np.argsort(self.order)
        matrices = [_numbers(W).T / math.sqrt(len(W)) for W in self.W]
        matrices[0] = matrices[0][:, back]
        dense = [np.column_stack([_numbers(b), W]) for b, W in zip(self.b, matrices, strict=True)]
        front = [_numbers(self.scale)[back][:, None]]
        if self.embeds:
            A = _numbers(self.matrix).transpose(0, 2, 1).reshape(self.d, -1)
            parts = [_numbers(one) for one in (self.shift, self.frequencies, self.phases, self.more)]
            front = [np.concatenate([*parts, A], axis=1), *front]
        return [*front, *dense]


def _leaf(numbers: npt.ArrayLike) -> Any:  # noqa: ANN401 (tensor)
    return torch.tensor(np.asarray(numbers), dtype=torch.float64, requires_grad=True)


def _numbers(tensor: Any) -> Numbers:  # noqa: ANN401 (tensor)
    numbers: Numbers = tensor.detach().numpy().copy()
    return numbers


def real_mlp(X: Numbers, classes: int | None, *, embedded: int = 0) -> Network:
    """First weights of the recipe: scales 1, weights and biases normal, outputs 0."""
    front = ["scale"]
    if embedded:
        front = [f"periodic:16:3:{X.shape[1] - embedded}", "scale"]
    unit = "mish" if classes is None else "selu"
    outputs = ("identity", "rss") if classes is None else ("softmax", "cross_entropy")
    net = Network.random(
        (X.shape[1], 24, 24, 24, classes or 1),
        [*["identity"] * len(front), *[unit] * 3, outputs[0]],
        outputs[1],
        start="zero_output,lecun_normal",
        layers=[*front, *["dense"] * 4],
    )
    random = np.random.default_rng(3)
    weights = [w.copy() for w in net.weights]
    for w in weights[len(front) : -1]:
        w[:, 0] = random.normal(size=len(w))
    return net.with_weights(weights)


RECIPE: dict[str, Any] = {"rule": "adam:0.9:0.95", "bias_rate": 0.1}
IN_ORDER: dict[str, Any] = {"epochs": EPOCHS, "batch_size": BATCH, "shuffle": False}


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize(
    ("classes", "rate", "schedule", "tolerance"),
    [
        (3, 0.04, "constant", 1e-10), (3, 0.04, "coslog:4", 1e-10), (2, 0.04, "coslog:4", 1e-10),
        (None, 0.07, "constant", 1e-10), (None, 0.07, "coslog:4", 1e-10),
        (3, 0.2, "coslog:4", 1e-8), (None, 0.2, "coslog:4", 1e-8),
    ],
)  # fmt: skip
def test_real_mlp(classes: int | None, rate: float, schedule: str, tolerance: float, engine: str) -> None:
    """At a constant rate of 0.2 two copies of the copy drift apart, too: there is nothing to compare."""
    X, Y = rows_of(6, classes)
    net = real_mlp(X, classes)
    copy = RealMLP(net)
    copy.train(X, Y, rate, cycles=schedule != "constant")
    found = train(
        net, X, Y, rate=rate, rate_factors="6,ntp,ntp,ntp,ntp", schedule=schedule, engine=engine,
        label_smoothing=0.0 if classes is None else 0.1, **RECIPE, **IN_ORDER,
    )  # fmt: skip
    assert_as_close(found.network.weights, copy.weights(), tolerance)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("decay", [0.0, 0.02])
@pytest.mark.parametrize(("classes", "rate", "tolerance"), [(3, 0.04, 1e-10), (None, 0.2, 1e-8)])
def test_real_mlp_with_embedded_numbers_and_decay(
    classes: int | None, rate: float, tolerance: float, decay: float, engine: str
) -> None:
    X, Y = rows_of(6, classes)
    X[:, 4:] = X[:, 4:] > 0  # classes, say, that are not embedded
    net = real_mlp(X, classes, embedded=4)
    copy = RealMLP(net, 4)
    copy.train(X, Y, rate, cycles=True, decay=decay)
    decays = {"rule": f"adamw:{decay}:0.9:0.95", "decay_schedule": "flat_cosine"} if decay else {}
    found = train(
        net, X, Y, rate=rate, rate_factors="0.1,6,ntp,ntp,ntp,ntp", schedule="coslog:4", engine=engine,
        label_smoothing=0.0 if classes is None else 0.1, **{**RECIPE, **decays}, **IN_ORDER,
    )  # fmt: skip
    assert_as_close(found.network.weights, copy.weights(), tolerance)


class TabM:
    """Networks that share each W, l_i(x) = s_i * (W (r_i * x)) + b_i, with a head of their own each."""

    def __init__(self, net: Network, members: int) -> None:
        self.members, self.is_class = members, net.activations[-1].name == "softmax"
        *hidden, head = net.weights
        self.layers = [[_leaf(w) for w in hidden[first : first + 4]] for first in range(0, len(hidden), 4)]
        self.first_shared = [layer[1][:, :1].detach() for layer in self.layers]
        for layer in self.layers:
            layer[1] = _leaf(layer[1].detach()[:, 1:])
        self.heads = _leaf(head.reshape(members, -1, head.shape[1]))

    def outputs(self, x: Any, i: int) -> Any:  # noqa: ANN401 (tensors)
        for r, W, s, b in self.layers:
            x = torch.relu(s[:, i] * ((r[:, i] * x) @ W.T) + b[:, i])
        return x @ self.heads[i, :, 1:].T + self.heads[i, :, 0]

    def loss(self, x: Any, y: Any) -> Any:  # noqa: ANN401 (tensors)
        each = [self.outputs(x, i) for i in range(self.members)]
        if self.is_class:
            losses = [torch.nn.functional.cross_entropy(z, y) for z in each]
        else:
            losses = [0.5 * torch.nn.functional.mse_loss(z, y) for z in each]
        return torch.stack(losses).mean()

    def train(self, X: Numbers, Y: Numbers, rate: float) -> None:
        optimizer = torch.optim.Adam([*(p for layer in self.layers for p in layer), self.heads], lr=rate)
        for _ in range(EPOCHS):
            for x, y in batches(X, Y):
                optimizer.zero_grad()
                self.loss(x, y).backward()
                optimizer.step()

    def predicted(self, X: Numbers) -> Numbers:
        each = [self.outputs(torch.from_numpy(X), i) for i in range(self.members)]
        if self.is_class:
            each = [torch.softmax(z, dim=1) for z in each]
        return _numbers(torch.stack(each).mean(dim=0))

    def weights(self) -> list[Numbers]:
        found = []
        for (r, W, s, b), shared in zip(self.layers, self.first_shared, strict=True):
            found += [_numbers(r), _numbers(torch.cat([shared, W], dim=1)), _numbers(s), _numbers(b)]
        return [*found, _numbers(self.heads).reshape(-1, self.heads.shape[2])]


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("members", [1, 5, 8])
@pytest.mark.parametrize("classes", [3, None])
def test_tabm(classes: int | None, members: int, engine: str) -> None:
    X, Y = rows_of(6, classes)
    K, units = members, 20
    of_layer = (f"member_scale:{K}", "dense", f"member_scale:{K}", f"member_bias:{K}")
    outputs = ("identity", "rss") if classes is None else ("softmax", "cross_entropy")
    net = Network.random(
        (6, units, units, classes or 1),
        [*(["identity"] * 3 + ["relu"]) * 2, outputs[0]],
        outputs[1],
        seed=2,
        layers=[*of_layer, *of_layer, f"member_dense:{K}"],
    )
    random = np.random.default_rng(4)
    started = [w + 0.1 * random.normal(size=w.shape) for w in net.weights]
    started[1][:, 0] = started[5][:, 0] = 0
    net = net.with_weights(started)
    masks = [np.ones(w.shape, bool) for w in net.weights]
    masks[1][:, 0] = masks[5][:, 0] = False

    copy = TabM(net, K)
    copy.train(X, Y, 0.01)
    found = train(net, X, Y, rate=0.01, rule="adam", masks=masks, engine=engine, **IN_ORDER)
    assert_as_close(found.network.weights, copy.weights(), 1e-10)
    np.testing.assert_allclose(found.network(X), copy.predicted(X), rtol=0, atol=1e-10)


@pytest.mark.parametrize("bins", [1, 4, 48])
def test_the_layer_of_bins_is_that_of_its_authors(bins: int) -> None:
    """Where the ends are not reached, beyond which theirs goes on as it was; and on the way back."""
    package: Any = pytest.importorskip("rtdl_num_embeddings")
    random = np.random.default_rng(bins)
    edges = np.sort(random.normal(size=(3, bins + 1)), axis=1) * [[1.0], [1e-3], [1e4]]
    within = random.uniform(size=(200, 3))
    x = edges[:, 0] * (1 - within) + edges[:, -1] * within
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # theirs keeps its edges in it
    theirs = package.PiecewiseLinearEncoding([torch.from_numpy(row) for row in edges])
    torch.set_default_dtype(usual)
    inputs = _leaf(x)
    expected = theirs(inputs).reshape(200, 3, bins)
    layer = Piecewise(bins=bins)
    found = layer.forward(edges, x)
    np.testing.assert_array_equal(found[:, :3], x)
    components = found[:, 3:].reshape(200, bins, 3).transpose(0, 2, 1)
    np.testing.assert_allclose(components, _numbers(expected), rtol=1e-13, atol=1e-13)

    upstream = random.normal(size=(200, 3, bins))
    expected.backward(torch.from_numpy(upstream))
    delta = np.concatenate([np.zeros((200, 3)), upstream.transpose(0, 2, 1).reshape(200, -1)], axis=1)
    np.testing.assert_allclose(layer.backward(edges, x, delta), inputs.grad.numpy(), rtol=1e-12)
