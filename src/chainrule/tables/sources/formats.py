"""What a file is: told by its first bytes where they say it, else by its text, and by its name last."""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import TYPE_CHECKING, Literal

from chainrule.errors import TableError
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.sources.source import beginning

if TYPE_CHECKING:
    from chainrule.tables.sources.source import File

__all__ = ["Format", "format_of", "is_known", "said_format", "text_format", "title_of"]

Format = Literal["Parquet", "Arrow", "Arrow stream", "Feather 1", "ORC", "Excel", "ARFF", "JSON", "delimited"]

LOOKED_AT = 4096
# First bytes of tables, and which format they say.
TABLES: tuple[tuple[bytes, Format], ...] = (
    (b"PAR1", "Parquet"),
    (b"PARE", "Parquet"),
    (b"ARROW1", "Arrow"),
    (b"\xff\xff\xff\xff", "Arrow stream"),
    (b"FEA1", "Feather 1"),
    (b"ORC", "ORC"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel"),
)
SUFFIXES: dict[str, Format] = {
    ".parquet": "Parquet", ".pq": "Parquet", ".arrow": "Arrow", ".feather": "Arrow", ".ipc": "Arrow",
    ".arrows": "Arrow stream", ".orc": "ORC", ".xlsx": "Excel", ".xlsm": "Excel", ".xls": "Excel",
    ".xlsb": "Excel", ".ods": "Excel", ".arff": "ARFF", ".json": "JSON", ".jsonl": "JSON", ".ndjson": "JSON",
    ".csv": "delimited", ".tsv": "delimited", ".tab": "delimited",
}  # fmt: skip
TITLES: dict[Format, str] = {
    "Arrow": "an Arrow file",
    "Arrow stream": "an Arrow stream",
    "Feather 1": "a Feather file",
    "Excel": "a workbook",
    "delimited": "delimited text",
}
# First bytes of files that are often given by mistake, and what to do about each.
NO_TABLES = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "Unpack it first."),
    (b"Rar!\x1a\x07", "a RAR archive", "Unpack it first."),
    (b"Obj\x01", "an Avro file", "Save it as Parquet or CSV."),
    (b"\x93NUMPY", "a NumPy array", "Save it as CSV with a line of names."),
    (b"\x89HDF", "an HDF5 file", "Save the table in it as CSV."),
    (b"SQLite format 3\x00", "an SQLite database", "Save the table in it as CSV."),
    (b"<stata_dta>", "a Stata file", "Save it as CSV."),
    (b"$FL2@(#)", "an SPSS file", "Save it as CSV."),
    (b"\x89PNG", "a PNG image", "Give a table."),
    (b"\xff\xd8\xff", "a JPEG image", "Give a table."),
    (b"GIF8", "a GIF image", "Give a table."),
    (b"%PDF-", "a PDF document", "Save the table in it as CSV."),
    (b"{\\rtf", "a text document (RTF)", "Save the table in it as CSV."),
    (b"\x80\x02", "a Python pickle", "Save the data frame as CSV or Parquet."),
    (b"\x80\x03", "a Python pickle", "Save the data frame as CSV or Parquet."),
    (b"\x80\x04", "a Python pickle", "Save the data frame as CSV or Parquet."),
    (b"\x80\x05", "a Python pickle", "Save the data frame as CSV or Parquet."),
)
OPEN_SHEET = b"application/vnd.oasis.opendocument.spreadsheet"
OTHER_DOCUMENTS = {
    "content.xml": "an OpenDocument file that is no spreadsheet",
    "Index/Document.iwa": "an Apple iWork document",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a PowerPoint presentation",
    "data.pkl": "a PyTorch file",
}
SAFETENSORS = re.compile(rb'.{6}\x00\x00\{"', re.DOTALL)
TAR_AT = 257
WEB_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html|head|body|table)\b", re.IGNORECASE)
XML = re.compile(r"\s*<\?xml\b", re.IGNORECASE)
JSON_OBJECT = re.compile(r'\s*(?:\[\s*)?\{\s*(?:"(?:[^"\\\n]|\\.)*"\s*:|\})')
JSON_ARRAY_OR_OBJECT = re.compile(r"\s*[\[{]")
ARFF = re.compile(r"(?:\s*(?:%[^\n]*)?\n)*+\s*@relation\b", re.IGNORECASE)


