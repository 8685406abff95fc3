"""Fitting a table: what is learnt from, what is judged by, and how good the defaults are."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.utils.class_weight import compute_sample_weight

import chainrule
from chainrule import RSS, CrossEntropy, Identity, InputError, Logistic, ReLU, Softmax
from chainrule.models import Model, TrainingRecord, fit_settings, prepare
from chainrule.models.learning import fit_dataset, parted

pytestmark = pytest.mark.usefixtures("one_database")

EXAMPLES = Path(__file__).parents[2] / "examples"


def frame(name: str) -> pd.DataFrame:
    """Table of scikit-learn's with a column "target", classes by name."""
    data = getattr(datasets, f"load_{name}")(as_frame=True)
    table = data.frame.copy()
    if name != "diabetes":
        table["target"] = [str(data.target_names[k]) for k in data.target]
    return table


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "seeds", "least"), [("iris", 20, 0.94), ("wine", 10, 0.95), ("breast_cancer", 10, 0.95)]
)
def test_defaults_serve_for_classes(name: str, seeds: int, least: float, tmp_path: Path) -> None:
    frame(name).to_csv(tmp_path / "t.csv", index=False)
    table = chainrule.read_table(tmp_path / "t.csv")
    scores = [chainrule.fit(table, target="target", seed=seed).held_out_score for seed in range(seeds)]
    accuracies = [score.accuracy for score in scores if score is not None and not isinstance(score, tuple)]
    assert len(accuracies) == seeds
    assert np.mean(accuracies) >= least


def test_defaults_serve_for_numbers(tmp_path: Path) -> None:
    frame("diabetes").to_csv(tmp_path / "t.csv", index=False)
    table = chainrule.read_table(tmp_path / "t.csv")
    ours, linear = [], []
    for seed in range(10):
        result = chainrule.fit(table, target="target", seed=seed)
        data, score = result.data, result.held_out_score
        assert isinstance(score, tuple)
        assert isinstance(score[0], chainrule.NumberScore)
        ours.append(score[0].r2)
        learnt, judged = data.training_rows, data.held_out_rows
        line = LinearRegression().fit(data.X[learnt], data.Y[learnt])
        linear.append(line.score(data.X[judged], data.Y[judged]))
    assert np.mean(ours) >= np.mean(linear) - 0.02  # type: ignore[arg-type]


def test_outputs_belong_to_the_kind_of_target() -> None:
    def functions(table: str, target: str, defaults: str) -> tuple[object, ...]:
        result = chainrule.fit(EXAMPLES / table, target=target, defaults=defaults, epochs=1, hidden=(4,))
        net = result.model.network
        return *net.activations, net.loss

    iris, penguins = ("iris.csv", "species"), ("penguins.csv", "body_mass_g")
    assert functions(*iris, "modern") == (ReLU(), Softmax(), CrossEntropy())
    assert functions(*penguins, "modern") == (ReLU(), Identity(), RSS())
    assert functions(*iris, "notes") == (Logistic(), Logistic(), RSS())
    assert functions(*penguins, "notes") == (Logistic(), Logistic(), RSS())


