"""What a message takes for likeness: letters that were meant, not an ending that all have."""

from __future__ import annotations

import re
import time
from pathlib import Path  # noqa: TC003 - pytest looks at the annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chainrule.errors import TableError, UnknownNameError
from chainrule.tables import read_table
from chainrule.words import alike, closest, groups_alike, in_common, quoted, suggestion


@pytest.mark.parametrize(
    ("given", "there", "meant"),
    [
        ("iris.cvs", "iris.csv", True), ("IRIS.csv", "iris.csv", True),
        ("penguin.csv", "penguins.csv", True),
        ("iris", "iris.csv", True), ("iris.txt", "iris.csv", False), ("my data.csv", "my_data.csv", True),
        ("sales-2023.csv", "sales-2024.csv", False), ("sale-2023.csv", "sales-2023.csv", True),
        ("nope.csv", "one.csv", False),
        ("nope.csv", "note.txt", False), ("nope.csv", "open.csv", False), ("a.csv", "bc.csv", False),
    ],
)  # fmt: skip
def test_a_missing_file_is_like_another_by_its_own_letters(
    given: str, there: str, *, meant: bool, tmp_path: Path
) -> None:
    (tmp_path / there).write_text("a,b\n1,2\n")
    with pytest.raises(TableError) as caught:
        read_table(tmp_path / given)
    asked = f"Did you mean {str(tmp_path / there)!r}?"
    assert (asked in str(caught.value)) == meant
    assert ("Did you mean" in str(caught.value)) == meant


@pytest.mark.parametrize(
    ("given", "known", "meant"),
    [
        ("tahn", ["relu", "tanh"], "tanh"), ("Petal Length", ["petal_width", "petal_length"], "petal_length"),
        ("petal_length", ["petal_width"], None), ("sepal_len", ["sepal_length"], "sepal_length"),
        ("acc", ["accuracy"], "accuracy"), ("ac", ["accuracy"], None), ("wild", ["width", "child_of"], None),
        ("", ["a", "b"], None), ("a", ["b", "A"], "A"), ("abcd", ["abdc", "abcde"], "abdc"),
        ("setsa", [], None), ("x10", ["x1", "x2"], None),
        ("x1", ["y2"], None), ("cosinus", ["cosine"], "cosine"),
        ("mean_radius", ["mean_radios"], "mean_radios"), ("target", ["tragte"], "tragte"),
        ("Ärger", ["ärger"], "ärger"), ("a" * 500, ["a" * 499], "a" * 499),
    ],
)  # fmt: skip
def test_likeness(given: str, known: list[str], meant: str | None) -> None:
    assert closest(given, known) == meant


def test_each_of_several_names_has_its_own_suggestion() -> None:
    there = ["length", "width", "height"]
    assert suggestion(["lenght", "colour"], there) == " Did you mean 'length' for 'lenght'?"
    assert suggestion(["lenght", "lengt"], there) == " Did you mean 'length' for 'lenght'?"  # it is taken
    assert suggestion(["colour", "price"], there) == ""


def test_all_names_that_do_not_exist_are_said() -> None:
    error = UnknownNameError("column", ["lenght", "colour"], ["length", "width"], "ignore")
    assert str(error) == (
        "There are no columns 'lenght', 'colour'. Did you mean 'length' for 'lenght'? "
        "There are: length, width."
    )
    assert error.to_json()["given"] == "['lenght', 'colour']"


def test_likeness_is_found_at_once_among_many_long_names() -> None:
    began = time.process_time()
    closest("ab" * 1000, ["ba" * 1000] * 5000)
    closest("ab" * 1000, [f"{place}" + "ab" * 20 + "ba" * 20 for place in range(5000)])
    assert time.process_time() - began < 5


def test_an_object_that_takes_a_page_is_quoted_by_its_type() -> None:
    for page in (pd.DataFrame({"x": range(5)}), pd.Series([1.5, 2.5]), np.zeros((3, 3)), Long()):
        assert quoted(page) == f"an object of the type {type(page).__name__}"
    assert quoted(np.zeros(3)) == "array([0., 0., 0.])"
    assert quoted(["x" * 300]) == repr(["x" * 300])


class Long:
    def __repr__(self) -> str:
        return "Long(" + "x" * 300 + ")"


def test_texts_of_unlike_words_are_no_group() -> None:
    told = [
        f"column '{name}': missing in {k} training rows" for name, k in zip("abcd", (1, 5, 5, 7), strict=True)
    ]
    told[0] = told[0].removesuffix("s")
    assert alike(told) == ["4 columns, 'a', 'b', 'c' and 1 more: missing in 1 to 7 training rows"]
    assert groups_alike(["missing in 5 training rows", "missing in 7", "missing in 8"]) == [[0], [1, 2]]
    assert groups_alike(["'size 1 row' or 'size 2'", "'size 3' or 'size 4'"]) == [[0], [1]]


def test_what_is_said_of_many_columns_is_no_value_of_one() -> None:
    assert groups_alike([f"'lo{k}' or 'hi{k}'" for k in range(9)]) == [[k] for k in range(9)]
    assert groups_alike(["levels lo1", "levels hi10"]) == [[0], [1]]
    assert in_common(["constant (0) in it", "constant (12.5) in it"]) == "constant (…) in it"
    assert in_common(["from -1 to 2020-01-05", "from 3 to 2021-01-05"]) == "from … to …"
    same = [f"column 'a' has {k} gaps" for k in range(2, 6)]
    assert alike(same) == same  # of one column, and not of four


WORDS = [
    "column 'a'", "column 'b':", 'column "c\'d"', "missing in", "1", "2", "-3.5", "1e+05,", "(0)", "row",
    "rows", "training", "held-out", "cell", "values", "'lo1'", "'hi 10'", "'size 1 row'", "lo1", "hi10", "'",
    '"', "…", "5%", "user's", "'a\\'b'", "12rows", "٢",
]  # fmt: skip
TEXTS = st.lists(
    st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=6).map(" ".join), max_size=12
)


@given(TEXTS)
@example(["size 1 row", "size 2", "size 3", "size 4"])
@example(["column … has", "column 'a' has", "column 'b' has"])
def test_what_is_said_of_a_group_is_true_of_each(texts: list[str]) -> None:
    groups = groups_alike(texts)
    assert sorted(place for places in groups for place in places) == list(range(len(texts)))
    for places in groups:
        group = [texts[place] for place in places]
        common = in_common(group)
        as_rule = re.escape(re.sub(r"\d+ to \d+", "…", common)).replace("…", ".*")
        as_rule = re.sub(r"(cell|row|value)s", r"\1s?", as_rule)
        for text in group:
            assert re.fullmatch(rf"(?:column .*: )?{as_rule}", text, re.DOTALL), (common, text)
        quotations = {
            tuple(re.findall(r"(?<!\w)'[^'\\]*'(?!\w)", re.sub("column '[^']*'", "", one))) for one in group
        }
        assert len(quotations) == 1
    alike(texts)
