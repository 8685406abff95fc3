"""What the tests of tables share: write a file, read it, or get the sentence of the error."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pytest and Hypothesis look at the annotations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from chainrule.errors import TableError
from chainrule.tables import TableOptions, choose_encoding, read_table, read_targets, settle_roles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chainrule.tables import Chosen, Table


def written(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(folder: Path, text: str | bytes, name: str = "t.csv") -> Table:
    return read_table(written(folder, text, name))


def cells(table: Table) -> list[list[object]]:
    """The rows of a table."""
    return [list(row) for row in zip(*(column.cells.to_pylist() for column in table.columns), strict=True)]


def chosen(
    table: Table,
    target: object,
    training_rows: Sequence[int] | None = None,
    **options: Any,  # noqa: ANN401 - of `TableOptions`
) -> Chosen:
    """How a table is encoded where nothing else was said; by default all rows are learnt from."""
    roles = settle_roles(table, target, TableOptions(**options))
    rows = range(table.n_rows) if training_rows is None else training_rows
    return choose_encoding(table, roles, read_targets(table, roles), np.array(rows, dtype=np.intp))


def refusal(what: Callable[[], object], kind: type[Exception] = TableError) -> str:
    """The message of the error that this raises; it must be of exactly this kind."""
    with pytest.raises(kind) as caught:
        what()
    assert type(caught.value) is kind
    return str(caught.value)
