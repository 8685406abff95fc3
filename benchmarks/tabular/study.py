"""What the tools gave on one group of tables: read of a folder of results, kept as a file of figures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from benchmarks.figures import FOLDER
from benchmarks.machine import describe
from benchmarks.tabular.running import kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from benchmarks.tabular.tables import StudyTable

__all__ = ["OURS", "Study", "file_of"]

OURS = "chainrule"
SHOWN = {
    "linear": "linear model", "mlp": "scikit-learn's MLP", "lightgbm": "LightGBM", "realmlp": "RealMLP",
    "tabm": "TabM",
}  # fmt: skip

Fact = dict[str, Any]


def file_of(group: str) -> Path:
    """Where the figures of a group are kept in the repository."""
    return FOLDER / f"tabular-{group}.json"


@dataclass
class Study:
    """Results on one group.

    Attributes
    ----------
    machine : dict
        Processor, date and versions.
    tables : dict
        By their names: how many classes, rows and columns; `parts` are the rows for training and for test.
    rows : list of dict
        A line for each table, tool and split.
    """

    machine: Fact
    tables: dict[str, Fact]
    rows: list[Fact]

    @classmethod
    def of_results(
        cls, results: Path, tables: Iterable[StudyTable], folder: Path | None, tools: Sequence[str]
    ) -> Self:
        """What a folder of results has of these tables and tools."""
        asked = {table.name: table for table in tables}
        files = {tool: kept(results / f"{tool}.jsonl") for tool in tools}
        rows = [
            {"table": fact["table"], "tool": tool} | {name: _rounded(value) for name, value in fact.items()}
            for tool, facts in files.items()
            for fact in facts
            if fact["table"] in asked
        ]
        versions = {row["tool"]: row.pop("version") for row in rows}
        parts = {row["table"]: [row.pop("training_rows"), row.pop("test_rows")] for row in rows}
        there = dict.fromkeys(row["table"] for row in rows)
        found = {}
        for name in (name for name in asked if name in there):
            table, frame = asked[name], asked[name].read(folder)
            found[name] = {
                "classes": frame[table.target].nunique() if table.is_classes else None,
                "rows": len(frame), "columns": frame.shape[1] - 1, "parts": parts[name],
                "smooth": table.is_smooth, "source": table.source,
            }  # fmt: skip
        order = list(found)
        rows.sort(key=lambda row: (order.index(row["table"]), tools.index(row["tool"]), row["split"]))
        return cls(describe() | {"versions": versions}, found, rows)

    @classmethod
    def read(cls, path: Path) -> Self:
        """That of a file."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def write(self, path: Path) -> None:
        """Write a file, a line for each table and each result."""
        tables = ",\n  ".join(f"{_json(name)}: {_json(fact)}" for name, fact in self.tables.items())
        rows = ",\n  ".join(map(_json, self.rows))
        machine = _json(self.machine)
        path.write_text(
            f'{{\n "machine": {machine},\n "tables": {{\n  {tables}\n }},\n "rows": [\n  {rows}\n ]\n}}\n',
            encoding="utf-8",
        )

    @property
    def tools(self) -> list[str]:
        """Ours first, then the rivals, then others."""
        known = [OURS, *SHOWN]
        found = dict.fromkeys(row["tool"] for row in self.rows)
        return sorted(found, key=lambda tool: known.index(tool) if tool in known else len(known))

    def values(self, what: str = "error") -> dict[str, dict[str, dict[int, float]]]:
        """One value of each table, tool and split."""
        found: dict[str, dict[str, dict[int, float]]] = {name: {} for name in self.tables}
        for row in self.rows:
            if what in row:  # of what ran on another machine there are no seconds
                found[row["table"]].setdefault(row["tool"], {})[row["split"]] = row[what]
        return found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _rounded(value: Any) -> Any:
    """The same, with six digits to a number that is no whole one."""
    return float(f"{value:.6g}") if isinstance(value, float) else value
