"""What is fuzzed: each parser as a function of bytes, which may answer or raise an error of the tree."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tempfile
import warnings
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from chainrule.cli.numbers import number, whole
from chainrule.cli.options import SETTINGS, TABLE, given_of_table, given_settings
from chainrule.cli.printing import print_report
from chainrule.cli.repeating import fit_command
from chainrule.errors import ChainruleError, Faults, TableWarning
from chainrule.files import model_from_bytes, model_to_bytes
from chainrule.files.layout import ENTRY, LENGTH_BYTES, NO_DIGEST, with_digest
from chainrule.files.parsing import saved_from_bytes
from chainrule.models import prepare_with
from chainrule.settings import FitSettings
from chainrule.table_options import TableOptions
from chainrule.tables import Encoding, Said, as_table, read_table, settle_roles
from chainrule.tables.columns.readings import BooleanReading, TextReading, read_cells, settle_reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule.models import Dataset, Model
    from chainrule.tables import Table

__all__ = ["PARSERS", "packed", "unpacked"]

MOST_LOOKED_AT = 6  # columns of one table
KINDS = ("", "numbers", "dates:day-month-year")  # what a column may be said to be
SMALL = read_table(pa.table({name: [1.0, 2.0] for name in ("x", "x=a", "number", "*", "a,b", "y")}))
CELLS = ["1", "-2.5e3", "", "a", "inf", "2024-02-29", "12:30", "true", "1,5 %", "NA"]


def delimited(data: bytes) -> None:
    """Text that is cut into cells, and what its columns are then taken for."""
    _look_at(data, "t.csv")


def json_lines(data: bytes) -> None:
    """JSON lines, or an array of objects."""
    _look_at(data, "t.jsonl")


def arff(data: bytes) -> None:
    """ARFF: a header that declares types, and rows."""
    _look_at(data, "t.arff")


def _look_at(data: bytes, name: str) -> None:
    """Read a table as one that is fitted to, and again as one that is predicted."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        with suppress(ChainruleError):
            read_table(path, strict=True)
        table = read_table(path)
        assert all(row <= table.n_rows + sum(one.count for one in table.left_out) for row in _first(table))
        _use(table)
        learnt = _learnt(table)
        encoding = learnt.encoding
        assert Encoding.from_json(encoding.to_json()) == encoding
        again = as_table(path, layout=encoding.layout, absent=encoding.target_names)
    X = encoding.encode_inputs(table, Said())
    assert np.isfinite(X).all()
    if again.layout == table.layout:  # a title that has some of the names may be taken for all of them
        assert X.tobytes() == encoding.encode_inputs(again, Said()).tobytes()
    assert learnt.report.n_read == table.n_rows + sum(one.count for one in table.left_out)


def _first(table: Table) -> list[int]:
    """The rows that are named as left out."""
    return [row for one in table.left_out for row in one.first]


def _use(table: Table) -> None:
    """Take columns for all that they may be; each may be refused."""
    for column in table.columns[:MOST_LOOKED_AT]:
        for use in (column.almost_numbers, column.as_labels, column.as_numbers):
            with suppress(ChainruleError):
                use()
        for kind in KINDS:
            with suppress(ChainruleError):
                settled = settle_reading(column, kind)
                if not isinstance(settled.reading, (BooleanReading, TextReading)):
                    assert not np.isinf(read_cells(column, settled.reading).values).any()


def _learnt(table: Table) -> Dataset:
    """What is learnt of its first columns, where it can be."""
    names = table.names[:MOST_LOOKED_AT]
    roles = settle_roles(table, names[-1], TableOptions(inputs=names[:-1] or None))
    return prepare_with(table, roles, held_out=0)


def model_file(data: bytes) -> None:
    """A model file with the right digest, as `packed` makes it; what is read can be written again."""
    content = model_to_bytes(model_from_bytes(packed(data)))
    again = model_from_bytes(content)
    assert model_to_bytes(again) == content
    saved = model_to_bytes(saved_from_bytes(packed(data)))
    assert model_to_bytes(saved_from_bytes(saved)) == saved
    with suppress(ChainruleError):
        fit_command(again)
    if again.report is not None:
        with redirect_stdout(io.StringIO()):
            print_report(again.report)
    if again.encoding is not None:
        _predict(again)


def _predict(model: Model) -> None:
    """Predict a table with cells of every kind in the columns that a model was fitted to."""
    encoding = model.table_encoding
    names = list(dict.fromkeys(part.name for part in encoding.inputs))
    columns = {name: CELLS[place % 2 :] + CELLS[: place % 2] for place, name in enumerate(names)}
    with warnings.catch_warnings(), suppress(ChainruleError):
        warnings.simplefilter("ignore", TableWarning)
        model.predict(pa.table(columns))


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
    typed: dict[str, Any] = dict.fromkeys([*SETTINGS, *TABLE])
    for line in data.decode(errors="replace").split("\n"):
        name, _, text = line.partition(" ")
        for read in (number, whole):
            with suppress(ChainruleError):
                read("rate", text)
        if name in SETTINGS:
            typed[name] = text if SETTINGS[name].takes else True
        elif name in TABLE:
            takes = TABLE[name].takes
            typed[name] = (
                [*(typed[name] or []), text]
                if takes in {"COLUMNS", "NAMES", "ENCODING"}
                else text
                if takes
                else True
            )
    with suppress(ChainruleError):
        settle_roles(SMALL, "y", TableOptions(**given_of_table(typed)))
    faults = Faults()
    given = given_settings(typed, faults)
    faults.refuse()
    FitSettings(**{"rate": 0.5, "epochs": 10} | given)


# A checkpoint is a model file with a state in it: one parser, from other inputs.
PARSERS: dict[str, Callable[[bytes], None]] = {
    "delimited": delimited,
    "json_lines": json_lines,
    "arff": arff,
    "model_file": model_file,
    "checkpoint": model_file,
    "options": options,
}
