"""The layout of a file is found out, can be said, and is applied again when a model predicts."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path  # noqa: TC003 - pytest looks at the annotations

import pytest
from delimited_files import cut, said, warned
from table_files import cells, refusal

from chainrule.errors import ModelFileError
from chainrule.stored import plain, read
from chainrule.tables.columns.layout import Layout
from chainrule.tables.delimited import cutting

MPG = (
    '18.0   8   307.0      130.0      3504.      12.0   70  1\t"chevrolet chevelle malibu"\n'
    '25.0   4   98.00      ?          2046.      19.0   71  1\t"ford pinto"\n'
    '24.0   4   113.0      95.00      2372.      15.0   70  3\t"toyota corona"\n'
)


def layout_of(folder: Path, text: str) -> Layout:
    layout = cut(folder, text).layout
    assert layout is not None
    return layout


# What a file may be like.


def test_numbers_between_blanks_beside_a_tab(tmp_path: Path) -> None:
    table = cut(tmp_path, MPG)
    assert table.names == tuple(f"c{place}" for place in range(1, 10))
    assert cells(table)[1][-2:] == ["1", "ford pinto"]
    assert said(table)[0] == "delimiter runs of blanks"


@pytest.mark.parametrize("text", ["a;b\n1 234;5 678\n2 345;6 789\n", "a\tb\n1 234\t5\n2 345\t6\n"])
def test_blanks_between_thousands_cut_nothing(tmp_path: Path, text: str) -> None:
    assert cut(tmp_path, text).names == ("a", "b")


def test_a_frame_as_pandas_prints_it(tmp_path: Path) -> None:
    table = cut(tmp_path, "   a    b\n0  1  2.5\n1  2  3.5\n2  4  1.5\n")
    assert table.names == ("a", "b")
    assert cells(table) == [["1", "2.5"], ["2", "3.5"], ["4", "1.5"]]


@pytest.mark.parametrize("n", [3, 400])
def test_a_file_without_quotes_in_which_cells_begin_with_one(tmp_path: Path, n: int) -> None:
    table = cut(tmp_path, "a,b\n" + '"tis,1\n"twas,2\n' * n)
    assert cells(table) == [['"tis', "1"], ['"twas', "2"]] * n
    assert table.layout is not None
    assert table.layout.quote == ""
    assert warned(table) == [
        'cells begin with " and do not end with one: quotes are characters like any other'
    ]


@pytest.mark.parametrize("n", [5, 400])
def test_one_column(tmp_path: Path, n: int) -> None:
    table = cut(tmp_path, "place\n" + "New York\nOslo, Norway\n\n" * n + "Rome\n")
    assert table.names == ("place",)
    assert table.n_rows == 3 * n + 1
    assert cells(table)[:3] == [["New York"], ["Oslo, Norway"], [""]]


@pytest.mark.parametrize("n", [5, 400])
def test_one_column_that_is_given(tmp_path: Path, n: int) -> None:
    table = cut(tmp_path, "text\n" + "one, two\nthree, four\n" * n, delimiter="")
    assert cells(table) == [["one, two"], ["three, four"]] * n


def test_a_delimiter_that_is_given_decides(tmp_path: Path) -> None:
    table = cut(tmp_path, "a,b;c\n1,2;3\n", delimiter=",")
    assert table.names == ("a", "b;c")


def test_a_decimal_mark_that_is_given_decides(tmp_path: Path) -> None:
    table = cut(tmp_path, "a\tb\n1,234\tx\n", decimal=",")
    assert table.column("a").as_numbers().tolist() == [1.234]


@pytest.mark.parametrize("n", [3, 400])
@pytest.mark.parametrize("blank", [" ", "  ", "\t"])
def test_blanks_beside_quotes(tmp_path: Path, n: int, blank: str) -> None:
    row = f'1,{blank}"x, y"{blank},{blank}z\n'
    assert cells(cut(tmp_path, "a,b,c\n" + row * n)) == [["1", "x, y", "z"]] * n
    inner = f'1," x",{blank}z\n'
    assert cells(cut(tmp_path, "a,b,c\n" + inner * n)) == [["1", " x", "z"]] * n


def test_the_fast_reading_reads_most_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        "a,b,c\n" + '1,"x, y", z\n' * 400,
        "a;b;c\r\n" + '1;"x\ny";z\r\n' * 400,
        "x,y,\n" + "1,2,\n" * 400 + "\n\n",
        "# note\nTitle\n\na|b\n" + "1|2\n" * 400 + "a|b\n|\n",
        "1,2\n" * 400,
        "x\n" + "1\n\n" * 400 + "2",
    ]
    monkeypatch.setattr(cutting, "_cut_exactly", lambda *_, **__: pytest.fail("it was asked for"))
    assert [cut(tmp_path, text).n_rows for text in texts] == [400, 400, 400, 400, 400, 801]


# What is stored.


def test_a_layout_is_stored_and_read(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, "# note\na;b;a\n1;2;3\n")
    assert read(plain(layout), Layout) == layout
    assert (layout.delimiter, layout.quote, layout.comment, layout.header_lines) == (";", '"', "#", 1)
    assert layout.names == ("a", "b", "a_2")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("delimiter", ",,"),
        ("quote", "x"),
        ("encoding", ""),
        ("header_lines", -1),
        ("header_lines", 10**9),
        ("comment", "###"),
        ("names", []),
        ("names", [""]),
        ("names", ["\ud800"]),
        ("more", 1),
    ],
)
def test_a_layout_that_is_none_is_refused(field: str, value: object) -> None:
    fields = plain(Layout(delimiter=",", names=("a",)))
    with pytest.raises(ModelFileError):
        read({**fields, field: value}, Layout)


def test_a_table_keeps_what_was_decided(tmp_path: Path) -> None:
    table = cut(tmp_path, "a;b\n1;2\n;\n3;4\n")
    for same in (table.take([1]), copy.deepcopy(table), pickle.loads(pickle.dumps(table))):  # noqa: S301
        assert same.decisions == table.decisions
        assert same.layout == table.layout
        assert same.left_out == table.left_out == (("empty", 1, (2,)),)
    assert table.take([1]).column("a").row(0) == 3
    assert table.remarks == tuple(said(table))


# A model's layout, applied to another file.

FITTED = "mass;island;species\n3,5;Dream;Adelie\n4,1;Biscoe;Gentoo\n4,4;Biscoe;Gentoo\n"
HEADLESS = "3.5,Dream,Adelie\n4.1,Biscoe,Gentoo\n4.4,Biscoe,Gentoo\n"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("mass;island\n3,5;Dream\n", ("mass", "island")),
        ("island;mass\nDream;3,5\n", ("island", "mass")),
        ("island;more;mass;species\nDream;x;3,5;Adelie\n", ("island", "more", "mass", "species")),
        ("a title\n\nmass;island\n3,5;Dream\n", ("mass", "island")),
        ("mass\n3,5\n", ("mass",)),
        ("island\nDream\n", ("island",)),
        ("number;mass;island\n1;3,5;Dream\n", ("number", "mass", "island")),
        ("3,5;Dream;Adelie\n", ("mass", "island", "species")),
        ("3,5;Dream\n", ("mass", "island")),
        ("3,5;Dream\n4,1;Biscoe\n", ("mass", "island")),
        ("?;Dream\n", ("mass", "island")),
    ],
)
def test_a_file_laid_out_as_the_learnt_one(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    layout = layout_of(tmp_path, FITTED)
    table = cut(tmp_path, text, layout, absent=("species",))
    assert table.names == names
    assert table.n_rows == text.count("\n") - text.count("mass;island") * 0 - _n_above(text)
    assert not any("anew" in words for words in said(table))


def _n_above(text: str) -> int:
    """Lines above the rows."""
    lines = text.split("\n")[:-1]
    return next(
        (place + 1 for place, line in enumerate(lines) if {"mass", "island"} & set(line.split(";"))), 0
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("3.5,Dream,Adelie\n", ("c1", "c2", "c3")),
        ("3.5,Dream\n", ("c1", "c2")),
        ("Dream,Dream\n", ("c1", "c2")),
        (HEADLESS, ("c1", "c2", "c3")),
        ("c2,c1\nDream,3.5\n", ("c2", "c1")),
        ("c1,c2,c3\n3.5,Dream,Adelie\n", ("c1", "c2", "c3")),
    ],
)
def test_a_file_without_names_by_place(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    layout = layout_of(tmp_path, HEADLESS)
    table = cut(tmp_path, text, layout, absent=("c3",))
    assert table.names == names
    assert table.n_rows == text.count("\n") - ("c1" in text)
    assert [one for one in table.decisions if one.is_guess] == []


def test_the_target_may_be_any_column(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, HEADLESS)
    assert cut(tmp_path, "Dream,Adelie\n", layout, absent=("c1",)).names == ("c2", "c3")


def test_names_that_were_given_are_learnt(tmp_path: Path) -> None:
    layout = cut(tmp_path, HEADLESS, names=("mass", "island", "species")).layout
    assert cut(tmp_path, "3.5,Dream\n", layout, absent=("species",)).names == ("mass", "island")
    assert cut(tmp_path, "island,mass\nDream,3.5\n", layout).names == ("island", "mass")


def test_names_that_took_the_place_of_others_are_found_by_these(tmp_path: Path) -> None:
    fitted = cut(tmp_path, "a,b,b\n1,2,x\n3,4,y\n", names=("mass", "island", "species"))
    assert fitted.layout is not None
    assert fitted.layout.replaced == ("a", "b", "b_2")
    assert cut(tmp_path, "b,a,b\n2,1,x\n", fitted.layout).names == ("island", "mass", "species")
    assert cut(tmp_path, "a,b\n1,2\n", fitted.layout).names == ("mass", "island")
    assert cut(tmp_path, "island,mass\n2,1\n", fitted.layout).names == ("island", "mass")
    assert read(plain(fitted.layout), Layout) == fitted.layout


def test_the_line_with_most_of_the_learnt_names_has_them(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, "a,b,c,d\n1,2,3,4\n5,6,7,8\n")
    table = cut(tmp_path, "a,b,made,by hand\na,b,c,d\n1,2,3,4\n", layout)
    assert table.names == ("a", "b", "c", "d")
    assert table.n_rows == 1


@pytest.mark.parametrize(
    "text", ["mass,island\n3.5,Dream\n4.5,Dream\n", "a;b;c\n1;2;3\n4;5;6\n", "1;2;3;4;5\n6;7;8;9;1\n"]
)
def test_a_file_laid_out_otherwise_is_settled_anew(tmp_path: Path, text: str) -> None:
    table = cut(tmp_path, text, layout_of(tmp_path, FITTED), absent=("species",))
    assert said(table)[0] == "the file is not laid out as the table that was learnt: its layout is found anew"
    assert table.n_rows == 2
    assert table.names[0] in {"mass", "a", "c1"}


def test_a_layout_with_comments_and_several_lines_of_names(tmp_path: Path) -> None:
    fitted = "# by hand\nname,weight,height\n,kg,m\nAnn,60,1.7\nBob,80,1.8\n"
    layout = layout_of(tmp_path, fitted)
    table = cut(tmp_path, "# by hand\nname,weight,height\n,kg,m\nEve,70,1.7\n", layout)
    assert table.names == ("name", "weight kg", "height m")
    assert table.n_rows == 1
    noted = layout_of(tmp_path, "# a,b\n1,2\n3,4\n")
    assert cut(tmp_path, "# a,b\n1,2\n", noted).names == ("a", "b")
    assert cut(tmp_path, "a,b\n1,2\n", noted).names == ("a", "b")


def test_a_column_that_only_counts_in_this_file_stays(tmp_path: Path) -> None:
    """Who learnt from it needs it, and who did not does without."""
    layout = layout_of(tmp_path, ",x\n7,0.5\n3,0.25\n")
    assert cut(tmp_path, ",x\n1,0.5\n", layout).names == ("unnamed_1", "x")


def test_a_delimiter_at_the_end_of_each_line(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, "a;b\n1;2;\n3;4;\n")
    assert layout.names == ("a", "b")
    assert cells(cut(tmp_path, "a;b\n1;2;\n", layout)) == [["1", "2"]]
    assert cells(cut(tmp_path, "1;2;\n", layout)) == [["1", "2"]]


def test_an_empty_cell_at_the_end_is_a_cell(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, HEADLESS)
    assert cells(cut(tmp_path, "3.5,Dream,\n", layout)) == [["3.5", "Dream", ""]]


def test_a_header_that_is_said_to_be_none(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, FITTED)
    assert cut(tmp_path, "3,5;Dream;Adelie\n", layout, header=False).names == ("mass", "island", "species")


def test_only_the_names_that_were_learnt(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, FITTED)
    assert "but no rows" in refusal(lambda: cut(tmp_path, "mass;island\n", layout))
