"""What each column is for: inputs, targets, ids, weights, parts and groups, and how rows are held out."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import chainrule
from chainrule import InputError, TableError, UnknownNameError
from chainrule.models import Dataset, fit_settings, prepare
from chainrule.models.learning import parted

N = 48
FEW: dict[str, Any] = {"hidden": 2, "epochs": 2}
INPUTS = ["q1", "q2", "size"]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Numbers without a pattern, and columns that say something of rows."""
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "q1": rng.normal(size=N),
            "q2": rng.normal(size=N),
            "size": rng.normal(size=N),
            "key": [f"k{n}" for n in range(N)],
            "w": [float(n % 3 + 1) for n in range(N)],
            "part": ["train", "Training", "val", "TEST"] * (N // 4),
            "site": [f"s{n // 4}" for n in range(N)],
            "note": [None if n % 4 else f"a word and {n}" for n in range(N)],
            "kind": ["a", "b", "a"] * (N // 3),
            "price": np.exp(rng.normal(size=N)),
            "visits": rng.poisson(3, size=N),
        }
    )


def roles(data: Dataset) -> dict[str, str]:
    return {one.name: one.role for one in data.report.columns}


def about(data: Dataset, name: str) -> tuple[str, str, str]:
    [one] = [one for one in data.report.columns if one.name == name]
    return one.role, one.becomes, one.why


# Found by name, number or pattern


@pytest.mark.parametrize(
    "given",
    [INPUTS, tuple(INPUTS), [1, 2, 3], ["1", "2", "size"], ["q*", "size"], "q*,3", "q?, size", "[qs]*"],
)
def test_inputs_by_name_number_or_pattern(given: Any, table: pd.DataFrame) -> None:  # noqa: ANN401
    if given == "[qs]*":  # a bracket is a character
        with pytest.raises(UnknownNameError, match=r"There is no column '\[qs\]\*'"):
            prepare(table, target="price", inputs=given)
        return
    data = prepare(table, target="price", inputs=given)
    assert list(data.encoding.input_names) == INPUTS
    found = roles(data)
    assert [name for name, role in found.items() if role == "input"] == INPUTS
    assert {name for name, role in found.items() if role == "left out"} == set(table) - {*INPUTS, "price"}
    assert about(data, "site") == ("left out", "", "left out as asked")


@pytest.mark.parametrize("given", ["price", 10, "10", "pri*", ["price"]])
def test_a_target_by_name_number_or_pattern(given: Any, table: pd.DataFrame) -> None:  # noqa: ANN401
    data = prepare(table, target=given, inputs=INPUTS)
    assert data.encoding.target_names == ("price",)
    assert about(data, "price") == ("target", "a number", "")


def test_a_name_goes_before_a_number_and_a_pattern() -> None:
    odd = pa.table({"2": [1.0, 2.0, 3.0], "x": [3.0, 1.0, 2.0], "x*": [2.0, 2.0, 5.0], "y": [1.0, 2.0, 4.0]})
    assert prepare(odd, target="y", inputs="2", held_out=0).encoding.input_names == ("2",)
    assert prepare(odd, target="y", inputs="x*", held_out=0).encoding.input_names == ("x*",)
    assert prepare(odd, target="4", inputs="x?", held_out=0).encoding.input_names == ("x*",)


@pytest.mark.parametrize("given", ["nope", 12, 0, "-1", "z*", "q1,nope", ["q1", 99]])
@pytest.mark.parametrize("role", ["inputs", "ignore", "id", "missing", "numbers", "log", "weights", "target"])
def test_a_column_that_is_not_there(role: str, given: Any, table: pd.DataFrame) -> None:  # noqa: ANN401
    if role == "weights" and isinstance(given, list):
        given = 99  # it takes one
    with pytest.raises(UnknownNameError) as caught:
        prepare(table, **{"target": "price", role: given})
    assert caught.value.parameter == role
    assert "There are: 'q1'" in str(caught.value) or "There are: q1" in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"ignore": "price"},
        {"id": "key", "ignore": "key"},
        {"weights": "w", "inputs": ["w", "q1"]},
        {"split": "part", "group": "part"},
        {"weights": "w", "id": "w"},
        {"inputs": ["q1", "price"]},
        {"group": "site", "ignore": "s*"},
    ],
)
def test_a_column_has_one_role(given: dict[str, Any], table: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"is both in .* but a column has one role") as caught:
        prepare(table, target="price", **given)
    assert caught.value.parameter in {*given, "target"}


