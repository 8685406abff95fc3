"""What a prediction is: columns by name, in their own types, for NumPy, pandas, Arrow and CSV."""

from __future__ import annotations

import builtins
import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from chainrule import InputError, Model, ModelFileError, Network, UnknownNameError
from chainrule.jobs import PredictionOutcome
from chainrule.models import gives_chances
from chainrule.stored import plain, read
from chainrule.tables import (
    ClassTarget,
    Column,
    DateTarget,
    Encoding,
    NumberInput,
    NumberTarget,
    Predictions,
    RowRoles,
    predictions_of,
    read_table,
)
from chainrule.tables.columns.held import Held, Origin, named_type, type_name
from chainrule.tables.columns.readings import DateReading, DurationReading

FLOOR = ClassTarget("floor", ("1", "2", "10"), "number", ("01", "02", "10"))
PAID = ClassTarget("paid", ("no", "yes"), "boolean", one_unit=True)
LATE = ClassTarget("late", ("false", "true"), "boolean", one_unit=True)
PRICE, SIZE = NumberTarget("price", 100.0, 10.0), NumberTarget("size", 5.0, 1.0)
DUE = DateTarget("due", DateReading("day-month-year"), 86_400.0 * 19_723, 86_400.0, "day")
TABLE = read_table({"x": [0.0, 1.0], "key": ["007", None]})


def predicted(
    outputs: Any,  # noqa: ANN401
    *targets: Any,  # noqa: ANN401
    chances: bool = False,
    ids: tuple[str, ...] = (),
    table: Any = TABLE,  # noqa: ANN401
) -> Predictions:
    encoding = Encoding((NumberInput("x", 0.0, 1.0),), targets, RowRoles(ids=ids))
    return predictions_of(encoding, table, np.array(outputs), chances=chances)


THREE = [[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]


def test_columns_have_names_and_rows_have_answers() -> None:
    p = predicted(THREE, FLOOR, chances=True, ids=("key",))
    assert p.names == ("key", "floor", "probability_01", "probability_02", "probability_10")
    assert list(p) == list(p.names)
    assert len(p) == 2
    assert ("floor" in p, "flor" in p, 3 in p) == (True, False, False)
    assert p["floor"].tolist() == [10, 1]
    assert p["floor"].dtype == np.int64
    assert p.classes == (1, 2, 10)
    assert p.probabilities is not None
    assert p.probabilities.tolist() == THREE
    assert p["probability_02"].tolist() == [0.2, 0.3]
    assert repr(p) == (
        "Predictions(2 rows, 'key', 'floor', 'probability_01', 'probability_02', 'probability_10')"
    )


def test_a_name_that_is_none_is_asked_back() -> None:
    p = predicted(THREE, FLOOR)
    with pytest.raises(UnknownNameError, match=r"no column of predictions 'flor'. Did you mean 'floor'"):
        p["flor"]
    with pytest.raises(InputError, match="name is 0 but must be the name of a column"):
        p[0]  # type: ignore[index]


def test_outputs_that_are_no_probabilities_are_called_outputs() -> None:
    p = predicted(THREE, FLOOR)
    assert p.names == ("floor", "output_01", "output_02", "output_10")
    assert p.probabilities is None
    assert p.classes == (1, 2, 10)


def test_one_unit_of_two_classes_gives_the_chances_of_both() -> None:
    p = predicted([[0.25], [0.75]], PAID, chances=True)
    assert p.names == ("paid", "probability_no", "probability_yes")
    assert p["paid"].tolist() == ["no", "yes"]
    assert p.probabilities is not None
    assert p.probabilities.tolist() == [[0.75, 0.25], [0.25, 0.75]]
    p = predicted([[0.25], [1.75]], PAID)
    assert p.names == ("paid", "output_yes")
    assert p["output_yes"].tolist() == [0.25, 1.75]
    assert p.probabilities is None


def test_several_targets_of_two_classes_stand_beside_each_other() -> None:
    p = predicted([[0.25, 0.75], [0.75, 0.5]], PAID, LATE, chances=True)
    assert p.names == ("paid", "late", "probability_paid", "probability_late")
    assert p["paid"].tolist() == ["no", "yes"]
    assert p["late"].tolist() == [True, False]
    assert p.classes == (("no", "yes"), (False, True))
    assert p.probabilities is not None
    assert p.probabilities.tolist() == [[0.25, 0.75], [0.75, 0.5]]
    assert np.asarray(p).tolist() == [["no", True], ["yes", False]]
    assert predicted([[0.25, 0.75], [0.75, 0.5]], PAID, LATE).names[2:] == ("output_paid", "output_late")


def test_a_network_says_whether_its_outputs_are_chances() -> None:
    table = {"x": [0.0, 1.0]}
    of_paid, of_floor = ["probability_no", "probability_yes"], ["01", "02", "10"]
    for output, targets, names in (
        ("logistic", (PAID,), of_paid),
        ("tanh", (PAID,), ["output_yes"]),
        ("softmax", (FLOOR,), [f"probability_{floor}" for floor in of_floor]),
        ("logistic", (FLOOR,), [f"output_{floor}" for floor in of_floor]),
        ("logistic", (PAID, LATE), ["probability_paid", "probability_late"]),
        ("softmax", (PAID, LATE), ["output_paid", "output_late"]),  # they sum to 1, and labels need not
    ):
        encoding = Encoding((NumberInput("x", 0.0, 1.0),), targets)
        net = Network([[[0.0, 1.0]] * encoding.n_outputs], activations=output, loss="rss")
        model = Model(net, encoding)
        p = model.predict(table)
        assert [*p.names[len(targets) :]] == names
        assert (p.probabilities is not None) is names[0].startswith("probability")
        assert gives_chances(net, encoding) is (p.probabilities is not None)
        assert model.classes == p.classes
    net = Network([[[0.0, 1.0]]], loss="rss")
    assert Model(net, Encoding((NumberInput("x", 0.0, 1.0),), (PRICE,))).classes is None


def test_numbers_have_their_unit_and_no_classes() -> None:
    p = predicted([[1.0, 0.0], [-1.0, 2.0]], PRICE, SIZE)
    assert p["price"].dtype == np.float64
    assert np.asarray(p).tolist() == [[110.0, 5.0], [90.0, 7.0]]
    assert (p.classes, p.probabilities) == (None, None)
    assert np.asarray(predicted([[1.0]] * 2, PRICE), dtype=np.float32).dtype == np.float32
    assert np.asarray(predicted([[1.0]] * 2, PRICE)).tolist() == [110.0, 110.0]
    with pytest.raises(InputError, match="copy"):
        np.asarray(p, copy=False)


def test_a_time_is_one_whatever_stands_beside_it() -> None:
    p = predicted([[1.0, 0.0], [0.0, 2.4]], PRICE, DUE)
    assert p["due"].tolist() == [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 3)]  # noqa: DTZ001
    assert np.asarray(p).tolist() == [[110.0, dt.datetime(2024, 1, 1)], [100.0, dt.datetime(2024, 1, 3)]]  # noqa: DTZ001
    assert predicted([[1.0, 0.0]] * 2, PRICE, DUE).to_pandas()["due"].dtype.kind == "M"


