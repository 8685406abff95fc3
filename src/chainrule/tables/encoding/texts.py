"""Inputs of text with many values: pieces of three characters, counted in a stated number of columns."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.stored import Meta, Name, Stored
from chainrule.tables.columns import grammar
from chainrule.tables.encoding.numbers import missing_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.decisions import Said

    FloatArray = npt.NDArray[np.float64]
    Whole = npt.NDArray[np.uint64]

__all__ = ["TEXT_COLUMNS", "TextInput", "hashed_pieces", "piece_hashes"]

TEXT_COLUMNS = 30
MOST_TEXT_COLUMNS = 4096
PIECE = 3  # characters
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
    padded = [f" {' '.join(text[:LONGEST_TEXT].lower().split())} " for text in texts]
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
