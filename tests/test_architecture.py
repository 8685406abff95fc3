"""No file needs, by way of others, itself; no room depends on one that depends on it; no room is crowded."""

from __future__ import annotations

import ast
from collections import deque
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src" / "chainrule"
MOST_FILES = 14  # of a room, with its `__init__`

# Where a class and what is written about it in a file of its own name each other, within a room.
CLASS_AND_HELPER = [
    {"chainrule.inspection.trace", "chainrule.inspection.worked_example"},
    {"chainrule.models.folds", "chainrule.models.result"},
    {"chainrule.network.members", "chainrule.network.network"},
    {"chainrule.network.network", "chainrule.network.samples"},
    {"chainrule.tables.columns.checks", "chainrule.tables.columns.column"},
]


class Import(NamedTuple):
    """One module imports another."""

    by: str
    of: str
    runs: bool  # or is for type checkers alone


Graph = dict[str, set[str]]


def _is_for_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _names(node: ast.AST) -> list[str]:
    """What an import statement may import: modules, and names in them that may be modules."""
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{name.name}" for name in node.names]
    return []


def imports(modules: dict[str, str]) -> list[Import]:
    """All imports among modules, given as texts, wherever in a module they stand."""
    found = []

    def visit(node: ast.AST, by: str, *, runs: bool) -> None:
        for child in ast.iter_child_nodes(node):
            visit(child, by, runs=runs and not _is_for_typing(child))
        for name in _names(node):
            of = name if name in modules else name.rpartition(".")[0]
            if of in modules:
                found.append(Import(by, of, runs))

    for module, text in modules.items():
        visit(ast.parse(text), module, runs=True)
    return found


def graph(pairs: list[tuple[str, str]]) -> Graph:
    """Whom each needs, itself left out."""
    return {one: {other for by, other in pairs if by == one != other} for one, _ in pairs}


def circles(needs: Graph) -> list[list[str]]:
    """The shortest way from each back to itself, where there is one; each circle once, the shortest first."""
    ways = [_way_back(needs, start) for start in sorted(needs, reverse=True)]
    return sorted({frozenset(way): way for way in ways if way}.values(), key=len)


def _way_back(needs: Graph, start: str) -> list[str]:
    ways, seen = deque([[start]]), {start}
    while ways:
        way = ways.popleft()
        after = needs.get(way[-1], set())
        if start in after:
            return way
        ways.extend([*way, other] for other in sorted(after - seen))
        seen |= after
    return []


def told(found: list[Import], circle: list[str]) -> str:
    """Which files of a circle, of files or of rooms, import which others."""
    steps = {*zip(circle, [*circle[1:], circle[0]], strict=True)}
    lines = [
        f"{one.by} imports {one.of}"
        for one in found
        if {(one.by, one.of), (room_of(one.by), room_of(one.of))} & steps
    ]
    return "\n".join(dict.fromkeys(lines))


def room_of(module: str) -> str:
    """Room of the house, or the file of its own, that a module belongs to."""
    return ".".join(module.split(".")[:2])


def is_class_and_display(circle: list[str]) -> bool:
    """Whether files of one room name each other: a class, what shows it in a notebook, and words for both."""
    return len({room_of(one) for one in circle}) == 1 and any(".display" in one for one in circle)


def _name(path: Path) -> str:
    inside = path.relative_to(SOURCES.parent).with_suffix("").parts
    return ".".join(inside[:-1] if inside[-1] == "__init__" else inside)


@pytest.fixture(scope="module")
def package() -> list[Import]:
    return imports({_name(path): path.read_text(encoding="utf-8") for path in sorted(SOURCES.rglob("*.py"))})


def test_no_circle_of_files_that_import_as_they_run(package: list[Import]) -> None:
    found = [one for one in package if one.runs]
    assert [told(found, circle) for circle in circles(graph([(one.by, one.of) for one in found]))] == []


def test_no_circle_of_rooms_not_even_by_typing(package: list[Import]) -> None:
    rooms = graph([(room_of(one.by), room_of(one.of)) for one in package])
    assert [told(package, circle) for circle in circles(rooms)] == []


def test_no_circle_of_files_by_typing_but_of_a_class_and_its_helper(package: list[Import]) -> None:
    for circle in circles(graph([(one.by, one.of) for one in package])):
        is_known = set(circle) in CLASS_AND_HELPER or is_class_and_display(circle)
        assert is_known, told(package, circle)


def test_no_room_has_more_files_than_can_be_taken_in_at_a_glance() -> None:
    for room in {path.parent for path in SOURCES.rglob("*.py")}:
        files = sorted(path.name for path in room.glob("*.py"))
        assert len(files) <= MOST_FILES, f"{room} has {len(files)} files: {', '.join(files)}"


def test_circles_would_be_found() -> None:
    modules = {
        "chainrule.a": "from chainrule.b import x",
        "chainrule.b": "def f():\n    import chainrule.c.d",
        "chainrule.c.d": "if TYPE_CHECKING:\n    from chainrule import a\nfrom chainrule.c import e",
        "chainrule.c.e": "import numpy",
    }
    found = imports(modules)
    assert [(one.by[10:], one.of[10:], one.runs) for one in found] == [
        ("a", "b", True), ("b", "c.d", True), ("c.d", "a", False), ("c.d", "c.e", True),
    ]  # fmt: skip
    assert circles(graph([(one.by, one.of) for one in found if one.runs])) == []
    needs = graph([(one.by, one.of) for one in found])
    assert circles(needs) == [["chainrule.a", "chainrule.b", "chainrule.c.d"]]
    assert told(found, circles(needs)[0]).splitlines() == [
        "chainrule.a imports chainrule.b", "chainrule.b imports chainrule.c.d",
        "chainrule.c.d imports chainrule.a",
    ]  # fmt: skip
