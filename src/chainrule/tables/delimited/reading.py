"""Read delimited text straight from its file: layout, names, rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.errors import TableError, argument
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.columns.layout import Given, Layout
from chainrule.tables.columns.table import assemble, settle_names
from chainrule.tables.delimited.cutting import NoTrailingDelimiterError, cut_rows
from chainrule.tables.delimited.dialect import best_cut
from chainrule.tables.delimited.learnt import learnt_plan
from chainrule.tables.delimited.plan import Plan, settle_plan
from chainrule.tables.delimited.text_file import TextFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chainrule.tables.columns.table import Table
    from chainrule.tables.delimited.rows import Rows

__all__ = ["read_delimited"]

DEFAULT = Given()


def read_delimited(
    path: Path,
    title: str,
    given: Given = DEFAULT,
    layout: Layout | None = None,
    decisions: Sequence[Decision] = (),
    *,
    encoding: str = "utf-8",
    absent: Sequence[str] = (),
) -> Table:
    r"""Read a table from a text file.

    Parameters
    ----------
    path : Path
        A file in UTF-8, with any line ends.
    title : str
        What messages call it.
    given : Given
        What the user says of it.
    layout : Layout, optional
        Of the table that a model has learnt: where the file is laid out so, its columns are found by these
        names, and in a file without a line of names by their place.
    decisions : sequence of Decision
        What was decided before.
    encoding : str
        The encoding that the file had before it was made UTF-8.
    absent : sequence of str
        Names of columns that a file without a line of names may lack, such as a target.

    Returns
    -------
    Table
        All cells text, without the blanks around them unless they are quoted.

    Raises
    ------
    TableError
        There are no rows, what is given does not fit, or a row is at fault and that was asked to fail.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "cities.csv"
    ...     _ = path.write_text("Rome;0,8\nOslo;0,7\n")
    ...     table = read_delimited(path, path.name)
    >>> table.names, table.n_rows, table.layout.header_lines
    (('c1', 'c2'), 2, 0)
    """
    _check_delimiter(given.delimiter)
    file = TextFile(path, title)
    plan = None if layout is None else learnt_plan(file, layout, given, absent)
    said = list(decisions)
    if layout is not None and plan is None:
        said.append(
            Decision("the file is not laid out as the table that was learnt: its layout is found anew")
        )
    plan, rows = _settled(file, given) if plan is None else (plan, _cut(file, plan, given))
    names = settle_names(plan.names)[0]
    return assemble(
        title,
        plan.names,
        rows.columns,
        (*said, *plan.decisions, *rows.decisions),
        layout=_layout(plan, names, encoding),
        left_out=rows.left_out,
        numbering=rows.numbering,
        delimiter=plan.dialect.delimiter,
        decimal=given.decimal,
        whole=layout is not None,
    )


def _check_delimiter(delimiter: str | None) -> None:
    if delimiter is not None and (len(delimiter) > 1 or delimiter in {"\n", "\r", '"', "'"}):
        raise TableError(
            parameter="delimiter",
            given=delimiter,
            needs="must be one character, and no quote or line end",
            advice=f"Give the one that stands between the cells, such as {argument('delimiter', ';')}.",
        )


def _layout(plan: Plan, names: tuple[str, ...], encoding: str) -> Layout:
    dialect, replaced = plan.dialect, settle_names(plan.replaced)[0]
    return Layout(
        delimiter=dialect.delimiter,
        quote=dialect.quote,  # type: ignore[arg-type]
        encoding=encoding,
        header_lines=len(plan.header),
        comment=dialect.comment,
        names=names,
        replaced=replaced if replaced != names else (),
    )


def _settled(file: TextFile, given: Given) -> tuple[Plan, Rows]:
    """Find the layout out, and cut the rows so; once more where a last cell was taken for none and is one."""
    sample, cut = best_cut(file, given.delimiter)
    plan = settle_plan(file, sample, cut, given)
    try:
        return plan, _cut(file, plan, given)
    except NoTrailingDelimiterError:
        plan = settle_plan(file, sample, cut, given, may_trail=False)
        return plan, _cut(file, plan, given)


def _cut(file: TextFile, plan: Plan, given: Given) -> Rows:
    return cut_rows(file, plan, fails=given.bad_rows == "fail" or given.strict)
