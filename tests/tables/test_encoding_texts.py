"""Inputs of text: hashed pieces of three characters, against a hash and a count written out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_files import refusal

from chainrule.errors import ModelFileError
from chainrule.stored import plain, read
from chainrule.tables import Column, read_table
from chainrule.tables.columns.decisions import Said
from chainrule.tables.encoding.texts import TextInput, hashed_pieces, piece_hashes

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def column(cells: Any) -> Column:  # noqa: ANN401 - whatever a frame may hold
    return read_table(pa.table({"x": cells})).column("x")


def hash_of(piece: str) -> int:
    """FNV-1a of 64 bits, byte after byte, folded."""
    found = 0xCBF29CE484222325
    for byte in piece.encode("utf-32-le"):
        found = ((found ^ byte) * 0x100000001B3) % 2**64
    return found ^ (found >> 32)


def row_of(text: str, n_columns: int) -> list[float]:
    padded = f" {' '.join(text.lower().split())} "
    counts = [0] * n_columns
    for start in range(len(padded) - 2):
        found = hash_of(padded[start : start + 3])
        counts[found % n_columns] += -1 if (found >> 31) & 1 else 1
    length = math.sqrt(sum(count**2 for count in counts))
    return [count / length if length else 0.0 for count in counts]


def test_the_hash_is_that_of_its_authors() -> None:
    # Its test vector: the hash of the one byte "a", before the folding.
    found = 0xCBF29CE484222325
    found = ((found ^ ord("a")) * 0x100000001B3) % 2**64
    assert found == 0xAF63DC4C8601EC8C
    hashes, rows = piece_hashes(["a", "", "ab"])
    assert hashes.tolist() == [hash_of(" a "), hash_of(" ab"), hash_of("ab ")]
    assert rows.tolist() == [0, 2, 2]


@given(st.lists(texts, max_size=8), st.integers(1, 40))
def test_rows_are_those_of_a_count_written_out(cells: list[str], n_columns: int) -> None:
    assert hashed_pieces(cells, n_columns).tolist() == [row_of(text, n_columns) for text in cells]


def test_many_texts_are_taken_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [f"text {k}" for k in range(50)]
    whole = hashed_pieces(cells, 8)
    monkeypatch.setattr("chainrule.tables.encoding.texts.CHARACTERS_AT_ONCE", 17)
    assert hashed_pieces(cells, 8).tobytes() == whole.tobytes()


def test_the_end_of_an_endless_text_does_not_count() -> None:
    endless = "ab" * 5000
    assert hashed_pieces([endless + "xyz"], 8).tobytes() == hashed_pieces([endless], 8).tobytes()
    assert hashed_pieces([endless[:-1] + "x"], 8).tobytes() != hashed_pieces([endless], 8).tobytes()


def test_a_column_with_gaps() -> None:
    part = TextInput.learn("x", column(["PC 17599", "", None]), n_columns=4)
    assert part == TextInput("x", 4, has_missing=True)
    assert part.names == ("x (text 1)", "x (text 2)", "x (text 3)", "x (text 4)", "x (missing)")
    said = Said()
    X = part.encode(column(["pc  17599", "NA", None, "new"]), said)
    assert X.tolist() == [[*row_of("pc 17599", 4), 0], [0] * 4 + [1], [0] * 4 + [1], [*row_of("new", 4), 0]]
    assert said.remarks() == ()


def test_a_gap_that_training_had_not_is_said() -> None:
    part, said = TextInput.learn("x", column(["a", "b"]), n_columns=2), Said()
    assert part.encode(column(["a", ""]), said).tolist() == [row_of("a", 2), [0, 0]]
    assert "1 cell without a value where training had none" in said.remarks()[0].words
    assert "A value is missing in column 'x'" in refusal(
        lambda: part.encode(column(["a", ""]), Said(is_strict=True))
    )


def test_no_letter_is_an_empty_row() -> None:
    assert hashed_pieces(["\u3000"], 4).tolist() == [[0] * 4]


@pytest.mark.parametrize(
    "cells",
    [
        pa.array(["7", "10", None]),
        pa.array([7, 10, None]),
        pa.array([7.0, 10.0, None]),
        pa.array(["7", "10", None]).dictionary_encode(),
        pd.Series(["7", "10", pd.NA], dtype="string"),
        pd.Series([7, 10, None], dtype="object"),
        pd.Series([7, 10, None]),
    ],
)
def test_every_source_gives_the_same_bits(cells: Any) -> None:  # noqa: ANN401
    frame = pd.DataFrame({"x": cells}) if isinstance(cells, pd.Series) else pa.table({"x": cells})
    part = TextInput.learn("x", column(["7", "10", None]), n_columns=6)
    X = part.encode(read_table(frame).column("x"), Said())
    assert X.tolist() == [[*row_of("7", 6), 0], [*row_of("10", 6), 0], [0] * 6 + [1]]


def test_a_row_has_the_same_bits_whatever_is_beside_it() -> None:
    cells = [f"{word} {k}" for k, word in enumerate(["Alpha", "béta", "γάμμα", "x" * 100])]
    part = TextInput("x", 30)
    together = part.encode(column(cells), Said())
    for k, cell in enumerate(cells):
        assert part.encode(column([cell]), Said()).tobytes() == together[k : k + 1].tobytes()


@pytest.mark.parametrize("cells", [pa.array([[1], None]), pa.array([b"\xff", None]), pa.array([None, None])])
def test_cells_of_any_type_are_never_a_fault(cells: pa.Array) -> None:
    assert np.isfinite(TextInput("x", 4).encode(column(cells), Said())).all()


@pytest.mark.parametrize(
    "changed", [{"n_columns": 0}, {"n_columns": 10**9}, {"n_columns": 2.5}, {"name": ""}]
)
def test_a_damaged_field_is_named(changed: dict[str, object]) -> None:
    part = TextInput("x", 7, has_missing=True)
    assert read(plain(part), TextInput) == part
    assert next(iter(changed)) in refusal(lambda: read({**plain(part), **changed}, TextInput), ModelFileError)
