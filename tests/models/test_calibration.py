"""Calibration of fits: which rows say it, intervals that cover what they should, and what a file keeps."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import chainrule
from chainrule import InputError, Model
from chainrule.files import model_from_bytes, model_to_bytes
from chainrule.models import Calibration
from chainrule.models.judging.calibration import Errors, Temperature
from chainrule.models.judging.temperature import temperature_of
from chainrule.scores import expected_calibration_error

pytestmark = [
    pytest.mark.usefixtures("one_database"),
    pytest.mark.filterwarnings("ignore::chainrule.TableWarning", "ignore::chainrule.TrainingWarning"),
]

EXAMPLES = Path(__file__).parents[2] / "examples"
IRIS, PENGUINS = EXAMPLES / "iris.csv", EXAMPLES / "penguins.csv"


def errors(n: int) -> Errors:
    """Those of rows whose errors are 1 to n."""
    return Errors.of("y", np.arange(1.0, n + 1)[::-1])


@pytest.mark.parametrize("n", [1, 2, 9, 19, 99, 500, 999])
@pytest.mark.parametrize("share", [0.5, 0.7, 0.8, 0.9, 0.95, 0.99])
def test_the_rule_covers_the_share_exactly(n: int, share: float) -> None:
    """One more error stands at each of n + 1 places equally often: it is within the k-th smallest k times."""
    exact = Fraction(str(share))
    needed = next((k for k in range(1, n + 1) if Fraction(k, n + 1) >= exact), None)
    if needed is None:
        with pytest.raises(InputError, match=f"interval is {share} but {n} row.* no more than"):
            errors(n).size_of(share)
        assert errors(n).most < share
        if errors(n).most:
            assert errors(n).size_of(errors(n).most) <= n
    else:
        assert errors(n).size_of(share) == needed


@pytest.mark.parametrize("n", [1000, 1001, 4321, 100_000])
def test_of_many_rows_each_thousandth_is_exact_and_others_are_no_smaller(n: int) -> None:
    kept = errors(n)
    assert len(kept.sizes) == 1000
    for k in range(1, 1000):
        assert kept.size_of(k / 1000) == math.ceil(Fraction(k, 1000) * (n + 1))
    for share in (0.12345, 0.9005, 0.99901):
        rank = math.ceil(Fraction(str(share)) * (n + 1))
        if rank <= n:
            assert rank <= kept.size_of(share) <= max(rank + n / 1000 + 1, n if share > 0.999 else 0)


def test_an_error_that_is_no_number_is_the_largest() -> None:
    assert Errors.of("y", np.array([1.0, np.inf])).sizes == (1.0, 1.7976931348623157e308)


def test_watched_rows_say_it() -> None:
    result = chainrule.fit(IRIS, target="species", validation=0.3, calibrate=True, seed=1)
    plain = chainrule.fit(IRIS, target="species", validation=0.3, seed=1)
    assert plain.model.calibration is None
    model, net = result.model, result.model.network
    for mine, theirs in zip(net.weights, plain.model.network.weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert model.calibration is not None
    (found,) = model.calibration.targets
    assert isinstance(found, Temperature)
    assert (model.calibration.rows, found.n_rows) == ("validation", 34)
    X = result.data.X
    z = net.forward(X).z[-1] / found.temperature
    expected = np.exp(z - z.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    predicted = model.predict(IRIS)
    assert predicted.probabilities is not None
    np.testing.assert_allclose(predicted.probabilities, expected, rtol=1e-10)
    np.testing.assert_array_equal(predicted["species"], plain.model.predict(IRIS)["species"])
    score: Any = model.score(IRIS)
    truth = result.data.Y.argmax(axis=1)
    assert score.log_loss == pytest.approx(-np.log(expected[np.arange(150), truth]).mean(), rel=1e-9)
    held_out: Any = result.held_out_score
    rows = result.data.held_out_rows
    assert held_out.calibration_error == pytest.approx(
        expected_calibration_error(truth[rows], expected[rows]), rel=1e-9
    )


def test_folds_say_it_by_the_rows_that_each_held_out() -> None:
    result = chainrule.fit(PENGUINS, target="body_mass_g", folds=4, calibrate=True, seed=3, epochs=30)
    assert result.cross_validation is not None
    plain = chainrule.cross_validate(PENGUINS, target="body_mass_g", folds=4, seed=3, epochs=30)
    answers = plain.predictions["body_mass_g"]
    actual = pd.read_csv(PENGUINS)["body_mass_g"].to_numpy()[plain.rows]
    expected = np.sort(np.abs(actual - answers))
    calibration = result.model.calibration
    assert calibration is not None
    (found,) = calibration.targets
    (part,) = result.data.encoding.targets
    assert isinstance(found, Errors)
    assert (calibration.rows, found.n_rows) == ("folds", len(actual))
    np.testing.assert_allclose(np.array(found.sizes) * part.scale, expected, rtol=1e-9, atol=1e-9)  # type: ignore[union-attr]
    p = result.model.predict(PENGUINS, interval=0.9)
    size = expected[math.ceil(0.9 * (len(actual) + 1)) - 1]
    for end, sign in (("low", -1), ("high", 1)):
        np.testing.assert_allclose(p[f"body_mass_g_{end}"], p["body_mass_g"] + sign * size, rtol=1e-12)


def test_folds_calibrate_classes_by_probabilities_of_networks_that_had_not_seen_the_rows() -> None:
    result = chainrule.fit(IRIS, target="species", folds=3, calibrate=True, seed=1, defaults="modern-1")
    validated, calibration = result.cross_validation, result.model.calibration
    assert validated is not None
    assert calibration is not None
    (found,) = calibration.targets
    assert isinstance(found, Temperature)
    assert found.log_loss is not None
    assert found.log_loss[0] == pytest.approx(validated.score.log_loss, rel=1e-12)  # type: ignore[union-attr]
    assert found.log_loss[1] < found.log_loss[0]
    assert found.temperature != 1
    assert all(one.model.calibration is None for one in validated.folds)


def test_probabilities_of_folds_are_as_exact_as_their_networks() -> None:
    """What float32 has rounded to 1, and is wrong, is no surer than float32 can be."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=200)
    table = pd.DataFrame({"x": x, "y": np.where(x + 0.3 * rng.normal(size=200) > 0, "yes", "no")})
    result = chainrule.fit(
        table, target="y", one_unit=True, dtype="float32", hidden=(), rule="descent", rate=1000, l2=0,
        batch_size=1, epochs=3, folds=4, calibrate=True,
    )  # fmt: skip
    validated, calibration = result.cross_validation, result.model.calibration
    assert validated is not None
    assert calibration is not None
    assert validated.predictions.probabilities is not None
    second = validated.predictions.probabilities[:, 1].astype(np.float32)
    truth = (table["y"] == "yes").to_numpy().astype(np.intp)[validated.rows]
    assert ((second == 1) & (truth == 0)).any()
    assert calibration.temperatures["y"] == temperature_of(truth, second)
    assert calibration.temperatures["y"] != temperature_of(truth, second.astype(np.float64))


