"""Numbers by bins and squashed: against the field's own package, by hand, exactly, and in whole fits."""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_files import chosen, refusal
from worked_formulas import check_bits, check_column, column, six

import chainrule
from chainrule.errors import InputError, ModelFileError, ShapeError, UnknownNameError
from chainrule.models import prepare
from chainrule.stored import plain, read
from chainrule.table_options import NumberEncoding, TableOptions
from chainrule.tables import Limits, NumberInput, PiecewiseLinear, column_formula, read_table, worked_cells
from chainrule.tables.columns.decisions import Said
from chainrule.tables.columns.readings import DurationReading, NumberReading, read_cells
from chainrule.tables.encoding.transforms.squashing import unsquashed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

finite = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.floats(-1e6, 1e6)
bins = st.integers(1, 20)
DIGEST = "345fd6764cb345cc82277a1bbc38d510785c40906dc371f5acdaae9ebd1312d3"
READING, LARGEST = NumberReading(), Fraction(10) ** 300


def learnt(cells: Any, name: str = "piecewise:4") -> NumberInput:  # noqa: ANN401
    cells = read_cells(read_table(pa.table({"c": cells})).column("c"), READING)
    return NumberInput.learn("c", READING, cells, encoding=NumberEncoding.of(name))


def encoded(part: NumberInput, cells: Any, said: Said | None = None) -> Any:  # noqa: ANN401
    return part.encode(read_table(pa.table({"c": cells})).column("c"), said or Said())


def exactly(edges: Sequence[float], value: float) -> list[Fraction]:
    """Components from the definition, bin by bin, in fractions."""
    x, found = Fraction(value), []
    for t, (low, high) in enumerate(pairwise(map(Fraction, edges)), 1):
        share = (x - low) / (high - low)
        share = share if t == 1 else max(share, Fraction(0))
        found.append(share if t == len(edges) - 1 else min(share, Fraction(1)))
    return found


def test_a_column_by_hand() -> None:
    four = PiecewiseLinear.learn([9.0, 1.0, 2.0, 3.0, 5.0], 4)
    assert four == PiecewiseLinear((1.0, 2.0, 3.0, 5.0, 9.0), 4)
    assert four.apply([1, 1.5, 4, 9, 13, -1]).tolist() == [
        [0, 0, 0, 0], [0.5, 0, 0, 0], [1, 1, 0.5, 0], [1, 1, 1, 1], [1, 1, 1, 2], [-2, 0, 0, 0],
    ]  # fmt: skip
    one = PiecewiseLinear.learn([2.0, 6.0, 3.0], 1)
    assert one is not None
    assert one.apply([2, 3, 6, 8, 0]).tolist() == [[0], [0.25], [1], [1.5], [-0.5]]


