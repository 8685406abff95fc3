"""Which encoding a text has: settled by the whole file, and decoded to UTF-8 where it is another."""

from __future__ import annotations

import codecs
import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from chainrule.errors import TableError, argument
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.sources.source import BLOCK, beginning, unreadable
from chainrule.words import counted, series

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chainrule.tables.columns.layout import Given, Layout
    from chainrule.tables.sources.source import File, TemporaryFolder

__all__ = ["Text", "as_utf8"]

BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
LOOKED_AT = 2**16
ONE_UNIT_IN = 10  # of UTF-16: digits, delimiters and line ends have a zero byte in any language
FEWEST_ZEROS = 4  # that the smallest table has, a name and a number
UNDEFINED = b"\x81\x8d\x8f\x90\x9d"  # in Windows-1252
ANY_UNDEFINED = re.compile(b"[" + UNDEFINED + b"]")
HIGH = bytes(range(128, 256))
ONE_BYTE_IN = 100  # that is not ASCII may be undefined: more are no Windows-1252
ESCAPE = "\udc80"  # stands for a byte that could not be decoded, and is part of no text
KEEP_COUNT = "chainrule-escape"
REPLACEMENT = "\ufffd"
MOST_LINES = 3


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Put one mark for each byte that cannot be decoded, whatever the encoding."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return ESCAPE * (error.end - error.start), error.end


codecs.register_error(KEEP_COUNT, _escape)


class Text(NamedTuple):
    """A file of UTF-8 text, which may have a byte-order mark, and the encoding that it had."""

    file: File
    encoding: str


class _Found(NamedTuple):
    encoding: str
    n_mark: int = 0  # bytes of the byte-order mark
    errors: str = "strict"
    decisions: tuple[Decision, ...] = ()


def as_utf8(file: File, given: Given, layout: Layout | None, folder: TemporaryFolder) -> Text:
    """Settle the encoding of a file, and write it to a temporary one where that is not UTF-8.

    Parameters
    ----------
    file : File
        Not packed, and of no binary format.
    given : Given
        Its encoding is taken, whatever the bytes say.
    layout : Layout, optional
        Of the table that a model was fitted to: its encoding is tried before any is guessed.
    folder : TemporaryFolder

    Raises
    ------
    TableError
        The bytes are no text, or text in an encoding that nobody named.
    """
    try:
        found = _named(file, given.encoding) if given.encoding else _settled(file, layout)
        is_plain = found.encoding == "utf-8" and found.errors == "strict"
        path = file.path if is_plain else _decoded(file.path, found, folder)
        if not any(block.removeprefix(codecs.BOM_UTF8).strip() for block in _blocks(path)):
            raise _blank(file.title)
    except OSError as error:
        raise unreadable(file.path, error) from error
    decisions = (*file.decisions, *found.decisions)
    return Text(replace(file, path=path, decisions=decisions), found.encoding)


def _settled(file: File, layout: Layout | None) -> _Found:
    """The encoding that a byte-order mark says, that zero bytes say, or that fits the whole file."""
    head = beginning(file.path, LOOKED_AT)
    for mark, encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return _marked(file, encoding, len(mark))
    if b"\0" in head:
        return _of_zero_bytes(file, head)
    if _is_utf8(file.path):
        return _Found("utf-8")
    learnt = layout.encoding if layout else "utf-8"
    if learnt != "utf-8" and _fits(file.path, learnt):
        return _Found(learnt)
    return _guessed(file)


def _marked(file: File, encoding: str, n_mark: int) -> _Found:
    said = (Decision(f"decoded as {encoding[:6].upper()}", is_guess=False),) if encoding != "utf-8" else ()
    if _fits(file.path, encoding, n_mark):
        return _Found(encoding, n_mark, decisions=said)
    return _damaged(file, encoding, n_mark)


