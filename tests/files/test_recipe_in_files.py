"""What a recipe has mixed, in files: read back as it was, and refused where it lies about itself."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

import chainrule
from chainrule import Ensemble, ModelFileError
from chainrule.files.model_file import model_to_bytes
from chainrule.files.parsing import model_from_bytes
from chainrule.models.recipe.choice import EFFORT, Effort, Variant
from model_documents import header_of, with_document

if TYPE_CHECKING:
    from collections.abc import Callable

A = np.random.default_rng(2).normal(size=(40, 2))
TABLE = pa.table({"a": A[:, 0], "b": A[:, 1], "y": A[:, 0] * A[:, 1]})


@pytest.fixture(scope="module")
def content() -> bytes:
    """A file of several networks and what they count."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(EFFORT, "quick", Effort(2, 2, 1, (Variant(4),), (Variant(4),), 0.97))
        model = chainrule.fit(TABLE, target="y", effort="quick", held_out=0).model
    assert isinstance(model.network, Ensemble)
    assert model.network.weights is not None
    return model_to_bytes(model)


def refusal(content: bytes) -> str:
    with pytest.raises(ModelFileError) as caught:
        model_from_bytes(content)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 700
    return message


def of_record(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["training"].update({name: value})


def of_members(*values: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        for member, value in zip(document["members"], values, strict=False):
            member["weight"] = value

    return change


def test_shares_and_choice_come_back_as_they_were(content: bytes) -> None:
    again = model_from_bytes(content)
    assert model_to_bytes(again) == content
    header, _ = header_of(content)
    document = json.loads(header["__metadata__"]["chainrule"])
    assert isinstance(again.network, Ensemble)
    assert [one["weight"] for one in document["members"]] == list(again.network.weights or ())
    assert again.training is not None
    assert [list(one) for one in again.training.choice] == document["training"]["choice"]


@pytest.mark.parametrize(
    "change",
    [
        of_members(-0.5), of_members(0.0), of_members("0.5"), of_members(*[True]), of_members(None),
        of_members([0.5]), of_members(*[None] * 2), of_members(1e308, 1e308),
        of_record("choice", {}), of_record("choice", "mean"), of_record("choice", [["mean"]]),
        of_record("choice", [["mean", 1, 0.5]]), of_record("choice", [["mean", 1.0, "0.5"]]),
        of_record("choice", [["other:3", 1.0, 0.5]]), of_record("choice", [["linear:x", 1.0, 0.5]]),
        of_record("choice", [[["mean"], 1.0, 0.5]]), of_record("choice", [["mean", True, 0.5]]),
        of_record("effort", 3), of_record("effort", []), of_record("recipe", 2), of_record("recipe", {}),
        of_record("input_layers", [1]), of_record("input_layers", "scale"),
        of_record("steps_per_epoch", "20"), of_record("steps_per_epoch", value=True),
    ],
)  # fmt: skip
def test_a_file_that_lies_about_a_recipe_is_refused(
    content: bytes, change: Callable[[dict[str, Any]], None]
) -> None:
    def changed(document: dict[str, Any]) -> dict[str, Any]:
        found = copy.deepcopy(document)
        change(found)
        return found

    refusal(with_document(content, changed))


@pytest.mark.parametrize("name", ["no such effort", "", "x" * 200, "\x1b[31m"])
def test_names_of_other_versions_are_shown_and_do_no_harm(content: bytes, name: str) -> None:
    """A younger version may have another effort, or recipe: what it mixed answers all the same."""
    model = model_from_bytes(content)
    for field in ("effort", "recipe"):
        other = model_from_bytes(with_document(content, of_record(field, name)))
        assert other.training is not None
        assert getattr(other.training, field) == name
        assert other.predict(TABLE)["y"].tolist() == model.predict(TABLE)["y"].tolist()
