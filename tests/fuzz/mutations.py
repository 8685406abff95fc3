"""Changes to whole fields and lines: bytes that change at random mostly make JSON that is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chainrule.cli.options import SETTINGS, TABLE
from chainrule.equations import ACTIVATIONS, CRITERIA, LOSSES, RULES, SCHEDULES, STARTS

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

__all__ = ["MUTATIONS"]

NAMES = [name for kind in (ACTIVATIONS, CRITERIA, LOSSES, RULES, SCHEDULES, STARTS) for name in kind]
NUMBERS = [0, 1, -1, 2, 3, 0.5, 1e-320, 1e308, -1e308, 2**31, 2**53 + 1, 2**64, 10**200, 10**310]
TEXTS = [
    "",
    "nan",
    "inf",
    "-inf",
    "none",
    "balanced",
    "loss",
    "a=1,b=2",
    "0" * 64,
    "\0",
    "é",
    "\ud800",
    "x" * 300,
]
# Words that fields of encodings, layouts and reports may hold.
WORDS = [
    "number", "binary", "category", "class", "text", "date", "cycle", "missing", "boolean", "duration",
    "plain", "log", "count", "year", "week", "day", "month", "hour", "clock", "iso", "input",
    "left out", "target", "id", "split", "group", "weights", ".", ",", ";", " ", "\t", '"', "#", "utf-16",
    "cp1252", "decimal-comma", "day-month-year", "train", "x=a",
]  # fmt: skip
VALUES: list[Any] = [*NUMBERS, *TEXTS, *NAMES, *WORDS, None, True, False, [], {}, [[]], [None], {"": 0}]


def document(data: bytes, chance: random.Random) -> bytes:
    """Input of a model file with one field of one of its two JSON lines changed."""
    lines = data.split(b"\n", 2)
    at = chance.choice([0, 1, 1, 1]) if len(lines) > 1 else 0
    try:
        tree = json.loads(lines[at])
    except (ValueError, RecursionError):
        return data
    places = list(_places(tree))
    if not places:
        return data
    holder, key = chance.choice(places)
    other, its = chance.choice(places)
    action = chance.randrange(4)
    if action == 0:
        holder[key] = chance.choice(VALUES)
    elif action == 1:
        holder[key] = json.loads(json.dumps(other[its]))
    elif action == 2:
        del holder[key]
    elif isinstance(holder, dict):
        holder[str(chance.choice(VALUES))] = holder[key]
    else:
        holder.insert(key, holder[key])
    lines[at] = json.dumps(tree, separators=(",", ":")).encode()
    return b"\n".join(lines)


def _places(tree: Any) -> Any:  # noqa: ANN401 (JSON)
    """Each holder and key of a value in it."""
    if isinstance(tree, (dict, list)):
        for key in list(tree) if isinstance(tree, dict) else range(len(tree)):
            yield tree, key
            yield from _places(tree[key])


def lines(data: bytes, chance: random.Random) -> bytes:
    """Input of options with one line more or another."""
    given = data.split(b"\n")
    parts = chance.choices([*map(str, NUMBERS), *TEXTS[:-2], *NAMES, *WORDS], k=chance.randint(1, 4))
    text = chance.choice([",", ":", "=", ""]).join(parts)
    line = f"{chance.choice([*SETTINGS, *TABLE])} {text}".encode()
    at = chance.randrange(len(given))
    given[at : at + chance.randint(0, 1)] = [line]
    return b"\n".join(given)


MUTATIONS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "model_file": document,
    "checkpoint": document,
    "options": lines,
}
