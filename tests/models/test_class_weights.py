"""A weight of a class is given by its value, whatever type that has, and kept by its label."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from chainrule import InputError, UnknownNameError
from chainrule.models import fit_settings, prepare
from chainrule.models.beside import sample_weight
from chainrule.tables import ClassTarget, Encoding

DAY, OTHER = dt.date(2024, 1, 2), dt.date(2024, 3, 1)
MOMENT = pd.Timestamp("2024-01-02 03:04:05.678901")


def data(cells: Any, **more: Any) -> Any:  # noqa: ANN401
    frame = pd.DataFrame({"x": np.arange(len(cells)) % 5 / 4, "y": cells})
    return prepare(frame, target="y", held_out=0, **more)


def weights(cells: Any, given: Any, **more: Any) -> tuple[Any, list[float]]:  # noqa: ANN401
    made = data(cells, **more)
    kept = fit_settings(made, class_weight=given).class_weight
    found = sample_weight(made, kept)
    assert found is not None
    return kept, found.tolist()


@pytest.mark.parametrize(
    ("cells", "given", "label"),
    [
        ([0, 1], 1, "1"),
        ([0, 1], 1.0, "1"),
        ([0, 1], np.int8(1), "1"),
        ([0, 1], np.float32(1), "1"),
        ([0, 1], np.bool_(1), "1"),
        ([0, 1], True, "1"),
        ([0, 1], "1", "1"),
        ([0, 1], Decimal(1), "1"),
        ([True, False], True, "true"),
        ([True, False], 1, "true"),
        ([True, False], "True", "true"),
        ([0.5, 1.5], 1.5, "1.5"),
        ([0.5, 1.5], "1.50", "1.5"),
        (["1", "2"], 2, "2"),
        (["007", "010"], "010", "010"),
        (["no", "yes"], "yes", "yes"),
        (["no", "yes"], np.str_("yes"), "yes"),
        ([Decimal("0.25"), Decimal("1.50")], Decimal("1.5"), "1.5"),
        ([OTHER, DAY], DAY, "2024-01-02"),
        ([OTHER, DAY], np.datetime64("2024-01-02"), "2024-01-02"),
        ([pd.Timestamp(OTHER), MOMENT], MOMENT, "2024-01-02 03:04:05.678901"),
        ([pd.Timestamp(OTHER), MOMENT], MOMENT.to_pydatetime(), "2024-01-02 03:04:05.678901"),
        (pd.Categorical([7, 9], [9, 7]), 9, "9"),
        (np.array([7, 2**63], np.uint64), 2**63, str(2**63)),
        (np.array([7, 2**63], np.uint64), np.uint64(2**63), str(2**63)),
        (pd.PeriodIndex(["2024-01", "2024-02"], freq="M"), pd.Period("2024-02"), "2024-02"),
        (pd.IntervalIndex.from_breaks([0, 1, 2]), pd.Interval(1, 2), "(1, 2]"),
    ],
)
def test_a_class_is_known_by_its_value(cells: Any, given: Any, label: str) -> None:  # noqa: ANN401
    column = pd.Series(cells)
    many = pd.concat([column] * 4, ignore_index=True)
    kept, found = weights(many, {given: 5}, classes="y")
    assert kept == {label: 5.0}
    second = column.astype(str).iloc[0 if cells[0] in {True, "true"} and column.dtype == bool else 1]
    assert found == [5.0 if cell == second else 1.0 for cell in many.astype(str)]


def refusal(cells: Any, given: Any, **more: Any) -> str:  # noqa: ANN401
    with pytest.raises(InputError) as caught:
        weights(cells, given, **more)
    assert caught.value.parameter == "class_weight"
    return str(caught.value)


def test_what_is_no_class_is_told_with_those_that_there_are() -> None:
    assert refusal([0, 1] * 4, {2: 5}) == "There is no class 2. There are: 0, 1."
    assert refusal([0, 1] * 4, {"2": 5}) == "There is no class '2'. There are: 0, 1."
    assert refusal([True, False] * 4, {"yess": 5}) == "There is no class 'yess'. There are: False, True."
    assert refusal([0, 1] * 4, {None: 5}) == "There is no class None. There are: 0, 1."
    assert refusal([0, 1] * 4, {(0, 1): 5}) == "There is no class (0, 1). There are: 0, 1."
    with pytest.raises(UnknownNameError, match=r"no class 'yess'. Did you mean 'yes'\? There are: no, yes"):
        weights(["no", "yes"] * 4, {"yess": 5})


def test_a_class_has_one_weight_and_numbers_have_none() -> None:
    assert "two weights of the class 0 but each class may have one" in refusal([0, 1] * 4, {0: 5, "0": 2})
    assert "the target is a number" in refusal([0.5, 1.0, 2.0, 7.0], {1.0: 2})


def of_one_unit() -> Any:  # noqa: ANN401
    """Rows of two classes that share one unit."""
    made = data(["no", "yes", "no", "no"] * 2)
    target = ClassTarget("y", ("no", "yes"), "text", one_unit=True)
    return replace(made, encoding=Encoding(made.encoding.inputs, (target,)), Y=made.Y[:, 1:])


def test_rows_of_classes_that_share_a_unit_count_as_those_that_do_not() -> None:
    for given in ("balanced", {"yes": 3.0}):
        ordinary = sample_weight(data(["no", "yes", "no", "no"] * 2), given)
        np.testing.assert_array_equal(sample_weight(of_one_unit(), given), ordinary)
    assert sample_weight(of_one_unit(), "balanced").tolist() == [8 / (2 * 6), 2.0, 8 / 12, 8 / 12] * 2  # type: ignore[union-attr]


def test_several_targets_have_no_weights_of_classes() -> None:
    made = of_one_unit()
    pair = (made.encoding.targets[0], ClassTarget("z", ("a", "b"), "text", one_unit=True))
    several = replace(made, encoding=Encoding(made.encoding.inputs, pair), Y=np.repeat(made.Y, 2, axis=1))
    for given in ("balanced", {"yes": 2}):
        with pytest.raises(InputError, match="each of several targets has classes of its own") as caught:
            fit_settings(several, class_weight=given)
        assert "weights" in str(caught.value.advice)
