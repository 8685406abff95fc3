"""Tables of ``docs/study.md``, made of the figures in ``benchmarks/figures``.

What stands between comments of the page is replaced: ``<!-- study group=choosing shows=errors -->`` asks for
the errors on the tables for choosing, as the file of that group has them; ``ours=NAME`` says which run
of ours is beside the others. A block ends with ``<!-- end -->``.
"""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING

from benchmarks.figures import FOLDER
from benchmarks.tabular.report import certainty, coverage, errors, seconds, summary
from benchmarks.tabular.study import OURS, Study, file_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["PAGE", "filled", "write_page"]

PAGE = FOLDER.parents[1] / "docs" / "study.md"
BLOCK = re.compile(r"(<!-- study (.*?) -->\n).*?(<!-- end -->)", re.DOTALL)


def write_page() -> int:
    """Write the page where it has changed."""
    text = filled(PAGE)
    if text != PAGE.read_text(encoding="utf-8"):
        PAGE.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{PAGE} written\n")
    return 0


def filled(page: Path) -> str:
    """The page as the figures give it."""
    shows: dict[str, Callable[[Study, str], list[str]]] = {
        "machine": lambda study, _: _machine(study),
        "errors": errors,
        "seconds": lambda study, _: seconds(study),
        "summary": summary,
        "certainty": certainty,
        "coverage": coverage,
    }

    def shown(block: re.Match[str]) -> str:
        asked = dict(part.split("=", 1) for part in shlex.split(block[2]))
        lines = shows[asked["shows"]](Study.read(file_of(asked["group"])), asked.get("ours", OURS))
        return f"{block[1]}\n" + "\n".join(lines) + f"\n\n{block[3]}"

    return BLOCK.sub(shown, page.read_text(encoding="utf-8"))


def _machine(study: Study) -> list[str]:
    told = ", ".join(f"{tool} {version}" for tool, version in study.machine["versions"].items())
    return [
        f"{study.machine['processor']}, {study.machine['date']}, Python {study.machine['python']}: {told}."
    ]