def _named(file: File, encoding: str) -> _Found:
    """The encoding that the user named; what it cannot decode is replaced, counted and shown."""
    name, n_mark = codecs.lookup(encoding).name.removesuffix("-sig"), 0
    if name == "utf-8" and beginning(file.path, len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
        n_mark = len(codecs.BOM_UTF8)
    return _Found(name, n_mark) if _fits(file.path, name, n_mark) else _damaged(file, name, n_mark)


def _of_zero_bytes(file: File, head: bytes) -> _Found:
    """UTF-16 without a byte-order mark: zero bytes stand in every other place only, and in many."""
    for place, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros, others = head[place::2].count(0), head[1 - place :: 2].count(0)
        many = zeros >= FEWEST_ZEROS and zeros * ONE_UNIT_IN * 2 > len(head)
        if many and not others and _fits(file.path, encoding):
            words = f"decoded as {encoding.upper()}, as its zero bytes say"
            return _Found(encoding, decisions=(Decision(words, advice=_other_encoding()),))
    raise _binary(file.title)


def _is_utf8(path: Path) -> bool:
    """Whether the whole file is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for block in _blocks(path):
        try:
            if not block.isascii() or decoder.getstate()[0]:
                decoder.decode(block)
        except UnicodeDecodeError:
            return False
    return not decoder.getstate()[0]


def _guessed(file: File) -> _Found:
    """UTF-8 with faults where most that is not ASCII is UTF-8, else Windows-1252, else TableError."""
    if _is_mostly_utf8(file.path):
        return _damaged(file, "utf-8")
    n_undefined, n_high, first = 0, 0, 0
    for number, block in enumerate(_blocks(file.path)):
        undefined = len(block) - len(block.translate(None, UNDEFINED))
        if undefined and not n_undefined:
            first = number * BLOCK + ANY_UNDEFINED.search(block).start()  # type: ignore[union-attr]
        n_undefined += undefined
        n_high += len(block) - len(block.translate(None, HIGH))
    if n_undefined * ONE_BYTE_IN > n_high:
        raise TableError(
            f"{file.title} is neither UTF-8 nor Windows-1252 (byte {first + 1})",
            needs="the encoding of a text must be one of these, or be named",
            advice=f"Name it, as in {argument('encoding', 'shift_jis')}, or save the file as UTF-8.",
        )
    if n_undefined:
        return _damaged(file, "cp1252")
    line, _ = next(_faults(file.path, "utf-8"))
    words = f"decoded as Windows-1252, because line {line} is not UTF-8"
    return _Found("cp1252", decisions=(Decision(words, advice=_other_encoding()),))


def _is_mostly_utf8(path: Path) -> bool:
    """Whether more characters that are not ASCII can be decoded than there are bytes that cannot."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    n_bytes = n_ascii = n_characters = n_decoded = 0
    for block in _blocks(path):
        text = decoder.decode(block)
        n_bytes += len(block)
        n_ascii += len(block.translate(None, HIGH))
        n_characters += len(text)
        n_decoded += len(text.encode())
    return n_characters - n_ascii > n_bytes - n_decoded


def _damaged(file: File, encoding: str, n_mark: int = 0) -> _Found:
    """An encoding that the file has for the most part: what it cannot decode is replaced and said."""
    n_bad, lines = 0, dict[int, None]()
    try:
        for line, n_here in _faults(file.path, encoding, n_mark):
            n_bad += n_here
            if len(lines) < MOST_LINES:
                lines[line] = None
    except UnicodeError as error:  # of an encoding that has no way to go on, or needs a mark at the start
        raise TableError(
            f"{file.title} is not in {_title(encoding)}: {error}",
            parameter="encoding",
            needs="the file must be text in the encoding that is given",
            advice="Leave the encoding out, and it is found.",
        ) from error
    if not n_bad:  # it could be decoded but for a zero character
        raise _binary(file.title)
    where = f"line{'s' if len(lines) > 1 else ''} {series(list(map(str, lines)))}"
    words = (
        f"decoded as {_title(encoding)}, in which {counted(n_bad, 'byte')} cannot be decoded "
        f"({'first in ' if n_bad > len(lines) else ''}{where}): replaced by {REPLACEMENT!r}"
    )
    said = Decision(words, is_warning=True, advice=_other_encoding())
    return _Found(encoding, n_mark, KEEP_COUNT, (said,))


def _title(encoding: str) -> str:
    return {"cp1252": "Windows-1252"}.get(encoding, encoding.upper())


def _other_encoding() -> str:
    return f"If it has another encoding, name it, as in {argument('encoding', 'cp1250')}."


def _fits(path: Path, encoding: str, n_mark: int = 0) -> bool:
    """Whether the whole file can be decoded, and holds no zero character."""
    try:
        return not any("\0" in text for text in _texts(path, encoding, n_mark))
    except UnicodeError:
        return False


def _faults(path: Path, encoding: str, n_mark: int = 0) -> Iterator[tuple[int, int]]:
    """Of each line with bytes that cannot be decoded: its number, and how many; in parts where it is long."""
    line = 1
    for text in _texts(path, encoding, n_mark, KEEP_COUNT):
        if ESCAPE in text:
            for place, one in enumerate(text.split("\n")):
                if ESCAPE in one:
                    yield line + place, one.count(ESCAPE)
        line += text.count("\n")


def _decoded(path: Path, found: _Found, folder: TemporaryFolder) -> Path:
    """Write the text to a temporary file in UTF-8."""
    target = folder.new_file()
    with target.open("x", encoding="utf-8", newline="") as file:
        for text in _texts(path, found.encoding, found.n_mark, found.errors):
            file.write(text.replace(ESCAPE, REPLACEMENT))
    return target


def _texts(path: Path, encoding: str, n_mark: int = 0, errors: str = "strict") -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for block in _blocks(path, n_mark):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _blocks(path: Path, start: int = 0) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while block := file.read(BLOCK):
            yield block


def _binary(title: str) -> TableError:
    return TableError(
        f"{title} is a binary file (it has zero bytes)",
        needs="a table is text, or a file of a known format",
        advice="Save it as CSV in UTF-8.",
    )


def _blank(title: str) -> TableError:
    return TableError(
        f"{title} has only blank lines",
        needs="a table needs at least one row",
        advice="Give a file with a table in it.",
    )
