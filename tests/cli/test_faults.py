"""What goes wrong beside a training never costs it: places that fail, names that are taken, signals."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import chainrule
from chainrule import disk
from chainrule.disk import OwnFile
from chainrule.temporary import written_beside

if TYPE_CHECKING:
    from forks import Forks

# At a rate at which the loss has no far way to go after three epochs, so that nothing is said of it.
FIT = ("fit", "iris.csv", "--target", "species", "--rate", "0.02", "--epochs", "3", "--out", "new.st")
RESUME = ("fit", "iris.csv", "--resume", "new.checkpoint.st", "--out", "new.st", "--force")
EVERY_EPOCH = """
import chainrule.jobs.fit, chainrule.jobs.checkpoint
chainrule.jobs.fit.SECONDS_BETWEEN_LOOKS = 1e-9
chainrule.jobs.checkpoint.SECONDS_BETWEEN = 0.0
"""


def ends_in_epoch(number: int, how: str) -> str:
    """Script: a checkpoint every epoch, and a signal in one of them."""
    return f"""{EVERY_EPOCH}
import chainrule.jobs.checkpoint as kept
call = kept.Checkpoint.__call__
def ended(self, training):
    call(self, training)
    if {number} <= len(training.epochs) < training.n_epochs:
        os.kill(os.getpid(), signal.{how})
kept.Checkpoint.__call__ = ended
"""


def no_room_below(beginning: str) -> str:
    """Script: files with names that begin like this find no room."""
    return f"""
synchronise = os.fsync
def fail(descriptor):
    if os.readlink(f"/proc/self/fd/{{descriptor}}").startswith({beginning!r}):
        raise OSError(28, "No space left on device")
    synchronise(descriptor)
os.fsync = fail
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


# Checkpoints


def test_the_checkpoint_of_a_killed_fit_is_kept_and_named(here: Path, forks: Forks) -> None:
    assert forks.run(*FIT, script=ends_in_epoch(2, "SIGKILL")).code == -signal.SIGKILL
    killed = here.joinpath("new.checkpoint.st").read_bytes()
    again = forks.run(*FIT, script=EVERY_EPOCH)
    assert again.code == 0
    assert (
        "new.checkpoint.st is the checkpoint of a training that did not end, and stays as it is: go on with "
        "it by --resume new.checkpoint.st, or delete it."
    ) in again.err
    assert here.joinpath("new.checkpoint.st").read_bytes() == killed
    assert not here.joinpath("new.checkpoint-2.st").exists()
    whole = here.joinpath("new.st").read_bytes()
    resumed = forks.run(*RESUME)
    assert resumed.code == 0, resumed.err
    assert resumed.err == "Note: new.checkpoint.st is removed: its training has ended.\n"
    assert here.joinpath("new.st").read_bytes() == whole
    assert not here.joinpath("new.checkpoint.st").exists()


@pytest.mark.parametrize("how", ["file", "link", "lost link", "folder"])
def test_what_stands_under_the_name_of_a_checkpoint_stays(how: str, here: Path, forks: Forks) -> None:
    place, behind = here / "new.checkpoint.st", here / "behind"
    if how == "folder":
        place.mkdir()
    elif how == "file":
        place.write_bytes(b"mine")
    else:
        place.symlink_to(behind)
        if how == "link":
            behind.write_bytes(b"mine")
    done = forks.run(*FIT, script=ends_in_epoch(2, "SIGTERM"))
    assert done.code == 143
    reason = {
        "folder": "new.checkpoint.st is no regular file",
        "lost link": "It is a link that leads nowhere.",
    }.get(how, "new.checkpoint.st is not a chainrule model, or is damaged: ")
    keeps = "new.checkpoint.st stays as it is, and this training keeps its checkpoint beside it."
    assert f"{keeps} {reason}" in done.err
    assert "Go on with: chainrule fit iris.csv --resume new.checkpoint-2.st --out new.st --force" in done.err
    assert len(chainrule.load_state("new.checkpoint-2.st").epochs) == 2
    if how == "file":
        assert place.read_bytes() == b"mine"
    if "link" in how:
        assert place.is_symlink()
        assert behind.exists() == (how == "link")
        assert how == "lost link" or behind.read_bytes() == b"mine"


