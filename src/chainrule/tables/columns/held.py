"""How a container holds the cells of a column: their type, what it says of them, and text as that type."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, TypeAlias

import pyarrow as pa

from chainrule.errors import InputError
from chainrule.stored import MOST, Meta, Stored, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Held", "InPandas", "Origin", "held_times", "named_type", "refuse_other_types", "type_name"]

InPandas: TypeAlias = Literal["", "nullable", "arrow"]


class Origin(NamedTuple):
    """What a data frame or a typed file says of a column beside the type of its cells.

    Attributes
    ----------
    categories : pyarrow.Array or None
        All that there are, in their order, where the column is categorical.
    ordered : bool
        Whether that order means something.
    pandas : {"", "nullable", "arrow"}
        Which of pandas' own kinds of arrays held it, if not one of NumPy.
    """

    categories: pa.Array | None = None
    ordered: bool = False
    pandas: InPandas = ""


class Held(Stored, frozen=True, omit_defaults=True):
    """How the cells of a target were held in the table that was learnt, so that answers are held likewise.

    Attributes
    ----------
    type : str
        Of the cells, as Arrow names it: "string", "int64", "timestamp[ns, tz=Europe/Berlin]".
    categories : tuple of str
        All categories in their order, where the column was categorical; with those that no row had.
    ordered : bool
        Whether the order of the categories means something.
    pandas : {"", "nullable", "arrow"}
        Which of pandas' own kinds of arrays held it, if not one of NumPy.

    Examples
    --------
    >>> Held("int16").cells(["7", "12"]).to_pylist()
    [7, 12]
    """

    type: Text
    categories: Annotated[tuple[Text, ...], Meta(max_length=MOST)] = ()
    ordered: bool = False
    pandas: InPandas = ""

    def __post_init__(self) -> None:
        try:
            self.cells(self.categories)
        except (pa.ArrowException, ValueError, OverflowError) as error:
            raise InputError(
                f"Cells were held as {self.type!r}",
                parameter="type",
                given=self.type,
                needs="must be a type of Arrow's that its categories have",
                advice="Fit the model again.",
            ) from error

    def cells(self, texts: Sequence[str]) -> pa.Array:
        """Text in the type of the cells; a ValueError, as Arrow's are, where it does not fit."""
        kind = named_type(self.type)
        if pa.types.is_large_string(kind):
            return pa.array(texts, kind)
        if pa.types.is_boolean(kind):
            return pa.array([text.strip().lower() for text in texts], pa.large_string()).cast(kind)
        if pa.types.is_time(kind):
            return pa.array([dt.time.fromisoformat(text) for text in texts], pa.time64("us")).cast(kind)
        if pa.types.is_duration(kind):
            return pa.array(map(int, texts), pa.int64()).cast(kind)
        return pa.array(texts, pa.large_string()).cast(kind)


PLAIN_TYPES: dict[str, pa.DataType] = {
    str(kind): kind
    for kind in (
        pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(),
        pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.date32(), pa.date64(), pa.time32("s"),
        pa.time32("ms"), pa.time64("us"), pa.time64("ns"), *map(pa.duration, ("s", "ms", "us", "ns")),
    )
} | {"string": pa.large_string()}  # fmt: skip
TIMESTAMP = re.compile(r"timestamp\[(s|ms|us|ns)(?:, tz=([^\]]+))?\]")
DECIMAL = re.compile(r"decimal(32|64|128|256)\(([0-9]{1,2}), (-?[0-9]{1,2})\)")
DECIMALS = {"32": "decimal32", "64": "decimal64", "128": "decimal128", "256": "decimal256"}


def named_type(name: str) -> pa.DataType:
    """The type that Arrow calls so; a ValueError for a type that cells of a target cannot have.

    Examples
    --------
    >>> named_type("decimal128(5, 2)"), named_type("timestamp[us, tz=UTC]").tz
    (Decimal128Type(decimal128(5, 2)), 'UTC')
    """
    if name in PLAIN_TYPES:
        return PLAIN_TYPES[name]
    if found := TIMESTAMP.fullmatch(name):
        kind = pa.timestamp(found[1], found[2])
        pa.scalar(0, kind).cast(pa.large_string())  # a zone that nobody knows is a ValueError
        return kind
    if found := DECIMAL.fullmatch(name):
        return getattr(pa, DECIMALS[found[1]])(int(found[2]), int(found[3]))
    raise ValueError(name)


def type_name(kind: pa.DataType) -> str:
    """What `named_type` knows a type by; "string" for one that has no answers of its own.

    Examples
    --------
    >>> type_name(pa.int8()), type_name(pa.timestamp("s", "nowhere")), type_name(pa.large_string())
    ('int8', 'timestamp[s]', 'string')
    """
    for name in (str(kind), str(kind).partition(", tz=")[0] + "]"):
        try:
            named_type(name)
        except (pa.ArrowException, ValueError):
            continue
        return name
    return "string"


def held_times(kind: pa.DataType, origin: Origin | None) -> Held | None:
    """How typed cells hold dates, times or durations; None for a type that has none of them.

    Examples
    --------
    >>> held_times(pa.date32(), None), held_times(pa.float64(), None)
    (Held(type='date32[day]', categories=(), ordered=False, pandas=''), None)
    """
    if not pa.types.is_temporal(kind) or type_name(kind) == "string":
        return None
    return Held(type_name(kind), pandas="" if origin is None else origin.pandas)


def refuse_other_types(held: Held | None, is_one: Callable[[pa.DataType], bool], needed: str) -> None:
    """Raise InputError where cells were held in a type in which a target's answers cannot be."""
    if held is not None and not is_one(named_type(held.type)):
        needs = f"must be a type of {needed}"
        raise InputError(parameter="held", given=held.type, needs=needs, advice="Fit the model again.")
