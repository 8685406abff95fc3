"""What every test shares: which of them run, and a Hypothesis that draws the same examples each time."""

from __future__ import annotations

import gc
import itertools
import math
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Before Numba is loaded: TARGET_PROCESSOR=haswell runs tests with the kernels of a processor that has less.
if TARGET := os.environ.get("TARGET_PROCESSOR"):
    sys.path.append(str(Path(__file__).parent / "compiled"))
    from kernel_children import settings_of_target

    os.environ.update(settings_of_target(TARGET))

# Before NumPy is loaded: products are small, and threads that wait for each other cost more than they gain.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from chainrule import Network, train
from chainrule.compiled.machine import pace

if TYPE_CHECKING:
    from collections.abc import Generator

settings.register_profile(
    "reproducible",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no fault of a test
)
settings.load_profile("reproducible")

pytest_plugins = ["browsers", "command_line", "pages", "pictured_fits", "prepared"]

FULL_SUITE = bool(os.environ.get("FULL_SUITE"))
REQUIRE_ORACLES = bool(os.environ.get("REQUIRE_ORACLES"))
WHOLE_RUN = 1000  # tests, from which on it is no run of a few files


@pytest.fixture(scope="session")
def compiled_kernels() -> None:
    """Kernels in the cache on disk, so that no command of a test has to say that it compiles them."""
    for n_hidden, batch_size in itertools.product(
        (8, 16, 17), (1, 2)
    ):  # 8 and 16 units: kernels of their own
        net = Network.random((1, n_hidden, 1))
        train(net, [[0.0], [1.0]], [[0.0], [1.0]], rate=0.1, epochs=1, batch_size=batch_size)
    X, Y = np.zeros((40, 2)), np.tile(np.eye(2), (20, 1))
    for output, loss in (("softmax", "cross_entropy"), ("identity", "rss")):
        net = Network.random((2, 17, 2), ["relu", output], loss)
        train(net, X, Y, rule="adam", rate=0.001, epochs=1, batch_size=32, l2=0.001).network(X)


@pytest.fixture(autouse=True)
def _threads_that_are_asked_for_take_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine of the tests is: else those about threads would go on with one."""
    monkeypatch.setattr(pace, "SECONDS_OF_TRIAL", math.inf)


@pytest.fixture(scope="session", autouse=True)
def kernels_of_a_whole_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compile each kernel in one process of a whole run, and all of them before its tests.

    A process takes the next one that no other has begun, the dear ones first, so that all are done at about
    the same time and no test compiles what another process is still busy with. It begins with a dtype of its
    own: kernels of one dtype share parts, which each process would compile again.
    """
    worker = getattr(request.config, "workerinput", None)
    if worker is None or len(request.session.items) < WHOLE_RUN:
        return
    from chainrule.compiled.machine.compiling import Kernel  # noqa: PLC0415 (not needed to hand out tests)
    from chainrule.compiled.twins.routines import Routine  # noqa: PLC0415

    def name_of(compiled: Kernel | Routine) -> str:
        return compiled.name if isinstance(compiled, Routine) else compiled._dispatcher.py_func.__name__

    found = [one for one in gc.get_objects() if issubclass(type(one), (Kernel, Routine))]
    found.sort(key=lambda one: (isinstance(one, Routine), name_of(one)))
    dtypes: list[np.dtype[Any]] = [np.dtype("float32"), np.dtype("float64")]
    begun = tmp_path_factory.getbasetemp().parent / "kernels"  # in the folder of all processes
    begun.mkdir(exist_ok=True)
    first = int(worker["workerid"].removeprefix("gw")) % len(dtypes)
    for dtype, part in itertools.product(dtypes[first:] + dtypes[:first], found):
        try:
            begun.joinpath(f"{name_of(part)}-{dtype}").touch(exist_ok=False)
        except FileExistsError:
            continue
        part.of(dtype)


def pytest_sessionstart() -> None:
    """Answer Ctrl-C, which tests send to themselves and to their children.

    A process that a shell started in the background ignores it, and so would every child. Lines are as wide
    as in a pipe, and without colours, whatever the terminal is like that the tests run in.
    """
    for variable in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        os.environ.pop(variable, None)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which nohup ignores


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the slow tests out, unless the full suite is asked for.

    Those of the kernels look at arithmetic, not at whether a network learnt anything from random numbers.
    """
    for item in items:
        if "tests/compiled" in item.path.as_posix():
            item.add_marker(pytest.mark.filterwarnings("ignore::chainrule.errors.TrainingWarning"))
    if FULL_SUITE:
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: set FULL_SUITE=1 to run it"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of an oracle's test into a failure where the oracles are required.

    A test that is left out because it is slow stays skipped: nothing is missing there.
    """
    report = yield
    left_out = item.get_closest_marker("slow") is not None and not FULL_SUITE
    if REQUIRE_ORACLES and report.skipped and item.get_closest_marker("oracle") and not left_out:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ORACLES is set, but the oracle was skipped: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Refuse a module that skips itself where the oracles are required: it hides its tests' marks."""
    report = yield
    if REQUIRE_ORACLES and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ORACLES is set, but a whole module was skipped: {report.longrepr}"
    return report
