"""PyTorch on the CPU: the usual modules and optimiser, and a loop by hand that is several times faster."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from benchmarks.tasks import RATE, Task, start_network

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from benchmarks.rivals import Form, Options

__all__ = ["forms", "versions"]

sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input


def versions() -> dict[str, str]:
    """Version of PyTorch."""
    return {"torch": torch.__version__}


def forms(
    task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any], options: Options
) -> dict[str, Callable[[], Form]]:
    """Modules with autograd, and the backward pass by hand; TorchScript of the latter was no faster."""
    torch.set_num_threads(task.threads)
    if task.kind == "predict":
        return {"functional": partial(Prediction, task, X)}
    by_hand = Online if task.batch_size == 1 else Batches
    found: dict[str, Callable[[], Form]] = {
        "backward by hand, buffers reused": partial(by_hand, task, X, Y),
        "modules, autograd, SGD": partial(Modules, task, X, Y),
    }
    if task.batch_size == 1:
        found["backward by hand, biases apart"] = partial(OnlineApart, task, X, Y)
    if options.torch_compile:
        found["backward by hand, torch.compile"] = partial(Compiled, task, X, Y)
    return found


def _weights(task: Task) -> list[torch.Tensor]:
    """First weights, as tensors of their own."""
    return [torch.from_numpy(weights.copy()) for weights in start_network(task).weights]


class ByHand(ABC):
    """Weights with the biases in column 0, and before the inputs of every layer a column of ones."""

    output = "logistic"

    def __init__(self, task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> None:
        self.task, self.batch_size = task, task.batch_size
        ones = np.ones((len(X), 1), X.dtype)
        self.all = torch.from_numpy(np.hstack([ones, X])), torch.from_numpy(Y)

    def reset(self, rows: int) -> None:
        """Fresh weights and buffers; rows cut into batches."""
        self.W = _weights(self.task)
        self.inputs, self.targets = (self.cut(tensor[:rows]) for tensor in self.all)
        shapes = [self.shape(len(weights)) for weights in self.W]
        new = partial(torch.empty, dtype=self.W[0].dtype)
        self.z, self.delta, self.upstream = ([new(shape) for shape in shapes] for _ in range(3))
        self.extended = [new(self.shape(1 + len(weights))).fill_(1) for weights in self.W]
        self.a = [extended[..., 1:] for extended in self.extended]

    def cut(self, tensor: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Batches of a tensor of samples."""
        batches: tuple[torch.Tensor, ...] = tensor.split(self.batch_size)
        return batches

    def shape(self, units: int) -> tuple[int, ...]:
        """Shape of a batch of `units` numbers each."""
        return (self.batch_size, units)

    def run(self, epochs: int) -> None:
        """Train."""
        with torch.no_grad():
            for _ in range(epochs):
                self.epoch()

    @abstractmethod
    def epoch(self) -> None:
        """Go once through the batches."""

    def result(self) -> list[npt.NDArray[Any]]:
        """Trained weights."""
        return [weights.numpy() for weights in self.W]


