"""What is fuzzed: each parser as a function of bytes, which may answer or raise an error of the tree."""

from __future__ import annotations

import hashlib
import json
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.cli.numbers import number, whole
from chainrule.cli.options import SETTINGS, given_settings
from chainrule.errors import ChainruleError, Faults
from chainrule.files import model_from_bytes, model_to_bytes
from chainrule.files.layout import ENTRY, LENGTH_BYTES, NO_DIGEST, with_digest
from chainrule.settings import FitSettings
from chainrule.tables import choose_encoding
from chainrule.tables.delimited.reading import read_delimited
from chainrule.tables.sources.decoding import decode
from chainrule.tables.sources.jsonlines import read_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule.tables import Table

__all__ = ["PARSERS", "packed", "unpacked"]

MOST_LOOKED_AT = 6  # columns of one table


def delimited(data: bytes) -> None:
    """Text that is cut into cells, and what its columns are then taken for."""
    decoded = decode(data, "t.csv")
    _look_at(read_delimited(decoded.text, "t.csv", decoded.remarks))


def json_lines(data: bytes) -> None:
    """JSON lines, or an array of objects."""
    decoded = decode(data, "t.jsonl")
    _look_at(read_json(decoded.text, "t.jsonl", decoded.remarks))


def _look_at(table: Table) -> None:
    """Take columns for all that they may be; each may be refused."""
    for column in table.columns[:MOST_LOOKED_AT]:
        for use in (column.almost_numbers, column.as_labels, column.as_numbers):
            with suppress(ChainruleError):
                use()
    names, rows = table.names[:MOST_LOOKED_AT], np.arange(table.n_rows)
    encoding, _ = choose_encoding(table, targets=names[-1:], inputs=names[:-1] or None, training_rows=rows)
    encoding.encode_inputs(table)
    encoding.encode_targets(table)


def model_file(data: bytes) -> None:
    """A model file with the right digest, as `packed` makes it; what is read can be written again."""
    model_to_bytes(model_from_bytes(packed(data)))


def packed(data: bytes) -> bytes:
    """Model file of a line about its tensors, a line that is its document, and the tensors themselves.

    So a change anywhere is a change of a file that agrees with its digest: the others are refused at once.
    """
    tensors, _, rest = data.partition(b"\n")
    document, _, rest = rest.partition(b"\n")
    text = document.decode(errors="replace").replace("{", f'{{"sha256":"{NO_DIGEST}",', 1)
    metadata = json.dumps({ENTRY: text})
    header = tensors.replace(b"{", f'{{"__metadata__":{metadata},'.encode(), 1)
    content = struct.pack("<Q", len(header)) + header + rest
    return with_digest(content, NO_DIGEST, hashlib.sha256(content).hexdigest())


def unpacked(content: bytes) -> bytes:
    """What `packed` makes a model file of: the first input of a fuzzer."""
    length = int.from_bytes(content[:LENGTH_BYTES], "little")
    header: dict[str, Any] = json.loads(content[LENGTH_BYTES : LENGTH_BYTES + length])
    document = json.loads(header.pop("__metadata__")[ENTRY])
    del document["sha256"]
    lines = "".join(json.dumps(part, separators=(",", ":")) + "\n" for part in (header, document))
    return lines.encode() + content[LENGTH_BYTES + length :]


def options(data: bytes) -> None:
    """Lines of an option's name and what was typed for it, as a fit takes them."""
    typed: dict[str, Any] = dict.fromkeys(SETTINGS)
    for line in data.decode(errors="replace").split("\n"):
        name, _, text = line.partition(" ")
        for read in (number, whole):
            with suppress(ChainruleError):
                read("rate", text)
        if name in typed:
            typed[name] = text if SETTINGS[name].takes else True
    faults = Faults()
    given = given_settings(typed, faults)
    faults.refuse()
    FitSettings(**{"rate": 0.5, "epochs": 10} | given)


# A checkpoint is a model file with a state in it: one parser, from other inputs.
PARSERS: dict[str, Callable[[bytes], None]] = {
    "delimited": delimited,
    "json_lines": json_lines,
    "model_file": model_file,
    "checkpoint": model_file,
    "options": options,
}
