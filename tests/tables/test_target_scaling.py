"""How targets are scaled: into what the outputs can give and the loss can take, and back."""

import datetime as dt
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_files import chosen

from chainrule.errors import InputError, TableError
from chainrule.tables import (
    ClassTarget,
    ConstantTarget,
    DateTarget,
    Encoding,
    NumberTarget,
    Said,
    TableOptions,
    choose_encoding,
    read_table,
    read_targets,
    settle_roles,
)
from chainrule.tables.columns.held import Held
from chainrule.tables.encoding.targets.scaling import Limits, scaling_of

FINITE = st.floats(-1e300, 1e300)
SEVERAL = st.lists(FINITE, min_size=2, max_size=20).filter(lambda found: max(found) - min(found) > 1e-3)

DICTIONARY = "dictionary<values=large_string, indices=int32, ordered=0>"


def encoded(frame: object, target: object, limits: Limits, **said: Any) -> Encoding:  # noqa: ANN401 (options)
    """Encoding of a table whose targets are learnt within limits."""
    table = read_table(frame)
    roles = settle_roles(table, target, TableOptions(**said))
    asked = read_targets(table, roles)
    return choose_encoding(table, roles, asked, np.arange(table.n_rows), limits=limits).encoding


@given(SEVERAL, st.sampled_from([Limits(0.0, 1.0), Limits(-1.0, 1.0), Limits(0.0, 1.0, filled=0.0)]))
def test_between_two_limits_all_numbers_lie_between_them_and_come_back(
    numbers: list[float], limits: Limits
) -> None:
    values = np.array(numbers)
    scaling = scaling_of(values, limits)
    learnt = (values / 2 - scaling.mean / 2) / scaling.scale * 2
    assert limits.lowest - 1e-9 <= learnt.min() <= learnt.max() <= limits.highest + 1e-9
    if scaling.how == "range":
        width = limits.highest - limits.lowest
        ends = [limits.lowest + 0.1 * width, limits.highest - 0.1 * width]
        assert [learnt.min(), learnt.max()] == pytest.approx(ends, abs=1e-9)
    assert scaling.average == pytest.approx(math.fsum(values / 4) / len(values) * 4, rel=1e-9, abs=1e-300)


def test_numbers_that_fill_the_limits_stay_as_they_are() -> None:
    assert scaling_of(np.array([0.0, 1.0]), Limits(0.0, 1.0))[:3] == (0.0, 1.0, "as_is")
    assert scaling_of(np.array([0.25, 0.75]), Limits(0.0, 1.0)).how == "as_is"
    assert scaling_of(np.array([0.25, 0.7]), Limits(0.0, 1.0)).how == "range"
    assert scaling_of(np.array([0.25, 0.3]), Limits(0.0, 1.0, filled=0.0)).how == "as_is"  # they are chances
    assert scaling_of(np.array([0.0, 1.1]), Limits(0.0, 1.0, filled=0.0)).how == "range"
    assert scaling_of(np.array([0.0, 1.0]), Limits(-1.0, 1.0)).how == "as_is"


def test_outputs_above_0_learn_parts_of_the_mean_or_what_lies_above_the_smallest() -> None:
    above_0 = Limits(lowest=0.0)
    assert scaling_of(np.array([0.0, 2.0, 4.0]), above_0) == (0.0, 2.0, "share", 2.0)
    assert scaling_of(np.array([-4.0, -2.0, 0.0]), above_0) == (-4.0, 2.0, "above", -2.0)
    assert scaling_of(np.array([2.0, 4.0]), above_0, has_zero=False) == (2.0, 1.0, "above", 3.0)
    # Of counts 0 stays 0, also where the outputs end: the most frequent ones stay below.
    counts = scaling_of(np.array([0.0, 1.0, 9.0]), Limits(0.0, 1.0, are_counts=True))
    assert counts.mean == 0
    assert 9 / counts.scale == pytest.approx(0.9)


def test_what_must_not_be_scaled_is_not() -> None:
    assert scaling_of(np.array([5.0, 9.0]), Limits(0.0, 1.0), as_is=True) == (0.0, 1.0, "as_is", 7.0)


@pytest.mark.parametrize(
    ("limits", "how"),
    [
        (Limits(), "spread"),
        (Limits(0.0, 1.0), "range"),
        (Limits(-1.0, 1.0), "range"),
        (Limits(lowest=0.0), "share"),
        (Limits(lowest=0.0, are_counts=True), "share"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"log": "y"}])