def test_a_temperature_that_gains_nothing_stays_1() -> None:
    """On noise that the network knows as such, another temperature is chance."""
    rng = np.random.default_rng(0)
    learnt = []
    for seed in range(10):
        y = rng.integers(0, 2, 200)
        table = pa.table({"x": rng.normal(size=200), "y": pa.array(y).cast(pa.string())})
        result = chainrule.fit(table, target="y", validation=0.3, calibrate=True, seed=seed, epochs=2)
        assert result.model.calibration is not None
        (found,) = result.model.calibration.targets
        assert isinstance(found, Temperature)
        assert found.log_loss is not None
        assert (found.temperature == 1) == (found.log_loss[1] >= found.log_loss[0])
        learnt.append(found.temperature)
    assert 1 in learnt


@pytest.mark.parametrize("given", [{}, {"one_unit": True}, {"dtype": "float32", "one_unit": True}])
def test_class_weights_do_not_weigh_and_columns_of_weights_do(given: dict[str, Any]) -> None:
    """A row that counts twice is as two rows."""
    rng = np.random.default_rng(5)
    n = 120
    x, twice = rng.normal(size=n), rng.integers(1, 3, n)
    y = np.where(x + rng.normal(size=n) > 0, "yes", "no")
    split = np.where(np.arange(n) % 2, "train", "validation")
    table = pd.DataFrame({"x": x, "y": y, "split": split, "w": np.where(split == "train", 1, twice)})
    asked: dict[str, Any] = {"target": "y", "split": "split", "calibrate": True, "epochs": 5, **given}
    weighted = chainrule.fit(table, weights="w", **asked).model
    assert weighted.calibration is not None
    (found,) = weighted.calibration.targets
    assert isinstance(found, Temperature)
    watched = table[table["split"] == "validation"]
    repeated = watched.loc[watched.index.repeat(watched["w"])]
    raw: Any = replace(weighted, calibration=None).score(repeated.drop(columns="w").assign(w=1.0))
    assert found.log_loss is not None
    assert found.log_loss[0] == pytest.approx(raw.log_loss, rel=1e-6)
    balanced = chainrule.fit(table.drop(columns="w"), class_weight={"yes": 9, "no": 1}, **asked).model
    of_table = chainrule.fit(
        table[table["split"] == "train"].drop(columns=["split", "w"]),
        validation=watched.drop(columns=["split", "w"]),
        class_weight={"yes": 9, "no": 1},
        held_out=0,
        **{name: one for name, one in asked.items() if name != "split"},
    ).model
    assert balanced.calibration is not None
    assert of_table.calibration is not None
    (one,), (other,) = balanced.calibration.targets, of_table.calibration.targets
    assert isinstance(one, Temperature)
    assert isinstance(other, Temperature)
    assert one.log_loss is not None
    assert other.log_loss is not None
    plain: Any = replace(of_table, calibration=None).score(watched)
    assert other.log_loss[0] == pytest.approx(plain.log_loss, rel=1e-6)
    unweighted: Any = replace(balanced, calibration=None).score(watched)
    assert one.log_loss[0] == pytest.approx(unweighted.log_loss, rel=1e-6)


