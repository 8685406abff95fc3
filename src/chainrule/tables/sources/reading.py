"""The door: one function that reads any table."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from chainrule.errors import InputError, TableError, UnknownNameError
from chainrule.tables.columns.decisions import Decision, refuse_guesses
from chainrule.tables.columns.layout import Given, Layout
from chainrule.tables.columns.table import Table
from chainrule.tables.delimited.reading import read_delimited
from chainrule.tables.sources.arff import read_arff
from chainrule.tables.sources.arrow import read_typed
from chainrule.tables.sources.encodings import as_utf8
from chainrule.tables.sources.excel import read_workbook
from chainrule.tables.sources.formats import format_of, said_format, text_format, title_of
from chainrule.tables.sources.frames import is_frame, read_frame
from chainrule.tables.sources.jsonlines import read_json
from chainrule.tables.sources.options import checked_options, refuse_meaningless
from chainrule.tables.sources.packed import unpacked
from chainrule.tables.sources.source import TemporaryFolder, opened
from chainrule.words import counted, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chainrule.tables.sources.source import File

__all__ = ["as_table", "read_table"]

LOOKED_AT = 2**16  # characters, to see which format a text has


def read_table(
    source: object,
    *,
    layout: Layout | None = None,
    header: bool | None = None,
    names: Sequence[str] | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    sheet: str | int | None = None,
    bad_rows: str = "empty",
    strict: bool = False,
) -> Table:
    r"""Read a table from a file or a data frame.

    What a file is, is told by its bytes, and by its name where they leave it open. A packed one is unpacked.

    Parameters
    ----------
    source : path or data frame
        Delimited text, JSON lines, a workbook, ARFF, Parquet, Arrow, Feather or ORC, packed or not;
        ``"-"`` is the standard input. A data frame is anything that speaks Arrow (pandas, polars,
        pyarrow), a dict of columns, or a list of dicts, which are rows.
    layout : Layout, optional
        How the table was cut that a model was fitted to: this one is cut likewise.
    header : bool, optional
        Whether there is a line of names; by default it is found out.
    names : sequence of str, optional
        The names of all columns, in order, in place of those in the source.
    delimiter : str, optional
        The character between two cells, or "tab", or "blanks" for runs of blanks; by default it is found out.
    decimal : {".", ","}, optional
        The decimal mark of numbers in text; by default it is found out.
    encoding : str, optional
        The encoding of a text, by any name that Python knows; by default it is found out.
    sheet : str or int, optional
        The sheet of a workbook: its name, or its number from 1; by default the first that has a table.
    bad_rows : {"empty", "fail"}
        Whether a row that cannot be cut as the others is made empty, or is an error.
    strict : bool
        Whether what would be decided by a guess is an error.

    Returns
    -------
    Table
        With at least one column and one row; ``decisions`` says what was decided.

    Raises
    ------
    TableError
        There is no such file, or it is no table; the message says what is wrong, where, and what to do.
    InputError
        An option is no such thing, or has no meaning for this source.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "cities.csv"
    ...     _ = path.write_text("city;rain\nRome;0,8\nOslo;0,7\n")
    ...     table = read_table(path)
    >>> table.names, table.n_rows, table.remarks
    (('city', 'rain'), 2, ("delimiter ';'", 'decimal comma'))
    """
    if layout is not None and not isinstance(layout, Layout):
        raise InputError(
            parameter="layout",
            given=layout,
            needs="must be the Layout of a model's encoding",
            advice="Leave it out, and the layout is found.",
        )
    given = checked_options(
        header=header, names=names, delimiter=delimiter, decimal=decimal, encoding=encoding, sheet=sheet,
        bad_rows=bad_rows, strict=strict,
    )  # fmt: skip
    return _read(source, "source", given, layout, ())


def as_table(
    given: object,
    parameter: str = "table",
    *,
    layout: Layout | None = None,
    absent: Sequence[str] = (),
    known: Sequence[str] = (),
    **options: object,
) -> Table:
    """Table that is given as such, or what is read of anything else; an error names the parameter.

    Parameters
    ----------
    given : Table, path or data frame
    parameter : str
        What it was given for.
    layout : Layout, optional
        As for `read_table`; of no meaning for a Table.
    absent : sequence of str
        Names of columns that may be missing where there is no line of names, such as a target.
    known : sequence of str
        Names of columns that were learnt: one that is written a little otherwise gets its name, and that is
        said.
    **options
        Those of `read_table`, which a Table cannot have any more.

    Examples
    --------
    >>> table = read_table({"x": [1, 2]})
    >>> as_table(table) is table, as_table({"x": [1]}).n_rows
    (True, 1)
    """
    for name in options:
        if name not in Given.__dataclass_fields__:
            raise UnknownNameError("option of tables", name, Given.__dataclass_fields__, name)
    asked = checked_options(**options)
    if not isinstance(given, Table):
        return _called_as_learnt(_read(given, parameter, asked, layout, absent), known)
    if asked != Given(strict=asked.strict):
        changed = next(name for name in options if getattr(asked, name) != getattr(Given(), name))
        raise InputError(
            parameter=changed,
            given=options[changed],
            needs="cannot be given for a Table, which was read already",
            advice="Give it to read_table.",
        )
    return _called_as_learnt(_unless_guessed(given, asked), known)


def _called_as_learnt(table: Table, known: Sequence[str]) -> Table:
    """The table with learnt names where its own differ in letter case or the marks between words alone."""
    names, learnt = table.names, frozenset(known)
    absent = _by_spelling(learnt.difference(names))
    others = _by_spelling(name for name in names if name not in learnt) if absent else {}
    called = {name: absent[spelled] for spelled, name in others.items() if spelled in absent}
    if not called:
        return table
    said = [Decision(f"column {shown(name)} is taken for {shown(new)}") for name, new in called.items()]
    return replace(_renamed(table, called), decisions=(*table.decisions, *said))


def _renamed(table: Table, new: Mapping[str, str]) -> Table:
    """The table with new names for some of its columns."""
    columns = tuple(replace(one, name=new[one.name]) if one.name in new else one for one in table.columns)
    return replace(table, columns=columns)


def _by_spelling(names: Iterable[str]) -> dict[str, str]:
    """Names by how they are spelled but for letter case and marks, where no other one is spelled so."""
    spelled = [(_spelled(name), name) for name in names]
    times = Counter(one for one, _ in spelled)
    return {one: name for one, name in spelled if times[one] == 1}


def _spelled(name: str) -> str:
    return re.sub(r"[\s_.-]+", "_", name).casefold()


def _read(
    source: object, parameter: str, given: Given, layout: Layout | None, absent: Sequence[str]
) -> Table:
    try:
        if isinstance(source, (str, os.PathLike)):
            with TemporaryFolder() as folder:
                table = _read_file(unpacked(opened(source, folder), folder), given, layout, folder, absent)
        else:
            table = _read_frame(source, given, layout)
        return _unless_guessed(table, given)
    except TableError as error:
        error.parameter = parameter
        raise


def _read_file(
    file: File, given: Given, layout: Layout | None, folder: TemporaryFolder, absent: Sequence[str]
) -> Table:
    found = format_of(file)
    if found is None:
        return _read_text_file(file, given, layout, folder, absent)
    file = replace(file, decisions=(*file.decisions, *said_format(file, found)))
    if found == "Excel":
        refuse_meaningless(given, ("header", "sheet"), title_of(found))
        return read_workbook(file, given, layout, folder, absent)
    refuse_meaningless(given, (), title_of(found))
    return _named(read_typed(file, found, given), given, layout)


def _read_text_file(
    file: File, given: Given, layout: Layout | None, folder: TemporaryFolder, absent: Sequence[str]
) -> Table:
    file, encoding = as_utf8(file, given, layout, folder)
    with file.path.open(encoding="utf-8-sig") as text:
        found = text_format(file, text.read(LOOKED_AT))
    file = replace(file, decisions=(*file.decisions, *said_format(file, found)))
    if found == "delimited":
        refuse_meaningless(given, ("header", "delimiter", "encoding"), title_of(found))
        return read_delimited(
            file.path, file.title, given, layout, file.decisions, encoding=encoding, absent=absent
        )
    refuse_meaningless(given, ("encoding",), title_of(found))
    return (
        read_arff(file, given, folder) if found == "ARFF" else _named(read_json(file, given), given, layout)
    )


def _read_frame(source: object, given: Given, layout: Layout | None) -> Table:
    if not is_frame(source):
        raise TableError(
            f"A {type(source).__name__} was given",
            given=source,
            needs="a table is the path of a file, or a data frame that speaks Arrow",
            advice="Make a frame of it, for example with pandas.DataFrame.",
        )
    refuse_meaningless(given, (), "a data frame")
    return _named(read_frame(source, given), given, layout)


def _named(table: Table, given: Given, layout: Layout | None) -> Table:
    """The table with the names that were given, in order, in place of its own, or with those learnt so."""
    if given.names is None:
        pairs = () if layout is None else zip(layout.replaced, layout.names, strict=False)
        there = frozenset(table.names)
        learnt = {own: name for own, name in pairs if name not in there}
        return _renamed(table, learnt)
    if len(given.names) != len(table.columns):
        raise InputError(
            f"names has {counted(len(given.names), 'name')}",
            parameter="names",
            given=given.names,
            needs=f"{table.title} has {counted(len(table.columns), 'column')}",
            advice="Give one name for each column.",
        )
    columns = tuple(replace(one, name=name) for one, name in zip(table.columns, given.names, strict=True))
    as_if_text = Layout(delimiter=",", names=given.names, replaced=table.names, source="typed")
    return replace(table, columns=columns, layout=as_if_text)


def _unless_guessed(table: Table, given: Given) -> Table:
    """The table, unless something of it was guessed and nothing may be."""
    if given.strict:
        refuse_guesses(table.title, table.decisions)
    return table