def test_a_column_is_one_thing(table: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="'q1' is both in numbers and in text but a column has one role"):
        prepare(table, target="price", numbers="q1", text="q*")


# What is said of columns


def test_ids_are_kept_in_predictions_and_not_learnt(table: pd.DataFrame) -> None:
    model = chainrule.fit(table, target="kind", inputs=INPUTS, id=["key", "site"], **FEW).model
    assert model.table_encoding.rows.ids == ("key", "site")
    found = model.predict(table[::-1])
    assert found.names == ("key", "site", "kind", "probability_a", "probability_b")
    assert list(found["key"]) == [f"k{n}" for n in reversed(range(N))]
    assert list(found["site"]) == [f"s{n // 4}" for n in reversed(range(N))]
    without = model.predict(table.drop(columns=["key"]))  # they are no input, and may be absent
    assert without.names == ("site", "kind", "probability_a", "probability_b")
    assert list(without["kind"]) == list(found["kind"])[::-1]
    assert about(prepare(table, target="kind", id="key"), "key") == (
        "id", "names the rows, kept in predictions", "",
    )  # fmt: skip


def test_an_id_that_is_called_as_an_answer_is_kept_under_another_name(table: pd.DataFrame) -> None:
    table = table.rename(columns={"key": "probability_a"})
    model = chainrule.fit(table, target="kind", inputs=INPUTS, id="probability_a", **FEW).model
    found = model.predict(table)
    assert found.names == ("probability_a (id)", "kind", "probability_a", "probability_b")
    assert list(found["probability_a (id)"]) == list(table["probability_a"])
    assert found["probability_a"].dtype == np.float64


@pytest.mark.parametrize("role", ["group", "split", "id"])
def test_lists_tell_no_rows_apart(role: str, table: pd.DataFrame) -> None:
    lists = table.assign(l=[[n] for n in range(N)])
    given: dict[str, Any] = {role: "l"}
    with pytest.raises(TableError, match="'l' of the data frame tells no rows apart: its cells are lists"):
        chainrule.fit(lists, target="price", inputs=INPUTS, **given, **FEW).model.predict(lists)


