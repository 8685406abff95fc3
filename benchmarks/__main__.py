"""Command line: ``python -m benchmarks``, in the root of the repository."""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.equality import UnequalError
from benchmarks.machine import describe
from benchmarks.measuring import Crew, Row, measure
from benchmarks.report import as_json, one_line, tables
from benchmarks.rivals import Options, Unavailable
from benchmarks.tasks import GROUPS, Task, tasks_of

if TYPE_CHECKING:
    from collections.abc import Sequence

FULL = {"repetitions": 5, "seconds": 0.1}
QUICK = {"repetitions": 3, "seconds": 0.03}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print tables, and write the JSON file whatever ended it."""
    asked = _parser().parse_args(arguments)
    plan = QUICK if asked.quick else FULL
    options = Options(asked.engine, asked.seconds or plan["seconds"], asked.torch_compile)
    tasks = tasks_of(asked.groups or list(GROUPS), quick=asked.quick)
    run = _Run(options, int(asked.repetitions or plan["repetitions"]))
    try:
        run.all(tasks)
        status = 0
    except (UnequalError, Unavailable) as error:
        _say(str(error))
        status = 1
    except KeyboardInterrupt:
        _say("Interrupted; here is what was measured before.")
        status = 130
    rows = _in_order(run.rows, asked.groups or list(GROUPS))
    if asked.json:
        machine = describe() | {"versions": run.versions}
        asked.json.write_text(as_json(machine, rows, run.missing), encoding="utf-8")
    sys.stdout.write(tables(rows, markdown=asked.markdown))
    return status


def _parser() -> argparse.ArgumentParser:
    """Options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help=f"some of {', '.join(GROUPS)}; all by default"
    )
    parser.add_argument("--quick", action="store_true", help="fewer networks, shorter runs: two minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--repetitions", type=int, metavar="N", help="repetitions, the tools taking turns")
    parser.add_argument("--seconds", type=float, metavar="S", help="about how long a repetition takes")
    parser.add_argument("--engine", default="compiled", help="what runs chainrule's epochs")
    parser.add_argument("--torch-compile", action="store_true", help="try torch.compile too: minutes more")
    return parser


class _Run:
    """What has been measured so far."""

    def __init__(self, options: Options, repetitions: int) -> None:
        self.options, self.repetitions = options, repetitions
        self.versions: dict[str, str] = {}
        self.rows: list[Row] = []
        self.missing: list[str] = []

    def all(self, tasks: list[Task]) -> None:
        """Measure the tasks, with one crew for all that have the same number type and threads."""
        done = 0
        for (dtype, threads), group in itertools.groupby(tasks, lambda task: (task.dtype, task.threads)):
            alike = list(group)
            tools = list(dict.fromkeys(tool for task in alike for tool in task.tools))
            with Crew(tools, threads, dtype, self.options) as crew:
                crew.load(self.lack)
                self.versions |= crew.versions
                for task in alike:
                    done += 1
                    if rows := list(measure(task, crew, self.repetitions, self.lack)):
                        self.rows += rows
                        _say(f"[{done}/{len(tasks)}] {one_line(rows)}")

    def lack(self, tool: str, reason: str) -> None:
        """Note a tool that is left out, and say so the first time."""
        note = f"without {tool}: {reason}"
        if note not in self.missing:
            self.missing.append(note)
            _say(note)


def _in_order(rows: list[Row], groups: list[str]) -> list[Row]:
    """Rows in the order of the groups; they were measured in another."""
    return sorted(rows, key=lambda row: (groups.index(row.task.group), row.task.threads, row.task.batch_size))


def _say(message: str) -> None:
    """Progress, beside the tables."""
    sys.stderr.write(message + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