def test_a_file_that_takes_the_checkpoint_s_place_meanwhile_stays(tmp_path: Path) -> None:
    own = OwnFile(tmp_path / "a.st")
    own.write(b"one")
    own.write(b"two")
    assert contents(tmp_path) == {"a.st": b"two"}
    (tmp_path / "a.st").unlink()
    (tmp_path / "a.st").write_bytes(b"theirs")
    own.write(b"three")
    assert contents(tmp_path) == {"a.st": b"theirs", "a-2.st": b"three"}
    assert own.remove()
    assert not own.remove()
    assert contents(tmp_path) == {"a.st": b"theirs"}


def test_a_link_to_the_checkpoint_that_a_fit_goes_on_from_stays(here: Path, forks: Forks) -> None:
    assert forks.run(*FIT, script=ends_in_epoch(2, "SIGTERM")).code == 143
    place, behind = here / "new.checkpoint.st", here / "behind.st"
    place.rename(behind)
    kept = behind.read_bytes()
    place.symlink_to(behind)
    done = forks.run(*RESUME, script=EVERY_EPOCH)
    assert done.code == 0, done.err
    assert "new.checkpoint.st is the checkpoint of a training that did not end, and stays" in done.err
    assert place.is_symlink()
    assert behind.read_bytes() == kept


def test_a_checkpoint_that_cannot_be_removed_is_named(here: Path, forks: Forks) -> None:
    stuck = f"""{EVERY_EPOCH}
real = os.unlink
def fail(path, *arguments, **others):
    if str(path).endswith("new.checkpoint.st"):
        raise OSError(5, "Input/output error")
    real(path, *arguments, **others)
os.unlink = fail
"""
    done = forks.run(*FIT, script=stuck)
    assert (done.code, done.err) == (
        0, "Note: new.checkpoint.st could not be removed. Its training has ended: delete it.\n",
    )  # fmt: skip
    assert here.joinpath("new.checkpoint.st").exists()


