"""Bytes to text: which encoding a text file has, and which files are no text at all."""

from __future__ import annotations

import re
from typing import NamedTuple

from chainrule.errors import TableError

__all__ = ["Decoded", "decode"]

# First bytes of files that are often given by mistake, and what to do about each.
NO_TEXT = (
    (b"PK\x03\x04", "a zip file or an Excel workbook", "Unpack it first, or save the workbook as CSV."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Save it as CSV."),
    (b"\x1f\x8b", "compressed with gzip", "Unpack it first."),
    (b"BZh", "compressed with bzip2", "Unpack it first."),
    (b"\xfd7zXZ\x00", "compressed with xz", "Unpack it first."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it first."),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "Unpack it first."),
    (b"PAR1", "a Parquet file", "Let its name end in .parquet."),
    (b"ARROW1\x00\x00", "an Arrow file", "Save it as Parquet or CSV."),
    (b"FEA1", "a Feather file", "Save it as Parquet or CSV."),
    (b"ORC", "an ORC file", "Save it as Parquet or CSV."),
    (b"Obj\x01", "an Avro file", "Save it as Parquet or CSV."),
    (b"\x93NUMPY", "a NumPy array", "Save it as CSV with a line of names."),
    (b"\x89HDF", "an HDF5 file", "Save the table in it as CSV."),
    (b"SQLite format 3\x00", "an SQLite database", "Save the table in it as CSV."),
    (b"\x89PNG", "a PNG image", "Give a table."),
    (b"\xff\xd8\xff", "a JPEG image", "Give a table."),
    (b"%PDF", "a PDF document", "Save the table in it as CSV."),
    (b"\x80\x02", "a Python pickle", "Save the data frame as CSV or Parquet."),
    (b"\x80\x03", "a Python pickle", "Save the data frame as CSV or Parquet."),
    (b"\x80\x04", "a Python pickle", "Save the data frame as CSV or Parquet."),
    (b"\x80\x05", "a Python pickle", "Save the data frame as CSV or Parquet."),
)
SAFETENSORS = re.compile(rb'.{6}\x00\x00\{"', re.DOTALL)
WEB_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


class Decoded(NamedTuple):
    r"""A text with its line ends made ``\n``, and the remarks that its decoding deserves."""

    text: str
    remarks: tuple[str, ...]


def decode(data: bytes, name: str) -> Decoded:
    """Decode a text file: UTF-8, UTF-16 or UTF-32 with a byte-order mark, else UTF-8, else Windows-1252.

    Raises
    ------
    TableError
        The bytes are no text: a known binary format, zero bytes, or text in none of these encodings.
    """
    decoded = _decoded(data, name)
    if "\0" in decoded.text:
        raise TableError(
            f"{name} is a binary file (it has zero bytes)",
            needs="a table is text",
            advice="Save it as CSV in UTF-8, or let its name end in .parquet if it is Parquet.",
        )
    if WEB_PAGE.match(decoded.text):
        raise TableError(
            f"{name} is a web page", needs="a table is needed", advice="Download the table itself."
        )
    if not decoded.text.strip():
        raise TableError(
            f"{name} has only blank lines",
            needs="a table needs a line of names and rows below",
            advice="Give a file with a table in it.",
        )
    return Decoded(decoded.text.replace("\r\n", "\n").replace("\r", "\n"), decoded.remarks)


def _decoded(data: bytes, name: str) -> Decoded:
    if SAFETENSORS.match(data):  # first: its length may begin as a pickle or a byte-order mark does
        raise TableError(
            f"{name} is a safetensors file, such as a model,",
            needs="a table is needed",
            advice="Give a table.",
        )
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            remarks = () if encoding == "utf-8" else (f"decoded as {encoding[:6].upper()}",)
            return Decoded(_decode_as(data[len(mark) :], encoding, name), remarks)
    _refuse_binary(data, name)
    try:
        return Decoded(data.decode("utf-8"), ())
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        remark = f"decoded as Windows-1252, because line {line} is not UTF-8"
        return Decoded(_decode_as(data, "cp1252", name), (remark,))


def _decode_as(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        also = "neither UTF-8 nor Windows-1252" if encoding == "cp1252" else f"no {encoding.upper()}"
        raise TableError(
            f"{name} is {also} (byte {error.start + 1})",
            needs="a table is text",
            advice="Save it as CSV in UTF-8.",
        ) from error


def _refuse_binary(data: bytes, name: str) -> None:
    for magic, what, remedy in NO_TEXT:
        if data.startswith(magic):
            raise TableError(f"{name} is {what}", needs="a table is text", advice=remedy)
