"""The study of tables, in the root of the repository.

    python -m benchmarks.tabular run --tables choosing --rivals linear mlp lightgbm
    python -m benchmarks.tabular run --tables choosing --rivals chainrule
    python -m benchmarks.tabular run --tables choosing --ours 'wide={"hidden": [256]}'
    python -m benchmarks.tabular report --tables choosing --ours-is wide
    python -m benchmarks.tabular figures --tables choosing
    python -m benchmarks.tabular page

Results are kept line by line in a folder, a file for each tool, and what is there is not run again: remove a
file to run its tool anew. Tables that come from a folder of files are left out where none is given. `report`
prints what is there; `figures` keeps it in benchmarks/figures, a file for each group, and `page` makes the
tables of docs/study.md of these files.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.tabular.page import write_page
from benchmarks.tabular.report import errors, seconds, summary
from benchmarks.tabular.study import Study, file_of

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = Path("build/tabular")
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run tools, or report what they gave."""
    asked = _parser().parse_args(arguments)
    if asked.what == "one":
        return _one(asked)
    if asked.what == "page":
        return write_page()
    if asked.what in {"report", "figures"}:
        return _told(asked)
    asked.results.mkdir(parents=True, exist_ok=True)
    ours = dict(one.partition("=")[::2] for one in asked.ours)
    for name in [*asked.rivals, *ours]:
        command = [sys.executable, "-m", "benchmarks.tabular", "one", "--rivals", name, *_passed(asked)]
        command += ["--ours", f"{name}={ours[name]}"] if name in ours else []
        subprocess.run(command, check=False, env=os.environ | ONE_THREAD)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tabular",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument(
        "what",
        choices=["run", "report", "figures", "page", "one"],
        help="`one` is what `run` starts for each tool",
    )
    parser.add_argument("--tables", nargs="+", default=["choosing"], metavar="NAME", help="groups or tables")
    parser.add_argument("--rivals", nargs="*", default=[], metavar="NAME", help="tools")
    parser.add_argument(
        "--ours", nargs="*", default=[], metavar="NAME=JSON", help="a name, and options of chainrule.fit"
    )
    parser.add_argument("--ours-is", default="chainrule", metavar="NAME", help="whose ratios are reported")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--rows", type=int, default=5000, help="most training rows, and most test rows")
    parser.add_argument("--elsewhere", action="store_true", help="on another machine: keep no seconds")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where tables are that no package brings")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FOLDER")
    return parser


def _told(asked: argparse.Namespace) -> int:
    """Print or keep what was found."""
    from benchmarks.tabular.tables import named  # noqa: PLC0415 (scikit-learn would read how many threads it has)

    known = [path.stem for path in sorted(asked.results.glob("*.jsonl"))]
    tools = asked.rivals or known
    for group in asked.tables:
        study = Study.of_results(asked.results, named([group]), asked.data, tools)
        if asked.what == "figures":
            study.write(file_of(group))
        else:
            parts = (errors(study, asked.ours_is), seconds(study), summary(study, asked.ours_is))
            sys.stdout.write("\n\n".join("\n".join(lines) for lines in parts) + "\n\n")
    return 0


def _passed(asked: argparse.Namespace) -> list[str]:
    found = ["--tables", *asked.tables, "--splits", str(asked.splits), "--rows", str(asked.rows)]
    found += ["--elsewhere"] * asked.elsewhere
    return [*found, "--results", str(asked.results), *(["--data", str(asked.data)] if asked.data else [])]


def _one(asked: argparse.Namespace) -> int:
    """Run one tool, in a process that was started with one thread."""
    from benchmarks.rivals import Unavailable  # noqa: PLC0415 (as above)
    from benchmarks.tabular.rivals import RIVALS, chainrule  # noqa: PLC0415 (as above)
    from benchmarks.tabular.running import run  # noqa: PLC0415 (as above)
    from benchmarks.tabular.tables import named  # noqa: PLC0415 (as above)

    [name] = asked.rivals
    given: dict[str, Any] = json.loads(asked.ours[0].partition("=")[2] or "{}") if asked.ours else {}
    try:
        rival = chainrule(name, given) if asked.ours or name == "chainrule" else RIVALS[name]
        file = asked.results / f"{name}.jsonl"
        run(
            rival, named(asked.tables), file, folder=asked.data, splits=asked.splits, most_rows=asked.rows,
            elsewhere=asked.elsewhere,
        )  # fmt: skip
    except Unavailable as error:
        sys.stderr.write(f"Left out: {error}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
