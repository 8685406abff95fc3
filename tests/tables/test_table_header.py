"""The line of names is told from a row by what stands below it, and where it is doubtful that is said."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pytest looks at the annotations

import pytest
from delimited_files import cut, said, warned
from table_files import cells, refusal

ROWS = "5.1,3.5,setosa\n4.9,3.0,setosa\n6.2,2.9,virginica\n"

WITH_NAMES = [
    "length,width,kind\n" + ROWS,
    "name,born\nAnn,1990-02-01\nBob,1985-11-30\n",
    "month,sold\n1960-01,6550\n1960-02,8728\n",
    "code,text\nA11,x\nA12,y\nB3,z\n",
    "place,1999,2000\nOslo,1,2\n",
    "place,1999,2000,2001\nOslo,1.5,2,3\nRome,4,5,6\n",
    "x,10,20,30\n0.5,1,2,3\n0.7,4,5,6\n",
    "label,0,1,2\na,0.5,0.25,3\nb,0.5,0.25,3\n",
    ",0,1,2\n0,0.5,0.25,3\n1,0.5,0.25,3\n",
    "0,1,2,3,4\n0.1,0.2,0.5,0.4,0.9\n0.7,0.2,0.6,0.4,0.9\n",
    "x\n1\n2\n3\n",
    "weight\n1.5\n\n2\n",
    "colour,size\n" + "red,big\nblue,small\nred,small\n" * 5,
    "a,b\n?,1\n3,NA\n4,2\n",
    "price,what\n$1.50,x\n$2,y\n",
    "share,what\n12 %,x\n7 %,y\n",
    "when,what\n12:30,x\n07:45,y\n",
    "a,b\n1,2\n",
    "id,answer\nq1,true\nq2,false\n",
]
WITHOUT = [
    ROWS,
    "5.1,3.5\n4.9,3.0\n",
    "1\n2\n3\n",
    "1,2\n",
    "x,b\nx,b\no,b\n",
    "1;x\n2;y\n",
    "1,5;x\n2,5;y\n",
    "A11,6,A34\nA12,48,A32\nA14,12,A34\n",
    "'40-49','yes','right'\n'50-59','no','left'\n'40-49','yes','left'\n",
    "2,1,?\n1,1,3\n2,?,4\n",
    "?,a,1\n3,b,2\n4,c,7\n",
    "1990,5.1\n1991,5.2\n1992,5.3\n",
    "1960-01,6550\n1960-02,8728\n1960-03,8000\n",
    "2024-01-01 12:00,ok\n2024-01-02 13:30,ok\n2024-01-03 09:15,bad\n",
    "ham,see you at 5\nspam,win now\nham,ok then\n",
    "Oslo,1999\nRome,2000\nBonn,2001\n",
    "$1.50,x\n$2,y\n$7,x\n",
    "NA,1.5\n2,1.7\n3,1.9\n",
    "1,2,3\n7,1,9\n4,5,2\n",
]
DOUBTFUL = ["name,city\nAnn,Oslo\nBob,Rome\n", "a\nb\nc\n", "x,b\ny,d\n"]


def test_names_that_come_again_are_names(tmp_path: Path) -> None:
    assert cut(tmp_path, "a,b,c\n1,2,3\n\n\na,b,c\n4,5,6\n").names == ("a", "b", "c")
    words = "colour,size\n" + "red,big\nblue,small\nred,small\n" * 5
    assert cut(tmp_path, words * 2).left_out == (("repeats the names", 1, (16,)),)


def test_a_row_of_numbers_that_ascend_evenly_is_doubtful(tmp_path: Path) -> None:
    table = cut(tmp_path, "1,2,3,4\n50,19,26,8\n16,40,34,18\n")
    assert table.n_rows == 3
    assert "though its first line may be one" in warned(table)[0]


def test_names_above_one_short_row(tmp_path: Path) -> None:
    table = cut(tmp_path, "a,b\n1\n")
    assert (table.names, cells(table)) == (("a", "b"), [["1", ""]])


@pytest.mark.parametrize("text", WITH_NAMES)
def test_a_line_of_names(tmp_path: Path, text: str) -> None:
    table = cut(tmp_path, text)
    assert table.layout is not None
    assert table.layout.header_lines == 1
    first = text.split("\n", 1)[0].split(",")
    assert table.layout.names == tuple(name or f"unnamed_{place}" for place, name in enumerate(first, 1))


@pytest.mark.parametrize("text", WITHOUT)
def test_no_line_of_names(tmp_path: Path, text: str) -> None:
    table = cut(tmp_path, text)
    assert table.names == tuple(f"c{place}" for place in range(1, len(table.names) + 1))
    assert table.n_rows == text.count("\n")
    assert table.layout is not None
    assert table.layout.header_lines == 0
    assert [one.is_guess for one in table.decisions if "no line of names" in one.words] == [True]


@pytest.mark.parametrize("text", WITH_NAMES[:6] + WITHOUT[:2] + WITHOUT[7:9])
def test_what_is_clear_is_no_warning(tmp_path: Path, text: str) -> None:
    assert warned(cut(tmp_path, text)) == []


@pytest.mark.parametrize("text", DOUBTFUL)
def test_what_is_doubtful_is_a_warning_and_can_be_said(tmp_path: Path, text: str) -> None:
    table = cut(tmp_path, text)
    first = text.split("\n", 1)[0].split(",")
    assert table.names == tuple(first)
    assert len(warned(table)) == 1
    assert "though it may be a row" in warned(table)[0]
    assert warned(cut(tmp_path, text, header=True)) == []
    without = cut(tmp_path, text, header=False)
    assert without.n_rows == table.n_rows + 1
    assert without.names[0] == "c1"
    assert warned(without) == []


@pytest.mark.parametrize("text", WITH_NAMES + WITHOUT)
def test_what_is_given_decides(tmp_path: Path, text: str) -> None:
    lines = [line for line in text.split("\n")[:-1] if line or "," not in text]
    assert cut(tmp_path, text, header=False).n_rows == len(lines)
    if len(lines) > 1:
        assert cut(tmp_path, text, header=True).n_rows == len([line for line in lines if line != lines[0]])


def test_names_are_given(tmp_path: Path) -> None:
    table = cut(tmp_path, ROWS, names=("length", "width", "kind"))
    assert table.names == ("length", "width", "kind")
    assert table.n_rows == 3
    assert said(table) == []
    replaced = cut(tmp_path, "a,b,c\n" + ROWS, names=("length", "width", "kind"))
    assert (replaced.names, replaced.n_rows) == (("length", "width", "kind"), 3)


def test_names_that_do_not_fit(tmp_path: Path) -> None:
    message = refusal(lambda: cut(tmp_path, ROWS, names=("length", "width")))
    assert message == (
        "2 names were given but t.csv has 3 columns. Give one name for each column, in their order."
    )


def test_the_end_of_a_large_file_is_looked_at(tmp_path: Path) -> None:
    """Sorted rows: no cell of the first one stands again among the first thousand."""
    first = "".join(f"word{'x' * (row % 7)}y,alpha beta\n" for row in range(20_000))
    text = "unlike,gamma\n" + first + "unlike,gamma\n" * 3000
    assert cut(tmp_path, text).layout.header_lines == 0  # type: ignore[union-attr]


# Several lines of names.


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("name,weight,height\n,kg,m\nAnn,60,1.7\nBob,80,1.8\n", ("name", "weight kg", "height m")),
        ("weight,height\n(kg),(m)\n60,1.7\n80,1.8\n", ("weight (kg)", "height (m)")),
        (
            "place,rain,,sun,\n,mean,max,mean,max\nOslo,1,2,3,4\nRome,5,6,7,8\n",
            ("place", "rain mean", "rain max", "sun mean", "sun max"),
        ),
        (
            ",a,a,b\n,x,y,x\nid,,,\nr1,1,2,3\nr2,4,5,6\n",
            ("id", "a x", "a y", "b x"),
        ),
    ],
)
def test_several_lines_of_names_are_joined(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    table = cut(tmp_path, text)
    assert table.names == names
    assert table.n_rows == 2
    assert table.layout is not None
    assert table.layout.header_lines == text.count("\n") - 2
    assert any(words.startswith("names in ") for words in said(table))


@pytest.mark.parametrize(
    "text",
    [
        "name,weight,height\nAnn,unknown,1.7\nBob,80,1.8\nEve,60,1.6\n",
        "name,weight,height\nAnn,unknown,none\nBob,80,1.8\nEve,60,1.6\n",
        "name,weight\nAnn,?\nBob,80\nEve,60\n",
        "name,city\nAnn,Oslo\nBob,Rome\n",
    ],
)
def test_words_in_a_first_row_are_no_names(tmp_path: Path, text: str) -> None:
    assert cut(tmp_path, text).n_rows == text.count("\n") - 1


# Comments, titles, names in other places.


@pytest.mark.parametrize("mark", ["#", "%", "//"])
def test_comments(tmp_path: Path, mark: str) -> None:
    text = f"{mark} made by hand\n{mark} in 2024, in Oslo\n\na,b\n1,2\n{mark} a note, too\n3,4\n"
    table = cut(tmp_path, text)
    assert table.names == ("a", "b")
    assert cells(table) == [["1", "2"], ["3", "4"]]
    assert table.layout is not None
    assert table.layout.comment == mark
    assert [(one.reason, one.count, one.first) for one in table.left_out] == [("comment", 1, (2,))]


def test_comments_between_rows_alone(tmp_path: Path) -> None:
    table = cut(tmp_path, "a,b\n1,2\n# a note\n3,4\n")
    assert cells(table) == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize("text", ["# a,b\n1,2\n3,4\n", "#a,b\n1,2\n3,4\n", "# by hand\n# a,b\n1,2\n3,4\n"])
def test_names_in_a_comment(tmp_path: Path, text: str) -> None:
    table = cut(tmp_path, text)
    assert table.names == ("a", "b")
    assert cells(table) == [["1", "2"], ["3", "4"]]


def test_a_name_that_is_the_mark_of_a_comment(tmp_path: Path) -> None:
    table = cut(tmp_path, "#,x\n1,2.5\n2,3.5\n")
    assert table.names == ("#", "x")


def test_cells_that_begin_as_comments_do(tmp_path: Path) -> None:
    table = cut(tmp_path, "colour,n\n#ff0000,1\n#00ff00,2\n")
    assert table.column("colour").cells.to_pylist() == ["#ff0000", "#00ff00"]
    many = cut(tmp_path, "# colours\ncolour,n\n" + "red,1\n" * 1000 + "#00ff00,2\n")
    assert (many.n_rows, many.left_out[0].first) == (1000, (1001,))


def test_titles_above_a_table_without_names(tmp_path: Path) -> None:
    table = cut(tmp_path, "Measured in May\n\n1.5,2\n1.7,3\n1.9,4\n")
    assert table.names == ("c1", "c2")
    assert table.n_rows == 3
    assert said(table)[0] == "1 title line skipped: 'Measured in May'"


@pytest.mark.parametrize("name", ["Unnamed: 0", "index", "level_0", "rownames", ""])
def test_an_index_that_was_written_is_left_out(tmp_path: Path, name: str) -> None:
    table = cut(tmp_path, f"{name},x,y\n0,5.1,a\n1,4.9,b\n")
    assert table.names == ("x", "y")
    assert table.layout is not None
    assert table.layout.names == (name or "unnamed_1", "x", "y")
    # Beside a target it is all that there is.
    assert cut(tmp_path, f"{name},x\n0,5.1\n1,4.9\n").names == (name or "unnamed_1", "x")


@pytest.mark.parametrize("text", ["index,x\n0,5.1\n2,4.9\n", "No,x\n1,5.1\n2,4.9\n", "x,index\n5,0\n4,1\n"])
def test_any_other_column_stays(tmp_path: Path, text: str) -> None:
    assert len(cut(tmp_path, text).names) == 2


def test_marks_and_blanks_around_names_are_dropped(tmp_path: Path) -> None:
    table = cut(tmp_path, '\ufeff"\ufeffa" , b\u00a0\n1,2\n')
    assert table.names == ("a", "b")


@pytest.mark.parametrize("n", [60, 30_000])
def test_many_comments(tmp_path: Path, n: int) -> None:
    assert cells(cut(tmp_path, "# note\n" * n + "a,b\n1,2\n3,4\n")) == [["1", "2"], ["3", "4"]]
    between = cut(tmp_path, "a,b\n" + "1,2\n# note\n" * n)
    assert (between.n_rows, between.left_out[0].count) == (n, n)
