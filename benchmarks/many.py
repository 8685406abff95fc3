"""Many small trainings at once: ours on threads, and scikit-learn's in processes.

    python -m benchmarks.many restarts
    python -m benchmarks.many grid
    python -m benchmarks.many folds --rows 60000

Each tool runs in a process of its own, in turns, after a first run for nothing in it; the best of the
repetitions counts. Each time it is checked that the number of threads changes no bit: of the weights of all
restarts and folds, and of all scores of the grid.

restarts   100 networks 2-3-1 learn exclusive or, one update a sample at rate 0.7, for 5,000 epochs at most or
           until the loss is 0.0025. scikit-learn, which knows no such goal, trains for as many epochs as each
           of ours took, from other first weights and with its classifier's loss; of the first ten alone, as
           it takes long.
grid       20 points (4 sizes of the hidden layer, 5 penalties) in 5 folds over the digits: GridSearchCV over
           our MLPClassifier on threads, over scikit-learn's in joblib's processes.
folds      `chainrule.cross_validate` in 5 folds by its defaults, of a table of 12 columns and three classes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

RESTARTS, OF_SCIKIT = 100, 10
EPOCHS, RATE, GOAL = 5000, 0.7, 0.0025
GRID = {"hidden_layer_sizes": [(16,), (32,), (64,), (128,)], "alpha": [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]}
EPOCHS_OF_GRID = 30
TOOLS = {
    "restarts": ("chainrule, one by one", "chainrule, 2 threads", "scikit-learn, 2 processes"),
    "grid": ("chainrule, one by one", "chainrule, 2 threads", "scikit-learn, 2 processes"),
    "folds": ("chainrule, one by one", "chainrule, 2 threads"),
}


def main() -> None:
    """Measure what was asked for, and print a line for each tool."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.many", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=[*TOOLS, "one"])
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--repetitions", type=int, default=3)
    asked = parser.parse_args()
    if asked.what == "one":
        print(json.dumps(_one(*asked.rest, asked.rows)))  # noqa: T201 (a script)
    else:
        _compare(asked.what, asked.rows, asked.repetitions)


def _compare(what: str, rows: int, repetitions: int) -> None:
    """Run the tools in turns, each time in a new process."""
    found: dict[str, list[dict[str, Any]]] = {tool: [] for tool in TOOLS[what]}
    for _ in range(repetitions):
        for tool, runs in found.items():
            command = [sys.executable, "-m", "benchmarks.many", "one", what, tool, "--rows", str(rows)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            runs.append(json.loads(done.stdout.splitlines()[-1]))
    ours = {one["bits"] for tool, runs in found.items() if tool.startswith("chainrule") for one in runs}
    if len(ours) != 1:
        sys.exit("The number of threads changed a bit.")
    first = min(one["seconds"] / one["trainings"] for one in found[TOOLS[what][0]])
    for tool, runs in found.items():
        best = min(runs, key=lambda one: one["seconds"])
        each = best["seconds"] / best["trainings"]
        print(  # noqa: T201 (a script)
            f"{tool:<26} {best['seconds']:.2f} s for {best['trainings']}, {1000 * each:.2f} ms each "
            f"({each / first:.2f} of {TOOLS[what][0]}); {best['worth']}"
        )


def _one(what: str, tool: str, rows: int) -> dict[str, Any]:
    """Time one tool once."""
    warnings.simplefilter("ignore")
    is_ours, jobs = tool.startswith("chainrule"), 1 if tool.endswith("one by one") else 2
    measured: dict[str, Callable[[], tuple[int, str, str]]] = {
        "restarts": partial(_restarts if is_ours else _restarts_of_scikit, jobs),
        "grid": partial(_grid, jobs, is_ours=is_ours),
        "folds": partial(_folds, jobs, rows),
    }
    measured[what]()
    began = time.perf_counter()
    trainings, worth, bits = measured[what]()
    return {"seconds": time.perf_counter() - began, "trainings": trainings, "worth": worth, "bits": bits}


def _digest(arrays: Any) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def _xor() -> tuple[Any, Any]:
    return np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])


