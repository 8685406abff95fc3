"""Kernels beside threads, forks and pools of processes, and what an interrupted training leaves behind."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import pytest
from kernel_children import environment, run_child
from running import run_epoch

from chainrule import Network, train
from chainrule.compiled.machine.cache import folder
from chainrule.compiled.machine.compiling import Kernel
from chainrule.compiled.machine.target import processors
from chainrule.compiled.machine.team import STOP
from chainrule.compiled.trainer import Trainer
from chainrule.compiled.twins.curvature import run_two_loops
from chainrule.equations import Adam

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from chainrule.training import Progress

# A program that waits for a thread that never comes would wait for ever.
PATIENCE = 120
can_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this platform")


def _samples(n: int = 200) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (n, 12)).astype("float32"), rng.uniform(0, 1, (n, 3)).astype("float32")


def _trained(batch_size: int = 32, on_epoch: Callable[[Progress], object] | None = None) -> Network:
    """A network that two threads trained, where the batch is large enough for two."""
    X, Y = _samples()
    net = Network.random((12, 40, 3), seed=1, dtype="float32")
    return train(net, X, Y, rate=0.1, epochs=20, batch_size=batch_size, threads=2, on_epoch=on_epoch).network


def _digest(net: Network) -> str:
    """Of its weights and of its outputs, computed by two threads."""
    digest = hashlib.sha256(b"".join(w.tobytes() for w in net.weights))
    digest.update(net(_samples()[0], threads=2).tobytes())
    return digest.hexdigest()


def digest_of_training(batch_size: int) -> str:
    """For pools of processes, which find a function by its name."""
    return _digest(_trained(batch_size))


def _run(name: str) -> Any:  # noqa: ANN401 (whatever the function printed as JSON)
    """Answer of a function of this module, run in a process of its own."""
    program = f"import test_threads_and_processes as t; t.{name}()"
    return json.loads(run_child(["-c", program], environment(folder().parent), timeout=PATIENCE).stdout)


def _say(answer: object) -> None:
    print(json.dumps(answer), flush=True)  # noqa: T201


# Threads.


def test_trainings_and_predictions_at_once_are_as_alone() -> None:
    batch_sizes = [1, 7, 32, 200]
    alone = [digest_of_training(batch_size) for batch_size in batch_sizes]
    assert len(set(alone)) == 4
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(digest_of_training, batch_sizes * 4)) == alone * 4


def child_whose_threads_all_need_kernels_first() -> None:
    """Nothing is compiled yet, and four threads begin at once."""
    ready = threading.Barrier(4)

    def digest(batch_size: int) -> str:
        ready.wait(PATIENCE)
        return digest_of_training(batch_size)

    with ThreadPoolExecutor(4) as pool:
        _say(list(pool.map(digest, [32] * 4)))


def test_threads_that_need_the_same_kernels_first_get_them(tmp_path: Path) -> None:
    program = "import test_threads_and_processes as t; t.child_whose_threads_all_need_kernels_first()"
    compiling, loading = (run_child(["-c", program], environment(tmp_path)) for _ in range(2))
    assert json.loads(compiling.stdout) == json.loads(loading.stdout) == [digest_of_training(32)] * 4
    said = "chainrule: compiling kernels, once; this takes some seconds"
    assert [line for line in compiling.stderr.splitlines() if line.startswith("chainrule: ")] == [said]
    assert said not in loading.stderr


def test_one_network_in_many_threads_at_once() -> None:
    net = _trained()
    X, _ = _samples()
    rows = [np.roll(X, shift, axis=0)[: 1 + 13 * shift] for shift in range(12)]
    alone = [net(x, threads=1).tobytes() for x in rows]
    fresh = Network(net.weights, net.activations)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda x: fresh(x, threads=2).tobytes(), rows * 20))
    assert found == alone * 20


@pytest.mark.parametrize("me", [0, 1])
def test_first_thread_alone_writes_the_numbers_of_a_step_and_before_they_meet(me: int) -> None:
    # A thread that came late from the meeting wrote them again, beginning with a rate that was not yet
    # corrected, while another one took a step by it.
    X, Y = _samples()
    net = Network.random((12, 40, 3), seed=1, dtype="float32")
    with Trainer(
        net.weights, net.activations, net.loss, X, Y, batch_size=32, rule=Adam(), threads=2
    ) as running:
        calls: dict[int, Any] = {}
        original = running._run
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(running, "_run", lambda *given: calls.update({given[-2]: given}) or 0.0)
            run_epoch(running, np.arange(len(X)), rate=0.5)
        begin = int(running._memory.places["step_numbers"])
        step_numbers = running._memory.array[begin : begin + 8]
        step_numbers[:] = 7
        running._team[STOP] = 1  # so that a thread comes as far as the first meeting
        original(*calls[me])
        expected = [-5, 0.9, 0.1, 0.999, 0.001] if me == 0 else [7] * 5
        np.testing.assert_allclose(step_numbers[:5], expected, rtol=1e-5)


# Processes.


def forking_child() -> None:
    """Train before the fork, in both processes after it, and from within a training."""
    expected = digest_of_training(32)

    def in_a_fork() -> str:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(write, digest_of_training(32).encode())
            os._exit(0)
        own = digest_of_training(32)
        os.close(write)
        with os.fdopen(read) as pipe:
            answer = pipe.read()
        assert os.waitpid(pid, 0)[1] == 0
        assert own == expected
        return answer

    answers = [in_a_fork(), in_a_fork()]
    _trained(32, on_epoch=lambda now: answers.append(in_a_fork()) if now.epoch.number == 2 else None)
    _say([expected, *answers])


@can_fork
def test_training_goes_on_after_a_fork() -> None:
    expected, *answers = _run("forking_child")
    assert answers == [expected] * 3


def pool_child() -> None:
    """Train in this process, and in pools."""
    answers = {"here": digest_of_training(32)}
    for method in ("fork", "spawn"):
        if method in multiprocessing.get_all_start_methods():
            # A new process loads everything anew: one does.
            with multiprocessing.get_context(method).Pool(2 if method == "fork" else 1) as pool:
                first, second = pool.map(digest_of_training, [32, 32])
            answers[f"{method}, first"], answers[f"{method}, second"] = first, second
    _say(answers)


def test_training_in_pools_of_processes() -> None:
    answers = _run("pool_child")
    assert set(answers) >= {"here", "spawn, first", "spawn, second"}
    assert len(set(answers.values())) == 1


# Settings of others.


def settings_child() -> None:
    """Whether training on two threads starts Numba's own threads, or changes how many it would use."""

    def started_layer() -> str | None:
        try:
            return str(numba.threading_layer())
        except ValueError:  # none has been started
            return None

    digest_of_training(32)
    layer, threads = started_layer(), threading.active_count()
    numba.set_num_threads(1)  # starts them
    digest_of_training(32)
    _say({"layer": layer, "threads": threads, "later": started_layer(), "number": numba.get_num_threads()})


