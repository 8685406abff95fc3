"""The formulas of every part: they give what `encode` gives, and say what other arithmetic finds."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worked_formulas import check_bits, check_column, check_value, column, evaluated, mp, six

from chainrule.tables import (
    BinaryInput,
    CategoryInput,
    ClassTarget,
    CycleInput,
    DateInput,
    DateTarget,
    MissingInput,
    NumberInput,
    NumberTarget,
    TextInput,
    column_formula,
    read_table,
    with_numbers,
    worked_answers,
    worked_cells,
)
from chainrule.tables.columns.readings import DateReading, DurationReading, NumberReading
from chainrule.tables.encoding.transforms.squashing import Squash

if TYPE_CHECKING:
    from chainrule.tables import Step

EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - the clock on the wall
ODD = ("", "NA", "x", "inf", "-inf", "1 2")

places = st.floats(-1e9, 1e9)
scales = st.floats(1e-6, 1e9)
quick = settings(max_examples=60, deadline=None)


@quick
@given(
    places, scales | st.just(0.0), st.none() | st.floats(0.1, 9), st.booleans(),
    st.none() | st.builds(Squash, places, scales), places | st.sampled_from([0.0, 1e300, -1e300, *ODD]),
)  # fmt: skip
def test_numbers(  # noqa: PLR0917 - Hypothesis fills them by place
    mean: float,
    scale: float,
    reach: float | None,
    has_missing: bool,  # noqa: FBT001
    squash: Squash | None,
    cell: float | str,
) -> None:
    part = NumberInput("c", mean, scale, NumberReading("."), has_missing, reach, squash)
    cells = column(cell if isinstance(cell, str) else repr(cell))
    found = part.worked(cells)
    check_bits(found, part, cells)
    assert found.cell == cells.value(0)
    if isinstance(cell, str):
        assert found.read is None
        assert "so the mean stands" in found.remark
        assert [one.steps[-1].value for one in found.columns] == [0.0] * (1 + bool(squash)) + [
            1.0
        ] * has_missing
        return
    assert found.read == cell
    check_column(found.columns[0], {"cell": cell, "mean": mean, "scale": scale, "reach": reach or 0})
    if squash:
        check_column(found.columns[1], {"cell": cell, "median": squash.median, "scale": squash.scale})
    is_drawn = len(found.columns[0].steps) > 1
    assert is_drawn == (bool(scale) and reach is not None and abs((cell - mean) / scale) > reach)
    assert is_drawn == ("drawn in" in found.remark)


@quick
@given(st.sampled_from(["no", "yes", "NO", "maybe", "", "NA"]), st.booleans(), st.floats(0.1, 0.9))
def test_two_levels(cell: str, has_missing: bool, share: float) -> None:  # noqa: FBT001
    part = BinaryInput("c", ("no", "yes"), share, "boolean", has_missing)
    cells = column(cell)
    found = part.worked(cells)
    check_bits(found, part, cells)
    formula = with_numbers(found.columns[0].steps[0], six, {"cell": "c"})
    if cell.lower() in {"no", "yes"}:
        assert (found.read, found.remark, formula) == (cell.lower(), "", "[c = yes]")
    else:
        assert (found.read, formula) == (None, six(share))
        odd = "neither of them" if cell == "maybe" else "missing"
        assert found.remark == f"{odd}, so the share of yes in training stands"


@quick
@given(st.sampled_from(["a", "b", "{cell}", "new", "", "?"]), st.booleans(), st.booleans())
def test_categories(cell: str, has_rest: bool, has_missing: bool) -> None:  # noqa: FBT001
    part = CategoryInput("c", ("a", "b", "{cell}"), "text", has_rest, has_missing)
    cells = column(cell)
    found = part.worked(cells)
    check_bits(found, part, cells)
    ones = [with_numbers(one.steps[0], six, {"cell": "c"}) for one in found.columns if one.steps[0].value]
    if cell in part.categories:
        assert (found.read, found.remark, ones) == (cell, "", [f"[c = {cell}]"])
    elif cell == "new":
        assert ones == ["[c is another one]"] * has_rest
        assert found.remark == (
            "rare or new, so it counts as the rest" if has_rest else "new, so it is none of them"
        )
    else:
        assert ones == ["[c is missing]"] * has_missing
        assert found.remark == ("missing" if has_missing else "missing, so it is none of them")


def test_a_category_alone_is_0() -> None:
    part, cells = CategoryInput("c", ("a",), "text"), column("a")
    check_bits(part.worked(cells), part, cells)
    assert part.worked(cells).remark == "the only one of training"


@pytest.mark.parametrize("cell", ["a", "", "NA"])
def test_whether_a_cell_is_missing(cell: str) -> None:
    part, cells = MissingInput("c"), column(cell)
    found = part.worked(cells)
    check_bits(found, part, cells)
    assert with_numbers(found.columns[0].steps[0], six, {"cell": "c"}) == "[c is missing]"


def seconds(time: dt.datetime) -> Any:  # noqa: ANN401
    since = time - EPOCH
    return mp.mpf(since.days * 86400 + since.seconds) + mp.mpf(since.microseconds) / 10**6


@quick
@given(
    st.integers(-70 * 366 * 86400, 130 * 365 * 86400) | st.integers(-99, 99).map(lambda day: day * 86400),
    st.floats(-1e9, 2e9), st.floats(1.0, 1e9), st.floats(0.1, 9), st.sampled_from(["", "2021-02-30", None]),
)  # fmt: skip
def test_dates(since: int, mean: float, scale: float, reach: float, odd: str | None) -> None:
    time = EPOCH + dt.timedelta(seconds=since)
    part = DateInput("c", DateReading(), mean, scale, ("year", "week", "day"), has_missing=True, reach=reach)
    cells = column(time.isoformat() if odd is None else odd)
    found = part.worked(cells)
    check_bits(found, part, cells)
    if odd is not None:
        assert found.remark == f"{'no date' if odd else 'missing'}, so the mean stands"
        assert [one.steps[-1].value for one in found.columns] == [0.0] * 7 + [1.0]
        return
    begins = {
        "year": dt.datetime(time.year, 1, 1),  # noqa: DTZ001
        "week": dt.datetime.combine(time.date(), dt.time()) - dt.timedelta(days=time.weekday()),
        "day": dt.datetime.combine(time.date(), dt.time()),
    }
    days = {"year": 366 if time.year % 4 == 0 and time.year not in {1900, 2100} else 365, "week": 7, "day": 1}
    midnight = time.time() == dt.time()
    assert found.read == (time.date() if midnight else time).isoformat()
    check_column(found.columns[0], {"cell": seconds(time), "mean": mean, "scale": scale, "reach": reach})
    shown = dt.datetime.fromisoformat(str(found.columns[0].steps[0].values["mean"]))
    assert abs(seconds(shown) - mean) <= (0.5 if scale >= 86400 else 1e-6)
    for cycle, wave in zip(begins, (0, 2, 4), strict=True):
        turn = found.columns[1 + wave].steps[0]
        assert turn.values[f"start_of_the_{cycle}"] == begins[cycle].date().isoformat()
        length = {f"length_of_the_{cycle}": days[cycle] * 86400}
        for one in found.columns[1 + wave : 3 + wave]:
            numbers = {"cell": seconds(time), f"start_of_the_{cycle}": seconds(begins[cycle]), **length}
            exact = evaluated(one.steps[0].formula, numbers)
            check_value(one.steps[0].value, exact)
            wanted = evaluated(one.steps[1].formula, {"t": exact})
            # Near a zero of the wave the last bit of the turn is seen in all digits.
            assert abs(mp.mpf(one.steps[1].value) - wanted) < mp.mpf("1e-15")


def test_lengths_of_cycles_carry_their_units() -> None:
    part = DateInput("c", DateReading(), 0.0, 86400.0 * 2, ("year", "day"), reach=1e9)
    texts = [
        [with_numbers(step, six, {"cell": "c"}) for step in one.steps]
        for one in part.worked(column("2024-03-01T06:00:00")).columns
    ]
    assert texts == [
        ["(2024-03-01T06:00:00 − 1970-01-01)/2 days"],
        ["(2024-03-01T06:00:00 − 2024-01-01)/366 days", "sin(2π·0.164617)"],
        ["(2024-03-01T06:00:00 − 2024-01-01)/366 days", "cos(2π·0.164617)"],
        ["(2024-03-01T06:00:00 − 2024-03-01)/24 hours", "sin(2π·0.25)"],
        ["(2024-03-01T06:00:00 − 2024-03-01)/24 hours", "cos(2π·0.25)"],
    ]
    clock = DateInput("c", DateReading("time"), 3600.0, 1800.5, reach=1e9).worked(column("04:30"))
    assert with_numbers(clock.columns[0].steps[0], six) == "(04:30:00 − 01:00:00)/1800.5 seconds"


@pytest.mark.parametrize("cell", ["5", "0", "12", "", "x"])
def test_parts_of_dates(cell: str) -> None:
    part, cells = CycleInput("c", "month"), column(cell)
    found = part.worked(cells)
    check_bits(found, part, cells)
    for one in found.columns:
        exact = evaluated(one.steps[0].formula or "0", {"cell": cell if cell.isdigit() else 0, "period": 12})
        assert abs(mp.mpf(one.steps[0].value) - exact) < mp.mpf("1e-15")


PIECE = re.compile(r"([+−]?) ?(?:(\d+)·)?'(...)'")


@quick
@given(st.text(st.sampled_from("abC é"), max_size=11), st.integers(1, 6), st.booleans())
def test_texts(text: str, n_columns: int, has_missing: bool) -> None:  # noqa: FBT001
    part, cells = TextInput("c", n_columns, has_missing), column(text)
    found = part.worked(cells)
    check_bits(found, part, cells)
    if not text.strip():
        return
    padded = f" {' '.join(text.lower().split())} "
    pieces, counts = Counter[str](), []
    for k, one in enumerate(found.columns[:n_columns], 1):
        steps = {step.left: step for step in one.steps}
        signed = PIECE.findall(with_numbers(steps[f"n_{k}"], six)) if f"n_{k}" in steps else []
        times = [(-1 if sign == "−" else 1) * int(n or 1) for sign, n, _ in signed]
        pieces.update({piece.replace("␣", " "): abs(n) for (*_, piece), n in zip(signed, times, strict=True)})
        counts.append(sum(times))
    assert pieces == Counter(padded[at : at + 3] for at in range(len(padded) - 2))
    length = mp.sqrt(max(sum(n * n for n in counts), 1))
    for n, one in zip(counts, found.columns, strict=False):
        check_value(one.steps[-1].value, n / length)
        if one.steps[-1].formula:
            check_value(one.steps[-1].value, evaluated(one.steps[-1].formula, one.steps[-1].values))


@quick
@given(places, scales, st.sampled_from(["plain", "log", "count"]), st.floats(1e-3, 1e9), st.floats(-3, 3))
def test_targets_that_are_numbers(
    mean: float,
    scale: float,
    learnt_as: Literal["plain", "log", "count"],
    cell: float,
    output: float,
) -> None:
    mean = {"plain": mean, "log": mean / 1e9, "count": 0.0}[learnt_as]
    scale = scale / 1e9 if learnt_as == "log" else scale
    part = NumberTarget("c", mean, scale, NumberReading("."), learnt_as)
    cells = column(repr(cell))
    found = part.worked(cells)
    check_bits(found, part, cells)
    step = found.columns[0].steps[0]
    exact = evaluated(step.formula, {"cell": cell, "mean": mean, "scale": scale})
    assert abs(mp.mpf(step.value) - exact) <= mp.mpf("1e-14") * (1 + abs(exact) + abs(mean / scale))
    answer = part.worked_answer(np.array([output])).step
    assert answer.value == part.decode(np.array([output]))[0]
    exact = evaluated(answer.formula, {"a": output, "mean": mean, "scale": scale})
    assert abs(mp.mpf(answer.value) - exact) <= mp.mpf("1e-14") * (abs(exact) + abs(mean) + scale)


def test_targets_that_are_times() -> None:
    part = DateTarget("c", DateReading(), 1_704_110_400.0, 86_400.0, "day")
    cells = column("2024-01-03")
    found, answer = part.worked(cells), part.worked_answer(np.array([1.1]))
    check_bits(found, part, cells)
    assert with_numbers(found.columns[0].steps[0], six) == "(2024-01-03 − 2024-01-01T12:00:00)/1 day"
    assert with_numbers(answer.step, six) == "1.1·1 day + 2024-01-01T12:00:00"
    assert answer.step.value == "2024-01-03"


def test_targets_that_are_classes() -> None:
    part = ClassTarget("c", ("1", "2", "3"), "number", ("01", "02", "03"))
    cells = column("2.0")
    found, answer = part.worked(cells), part.worked_answer(np.array([0.2, 0.5, 0.5]))
    check_bits(found, part, cells)
    assert found.read == "02"
    assert (answer.step.value, answer.place, answer.step.values) == ("02", 1, {"a": 0.5})


def test_of_many_pieces_the_first_are_written() -> None:
    step = TextInput("c", 1).worked(column("a long text of many pieces")).columns[0].steps[0]
    assert re.search(r"'(?:[^']{3})' \+ … 14 more$", with_numbers(step, six))
    assert len(PIECE.findall(with_numbers(step, six))) == 12


class Silent:
    """A part of a kind that says nothing of itself."""

    name, names = "b", ("b", "b too")


def test_columns_are_counted_over_parts_that_say_nothing_and_a_column_is_told_once() -> None:
    parts = [NumberInput("a", 1.0, 2.0), Silent(), NumberInput("m", 6.0, 3.0), CycleInput("m", "month")]
    table = read_table(pa.table({"a": [3.0], "b": [0], "m": [3]}))
    cells = worked_cells(parts, table, "x")
    assert [(one.column, [x.symbol for x in one.columns]) for one in cells] == [
        ("a", ["x_1"]), ("m", ["x_4", "x_5", "x_6"]),
    ]  # fmt: skip
    targets = [Silent(), ClassTarget("k", ("u", "v"), "text"), NumberTarget("y", 1.0, 2.0)]
    answers = worked_answers(targets, np.array([9.0, 9.0, 0.1, 0.4, 0.5]))
    assert [(one.target, one.place, one.step.value) for one in answers] == [("k", 3, "v"), ("y", 4, 2.0)]


def test_formulas_with_the_numbers_learnt() -> None:
    parts: list[Any] = [
        NumberInput("a", -1.0, 2.0, NumberReading("."), True, 2.5, Squash(3.0, 4.0)),  # noqa: FBT003
        BinaryInput("b", ("no", "yes"), 0.25, "boolean"),
        CategoryInput("k", ("u", "v"), "text", has_rest=True),
        TextInput("t", 1),
        NumberInput("one", 7.0, 0.0),
        NumberInput("old", 7.0, 2.0),
        DateInput("d", DateReading(), 43200.0, 86400.0, ("week",), reach=3.0),
        CycleInput("m", "hour"),
        MissingInput("w"),
    ]
    found = [
        column_formula(x, one.column, six) for one in worked_cells(parts, None, "x") for x in one.columns
    ]
    assert found == [
        "x_1 = (a − (-1))/2,  drawn in beyond ±2.5",
        "x_2 = s/√(1 + (s/3)²),  s = (a − 3)/4",
        "x_3 = [a is missing]",
        "x_4 = [b = yes],  0.25 where it is neither that nor no",
        "x_5 = [k = u]",
        "x_6 = [k = v]",
        "x_7 = [k is another one]",
        "x_8 = n_1/√(Σ_i n_i²),  n: pieces of three characters, with signs",
        "x_9 = 0",
        "x_10 = (old − 7)/2",
        "x_11 = (d − 1970-01-01T12:00:00)/1 day,  drawn in beyond ±3",
        "x_12 = sin(2π·t),  t = (d − start of the week)/length of the week",
        "x_13 = cos(2π·t),  t = (d − start of the week)/length of the week",
        "x_14 = sin(2π·m/24)",
        "x_15 = cos(2π·m/24)",
        "x_16 = [w is missing]",
    ]


def test_a_mean_of_0_and_a_scale_of_1_are_not_written() -> None:
    parts: list[Any] = [
        NumberInput("a", 0.0, 1.0, reach=9.0), NumberInput("a", 0.0, 2.0, reach=9.0, squash=Squash(0.0, 1.0)),
        NumberInput("a", 1.0, 1.0, reach=9.0), DateInput("a", DateReading(), 0.0, 86400.0, reach=9.0),
    ]  # fmt: skip
    cells = column("-3")
    shown = [
        [with_numbers(step, six, {"cell": "a"}, of) for step in one.steps]
        for part in parts[:3]
        for one in part.worked(cells).columns
        for of in (None, ())
    ]
    assert shown == [
        ["-3"], ["a"], ["(-3)/2"], ["a/scale"], ["-3", "(-3)/√(1 + (-3/3)²)"], ["a", "s/√(1 + (s/3)²)"],
        ["(-3) − 1"], ["a − mean"],
    ]  # fmt: skip
    targets: list[Any] = [
        NumberTarget("y", 0.0, 1.0), NumberTarget("y", 0.0, 2.0, learnt_as="count"),
        NumberTarget("y", 0.0, 1.0, learnt_as="log"), NumberTarget("y", 0.0, 2.0, learnt_as="log"),
        DateTarget("y", DateReading(), 0.0, 86400.0, "day"),
    ]  # fmt: skip
    assert [with_numbers(part.worked().columns[0].steps[0], six, {"cell": "y"}) for part in targets] == [
        "y", "y/2", "ln y", "(ln y)/2", "(y − 1970-01-01)/1 day",
    ]  # fmt: skip
    assert [with_numbers(part.worked_answer().step, six) for part in targets] == [
        "a", "a·2", "exp(a)", "exp(a·2)", "a·1 day + 1970-01-01",
    ]  # fmt: skip


def test_durations_say_their_unit() -> None:
    part = NumberInput("c", 60.0, 30.0, DurationReading("units"))
    target = NumberTarget("c", 60.0, 30.0, DurationReading("units"))
    for one in (part, target):
        assert (one.worked(column("5 min")).read, one.worked(column("5 min")).remark) == (300.0, "in seconds")
        (cell,) = worked_cells([one], None, "x")
        assert column_formula(cell.columns[0], "c", six) == "x_1 = (c − 60)/30,  c in seconds"


def test_a_value_that_looks_like_a_symbol_stays_what_it_is() -> None:
    step: Step = CategoryInput("c", ("{share}", "b"), "text").worked().columns[0].steps[0]
    assert with_numbers(step, six, {"cell": "{label}"}) == "[{label} = {share}]"
