"""Ctrl-C ends a command at once, and never parts a result from its file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import chainrule
from chainrule.interrupts import Watch, interruptible, put_off, signal_came

if TYPE_CHECKING:
    from collections.abc import Callable

    from forks import Forks

# At a rate at which the loss has no far way to go after three epochs, so that nothing is said of it.
FIT = (
    "fit",
    "iris.csv",
    "--target",
    "species",
    "--rate",
    "0.02",
    "--epochs",
    "3",
    "--out",
    "new.safetensors",
)


def ctrl_c() -> None:
    """Send the signal to this process, and let Python answer it."""
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(10):
        time.sleep(0)


PRESS_IN_EPOCH_2 = """
import dataclasses
import chainrule.models.learning as fitting
def press(training):
    if len(training.epochs) == 2:
        os.kill(os.getpid(), signal.SIGINT)
train = fitting.run_training
def pressed(*arguments, callbacks, **others):
    return train(*arguments, callbacks=dataclasses.replace(callbacks, on_epoch=press), **others)
fitting.run_training = pressed
"""
PRESS_AGAIN_BEFORE_SAVING = """
real = fitting.training_record
def press_again(*arguments):
    for _ in range(5):
        os.kill(os.getpid(), signal.SIGINT)
    return real(*arguments)
fitting.training_record = press_again
"""


@pytest.mark.parametrize("impatient", [False, True])
def test_the_network_so_far_is_kept_however_often_it_is_pressed(
    impatient: bool,  # noqa: FBT001
    here: Path,
    forks: Forks,
) -> None:
    assert here.is_dir()
    script = PRESS_IN_EPOCH_2 + (PRESS_AGAIN_BEFORE_SAVING if impatient else "")
    done = forks.run(*FIT, script=script)
    assert done.code == 130, done.err
    assert done.err.splitlines() == [
        "Interrupted: new.safetensors holds the network after 2 epochs.",
        (
            "Go on with: chainrule fit iris.csv --resume new.checkpoint.safetensors --out new.safetensors "
            "--force"
        ),
    ]
    assert "ended by an interruption" in done.out
    assert "95 % interval" in done.out
    assert "linear model" not in done.out, "there is no time to train one"
    record = chainrule.load_model("new.safetensors").training
    assert record is not None
    assert (record.stopped_by, record.epochs_run, record.epochs) == ("interrupt", 2, 3)
    again = forks.run(*FIT)
    assert again.code == 2
    assert "--force" in again.err


PRESS_WHILE_SAVING = """
real = os.fsync
def press(descriptor):
    os.kill(os.getpid(), signal.SIGINT)
    real(descriptor)
os.fsync = press
"""


def test_a_file_that_is_being_written_is_finished(here: Path, forks: Forks) -> None:
    before = set(here.iterdir())
    done = forks.run(*FIT, script=PRESS_WHILE_SAVING)
    assert (done.code, done.out, done.err) == (130, "", "Interrupted. new.safetensors is saved.\n")
    record = chainrule.load_model("new.safetensors").training
    assert record is not None
    assert record.stopped_by == "epochs"
    predict = ("predict", "iris.safetensors", "iris.csv", "--out", "p.csv")
    done = forks.run(*predict, script=PRESS_WHILE_SAVING)
    assert (done.code, done.err) == (130, "Interrupted. p.csv is saved.\n")
    assert len(Path("p.csv").read_text(encoding="utf-8").splitlines()) == 151
    assert {path.name for path in set(here.iterdir()) - before} == {"new.safetensors", "p.csv"}


def test_after_the_save_the_message_says_so(
    here: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here.is_dir()
    monkeypatch.setattr("chainrule.cli.commands.fit.score_lines", lambda *_, **__: ctrl_c())
    done = chainrule_command(*FIT)
    assert (done.code, done.err) == (130, "Interrupted. new.safetensors is saved.\n")
    assert chainrule.load_model("new.safetensors").training is not None


def test_an_error_that_a_library_makes_of_it_is_no_traceback(
    here: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def query(*_: object, **__: object) -> None:
        try:
            ctrl_c()
        except KeyboardInterrupt:
            message = "Query interrupted"
            raise RuntimeError(message) from None

    before = set(here.iterdir())
    monkeypatch.setattr("chainrule.jobs.job.as_table", query)
    done = chainrule_command(*FIT)
    assert (done.code, done.out, done.err) == (130, "", "Interrupted. Nothing was saved.\n")
    assert set(here.iterdir()) == before


def test_an_error_that_nobody_foresaw_keeps_its_traceback(
    here: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here.is_dir()

    def fail(*_: object, **__: object) -> None:
        message = "a bug"
        raise RuntimeError(message)

    monkeypatch.setattr("chainrule.jobs.job.as_table", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        chainrule_command(*FIT)


def test_while_the_program_loads(here: Path) -> None:
    script = (
        f"import builtins, sys\nsys.argv = {['chainrule', *FIT]!r}\n"
        "sys.modules['typer'] = None\nreal = builtins.__import__\n"
        "def press(name, *rest):\n    if name == 'chainrule.cli.app':\n"
        "        raise KeyboardInterrupt\n    return real(name, *rest)\n"
        "builtins.__import__ = press\nfrom chainrule.cli import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    assert not here.joinpath("new.safetensors").exists()


@pytest.mark.parametrize("part", ["numba._devicearray", "numba.core.typeconv._typeconv"])
def test_while_a_part_in_c_is_loaded(here: Path, part: str) -> None:
    script = (
        "import os, signal, sys, time\n"
        "def press(event, of):\n"
        f"    if event == 'import' and of[0] == {part!r}:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        f"sys.argv = {['chainrule', *FIT]!r}\nsys.addaudithook(press)\n"
        "from chainrule.cli import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr
    assert not here.joinpath("new.safetensors").exists()


def test_an_import_that_a_signal_broke_is_an_interrupt(here: Path) -> None:
    assert here.is_dir()
    script = (
        "import os, signal, sys, chainrule.cli.app as app\n"
        "def broken():\n"
        "    try:\n        os.kill(os.getpid(), signal.SIGTERM)\n        [None for _ in range(1000)]\n"
        "    except KeyboardInterrupt:\n        raise ImportError('a part failed to import') from None\n"
        "app.app = broken\n"
        "from chainrule.cli import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (143, "", "")


def test_a_watch_answers_the_first_signal_and_what_answered_is_restored() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Watch():
        with pytest.raises(KeyboardInterrupt), put_off():  # noqa: PT012 (what comes first raises nothing)
            ctrl_c()
            assert not signal_came()
        assert signal_came()
        ctrl_c()
        with put_off(), Watch():
            ctrl_c()
        with pytest.raises(KeyboardInterrupt), interruptible():  # those before have come to it, too
            pytest.fail("it waits")
    assert not signal_came()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_what_is_put_off_is_answered_by_the_program_s_own_function() -> None:
    answered: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: answered.append(number))
    try:
        with pytest.raises(KeyboardInterrupt), put_off():  # noqa: PT012 (likewise)
            with put_off():
                signal.raise_signal(signal.SIGTERM)
            assert not answered
            with interruptible():
                assert answered == [signal.SIGTERM]
                signal.raise_signal(signal.SIGTERM)
                assert answered == [signal.SIGTERM] * 2
            signal.raise_signal(signal.SIGTERM)
            ctrl_c()
            assert len(answered) == 2
        assert len(answered) == 3
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_job_in_the_background_goes_on_ignoring_it() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Watch(), put_off():
            ctrl_c()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
