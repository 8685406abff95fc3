"""Text in lines: how wide it is, where it is broken, and tables that have room."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from chainrule.lines import apart, cut, in_terms, kept, labelled, padded, span, table, unmarked, wrapped

# Letters of several scripts, wide and narrow, marks that combine, and no sign that packages disagree about.
LETTERS = st.text(
    st.one_of(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\'\"/"),
        st.sampled_from("äéßøΩжЯא日本語カタ한글ｶ。\u0301\u0308…−·²€"),
    ),
    min_size=1,
    max_size=30,
)
TEXTS = st.lists(LETTERS, max_size=20).map(" ".join)


@given(text=TEXTS)
def test_a_text_is_as_wide_as_others_find_it(text: str) -> None:
    assert span(text) == cell_len(text)


@given(text=TEXTS, width=st.integers(8, 120), margin=st.integers(0, 4))
def test_lines_are_never_too_wide_and_keep_every_letter(text: str, width: int, margin: int) -> None:
    lines = wrapped(text, width, rest=" " * margin)
    assert all(span(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(text=TEXTS, most=st.integers(1, 40))
def test_a_text_that_is_cut_has_room(text: str, most: int) -> None:
    shown = cut(text, most)
    assert span(shown) <= most
    if span(text) <= most and len(text) <= 4 * most:
        assert shown == text
    assert span(padded(shown, most)) == span(padded(shown, most, right=True)) == most


@pytest.mark.parametrize(
    "whole",
    [
        "--held-out 0.25", "--numbers 'listed on'", "16 %", "3.5 s", "1:02 min", "112 rows", "54.7383 days",
        "row 76", "rows 117", "'k. A.'", "'Flats to let, a made-up list'", "seed 3", "equation (31)",
    ],
)  # fmt: skip
@pytest.mark.parametrize("before", range(30))
def test_what_belongs_together_is_never_parted(whole: str, before: int) -> None:
    text = f"{'x' * before} {whole}, and more".lstrip()
    assert any(whole in line for line in wrapped(text, 34))


def test_what_is_kept_is_parted_only_where_it_has_no_room() -> None:
    formula = "y = (a − 1)/2"
    assert wrapped(f"so {kept(formula)}", 14) == ["so", formula]
    assert wrapped(f"so {kept(in_terms(formula))}", 11) == ["so y =", "(a − 1)/2"]
    assert unmarked(kept(in_terms(formula))) == formula
    assert wrapped("0.00189574·0.133884·[−0.34 > 0]", 12) == ["0.00189574·", "0.133884·", "[−0.34 > 0]"]


def test_a_path_is_never_broken() -> None:
    path = "/home/somebody/a-long-folder/of-many-words/model.safetensors"
    assert path in wrapped(f"Wrote 3 predictions to {path}.", 30)[-1]


def test_a_prefix_that_leaves_no_room_stands_alone() -> None:
    assert wrapped("0.123456789", 14, first="  a_1^(2) = ", rest="   ") == ["  a_1^(2) =", "   0.123456789"]


def test_words_stand_above_a_text_that_has_no_room_beside_them() -> None:
    rows = [("Settings", "--rule adam --rate 0.003"), ("Loss", "0.5"), ("", "of the target")]
    assert labelled(rows, 60) == [
        "Settings  --rule adam --rate 0.003",
        "Loss      0.5",
        "          of the target",
    ]
    assert labelled(rows, 24) == [
        "Settings",
        "  --rule adam",
        "  --rate 0.003",
        "Loss      0.5",
        "          of the target",
    ]


@given(
    names=st.lists(LETTERS, min_size=1, max_size=6),
    cells=st.lists(st.integers(0, 10**6).map(str), min_size=1, max_size=9),
    width=st.integers(24, 120),
)
def test_a_table_has_room_and_every_cell(names: list[str], cells: list[str], width: int) -> None:
    heads = ["", *(f"head {k}" for k in range(len(cells)))]
    rows = [heads, *([name, *cells] for name in names)]
    lines = table(rows, width)
    assert all(span(line) <= width for line in lines)
    text = "\n".join(lines)
    for cell in cells:
        assert len(re.findall(rf"(?<!\S){cell}(?!\S)", text)) >= len(names)
    assert all(head in text for head in heads)


def test_heads_are_cut_before_columns_are_parted() -> None:
    rows = [("", "network", "always a class of a long name"), ("accuracy", "0.5", "0.4")]
    assert table(rows, 40) == [
        "          network  always a c… long name",
        "accuracy      0.5                    0.4",
    ]
    alike = [("", "abcdefgh 1 ijklmnop", "abcdefgh 2 ijklmnop"), ("x", "1", "2")]
    assert len(table(alike, 30)) == 5  # in two blocks
    assert apart(["a long name, one", "a long name, two and one"], 9) == ["1: a …one", "2: a …one"]