@pytest.mark.parametrize(
    ("kind", "seconds", "back"),
    [
        ("timestamp[ns]", 1e12, dt.datetime(2262, 4, 11, 23, 47, 16)),  # noqa: DTZ001
        ("timestamp[s]", 1e12, dt.datetime(9999, 12, 31, 23, 59, 59)),  # noqa: DTZ001
        ("timestamp[ms, tz=Europe/Berlin]", 1711852200.0, "2024-03-31T03:00:00+02:00"),  # 2:30 is left out
        ("timestamp[ms, tz=Europe/Berlin]", 1729996200.0, "2024-10-27T02:30:00+02:00"),  # there twice
        ("date64[ms]", 86_400.4, dt.date(1970, 1, 2)),
    ],
)
def test_a_time_that_its_type_or_its_clock_has_not(kind: str, seconds: float, back: object) -> None:
    target = DateTarget("due", DateReading("year-month-day"), 0.0, 1.0, held=Held(kind))
    [cell] = target.answers(np.array([[seconds]])).cells.to_pylist()
    assert (cell.isoformat() if isinstance(back, str) else cell) == back


def test_a_typed_duration_is_one_and_its_text_is_seconds() -> None:
    target = NumberTarget("lap", 60.0, 1.5, DurationReading("days"), held=Held("duration[ms]"))
    answer = target.answers(np.array([[1.0], [np.nan], [np.inf]]))
    assert answer.cells[:2].to_pylist() == [dt.timedelta(seconds=61.5), None]
    assert answer.cells[2].value > 9e18  # as far as 64 bits go
    assert answer.texts()[0] == 61.5
    untyped = NumberTarget("lap", 60.0, 1.5, DurationReading("days"))
    assert untyped.answers(np.array([[1.0]])).cells.to_pylist() == [61.5]


