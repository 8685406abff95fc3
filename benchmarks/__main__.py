"""Command line: ``python -m benchmarks``, in the root of the repository."""

from __future__ import annotations

import argparse
import itertools
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.equality import UnequalError
from benchmarks.figures import KIND, Figures, file_of
from benchmarks.machine import describe
from benchmarks.measuring import LIMIT, Crew, measure
from benchmarks.report import one_line, tables
from benchmarks.rivals import Options, Unavailable
from benchmarks.targets import host, offered
from benchmarks.tasks import GROUPS, Task, tasks_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

FULL = {"repetitions": 5, "seconds": 0.05}
QUICK = {"repetitions": 3, "seconds": 0.03}
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
WRONG_USE = 2


class EndedError(BaseException):
    """A signal has come."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the JSON file whatever ended it, and print tables."""
    asked = _parser().parse_args(arguments)
    plan = QUICK if asked.quick else FULL
    machine = describe() | {"target": asked.target}
    path = file_of(machine) if asked.json is True else asked.json
    older = Figures.read(path) if path and path.exists() else None
    if older and any(older.kind[name] != machine[name] for name in KIND):
        _say(f"{path} has figures of {older.kind}, which are kept; give another file.")
        return WRONG_USE
    options = Options(asked.engine, asked.seconds or plan["seconds"], asked.torch_compile, asked.target)
    run = _Run(options, int(asked.repetitions or plan["repetitions"]))
    before = {number: signal.signal(number, _end) for number in SIGNALS}
    try:
        status = _status(run, tasks_of(asked.groups or list(GROUPS), quick=asked.quick))
        _leave_in_peace()
        figures = Figures.of_run(machine, run.rows, **run.noted())
        if path and run.rows:
            figures.before(older or Figures(figures.kind)).write(path)
        with suppress(OSError):  # a terminal that hung up shows nothing
            ordered = figures.before(Figures(figures.kind)).rows
            sys.stdout.write(tables({asked.target: ordered}, markdown=asked.markdown))
            sys.stdout.flush()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return status


def _parser() -> argparse.ArgumentParser:
    """Options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help=f"some of {', '.join(GROUPS)}; all by default"
    )
    parser.add_argument(
        "--target",
        choices=offered(),
        default=host(),
        help="instructions that all tools keep to (%(default)s)",
    )
    parser.add_argument("--quick", action="store_true", help="fewer networks, shorter runs: two minutes")
    parser.add_argument(
        "--json", type=Path, nargs="?", const=True, metavar="FILE",
        help="write all figures there, in place of older ones of these tasks; without FILE, to that of this "
        "kind of processor in benchmarks/figures",
    )  # fmt: skip
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--repetitions", type=int, metavar="N", help="repetitions, the tools taking turns")
    parser.add_argument("--seconds", type=float, metavar="S", help="about how long a repetition takes")
    parser.add_argument("--engine", default="compiled", help="what runs chainrule's epochs")
    parser.add_argument("--torch-compile", action="store_true", help="try torch.compile too: minutes more")
    return parser


def _status(run: _Run, tasks: list[Task]) -> int:
    """Measure, and exit status."""
    try:
        run.all(tasks)
    except (UnequalError, Unavailable) as error:
        _say(str(error))
        return 1
    except EndedError as ended:
        _say(f"Ended by {signal.Signals(ended.number).name}; here is what was measured before.")
        return 128 + ended.number
    return 0


def _end(number: int, _frame: FrameType | None) -> None:
    """Turn the first signal into an exception."""
    _leave_in_peace()
    raise EndedError(number)


def _leave_in_peace() -> None:
    """Let what is to be written be written whole."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


class _Run:
    """What has been measured so far."""

    def __init__(self, options: Options, repetitions: int) -> None:
        self.options, self.repetitions = options, repetitions
        self.versions: dict[str, str] = {}
        self.rates: dict[str, float] = {}
        self.rows: list[dict[str, Any]] = []
        self.missing: list[str] = []
        self.left_out: set[str] = set()
        self.began = time.monotonic()

    def noted(self) -> dict[str, Any]:
        """What is to be known about the run."""
        return {
            "repetitions": self.repetitions,
            "seconds": self.options.seconds,
            "took": round(time.monotonic() - self.began),
            "versions": self.versions,
            "gflops": self.rates,
            "missing": self.missing,
        }

    def all(self, tasks: list[Task]) -> None:
        """Measure the tasks, with one crew for all that have the same number type and threads."""
        done = 0
        for (dtype, threads), group in itertools.groupby(tasks, lambda task: (task.dtype, task.threads)):
            alike = list(group)
            wanted = dict.fromkeys(tool for task in alike for tool in task.tools)
            tools = [tool for tool in wanted if tool not in self.left_out]
            if not self.rates and LIMIT not in tools:
                tools.append(LIMIT)
            with Crew(tools, threads, dtype, self.options) as crew:
                crew.load(self.lack)
                self.versions |= crew.versions
                if not self.rates:
                    self.rates = crew.rates(self.lack)
                self.left_out |= {*tools} - {*crew.workers}
                for task in alike:
                    done += 1
                    if rows := measure(task, crew, self.repetitions, self.lack):
                        self.rows += rows
                        _say(f"[{done}/{len(tasks)}] {one_line(rows)}")

    def lack(self, tool: str, reason: str) -> None:
        """Note a tool that is left out, and say so the first time."""
        note = f"without {tool}: {reason}"
        if note not in self.missing:
            self.missing.append(note)
            _say(note)


def _say(message: str) -> None:
    """Progress, beside the tables."""
    with suppress(OSError):
        sys.stderr.write(message + "\n")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
