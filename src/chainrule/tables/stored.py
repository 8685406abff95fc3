"""An encoding as plain JSON, and back from JSON that nobody vouches for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NoReturn

from chainrule.errors import ModelFileError
from chainrule.tables.encoding import Encoding
from chainrule.tables.parts import CategoryInput, ClassTarget, NumberInput, NumberTarget, folded
from chainrule.words import listed, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.tables.column import Kind

__all__ = ["from_json", "to_json"]

MOST_PARTS = 1_000_000
LONGEST_NAME = 1_000_000
FEWEST_CLASSES = 2
CELLS: tuple[Kind, ...] = ("text", "number", "boolean")


def to_json(encoding: Encoding) -> dict[str, Any]:
    """Return the encoding as dicts, lists, strings and floats."""
    return {
        "inputs": [_stored(part) for part in encoding.inputs],
        "targets": [_stored(part) for part in encoding.targets],
    }


def from_json(data: object) -> Encoding:
    """Build an encoding; ModelFileError names the first field that does not fit."""
    fields = _fields(data, "encoding", ("inputs", "targets"))
    inputs = tuple(_input(part, f"encoding.inputs[{k}]") for k, part in _parts(fields, "inputs"))
    targets = tuple(_target(part, f"encoding.targets[{k}]") for k, part in _parts(fields, "targets"))
    _refuse_repeats([part.name for part in (*inputs, *targets)], "encoding", "column")
    numbers = tuple(part for part in targets if isinstance(part, NumberTarget))
    if len(targets) == 1 and isinstance(targets[0], ClassTarget):
        return Encoding(inputs, (targets[0],))
    if len(numbers) != len(targets):
        _refuse("encoding.targets", f"{len(targets)} targets", "one class target, or numeric ones only")
    return Encoding(inputs, numbers)


def _stored(part: NumberInput | CategoryInput | ClassTarget) -> dict[str, Any]:
    if isinstance(part, NumberInput):
        return {"kind": "number", "name": part.name, "mean": part.mean, "scale": part.scale}
    if isinstance(part, ClassTarget):
        return {"kind": "class", "name": part.name, "classes": list(part.classes), "cells": part.cells}
    return {"kind": "category", "name": part.name, "categories": list(part.categories), "cells": part.cells}


def _input(data: object, where: str) -> NumberInput | CategoryInput:
    kind = _kind(data, where, ("number", "category"))
    if kind == "number":
        return NumberInput(**_number_fields(data, where))
    fields = _fields(data, where, ("kind", "name", "categories", "cells"))
    labels = _labels(fields, where, "categories", at_least=1)
    return CategoryInput(
        _name(fields["name"], f"{where}.name"), labels, _cells(fields["cells"], f"{where}.cells")
    )


def _target(data: object, where: str) -> NumberTarget | ClassTarget:
    kind = _kind(data, where, ("number", "class"))
    if kind == "number":
        target = NumberTarget(**_number_fields(data, where))
        if target.scale == 0:
            _refuse(f"{where}.scale", "0", "a number above 0")
        return target
    fields = _fields(data, where, ("kind", "name", "classes", "cells"))
    labels = _labels(fields, where, "classes", at_least=FEWEST_CLASSES)
    return ClassTarget(
        _name(fields["name"], f"{where}.name"), labels, _cells(fields["cells"], f"{where}.cells")
    )


def _number_fields(data: object, where: str) -> dict[str, Any]:
    fields = _fields(data, where, ("kind", "name", "mean", "scale"))
    scale = _finite(fields["scale"], f"{where}.scale")
    if scale < 0:
        _refuse(f"{where}.scale", repr(scale), "a number not below 0")
    return {
        "name": _name(fields["name"], f"{where}.name"),
        "mean": _finite(fields["mean"], f"{where}.mean"),
        "scale": scale,
    }


def _fields(data: object, where: str, names: Sequence[str]) -> dict[str, Any]:
    """The object's fields: exactly these."""
    if not isinstance(data, dict):
        _refuse(where, _called(data), f"an object with {listed(names)}")
    missing = [name for name in names if name not in data]
    extra = [name for name in data if name not in names]
    if missing:
        _refuse(where, f"an object without {listed(missing)}", f"one with {listed(names)}")
    if extra:
        _refuse(where, f"an object with {listed(extra)}", f"one with {listed(names)} only")
    return data


def _parts(fields: dict[str, Any], name: str) -> list[tuple[int, object]]:
    return list(enumerate(_list(fields[name], f"encoding.{name}", at_least=1)))


def _list(data: object, where: str, at_least: int) -> list[Any]:
    if not isinstance(data, list) or not at_least <= len(data) <= MOST_PARTS:
        _refuse(where, _called(data), f"a list of {at_least} to {MOST_PARTS} entries")
    return data


def _kind(data: object, where: str, kinds: tuple[str, str]) -> str:
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in kinds:
        given = _called(kind if isinstance(data, dict) else data)
        _refuse(f"{where}.kind", given, f"one of {listed(kinds)}")
    return kind


def _cells(data: object, where: str) -> Kind:
    if not isinstance(data, str) or data not in CELLS:
        _refuse(where, _called(data), f"one of {listed(CELLS)}")
    return CELLS[CELLS.index(data)]


def _labels(fields: dict[str, Any], part: str, field: str, at_least: int) -> tuple[str, ...]:
    """The labels in a field, no two of which would match the same cell."""
    where = f"{part}.{field}"
    labels = [_text(label, f"{where}[{k}]") for k, label in enumerate(_list(fields[field], where, at_least))]
    _refuse_repeats(
        [folded(label) for label in labels] if fields["cells"] == "boolean" else labels, where, "label"
    )
    return tuple(labels)


def _name(data: object, where: str) -> str:
    name = _text(data, where)
    if not name:
        _refuse(where, "empty", "a name")
    return name


def _text(data: object, where: str) -> str:
    if not isinstance(data, str) or len(data) > LONGEST_NAME:
        _refuse(where, _called(data), f"text of at most {LONGEST_NAME} characters")
    try:
        data.encode()
    except UnicodeEncodeError:
        _refuse(where, "half of a surrogate pair", "Unicode text")
    return data


def _finite(data: object, where: str) -> float:
    """A float; whole numbers count, booleans and NaN do not."""
    try:
        number = float(data) if isinstance(data, (int, float)) and not isinstance(data, bool) else math.nan
    except OverflowError:
        number = math.nan
    if not math.isfinite(number):
        _refuse(where, _called(data), "a finite number")
    return number


def _refuse_repeats(names: Sequence[str], where: str, what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            _refuse(where, f"{what} {shown(name)} twice", "each once")
        seen.add(name)


def _called(data: object) -> str:
    """What was found, for the message; never the whole of it, which may be huge."""
    if isinstance(data, (str, float, bool)) or data is None:
        return shown(data) if isinstance(data, str) else repr(data)
    if isinstance(data, int):
        return "a whole number" if data.bit_length() > 64 else repr(data)  # noqa: PLR2004 - too long to print
    return (
        f"a {type(data).__name__} of {len(data)}"
        if isinstance(data, (list, dict))
        else f"a {type(data).__name__}"
    )


def _refuse(where: str, given: str, needed: str) -> NoReturn:
    message = f"The model file is damaged: {where} is {given} but must be {needed}. Save the model again."
    raise ModelFileError(message)