def test_a_name_that_is_taken_gets_another() -> None:
    target = ClassTarget("probability_a", ("a", "b"), "text")
    table = read_table({"x": [0.0, 1.0], "output_b": [5, 6]})
    p = predicted([[0.1, 0.9], [1.0, 0.0]], target, chances=True)
    assert p.names == ("probability_a", "probability_a (output)", "probability_b")
    assert p["probability_a"].tolist() == ["b", "a"]
    assert p.probabilities is not None
    assert p.probabilities.tolist() == [[0.1, 0.9], [1.0, 0.0]]
    p = predicted([[0.1, 0.9], [1.0, 0.0]], target, ids=("output_b",), table=table)
    assert p.names == ("output_b (id)", "probability_a", "output_a", "output_b")
    assert p["output_b (id)"].tolist() == [5, 6]


IDS: dict[str, tuple[Any, list[Any], list[str]]] = {  # cells, as they come back, and as CSV has them
    "text": (["007", "NA"], ["007", "NA"], ["007", "NA"]),
    "text with a gap": (["a", None], ["a", None], ["a", ""]),
    "integers": ([7, 8], [7, 8], ["7", "8"]),
    "dates": ([dt.date(2024, 1, 2)] * 2, [dt.date(2024, 1, 2)] * 2, ["2024-01-02"] * 2),
    "truths": ([True, False], [True, False], ["true", "false"]),
    "categories": (pd.Categorical(["b", "a"], ["b", "a"], ordered=True), ["b", "a"], ["b", "a"]),
    "nullable": (pd.array([1, None], "Int64"), [1, pd.NA], ["1", ""]),
}


@pytest.mark.parametrize("name", IDS)
def test_a_key_is_as_it_was(name: str) -> None:
    cells, back, written = IDS[name]
    frame = pd.DataFrame({"x": [0.0, 1.0], "k": cells})
    p = predicted([[1.0]] * 2, PRICE, ids=("k",), table=read_table(frame))
    assert p.to_pandas()["k"].dtype == frame["k"].dtype
    assert p.to_pandas()["k"].dropna().tolist() == [
        cell for cell in back if cell is not pd.NA and cell is not None
    ]
    assert p["k"].tolist()[0] == back[0]
    lines = PredictionOutcome(p, None).csv().splitlines()[1:]
    assert [line.split(",")[0] for line in lines] == written


def test_the_index_of_a_frame_is_kept_and_of_its_rows() -> None:
    frame = pd.DataFrame(
        {"x": [0.0, 1.0, 2.0]}, index=pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)])
    )
    table = read_table(frame)
    p = predicted([[1.0]] * 3, PRICE, table=table)
    assert p.to_pandas().index.equals(frame.index)
    two = table.take([2, 0])
    assert predicted([[1.0]] * 2, PRICE, table=two).to_pandas().index.tolist() == [("b", 1), ("a", 1)]
    assert predicted([[1.0]] * 2, PRICE).to_pandas().index.tolist() == [0, 1]


def test_other_packages_take_it_as_it_is() -> None:
    p = predicted(THREE, FLOOR, chances=True)
    table = pa.table(p)
    assert table.column_names == list(p.names)
    assert table["floor"].to_pylist() == [10, 1]
    assert pl.DataFrame(p)["floor"].to_list() == [10, 1]
    assert pl.DataFrame(p).columns == list(p.names)


def test_without_pandas_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:  # noqa: ANN401
        if name == "pandas":
            raise ImportError(name)
        return ordinary(name, *rest)

    p = predicted(THREE, FLOOR)
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(InputError, match=r"pandas is not installed. Install it: pip install pandas"):
        p.to_pandas()
    assert p["floor"].tolist() == [10, 1]


def test_csv_has_the_spelling_and_json_the_value() -> None:
    p = predicted([[0.25, 0.75], [0.75, 0.5]], PAID, LATE, chances=True, ids=("key",))
    outcome = PredictionOutcome(p, None)
    assert outcome.csv() == (
        "key,paid,late,probability_paid,probability_late\n007,no,true,0.25,0.75\n,yes,false,0.75,0.5\n"
    )
    said = outcome.summary()
    assert said["rows"] == 2
    assert said["predictions"]["late"] == [True, False]
    assert said["predictions"]["paid"] == ["no", "yes"]
    floors = PredictionOutcome(predicted(THREE, FLOOR), None)
    assert floors.csv().splitlines()[1] == "10,0.1,0.2,0.7"
    assert floors.csv().splitlines()[2].startswith("01,")
    assert floors.summary()["predictions"]["floor"] == [10, 1]
    assert (
        PredictionOutcome(predicted([[0.0]] * 2, DUE), None).summary()["predictions"]["due"]
        == ["2024-01-01"] * 2
    )
    held = ClassTarget("y", ("0.5", "1.25"), "number", held=Held("decimal128(4, 2)"))
    prices = PredictionOutcome(predicted([[0.0, 1.0]] * 2, held), None)
    assert prices.summary()["predictions"]["y"] == [1.25, 1.25]