def test_held_out_rows_do_not_touch_the_model() -> None:
    table = pd.read_csv(EXAMPLES / "penguins.csv")
    result = chainrule.fit(table, target="body_mass_g", epochs=2)
    changed = table.copy()
    changed.loc[result.data.held_out_rows, ["body_mass_g", "bill_length_mm"]] *= 3
    again = chainrule.fit(changed, target="body_mass_g", epochs=2)
    [told] = again.data.report.said
    assert re.fullmatch(
        r"of the rows held out, column 'bill_length_mm' has 83 cells far outside what training had, "
        r"'[\d.]+' in row \d+ first: drawn to its edge",
        told,
    )
    assert result.data.report.said == again.data.report.warnings == ()
    assert again.model.encoding == result.model.encoding
    for ours, theirs in zip(result.model.network.weights, again.model.network.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_numbers_come_back_in_their_own_unit() -> None:
    result = chainrule.fit(EXAMPLES / "penguins.csv", target="body_mass_g")
    predicted = np.asarray(result.model.predict(EXAMPLES / "penguins.csv"))
    actual = pd.read_csv(EXAMPLES / "penguins.csv")["body_mass_g"]
    assert abs(predicted.mean() - actual.mean()) < 50
    assert np.corrcoef(predicted, actual)[0, 1] > 0.9


def test_seed_settles_everything() -> None:
    first, second, other = (
        chainrule.fit(EXAMPLES / "iris.csv", target="species", epochs=2, seed=seed) for seed in (1, 1, 2)
    )
    assert first.data.held_out_rows.tolist() == second.data.held_out_rows.tolist()
    assert first.history.loss == second.history.loss
    assert first.data.held_out_rows.tolist() != other.data.held_out_rows.tolist()


def test_hidden_layers_as_asked_for() -> None:
    for hidden, sizes in (((), (4, 3)), ((5,), (4, 5, 3)), ((6, 2), (4, 6, 2, 3))):
        result = chainrule.fit(EXAMPLES / "iris.csv", target="species", epochs=1, hidden=hidden)
        assert result.model.network.sizes == sizes
    alone = chainrule.fit(EXAMPLES / "iris.csv", target="species", epochs=1, hidden=5)
    assert alone.model.network.sizes == (4, 5, 3)
    with pytest.raises(InputError, match="No target was given but training needs one"):
        chainrule.fit(EXAMPLES / "iris.csv", target=None)
    with pytest.raises(InputError, match="hidden is 0"):
        chainrule.fit(EXAMPLES / "iris.csv", target="species", hidden=(0,))


def test_a_network_alone_predicts_no_table() -> None:
    model = Model(chainrule.Network.random((4, 3)))
    with pytest.raises(InputError, match="network alone"):
        model.predict(EXAMPLES / "iris.csv")


def test_dataset_is_the_table_as_numbers() -> None:
    data = prepare(EXAMPLES / "iris.csv", target="species")
    assert data.X.shape == (150, 4)
    np.testing.assert_allclose(data.X[data.training_rows].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data.X[data.training_rows].std(axis=0), 1, atol=1e-12)
    assert data.Y.sum(axis=1).tolist() == [1.0] * 150


def test_record_is_checked_field_by_field() -> None:
    result = chainrule.fit(EXAMPLES / "iris.csv", target="species", epochs=1)
    record = result.model.training
    assert record is not None
    plain = record.to_json()
    assert TrainingRecord.from_json(plain, result.model.network) == record
    for name in plain:
        with pytest.raises(chainrule.ModelFileError, match=name):
            TrainingRecord.from_json({**plain, name: [None]}, result.model.network)
    with pytest.raises(chainrule.ModelFileError, match="exactly the fields"):
        TrainingRecord.from_json({**plain, "speed": 1}, result.model.network)


OLD_FIELDS = [
    "rate", "epochs", "batch_size", "shuffle", "seed", "loss_goal", "start", "held_out", "n_training_rows",
    "epochs_run", "stopped_by", "final_loss", "majority",
]  # fmt: skip


def test_record_of_format_1_has_what_was_usual_then() -> None:
    result = chainrule.fit(EXAMPLES / "iris.csv", target="species", defaults="notes", epochs=1)
    record = result.model.training
    assert record is not None
    plain = {name: value for name, value in record.to_json().items() if name in OLD_FIELDS}
    then = replace(record, arithmetic=(1,))
    assert TrainingRecord.from_json(plain, result.model.network) == then
    for name in OLD_FIELDS:
        fewer = {key: value for key, value in plain.items() if key != name}
        with pytest.raises(chainrule.ModelFileError, match="exactly the fields"):
            TrainingRecord.from_json(fewer, result.model.network)


def test_weights_of_classes_are_those_of_scikit_learn() -> None:
    table = pd.read_csv(EXAMPLES / "penguins.csv")
    result = chainrule.fit(
        table, target="species", defaults="notes", class_weight="balanced", epochs=2, hidden=3
    )
    data = result.data
    rows = data.training_rows
    labels = table["species"].to_numpy()[rows]
    weights = compute_sample_weight("balanced", labels)
    start = chainrule.Network.random((data.X.shape[1], 3, 3))
    again = chainrule.train(start, data.X[rows], data.Y[rows], rate=0.2, epochs=2, sample_weight=weights)
    for ours, theirs in zip(result.model.network.weights, again.network.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)
    plain = chainrule.fit(table, target="species", defaults="notes", epochs=2, hidden=3)
    assert not np.allclose(plain.model.network.weights[0], result.model.network.weights[0], rtol=1e-3)


def test_weights_of_classes_by_name_are_relative_to_one_another() -> None:
    path = EXAMPLES / "iris.csv"
    networks = [
        chainrule.fit(path, target="species", class_weight=weights, epochs=2, hidden=3).model.network.weights
        for weights in (
            {"setosa": 2.0},
            {"setosa": 4.0, "versicolor": 2.0, "virginica": 2.0},
            {"setosa": 3.0},
        )
    ]
    np.testing.assert_allclose(networks[0][0], networks[1][0], rtol=1e-12)
    assert not np.allclose(networks[0][0], networks[2][0], rtol=1e-4)


def test_missing_targets_count_for_nothing() -> None:
    table = pd.read_csv(EXAMPLES / "penguins.csv")
    targets = ["body_mass_g", "flipper_length_mm"]
    table[targets] = table[targets].astype(float)
    table.loc[::3, "flipper_length_mm"] = np.nan
    result = chainrule.fit(table, target=targets, epochs=5, hidden=4)
    remarks = " ".join(result.data.remarks)
    assert remarks == "missing in 111 rows: there it counts for nothing"
    [about] = [one for one in result.data.report.columns if one.name == "flipper_length_mm"]
    assert (about.role, about.becomes, about.why) == ("target", "a number", remarks)
    assert result.data.report.left_out == ()
    there = table[table["flipper_length_mm"].notna()]
    predicted = result.model.predict(there)["flipper_length_mm"]
    score = result.model.score(table)
    assert isinstance(score, tuple)
    assert isinstance(score[1], chainrule.NumberScore)
    assert score[1].n_rows == len(there)
    assert score[1].r2 == pytest.approx(r2_score(there["flipper_length_mm"], predicted), rel=1e-12)


def test_watched_rows_are_neither_learnt_from_nor_judged_by() -> None:
    result = chainrule.fit(
        EXAMPLES / "iris.csv", target="species", validation=0.25, patience=50, epochs=4, hidden=3
    )
    data = result.data
    learnt, watched = parted(data, fit_settings(data, validation=0.25, patience=50))
    assert sorted([*learnt, *watched, *data.held_out_rows]) == list(range(150))
    assert len(watched) == 28
    counts = np.bincount(np.argmax(data.Y[watched], axis=1))
    assert counts.max() - counts.min() <= 1
    losses = result.training.history.validation_loss
    outputs = result.training.state.network(data.X[watched])  # after the last epoch
    chances = (outputs * data.Y[watched]).sum(axis=1)
    assert losses[-1] == pytest.approx(-np.log(chances).mean(), rel=1e-12)


def test_starting_weights_suit_the_units() -> None:
    def start(**settings: Any) -> str:  # noqa: ANN401 (settings)
        record = chainrule.fit(EXAMPLES / "iris.csv", target="species", epochs=1, **settings).model.training
        assert record is not None
        return str(record.start)

    assert start(hidden=2, activation="relu") == start(hidden=2, activation="leaky_relu:0.1") == "he_uniform"
    assert start(hidden=2, activation="tanh") == start(hidden=(), activation="relu") == "glorot_uniform"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"loss": "cross_entropy"}, ("softmax", "cross_entropy")),
        ({"loss": "binary_cross_entropy"}, ("logistic", "binary_cross_entropy")),
        ({"loss": "poisson"}, ("softplus", "poisson")),
        ({"loss": "huber:0.5"}, ("logistic", "huber:0.5")),
        ({"output": "softmax"}, ("softmax", "cross_entropy")),
        ({"output": "logistic"}, ("logistic", "binary_cross_entropy")),
        ({"output": "tanh"}, ("tanh", "rss")),
        ({"output": "softmax", "loss": "rss"}, ("softmax", "rss")),
    ],
)
def test_an_output_brings_its_loss_and_a_loss_its_output(
    given: dict[str, str], expected: tuple[str, str]
) -> None:
    chosen = fit_settings(prepare(EXAMPLES / "iris.csv", target="species"), **given)
    assert (chosen.output, chosen.loss) == expected