def format_of(file: File) -> Format | None:
    """Return the format that the first bytes say, or None for what may be text.

    Raises
    ------
    TableError
        They say that it is no table.
    """
    head = beginning(file.path, LOOKED_AT)
    if SAFETENSORS.match(head):  # first: its length may begin as a pickle or a byte-order mark does
        raise TableError(
            f"{file.title} is a safetensors file, such as a model,",
            needs="a table is needed",
            advice="Give a table.",
        )
    _refuse_other(head, file.title)
    if head.startswith(b"PK"):
        return _format_in_zip(file)
    found = next((what for magic, what in TABLES if head.startswith(magic)), None)
    return None if found == "ORC" and head.isascii() and b"\0" not in head else found


def text_format(file: File, text: str) -> Format:
    """Return the format of a file that is text, of which this is the beginning.

    Raises
    ------
    TableError
        It is a web page or another document that is no table.
    """
    if WEB_PAGE.match(text):
        raise TableError(
            f"{file.title} is a web page", needs="a table is needed", advice="Download the table itself."
        )
    if XML.match(text):
        raise TableError(
            f"{file.title} is an XML document",
            needs="a table is needed",
            advice="Save the table in it as CSV.",
        )
    meant = SUFFIXES.get(file.suffix)
    if ARFF.match(text) or meant == "ARFF":
        return "ARFF"
    if JSON_OBJECT.match(text) or (meant == "JSON" and JSON_ARRAY_OR_OBJECT.match(text)):
        return "JSON"
    return "delimited"


def said_format(file: File, found: Format) -> tuple[Decision, ...]:
    """What is said where a file is read as something else than its name says, or than it says nothing."""
    meant = SUFFIXES.get(file.suffix)
    if meant == found or {meant, found} <= {"Arrow", "Arrow stream", "Feather 1"}:
        return ()
    if meant is None:
        is_certain = found not in {"JSON", "ARFF"}
        return () if is_certain else (Decision(f"read as {title_of(found)}, as its first lines say"),)
    words = f"read as {title_of(found)}, which it is, although its name ends in {file.suffix}"
    return (Decision(words, advice="Give the file the ending of what it is."),)


def title_of(found: Format) -> str:
    """What messages call a format."""
    return TITLES.get(found, found)


def is_known(name: str) -> bool:
    """Whether the ending of a name says that it is a table.

    Examples
    --------
    >>> is_known("IRIS.CSV"), is_known("README.txt")
    (True, False)
    """
    return any(name.lower().endswith(suffix) for suffix in SUFFIXES)


def _refuse_other(head: bytes, title: str) -> None:
    for magic, what, remedy in NO_TABLES:
        if head.startswith(magic):
            raise TableError(f"{title} is {what}", needs="a table is needed", advice=remedy)
    if head.startswith(b"ustar", TAR_AT):
        raise TableError(f"{title} is a tar archive", needs="a table is needed", advice="Unpack it first.")


def _format_in_zip(file: File) -> Format | None:
    """A workbook is a zip archive of parts; any other archive is unpacked before this is asked."""
    is_open_sheet = False
    try:
        with zipfile.ZipFile(file.path) as archive:
            names = frozenset(archive.namelist())
            if "mimetype" in names:
                with archive.open("mimetype") as part:
                    is_open_sheet = part.read(LOOKED_AT).startswith(OPEN_SHEET)
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return None
    if names & {"xl/workbook.xml", "xl/workbook.bin"} or is_open_sheet:
        return "Excel"
    other = next((what for part, what in OTHER_DOCUMENTS.items() if part in names), None)
    if other is not None:
        raise TableError(
            f"{file.title} is {other}", needs="a table is needed", advice="Save the table in it as CSV."
        )
    return None