class Online(ByHand):
    """One sample an update: matrix times vector, and outer products."""

    def cut(self, tensor: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Single samples, as vectors."""
        single: tuple[torch.Tensor, ...] = tensor.unbind()
        return single

    def shape(self, units: int) -> tuple[int, ...]:
        """A vector."""
        return (units,)

    def epoch(self) -> None:
        """Five operations a layer and sample."""
        mv, sigmoid, subtract = torch.mv, torch.sigmoid, torch.sub
        W, z, a, extended, delta, upstream = self.W, self.z, self.a, self.extended, self.delta, self.upstream
        transposed, columns = [weights[:, 1:].t() for weights in W], [d[:, None] for d in delta]
        layers = range(len(W))
        for x, y in zip(self.inputs, self.targets, strict=True):
            before = [x, *extended]
            for m in layers:
                mv(W[m], before[m], out=z[m])
                sigmoid(z[m], out=a[m])
            subtract(a[-1], y, out=upstream[-1])
            for m in reversed(layers):
                sigmoid_backward(upstream[m], a[m], grad_input=delta[m])
                if m:
                    mv(transposed[m], delta[m], out=upstream[m - 1])
                W[m].addcmul_(columns[m], before[m], value=-RATE)  # faster than the outer product, addr_


class OnlineApart(Online):
    """The same with the biases apart: one operation more, but rows that begin where vectors do."""

    def reset(self, rows: int) -> None:
        """Cut the biases off."""
        super().reset(rows)
        self.biases = [weights[:, 0].clone() for weights in self.W]
        self.W = [weights[:, 1:].clone() for weights in self.W]
        self.inputs = self.all[0][:rows, 1:].contiguous().unbind()

    def epoch(self) -> None:
        """Six operations a layer and sample."""
        mv, addmv, sigmoid, subtract = torch.mv, torch.addmv, torch.sigmoid, torch.sub
        W, b, z, delta, upstream = self.W, self.biases, self.z, self.delta, self.upstream
        a = [torch.empty_like(d) for d in delta]
        transposed, columns = [weights.t() for weights in W], [d[:, None] for d in delta]
        layers = range(len(W))
        for x, y in zip(self.inputs, self.targets, strict=True):
            before = [x, *a]
            for m in layers:
                addmv(b[m], W[m], before[m], out=z[m])
                sigmoid(z[m], out=a[m])
            subtract(a[-1], y, out=upstream[-1])
            for m in reversed(layers):
                sigmoid_backward(upstream[m], a[m], grad_input=delta[m])
                if m:
                    mv(transposed[m], delta[m], out=upstream[m - 1])
                W[m].addcmul_(columns[m], before[m], value=-RATE)
                b[m].sub_(delta[m], alpha=RATE)

    def result(self) -> list[npt.NDArray[Any]]:
        """Trained weights."""
        return [torch.column_stack(pair).numpy() for pair in zip(self.biases, self.W, strict=True)]


class Batches(ByHand):
    """Mini-batches: the same with matrices."""

    def epoch(self) -> None:
        """Five operations a layer and batch."""
        mm, sigmoid, subtract = torch.mm, torch.sigmoid, torch.sub
        W, z, a, extended, delta, upstream = self.W, self.z, self.a, self.extended, self.delta, self.upstream
        transposed, without_bias = [w.t() for w in W], [w[:, 1:] for w in W]
        delta_t = [d.t() for d in delta]
        layers = range(len(W))
        step = RATE / self.batch_size
        for x, y in zip(self.inputs, self.targets, strict=True):
            before = [x, *extended]
            for m in layers:
                mm(before[m], transposed[m], out=z[m])
                sigmoid(z[m], out=a[m])
            subtract(a[-1], y, out=upstream[-1])
            for m in reversed(layers):
                sigmoid_backward(upstream[m], a[m], grad_input=delta[m])
                if m:
                    mm(delta[m], without_bias[m], out=upstream[m - 1])
                W[m].addmm_(delta_t[m], before[m], alpha=-step)


class Compiled(ByHand):
    """A step by hand, compiled by PyTorch; its guards cost more than they gain on small networks."""

    def __init__(self, task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> None:
        super().__init__(task, X, Y)
        torch.compiler.reset()
        self.step = torch.compile(_step, fullgraph=True, dynamic=False)

    def epoch(self) -> None:
        """Go once through the batches."""
        for x, y in zip(self.inputs, self.targets, strict=True):
            self.step(self.W, x, y)


def _step(W: list[torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> None:
    """One update in place."""
    before = [x]
    for weights in W:
        a = torch.sigmoid(before[-1] @ weights.t())
        before.append(torch.cat([torch.ones_like(a[:, :1]), a], dim=1))
    upstream = before.pop()[:, 1:] - y
    for m in reversed(range(len(W))):
        delta = upstream * a * (1 - a)
        if m:
            upstream, a = delta @ W[m][:, 1:], before[m][:, 1:]
        W[m].sub_((RATE / len(x)) * (delta.t() @ before[m]))


class Modules:
    """What most people write."""

    output = "logistic"

    def __init__(self, task: Task, X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> None:
        self.task, self.all = task, (torch.from_numpy(X), torch.from_numpy(Y))

    def reset(self, rows: int) -> None:
        """Fresh modules and a fresh optimiser; rows cut into batches."""
        self.inputs, self.targets = (tensor[:rows].split(self.task.batch_size) for tensor in self.all)
        self.linear = []
        for weights in _weights(self.task):
            module = nn.Linear(weights.shape[1] - 1, weights.shape[0], dtype=weights.dtype)
            with torch.no_grad():
                module.weight.copy_(weights[:, 1:])
                module.bias.copy_(weights[:, 0])
            self.linear.append(module)
        self.net = nn.Sequential(*(part for module in self.linear for part in (module, nn.Sigmoid())))
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=RATE)

    def run(self, epochs: int) -> None:
        """Train."""
        for _ in range(epochs):
            for x, y in zip(self.inputs, self.targets, strict=True):
                self.optimizer.zero_grad()
                loss = 0.5 * ((self.net(x) - y) ** 2).sum() / len(x)
                loss.backward()
                self.optimizer.step()

    def result(self) -> list[npt.NDArray[Any]]:
        """Trained weights."""
        with torch.no_grad():
            return [torch.hstack([m.bias[:, None], m.weight]).numpy() for m in self.linear]


class Prediction:
    """Outputs for a tensor of rows, as a tensor."""

    output = "logistic"

    def __init__(self, task: Task, X: npt.NDArray[Any]) -> None:
        self.all = torch.from_numpy(X)
        self.layers = [(w[:, 1:].contiguous(), w[:, 0].contiguous()) for w in _weights(task)]

    def reset(self, rows: int) -> None:
        """Take the first rows."""
        self.X = self.all[:rows]

    def run(self, epochs: int) -> None:
        """Predict."""
        with torch.inference_mode():
            for _ in range(epochs):
                a = self.X
                for weights, biases in self.layers:
                    a = nn.functional.linear(a, weights, biases).sigmoid_()
                self.outputs = a

    def result(self) -> list[npt.NDArray[Any]]:
        """Outputs."""
        return [self.outputs.numpy()]