def test_a_number_comes_back_and_its_baseline_is_the_mean(
    limits: Limits, how: str, options: dict[str, str]
) -> None:
    y = [3.0, 8.0, 21.0, 40.0]
    encoding = encoded({"x": [1, 2, 3, 4], "y": y}, "y", limits, **options)
    [target] = encoding.learnt
    assert isinstance(target, NumberTarget)
    assert options or target.scaled == how
    again = np.asarray(encoding.decode_outputs(target.learnt(np.array(y))[:, np.newaxis]))
    assert again[:, 0] == pytest.approx(y)
    mean = math.exp(np.mean(np.log(y))) if options else np.mean(y)
    assert target.baseline == pytest.approx(mean, rel=1e-12)


def test_a_date_is_drawn_between_the_limits_and_comes_back() -> None:
    days = pd.to_datetime(["2024-01-01", "2024-01-11", "2024-02-01"])
    encoding = encoded(pd.DataFrame({"x": [1, 2, 3], "due": days}), "due", Limits(0.0, 1.0))
    [target] = encoding.learnt
    assert isinstance(target, DateTarget)
    Y = encoding.encode_targets(read_table(pd.DataFrame({"due": days})))
    assert [Y.min(), Y.max()] == pytest.approx([0.1, 0.9])
    assert target.written(target.decode(Y[:, 0])) == ("2024-01-01", "2024-01-11", "2024-02-01")
    assert target.written(np.array([target.baseline])) == ("2024-01-15",)
    above = encoded(pd.DataFrame({"x": [1, 2, 3], "due": days}), "due", Limits(lowest=0.0)).learnt[0]
    assert isinstance(above, DateTarget)
    assert above.scaled == "above"


def test_two_classes_in_one_unit_are_0_and_1() -> None:
    frame = {"x": [1, 2, 3, 4], "y": ["no", "yes", "yes", "no"]}
    encoding = encoded(frame, "y", Limits(0.0, 1.0, one_unit=True))
    assert encoding.encode_targets(read_table(frame)).tolist() == [[0.0], [1.0], [1.0], [0.0]]
    assert encoding.output_names == ("output_yes",)
    assert encoding.decode_outputs([[0.5], [0.6]]) == ("no", "yes")
    assert encoding.classes == ("no", "yes")
    with pytest.raises(InputError, match="has 3 classes but one unit tells two classes apart"):
        ClassTarget("y", ("a", "b", "c"), "text", one_unit=True)


def test_several_targets_of_two_classes_are_labels() -> None:
    frame = {"x": [1, 2, 3, 4], "a": [0, 1, 1, None], "b": ["yes", "no", "no", "no"], "c": [True, False] * 2}
    encoding = encoded(frame, ["a", "b", "c"], Limits(0.0, 1.0))
    assert (encoding.kind, encoding.classes) == ("labels", None)
    Y = encoding.encode_targets(read_table(frame))
    np.testing.assert_array_equal(Y, [[0, 1, 1], [1, 0, 0], [1, 0, 1], [np.nan, 0, 0]])
    decided = encoding.decode_outputs([[0.2, 0.7, 0.9], [0.9, 0.1, 0.1]])
    assert np.asarray(decided).tolist() == [["0", "yes", "true"], ["1", "no", "false"]]
    # Any other number beside them, and they are numbers; three classes do not go with others.
    assert encoded({"x": [1, 2, 3], "a": [0, 1, 1], "b": [1, 2, 3]}, ["a", "b"], Limits()).kind == "numbers"
    assert encoded(frame, ["a"], Limits(), numbers="a").kind == "numbers"
    with pytest.raises(InputError, match="'b' does not go with the others"):
        encoded({"x": [1, 2, 3], "a": [0, 1, 1], "b": list("pqr")}, ["a", "b"], Limits())


def test_of_several_targets_a_constant_one_is_answered_and_not_learnt() -> None:
    frame = {"x": [1, 2, 3, 4], "a": [1.5, 2.5, 3.5, 4.5], "doors": [4, 4, 4, 4]}
    encoding = encoded(frame, ["a", "doors"], Limits())
    assert encoding.targets[1] == ConstantTarget("doors", number=4.0)
    assert (encoding.n_outputs, encoding.target_names) == (1, ("a", "doors"))
    answers = encoding.answers([[0.0], [1.0]])
    assert answers["doors"].plain() == [4.0, 4.0]
    assert answers["a"].plain()[0] == pytest.approx(3.0)
    assert Encoding.from_json(encoding.to_json()) == encoding
    with pytest.raises(TableError, match="all training rows have"):
        encoded({"x": [1, 2], "a": [4, 4], "b": [5, 5]}, ["a", "b"], Limits())
    labels = {"x": [1, 2, 3], "a": [True, False, True], "b": [False] * 3}
    both = encoded(labels, ["a", "b"], Limits(0.0, 1.0))
    assert both.targets[1] == ConstantTarget("b", label="false", held=Held("bool"))
    assert both.kind == "labels"


