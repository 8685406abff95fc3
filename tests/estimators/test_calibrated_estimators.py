"""`calibrate`: estimators ask the rows that they watched, and models carry what these said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.metrics import log_loss

from chainrule import InputError, MLPClassifier, MLPRegressor
from chainrule.models.judging.temperature import temperature_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.usefixtures("one_database"),
    pytest.mark.filterwarnings(
        "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::chainrule.TableWarning"
    ),
]

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 3))
CLASSES = np.array(["a", "b", "c"])[(X[:, 0] + RNG.normal(size=600) > 0).astype(int) + (X[:, 1] > 1)]
NUMBER = X[:, 0] ** 2 + 0.3 * RNG.normal(size=600)
DEFAULTS = ["scikit-learn", "modern"]
WATCHED: dict[str, Any] = {"validation_data": (X[:200], CLASSES[:200])}


@pytest.mark.parametrize("defaults", DEFAULTS)
def test_chances_have_the_temperature_of_the_rows_that_were_watched(defaults: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {"random_state": 1, "defaults": defaults, "max_iter": 20, **WATCHED}
    plain = MLPClassifier(**given).fit(X[200:], CLASSES[200:])
    one = MLPClassifier(**given, calibrate=True).fit(X[200:], CLASSES[200:])
    np.testing.assert_array_equal(one.predict(X), plain.predict(X))
    assert plain.calibration_ is None
    assert one.calibration_ is not None
    (found,) = one.calibration_.targets
    raw = plain.predict_proba(X)
    places = np.searchsorted(plain.classes_, CLASSES[:200])
    learnt = temperature_of(places, raw[:200])
    before, after = found.log_loss
    assert found.temperature == (pytest.approx(learnt, rel=1e-9) if after < before else 1)
    assert before == pytest.approx(log_loss(CLASSES[:200], raw[:200]), rel=1e-9)
    powers = raw ** (1 / found.temperature)
    np.testing.assert_allclose(one.predict_proba(X), powers / powers.sum(axis=1, keepdims=True), rtol=1e-10)
    one.save(tmp_path / "one.st")
    again = MLPClassifier.from_model(tmp_path / "one.st")
    np.testing.assert_array_equal(again.predict_proba(X), one.predict_proba(X))


@pytest.mark.parametrize("defaults", DEFAULTS)
def test_numbers_have_intervals(defaults: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {"early_stopping": True, "validation_fraction": 0.4, "random_state": 1}
    one = MLPRegressor(**given, defaults=defaults, calibrate=True).fit(X[:400], NUMBER[:400])
    predicted, ends = one.predict(X, return_interval=0.9)
    np.testing.assert_array_equal(predicted, one.predict(X))
    assert ends.shape == (600, 2)
    np.testing.assert_allclose(ends.mean(axis=1), predicted, rtol=1e-9, atol=1e-9)
    within = (ends[400:, 0] <= NUMBER[400:]) & (NUMBER[400:] <= ends[400:, 1])
    assert 0.82 < within.mean() < 0.97
    one.save(tmp_path / "one.st")
    again = MLPRegressor.from_model(tmp_path / "one.st")
    np.testing.assert_array_equal(again.predict(X, return_interval=0.9)[1], ends)
    both = MLPRegressor(**given, defaults=defaults, calibrate=True).fit(
        X, np.stack([NUMBER, -NUMBER], axis=1)
    )
    assert both.predict(X[:5], return_interval=0.9)[1].shape == (5, 2, 2)


def test_labels_have_a_temperature_each() -> None:
    labels = np.stack([X[:, 0] > 0, X[:, 1] + RNG.normal(size=600) > 0], axis=1).astype(int)
    one = MLPClassifier(early_stopping=True, random_state=1, calibrate=True).fit(X, labels)
    assert one.calibration_ is not None
    assert len(one.calibration_.targets) == 2
    assert one.predict_proba(X).shape == (600, 2)
    np.testing.assert_array_equal(one.predict_proba(X) > 0.5, one.predict(X) == 1)


@pytest.mark.parametrize("defaults", DEFAULTS)
def test_the_mean_of_an_ensemble_is_calibrated_by_rows_that_none_has_learnt_from(
    defaults: str, tmp_path: Path
) -> None:
    given: dict[str, Any] = {"random_state": 1, "defaults": defaults, "max_iter": 20, "ensemble": 3}
    plain = MLPClassifier(**given, **WATCHED).fit(X[200:], CLASSES[200:])
    one = MLPClassifier(**given, **WATCHED, calibrate=True).fit(X[200:], CLASSES[200:])
    assert one.calibration_ is not None
    (found,) = one.calibration_.targets
    raw = plain.predict_proba(X)
    assert found.log_loss[0] == pytest.approx(log_loss(CLASSES[:200], raw[:200]), rel=1e-9)
    powers = raw ** (1 / found.temperature)
    np.testing.assert_allclose(one.predict_proba(X), powers / powers.sum(axis=1, keepdims=True), rtol=1e-10)
    assert all(each.calibration_ is None for each in one.estimators_)
    one.save(tmp_path / "one.st")
    np.testing.assert_array_equal(
        MLPClassifier.from_model(tmp_path / "one.st").predict_proba(X), one.predict_proba(X)
    )


@pytest.mark.parametrize("ensemble", [1, 2])
@pytest.mark.parametrize("defaults", DEFAULTS)
def test_intervals_are_of_the_errors_of_all_networks_where_there_is_a_target(
    defaults: str, ensemble: int
) -> None:
    gaps = np.stack([NUMBER, -NUMBER], axis=1)
    gaps[:100, 1] = np.nan
    rows = (X[:250], gaps[:250], np.ones(250))
    one = MLPRegressor(
        random_state=1,
        defaults=defaults,
        max_iter=20,
        ensemble=ensemble,
        calibrate=True,
        validation_data=rows,
    ).fit(X[250:], gaps[250:])
    assert one.calibration_ is not None
    assert [target.n_rows for target in one.calibration_.targets] == [250, 150]
    predicted, ends = one.predict(X[:250], return_interval=0.9)
    missed = np.sort(np.abs(predicted[:, 0] - NUMBER[:250]))
    np.testing.assert_allclose((ends[:, 0, 1] - ends[:, 0, 0]) / 2, missed[225], rtol=1e-9)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no rows": ({}, "No rows are watched"),
    "no chances": ({"early_stopping": True, "out_activation": "logistic"}, "are no chances of these classes"),
    "several": ({"early_stopping": True, "ensemble": 2}, "of the networks watches, others have learnt from"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_calibrated_is_refused(name: str) -> None:
    given, message = REFUSED[name]
    with pytest.raises(InputError, match=message) as caught:
        MLPClassifier(**given, calibrate=True, max_iter=2).fit(X, CLASSES)
    assert caught.value.parameter == "calibrate"


def test_intervals_need_a_regressor_that_was_asked_for_them() -> None:
    one = MLPRegressor(max_iter=2).fit(X, NUMBER)
    with pytest.raises(InputError, match="without looking at how far off it is") as caught:
        one.predict(X, return_interval=0.9)
    assert caught.value.parameter == "return_interval"
