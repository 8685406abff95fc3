"""What a message takes for likeness: letters that were meant, not an ending that all have."""

from __future__ import annotations

import time
from pathlib import Path  # noqa: TC003 - pytest looks at the annotations

import numpy as np
import pandas as pd
import pytest

from chainrule.errors import TableError, UnknownNameError
from chainrule.tables import read_table
from chainrule.words import closest, quoted, suggestion


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