def test_intervals_of_a_logarithm_are_as_wide_as_the_number_is_large() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, 600)
    table = pa.table({"x": x, "price": np.exp(3 * x + 0.3 * rng.normal(size=600))})
    model = chainrule.fit(
        table, target="price", log=["price"], validation=0.3, calibrate=True, epochs=60, seed=2
    ).model
    p = model.predict(table, interval=0.9)
    ratios = p["price_high"] / p["price"]
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-9)
    np.testing.assert_allclose(p["price"] / p["price_low"], ratios[0], rtol=1e-9)
    assert 1.3 < ratios[0] < 2.5


def test_intervals_of_counts_begin_at_0() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, 400)
    table = pa.table({"x": x, "n": rng.poisson(np.exp(x))})
    model = chainrule.fit(table, target="n", loss="poisson", validation=0.3, calibrate=True, seed=2).model
    p = model.predict(table, interval=0.95)
    assert p["n_low"].min() == 0
    assert (p["n_high"] > p["n"]).all()


def test_intervals_of_dates_are_dates() -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 1000, 300)
    days = np.datetime64("2020-01-01") + x + rng.integers(-5, 6, 300)
    table = pa.table({"x": x, "due": pa.array(days)})
    model = chainrule.fit(table, target="due", validation=0.3, calibrate=True, seed=2).model
    p = model.predict(table, interval=0.9)
    assert p["due_low"].dtype == p["due"].dtype == p["due_high"].dtype
    assert ((p["due_low"] <= p["due"]) & (p["due"] <= p["due_high"])).all()


def test_several_targets_each_have_theirs_and_one_without_a_value_has_none() -> None:
    rng = np.random.default_rng(1)
    n = 200
    x, is_watched = rng.normal(size=n), np.arange(n) % 2 == 1
    a, b = x + 0.1 * rng.normal(size=n), 5 * x + rng.normal(size=n)
    gaps = np.where(is_watched, np.nan, -x)
    split = np.where(is_watched, "validation", "train")
    table = pd.DataFrame({"x": x, "a": a, "b": b, "c": gaps, "split": split})
    result = chainrule.fit(table, target=["a", "b", "c"], split="split", calibrate=True, epochs=40)
    assert result.model.calibration is not None
    assert [one.target for one in result.model.calibration.targets] == ["a", "b"]
    p = result.model.predict(table, interval=0.8)
    assert p.names == ("a", "b", "c", "a_low", "a_high", "b_low", "b_high")
    widths = [np.mean(p[f"{name}_high"] - p[f"{name}_low"]) for name in "ab"]
    assert widths[1] > 4 * widths[0]


