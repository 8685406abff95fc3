"""The line that moves below a cell while a training is under way, seen by a notebook that is none."""

from __future__ import annotations

import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import chainrule
from chainrule import Network, train, train_restarts
from chainrule.displays import MovingLine, in_notebook
from chainrule.training import Progress
from chainrule.training.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable

X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
# What short trainings lead to is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore::chainrule.errors.TrainingWarning")
WORDS = "chainrule.training.displays.progress"


class Notebook:
    """What is shown below the cell that is run."""

    def __init__(self) -> None:
        self.shell: Any = SimpleNamespace(kernel=object(), execution_count=1)
        self.said: list[str] = []
        self.outputs = 0
        self.is_gone = False

    def put(self, content: dict[str, str], *, raw: bool) -> None:
        assert raw
        assert set(content) == {"text/plain"}
        if self.is_gone:
            raise OSError
        self.said.append(content["text/plain"])

    def display(self, content: dict[str, str], *, raw: bool) -> None:
        self.outputs += 1
        self.put(content, raw=raw)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """A notebook whose line comes at once, and moves at every look."""
    found = Notebook()
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: found.shell  # type: ignore[attr-defined]
    display.DisplayHandle = lambda: SimpleNamespace(display=found.display, update=found.put)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    for name in ("SECONDS_BEFORE", "SECONDS_BETWEEN"):
        monkeypatch.setattr(f"{WORDS}.{name}", 0.0)
    monkeypatch.setattr(f"{WORDS}.SECONDS_BETWEEN_LOOKS", 1e-9)
    monkeypatch.setattr(MovingLine, "_of_cell", None)
    return found


def start(seed: int = 0) -> Network:
    return Network.random((2, 3, 1), seed=seed)


def exclusive_or(**settings: object) -> chainrule.TrainingResult:
    given: Any = {"rate": 0.7, "epochs": 50, **settings}
    return train(start(), X, Y, **given)


def test_it_moves_with_the_epochs_and_is_empty_at_the_end(notebook: Notebook) -> None:
    result = exclusive_or(engine="reference")
    *lines, last = notebook.said
    assert last == ""
    assert len(lines) >= 50
    epoch = result.history.epochs[48]
    assert any(line.startswith(f"epoch 49 of 50   loss {epoch.loss:.6g}") for line in lines)
    assert all(line.endswith("(interrupt the kernel to stop and keep the network)") for line in lines)
    assert notebook.outputs == 1