def test_weights_are_those_of_rows(table: pd.DataFrame) -> None:
    data = prepare(table, target="price", inputs=INPUTS, weights="w")
    assert data.weights is not None
    assert data.weights.tolist() == table["w"].tolist()
    assert about(data, "w") == ("weights", "what each row counts", "")
    plain, all_the_same, weighted, thrice = (
        chainrule.fit(frame, target="price", inputs=INPUTS, batch_size=N, weights=weights, **FEW)
        for frame, weights in (
            (table, None),
            (table.assign(w=2.5), "w"),
            (table, "w"),
            (table.assign(w=3 * table["w"]), "w"),
        )
    )
    assert_same(plain, all_the_same)  # they are relative
    assert_same(weighted, thrice)
    with pytest.raises(AssertionError):
        assert_same(plain, weighted)
    rows = weighted.data.training_rows
    again = chainrule.train(
        chainrule.Network.random((3, 2, 1), ["relu", "identity"], "rss", start="he_uniform"),
        weighted.data.X[rows], weighted.data.Y[rows], sample_weight=table["w"].to_numpy()[rows],
        rule="adam", rate=0.003, l2=0.01, epochs=2, batch_size=N,
    )  # fmt: skip
    for ours, theirs in zip(again.network.weights, weighted.model.network.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def assert_same(one: chainrule.FitResult, other: chainrule.FitResult) -> None:
    for ours, theirs in zip(one.model.network.weights, other.model.network.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize(("wrong", "told"), [(0.0, "0"), (-2.0, "-2"), (np.nan, "missing")])
def test_weights_that_are_none(wrong: float, told: str, table: pd.DataFrame) -> None:
    changed = table.copy()
    changed.loc[4, "w"] = wrong
    with pytest.raises(TableError, match=rf"(?i)row 5.*{told}|{told}.*row 5"):
        prepare(changed, target="price", inputs=INPUTS, weights="w")


def test_weights_are_read_as_any_numbers(table: pd.DataFrame) -> None:
    written = table.assign(w=[f"{100 * w:.0f} %" for w in table["w"]])
    data = prepare(written, target="price", inputs=INPUTS, weights="w")
    assert data.weights is not None
    assert data.weights.tolist() == (100 * table["w"]).tolist()
    for cell, told in (("heavy", "'heavy'"), (None, ".*None.*")):
        changed = written.copy()
        changed.loc[3, "w"] = cell
        with pytest.raises(TableError, match=f"Row 4 .* is {told}.* must be a number above 0"):
            prepare(changed, target="price", inputs=INPUTS, weights="w")
    with pytest.raises(TableError, match="must be a number above 0"):
        prepare(written.assign(w=None), target="price", inputs=INPUTS, weights="w")


def test_weights_count_with_those_of_classes(table: pd.DataFrame) -> None:
    by_both = chainrule.fit(table, target="kind", inputs=INPUTS, weights="w", class_weight={"b": 2.0}, **FEW)
    product = table.assign(w=table["w"] * np.where(table["kind"] == "b", 2.0, 1.0))
    assert_same(by_both, chainrule.fit(product, target="kind", inputs=INPUTS, weights="w", **FEW))


def test_a_column_says_which_rows_are_for_what(table: pd.DataFrame) -> None:
    data = prepare(table, target="price", inputs=INPUTS, split="part")
    part = table["part"].str.lower().to_numpy()
    assert data.held_out_rows.tolist() == np.flatnonzero(part == "test").tolist()
    assert data.watched_rows.tolist() == np.flatnonzero(part == "val").tolist()
    assert data.training_rows.tolist() == np.flatnonzero(part != "test").tolist()
    learnt, watched = parted(data, fit_settings(data, validation=0.5))
    assert watched.tolist() == data.watched_rows.tolist()
    assert learnt.tolist() == np.flatnonzero(np.isin(part, ["train", "training"])).tolist()
    assert about(data, "part") == ("split", "which part each row is of", "")
    result = chainrule.fit(table, target="price", inputs=INPUTS, split="part", patience=9, **FEW)
    assert len(result.history.validation_loss) == 2
    outputs = result.training.state.network(data.X[watched])
    loss = ((outputs - data.Y[watched]) ** 2).sum(axis=1).mean() / 2
    assert result.history.validation_loss[-1] == pytest.approx(loss, rel=1e-12) or (
        result.history.validation_loss[-1] == pytest.approx(2 * loss, rel=1e-12)
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train", "holdout"] * 24, None),
        (["Learn", "hold-out", "DEV", "fit"] * 12, None),
        (["train", "tests"] * 24, r"Row 2 of column 'part' .* 'tests'.*must say"),
        (["train", None] * 24, r"[Rr]ow 2.*must say"),
        (["test", "test"] * 24, "No row of column 'part' says train"),
    ],
)
def test_words_for_the_parts(words: list[str], told: str | None, table: pd.DataFrame) -> None:
    changed = table.assign(part=words)
    if told is None:
        data = prepare(changed, target="price", inputs=INPUTS, split="part")
        held = [row for row, word in enumerate(words) if word.startswith("hold")]
        assert data.held_out_rows.tolist() == held
        return
    with pytest.raises(TableError, match=told) as caught:
        prepare(changed, target="price", inputs=INPUTS, split="part")
    assert caught.value.parameter == "split"


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_never_parted(seed: int, table: pd.DataFrame) -> None:
    data = prepare(table, target="price", inputs=INPUTS, group="site", seed=seed)
    site = table["site"].to_numpy()
    held_out, training = set(site[data.held_out_rows]), set(site[data.training_rows])
    assert held_out
    assert not held_out & training
    assert len(data.held_out_rows) == N / 4
    learnt, watched = parted(data, fit_settings(data, validation=0.3, patience=2))
    assert len(watched)
    assert not set(site[learnt]) & set(site[watched])
    assert sorted([*learnt, *watched]) == data.training_rows.tolist()
    assert about(data, "site") == ("group", "which rows belong together", "")


def test_a_row_without_a_group_is_one_of_its_own(table: pd.DataFrame) -> None:
    changed = table.copy()
    changed.loc[4:, "site"] = None
    data = prepare(changed, target="price", inputs=INPUTS, group="site")
    assert len(data.held_out_rows) == N // 4
    assert len(np.intersect1d(data.held_out_rows, range(4))) in {0, 4}
    assert f"{N - 4} rows without a group: each is one of its own" in data.remarks


def test_what_holds_rows_out_where_several_things_could(table: pd.DataFrame) -> None:
    of_parts = prepare(table, target="price", inputs=INPUTS, split="part", group="site")
    assert [table["part"][row] for row in of_parts.held_out_rows] == ["TEST"] * (N // 4)
    assert "column 'part' alone says which rows are held out" in "; ".join(of_parts.report.warnings)
    of_groups = prepare(table, target="price", inputs=INPUTS, group="site", in_order=True)
    assert "the order of the rows counts for nothing" in "; ".join(of_groups.report.warnings)


def test_a_class_of_no_training_row_is_told(table: pd.DataFrame) -> None:
    kinds = ["c" if part == "TEST" else "ab"[n % 2] for n, part in enumerate(table["part"])]
    data = prepare(table.assign(kind=kinds), target="kind", inputs=INPUTS, split="part")
    assert data.encoding.classes == ("a", "b", "c")
    (target,) = (one for one in data.report.columns if one.name == "kind")
    assert target.warnings == ("1 class of which no training row is: 'c'",)


def test_classes_are_spelled_as_most_training_rows_have_them(table: pd.DataFrame) -> None:
    part = ["train" if n % 8 in {0, 4} else "test" for n in range(N)]
    kinds = [
        word if one == "train" else word.upper()
        for one, word in zip(part, ["yes", "no"] * (N // 2), strict=True)
    ]
    kinds[0], kinds[4] = "no", "yes"
    data = prepare(table.assign(kind=kinds, part=part), target="kind", inputs=INPUTS, split="part")
    assert data.encoding.classes == ("no", "yes")


def test_a_pattern_stands_for_no_target(table: pd.DataFrame) -> None:
    assert prepare(table, target="q2", inputs="q*").encoding.input_names == ("q1",)


@pytest.mark.parametrize("of", [pd.Index, np.array, list])
def test_names_in_any_collection(of: Any, table: pd.DataFrame) -> None:  # noqa: ANN401
    assert prepare(table, target="price", inputs=of(INPUTS)).encoding.input_names == tuple(INPUTS)
    assert prepare(table, target=cast("int", np.int64(10)), inputs=INPUTS).encoding.target_names == ("price",)


def test_one_group_cannot_be_parted(table: pd.DataFrame) -> None:
    with pytest.raises(InputError) as caught:
        prepare(table.assign(site="here"), target="price", inputs=INPUTS, group="site")
    assert caught.value.needs
    assert prepare(
        table.assign(site="here"), target="price", inputs=INPUTS, group="site", held_out=0
    ).training_rows.tolist() == list(range(N))


def test_the_last_rows_are_held_out_in_order(table: pd.DataFrame) -> None:
    data = prepare(table, target="price", inputs=INPUTS, in_order=True, held_out=0.25)
    assert data.held_out_rows.tolist() == list(range(36, 48))
    learnt, watched = parted(data, fit_settings(data, validation=0.25, patience=2))
    assert (learnt.tolist(), watched.tolist()) == (list(range(27)), list(range(27, 36)))
    gaps = table.copy()
    gaps.loc[40:, "price"] = np.nan
    data = prepare(gaps, target="price", inputs=INPUTS, in_order=True, held_out=0.25)
    assert data.held_out_rows.tolist() == list(range(30, 40))


def test_only_whether_it_is_missing(table: pd.DataFrame) -> None:
    data = prepare(table, target="price", inputs=["q1", "note"], missing="note")
    assert data.encoding.input_names == ("q1", "note (missing)")
    assert data.X[:, 1].tolist() == table["note"].isna().astype(float).tolist()
    assert about(data, "note") == ("input", "whether it is missing", "")


def test_text_is_learnt_by_its_words(table: pd.DataFrame) -> None:
    texts = table.assign(note=[f"{'good' if n % 2 else 'bad'} shop, number {n}" for n in range(N)])
    texts = texts[["q1", "note", "kind"]]
    why = "left out: text that hardly repeats (36 values in 36 training rows)"
    assert about(prepare(texts, target="kind"), "note") == ("left out", "", why)
    with pytest.raises(TableError, match=r"text that hardly repeats.*text=\['note'\] learns from its words"):
        prepare(texts, target="kind", strict=True)
    named = about(prepare(texts, target="kind", inputs="note"), "note")
    assert named == ("input", "one of 36 categories", "")
    texts = texts.copy()
    texts["kind"] = np.where(np.arange(N) % 2, "a", "b")
    result = chainrule.fit(texts, target="kind", inputs="note", text="note", hidden=8, epochs=60)
    role, becomes, _ = about(result.data, "note")
    assert role == "input"
    assert becomes == f"text, by the parts of its words ({result.data.X.shape[1]} columns)"
    score = result.held_out_score
    assert score is not None
    assert not isinstance(score, tuple)
    assert score.accuracy == 1.0


def test_a_target_by_its_logarithm(table: pd.DataFrame) -> None:
    result = chainrule.fit(table, target="price", inputs=INPUTS, log="price", **FEW)
    data, price = result.data, table["price"].to_numpy()
    logs = np.log(price)
    rows = data.training_rows
    np.testing.assert_allclose(data.Y[:, 0], (logs - logs[rows].mean()) / logs[rows].std(), rtol=1e-9)
    outputs = result.model.network(data.X)[:, 0]
    predicted = np.asarray(result.model.predict(table))
    np.testing.assert_allclose(predicted, np.exp(outputs * logs[rows].std() + logs[rows].mean()), rtol=1e-9)
    assert about(data, "price") == ("target", "a number, by its logarithm", "")
    table = table.copy()
    table.loc[rows[0], "price"] = 0.0
    with pytest.raises(TableError, match=r"price.*0.*must be above 0"):
        prepare(table, target="price", inputs=INPUTS, log="price")
    dated = table.assign(day=pd.date_range("2024-01-01", periods=N))
    with pytest.raises(InputError, match="'day' of the data frame holds times but only numbers"):
        prepare(dated, target="day", inputs=INPUTS, log="day")
    with pytest.raises(
        InputError, match="'size' is no target but only targets are learnt by their logarithm"
    ):
        prepare(table, target="visits", inputs=INPUTS, log="size")


def test_counts_of_two_values_are_counts(table: pd.DataFrame) -> None:
    few = table.assign(visits=[n % 2 for n in range(N)])
    assert prepare(few, target="visits", inputs=INPUTS).encoding.classes == ("0", "1")
    result = chainrule.fit(few, target="visits", inputs=INPUTS, loss="poisson", **FEW)
    assert about(result.data, "visits")[:2] == ("target", "a count")


def test_what_is_no_count(table: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="a Poisson loss learns counts as they are"):
        chainrule.fit(table, target="price", loss="poisson", log="price", **FEW)
    times = table.assign(price=pd.date_range("2020-01-01", periods=N))
    with pytest.raises(TableError, match="'price' of the data frame holds times"):
        chainrule.fit(times, target="price", loss="poisson", **FEW)


def test_logarithms_are_of_numbers(table: pd.DataFrame) -> None:
    two = table.assign(visits=[n % 2 + 1 for n in range(N)])
    assert about(prepare(two, target="visits", inputs=INPUTS, log="visits"), "visits")[1] == (
        "a number, by its logarithm"
    )
    with pytest.raises(TableError, match="can be read as numbers"):
        prepare(table, target="kind", inputs=INPUTS, log="kind")


def test_counts_are_learnt_by_the_poisson_loss(table: pd.DataFrame) -> None:
    result = chainrule.fit(table, target="visits", inputs=INPUTS, loss="poisson", **FEW)
    assert about(result.data, "visits")[:2] == ("target", "a count")
    rows, visits = result.data.training_rows, table["visits"].to_numpy()
    np.testing.assert_allclose(result.data.Y[:, 0], visits / visits[rows].mean(), rtol=1e-14)
    assert (np.asarray(result.model.predict(table)) > 0).all()


def test_roles_are_kept_in_the_file_and_followed_again(
    table: pd.DataFrame,
    tmp_path: Any,  # noqa: ANN401 (a path)
) -> None:
    given: dict[str, Any] = {"id": "key", "weights": "w", "group": "site"}
    model = chainrule.fit(table, target="price", inputs=INPUTS, **given, **FEW).model
    chainrule.save(model, tmp_path / "m.st")
    again = chainrule.load_model(tmp_path / "m.st")
    assert again.encoding == model.encoding
    rows = again.table_encoding.rows
    assert (rows.ids, rows.weights, rows.split, rows.group, rows.in_order) == (
        ("key",),
        "w",
        None,
        "site",
        False,
    )