def _restarts(threads: int) -> tuple[int, str, str]:
    from chainrule import Network, train_restarts  # noqa: PLC0415 (each tool in a process of its own)

    X, y = _xor()
    many = train_restarts(
        lambda seed: Network.random((2, 3, 1), start="uniform", seed=seed), X, y[:, None],
        restarts=RESTARTS, threads=threads, rate=RATE, epochs=EPOCHS, loss_goal=GOAL,
    )  # fmt: skip
    epochs = [len(one.history.epochs) for one in many.results]
    learnt = sum(one.stopped_by.value == "loss_goal" for one in many.results)
    bits = _digest(w for one in many.results for w in one.network.weights)
    return RESTARTS, f"{sum(epochs)} epochs, {learnt} reached the goal", bits


def _restarts_of_scikit(jobs: int) -> tuple[int, str, str]:
    from joblib import Parallel, delayed  # noqa: PLC0415 (as above)

    from chainrule import Network, train_restarts  # noqa: PLC0415 (as above)

    X, y = _xor()
    many = train_restarts(
        lambda seed: Network.random((2, 3, 1), start="uniform", seed=seed), X, y[:, None],
        restarts=OF_SCIKIT, rate=RATE, epochs=EPOCHS, loss_goal=GOAL,
    )  # fmt: skip  # some milliseconds
    epochs = [len(one.history.epochs) for one in many.results]
    fitted = Parallel(n_jobs=jobs)(delayed(_fit_scikit)(X, y, n, seed) for seed, n in enumerate(epochs))
    return OF_SCIKIT, f"{sum(epochs)} epochs, {sum(fitted)} learnt all four rows", ""


def _fit_scikit(X: Any, y: Any, epochs: int, seed: int) -> bool:
    """Whether a network of scikit-learn's has learnt all rows in so many epochs."""
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415 (as above)

    warnings.simplefilter("ignore")
    network = MLPClassifier(
        (3,), activation="logistic", solver="sgd", alpha=0.0, batch_size=1, learning_rate_init=RATE,
        max_iter=epochs, momentum=0.0, tol=0.0, n_iter_no_change=EPOCHS, random_state=seed,
    )  # fmt: skip
    return bool(network.fit(X, y).score(X, y) == 1.0)


def _grid(jobs: int, *, is_ours: bool) -> tuple[int, str, str]:
    import joblib  # noqa: PLC0415 (as above)
    from sklearn.datasets import load_digits  # noqa: PLC0415 (as above)
    from sklearn.model_selection import GridSearchCV  # noqa: PLC0415 (as above)

    if is_ours:
        from chainrule import MLPClassifier  # noqa: PLC0415 (as above)

        network = MLPClassifier(max_iter=EPOCHS_OF_GRID, random_state=0, threads=1)
    else:
        from sklearn.neural_network import MLPClassifier as Theirs  # noqa: PLC0415 (as above)

        network = Theirs(max_iter=EPOCHS_OF_GRID, random_state=0)
    images = load_digits()
    search = GridSearchCV(network, GRID, cv=5, n_jobs=jobs, refit=False)
    with joblib.parallel_config("threading" if is_ours else "loky"):
        search.fit(images.data / 16, images.target)
    scores = [search.cv_results_[f"split{k}_test_score"] for k in range(5)]
    return 5 * len(scores[0]), f"best accuracy {search.best_score_:.4f}", _digest(scores)


def _folds(threads: int, rows: int) -> tuple[int, str, str]:
    import chainrule  # noqa: PLC0415 (as above)

    result = chainrule.cross_validate(_table(rows), target="y", folds=5, threads=threads)
    bits = _digest(w for one in result.folds for w in one.model.network.weights)
    return 5, f"accuracy {result.figures[0].mean:.4f}", bits


def _table(rows: int) -> Any:
    """Ten numbers, two categories, and a class of three that follows from some of them."""
    import chainrule  # noqa: PLC0415 (as above)

    random = np.random.default_rng(0)
    X = random.normal(size=(rows, 10))
    first, second = random.choice(list("abcde"), rows), random.choice(list("uvw"), rows)
    worth = np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 1.5 * (first == "a") + 0.3 * random.normal(size=rows)
    import pyarrow as pa  # noqa: PLC0415 (as above)

    columns = {f"x{k}": X[:, k] for k in range(10)} | {"first": first, "second": second}
    classes = np.where(worth > 1, "high", np.where(worth < -0.5, "low", "between"))  # noqa: PLR2004 (thirds)
    return chainrule.read_table(pa.table(columns | {"y": classes}))


if __name__ == "__main__":
    main()
