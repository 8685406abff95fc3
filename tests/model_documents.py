"""Model files with one place changed and the right digest again, so that nothing but the place can tell."""

from __future__ import annotations

import copy
import hashlib
import json
import struct
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["JSON", "edited", "header_of", "of_format", "places_in", "resealed", "with_document"]

# Since which format there is a field, and whether what it holds could be told before.
YOUNGER_FIELDS: dict[str, tuple[int, Callable[[Any], bool]]] = {
    "state": (2, lambda state: state is None),
    "report": (3, lambda report: report is None),
    "holds": (4, lambda holds: holds in {"network", "model", "state"}),
    "layers": (6, lambda layers: set(layers) == {"dense"}),
}


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
    """Make a document that of an older format: of fewer fields, and all that they told did not exist."""
    document["format"] = version
    for part in (document["training"], document["state"]):
        if part is not None and version < 5:
            assert part.pop("arithmetic")
    for name, (first, could_be_told) in YOUNGER_FIELDS.items():
        if version < first:
            assert could_be_told(document.pop(name))


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
