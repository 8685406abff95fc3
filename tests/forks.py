"""Commands in processes of their own that load nothing: forks of one that has loaded the package.

Loading takes most of a short command's time. Here one process loads everything and then forks for each
command; the child gets the folder, environment and streams that it is given, builds its standard streams
on them as Python does at a start, runs `main` and flushes them as Python does at an end. What Python or a
library reads from the environment while it starts (the width of help), and what it takes apart when it ends,
needs a process of its own.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from typer import main as typer_main

import chainrule
from chainrule.cli import main
from chainrule.cli.app import app
from outcomes import Outcome, lawful

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["Forks", "everything_from"]

STREAMS = ("stdin", "stdout", "stderr")
LONGEST = 1 << 20  # bytes of a request
# Loaded by typer, pyarrow and the training when they are used.
LOADED_BY_OTHERS = ("array_api_compat.numpy", "pandas", "typer._adapters", "typer.rich_utils")
KEPT = -1  # a stream whose text is an outcome's


@dataclass
class Forks:
    """The process that forks, seen by the tests: one child at a time."""

    connection: socket.socket
    running: int | None = None

    def start(
        self,
        *arguments: object,
        stdout: int | None,
        stderr: int | None,
        script: str = "",
        encoding: str = "utf-8",
        **environment: str,
    ) -> int:
        """Start a command after a script, and return its process number.

        Standard input is empty. A stream that is None is closed, as `>&-` in a shell leaves it. The encoding
        is that of all streams, as PYTHONIOENCODING would set it.
        """
        if self.running is not None:  # a test that failed has not waited for it
            os.kill(self.running, signal.SIGKILL)
            self.wait()
        request = {
            "arguments": ["chainrule", *map(str, arguments)],
            "folder": str(Path.cwd()),
            "environment": {**os.environ, **environment},
            "script": script,
            "encoding": encoding,
            "closed": [name for name, given in (("stdout", stdout), ("stderr", stderr)) if given is None],
        }
        with Path(os.devnull).open("rb") as nothing:
            given = [nothing.fileno(), *(number for number in (stdout, stderr) if number is not None)]
            socket.send_fds(self.connection, [json.dumps(request).encode()], given)
        self.running = self._answer()
        return self.running

    def wait(self) -> int:
        """Exit code of the command that was started last; minus the number of a signal that killed it."""
        self.running = None
        return os.waitstatus_to_exitcode(self._answer())

    def run(
        self,
        *arguments: object,
        stdout: int | None = KEPT,
        stderr: int | None = KEPT,
        script: str = "",
        encoding: str = "utf-8",
        **environment: str,
    ) -> Outcome:
        """Run a command to its end and keep what goes to no stream of the caller's."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            self.start(
                *arguments,
                stdout=out.fileno() if stdout == KEPT else stdout,
                stderr=err.fileno() if stderr == KEPT else stderr,
                script=script,
                encoding=encoding,
                **environment,
            )
            code = self.wait()
            how = "strict" if code in {0, 1, 2} else "replace"  # a signal may cut a character
            return lawful(arguments, Outcome(code, _text(out, encoding, how), _text(err, encoding, how)))

    def _answer(self) -> int:
        answer = self.connection.recv(8)
        assert len(answer) == 8, "the process that forks has ended"
        return int.from_bytes(answer, "big")


def everything_from(leader: int) -> bytes:
    """All that comes to a terminal, until its other end is closed or a minute is silent."""
    shown = b""
    while select.select([leader], [], [], 60)[0]:
        try:
            chunk = os.read(leader, 4096)
        except OSError:  # the other end was closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(leader)
    return shown


def _text(file: IO[bytes], encoding: str, errors: str) -> str:
    file.seek(0)
    return file.read().decode(encoding, errors)


def _serve(connection: socket.socket) -> dict[str, Any] | None:
    """Fork for each request: the request in the child, None in the parent when no more come."""
    while True:
        message, received, _, _ = socket.recv_fds(connection, LONGEST, len(STREAMS))
        if not message:
            return None
        request: dict[str, Any] = json.loads(message)
        child = os.fork()
        if child == 0:
            names = [name for name in STREAMS if name not in request["closed"]]
            _take_streams(names, received, request["encoding"])
            return request
        for number in received:
            os.close(number)
        connection.sendall(child.to_bytes(8, "big"))
        connection.sendall(os.waitpid(child, 0)[1].to_bytes(8, "big"))


def _take_streams(names: list[str], received: list[int], encoding: str) -> None:
    """Put what was received in place of the standard streams; close the others."""
    for number, name in enumerate(STREAMS):
        if name not in names:
            os.close(number)
            setattr(sys, name, None)
            continue
        os.dup2(received[names.index(name)], number)
        stream = open(  # noqa: SIM115 (as Python opens it, and never closed)
            number,
            "r" if name == "stdin" else "w",
            encoding=encoding,
            errors="backslashreplace" if name == "stderr" else "strict",
            newline=None if name == "stdin" else "\n",
            closefd=False,
        )
        stream.reconfigure(line_buffering=name == "stderr" or stream.isatty())
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    for number in received:
        os.close(number)


def _load_room(room: ModuleType) -> None:
    """Import all modules of a package but those of the estimators, which no command loads."""
    for found in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
        if found.name != "chainrule.estimators":
            module = importlib.import_module(found.name)
            if found.ispkg:
                _load_room(module)


def _load() -> None:
    """Import all that commands do, and make what each makes first. A fork must find no thread of it."""
    _load_room(chainrule)
    for name in LOADED_BY_OTHERS:
        with contextlib.suppress(ImportError):  # each child imports what has another name
            importlib.import_module(name)
    from chainrule.compiled.machine.compiler import (  # noqa: PLC0415 (only the process that forks needs it)
        Dispatcher,
    )

    _ = Dispatcher.targetdescr.target_context
    typer_main.get_command = functools.cache(typer_main.get_command)
    typer_main.get_command(app)


def _end(code: int) -> None:
    """End as Python does, but take nothing apart: every page that is touched would be copied for it."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError) as error:
            print(f"Exception ignored in: {stream!r}: {error}", file=sys.__stderr__)
            code = 120  # Python's own, for output that was lost at the end
    os._exit(code)


def _main() -> None:
    _load()
    gc.freeze()  # nothing of it is garbage when a child ends
    connection = socket.socket(fileno=int(sys.argv[1]))
    request = _serve(connection)
    connection.close()
    if request is None:
        return
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = request["arguments"]
    exec(request["script"], {"os": os, "signal": signal, "sys": sys})  # noqa: S102 (a test's own)
    try:
        main()
    except SystemExit as end:
        if threading.active_count() == 1 and isinstance(end.code, int):
            _end(end.code)
        raise


if __name__ == "__main__":
    _main()
