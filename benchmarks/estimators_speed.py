"""Time that the estimators take beside scikit-learn's, for the same work.

``python -m benchmarks.estimators_speed``, in the root of the repository; with Debian's dataset-fashion-mnist,
its 60,000 images, too. A fit is scikit-learn's default network and rule, 100 units and Adam, in all epochs
that are asked for, on inputs standardised before. Each time is the shortest of several, one after the other
in turns. The losses at the end are compared before anything is told: the orders of rows differ, so that they
agree but roughly.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn import datasets
from sklearn import neural_network as theirs
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import validate_data
from threadpoolctl import threadpool_limits

import chainrule as ours
from benchmarks.fashion_mnist import FOLDER, read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CALLS = 2000
REST = 0.3  # seconds, in which threads that wait for more work of the other one go to sleep
LARGEST_SHARE = 1.25  # of one loss in the other


class Task(NamedTuple):
    """Rows, how many epochs, in how many turns, and how often in each."""

    X: Any
    y: Any
    epochs: int
    turns: int
    in_a_row: int
    hidden: int = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each task."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimators_speed", description=__doc__)
    parser.add_argument("--threads", type=int, default=1, help="of both")
    asked = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    with threadpool_limits(asked.threads):
        tell("what", "scikit-learn", "chainrule", "times as fast")
        tell("---", "--:", "--:", "--:")
        for name, task in tasks().items():
            for dtype in ("float64", "float32"):
                one, other = fits(task._replace(X=task.X.astype(dtype)), asked.threads)
                tell(f"fit {name}, {task.epochs} epochs, {dtype}", *in_words(one, other))
        if asked.threads == 1:
            small_calls()
    return 0


def tell(*cells: str) -> None:
    """Write a line of the table."""
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


def in_words(one: float, other: float) -> tuple[str, str, str]:
    """Times of both and their ratio."""
    unit, size = ("ms", 1e3) if one > 1e-3 else ("µs", 1e6)  # noqa: PLR2004 (a millisecond)
    return f"{one * size:.3g} {unit}", f"{other * size:.3g} {unit}", f"{one / other:.2f}"


def tasks() -> dict[str, Task]:
    """Tables with their rows."""
    found = {}
    for name, load, epochs in (("iris", datasets.load_iris, 200), ("digits", datasets.load_digits, 60)):
        X, y = load(return_X_y=True)
        found[name] = Task(StandardScaler().fit_transform(X), y, epochs, 3, 5)
    if FOLDER.is_dir():
        images, labels = read(FOLDER, "train")
        rows = images.reshape(len(images), -1) / 255
        found["Fashion-MNIST"] = Task(rows, labels, 2, 2, 1)
        found["its first 30,000 rows, 256 units"] = Task(rows[:30_000], labels[:30_000], 4, 2, 1, 256)
    return found


def fits(task: Task, threads: int) -> tuple[float, float]:
    """Seconds of a fit by both, in turns."""
    given = {"max_iter": task.epochs, "tol": 0.0, "n_iter_no_change": task.epochs + 1, "random_state": 0}
    given["hidden_layer_sizes"] = (task.hidden,)
    best, losses = [np.inf, np.inf], [0.0, 0.0]
    own = 1 if threads == 1 else None  # as many as pay off
    ours.MLPClassifier(**{**given, "max_iter": 2}, threads=own).fit(task.X, task.y)  # kernels are compiled
    for _ in range(task.turns):
        for k, made in enumerate((theirs.MLPClassifier(**given), ours.MLPClassifier(**given, threads=own))):
            time.sleep(REST)
            for _ in range(task.in_a_row):
                began = time.perf_counter()
                made.fit(task.X, task.y)
                best[k], losses[k] = min(best[k], time.perf_counter() - began), made.loss_
    if not 1 / LARGEST_SHARE < losses[0] / losses[1] < LARGEST_SHARE:
        raise AssertionError(f"the losses are {losses}: this was not the same work")
    return best[0], best[1]


def small_calls() -> None:
    """Calls that take microseconds."""
    X, y = datasets.load_digits(return_X_y=True)
    X, numbers = StandardScaler().fit_transform(X), y.astype(np.float64)
    row = X[:1]
    one, other = (
        theirs.MLPClassifier(max_iter=5).fit(X, y),
        ours.MLPClassifier(max_iter=5, threads=1).fit(X, y),
    )
    net = other.network_
    assert np.allclose(net(row), other.predict_proba(row), rtol=0, atol=0)  # noqa: S101 (before it is timed)
    check = shortest(lambda: validate_data(one, row, accept_sparse=["csr", "csc"], reset=False))
    by_them, by_us = shortest(lambda: one.predict(row)), shortest(lambda: other.predict(row))
    tell("predict one row of digits", *in_words(by_them, by_us))
    tell("the same less scikit-learn's check of the row", *in_words(by_them - check, by_us - check))
    tell("Network on that row, beside predict", *in_words(by_them, shortest(lambda: net(row))))
    for n in (200, 1):
        given = X[:n, :10], numbers[:n]
        ones = [kind().partial_fit(*given) for kind in (theirs.MLPRegressor, ours.MLPRegressor)]
        times = [shortest(partial(one.partial_fit, *given), CALLS // 8) for one in ones]
        tell(f"partial_fit of {n} × 10", *in_words(*times))
    trainer = ours.Trainer(ours.Network.random((64, 32, 10)), rate=0.01)
    x, target = X[0], np.eye(10)[y[0]]
    learner = theirs.MLPClassifier(32, solver="sgd", activation="logistic", momentum=0, alpha=0)
    learner.partial_fit(row, y[:1], classes=np.arange(10))
    by_them = shortest(lambda: learner.partial_fit(row, y[:1]), CALLS // 8)
    by_us = shortest(lambda: trainer.step(x, target))
    tell("a step on one row, 64-32-10: Trainer beside partial_fit", *in_words(by_them, by_us))


def shortest(call: Callable[[], object], calls: int = CALLS) -> float:
    """Seconds of a call in the quickest of five loops."""
    best = np.inf
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(calls):
            call()
        best = min(best, (time.perf_counter() - began) / calls)
    return float(best)


if __name__ == "__main__":
    sys.exit(main())
