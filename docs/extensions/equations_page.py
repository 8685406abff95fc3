"""The index of equations: each with its formula, the page that it stands on, and the code that cites it."""

from __future__ import annotations

import ast
import itertools
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Equation", "cited_by", "equations", "equations_page"]

DOCS = Path(__file__).parents[1]
SOURCES = DOCS.parent / "src" / "chainrule"
PAGES = ("derivation", "units-losses-rules", "layers", "recipe")  # in the order of their numbers
BLOCK = re.compile(r"^```\{math\}\n:label: eq-(\d+)\n\n(.*?)\n```$", re.DOTALL | re.MULTILINE)
SAID = re.compile(r"^\| \{eq\}`eq-(\d+)` \| ([^|]*) \|", re.MULTILINE)
TITLE = re.compile(r"^#+ (.*)$", re.MULTILINE)
GAP = r"\s+(?:#:?\s+)?"  # also over the end of a line, of a comment too
CITATION = re.compile(rf"[Ee]quations?(?:(?:,|{GAP}and|{GAP}or|{GAP}to|,{GAP}and)?{GAP}\(\d+\))+")


@dataclass(frozen=True)
class Equation:
    """A numbered equation: what it says, its LaTeX, its page, and the heading that it stands under."""

    number: int
    says: str
    latex: str
    page: str
    under: str


@cache
def equations() -> tuple[Equation, ...]:
    """Return all equations, in the order of their numbers."""
    found = []
    for page in PAGES:
        text = _text(page)
        says = {int(number): words.strip() for number, words in SAID.findall(text)}
        for block in BLOCK.finditer(text):
            number, under = int(block[1]), TITLE.findall(text[: block.start()])[-1]
            found.append(Equation(number, says.get(number, under), block[2], page, under))
    return tuple(sorted(found, key=lambda one: one.number))


def _text(page: str) -> str:
    return DOCS.joinpath(f"{page}.md").read_text(encoding="utf-8")


@cache
def cited_by() -> Mapping[int, tuple[str, ...]]:
    """Functions and classes, by the equations that their docstrings and comments cite."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in sorted(SOURCES.rglob("*.py")):
        module = path.relative_to(SOURCES).with_suffix("").as_posix().replace("/", ".")
        text = path.read_text(encoding="utf-8")
        named = sorted(_named(ast.parse(text)), key=lambda one: one[1] - one[0])  # the inner ones first
        for at, number in _citations(text):
            inner = next((name for first, last, name in named if first <= at <= last), "")
            name = f"{module.removesuffix('.__init__')}.{inner}".removesuffix(".")
            if name not in found[number]:
                found[number].append(name)
    first = {
        number: sorted(names, key=lambda name: not name.startswith("equations"))
        for number, names in found.items()
    }
    return {number: tuple(names) for number, names in first.items()}


def _named(tree: ast.AST, inside: str = "") -> Iterator[tuple[int, int, str]]:
    """First and last line of each function and class, with its name."""
    for one in ast.iter_child_nodes(tree):
        name = inside
        if isinstance(one, (ast.FunctionDef, ast.ClassDef)):
            name = f"{inside}.{one.name}".removeprefix(".")
            yield one.lineno, one.end_lineno or one.lineno, name
        yield from _named(one, name)


def _citations(text: str) -> Iterator[tuple[int, int]]:
    """Number of each equation that is cited, behind the line where its citation begins."""
    for citation in CITATION.finditer(text):
        at = text.count("\n", 0, citation.start()) + 1
        yield from ((at, int(number)) for number in re.findall(r"\((\d+)\)", citation[0]))


def equations_page() -> str:
    """Return the made part of the page, in Markdown."""
    lines = []
    for page, of_page in itertools.groupby(equations(), key=lambda one: one.page):
        lines += [f"## {TITLE.findall(_text(page))[0]}", "", f"On [](./{page}.md).", ""]
        lines += [line for one in of_page for line in _entry(one)]
    return "\n".join(lines)


def _entry(one: Equation) -> Iterator[str]:
    """An equation under a heading of its own."""
    yield from (f"### ({one.number}) {one.says}", "", "```{math}", one.latex, "```", "")
    yield f"Stands as {{eq}}`eq-{one.number}` under “{one.under}”."
    names = cited_by().get(one.number, ())
    if names:
        yield f"In the code: {', '.join(f'`{name}`' for name in names)}."
    yield ""
