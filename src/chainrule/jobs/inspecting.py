"""What a table is, as a job: each column with what becomes of it and why, without training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.jobs.job import Face, Job, hearing
from chainrule.models import report_of
from chainrule.stored import plain
from chainrule.table_options import TableOptions
from chainrule.tables import settle_roles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.tables import Report, Table

__all__ = ["InspectJob", "InspectOutcome"]


@dataclass(frozen=True)
class InspectOutcome:
    """A table and what became of it."""

    table: Table
    report: Report

    def summary(self) -> dict[str, Any]:
        """Everything as plain data."""
        return plain(self.report)


class InspectJob(Job):
    """Read a table and tell what becomes of each column and why.

    Parameters
    ----------
    table : path, data frame or Table
    target : str, int or sequence of them, optional
        Column to judge as what is learnt.
    **options
        What is said of the table, as for `chainrule.fit`.

    Examples
    --------
    >>> outcome = InspectJob("examples/iris.csv", target="species").run()
    >>> outcome.report.columns[-1].role, outcome.report.n_read
    ('target', 150)
    """

    def __init__(
        self,
        table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        *,
        target: str | int | Sequence[str] | None = None,
        **options: Any,  # noqa: ANN401 (as documented)
    ) -> None:
        super().__init__()
        self.table, self.target = table, target
        self.options = TableOptions.of(options)

    def run(self, face: Face | None = None) -> InspectOutcome:
        """Read, choose."""
        hearing(face)
        source = self.read(self.table, hearing(None), **self.options.of_file)
        roles = settle_roles(
            source, () if self.target is None else self.target, self.options, need_target=False
        )
        self.look()
        return InspectOutcome(source, report_of(source, roles, strict=self.options.strict))
