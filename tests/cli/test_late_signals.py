"""A signal while a result is made, written or said comes through afterwards, with its own exit code."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import chainrule
from chainrule import jobs
from chainrule.cli.printing import write_all
from chainrule.interrupts import put_off

if TYPE_CHECKING:
    from forks import Forks

FIT = ("fit", "iris.csv", "--target", "species", "--epochs", "3", "--hidden", "3", "--defaults", "notes")
OUT = ("--out", "new.st")
PREDICT = ("predict", "iris.safetensors", "iris.csv", "--out", "p.csv")
SAVED = "Interrupted. new.st is saved.\n"
EVERY_EPOCH = """
import chainrule.jobs.fit, chainrule.jobs.checkpoint
chainrule.jobs.fit.SECONDS_BETWEEN_LOOKS = 1e-9
chainrule.jobs.checkpoint.SECONDS_BETWEEN = 0.0
"""


def sent_in(module: str, name: str, *signals: str, after: bool = False) -> str:
    """Script: signals come when a function is called, or has done its work."""
    send = "; ".join(f"os.kill(os.getpid(), signal.{one})" for one in signals)
    before, behind = ("", send) if after else (send, "")
    return f"""
def prepare():
    import importlib
    place = importlib.import_module({module!r})
    *owner, name = {name!r}.split(".")
    place = getattr(place, *owner) if owner else place
    real = getattr(place, name)
    def sending(*arguments, **others):
        {before}
        result = real(*arguments, **others)
        {behind}
        return result
    setattr(place, name, sending)
prepare()
"""


@pytest.mark.parametrize(("how", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize("typed", [(*FIT, *OUT), PREDICT], ids=["fit", "predict"])
def test_in_the_writing_of_the_result(
    typed: tuple[str, ...], how: str, code: int, here: Path, forks: Forks
) -> None:
    done = forks.run(*typed, script=sent_in("os", "fsync", how))
    assert (done.code, done.out, done.err) == (code, "", f"Interrupted. {typed[-1]} is saved.\n")
    assert not list(here.glob("*checkpoint*"))
    assert here.joinpath(typed[-1]).exists()


@pytest.mark.parametrize(
    ("module", "name", "after"),
    [
        ("chainrule.training.run", "Run.result", True),
        ("chainrule.models.learning", "training_record", False),
        ("chainrule.models.learning", "FitResult", True),
        ("chainrule.jobs.checkpoint", "Checkpoint.remove", True),
        ("chainrule.jobs.fit", "FitOutcome", False),
    ],
)
def test_after_the_last_epoch_the_network_is_saved(
    module: str,
    name: str,
    after: bool,  # noqa: FBT001
    here: Path,
    forks: Forks,
) -> None:
    done = forks.run(*FIT, *OUT, script=sent_in(module, name, "SIGTERM", after=after))
    assert (done.code, done.out, done.err) == (143, "", SAVED)
    record = chainrule.load_model(here / "new.st").training
    assert record is not None
    assert (record.stopped_by, record.epochs_run) == ("epochs", 3)


DIVERGES = (
    *("fit", "iris.csv", "--target", "sepal_length", "--epochs", "300", "--rate", "1e300"),
    *("--hidden", "3", "--defaults", "notes", "--activation", "identity", *OUT),
)


def test_while_the_last_network_of_a_diverged_fit_is_written(here: Path, forks: Forks) -> None:
    done = forks.run(*DIVERGES, script=sent_in("os", "fsync", "SIGTERM"))
    assert done.code == 143
    assert done.err.startswith("Interrupted. The training diverged: ")
    assert "is kept in new.diverged.st." in done.err
    assert chainrule.load_model(here / "new.diverged.st").training is not None


def test_while_the_network_finds_no_place(here: Path, forks: Forks) -> None:
    full = """
real_replace = os.link
def fail(there, name):
    if os.fspath(name).endswith("new.st"):
        open(name, "w").close()
        signal.raise_signal(signal.SIGTERM)
        raise FileExistsError
    real_replace(there, name)
os.link = fail
"""
    done = forks.run(*FIT, *OUT, script=full)
    assert (done.code, done.out) == (143, "")
    assert done.err.startswith("Interrupted. new.st exists already")
    assert "The trained network is kept in new-2.st." in done.err
    assert here.joinpath("new-2.st").exists()


def test_a_second_one_changes_nothing_that_is_said(here: Path, forks: Forks) -> None:
    twice = sent_in("chainrule.jobs.checkpoint", "Checkpoint.__call__", "SIGTERM", after=True)
    summary = sent_in("chainrule.cli.commands.fit", "score_lines", "SIGINT")
    closing = sent_in("chainrule.cli.commands.fit", "note", "SIGHUP")
    done = forks.run(*FIT, *OUT, script=EVERY_EPOCH + twice + summary + closing)
    assert done.code == 143
    assert "Saved     new.st" in done.out
    assert done.err.splitlines() == [
        "Interrupted: new.st holds the network after 0 epochs.",
        "Go on with: chainrule fit iris.csv --resume new.checkpoint.st --out new.st --force",
    ]
    assert here.joinpath("new.checkpoint.st").exists()


def test_a_second_one_while_a_command_says_that_it_was_ended(here: Path, forks: Forks) -> None:
    assert here.is_dir()
    first = sent_in("chainrule.jobs.job", "as_table", "SIGTERM")
    second = sent_in("chainrule.cli.errors", "note", "SIGINT", "SIGHUP")
    done = forks.run("score", "iris.safetensors", "iris.csv", script=first + second)
    assert (done.code, done.out, done.err) == (143, "", "Interrupted. Nothing was saved.\n")


@pytest.mark.parametrize("how", ["swallowed", "made another error"])
def test_one_that_a_library_loses_ends_the_command(how: str, here: Path, forks: Forks) -> None:
    before = set(here.iterdir())
    lost = f"""
