"""Inputs of text with many values: pieces of three characters, counted in a stated number of columns."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.stored import Meta, Name, Stored
from chainrule.tables.columns import grammar
from chainrule.tables.columns.decisions import Said
from chainrule.tables.encoding.numbers import missing_name
from chainrule.tables.encoding.worked import Step, Worked, WorkedCell, missing_mark, raw_cell
from chainrule.words import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.tables.columns.column import Column

    FloatArray = npt.NDArray[np.float64]
    Whole = npt.NDArray[np.uint64]

__all__ = ["TEXT_COLUMNS", "TextInput", "hashed_pieces", "piece_hashes"]

TEXT_COLUMNS = 30
MOST_TEXT_COLUMNS = 4096
PIECE = 3  # characters
MOST_PIECES = 12  # of a column that are written out
BYTES_OF_CHARACTER = 4
LONGEST_TEXT = 10_000  # characters that count
CHARACTERS_AT_ONCE = 1_000_000

# FNV-1a of 64 bits: its beginning and its factor. The last step mixes high bits into low ones.
FNV_BEGINNING = np.uint64(0xCBF29CE484222325)
FNV_FACTOR = np.uint64(0x100000001B3)
BYTE = np.uint64(0xFF)
HALF_WORD = np.uint64(32)
SIGN_BIT = np.uint64(31)


class TextInput(Stored, frozen=True, tag_field="kind", tag="text", omit_defaults=True):
    """An input of text: how often its pieces of three characters are there, hashed into some columns of X.

    Texts that share pieces have like rows, whether training had them or not, so none is unseen.

    Attributes
    ----------
    name : str
        The column's name.
    n_columns : int
        Columns of X that the pieces are counted in.
    has_missing : bool
        Whether a last column of X is 1 where the cell has no text, and 0 elsewhere. There all others are 0.

    Notes
    -----
    The first 10,000 characters of a text count. It is taken in lower case, every run of blanks as one, with a
    blank before and behind. The hash of a piece settles the column in which it counts, and whether it counts
    as 1 or as -1. The row is divided by the root of its sum of squares, so that its length is 1, as that of a
    row of categories. Counts and their squares are whole numbers, so that no order of adding them changes a
    bit.

    Examples
    --------
    >>> TextInput("ticket", n_columns=2, has_missing=True).names
    ('ticket (text 1)', 'ticket (text 2)', 'ticket (missing)')
    """

    name: Name
    n_columns: Annotated[int, Meta(ge=1, le=MOST_TEXT_COLUMNS)] = TEXT_COLUMNS
    has_missing: bool = False

    @classmethod
    def learn(cls, name: str, column: Column, n_columns: int = TEXT_COLUMNS) -> TextInput:
        """Learn from the training rows of a column, which say no more than whether cells may be missing."""
        return cls(name, n_columns, has_missing=bool(column.missing.any()))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in X."""
        texts = (f"{self.name} (text {k})" for k in range(1, self.n_columns + 1))
        return (*texts, *((missing_name(self.name),) if self.has_missing else ()))

    def encode(self, column: Column, said: Said) -> FloatArray:
        """Return its columns of X, shape (n_rows, n_columns or 1 more), and tell `said` of missing cells."""
        if not self.has_missing:
            said.missing(column, column.missing, "taken for a text without letters")
        texts, codes = _texts(column)
        # The last row is for nulls, whose code is -1.
        rows = np.concatenate([hashed_pieces(texts, self.n_columns), np.zeros((1, self.n_columns))])
        encoded = rows[codes]
        encoded[column.missing] = 0.0
        return np.column_stack([encoded, column.missing]) if self.has_missing else encoded

    def worked(self, column: Column | None = None) -> WorkedCell:
        """How its columns of X are computed: the formulas, and of a column of one row with their numbers."""
        x = [None] * len(self.names) if column is None else self.encode(column, Said())[0].tolist()
        counts: list[dict[str, int]] = [{} for _ in range(self.n_columns)]
        words, read = "", None
        if column is not None and column.missing[0]:
            words = "missing" if self.has_missing else "missing, so it is taken for a text without letters"
        elif column is not None:
            read = _padded(_texts(column)[0][0])
            counts = _signed_pieces(read, self.n_columns)
        squares = float(sum(sum(of.values()) ** 2 for of in counts))
        columns = [
            Worked(name, _text_steps(k, of, squares, None if column is None else x[k]), is_sparse=True)
            for k, (name, of) in enumerate(zip(self.names, counts, strict=False))
        ]
        columns[-1] = columns[-1]._replace(remark="n: pieces of three characters, with signs")
        if self.has_missing:
            columns.append(missing_mark(self.names[-1], x[-1], is_sparse=True))
        return WorkedCell(self.name, tuple(columns), raw_cell(column), None, words)