def test_several_labels_each_have_a_temperature() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=300)
    table = pd.DataFrame({"x": x, "a": x + 0.1 * rng.normal(size=300) > 0, "b": x + rng.normal(size=300) > 0})
    model = chainrule.fit(
        table, target=["a", "b"], validation=0.4, calibrate=True, epochs=5, classes=["a", "b"]
    ).model
    assert model.calibration is not None
    temperatures = model.calibration.temperatures
    assert set(temperatures) == {"a", "b"}
    raw, found = (
        replace(model, calibration=None).predict(table).probabilities,
        model.predict(table).probabilities,
    )
    assert raw is not None
    assert found is not None
    for k, one in enumerate(temperatures.values()):
        logit = np.log(raw[:, k] / (1 - raw[:, k])) / one
        np.testing.assert_allclose(found[:, k], 1 / (1 + np.exp(-logit)), rtol=1e-10)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no rows": ({"target": "body_mass_g", "defaults": "modern-1"}, "No rows are watched.*folds=5"),
    "no probabilities": (
        {"target": "species", "defaults": "notes", "folds": 3},
        "Outputs of logistic are no probabilities.*output='softmax'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_calibrated_is_refused_before_it_is_trained(name: str) -> None:
    given, message = REFUSED[name]

    def never(_: object) -> None:
        raise AssertionError

    with pytest.raises(InputError, match=message) as caught:
        chainrule.fit(PENGUINS, **given, calibrate=True, on_epoch=never)
    assert caught.value.parameter == "calibrate"


@pytest.mark.parametrize("share", [0, 1, 1.5, -0.1, float("nan"), "0.9", None, True])
def test_an_interval_must_be_a_share(share: Any) -> None:  # noqa: ANN401 (whatever)
    model = Model(
        chainrule.Network.random((4, 1), "identity", "rss"),
        chainrule.fit(PENGUINS, target="body_mass_g", epochs=1).model.encoding,
        calibration=Calibration("folds", (errors(50),)),
    )
    assert model.encoding is not None
    calibration = Calibration("folds", (Errors.of("body_mass_g", np.ones(50)),))
    if share is None:
        return
    with pytest.raises(InputError) as caught:
        calibration.ends(np.zeros((1, 1)), model.encoding, share, model.network.loss)
    assert caught.value.parameter == "interval"


def test_intervals_need_a_model_that_can_have_them() -> None:
    with pytest.raises(InputError, match=r"without looking at how far off it is.*calibrate"):
        chainrule.fit(PENGUINS, target="body_mass_g", epochs=1).model.predict(PENGUINS, interval=0.9)
    model = chainrule.fit(IRIS, target="species", validation=0.3, calibrate=True, epochs=1).model
    with pytest.raises(InputError, match="answers with classes"):
        model.predict(IRIS, interval=0.9)


@pytest.mark.parametrize("target", ["species", "body_mass_g"])
def test_a_file_keeps_it_and_one_without_it_is_as_before(target: str) -> None:
    given: dict[str, Any] = {"target": target, "validation": 0.3, "epochs": 3}
    model = chainrule.fit(PENGUINS, **given, calibrate=True).model
    content = model_to_bytes(model)
    again = model_from_bytes(content)
    assert again.calibration == model.calibration
    assert again.training == model.training
    assert b'\\"format\\":6' in content
    plain = model_to_bytes(chainrule.fit(PENGUINS, **given).model)
    assert b"calibrat" not in plain
    assert b'\\"format\\":5' in plain


def test_a_calibration_of_other_targets_is_no_models() -> None:
    model = chainrule.fit(PENGUINS, target="body_mass_g", validation=0.3, epochs=1, calibrate=True).model
    for calibration in (
        Calibration("folds", (errors(5),)),
        Calibration("folds", (Temperature("body_mass_g", 5, 1.0, None, None),)),
    ):
        with pytest.raises(chainrule.ModelFileError, match="its calibration is of other targets"):
            model_from_bytes(model_to_bytes(replace(model, calibration=calibration)))


@pytest.mark.parametrize("by", [None, "folds"])
@pytest.mark.parametrize("target", ["sex", "body_mass_g"])
def test_what_several_networks_answer_together_is_calibrated(
    target: str, by: str | None, tmp_path: Path
) -> None:
    given: dict[str, Any] = {"target": target, "ensemble": 3, "ensemble_by": by, "epochs": 10, "seed": 2}
    given |= {} if by else {"validation": 0.3}
    result = chainrule.fit(PENGUINS, **given, calibrate=True)
    model, plain = result.model, chainrule.fit(PENGUINS, **given).model
    assert model.calibration is not None
    (found,) = model.calibration.targets
    n = len(result.data.training_rows)  # each was watched by one network, or three tenths by all
    assert found.n_rows == (n if by else pytest.approx(0.3 * n, abs=1))
    assert all(one.calibration is None for one in model.members)
    p, raw = model.predict(PENGUINS), plain.predict(PENGUINS)
    np.testing.assert_array_equal(p[target], raw[target])
    chainrule.save(model, tmp_path / "several.st")
    again = chainrule.load_model(tmp_path / "several.st")
    assert again.calibration == model.calibration
    if isinstance(found, Temperature):
        assert p.probabilities is not None
        assert raw.probabilities is not None
        powers = raw.probabilities ** (1 / found.temperature)
        np.testing.assert_allclose(p.probabilities, powers / powers.sum(axis=1, keepdims=True), rtol=1e-10)
        theirs = chainrule.MLPClassifier.from_model(again)
        frame = pd.read_csv(PENGUINS).drop(columns=target)
        np.testing.assert_allclose(theirs.predict_proba(frame), p.probabilities, rtol=1e-12)
    else:
        assert model.predict(PENGUINS, interval=0.9).names[1:] == (f"{target}_low", f"{target}_high")


def made(rng: np.random.Generator, n: int, noise: str) -> pa.Table:
    """Numbers with noise of the same size everywhere, of another size at each x, or with heavy tails."""
    x, u = rng.uniform(-1, 1, n), rng.uniform(-1, 1, n)
    e = rng.normal(size=n)
    if noise == "growing":
        e *= 0.2 + 1.5 * np.abs(x)
    if noise == "heavy":
        e = rng.standard_t(2.5, size=n)
    return pa.table({"x": x, "u": u, "y": np.sin(3 * x) + u + 0.3 * e})


HOW: dict[str, Any] = {
    "validation": lambda table, seed: chainrule.fit(
        table, target="y", held_out=0, validation=0.25, calibrate=True, seed=seed, epochs=30
    ),
    "folds": lambda table, seed: chainrule.fit(
        table, target="y", folds=5, calibrate=True, seed=seed, epochs=30
    ),
}


def coverage(noise: str, how: str, seeds: range, share: float) -> float:
    """Share of new rows whose number lies within its interval, mean over tables."""
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        model = HOW[how](made(rng, 300, noise), seed).model
        new = made(rng, 1000, noise)
        p, y = model.predict(new, interval=share), new["y"].to_numpy()
        found.append(np.mean((p["y_low"] <= y) & (y <= p["y_high"])))
    return float(np.mean(found))


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("noise", ["even", "growing"])
def test_intervals_of_90_percent_cover_87_to_93(noise: str, how: str) -> None:
    """On average over tables; in a long run within a percent of what is said."""
    assert 0.87 < coverage(noise, how, range(8), 0.9) < 0.93


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.5, 0.9, 0.95])
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("noise", ["even", "growing", "heavy"])
def test_intervals_cover_what_they_say_over_many_tables(noise: str, how: str, share: float) -> None:
    found = coverage(noise, how, range(100, 200), share)
    if how == "validation":  # 75 rows: the k-th smallest error, of 76 places
        assert abs(found - math.ceil(Fraction(str(share)) * 76) / 76) < 0.02
    else:  # errors of networks that had four fifths of the rows are somewhat larger
        assert -0.01 < found - share < 0.04
