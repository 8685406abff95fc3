"""Ten made tables and what they become: digests that are kept, any order of rows, and other arithmetic."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from chainrule.tables import CategoryInput, ClassTarget, NumberInput, NumberTarget, Table, read_table
from chainrule.tables.columns.decisions import Said
from chainrule.tables.columns.readings import DateReading, NumberReading, read_cells
from chainrule.tables.encoding.categories import BinaryInput
from chainrule.tables.encoding.dates import DateInput
from chainrule.tables.encoding.targets.dates import DateTarget
from chainrule.tables.encoding.texts import TextInput

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

# A change of these digests changes what a row means to every model, and needs a decision of its own.
GOLDEN = Path(__file__).with_name("golden_encodings.json")
N_ROWS = 240
EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - the clock on the wall
NUMBERS, DATES = NumberReading(), DateReading("year-month-day")


def drawn(seed: int, below: int) -> list[int]:
    """Whole numbers that look drawn, by a congruence that is written here."""
    found, state = [], seed
    for _ in range(N_ROWS):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        found.append((state >> 33) % below)
    return found


def gaps(cells: list[Any], seed: int, one_in: int) -> list[Any]:
    return [None if hole == 0 else cell for cell, hole in zip(cells, drawn(seed, one_in), strict=True)]


def moments(seed: int, seconds: int) -> pa.Array:
    start = dt.datetime(2023, 1, 1)  # noqa: DTZ001
    return pa.array([start + dt.timedelta(seconds=k) for k in drawn(seed, seconds)], pa.timestamp("us"))


TABLES: dict[str, dict[str, Any]] = {
    "numbers": {"a": [k / 7 for k in drawn(1, 1000)], "b": [k - 500 for k in drawn(2, 1000)],
                "y": drawn(3, 99)},
    "skewed": {"a": gaps([k**5 / 1000 for k in drawn(4, 200)], 5, 9),
               "b": [k // 90 * k for k in drawn(6, 100)], "y": [1 + k**3 for k in drawn(7, 50)]},
    "large": {"a": [k * 1e300 for k in drawn(8, 170)], "b": [2**53 * k for k in drawn(9, 1000)],
              "y": [k * 1e-300 for k in drawn(10, 50)]},
    "constant": {"a": [0.1 + 0.2 if k else 0.3 for k in drawn(11, 2)], "b": [7] * N_ROWS, "y": drawn(12, 5)},
    "text": {"a": [f"level {k * k // 40}" for k in drawn(13, 60)],
             "b": gaps([f"k{k}" for k in drawn(14, 4)], 15, 6), "y": [f"class {k}" for k in drawn(16, 3)]},
    "whole": {"a": drawn(17, 12), "b": [f"{k}.0" for k in drawn(18, 3)], "y": [k % 2 for k in drawn(19, 7)]},
    "truths": {"a": [k > 0 for k in drawn(20, 4)], "b": gaps([("no", "yes")[k] for k in drawn(21, 2)], 22, 5),
               "y": [k > 1 for k in drawn(23, 4)]},
    "dates": {"a": moments(24, 86_400 * 1000), "b": moments(25, 86_400 * 30), "y": moments(26, 86_400 * 10)},
    "words": {"a": [f"{'Mr' if k % 2 else 'Mrs'} Müller {k % 31}" for k in drawn(27, 500)],
              "b": gaps([f"{k}-{k % 7}" for k in drawn(28, 90)], 29, 8), "y": drawn(30, 9)},
    "counts": {"a": drawn(31, 50), "b": [f"c{k}" for k in drawn(32, 2)],
               "y": [k // 3 for k in drawn(33, 20)]},
}  # fmt: skip


class Encoded(NamedTuple):
    X: FloatArray
    Y: FloatArray


def inputs(table: Table, training: Table, what: str) -> FloatArray:
    """X of a table, its inputs learnt from the training rows."""
    parts: list[Any] = []
    for name in ("a", "b"):
        column = training.column(name)
        if what == "dates":
            parts.append(DateInput.learn(name, DATES, read_cells(column, DATES)))
        elif what == "words":
            parts.append(TextInput.learn(name, column, 12))
        elif what == "whole" or (column.kind == "text" and what == "text"):
            parts.append(CategoryInput.learn(name, column, column.kind))
        elif column.kind == "number":
            parts.append(NumberInput.learn(name, NUMBERS, read_cells(column, NUMBERS)))
        else:
            parts.append(BinaryInput.learn(name, column, column.kind))
    return np.concatenate([part.encode(table.column(part.name), Said()) for part in parts], axis=1)


def target(table: Table, training: Table, what: str) -> FloatArray:
    """Y of a table, likewise."""
    column, part = training.column("y"), None
    if what == "dates":
        part = DateTarget.learn("y", DATES, read_cells(column, DATES))
        return part.encode(table.column("y"), Said())
    if column.kind != "number" or what == "whole":
        return ClassTarget.learn("y", column, column.kind).encode(table.column("y"), Said())
    learnt_as: Any = {"skewed": "log", "counts": "count"}.get(what, "plain")
    number = NumberTarget.learn("y", NUMBERS, read_cells(column, NUMBERS), learnt_as)
    return number.encode(table.column("y"), Said())


def encoded(what: str, order: npt.NDArray[np.intp]) -> Encoded:
    """X and Y of a made table whose rows stand in some order, each third row held out; the rows put back."""
    table = read_table(pa.table(TABLES[what])).take(order)
    training = table.take(np.flatnonzero(order % 3 != 2))
    back = np.argsort(order)
    return Encoded(inputs(table, training, what)[back], target(table, training, what)[back])


def digest(array: FloatArray) -> str:
    return f"{array.shape}, {hashlib.sha256(array.astype('<f8').tobytes()).hexdigest()}"


IN_ORDER = np.arange(N_ROWS)
SHUFFLED = (IN_ORDER * 77 + 5) % N_ROWS


@pytest.mark.parametrize("what", TABLES)
def test_no_bit_ever_changes(what: str) -> None:
    X, Y = encoded(what, IN_ORDER)
    assert {"X": digest(X), "Y": digest(Y)} == json.loads(GOLDEN.read_text())[what]


@pytest.mark.parametrize("what", TABLES)
def test_the_order_of_the_rows_changes_no_bit(what: str) -> None:
    one, other = encoded(what, IN_ORDER), encoded(what, SHUFFLED)
    assert one.X.tobytes() == other.X.tobytes()
    assert one.Y.tobytes() == other.Y.tobytes()


def other_numbers(cells: list[Any]) -> list[Any]:
    """Columns of X of numbers, in extended precision."""
    series = np.array([math.nan if cell is None else cell for cell in cells], dtype=np.longdouble)
    there = series[IN_ORDER % 3 != 2]
    there = there[~np.isnan(there)]
    size = np.abs(there).max()
    mean, scale = there.mean(), np.sqrt((((there - there.mean()) / size) ** 2).mean()) * size
    if scale < 1e-14 * size:
        return [np.zeros(N_ROWS)]
    z = (series - mean) / scale
    reach = np.nanmax(np.abs(z[IN_ORDER % 3 != 2]))
    d = np.maximum(np.abs(z) - reach, 0)
    columns = [np.where(d > 0, np.sign(z) * (reach + d / np.sqrt(1 + d * d)), z)]
    low, first, median, third, high = (np.quantile(there, q) for q in (0.01, 0.25, 0.5, 0.75, 0.99))
    if high - low > 4 * (third - first):
        robust = (series - median) / (third - first or (there.max() - there.min()) / 2)
        columns.append(robust / np.sqrt(1 + (robust / 3) ** 2))
    columns = [np.where(np.isnan(column), 0, column) for column in columns]
    return [*columns, np.isnan(series)] if np.isnan(series[IN_ORDER % 3 != 2]).any() else columns


def other_levels(cells: list[Any]) -> list[Any]:
    """Columns of X of categories, as pandas counts them."""
    series = pd.Series(cells, dtype="object")
    counts = series[IN_ORDER % 3 != 2].value_counts()
    kept = sorted(counts.index, key=lambda label: (-counts[label], label))
    kept = kept if len(kept) <= 50 else kept[:20]
    columns = [(series == label).fillna(value=False) for label in sorted(kept)]
    rest = ~series.isin(kept) & series.notna()
    missing = series.isna()
    return [*columns, *([rest] if len(counts) > 50 else []), *([missing] if missing.any() else [])]


def other_truths(cells: list[Any]) -> list[Any]:
    series = pd.Series([None if cell is None else float(cell in {True, "yes", "c1"}) for cell in cells])
    share = series[IN_ORDER % 3 != 2].mean()
    return [series.fillna(share), series.isna()] if series.isna().any() else [series]


def other_dates(cells: pa.Array) -> list[Any]:
    seconds = [(moment - EPOCH).total_seconds() for moment in cells.to_pylist()]
    columns = [other_numbers(seconds)[0]]
    starts: dict[float, Callable[[dt.datetime], tuple[dt.datetime, dt.timedelta]]] = {
        365 * 86_400: lambda t: (new_year(t.year), new_year(t.year + 1) - new_year(t.year)),
        7 * 86_400: lambda t: (midnight(t) - dt.timedelta(days=t.weekday()), dt.timedelta(weeks=1)),
        86_400: lambda t: (midnight(t), dt.timedelta(days=1)),
    }
    for length, start in starts.items():
        if max(seconds) - min(seconds) > length:
            angles = [2 * math.pi * ((t - start(t)[0]) / start(t)[1]) for t in cells.to_pylist()]
            columns += [np.sin(angles), np.cos(angles)]
    return columns


def new_year(year: int) -> dt.datetime:
    return dt.datetime(year, 1, 1)  # noqa: DTZ001


def midnight(moment: dt.datetime) -> dt.datetime:
    return dt.datetime.combine(moment.date(), dt.time())


OTHERS: dict[str, list[Callable[[Any], list[Any]]]] = {
    "numbers": [other_numbers, other_numbers],
    "skewed": [other_numbers, other_numbers],
    "large": [other_numbers, other_numbers],
    "constant": [other_numbers, other_numbers],
    "text": [other_levels, other_levels],
    "whole": [other_levels, lambda cells: other_levels([float(cell) for cell in cells])],
    "truths": [other_truths, other_truths],
    "dates": [other_dates, other_dates],
    "counts": [other_numbers, other_truths],
}


@pytest.mark.parametrize("what", OTHERS)
def test_other_arithmetic_gives_the_same_within_rounding(what: str) -> None:
    expected = [
        np.asarray(column, dtype=np.longdouble)
        for name, other in zip("ab", OTHERS[what], strict=True)
        for column in other(TABLES[what][name])
    ]
    X = encoded(what, IN_ORDER).X
    assert X.shape == (N_ROWS, len(expected))
    # The mean of seconds since 1970 is rounded to parts of a microsecond.
    rounding = 1e-12 if what == "dates" else 2e-14
    assert np.abs(X - np.column_stack(expected)).max() < rounding
    assert len(np.unique(X)) > 1 or what == "constant"