@pytest.mark.parametrize(
    ("others", "cells", "held", "answer"),
    [
        ([0, 1, 0], pd.Categorical(["u"] * 3, ["u", "v"]), DICTIONARY, "u"),
        ([0, 1, 0], ["1", "1", "1"], "string", "1"),
        ([0, 1, 0], ["yes", "yes", "yes"], "string", "yes"),
        ([1.5, 2.5, 4.0], ["2024-01-02"] * 3, "timestamp[s]", pd.Timestamp(2024, 1, 2)),
        ([1.5, 2.5, 4.0], ["10:30"] * 3, "time32[s]", dt.time(10, 30)),
        ([1.5, 2.5, 4.0], [dt.timedelta(hours=1)] * 3, "duration[us]", dt.timedelta(hours=1)),
        ([1.5, 2.5, 4.0], ["2 h 30 min"] * 3, "double", 9000.0),
    ],
)
def test_a_constant_is_answered_in_the_type_that_it_would_have_if_it_varied(
    others: list[float], cells: list[object], held: str, answer: object
) -> None:
    encoding = encoded({"x": [1, 2, 3], "a": others, "b": cells}, ["a", "b"], Limits(0.0, 1.0))
    said = Encoding.from_json(encoding.to_json()).answers([[0.0]])["b"].cells
    assert (str(said.type).removeprefix("large_"), said.to_pylist()) == (held, [answer])


def test_a_constant_time_is_written_as_one_that_varies() -> None:
    for zone in (None, "Europe/Berlin"):
        for moment, text in (("2024-07-02", "2024-07-02"), ("2024-07-02 03:04:05", "2024-07-02T03:04:05")):
            frame = {"x": [1, 2, 3], "a": [1.5, 2.5, 4.0], "b": [pd.Timestamp(moment, tz=zone)] * 3}
            said = encoded(pd.DataFrame(frame), ["a", "b"], Limits()).answers([[0.0]])["b"]
            assert said.texts() == [text]
            assert said.cells.to_pylist() == [pd.Timestamp(moment, tz=zone)]


def test_a_target_without_a_value_goes_with_all_others(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("x,a,b,c\n" + "".join(f"{k},{k * k},{'pq'[k % 2]},\n" for k in range(4)))
    for table in (read_table(path), read_table(pd.read_csv(path))):
        for target, kind in (("a", "numbers"), ("b", "labels")):
            encoding = chosen(table, [target, "c"]).encoding
            assert (encoding.kind, encoding.targets[1]) == (kind, ConstantTarget("c"))


@pytest.mark.parametrize(("cell", "answer"), [("1", 1), ("True", True), ("yes", "yes")])
def test_a_constant_label_of_a_file_is_answered_as_its_text_reads(
    tmp_path: Path, cell: str, answer: object
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("x,a,b\n" + "".join(f"{k},{'pq'[k % 2]},{cell}\n" for k in range(4)))
    said = chosen(read_table(path), ["a", "b"]).encoding.answers([[0.0]])["b"]
    assert said.cells.to_pylist() == [answer]
    assert said.texts() == [cell]


def test_inputs_stay_as_they_are_where_that_is_asked() -> None:
    frame = {"p": [0.0, 0.25, 1.0, None], "q": [0.0, 2.0, 3.0, 7.0], "y": [1.0, 2.0, 3.0, 5.0]}
    table = read_table(pa.table(frame))
    kept = encoded(frame, "y", Limits(keeps_shares=True))
    X = kept.encode_inputs(table)
    mean = 1.25 / 3
    np.testing.assert_array_equal(X[:, :2], [[0, 0], [0.25, 0], [1, 0], [pytest.approx(mean), 1]])
    assert X[:, 2].mean() == pytest.approx(0.0)
    asked = encoded(frame, "y", Limits(), as_is=["q", "y"])
    np.testing.assert_array_equal(asked.encode_inputs(table)[:, 2], frame["q"])
    np.testing.assert_array_equal(asked.encode_targets(table)[:, 0], frame["y"])
    heard = Said()
    beyond = asked.encode_inputs(read_table({"p": [0.5], "q": [100.0]}), heard)
    assert 7 < beyond[0, 2] <= 8  # drawn in, as any number beyond those of training
    assert len(list(heard.remarks())) == 1
