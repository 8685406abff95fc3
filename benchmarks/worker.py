"""The process that runs one tool, and answers one question after the other."""

from __future__ import annotations

import math
import os
import signal
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.rivals import Unavailable, tool_named
from benchmarks.tasks import CHECK_ROWS, CHECK_UPDATES, samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    import numpy.typing as npt

    from benchmarks.rivals import Form, Options
    from benchmarks.tasks import Task

__all__ = ["Prepared", "serve"]

LONG_ENOUGH = 0.02  # seconds that settle which form is fastest
SQUARE, PRODUCTS = 768, 8  # rows of a matrix, and how many products settle a tool's rate
ROUNDS = 4  # samples come in whole batches of the form that takes this many at once


@dataclass(frozen=True)
class Prepared:
    """How a tool is going to do a task.

    Attributes
    ----------
    setting : str
        Its fastest form.
    output : str
        Activation of the last layer that it trains.
    rows, epochs : int
        Work of one repetition.
    steps : int or None
        Of a minimisation, to the goal.
    """

    setting: str
    output: str
    rows: int
    epochs: int
    steps: int | None = None


def serve(connection: Connection, tool: str, options: Options) -> None:
    """Answer until the other side is gone; Ctrl-C and a lost terminal are its to handle."""
    for name in {"SIGINT", "SIGHUP"} & set(dir(signal)):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    answers = _Answers(tool, options)
    with suppress(EOFError, OSError):
        while True:
            connection.send(_answer(answers, *connection.recv()))


def _answer(answers: _Answers, name: str, *args: Any) -> tuple[str, Any]:
    """What became of a question: "done" and the answer, or why there is none."""
    try:
        return "done", getattr(answers, name)(*args)
    except Unavailable as error:
        return "unavailable", str(error)
    except Exception:  # noqa: BLE001 -- the other side reports it, and the benchmark goes on
        return "failed", traceback.format_exc()


class _Answers:
    """The questions."""

    def __init__(self, tool: str, options: Options) -> None:
        self.tool, self.options = tool, options

    def versions(self) -> dict[str, str]:
        """Load the tool and say its versions."""
        module, _ = tool_named(self.tool)
        getattr(module, "begin", _nothing)(self.options.target)
        found: dict[str, str] = module.versions()
        return found

    def rate(self, dtype: str, threads: int) -> float | None:
        """Operations a nanosecond in a product of matrices; None of a tool that has no product for us."""
        module, _ = tool_named(self.tool)
        if not hasattr(module, "product") or self.tool in {"one pass", "two passes"}:
            return None
        A, B = np.random.default_rng(0).random((2, SQUARE, SQUARE)).astype(dtype)
        multiply = module.product(A, B, threads)
        multiply()
        seconds = []
        for _ in range(PRODUCTS):
            began = time.perf_counter()
            multiply()
            seconds.append(time.perf_counter() - began)
        return 2e-9 * SQUARE**3 / min(seconds)

    def move(self, cores: set[int]) -> None:
        """Go to other cores, with all threads; Linux alone lists them."""
        for thread in Path("/proc/self/task").glob("*"):
            os.sched_setaffinity(int(thread.name), cores)

    def prepare(self, task: Task) -> Prepared:
        """Compile, warm up, choose the fastest form and how much of it makes a repetition."""
        forms = {setting: make() for setting, make in self._forms(task).items()}
        seconds = {setting: _seconds_a_sample(form, task) for setting, form in forms.items()}
        setting = min(seconds, key=seconds.__getitem__)
        self.task, self.form = task, forms[setting]
        rows, epochs = _amount(task, seconds[setting], self.options.seconds)
        self.form.reset(rows)
        self.form.run(1)  # for nothing, so that what depends on the number of rows is compiled
        self.prepared = Prepared(setting, self.form.output, rows, epochs, getattr(self.form, "steps", None))
        return self.prepared

    def check(self, task: Task) -> list[npt.NDArray[Any]] | None:
        """Result after a few updates; the task may have another last layer than the one prepared."""
        form = self.form if task == self.task else self._forms(task)[self.prepared.setting]()
        rows = _fewest_rows(task)
        form.reset(rows)
        form.run(max(1, CHECK_UPDATES * task.batch_size // rows) if task.kind == "train" else 1)
        return form.result()

    def repeat(self) -> tuple[float, float]:
        """Seconds of one repetition: of its epochs, and of the whole call."""
        self.form.reset(self.prepared.rows)
        return _seconds(self.form, self.prepared.epochs)

    def _forms(self, task: Task) -> dict[str, Callable[[], Form]]:
        """Forms of a task."""
        _, forms_of = tool_named(self.tool)
        return forms_of(task, *samples(task), self.options)


def _nothing(_target: str) -> None:
    """What most tools have to do before they begin."""


def _seconds(form: Form, epochs: int) -> tuple[float, float]:
    """Time of the epochs, and of the whole call."""
    began = time.perf_counter()
    alone = form.run(epochs)
    whole = time.perf_counter() - began
    return (whole if alone is None else alone), whole


def _seconds_a_sample(form: Form, task: Task) -> float:
    """Rough speed, after one run that may compile, from a run of some length."""
    # Predictions may be compiled for each number of rows.
    rows, epochs = task.rows if task.kind == "predict" else _fewest_rows(task), 1
    form.reset(rows)
    form.run(1)
    while True:
        form.reset(rows)
        seconds, _ = _seconds(form, epochs)
        if seconds > LONG_ENOUGH:
            return seconds / (rows * epochs)
        if rows < task.rows:
            rows = min(4 * rows, task.rows)
        else:
            epochs *= 4


def _fewest_rows(task: Task) -> int:
    """Rows of a short run: a whole batch at least, and of a minimisation all."""
    return min(max(CHECK_ROWS, task.batch_size if task.kind != "predict" else 1), task.rows)


def _amount(task: Task, seconds_a_sample: float, seconds: float) -> tuple[int, int]:
    """Rows and epochs of a repetition: all rows, unless they take more than twice the time."""
    rows = task.rows
    if task.kind == "train" and seconds_a_sample * rows > 2 * seconds:
        whole = ROUNDS * task.batch_size
        rows = min(rows, whole * math.ceil(seconds / seconds_a_sample / whole))
    return rows, max(1, round(seconds / (seconds_a_sample * rows)))