import chainrule.jobs.job as job
read = job.as_table
def loses(table, **options):
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except KeyboardInterrupt:
        if {how!r} != "swallowed":
            raise OSError(4, "Interrupted system call")
    return read(table, **options)
job.as_table = loses
"""
    done = forks.run(*FIT, *OUT, script=lost)
    assert (done.code, done.out, done.err) == (143, "", "Interrupted. Nothing was saved.\n")
    assert set(here.iterdir()) == before


def test_the_output_that_nobody_reads(here: Path, forks: Forks) -> None:
    typed = (*PREDICT, "--json")
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b" " * 4096)
    os.set_blocking(writing, True)
    err = here / "err"
    with err.open("wb") as stderr:
        child = forks.start(*typed, stdout=writing, stderr=stderr.fileno())
        while b"Wrote 150 predictions" not in err.read_bytes():
            time.sleep(0.01)
        time.sleep(0.2)
        os.kill(child, signal.SIGINT)
        assert forks.wait() == 130
    os.close(writing)
    os.close(reading)
    assert err.read_text(encoding="utf-8") == (
        "Wrote 150 predictions to p.csv.\nInterrupted. p.csv is saved.\n"
    )


@pytest.mark.parametrize("second", ["before", "in it"])
def test_a_second_one_ends_the_wait_for_a_pipe(second: str, here: Path, forks: Forks) -> None:
    os.mkfifo(here / "pipe")
    first = sent_in("chainrule.jobs.checkpoint", "Checkpoint.__call__", "SIGTERM", after=True)
    saving = sent_in("chainrule.jobs.checkpoint", "Checkpoint.keep", "SIGINT", after=True)
    opening = """
import chainrule.disk as disk
write = disk._write_to_device
def told(*arguments):
    open("opening", "w").close()
    write(*arguments)
disk._write_to_device = told
"""
    script = EVERY_EPOCH + first + opening + (saving if second == "before" else "")
    err = here / "err"
    with err.open("wb") as stderr, Path(os.devnull).open("wb") as nowhere:
        child = forks.start(
            *FIT, "--out", "pipe", stdout=nowhere.fileno(), stderr=stderr.fileno(), script=script
        )
        if second == "in it":
            while not here.joinpath("opening").exists():
                time.sleep(0.01)
            time.sleep(0.1)
            os.kill(child, signal.SIGINT)
        assert forks.wait() == 143
    assert (
        f"The trained network is kept in {here / 'pipe-2'}. Its checkpoint is pipe.checkpoint."
        in err.read_text(encoding="utf-8")
    )
    assert not chainrule.load_state(here / "pipe.checkpoint").epochs


def test_the_command_that_is_printed_can_be_typed(here: Path, forks: Forks) -> None:
    other = here.joinpath("iris.safetensors").read_bytes()
    ended = sent_in("chainrule.jobs.checkpoint", "Checkpoint.__call__", "SIGTERM", after=True)
    done = forks.run(*FIT, *OUT, script=EVERY_EPOCH + ended)
    assert done.code == 143
    go_on = done.err.splitlines()[-1].removeprefix("Go on with: chainrule ")
    assert forks.run(*shlex.split(go_on)).code == 0
    assert here.joinpath("iris.safetensors").read_bytes() == other
    assert forks.run(*FIT, "--out", "whole.st").code == 0
    assert here.joinpath("new.st").read_bytes() == here.joinpath("whole.st").read_bytes()


class Ears:
    """A face that sends a signal while the network is trained."""

    def note(self, text: str) -> None:
        """Nothing."""

    def progress(self, _training: Any) -> None:  # noqa: ANN401 (a Progress)
        """Send it."""
        signal.raise_signal(signal.SIGTERM)


def test_in_python_ones_own_function_answers(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answered: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: answered.append(number))
    try:
        monkeypatch.setattr("chainrule.jobs.fit.SECONDS_BETWEEN_LOOKS", 1e-9)
        job = jobs.FitJob("iris.csv", target="species", epochs=3, hidden=(3,), out="new.st")
        assert not job.run(Ears()).was_interrupted
        assert answered
        answered.clear()
        real = os.fsync

        def told(descriptor: int) -> None:
            signal.raise_signal(signal.SIGTERM)
            real(descriptor)

        monkeypatch.setattr(os, "fsync", told)
        jobs.PredictionJob("iris.safetensors", "iris.csv", out="p.csv").run()
        assert answered == [signal.SIGTERM]
        assert here.joinpath("p.csv").exists()
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_waits_for_a_reader_can_be_ended_and_else_is_whole() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream, os.fdopen(reading, "rb") as reader:
        with pytest.raises(KeyboardInterrupt), put_off():  # noqa: PT012 (what comes first is whole)
            signal.raise_signal(signal.SIGINT)
            write_all(stream, "whole\n")
            write_all(stream, "x" * 1_000_000)
            pytest.fail("nobody reads")
        assert reader.read1().startswith(b"whole\nxxx")