def test_it_changes_no_bit_and_lets_many_epochs_be_run_in_one_call(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one: list[int] = []
    alone = Run._next_epoch

    def counted(run: Run, number: int) -> object:
        one_by_one.append(number)
        return alone(run, number)

    monkeypatch.setattr(Run, "_next_epoch", counted)
    given = np.array(X, dtype=float)
    shown = exclusive_or(epochs=5000)
    assert notebook.said
    notebook.shell.kernel = None
    notebook.said.clear()
    quiet = train(start(), given, Y, rate=0.7, epochs=5000)
    assert not notebook.said
    assert not one_by_one
    assert shown.history.loss == quiet.history.loss
    assert [w.tobytes() for w in shown.network.weights] == [w.tobytes() for w in quiet.network.weights]


def test_it_comes_after_a_second_and_moves_ten_times_a_second_at_most(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: notebook.shell, raising=False)
    display = ModuleType("IPython.display")
    display.DisplayHandle = lambda: SimpleNamespace(display=notebook.display, update=notebook.put)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    now = 100.0
    monkeypatch.setattr(f"{WORDS}.time.monotonic", lambda: now)
    from chainrule.training.displays.progress import _Line  # noqa: PLC0415 (the line of one call)

    line, training = _Line(), Progress(100, 4, lambda: None, lambda: None)  # type: ignore[arg-type, return-value]
    at: list[float] = []
    for k in range(300):
        now = 100.0 + k / 100
        line.show(training)
        if len(notebook.said) > len(at):
            at.append(round(now - 100, 2))
    assert at[0] == 1.0
    assert min(np.diff(at)) >= 0.0999
    assert len(at) >= 18


def test_callbacks_of_the_users_own_take_its_place(notebook: Notebook) -> None:
    for name in ("on_step", "on_epoch", "on_time"):
        exclusive_or(**{name: lambda _: None})
    assert notebook.said == []


def test_a_script_a_terminal_a_thread_and_a_child_have_none(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[bool] = []
    assert in_notebook()
    thread = threading.Thread(target=lambda: found.append(in_notebook()))
    thread.start()
    thread.join()
    assert found == [False]
    with monkeypatch.context() as child:
        child.setattr("multiprocessing.parent_process", object)
        assert not in_notebook()
    notebook.shell = SimpleNamespace()  # IPython on a terminal
    assert not in_notebook()
    notebook.shell = None
    assert not in_notebook()
    exclusive_or()
    assert notebook.said == []
    monkeypatch.delitem(sys.modules, "IPython")
    assert not in_notebook()
    assert "IPython" not in sys.modules


def test_a_notebook_that_is_gone_is_no_reason_to_fail(notebook: Notebook) -> None:
    notebook.is_gone = True
    assert len(exclusive_or(engine="reference").history.epochs) == 50
    assert notebook.said == []
    assert notebook.outputs == 1  # tried once


def test_all_trainings_of_a_cell_share_one_line(notebook: Notebook) -> None:
    for _ in range(3):
        exclusive_or(epochs=5, engine="reference")
    assert notebook.outputs == 1
    notebook.shell.execution_count = 2
    exclusive_or(epochs=5, engine="reference")
    assert notebook.outputs == 2


def test_it_is_empty_after_an_error_and_after_ctrl_c(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(chainrule.DivergenceError):
        train(Network([[[0.0, 1.0]]], "identity"), [[10.0]], [[1.0]], rate=9, epochs=999, engine="reference")
    assert notebook.said[-1] == ""
    put = notebook.put

    def interrupted(content: dict[str, str], *, raw: bool) -> None:
        put(content, raw=raw)
        if content["text/plain"].startswith("epoch 3"):
            raise KeyboardInterrupt

    monkeypatch.setattr(notebook, "put", interrupted)
    notebook.shell.execution_count = 2
    result = exclusive_or(engine="reference")
    assert result.stopped_by.value == "interrupt"
    assert notebook.said[-1] == ""


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (lambda: chainrule.fit("examples/iris.csv", target="species", hidden=3, epochs=20), "epoch "),
        (
            lambda: chainrule.fit("examples/iris.csv", target="species", hidden=3, epochs=20, ensemble=2),
            "network",
        ),
        (
            lambda: chainrule.cross_validate(
                "examples/iris.csv", target="species", hidden=3, epochs=20, folds=3
            ),
            "fold",
        ),
        (
            lambda: chainrule.fit("examples/iris.csv", target="species", hidden=3, epochs=20, folds=3),
            "fold",
        ),
        (lambda: train_restarts(start, X, Y, restarts=3, rate=0.7, epochs=400), "network"),
    ],
    ids=["fit", "ensemble", "cross_validate", "folds", "restarts"],
)
def test_every_long_call_has_it(notebook: Notebook, run: Callable[[], object], words: str) -> None:
    run()
    assert any(line.startswith(words) for line in notebook.said)
    assert notebook.said[-1] == ""
    assert notebook.outputs == 1


def test_what_it_says_is_printable(notebook: Notebook) -> None:
    line = MovingLine()
    line.show("a\x1b[2K\nb")
    line.clear()
    assert notebook.said == ["a\\x1b[2K\\nb", ""]
    MovingLine().clear()
    assert notebook.outputs == 1


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_estimators_say_what_scikit_learns_do(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn")
    given = np.array(X, dtype=float), np.array(Y).ravel()
    chainrule.MLPClassifier(3, solver="sgd", max_iter=30, n_iter_no_change=100, verbose=True).fit(*given)
    assert capsys.readouterr().out.startswith("Iteration 1, loss = ")
    assert notebook.said == []