# How cells are held


@pytest.mark.parametrize(
    ("target", "values"),
    [  # of a file of an earlier version, or of text: the text alone tells the type
        (ClassTarget("y", ("a", "b"), "text"), ("a", "b")),
        (ClassTarget("y", ("0", "1"), "text"), ("0", "1")),
        (ClassTarget("y", ("0", "1"), "number"), (0, 1)),
        (ClassTarget("y", ("1", "2"), "number", ("1.0", "2")), (1.0, 2.0)),
        (ClassTarget("y", ("-1", "0.5"), "number"), (-1.0, 0.5)),
        (ClassTarget("y", ("0", "18446744073709551615"), "number"), (0, 2**64 - 1)),
        (ClassTarget("y", ("1", "9" * 30), "number"), ("1", "9" * 30)),
        (ClassTarget("y", ("FALSE", "True"), "boolean"), (False, True)),
        (ClassTarget("y", ("no", "yes"), "boolean"), ("no", "yes")),
        (ClassTarget("y", ("f", "t"), "boolean"), ("f", "t")),
    ],
)
def test_text_tells_the_type_of_classes(target: ClassTarget, values: tuple[object, ...]) -> None:
    assert target.held is None
    assert target.values == values  # noqa: PD011 (no frame)
    assert [type(value) for value in target.values] == [type(one) for one in values]  # noqa: PD011


TYPES: list[tuple[pa.DataType, list[Any]]] = [
    (pa.int8(), [-3, 4]),
    (pa.uint64(), [0, 2**64 - 1]),
    (pa.float16(), [0.5, 1.5]),
    (pa.float32(), [0.5, 1.5]),
    (pa.decimal128(30, 20), [Decimal("0.5"), Decimal(2)]),
    (pa.date32(), [dt.date(2024, 1, 2), dt.date(2025, 1, 1)]),
    (pa.date64(), [dt.date(2024, 1, 2), dt.date(2025, 1, 1)]),
    (pa.time32("ms"), [dt.time(9, 30), dt.time(12, 0, 1, 5000)]),
    (pa.time64("us"), [dt.time(9, 30), dt.time(12, 0, 1, 5)]),
    (pa.duration("ms"), [dt.timedelta(hours=1), dt.timedelta(hours=2)]),
    (pa.timestamp("us"), [dt.datetime(2024, 1, 2, 3), dt.datetime(2025, 1, 1)]),  # noqa: DTZ001
    (pa.large_string(), ["1", "2"]),
]


@pytest.mark.parametrize(("kind", "values"), TYPES, ids=[str(kind) for kind, _ in TYPES])
def test_every_type_comes_back(kind: pa.DataType, values: list[Any]) -> None:
    column = Column("y", pa.array([*values, None, values[1]], kind), origin=Origin())
    cells = "number" if pa.types.is_integer(kind) or values[0] in {"1", 0.5} else "text"
    target = ClassTarget.learn("y", column, cells)  # type: ignore[arg-type]
    again = read(plain(target), ClassTarget)
    assert again == target
    assert again.values == tuple(values)  # noqa: PD011
    answer = again.answers(np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert answer.cells.type == kind
    assert answer.cells.to_pylist() == values
    assert named_type(type_name(kind)) == kind


def test_a_type_that_has_no_answers_of_its_own_is_text() -> None:
    zone = pa.array([0, 86_400], pa.timestamp("s", "Nowhere/At_all"))
    assert type_name(zone.type) == "timestamp[s]"
    assert type_name(pa.month_day_nano_interval()) == "string"


@pytest.mark.parametrize(
    ("target", "held", "says"),
    [
        (FLOOR, {"type": "int32[x]"}, "held"),
        (FLOOR, {"type": "timestamp[s, tz=Nowhere/At_all]"}, "held"),
        (FLOOR, {"type": "int8", "categories": ["x"]}, "held"),
        (FLOOR, {"type": "int8", "categories": ["1", "2"]}, "among its categories"),
        (FLOOR, {"type": "date32[day]"}, "were held as"),
        (FLOOR, {"type": "int8", "pandas": "sparse"}, "pandas"),
        (DUE, {"type": "int8"}, "must be a type of times"),
        (DUE, {"type": "time32[s]"}, "must be a type of times"),
        (PRICE, {"type": "date32[day]"}, "must be a type of durations"),
    ],
)
def test_a_damaged_type_is_refused(target: Any, held: dict[str, object], says: str) -> None:  # noqa: ANN401
    with pytest.raises(ModelFileError, match=says):
        read({**plain(target), "held": held}, type(target))