@pytest.fixture
def torch() -> Iterator[Any]:
    """PyTorch in double precision, in which the package keeps what it has learnt, too."""
    torch: Any = pytest.importorskip("torch")
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(usual)


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(5))
def test_bins_and_components_are_those_of_the_package_of_its_authors(seed: int, torch: Any) -> None:  # noqa: ANN401
    package: Any = pytest.importorskip("rtdl_num_embeddings")
    rng, n_bins = np.random.default_rng(seed), (2, 5, 16, 48, 48)[seed]
    training = np.exp(rng.normal(size=(200, 3)) * [0.1, 1.0, 3.0]) * [1, -1, 1e6]
    later = np.concatenate([training, 3 * training, -training, training.mean(axis=0)[np.newaxis]])
    theirs = package.compute_bins(torch.tensor(training), n_bins)
    expected = package.PiecewiseLinearEncoding(theirs).double()(torch.tensor(later)).numpy()
    ours = [PiecewiseLinear.learn(one, n_bins) for one in training.T]
    for own, edges in zip(ours, theirs, strict=True):
        assert own is not None
        np.testing.assert_allclose(own.edges, edges.numpy(), rtol=1e-13)
    components = np.concatenate([own.apply(x) for own, x in zip(ours, later.T, strict=True)], axis=1)  # type: ignore[union-attr]
    np.testing.assert_allclose(components, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.oracle
@pytest.mark.parametrize("n_values", [3, 7, 30])
def test_components_are_theirs_where_quantiles_are_equal(n_values: int, torch: Any) -> None:  # noqa: ANN401
    package: Any = pytest.importorskip("rtdl_num_embeddings")
    x = np.floor(np.random.default_rng(n_values).gamma(1.0, n_values / 3, 500)).clip(0, n_values - 1)
    ours = PiecewiseLinear.learn(x, 16)
    assert ours is not None
    assert len(ours.edges) <= 17
    theirs = package.compute_bins(torch.tensor(x[:, np.newaxis]), 16)
    np.testing.assert_allclose(ours.edges, theirs[0].numpy(), rtol=1e-13)
    expected = package.PiecewiseLinearEncoding(theirs)(torch.tensor(x[:, np.newaxis])).numpy()
    np.testing.assert_allclose(ours.apply(x), expected, rtol=1e-12, atol=1e-12)


@given(st.lists(moderate, min_size=2, max_size=60), bins, st.lists(finite, max_size=20))
def test_components_are_exact_but_for_two_roundings(
    values: list[float], n_bins: int, later: list[float]
) -> None:
    found = PiecewiseLinear.learn(values, n_bins)
    if found is None:
        return
    later = [*values, *later, *found.edges]
    for value, components in zip(later, found.apply(later).tolist(), strict=True):
        for one, exact in zip(components, exactly(found.edges, value), strict=True):
            assert abs(exact) > LARGEST or one == pytest.approx(float(exact), rel=1e-15, abs=1e-300)
    for k, edge in enumerate(found.edges):  # exactly 1 up to an edge, exactly 0 from there on
        assert found.apply([edge])[0].tolist() == [1.0] * k + [0.0] * (found.n_columns - k)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=80), bins)
def test_edges_are_the_quantiles_of_numpy_each_once(values: list[int], n_bins: int) -> None:
    found = PiecewiseLinear.learn(values, n_bins)
    expected = np.quantile(values, np.arange(n_bins + 1) / n_bins)
    expected = expected[np.append(True, np.diff(expected) > 1e-9)]  # its own roundings are no edges
    assert (found.edges if found else (values[0],)) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(st.lists(finite, min_size=1, max_size=40), bins, st.randoms(use_true_random=False))
def test_nothing_depends_on_the_order(values: list[float], n_bins: int, random: Any) -> None:  # noqa: ANN401
    shuffled = list(values)
    random.shuffle(shuffled)
    assert PiecewiseLinear.learn(values, n_bins) == PiecewiseLinear.learn(shuffled, n_bins)


def test_values_that_are_one_but_for_rounding_make_no_bin() -> None:
    assert PiecewiseLinear.learn([0.1 + 0.2, 0.3]) is None
    assert PiecewiseLinear.learn([]) is None
    assert PiecewiseLinear.learn([math.nan, 3.0, 3.0]) is None
    found = PiecewiseLinear.learn([0.3, 0.1 + 0.2, 0.1, 0.1, 0.7, 0.7, 1e9], 6)
    assert found is not None
    assert found.edges == (0.1, 0.3, 0.7, 1e9)
    whole = PiecewiseLinear.learn([2.0**53 - 1, 2.0**53 - 2])
    assert whole is not None  # whole numbers are exact


def test_a_bin_may_be_wider_than_the_largest_number() -> None:
    one = PiecewiseLinear.learn([-1.7e308, 1.7e308], 1)
    assert one is not None
    assert one.apply([0.0, -1.7e308, 1.7e308]).tolist() == [[0.5], [0.0], [1.0]]