def test_counts_of_a_table_are_learnt_as_counts_for_poisson_alone() -> None:
    table = pd.read_csv(EXAMPLES / "penguins.csv")
    plain = prepare(table, target="body_mass_g")
    with pytest.raises(InputError, match=r"the loss poisson needs targets that are a count, at least 0"):
        fit_dataset(plain, fit_settings(plain, loss="poisson"))  # they are standardised
    result = chainrule.fit(table, target="body_mass_g", loss="poisson", epochs=3, hidden=4)
    rows = result.data.training_rows
    mean = table["body_mass_g"].to_numpy()[rows].mean()
    np.testing.assert_allclose(result.data.Y[:, 0], table["body_mass_g"] / mean, rtol=1e-15)
    [about] = [one for one in result.data.report.columns if one.role == "target"]
    assert (about.name, about.becomes) == ("body_mass_g", "a count")
    predicted = np.asarray(result.model.predict(table))
    assert (predicted > 0).all()
    outputs = result.model.network(result.data.X)[:, 0]
    np.testing.assert_allclose(predicted, outputs * mean, rtol=1e-14)
    table.loc[3, "body_mass_g"] = -1
    with pytest.raises(InputError, match=r"'body_mass_g' has the value -1 but must be 0 or above, as counts"):
        chainrule.fit(table, target="body_mass_g", loss="poisson")
