"""Records that a file keeps. What a field may hold stands with the field, and is checked where one is read.

Data that nobody vouches for become a record, or one error that says where they do not fit: no field is
missing, unknown, of another type or outside its limits, and nothing is made to fit. msgspec is imported here
alone.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from chainrule.errors import ModelFileError
from chainrule.words import printable

__all__ = [
    "MOST", "NO_SURROGATES", "Finite", "Meta", "Name", "NotNegative", "Positive", "Sha256", "Stored", "Text",
    "WholeFrom1", "not_a_model", "plain", "read",
]  # fmt: skip

MOST = 1_000_000  # characters of a text, entries of a list
LONGEST_REASON = 200
LARGEST = sys.float_info.max
NO_SURROGATES = r"\A[^\ud800-\udfff]*\Z"

Finite = Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]  # NaN is not within limits, either
NotNegative = Annotated[float, Meta(ge=0, le=LARGEST)]
Positive = Annotated[float, Meta(gt=0, le=LARGEST)]
WholeFrom1 = Annotated[int, Meta(ge=1)]
Text = Annotated[str, Meta(max_length=MOST, pattern=NO_SURROGATES)]
Name = Annotated[str, Meta(min_length=1, max_length=MOST, pattern=NO_SURROGATES)]
Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record whose fields say what they may hold. Made in Python, it is not checked; `read` checks it."""


T = TypeVar("T", bound=Stored)


def plain(record: Stored) -> dict[str, Any]:
    """The record as dicts, lists, texts and numbers, in the order of its fields."""
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(record))
    return data


def read(data: object, kind: type[T], what: str = "") -> T:
    """Make a record of what a JSON parser returned, and nothing in it is trusted.

    Parameters
    ----------
    data : object
    kind : type
        The record, a subclass of `Stored`.
    what : str
        What the data are called in the message; nothing for a whole document.

    Raises
    ------
    ModelFileError
        They are no such record; the message names the field as in ``encoding.inputs[0].mean``.

    Examples
    --------
    >>> class Point(Stored, frozen=True):
    ...     x: float
    >>> read({"x": 1}, Point)
    Point(x=1.0)
    >>> read({"x": "1"}, Point, "point")
    Traceback (most recent call last):
    chainrule.errors.ModelFileError: ... is damaged: point.x: Expected `float`, got `str`. Give a file ...
    """
    try:
        return msgspec.convert(data, kind)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # a name of a field may be no Unicode
        raise not_a_model(_reason(str(error), what)) from error


def _reason(message: str, what: str) -> str:
    """What msgspec says, after the place where it says it."""
    reason, _, path = message.replace(f"matching regex {NO_SURROGATES!r}", "of whole characters").rpartition(
        " - at `$"
    )
    if not reason:
        reason, path = path, ""
    place = f"{what}{path.removesuffix('`')}".removeprefix(".")
    return printable((f"{place}: {reason}" if place else reason)[:LONGEST_REASON]).rstrip(".")


def not_a_model(reason: str) -> ModelFileError:
    """Error for a file that is no model, or no longer one."""
    return ModelFileError(
        f"The file is not a chainrule model, or is damaged: {reason.rstrip('.')}.",
        needs="must be a model that chainrule wrote",
        advice="Give a file that `chainrule fit` or chainrule.save wrote, or fit the model again.",
    )