@pytest.mark.parametrize(
    ("values", "n_bins", "error"),
    [
        ([1.0, math.inf], 2, InputError),
        ([[1.0]], 2, ShapeError),
        (["a"], 2, InputError),
        ([1.0, 2.0], 0, InputError),
        ([1.0, 2.0], 1001, InputError),
        ([1.0, 2.0], "16", InputError),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(values: Any, n_bins: Any, error: type[Exception]) -> None:  # noqa: ANN401
    with pytest.raises(error):
        PiecewiseLinear.learn(values, n_bins)


@given(st.lists(finite, min_size=2, max_size=30), st.lists(finite, min_size=1, max_size=10))
def test_of_a_table_no_component_goes_further_than_one_bin_beyond(
    values: list[float], later: list[float]
) -> None:
    part = learnt(values)
    if part.bins is None:  # one number but for rounding
        assert part.names == ("c",)
        return
    later.sort()
    X = encoded(part, [*values, *later])
    inside, beyond = X[: len(values)], X[len(values) :]
    assert (inside == part.bins.apply(values)).all()
    assert inside.min() >= 0
    assert inside.max() <= 1
    assert (beyond >= [-1] + [0] * (part.bins.n_columns - 1)).all()
    assert (beyond <= [1] * (part.bins.n_columns - 1) + [2]).all()
    assert (np.diff(beyond, axis=0) >= 0).all()


def test_a_missing_number_is_the_mean_in_every_form_and_marked() -> None:
    part = learnt([1.0, 2.0, None, 9.0, math.inf], "standard+squashed+piecewise:2")
    assert part.names == ("c", "c (squashed)", "c (bin 1)", "c (bin 2)", "c (missing)")
    assert part.bins == PiecewiseLinear((1.0, 2.0, 9.0), 2)
    assert encoded(part, [None]).tolist() == [[0.0, 0.0, 1.0, 2 / 7, 1.0]]
    assert encoded(learnt([1.0, 2.0, None, 9.0], "piecewise:2"), [None, 2.0]).tolist() == [
        [1.0, 2 / 7, 1.0], [1.0, 0.0, 0.0],
    ]  # fmt: skip


def test_what_is_odd_about_a_cell_is_said_once() -> None:
    part, said = learnt([1.0, 2.0, 9.0], "squashed+piecewise:2"), Said()
    encoded(part, ["2", "", "1e6", "x"], said)
    assert [one.words.split(" cell")[0].removeprefix("column 'c' has ") for one in said.remarks()] == [
        "1", "1", "1",
    ]  # fmt: skip
    assert "far outside what training had" in said.remarks()[2].words
    assert "too far" in refusal(lambda: encoded(part, [1e6], Said(is_strict=True)))


def test_a_constant_column_with_gaps_is_a_mark_alone() -> None:
    for name in ("piecewise", "squashed", "squashed+piecewise"):
        part = learnt([7.0, None, 7.0], name)
        assert (part.names, part.scale) == (("c", "c (missing)"), 0.0)


@given(st.lists(moderate, min_size=4, max_size=60))
def test_squashed_alone_is_the_robust_scale_and_smooth_clip_of_the_literature(values: list[float]) -> None:
    part = learnt(values, "squashed")
    if part.scale == 0:
        return
    assert part.names == ("c (squashed)",)
    x = np.array(values)
    q = np.quantile(x, 0.75) - np.quantile(x, 0.25)
    q = q if q > 0 else (x.max() - x.min()) / 2
    if q > 1e-9 * max(1, np.abs(x).max()):  # else rounding of the quartiles rules
        z = (x - np.median(x)) / (q + 1e-30)
        assert encoded(part, values)[:, 0] == pytest.approx(z / np.sqrt(1 + (z / 3) ** 2), rel=1e-6, abs=1e-9)


@given(
    st.lists(moderate, min_size=3, max_size=20, unique=True), moderate | st.sampled_from([1e300, -1e300, ""])
)
def test_formulas_give_the_bits(values: list[float], cell: float | str) -> None:
    part, cells = learnt(values, "standard+squashed+piecewise:3"), column(cell)
    found = part.worked(cells)
    check_bits(found, part, cells)
    if part.bins is None or cell == "":
        return
    for one, (low, high) in zip(found.columns[2:], pairwise(part.bins.edges), strict=True):
        check_column(one, {"cell": cell, "low": low, "high": high})
    outside = not part.bins.edges[0] <= float(cell) <= part.bins.edges[-1]
    assert ("drawn in" in found.remark) == outside


def test_formulas_with_the_numbers_learnt() -> None:
    three = PiecewiseLinear((-1.0, 2.0, 4.0, 8.0))
    parts = [
        NumberInput("a", 3.0, 2.0, READING, bins=three, has_standard=False),
        NumberInput(
            "d", 3.0, 2.0, DurationReading("units"), bins=PiecewiseLinear((0.0, 9.0)), has_standard=False
        ),
    ]
    found = [
        column_formula(x, one.column, six) for one in worked_cells(parts, None, "x") for x in one.columns
    ]
    assert found == [
        "x_1 = min(1, (a − (-1))/(2 − (-1))),  drawn in below (-1)",
        "x_2 = min(1, max(0, (a − 2)/(4 − 2)))",
        "x_3 = max(0, (a − 4)/(8 − 4)),  drawn in beyond 8",
        "x_4 = (d − 0)/(9 − 0),  d in seconds,  drawn in below 0 and beyond 9",
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bins", {"edges": [1.0]}),
        ("bins", {"edges": [1.0, 1.0]}),
        ("bins", {"edges": [2.0, 1.0]}),
        ("bins", {"edges": [1.0, math.inf]}),
        ("bins", {"edges": [1.0, 2.0], "n_bins": 0}),
        ("bins", {"edges": [1.0, 2.0], "more": 1}),
        ("has_standard", 1),
        ("bins", None),
    ],
)
def test_a_damaged_field_is_refused(field: str, value: object) -> None:
    whole = plain(learnt([1.0, 2.0, 5.0]))
    assert refusal(lambda: read({**whole, field: value}, NumberInput), ModelFileError)
    assert read(whole, NumberInput) == learnt([1.0, 2.0, 5.0])


@pytest.mark.parametrize(
    ("given", "pairs"),
    [
        ("piecewise", [("*", "piecewise:16")]),
        ("piecewise:3 + standard", [("*", "standard+piecewise:3")]),
        ("age=squashed", [("age", "squashed")]),
        ("a=b,c=squashed", [("a=b,c", "squashed")]),
        (["age=squashed", "piecewise:2"], [("*", "piecewise:2"), ("age", "squashed")]),
        ({"age": "squashed", "*": "standard+squashed"}, [("*", "standard+squashed"), ("age", "squashed")]),
        ((("age", "squashed"),), [("age", "squashed")]),
    ],
)
def test_encodings_as_they_are_given(given: object, pairs: list[tuple[str, str]]) -> None:
    options = TableOptions(numbers_as=given)  # type: ignore[arg-type]
    assert options.numbers_as == tuple(pairs)
    assert TableOptions(numbers_as=options.numbers_as) == options


@pytest.mark.parametrize("given", [
    "piecewse", "", "piecewise:", "piecewise:0", "piecewise:9999", "piecewise:1.5", "standard:3",
    "standard+", 16, {"age": None}, {3.5: "standard"}, [None],
])  # fmt: skip
def test_what_is_no_encoding_is_refused(given: Any) -> None:  # noqa: ANN401
    with pytest.raises(InputError) as caught:
        TableOptions(numbers_as=given)
    assert caught.value.parameter == "numbers_as"


FRAME = pd.DataFrame({
    "age": [20.0, 24, 30, 40, 60, 33, 35, 47, 52, 28] * 4,
    "fare": [float(k**4 % 997) for k in range(40)],
    "kind": ["a", "b"] * 20,
    "y": [float(k * 7 % 13) for k in range(40)],
})  # fmt: skip


def parts_of(**options: Any) -> dict[str, str]:  # noqa: ANN401
    found = chosen(read_table(FRAME), "y", **options)
    return {part.name: str(part.encoding) for part in found.encoding.inputs if isinstance(part, NumberInput)}


def test_encodings_of_all_numbers_and_of_named_columns() -> None:
    assert parts_of() == {"age": "standard", "fare": "standard"}
    assert parts_of(numbers_as="piecewise:3") == {"age": "piecewise:3", "fare": "piecewise:3"}
    assert parts_of(numbers_as={"f*": "squashed"}) == {"age": "standard", "fare": "squashed"}
    assert parts_of(numbers_as=["fare=standard+squashed", "squashed"]) == {
        "age": "squashed", "fare": "standard+squashed",
    }  # fmt: skip
    kept = chosen(read_table(FRAME), "y", numbers_as="piecewise", as_is="age").encoding.inputs[0]
    assert isinstance(kept, NumberInput)
    assert kept.is_plain


def test_a_column_that_is_not_there_or_is_to_stay_as_it_is_is_refused() -> None:
    with pytest.raises(UnknownNameError) as caught:
        parts_of(numbers_as="agee=squashed")
    assert caught.value.parameter == "numbers_as"
    with pytest.raises(InputError, match="both in"):
        parts_of(numbers_as="age=squashed", as_is="age")


def test_the_report_says_what_a_number_became() -> None:
    for name, words in {
        "standard": "a number",
        "squashed": "a number, squashed",
        "standard+squashed": "a number, squashed beside",
        "piecewise:3": "a number, in 3 bins",
        "standard+piecewise:3": "a number, in 3 bins beside",
        "squashed+piecewise:3": "a number, squashed, in 3 bins beside",
    }.items():
        report = chosen(read_table(FRAME), "y", numbers_as=f"age={name}").columns
        assert (report[0].becomes, report[0].why) == (words, "")


def test_defaults_may_encode_numbers_of_which_nothing_was_said() -> None:
    from chainrule.tables import choose_encoding, read_targets, settle_roles  # noqa: PLC0415 (here alone)

    table = read_table(FRAME)
    roles = settle_roles(table, "y", TableOptions.of({"numbers_as": "age=standard"}))
    limits = Limits(numbers_as=NumberEncoding.of("squashed+piecewise:5"))
    found = choose_encoding(table, roles, read_targets(table, roles), np.arange(40), limits=limits)
    assert [str(part.encoding) for part in found.encoding.inputs if isinstance(part, NumberInput)] == [
        "standard", "squashed+piecewise:5",
    ]  # fmt: skip


def test_a_model_keeps_its_bins_and_predicts_the_same_bits(tmp_path: Path) -> None:
    few: dict[str, Any] = {"hidden": 4, "epochs": 5, "held_out": 0}
    result = chainrule.fit(FRAME, target="y", numbers_as={"*": "piecewise:8", "age": "squashed"}, **few)
    assert result.model.encoding is not None
    assert result.model.network.sizes[0] == len(result.model.encoding.input_names) == 1 + 8 + 1
    chainrule.save(result.model, tmp_path / "m.st")
    again = chainrule.load_model(tmp_path / "m.st")
    assert again.encoding == result.model.encoding
    one, other = (np.asarray(model.predict(FRAME)) for model in (result.model, again))
    assert one.tobytes() == other.tobytes()
    alone = np.concatenate([np.asarray(again.predict(FRAME.iloc[[k]])) for k in range(40)])
    assert alone.tobytes() == one.tobytes()


@pytest.mark.parametrize(
    "name", ["standard", "squashed", "piecewise:5", "squashed+piecewise:5", "piecewise:1"]
)
def test_an_input_that_is_the_target_is_found_in_every_form(name: str) -> None:
    frame = FRAME.assign(euro=3 * FRAME["y"] + 1)
    data = prepare(frame, target="y", held_out=0, numbers_as=name)
    assert [one.column for one in data.decisions if "gives the target away" in one.words] == ["euro"]


def test_values_at_the_edge_of_squashing_are_far_away() -> None:
    found = unsquashed(np.array([3.0, -3.0, 2.0]))
    assert np.isfinite(found).all()
    assert found[0] == -found[1] > 1e7


def test_the_bits_of_made_rows_are_kept() -> None:
    """A change of this digest changes what a row means to every model, and needs a decision of its own."""
    cells = [*((k * k * 7919 % 1009) ** 2 / 7 for k in range(300)), None, -1e9, 1e300]
    part = learnt(cells[:-2], "standard+squashed+piecewise:16")
    assert hashlib.sha256(encoded(part, cells).tobytes()).hexdigest() == DIGEST


@pytest.mark.parametrize("given", [[("a",)], [("a", "squashed", "x")], [()], [(1, "squashed")]])
def test_pairs_that_are_none_are_refused(given: Any) -> None:  # noqa: ANN401 (of any type)
    with pytest.raises(InputError, match=r"numbers_as is .* pairs of a column and one.*Try"):
        TableOptions(numbers_as=given)