def test_a_signal_on_a_full_disk_keeps_the_checkpoint_where_there_is_room(
    here: Path, forks: Forks, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("home")
    full = ends_in_epoch(2, "SIGTERM") + no_room_below(f"{here}/.new.checkpoint")
    done = forks.run(*FIT, script=full, HOME=str(other))
    assert done.code == 143
    where = other / "new.checkpoint.st"
    assert f"Nothing was written there. It is kept in {where}." in done.err
    assert f"Go on with: chainrule fit iris.csv --resume {where} --out new.st --force" in done.err
    assert len(chainrule.load_state(where).epochs) == 2


def test_a_signal_while_a_file_of_ones_own_is_written_comes_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = OwnFile(tmp_path / "a.st")
    monkeypatch.setattr(os, "fsync", lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        own.write(b"whole")
    assert contents(tmp_path) == {"a.st": b"whole"}
    assert own.remove()


def test_a_fault_that_passes_makes_no_second_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = OwnFile(tmp_path / "a.st")
    own.write(b"one")
    for do in (lambda: own.write(b"two"), own.remove):
        real, faults = disk._told_apart, iter([OSError(5, "Input/output error")])

        def look(path: Path, real: Any = real, faults: Any = faults) -> tuple[int, ...]:  # noqa: ANN401
            for fault in faults:
                raise fault
            return real(path)  # type: ignore[no-any-return]

        monkeypatch.setattr(disk, "_told_apart", look)
        do()
        assert set(contents(tmp_path)) <= {"a.st"}
    assert not own.is_left


def test_a_checkpoint_that_finds_no_room_ends_nothing(here: Path, forks: Forks) -> None:
    done = forks.run(*FIT, script=EVERY_EPOCH + no_room_below(f"{here}/.new.checkpoint"))
    assert done.code == 0, done.err
    assert done.err == (
        "Note: new.checkpoint.st cannot be written: No space left on device. Nothing was written there. The "
        "training goes on without a checkpoint there.\n"
    )
    assert chainrule.load_model("new.st").training is not None
    assert not list(here.glob("*checkpoint*"))


@pytest.mark.parametrize(("how", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_each_signal_keeps_the_network_and_a_checkpoint(
    how: str, code: int, here: Path, forks: Forks
) -> None:
    assert here.is_dir()
    whole = forks.run(*FIT[:-1], "whole.st")
    assert whole.code == 0
    done = forks.run(*FIT, script=ends_in_epoch(2, how))
    assert done.code == code
    assert done.err.splitlines() == [
        "Interrupted: new.st holds the network after 2 epochs.",
        "Go on with: chainrule fit iris.csv --resume new.checkpoint.st --out new.st --force",
    ]
    resumed = forks.run(*RESUME)
    assert resumed.code == 0
    assert here.joinpath("new.st").read_bytes() == here.joinpath("whole.st").read_bytes()


def test_the_best_network_is_named(here: Path, forks: Forks) -> None:
    assert here.is_dir()
    options = ("--validation", "0.3", "--patience", "50", "--rate", "0.3")
    done = forks.run(*FIT[:-3], "60", *FIT[-2:], *options, script=ends_in_epoch(40, "SIGINT"))
    assert done.code == 130
    record = chainrule.load_model("new.st").training
    assert record is not None
    assert record.best_epoch is not None
    assert record.best_epoch < record.epochs_run
    assert (
        f"new.st holds the network of epoch {record.best_epoch}, the best of {record.epochs_run} epochs."
        in done.err
    )


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_that_was_ignored_stays_ignored(how: str, here: Path, forks: Forks) -> None:
    assert here.is_dir()
    ignored = f"signal.signal(signal.{how}, signal.SIG_IGN)\n" + ends_in_epoch(2, how)
    done = forks.run(*FIT, script=ignored)
    assert (done.code, done.err) == (0, "")


# Models that cannot be written where they should


def taken_meanwhile(place: str) -> str:
    """Script: something comes to a place while the network is trained."""
    return f"""
import chainrule.jobs.fit as fit
real = fit.fit_networks
def trained(*arguments, **others):
    result = real(*arguments, **others)
    {place}
    return result
fit.fit_networks = trained
"""


@pytest.mark.parametrize(
    ("place", "reason", "where"),
    [
        ("open('new.st', 'w').close()", "new.st exists already", "new-2.st"),
        ("os.mkdir('new.st')", "new.st cannot be written: it is a directory", "new-2.st"),
        ("__import__('shutil').rmtree('sub')", "there is no folder", "new.st"),
    ],
)
def test_the_network_is_kept_elsewhere(place: str, reason: str, where: str, here: Path, forks: Forks) -> None:
    here.joinpath("sub").mkdir()
    asked = "sub/new.st" if "sub" in place else "new.st"
    done = forks.run(*FIT[:-1], asked, script=taken_meanwhile(place))
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert reason in done.err
    assert f"The trained network is kept in {where if asked == 'new.st' else here / where}." in done.err
    record = chainrule.load_model(where).training
    assert record is not None
    assert record.epochs_run == 3


def test_the_checkpoint_of_a_network_that_is_kept_elsewhere_is_named(here: Path, forks: Forks) -> None:
    done = forks.run(*FIT, script=EVERY_EPOCH + taken_meanwhile("os.mkdir('new.st')"))
    assert done.code == 2
    assert "kept in new-2.st. Its checkpoint is new.checkpoint.st." in done.err
    assert here.joinpath("new.checkpoint.st").exists()


def test_a_full_disk_at_the_end_keeps_the_network_where_there_is_room(
    here: Path, forks: Forks, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("home")
    before = contents(here)
    done = forks.run(*FIT, script=no_room_below(str(here)), HOME=str(other))
    assert done.code == 2
    assert "No space left on device. Nothing was written there." in done.err
    assert f"The trained network is kept in {other / 'new.st'}." in done.err
    assert chainrule.load_model(other / "new.st").training is not None
    assert contents(here) == before


OPENING = """
import chainrule.disk as disk
real = disk._write_to_device
def opening(*arguments):
    open("opening", "w").close()
    real(*arguments)
disk._write_to_device = opening
"""


def test_a_pipe_that_nobody_reads_can_be_left(here: Path, forks: Forks) -> None:
    os.mkfifo(here / "pipe.st")
    err = here / "err"
    with err.open("wb") as stderr, Path(os.devnull).open("wb") as nowhere:
        arguments = (*FIT[:-1], "pipe.st")
        child = forks.start(*arguments, stdout=nowhere.fileno(), stderr=stderr.fileno(), script=OPENING)
        while not here.joinpath("opening").exists():
            time.sleep(0.01)
        os.kill(child, signal.SIGINT)
        assert forks.wait() == 130
    assert (
        err.read_text(encoding="utf-8")
        == f"Interrupted. The trained network is kept in {here / 'pipe-2.st'}.\n"
    )
    assert chainrule.load_model(here / "pipe-2.st").training is not None


# Temporary files


def test_what_a_kill_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.st"
    old = tmp_path / ".a.st.0123456789abcdef.chainrule"
    others = [
        tmp_path / name
        for name in (
            ".a.st.0123456789abcdef",
            ".a.st.abc.chainrule",
            ".b.st.0123456789abcdef.chainrule",
            ".a.st.fedcba9876543210.chainrule",
        )
    ]
    for path in (old, *others):
        path.write_bytes(b"")
        os.utime(path, (0, 0))
    os.utime(others[-1])  # young: somebody may be about to write it
    held = tmp_path / ".a.st.00000000000000ff.chainrule"
    held.write_bytes(b"")
    os.utime(held, (0, 0))
    with held.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)  # a slow one, at it for long
        with written_beside(target, b"x"):
            pass
        assert held.exists()
    with written_beside(target, b"y"):
        pass
    assert not held.exists()
    assert not old.exists()
    assert all(path.exists() for path in others)


# The whole program


def test_a_signal_before_the_command_begins_has_its_own_exit_code(here: Path, forks: Forks) -> None:
    assert here.is_dir()
    early = """
import chainrule.cli.options as options
options.with_options = lambda *_: os.kill(os.getpid(), signal.SIGTERM)
"""
    assert forks.run(*FIT, script=early).code == 143


def test_a_signal_when_all_is_done_changes_nothing(here: Path, forks: Forks) -> None:
    late = """
import atexit
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    atexit.register(os.kill, os.getpid(), number)
"""
    done = forks.run("show", "iris.safetensors", script=late)
    assert (done.code, done.err) == (0, "")
    assert here.is_dir()


@pytest.mark.parametrize(
    "command", ["--help", "fit --help", "--version", "show iris.safetensors", " ".join(FIT)]
)
def test_a_pipe_that_nobody_reads_any_more_is_no_error(command: str, here: Path, forks: Forks) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = forks.run(*command.split(), stdout=writing)
    os.close(writing)
    assert (done.code, done.err) == (0, "")
    assert here.joinpath("new.st").exists() == (command == " ".join(FIT))


def test_all_faults_of_a_fit_are_said_at_once(here: Path, forks: Forks) -> None:
    before = contents(here)
    typed = "fit iris.csv --target speces --activation sigmod --rate x --epochs 0 --ignore nope"
    done = forks.run(*typed.split())
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("Error: There are 6 faults. (1) --rate is 'x' but must be a number.")
    parts = ["--epochs is 0", "activation 'sigmod'", "iris.safetensors exists already", "mean 'species'?"]
    for part in [*parts, "There is no column 'nope'", " (6) "]:
        assert part in done.err
    assert contents(here) == before


@pytest.mark.usefixtures("here")
def test_a_package_that_fails_in_its_own_way_while_it_is_loaded_is_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "elsewhere" / "duckdb"
    broken.mkdir(parents=True)
    broken.joinpath("__init__.py").write_text("import re\nre.search('a', None)\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "from chainrule.cli import main; main()", "inspect", "iris.csv"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(broken.parent), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: A part of the program cannot be loaded: expected string")
    assert len(done.stderr.splitlines()) == 1
