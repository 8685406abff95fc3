"""Where output goes, and what happens where it cannot: pipes, full disks, narrow and old terminals."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import chainrule
from chainrule.cli.terminal.progress import HINT, HINT_BEFORE, TrainingProgress, fitted
from chainrule.training import Epoch, Progress
from chainrule.training.displays.progress import progress_line
from chainrule.words import duration
from forks import everything_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from forks import Forks

COMMAND = shutil.which("chainrule") or str(Path(sys.executable).with_name("chainrule"))
EACH = [
    "--help",
    "fit iris.csv --target species --epochs 1 --out new.st",
    "predict iris.safetensors iris.csv",
    "score iris.safetensors iris.csv",
    "show iris.safetensors",
    "trace iris.safetensors iris.csv",
    "check iris.safetensors iris.csv --rows 2 --weights 9",
]
needs_dev_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line with bash; `chainrule` in it is the command under test, with buffers as usual."""
    line = f'unset PYTHONUNBUFFERED\nchainrule() {{ {shlex.quote(COMMAND)} "$@"; }}\n{line}'
    return subprocess.run(
        ["bash", "-c", line],  # noqa: S607 (whichever bash there is)
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
    )


def one_after_another(*commands: list[str], **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run commands in one new process, which takes its width from the environment.

    The last line of its standard error has their exit codes.
    """
    script = (
        "import sys\nfrom chainrule.cli import main\ncodes = []\n"
        f"for command in {commands!a}:\n"
        "    sys.argv = ['chainrule', *command]\n"
        "    try:\n        main()\n"
        "    except SystemExit as end:\n        codes.append(end.code)\n"
        "print(codes, file=sys.stderr)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, env={**os.environ, **environment}
    )


@needs_dev_full
@pytest.mark.parametrize("command", EACH)
def test_a_full_disk_behind_stdout_is_one_message(command: str, here: Path, forks: Forks) -> None:
    with Path("/dev/full").open("wb") as full:
        done = forks.run(*command.split(), stdout=full.fileno())
    assert done.code == 2
    last = done.err.splitlines()[-1]
    assert last.startswith("Error: The output cannot be written: No space left on device.")
    assert "Traceback" not in done.err
    if command.startswith("fit"):
        assert "new.st holds the trained network" in done.err
        assert chainrule.load_model(here / "new.st").training is not None


@pytest.mark.parametrize("command", EACH)
def test_streams_that_are_closed_are_no_error(command: str, here: Path, forks: Forks) -> None:
    no_output = forks.run(*command.split(), stdout=None)
    here.joinpath("new.st").unlink(missing_ok=True)
    no_notes = forks.run(*command.split(), stderr=None)
    assert (no_output.code, no_notes.code) == (0, 0), no_output.err
    assert "Traceback" not in no_output.err
    assert no_notes.out


def test_notes_do_not_stray_into_the_result(here: Path, forks: Forks) -> None:
    assert here.is_dir()
    command = ("check", "iris.safetensors", "iris.csv", "--rows", "2", "--weights", "4")
    done = forks.run(*command)
    assert forks.run(*command, stderr=None).out == done.out
    assert done.err.startswith("Note: checked on 2 of 150 rows")


@pytest.mark.parametrize("command", EACH)
def test_a_reader_that_leaves_is_no_traceback(command: str, here: Path, forks: Forks) -> None:
    assert here.is_dir()
    reader, writer = os.pipe()
    os.close(reader)
    done = forks.run(*command.split(), stdout=writer)
    os.close(writer)
    assert "Traceback" not in done.err
    assert "Exception" not in done.err


@needs_dev_full
def test_the_streams_of_a_shell(here: Path) -> None:
    assert here.is_dir()
    full = shell("chainrule --help > /dev/full")
    assert full.returncode == 2
    assert full.stderr.startswith(b"Error: The output cannot be written: No space left on device.")
    closed = shell("chainrule --help >&- && chainrule --help 2>&-")
    assert (closed.returncode, closed.stderr) == (0, b"")
    assert closed.stdout
    full = shell("PYTHONUNBUFFERED=1 chainrule show iris.safetensors --weights --json > /dev/full")
    assert (full.returncode, len(full.stderr.splitlines())) == (2, 1)
    left = shell("chainrule predict iris.safetensors iris.csv | head -1; exit ${PIPESTATUS[0]}")
    assert left.returncode == 0
    assert left.stdout.startswith(b"species,")
    assert b"Traceback" not in left.stderr
    assert b"Exception" not in left.stderr


@pytest.mark.parametrize(
    "encoding",
    ["ascii", "cp437", *(pytest.param(name, marks=pytest.mark.slow) for name in ("latin-1", "cp1252"))],
)
def test_characters_that_a_terminal_lacks_are_escaped(encoding: str, here: Path, forks: Forks) -> None:
    here.joinpath("größe ½.csv").write_text(
        "ζ,y\n" + "".join(f"{n},{n % 3}.5\n" for n in range(12)), encoding="utf-8"
    )
    commands = (
        ["trace", "iris.safetensors", "iris.csv"],
        ["fit", "größe ½.csv", "--target", "y", "--epochs", "1", "--out", "n.st"],
        ["fit", "--help"],
        ["fit", "größe ½.csv", "--target", "η"],
    )
    text = ""
    for command, code in zip(commands, (0, 0, 0, 2), strict=True):
        done = forks.run(*command, encoding=encoding)
        assert done.code == code, done.err
        assert "Traceback" not in done.err
        text += done.out
    assert "η" in text or r"\u03b7" in text
    assert "ζ" in text or r"\u03b6" in text
    assert "δ_1^(3)" in text or r"\u03b4_1^(3)" in text
    assert "cross_entropy" in text


C_LOCALE = {
    "--help": "  show  ",
    "trace iris.safetensors iris.csv": "L with the new weights = ",
}


@pytest.mark.parametrize(
    "command", ["--help", pytest.param("trace iris.safetensors iris.csv", marks=pytest.mark.slow)]
)
def test_the_c_locale(command: str, here: Path) -> None:
    assert here.is_dir()
    done = shell(f"chainrule {command}", LC_ALL="C", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0
    assert C_LOCALE[command].encode() in done.stdout


class Terminal:
    """What a terminal of so many columns shows after a stream of text, carriage returns and erasures."""

    def __init__(self, columns: int) -> None:
        self.columns, self.lines, self.column, self.widest = columns, [""], 0, 0

    def feed(self, text: str) -> None:
        for part in re.findall(r"\x1b\[K|\r|\n|[^\r\n\x1b]", text):
            if part == "\r":
                self.column = 0
            elif part == "\n":
                self.lines.append("")
            elif part == "\x1b[K":
                self.lines[-1] = self.lines[-1][: self.column]
            else:
                if self.column == self.columns:  # the terminal breaks the line
                    self.lines.append("")
                    self.column = 0
                line = self.lines[-1].ljust(self.column)
                self.lines[-1] = line[: self.column] + part + line[self.column + 1 :]
                self.column += 1
                self.widest = max(self.widest, len(self.lines[-1]))


DRAWN_EVERY_EPOCH = """
import dataclasses, chainrule.cli.terminal.progress as progress, chainrule.models.learning as fitting
progress.SECONDS_BETWEEN_DRAWS = 0
train = fitting.run_training
fitting.run_training = lambda *given, callbacks, **others: train(
    *given, callbacks=dataclasses.replace(callbacks, on_epoch=callbacks.on_time, on_time=None), **others)
"""


def on_terminal(forks: Forks, columns: int, *arguments: str, **environment: str) -> str:
    """Everything that a command, drawing every epoch, writes to stderr: a terminal of so many columns."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with Path(os.devnull).open("wb") as nowhere:
        environment = {"TERM": "xterm", **environment}
        forks.start(
            *arguments, stdout=nowhere.fileno(), stderr=follower, script=DRAWN_EVERY_EPOCH, **environment
        )
    os.close(follower)
    shown = everything_from(leader)
    assert forks.wait() == 0, shown
    return shown.decode()


LONG_FIT = ("fit", "iris.csv", "--target", "species", "--epochs", "12", "--out", "new.st")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_progress_is_one_line_that_leaves_nothing_behind(columns: int, here: Path, forks: Forks) -> None:
    assert here.is_dir()
    shown = on_terminal(forks, columns, *LONG_FIT)
    terminal = Terminal(columns)
    terminal.feed(shown)
    assert shown.count("epoch ") == 12
    assert "loss 0." in shown
    assert terminal.lines == [""]
    assert ("(Ctrl-C stops and keeps the network)" in shown) == (columns == 200)
    drawn = [line for line in shown.split("\r\x1b[K") if " left" in line]
    assert len(drawn) >= 10
    assert all(("(Ctrl-C stops" in line) == (columns >= 80) for line in drawn)
    assert all(line.startswith("epoch ") and "loss 0." in line for line in drawn)


def test_progress_on_a_terminal_that_erases_nothing(here: Path, forks: Forks) -> None:
    assert here.is_dir()
    assert on_terminal(forks, 80, *LONG_FIT, TERM="dumb") == ""


def test_progress_in_a_pipe_is_a_line_every_ten_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(Progress, "seconds", property(lambda _: now - 100.0))
    training = Progress(1000, 4, lambda: None, lambda: None)  # type: ignore[arg-type, return-value]
    with TrainingProgress() as progress:
        for number in range(1, 26):
            now += 1.0
            validation_loss = None if number < 20 else 0.5
            training.epochs.append(Epoch(number, 0.25, 1.0, validation_loss=validation_loss))
            progress.progress(training)
        now += 10.0
        training.samples = 3
        progress.progress(training)
    assert capsys.readouterr().err.splitlines() == [
        "epoch 10 of 1000   loss 0.25   1 epochs/s   16:30 min left",
        "epoch 20 of 1000   loss 0.25   validation 0.5   1 epochs/s   16:20 min left",
        "epoch 26 of 1000, 75 % of its rows   loss 0.25   validation 0.5   0.736 epochs/s   22:04 min left",
    ]


def test_an_epoch_is_never_said_to_be_done_before_it_is() -> None:
    training = Progress(40, 1000, lambda: None, lambda: None)  # type: ignore[arg-type, return-value]
    training.epochs += [Epoch(number, 0.25, 1.0) for number in range(1, 25)]
    training.samples = 999
    assert str(progress_line(training, 0)).startswith("epoch 25 of 40, 99 % of its rows   loss 0.25")
    training.samples = 1000
    assert str(progress_line(training, 0)).startswith("epoch 24 of 40   loss 0.25")


def test_a_line_of_progress_sheds_what_matters_least() -> None:
    training = Progress(1000, 400, lambda: None, lambda: None)  # type: ignore[arg-type, return-value]
    training.epochs += [Epoch(number, 0.123456, 1.0, validation_loss=0.234567) for number in range(1, 26)]
    training.samples, training.cycle, training.member = 100, (1, 4), (2, 25)
    training._began -= 10
    line = progress_line(training, 0, members=[2, 3])
    lines = [line.in_room(room, HINT, HINT_BEFORE) for room in range(20, 200)]
    assert all(len(one) <= room for room, one in enumerate(lines, 20))
    assert "left" in line.in_room(34, HINT, HINT_BEFORE)
    assert line.in_room(34, HINT, HINT_BEFORE).startswith("epoch 26 of 1000")
    pieces = (
        "left",
        "epoch 26",
        "loss 0.123",
        "(Ctrl-C",
        "networks 2, 3",
        "of at most",
        "validation",
        "epochs/s",
    )
    least = [min(len(one) for one in lines if piece in one) for piece in pieces]
    assert least[1] <= least[0] <= min(least[2:])  # the epoch and the time left are shed last
    assert least[4] <= 79  # which networks, with the hint and the time left
    of_usual_width = line.in_room(79, HINT, HINT_BEFORE)
    assert all(piece in of_usual_width for piece in ("left", "epoch 26", "(Ctrl-C stops)"))
    assert str(line) + HINT == line.in_room(200, HINT, HINT_BEFORE)


@pytest.mark.parametrize(
    "command",
    [
        "predict iris.safetensors iris.csv",
        "score iris.safetensors iris.csv",
        "trace iris.safetensors iris.csv",
        "check iris.safetensors iris.csv --rows 9 --weights 9",
        "inspect iris.csv",
        "fit iris.csv --target species --epochs 1 --out new.st",
    ],
)
def test_every_command_that_reads_a_table_says_so(command: str, here: Path, forks: Forks) -> None:
    assert here.is_dir()
    shown = on_terminal(forks, 80, *command.split())
    assert shown.startswith("\r\x1b[Kreading iris.csv …   (Ctrl-C stops)\r\x1b[K")
    terminal = Terminal(80)
    terminal.feed(re.sub(r"\x1b\[[0-9;]*m", "", shown))
    assert "reading" not in "".join(terminal.lines)
    if command.startswith("check"):
        assert "checking weight 1 of 9, in W^(1), by" in shown
    if command.startswith(("score", "predict")):
        assert "predicting 150 rows …" in shown


def test_what_is_read_is_drawn_and_notes_begin_lines_of_their_own(here: Path, forks: Forks) -> None:
    here.joinpath("new.checkpoint.st").write_bytes(b"mine")
    shown = on_terminal(forks, 200, *LONG_FIT)
    assert shown.startswith(
        "\r\x1b[Kreading iris.csv …   (Ctrl-C stops)\r\x1b[K\x1b[1mNote\x1b[0m: new.checkpoint.st stays"
    )
    assert on_terminal(forks, 80, "show", "iris.safetensors") == ""
    assert on_terminal(forks, 80, "score", "iris.safetensors", "iris.csv").startswith("\r\x1b[Kreading")


def test_words_for_time_and_the_room_for_a_line() -> None:
    assert [duration(s) for s in (0, 59.4, 59.6, 3599, 3600, 90061)] == [
        "0 s", "59 s", "1:00 min", "59:59 min", "1:00 h", "25:01 h",
    ]  # fmt: skip
    assert fitted("abc", "def", 6) == "abcdef"
    assert fitted("abc", "def", 5) == "abc"
    assert fitted("abcd", "def", 3) == "ab…"


@pytest.mark.parametrize("variables", [{"COLUMNS": "60"}, {"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_help_fits_the_terminal(variables: dict[str, str]) -> None:
    commands = ("", "fit", "predict", "score", "show", "trace", "check")
    done = one_after_another(*([*command.split(), "--help"] for command in commands), **variables)
    assert done.stderr.decode() == f"{[0] * len(commands)}\n"
    lines = done.stdout.decode().splitlines()
    assert max(map(len, lines)) <= int(variables.get("COLUMNS", "100"))
    assert sum("Usage" in line for line in lines) == len(commands)
    assert b"\x1b" not in done.stdout


def test_the_next_commands_run_in_a_shell(here: Path, chainrule_command: Callable[..., Any]) -> None:
    shutil.copy("iris.csv", here / '-it\'s $HOME; "x".csv')
    done = chainrule_command(
        *("fit", "--target", "species", "--hidden", 2, "--epochs", 1, "--out", "-a model.st"),
        *("--", '-it\'s $HOME; "x".csv'),
    )
    assert done.code == 0, done.err
    printed = re.findall(r"chainrule (?:predict|trace|check) .*", done.out)
    assert len(printed) == 3
    for line in printed:
        read = subprocess.run(
            ["bash", "-c", f"chainrule() {{ printf '%s\\0' \"$@\"; }}\n{line}"],  # noqa: S607
            capture_output=True,
            check=True,
            text=True,
        )
        ran = chainrule_command(*read.stdout.split("\0")[:-1])
        assert ran.code == 0, ran.err
