"""Fashion-MNIST with chainrule, PyTorch and scikit-learn: what each gets right, and how long it takes.

``python -m benchmarks.fashion_mnist``, in the root of the repository; the images are Debian's package
dataset-fashion-mnist. A network 784-256-128-10 with ReLU units, softmax outputs and cross-entropy is trained
by Adam in single precision, by every tool from the same weights, for as many epochs.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import sys
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.machine import describe
from benchmarks.processes import cores, environment, limits
from benchmarks.targets import host

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    Weights = Sequence[npt.NDArray[Any]]

FOLDER = Path("/usr/share/datasets/fashion-mnist")
SIZES = (784, 256, 128, 10)
NAMES = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip
WARM_UP = 1280  # rows of a short training before the one that is timed, so that everything is loaded


@dataclass(frozen=True)
class Plan:
    """How to train."""

    folder: Path
    epochs: int
    batch_size: int
    rate: float
    dtype: str


@dataclass(frozen=True)
class Found:
    """What a tool has reached.

    Attributes
    ----------
    tool, version : str
    threads : int
    seconds : float
        Training alone: nothing is read, compiled or judged meanwhile.
    accuracy : float
        Share of the test images that are told rightly, by the weights, whatever tool they are from.
    """

    tool: str
    version: str
    threads: int
    seconds: float
    accuracy: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Train with every tool and number of threads, and print a table; or write the images as tables."""
    asked = _parser().parse_args(arguments)
    if not (asked.folder / "train-images-idx3-ubyte.gz").exists():
        sys.stderr.write(f"There are no images in {asked.folder}: apt-get install dataset-fashion-mnist\n")
        return 1
    if asked.parquet:
        write_parquet(asked.folder, asked.parquet)
        return 0
    plan = Plan(asked.folder, asked.epochs, asked.batch_size, asked.rate, asked.dtype)
    found = []
    for threads in asked.threads:
        for tool in asked.tools:
            found.append(_in_process(tool, threads, plan))
            sys.stderr.write(f"{found[-1]}\n")
    if asked.json:
        facts: dict[str, Any] = {"machine": describe(), "plan": asdict(plan) | {"folder": str(plan.folder)}}
        facts["found"] = [asdict(one) for one in found]
        asked.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(_table(found, plan))
    return 0


def _parser() -> argparse.ArgumentParser:
    """Options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fashion_mnist", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"where the images are: {FOLDER}")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--rate", type=float, default=0.001)
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--tools", nargs="+", choices=[*TOOLS], default=[*TOOLS])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument(
        "--parquet", type=Path, metavar="FOLDER", help="only write the images there, as tables"
    )
    return parser


def read(folder: Path, part: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Pixels, a row an image, and labels from 0 to 9, of the part "train" or "t10k"."""
    pixels, labels = (
        np.frombuffer(gzip.decompress((folder / f"{part}-{name}-ubyte.gz").read_bytes()), np.uint8, offset=at)
        for name, at in (("images-idx3", 16), ("labels-idx1", 8))
    )
    return pixels.reshape(len(labels), -1), labels


def write_parquet(folder: Path, target: Path) -> None:
    """Write fashion_train.parquet and fashion_test.parquet: columns p0 to p783, and the label as text."""
    import pyarrow as pa  # noqa: PLC0415 -- only this needs it
    from pyarrow import parquet  # noqa: PLC0415

    target.mkdir(parents=True, exist_ok=True)
    for part, name in (("train", "fashion_train"), ("t10k", "fashion_test")):
        pixels, labels = read(folder, part)
        columns: dict[str, Any] = {f"p{j}": pixels[:, j] for j in range(pixels.shape[1])}
        table = pa.table(columns | {"label": [NAMES[label] for label in labels]})
        parquet.write_table(table, target / f"{name}.parquet")


def _in_process(tool: str, threads: int, plan: Plan) -> Found:
    """Train in a process of its own, with its threads on as many cores."""
    context = multiprocessing.get_context("spawn")
    connection, other = context.Pipe()
    process = context.Process(target=_answer, args=(other, tool, threads, plan), daemon=True)
    with environment(limits(threads, plan.dtype, host())), cores(threads):
        process.start()
    other.close()
    answer: Found = connection.recv()  # EOFError where the process has failed; it has said why
    process.join()
    return answer


def _answer(connection: Any, tool: str, threads: int, plan: Plan) -> None:
    """Train, and send what was reached."""
    train, package = TOOLS[tool]
    pixels, labels = read(plan.folder, "train")
    X = (pixels / 255).astype(plan.dtype)
    train(
        X[:WARM_UP], labels[:WARM_UP], threads, Plan(plan.folder, 1, plan.batch_size, plan.rate, plan.dtype)
    )
    weights, seconds = train(X, labels, threads, plan)
    pixels, labels = read(plan.folder, "t10k")
    accuracy = float((_told(weights, pixels / 255) == labels).mean())
    connection.send(Found(tool, version(package), threads, seconds, accuracy))


