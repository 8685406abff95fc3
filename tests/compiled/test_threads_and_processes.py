"""Kernels beside threads, forks and pools of processes, and what an interrupted training leaves behind."""

from __future__ import annotations

import hashlib
import itertools
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
from chainrule.compiled.machine import team
from chainrule.compiled.machine.cache import folder
from chainrule.compiled.machine.compiler import jit
from chainrule.compiled.machine.compiling import Kernel
from chainrule.compiled.machine.pace import Pace
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


def _weights_by(threads: int, order: npt.NDArray[np.intp], **more: Any) -> bytes:  # noqa: ANN401
    """Of a network after an epoch."""
    X, Y = _samples()
    net = Network.random((12, 40, 3), seed=1, dtype="float32")
    arguments = net.weights, net.activations, net.loss, X, Y
    with Trainer(*arguments, batch_size=100, rule=Adam(), threads=threads, **more) as running:
        run_epoch(running, order, rate=0.5)
        return running.state[0].tobytes()


def crowded_child() -> None:
    """Two teams at once, each with twice as many threads as there are processors and one more."""
    threads = 2 * processors() + 1
    order = np.tile(np.arange(200), 20)
    with ThreadPoolExecutor(2) as pool:
        crowded = [pool.submit(_weights_by, threads, order) for _ in range(2)]
        found = [weights.result() for weights in crowded]
    _say([weights == _weights_by(1, order) for weights in found])


def test_more_threads_than_processors_come_to_an_end_with_the_same_bits() -> None:
    assert _run("crowded_child") == [True, True]


def lonely_child() -> None:
    """A thread waits half a second for another one that comes, and then for one that does not."""
    order = np.arange(200)
    X, Y = _samples()
    net = Network.random((12, 40, 3), seed=1, dtype="float32")
    arguments = net.weights, net.activations, net.loss, X, Y
    with Trainer(*arguments, batch_size=100, rule=Adam(), threads=2) as running, ThreadPoolExecutor() as pool:
        calls: dict[int, Any] = {}
        original = running._run
        running._run = lambda *given: calls.update({given[-2]: given}) or 0.0
        run_epoch(running, order, rate=0.5)
        began = pool.submit(original, *calls[1])
        work = [_rest()["worked"]]
        original(*calls[0])
        began.result()
        is_right = running.state[0].tobytes() == _weights_by(1, order)
        began = pool.submit(original, *calls[1])
        work.append(_rest()["worked"])
        running._team[STOP] = 1
        began.result()
    _say({"worked": work, "right": is_right})


@pytest.mark.skipif(team._FUTEX is None, reason="threads that wait sleep on Linux alone")
def test_thread_that_waits_sleeps_and_hears_of_who_comes_and_of_the_end() -> None:
    answer = _run("lonely_child")
    assert answer["right"]
    assert max(answer["worked"]) < 0.2  # one that spins would have worked for half a second


def woken_child() -> None:
    """Meetings for which one thread is late, where a thread that is not woken would sleep for an hour."""
    team.LONGEST_SLEEP = (3600, 0)

    @jit(nogil=True)  # type: ignore[untyped-decorator,no-untyped-call]
    def meet_one(array: npt.NDArray[np.int64]) -> bool:
        return bool(team.meet(array, 2))

    shared = np.zeros(team.TEAM_LENGTH, np.int64)

    def meet_late() -> list[bool]:
        return [time.sleep(0.02) or meet_one(shared) for _ in range(20)]  # type: ignore[func-returns-value]

    with ThreadPoolExecutor() as pool:
        late = pool.submit(meet_late)
        _say([*(meet_one(shared) for _ in range(20)), *late.result()])


def test_thread_that_sleeps_is_woken() -> None:
    assert _run("woken_child") == [True] * 40


@pytest.mark.parametrize("batch_size", [32, 100])
def test_threads_that_come_and_go_change_no_bit(batch_size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = itertools.cycle([3, 1, 2])
    used: list[int] = []

    def took(self: Pace, _samples: int, _seconds: float) -> None:
        used.append(self.threads)
        self.threads, self.samples = next(numbers), 1

    X, Y = _samples()
    net = Network.random((12, 40, 3), seed=1, dtype="float32")
    arguments: dict[str, Any] = {"rule": "adam", "rate": 0.1, "epochs": 5, "batch_size": batch_size}
    alone = train(net, X, Y, threads=1, **arguments)
    monkeypatch.setattr(Pace, "took", took)
    found = train(net, X, Y, threads=3, **arguments)
    assert {1, 2, 3} <= {*used}
    assert _digest(found.network) == _digest(alone.network)
    assert found.history.loss == alone.history.loss


# How many threads are used: a machine that takes so many seconds for a sample, by number of threads.


def _seconds_of(pace: Pace, seconds_each: dict[int, float], least: float) -> tuple[float, float]:
    """Seconds for what takes at least so many, and those of the quickest number of threads alone."""
    taken, done = 0.0, 0
    while taken < least:
        samples, each = pace.samples, seconds_each[pace.threads]
        pace.took(samples, samples * each)
        taken, done = taken + samples * each, done + samples
    return taken, done * min(seconds_each.values())


MACHINES: list[dict[int, float]] = [
    {1: 1e-6, 2: 5e-7},
    {1: 1e-6, 2: 9.5e-7},
    {1: 1e-6, 2: 2.5e-6},
    {1: 1e-6, 2: 8e-6},
    {1: 1e-6, 2: 7e-7, 3: 6e-7},
    {1: 1e-6, 2: 7e-7, 3: 3e-6},
    {1: 1e-6, 2: 5e-7, 4: 2.5e-7, 8: 1.3e-7},
    {1: 1e-6, 2: 5e-7, 4: 2.5e-7, 8: 4e-7},
    {1: 1e-6, 2: 2e-6, 4: 4e-6, 8: 8e-6},
]
CHANGES = [
    (before, after) for after in MACHINES for before in MACHINES if before.keys() == after.keys()
]  # another program comes or goes


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_training_takes_a_tenth_more_at_most_than_on_the_quickest_threads(
    before: dict[int, float], after: dict[int, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # trials there shall be
    pace = Pace(max(after), samples=1 << 12)
    for machine in (before, after):
        taken, least = _seconds_of(pace, machine, 20.0)
        assert taken <= 1.1 * least


def test_one_thread_has_nothing_to_choose() -> None:
    pace = Pace(1, samples=100)
    for seconds in (0.001, 0.2, 0.1):
        pace.took(100, seconds)
        assert pace.threads == 1
        assert pace.samples == round(100 * 0.1 / seconds)


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
    """A second after a thread has begun: one of the pass for the losses before, which soon ends."""
    while threading.active_count() < 3:  # the main one, this one, and it
        time.sleep(0.01)
    time.sleep(1)
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
