"""Every byte goes out or an error says why; no text is obeyed by a terminal; JSON is strict."""

from __future__ import annotations

import io
import json
import os
import pty
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chainrule.cli.printing import give, note, print_json, say, write_all
from forks import everything_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from forks import Forks

TEXT = "\x1b[31mred\x9b2J\u202e\r\x07"


def unbuffered(descriptor: int) -> io.TextIOWrapper:
    """A stream as PYTHONUNBUFFERED makes it."""
    raw: Any = io.FileIO(descriptor, "w", closefd=False)
    return io.TextIOWrapper(raw, encoding="utf-8", write_through=True)


def test_all_of_a_text_goes_into_a_pipe_that_does_not_wait() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    parts: list[bytes] = []

    def read() -> None:
        while part := os.read(reading, 4096):
            parts.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    write_all(unbuffered(writing), "η" * 500_000)
    os.close(writing)
    reader.join()
    os.close(reading)
    assert b"".join(parts) == "η".encode() * 500_000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("stream", [unbuffered, lambda number: os.fdopen(number, "w", closefd=False)])
def test_a_full_disk_is_an_error_with_or_without_buffers(stream: Callable[[int], Any]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(OSError, match="No space left"):
        write_all(stream(full), "x")
    os.close(full)


def test_a_stream_that_is_no_file_is_written() -> None:
    text = io.StringIO()
    write_all(text, "x")
    write_all(None, "x")
    assert text.getvalue() == "x"


def test_what_people_read_has_no_character_that_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"{TEXT}\nηα")
    note(TEXT)
    out, err = capsys.readouterr()
    assert out == "\\x1b[31mred\\x9b2J\\u202e\\r\\x07\nηα\n"
    assert err == "\\x1b[31mred\\x9b2J\\u202e\\r\\x07\n"


def test_data_are_as_they_are_but_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    give(TEXT)
    assert capsys.readouterr().out == TEXT
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    give(f"{TEXT}\n")
    assert capsys.readouterr().out == "\\x1b[31mred\\x9b2J\\u202e\\r\\x07\n"


def test_json_is_strict_and_safe(capsys: pytest.CaptureFixture[str]) -> None:
    data = {"a": [float("nan"), float("inf"), -float("inf"), 1e308], "b": (TEXT, "ηα", "\ud800")}
    print_json(data)
    out = capsys.readouterr().out
    assert all(line.isprintable() for line in out.split("\n"))
    assert "ηα" in out
    assert json.loads(out) == {"a": ["NaN", "Infinity", "-Infinity", 1e308], "b": [TEXT, "ηα", "\ud800"]}


def test_names_of_files_are_not_obeyed(here: Path, forks: Forks) -> None:
    name = "a\x1b[31m\nb.st"
    done = forks.run("fit", "iris.csv", "--target", "species", "--epochs", 1, "--out", name)
    assert (done.code, done.err) == (0, "")
    assert "a\\x1b[31m" in done.out
    assert here.joinpath(name).exists()
    assert forks.run("show", name).code == 0
    assert forks.run("predict", name, "missing\x1b[2J.csv").code == 2


def test_labels_of_a_table_are_not_obeyed_by_a_terminal(here: Path, forks: Forks) -> None:
    labels = ("x\x1b]0;t\x07", "a")
    rows = "".join(f"{k},{labels[k % 2]}\n" for k in range(20))
    here.joinpath("t.csv").write_text(f"x,y\n{rows}", encoding="utf-8")
    assert forks.run("fit", "t.csv", "--target", "y", "--epochs", 3).code == 0
    leader, follower = pty.openpty()
    forks.start("predict", "t.safetensors", "t.csv", stdout=follower, stderr=None)
    os.close(follower)
    shown = everything_from(leader)
    assert forks.wait() == 0
    assert b"\x1b" not in shown
    assert b"\\x1b]0;t\\x07" in shown