def _start(plan: Plan) -> Any:
    """Network that every tool starts from."""
    import chainrule  # noqa: PLC0415 -- after the process has its threads

    activations = ["relu", "relu", "softmax"]
    return chainrule.Network.random(
        SIZES, activations, "cross_entropy", seed=1, dtype=plan.dtype, start="he_uniform"
    )


def _told(weights: Weights, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Class with the largest output of each image."""
    for w in weights[:-1]:
        X = np.maximum(w[:, 0] + X @ w[:, 1:].T, 0)
    told: npt.NDArray[Any] = (weights[-1][:, 0] + X @ weights[-1][:, 1:].T).argmax(axis=1)
    return told


def _chainrule(
    X: npt.NDArray[Any], labels: npt.NDArray[Any], threads: int, plan: Plan
) -> tuple[Weights, float]:
    """One call of `train`, with all that it does before and after the epochs."""
    import chainrule  # noqa: PLC0415 -- after the process has its threads

    net, Y = _start(plan), np.eye(SIZES[-1], dtype=plan.dtype)[labels]
    began = time.perf_counter()
    result = chainrule.train(
        net,
        X,
        Y,
        epochs=plan.epochs,
        rate=plan.rate,
        batch_size=plan.batch_size,
        rule="adam",
        threads=threads,
    )
    return result.network.weights, time.perf_counter() - began


def _scikit(X: npt.NDArray[Any], labels: npt.NDArray[Any], threads: int, plan: Plan) -> tuple[Weights, float]:
    """`MLPClassifier`, an epoch a call, so that its first weights can be ours."""
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415 -- after the process has its threads

    del threads  # limited when the process began
    model = MLPClassifier(
        SIZES[1:-1], batch_size=plan.batch_size, learning_rate_init=plan.rate, alpha=0.0, random_state=1
    )
    model.partial_fit(X[: plan.batch_size], labels[: plan.batch_size], classes=np.arange(SIZES[-1]))
    for own, biases, w in zip(model.coefs_, model.intercepts_, _start(plan).weights, strict=True):
        own[...], biases[...] = w[:, 1:].T, w[:, 0]
    del model._optimizer  # noqa: SLF001 -- a fresh one, because it has heard of other weights
    began = time.perf_counter()
    for _ in range(plan.epochs):
        model.partial_fit(X, labels)
    seconds = time.perf_counter() - began
    pairs = zip(model.intercepts_, model.coefs_, strict=True)
    return [np.column_stack([biases, coefs.T]) for biases, coefs in pairs], seconds


def _pytorch(
    X: npt.NDArray[Any], labels: npt.NDArray[Any], threads: int, plan: Plan
) -> tuple[Weights, float]:
    """Modules, autograd and the fused Adam; batches are picked from one tensor, without a loader."""
    import torch  # noqa: PLC0415 -- after the process has its threads
    from torch import nn  # noqa: PLC0415

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    linear = []
    for w in _start(plan).weights:
        linear.append(nn.Linear(w.shape[1] - 1, w.shape[0], dtype=getattr(torch, plan.dtype)))
        with torch.no_grad():
            linear[-1].weight.copy_(torch.tensor(w[:, 1:]))
            linear[-1].bias.copy_(torch.tensor(w[:, 0]))
    net = nn.Sequential(linear[0], nn.ReLU(), linear[1], nn.ReLU(), linear[2])
    optimizer = torch.optim.Adam(net.parameters(), lr=plan.rate, fused=True)
    inputs, targets = torch.from_numpy(X), torch.from_numpy(labels.astype(np.int64))
    began = time.perf_counter()
    for _ in range(plan.epochs):
        for rows in torch.randperm(len(inputs)).split(plan.batch_size):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(inputs[rows]), targets[rows]).backward()
            optimizer.step()
    seconds = time.perf_counter() - began
    with torch.no_grad():
        return [torch.hstack([m.bias[:, None], m.weight]).numpy() for m in linear], seconds


TOOLS: dict[str, tuple[Callable[..., tuple[Weights, float]], str]] = {
    "chainrule": (_chainrule, "chainrule"),
    "PyTorch": (_pytorch, "torch"),
    "scikit-learn": (_scikit, "scikit-learn"),
}


def _table(found: Sequence[Found], plan: Plan) -> str:
    """Markdown for people and pages."""
    name = "-".join(map(str, SIZES))
    lines = [
        f"**Fashion-MNIST, {name}, {plan.epochs} epochs in batches of {plan.batch_size}, {plan.dtype}**",
        "",
        "| tool | threads | training, s | test accuracy |",
        "| --- | --: | --: | --: |",
        *(f"| {one.tool} | {one.threads} | {one.seconds:.1f} | {one.accuracy:.4f} |" for one in found),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
