"""What the tests of tables share: write a file, read it, or get the sentence of the error."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pytest and Hypothesis look at the annotations
from typing import TYPE_CHECKING

import pytest

from chainrule.errors import TableError
from chainrule.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule.tables import Table


def written(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(folder: Path, text: str | bytes, name: str = "t.csv") -> Table:
    return read_table(written(folder, text, name))


def cells(table: Table) -> list[list[object]]:
    """The rows of a table."""
    return [list(row) for row in zip(*(column.cells.to_pylist() for column in table.columns), strict=True)]


def refusal(what: Callable[[], object], kind: type[Exception] = TableError) -> str:
    """The message of the error that this raises; it must be of exactly this kind."""
    with pytest.raises(kind) as caught:
        what()
    assert type(caught.value) is kind
    return str(caught.value)
