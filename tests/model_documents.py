"""Model files with one place changed and the right digest again, so that nothing but the place can tell."""

from __future__ import annotations

import copy
import hashlib
import json
import struct
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from chainrule.settings import FitSettings, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["JSON", "edited", "header_of", "of_format", "places_in", "resealed", "with_document"]

# Than format 1, each of a format of its own, with what it holds where an older file can be made of a younger.
YOUNGER_FIELDS = (("state", [None]), ("report", [None]), ("holds", ["network", "model", "state"]))


def header_of(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Header as JSON, and what follows it."""
    length = struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def with_document(content: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The same file with a changed document and a digest that is right for it."""
    header, rest = header_of(content)
    document = json.loads(header["__metadata__"]["chainrule"])
    replaced = change(document)
    document = document if replaced is None else replaced
    if isinstance(document, dict) and "sha256" in document and isinstance(document["sha256"], str):
        document["sha256"] = "0" * 64
    header["__metadata__"]["chainrule"] = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return resealed(header, rest)


def of_format(document: dict[str, Any], version: int) -> None:
    """Make a document that of a format before 5: of fewer fields, and all that they told did not exist."""
    document["format"] = version
    for part in (document["training"], document["state"]):
        if part is not None:
            assert part.pop("arithmetic")
            settings = part.get("settings", part)
            for one in settings_of(FitSettings):
                if one.since > 5:
                    settings.pop(one.name, None)
    for name, values in YOUNGER_FIELDS[version - 1 :]:
        assert document.pop(name) in values


def resealed(header: dict[str, Any], rest: bytes) -> bytes:
    """File of a header and tensors, its digest of zeros replaced by the right one."""
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    content = struct.pack("<Q", len(text)) + text + rest
    return content.replace(b"0" * 64, hashlib.sha256(content).hexdigest().encode(), 1)


def places_in(value: object) -> list[tuple[Any, ...]]:
    """Paths to everything inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(key, *rest) for key, child in inside for rest in [(), *places_in(child)]]


def edited(document: dict[str, Any], path: tuple[Any, ...], value: object, how: str) -> dict[str, Any]:
    """Document with one place replaced, removed or doubled."""
    document = copy.deepcopy(document)
    parent: Any = document
    for key in path[:-1]:
        parent = parent[key]
    if how == "remove":
        del parent[path[-1]]
    elif how == "double" and isinstance(parent, list):
        parent.append(parent[path[-1]])
    else:
        parent[path[-1]] = value
    return document


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
