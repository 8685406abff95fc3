"""Tables and pictures of ``docs/performance.md``, made of the figures in ``benchmarks/figures``.

``python -m benchmarks.page``, in the root of the repository; it times nothing. What stands between comments
of the page is replaced: ``<!-- processors NAME ... -->`` names the files whose figures are shown, in this
order, and ``<!-- table group=online threads=1 -->`` asks for the figures that have these values. A block ends
with ``<!-- end -->``.
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

from benchmarks.figures import FOLDER, Figures
from benchmarks.pictures import beside, growth
from benchmarks.report import grid, titled

__all__ = ["files", "main"]

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"(<!-- (processors|table) (.*?) -->\n).*?(<!-- end -->)", re.DOTALL)
INSTRUCTIONS = {"x86-64-v3": "AVX2", "x86-64-v4": "AVX-512"}
PICTURES = {"performance_beside.svg": beside, "performance_growth.svg": growth}

Fact = dict[str, Any]


def main() -> int:
    """Write what has changed."""
    for path, text in files(DOCS).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path} written\n")
    return 0


def files(docs: Path, folder: Path = FOLDER) -> dict[Path, str]:
    """The page and its pictures, as the figures of a folder give them."""
    page = docs / "performance.md"
    text = page.read_text(encoding="utf-8")
    named = re.search(r"<!-- processors (.*?) -->", text)
    if named is None:
        message = f"{page} does not name the processors: <!-- processors NAME ... -->"
        raise ValueError(message)
    found = [Figures.read(folder / f"{name}.json") for name in named[1].split()]
    kinds = dict(zip(_names(found), found, strict=True))
    rows = {name: figures.rows for name, figures in kinds.items()}

    def filled(block: re.Match[str]) -> str:
        lines = _processors(kinds) if block[2] == "processors" else _table(rows, block[3])
        return f"{block[1]}\n" + "\n".join(lines) + f"\n\n{block[4]}"

    return {page: BLOCK.sub(filled, text)} | {docs / name: draw(rows) for name, draw in PICTURES.items()}


def _names(found: list[Figures]) -> list[str]:
    """What tells the kinds apart: the instructions and, where there are several, the processors."""
    processors = {(f.kind["vendor"], f.kind["family"], f.kind["model"]) for f in found}
    names = []
    for kind in (figures.kind for figures in found):
        name = INSTRUCTIONS.get(kind["target"], kind["target"])
        if len(processors) > 1:
            name = f"{name}, {kind['vendor']} {kind['family']}/{kind['model']}"
        names.append(name)
    return names


def _processors(kinds: dict[str, Figures]) -> list[str]:
    """What the figures are from: a line for each day and versions that do not contradict each other."""
    lines = ["| instructions | processor | date | versions |", "| --- | --- | --- | --- |"]
    for name, figures in kinds.items():
        kind, found = figures.kind, list[tuple[str, dict[str, str]]]()
        family = f", family {kind['family']}, model {kind['model']}" if kind["family"] else ""
        for run in figures.runs:
            when = f"{kind['processor']}{family}, {run['cores']} cores | {run['date']}"
            new = {"Python": run["python"], **run["versions"]}
            for known, versions in found:
                if known == when and all(versions.get(tool, new[tool]) == new[tool] for tool in new):
                    versions.update(new)
                    break
            else:
                found.append((when, new))
        for when, versions in found:
            told = ", ".join(f"{tool} {version}" for tool, version in versions.items())
            lines.append(f"| {name} | {when} | {told} |")
    return lines


def _table(rows: dict[str, list[Fact]], asked: str) -> list[str]:
    """One table of the figures that have the values that are asked for."""
    wanted = dict(part.split("=", 1) for part in shlex.split(asked))
    chosen = {
        kind: [fact for fact in facts if all(str(fact[name]) == value for name, value in wanted.items())]
        for kind, facts in rows.items()
    }
    titles = {titled(fact) for facts in chosen.values() for fact in facts}
    if len(titles) != 1:
        message = f"<!-- table {asked} --> asks for {len(titles)} tables: {sorted(titles)}; one is needed"
        raise ValueError(message)
    return grid(chosen, markdown=True)


if __name__ == "__main__":
    sys.exit(main())