def hashed_pieces(texts: Sequence[str], n_columns: int) -> FloatArray:
    """Count the pieces of texts in columns, with signs; each row of length 1, or 0.

    Parameters
    ----------
    texts : sequence of str
    n_columns : int

    Returns
    -------
    array of shape (n_texts, n_columns), float64

    Examples
    --------
    >>> rows = hashed_pieces(["Dr Who", "dr  who", "Dr Strangelove"], 8)
    >>> bool((rows[0] == rows[1]).all()), bool((rows[0] == rows[2]).all())
    (True, False)
    """
    counts = np.zeros((len(texts), n_columns))
    ends = np.cumsum([min(len(text), LONGEST_TEXT) for text in texts], dtype=np.int64)
    firsts = np.flatnonzero(np.diff(ends // CHARACTERS_AT_ONCE, prepend=-1)).tolist()
    for first, end in pairwise([*firsts, len(texts)]):
        block = counts[first:end]
        hashes, rows = piece_hashes(texts[first:end])
        columns = (hashes % np.uint64(n_columns)).astype(np.intp)
        signs = 1.0 - 2.0 * ((hashes >> SIGN_BIT) & np.uint64(1)).astype(np.float64)
        block += np.bincount(rows * n_columns + columns, signs, block.size).reshape(block.shape)
    squares = np.zeros(len(texts))
    for column in counts.T:
        squares += column * column
    lengths = np.sqrt(np.maximum(squares, 1.0))
    scaled: FloatArray = counts / lengths[:, np.newaxis]
    return scaled


def piece_hashes(texts: Sequence[str]) -> tuple[Whole, npt.NDArray[np.intp]]:
    """Hash every piece of three characters of every text.

    Parameters
    ----------
    texts : sequence of str

    Returns
    -------
    hashes : array of shape (n_pieces,), uint64
        FNV-1a of the four bytes of each character's number in Unicode, the lowest first; its upper half is
        added to its lower one by exclusive or.
    rows : array of shape (n_pieces,)
        The place of the text that each is a piece of.
    """
    padded = [_padded(text) for text in texts]
    lengths = np.array([len(text) for text in padded], dtype=np.intp)
    characters = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(
        np.uint64
    )
    rows = np.repeat(np.arange(len(padded)), lengths)
    starts = np.arange(max(len(characters) - PIECE + 1, 0))
    starts = starts[rows[starts] == rows[starts + PIECE - 1]]
    hashes = np.full(len(starts), FNV_BEGINNING)
    for place in range(PIECE):
        character = characters[starts + place]
        for byte in range(BYTES_OF_CHARACTER):
            hashes = (hashes ^ ((character >> np.uint64(8 * byte)) & BYTE)) * FNV_FACTOR
    return hashes ^ (hashes >> HALF_WORD), rows[starts]


def _padded(text: str) -> str:
    """What of a text counts: in lower case, each run of blanks as one, with a blank before and behind."""
    return f" {' '.join(text[:LONGEST_TEXT].lower().split())} "


def _signed_pieces(padded: str, n_columns: int) -> list[dict[str, int]]:
    """For each column the pieces of a text that count there, with their sign and how often they are there."""
    hashes, _ = piece_hashes([padded])
    counts: list[dict[str, int]] = [{} for _ in range(n_columns)]
    for at, one in enumerate(hashes.tolist()):
        of, piece = counts[one % n_columns], padded[at : at + PIECE]
        of[piece] = of.get(piece, 0) + (-1 if one >> int(SIGN_BIT) & 1 else 1)
    return counts


def _text_steps(k: int, counts: dict[str, int], squares: float, x: float | None) -> tuple[Step, ...]:
    """How the pieces that count in column k, from 0, become its number."""
    symbols = {"n": f"n_{k + 1}", "squares": "Σ_i n_i²"}
    if x is None:
        return (Step("", "{n}/√({squares})", {}, None, symbols),)
    shown = [
        f"{'−' if n < 0 else '+'} {f'{abs(n)}·' * (abs(n) > 1)}'{printable(piece.replace(' ', '␣'))}'"
        for piece, n in list(counts.items())[:MOST_PIECES]
    ]
    more = f" + … {len(counts) - MOST_PIECES} more" if len(counts) > MOST_PIECES else ""
    total = float(sum(counts.values()))
    if not counts:
        return (Step("", "", {}, x),)
    pieces = Step(symbols["n"], "{pieces}", {}, total, {"pieces": " ".join(shown).removeprefix("+ ") + more})
    if not squares:  # all cancel each other
        return pieces, Step("", "", {}, x)
    return pieces, Step("", "{n}/√({squares})", {"n": total, "squares": squares}, x, symbols)


def _texts(column: Column) -> tuple[list[str], npt.NDArray[np.intp]]:
    """The different texts of a column, and for each row which it has: -1 for a null."""
    cells = column.cells
    if not column.is_text:
        cells = pa.array(
            [None if cell is None else _written(cell) for cell in cells.to_pylist()], pa.large_string()
        )
    dictionary = pc.dictionary_encode(cells)
    codes = pc.fill_null(dictionary.indices, -1).to_numpy(zero_copy_only=False).astype(np.intp)
    return dictionary.dictionary.to_pylist(), codes


def _written(cell: object) -> str:
    """How a cell of another type would stand in a text file."""
    is_number = isinstance(cell, (int, float)) and not isinstance(cell, bool)
    return grammar.canonical_number(cell) if is_number else str(cell)
