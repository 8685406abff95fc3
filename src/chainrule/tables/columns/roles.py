"""Which column is what: found by name, number or pattern, and no column has two roles."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from chainrule.errors import Faults, InputError, UnknownNameError, argument
from chainrule.stored import MOST, Meta, Name, Stored
from chainrule.table_options import EVERY_COLUMN, NumberEncoding, column_names
from chainrule.words import listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainrule.table_options import TableOptions
    from chainrule.tables.columns.table import Table

__all__ = ["Purpose", "Roles", "RowRoles", "columns_named", "settle_roles"]

Purpose: TypeAlias = Literal["input", "target", "left out", "id", "weights", "split", "group"]

KINDS = ("classes", "numbers", "categories", "dates", "text", "missing")  # what a column may be said to be
ROLES = ("target", "ignore", "weights", "id", "split", "group")  # what it may be for, each alone
WITH_FORM = ("numbers", "dates")


class RowRoles(Stored, frozen=True):
    """Columns that say something of rows, and how rows are held out.

    Attributes
    ----------
    ids : tuple of str
        Columns that name the rows: predictions keep them.
    weights, split, group : str or None
        The column that says what a row counts, which part it is of, and with which rows it belongs together.
    in_order : bool
        Whether the last rows are held out.

    Examples
    --------
    >>> RowRoles(ids=("passenger",)).in_order
    False
    """

    ids: Annotated[tuple[Name, ...], Meta(max_length=MOST)] = ()
    weights: Name | None = None
    split: Name | None = None
    group: Name | None = None
    in_order: bool = False


@dataclass(frozen=True)
class Roles:
    """What each column is for.

    Attributes
    ----------
    targets, inputs, ignored, ids : tuple of str
    named : frozenset of str
        Inputs that the user named or said the kind of: none is left out.
    asked : dict of str to str
        What columns were said to be: "classes", "numbers", "dates:day-month-year", …
    log : frozenset of str
        Targets that are learnt by their logarithm.
    as_is : frozenset of str
        Columns of which the numbers are not scaled.
    numbers_as : dict of str to NumberEncoding
        How columns are encoded where they are inputs and numbers; of one that is not named, nothing was said.
    one_unit : bool or None
        Whether a target of two classes has one output; None where nothing was said.
    weights, split, group : str or None
    in_order : bool
    """

    targets: tuple[str, ...]
    inputs: tuple[str, ...]
    ignored: tuple[str, ...]
    ids: tuple[str, ...]
    named: frozenset[str]
    asked: dict[str, str]
    log: frozenset[str]
    as_is: frozenset[str]
    numbers_as: dict[str, NumberEncoding]
    one_unit: bool | None
    weights: str | None
    split: str | None
    group: str | None
    in_order: bool

    @property
    def of_rows(self) -> RowRoles:
        """What of them a model keeps, beside its inputs and targets."""
        return RowRoles(self.ids, self.weights, self.split, self.group, self.in_order)

    def role(self, name: str) -> Purpose:
        """What a column is for, in a word."""
        return self._role_of.get(name, "left out")

    @cached_property
    def _role_of(self) -> dict[str | None, Purpose]:
        of_many: tuple[tuple[Purpose, tuple[str, ...]], ...] = (
            ("target", self.targets),
            ("input", self.inputs),
            ("id", self.ids),
        )
        of_one: dict[str | None, Purpose] = {
            self.weights: "weights",
            self.split: "split",
            self.group: "group",
        }
        return of_one | {name: role for role, names in of_many for name in names}


def settle_roles(table: Table, target: object, options: TableOptions, *, need_target: bool = True) -> Roles:
    """Find the columns of each role in a table.

    Raises
    ------
    UnknownNameError
        A name is no column of the table.
    InputError
        No target, no input, or one column in two roles that exclude each other.
    """
    given = {
        "target": target,
        **{role: getattr(options, role) for role in (*ROLES[1:], *KINDS, "inputs", "log", "as_is")},
    }
    found: dict[str, tuple[str, ...]] = {}
    asked: dict[str, str] = {}
    faults = Faults()
    for where, names in given.items():
        found[where] = ()
        with faults:
            listed_names = () if names is None else column_names(names, where)
            besides = found.get("target", ()) if where in (*ROLES, "inputs") else ()
            found[where] = columns_named(
                table, listed_names, where, asked if where in KINDS else None, besides=besides
            )
    encodings: dict[str, NumberEncoding] = {}
    for columns, encoding in options.numbers_as or ():
        with faults:
            names = columns_named(table, [columns], "numbers_as")
            if columns != EVERY_COLUMN:
                _refuse_two_roles({"as_is": found["as_is"], "numbers_as": names})
            encodings.update(dict.fromkeys(names, NumberEncoding.of(encoding)))
    faults.refuse()
    if not found["target"] and need_target:
        raise _no_target(target)
    _refuse_two_roles({role: found[role] for role in (*ROLES, "inputs")})
    _refuse_two_roles({kind: found[kind] for kind in KINDS})
    taken = {name for role in ROLES for name in found[role]}
    inputs = tuple(name for name in table.names if name not in taken)
    if options.inputs is not None:
        inputs = found["inputs"]
    if not inputs:
        taker = next((role for role in ("inputs", *ROLES[1:]) if found[role]), "inputs")
        raise InputError(
            f"No input column is left of {listed(table.names)}",
            parameter=taker,
            given=found[taker],
            needs="training needs one",
            advice="Leave out fewer columns.",
        )
    one = {role: (found[role] or (None,))[0] for role in ("weights", "split", "group")}
    stray = [name for name in found["log"] if name not in found["target"]]
    if stray:
        raise InputError(
            f"{shown(stray[0])} is no target",
            parameter="log",
            given=stray[0],
            needs="only targets are learnt by their logarithm",
            advice="Leave it out: inputs that are skewed are squashed.",
        )
    named = frozenset(name for where in ("inputs", *KINDS) for name in found[where])
    used, asked_away = {*taken, *inputs}, frozenset(found["ignore"])
    ignored = tuple(name for name in table.names if name not in used or name in asked_away)
    return Roles(
        found["target"], inputs, ignored, found["id"], named, asked, frozenset(found["log"]),
        frozenset(found["as_is"]), encodings, options.one_unit, **one, in_order=options.in_order,
    )  # fmt: skip


def _no_target(given: object) -> InputError:
    return InputError(
        "No target was given",
        parameter="target",
        given=given,
        needs="training needs one",
        advice="Name the column to be predicted.",
    )


def columns_named(
    table: Table,
    given: Sequence[object],
    parameter: str,
    asked: dict[str, str] | None = None,
    *,
    besides: Sequence[str] = (),
) -> tuple[str, ...]:
    """Columns that are given by name, by number from 1, or by a pattern with ``*`` or ``?``; each once.

    Parameters
    ----------
    table : Table
    given : sequence of str or int
    parameter : str
        What they were given for.
    asked : dict, optional
        Where what a column is said to be is entered, with the form that may follow its name.
    besides : sequence of str
        Columns that no pattern stands for, because they have a role already.

    Raises
    ------
    UnknownNameError
        There is no such column.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import read_table
    >>> table = read_table(pa.table({"q1": [1], "q2": [2], "y": [3]}))
    >>> columns_named(table, ["q*", "3"], "inputs")
    ('q1', 'q2', 'y')
    """
    found: dict[str, None] = {}
    absent, known = [], frozenset(table.names) if given else frozenset()
    for text, form in _parted(table, known, given, with_form=asked is not None and parameter in WITH_FORM):
        names = _matching(table, known, text)
        if len(names) > 1:
            names = tuple(name for name in names if name not in besides)
        if not names:
            absent.append(text)
        found.update(dict.fromkeys(names))
        if asked is not None:
            asked.update(dict.fromkeys(names, f"{parameter}:{form}" if form else parameter))
    if absent:
        raise UnknownNameError("column", absent[0] if len(absent) == 1 else absent, table.names, parameter)
    return tuple(found)


def _parted(
    table: Table, known: frozenset[str], given: Sequence[object], *, with_form: bool
) -> Iterator[tuple[str, str]]:
    """Each name with the form that follows it: one that is there as it is, or names parted by commas."""
    for one in map(str, given):
        if _matching(table, known, one):
            yield one, ""
            continue
        is_one = with_form and one.rpartition(":")[0] in known  # though it has a comma
        for text in (one,) if is_one else map(str.strip, one.split(",")):
            name, colon, form = text.rpartition(":")
            if with_form and colon and not _matching(table, known, text):
                yield name, form
            else:
                yield text, ""


def _matching(table: Table, known: frozenset[str], text: str) -> tuple[str, ...]:
    """The column of this name; else of this number; else all that fit this pattern."""
    if text in known:
        return (text,)
    if text.isascii() and text.isdecimal() and 0 < int(text[:9]) <= len(table.names):
        return (table.names[int(text) - 1],)
    if any(mark in text for mark in "*?"):
        return tuple(name for name in table.names if fnmatch.fnmatchcase(name, text.replace("[", "[[]")))
    return ()


def _refuse_two_roles(found: dict[str, tuple[str, ...]]) -> None:
    """Refuse a column that is named for two purposes that exclude each other."""
    place: dict[str, str] = {}
    for where, names in found.items():
        for name in names:
            if name in place:
                raise InputError(
                    f"{shown(name)} is both in {argument(place[name])} and in {argument(where)}",
                    parameter=where,
                    given=name,
                    needs="a column has one role",
                    advice="Name it in one of them only.",
                )
            place[name] = where