def test_numbas_threads_are_not_touched() -> None:
    answer = _run("settings_child")
    assert (answer["layer"], answer["threads"]) == (None, 1)
    assert answer["later"] is not None
    assert answer["number"] == 1


# Interrupts.


def _rest() -> dict[str, Any]:
    """What is left: threads, and seconds that this process works in half a second of sleep."""
    threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    began = time.process_time()
    time.sleep(0.5)
    return {"threads": threads, "worked": time.process_time() - began}


def _assert_nothing_is_left(rest: dict[str, Any]) -> None:
    assert rest["threads"] == []
    assert rest["worked"] < 0.2  # one thread that spins would have worked for 0.5, unless the machine is full


def _send_interrupt() -> None:
    """A tenth of a second after a thread of the training has begun."""
    while threading.active_count() < 3:  # the main one, this one, and it
        time.sleep(0.01)
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)


def interrupted_child() -> None:
    """Ctrl-C in the middle of an epoch that takes half a minute, on three threads."""
    X, Y = _samples(200_000)
    net = Network.random((12, 200, 200, 3), dtype="float32")
    started = threading.Thread(target=_send_interrupt)
    started.start()
    result = train(net, X, Y, rate=0.1, epochs=1000, batch_size=50, threads=3)
    started.join()
    _say({"stopped_by": result.stopped_by, **_rest()})


@pytest.mark.skipif(os.name == "nt", reason="sends a signal as POSIX does")
def test_interrupt_leaves_no_thread_behind() -> None:
    answer = _run("interrupted_child")
    assert answer["stopped_by"] == "interrupt"
    _assert_nothing_is_left(answer)


class _InterruptedSubmission:
    """Submits one call; Ctrl-C comes in place of the second, when the first one runs."""

    def __init__(self, original: Callable[..., object]) -> None:
        self.original, self.began = original, 0

    def __call__(self, *arguments: object) -> object:
        if self.began:
            time.sleep(0.1)
            raise KeyboardInterrupt
        self.began += 1
        return self.original(*arguments)


def failing_child() -> None:
    """An error of the user's own function between two epochs, and Ctrl-C while threads begin."""
    try:
        _trained(32, on_epoch=lambda progress: 1 // (3 - progress.epoch.number))
    except ZeroDivisionError:
        after_error = _rest()
    X, Y = _samples()
    net = Network.random((12, 40, 3), dtype="float32")
    try:
        # One of two other threads has begun by then, and waits for the rest.
        with Trainer(net.weights, net.activations, net.loss, X, Y, batch_size=32, threads=3) as running:
            pool = running._pool
            assert pool is not None
            pool.submit = submit = _InterruptedSubmission(pool.submit)  # type: ignore[assignment]
            run_epoch(running, np.arange(200), rate=0.1)
    except KeyboardInterrupt:
        _say({"error": after_error, "began": submit.began, "interrupt": _rest()})


def test_error_of_a_callback_and_interrupt_while_threads_begin_leave_no_thread_behind() -> None:
    answer = _run("failing_child")
    _assert_nothing_is_left(answer["error"])
    assert answer["began"] == 1
    _assert_nothing_is_left(answer["interrupt"])


def test_interrupt_while_a_kernel_is_made_comes_through_afterwards() -> None:
    # LLVM calls back into Python, which only prints what is raised there.
    made: list[str] = []

    def compile_as_it_comes(_signature: object) -> None:
        signal.raise_signal(signal.SIGINT)
        made.append("whole")

    dispatcher = SimpleNamespace(py_func=run_two_loops._dispatcher.py_func, compile=compile_as_it_comes)
    kernel = Kernel(dispatcher, lambda _scalar: ())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        kernel.of(np.dtype("float64"))
    assert made == ["whole"]


@pytest.mark.parametrize(("said", "most"), [("1", 1), ("0", None), ("many", None), ("", None)])
def test_processes_of_joblib_are_told_how_many_processors_are_theirs(
    said: str, most: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    there = processors()
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert processors() == (there if most is None else most)
