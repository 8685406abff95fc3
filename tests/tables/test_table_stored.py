"""An encoding survives JSON, and nothing that JSON can hold breaks the reading of it."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_files import refusal

from chainrule.errors import ModelFileError
from chainrule.tables import CategoryInput, ClassTarget, Encoding, NumberInput, NumberTarget

if TYPE_CHECKING:
    from chainrule.tables.columns.column import Kind

GOOD = Encoding(
    (
        NumberInput("x", 1.5, 0.0),
        CategoryInput("k", ("a",), "text"),
        CategoryInput("b", ("no", "yes"), "boolean"),
    ),
    (ClassTarget("y", ("1", "2"), "number"),),
)

labels = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    min_size=2,
    max_size=5,
    unique_by=lambda label: label.strip().lower(),
)
names = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=2, max_size=5, unique=True
)
floats = st.floats(allow_nan=False, allow_infinity=False)
KINDS: list[Kind] = ["text", "number", "boolean"]
cells = st.sampled_from(KINDS)


@st.composite
def encodings(draw: st.DrawFn) -> Encoding:
    first, *others = draw(names)
    inputs = [
        NumberInput(name, draw(floats), abs(draw(floats)))
        if draw(st.booleans())
        else CategoryInput(name, tuple(draw(labels)), draw(cells))
        for name in others
    ]
    if draw(st.booleans()):
        return Encoding(tuple(inputs), (NumberTarget(first, draw(floats), draw(st.floats(1e-300, 1e300))),))
    return Encoding(tuple(inputs), (ClassTarget(first, tuple(draw(labels)), draw(cells)),))


@given(encodings())
def test_an_encoding_survives_json(encoding: Encoding) -> None:
    back = Encoding.from_json(json.loads(json.dumps(encoding.to_json())))
    assert back == encoding
    assert [type(part) for part in back.targets] == [type(part) for part in encoding.targets]


def changed(path: list[Any], value: object) -> Any:  # noqa: ANN401 - JSON
    data: Any = copy.deepcopy(GOOD.to_json())
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (["inputs"], None, "encoding.inputs: "),
        (["inputs"], [], "encoding.inputs: "),
        (["inputs"], {"0": 1}, "encoding.inputs: "),
        (["targets"], "y", "encoding.targets: "),
        (["extra"], 1, "encoding: Object contains unknown field `extra`"),
        (["inputs", 0], None, "encoding.inputs[0]: Expected `object`, got `null`"),
        (["inputs", 0, "kind"], "other", "encoding.inputs[0].kind"),
        (["inputs", 0, "kind"], ["number"], "encoding.inputs[0].kind"),
        (["inputs", 0, "kind"], "class", "encoding.inputs[0].kind"),
        (["inputs", 0, "name"], "", "encoding.inputs[0].name"),
        (["inputs", 0, "name"], 3, "encoding.inputs[0].name"),
        (["inputs", 0, "name"], "\ud800", "encoding.inputs[0].name"),
        (["inputs", 0, "name"], "k", "encoding: The column 'k' is there twice"),
        (["inputs", 0, "name"], "y", "encoding: The column 'y' is there twice"),
        (["inputs", 0, "name"], "x" * 2_000_000, "encoding.inputs[0].name"),
        (["inputs", 0, "mean"], "1", "encoding.inputs[0].mean"),
        (["inputs", 0, "mean"], True, "encoding.inputs[0].mean"),
        (["inputs", 0, "mean"], float("nan"), "encoding.inputs[0].mean"),
        (["inputs", 0, "mean"], 10**400, "encoding.inputs[0].mean"),
        (["inputs", 0, "scale"], -1.0, "encoding.inputs[0].scale"),
        (["inputs", 0, "scale"], float("inf"), "encoding.inputs[0].scale"),
        (["inputs", 0, "more"], 1, "encoding.inputs[0]: Object contains unknown field `more`"),
        (["inputs", 1, "categories"], [], "encoding.inputs[1].categories"),
        (["inputs", 1, "categories"], "ab", "encoding.inputs[1].categories"),
        (["inputs", 1, "categories"], ["a", "a"], "encoding.inputs[1]: The category 'a' is there twice"),
        (["inputs", 1, "categories"], ["a", 1], "encoding.inputs[1].categories[1]"),
        (["inputs", 1, "cells"], "word", "encoding.inputs[1].cells"),
        (["inputs", 1, "cells"], [], "encoding.inputs[1].cells"),
        (
            ["inputs", 2, "categories"],
            ["yes", "YES"],
            "encoding.inputs[2]: The category 'yes' is there twice",
        ),
        (["targets", 0, "classes"], ["1"], "encoding.targets[0].classes"),
        (["targets", 0], {"kind": "number", "name": "y", "mean": 0, "scale": 0}, "encoding.targets[0].scale"),
        (["targets", 0], {"kind": "category"}, "encoding.targets[0].kind"),
        (["targets", 0], {"kind": "class"}, "encoding.targets[0]: Object missing required field `name`"),
    ],
)
def test_a_damaged_field_is_named(path: list[Any], value: object, field: str) -> None:
    message = refusal(lambda: Encoding.from_json(changed(path, value)), ModelFileError)
    assert field in message
    assert len(message) < 400


def test_mixed_targets() -> None:
    targets = [GOOD.to_json()["targets"][0], {"kind": "number", "name": "z", "mean": 0, "scale": 1}]
    message = refusal(lambda: Encoding.from_json(changed(["targets"], targets)), ModelFileError)
    assert "encoding: There are 2 targets and one of classes among them" in message


def test_deep_nesting() -> None:
    deep: object = []
    for _ in range(100_000):
        deep = [deep]
    refusal(lambda: Encoding.from_json(deep), ModelFileError)
    refusal(lambda: Encoding.from_json(changed(["inputs"], deep)), ModelFileError)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=10,
)
PLACES: list[list[Any]] = [
    ["inputs"],
    ["targets"],
    ["inputs", 0],
    ["inputs", 0, "kind"],
    ["inputs", 0, "name"],
    ["inputs", 0, "mean"],
    ["inputs", 0, "scale"],
    ["inputs", 1, "categories"],
    ["inputs", 1, "cells"],
    ["targets", 0, "classes"],
]


@given(st.sampled_from(PLACES), anything)
def test_anything_anywhere_is_an_encoding_or_one_kind_of_error(path: list[Any], value: object) -> None:
    try:
        encoding = Encoding.from_json(changed(path, value))
    except ModelFileError:
        return
    assert Encoding.from_json(encoding.to_json()) == encoding


@given(anything)
def test_anything_at_all_is_refused(value: object) -> None:
    refusal(lambda: Encoding.from_json(value), ModelFileError)
