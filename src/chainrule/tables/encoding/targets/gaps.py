"""What is the same for all targets: cells without a value, and a target that never varies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.errors import TableError
from chainrule.tables.columns.decisions import infinite_error, missing_error, unreadable_error

if TYPE_CHECKING:
    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.decisions import Said
    from chainrule.tables.columns.readings import Cells

__all__ = ["GAP", "constant_error", "refuse_gaps", "say_gaps"]

GAP = "counts for nothing there"


def refuse_gaps(column: Column, cells: Cells, kind: str) -> None:
    """Raise TableError for a cell of a target without a number or date."""
    if cells.unreadable.any():
        raise unreadable_error(column, cells.unreadable, kind, "learnt target")
    if cells.infinite.any():
        raise infinite_error(column, cells.infinite)
    if cells.missing.any():
        raise missing_error(column, cells.missing, "learnt target")


def say_gaps(column: Column, cells: Cells, said: Said, kind: str) -> None:
    """Tell `said` of cells of a target that have something, but no number or date."""
    said.unreadable(column, cells.unreadable, GAP, kind, "learnt target")
    said.infinite(column, cells.infinite, GAP)


def constant_error(name: str) -> TableError:
    """That a target has one value only."""
    return TableError(
        f"The target {name!r} has not two different values in the training rows.",
        needs="a target must have two values at least",
        advice="Choose another target, or add rows.",
    )
