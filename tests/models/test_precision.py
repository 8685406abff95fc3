"""A network in float32: encoded in double and rounded last, and every command takes it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule import InputError
from chainrule.models.learning import parted, start_network
from chainrule.settings import FitSettings, Settings, settings_of
from command_line import run_command

pytestmark = [
    pytest.mark.usefixtures("one_database"),
    pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning"),
    pytest.mark.filterwarnings("ignore::chainrule.TableWarning"),
]

EXAMPLES = Path(__file__).parents[2] / "examples"
IRIS, FLATS = EXAMPLES / "iris.csv", EXAMPLES / "flats.csv"
CASES: list[tuple[Path, dict[str, Any]]] = [
    (IRIS, {"target": "species", "epochs": 20}),
    (IRIS, {"target": "species", "epochs": 20, "defaults": "notes"}),
    (FLATS, {"target": "rent", "epochs": 20}),
    (FLATS, {"target": "rent", "epochs": 20, "defaults": "notes"}),
]
each_case = pytest.mark.parametrize(("table", "given"), CASES)
some_cases = pytest.mark.parametrize(
    ("table", "given"),
    [CASES[0], *(pytest.param(*one, marks=pytest.mark.slow) for one in CASES[1:3]), CASES[3]],
)


def fit(table: Path, given: dict[str, Any], dtype: str) -> chainrule.FitResult:
    return chainrule.fit(table, **given, dtype=dtype)


@each_case
def test_encoding_is_the_same_and_rounded_last(table: Path, given: dict[str, Any]) -> None:
    double, single = fit(table, given, "float64"), fit(table, given, "float32")
    assert single.data.encoding == double.data.encoding
    assert single.data.X.dtype == single.data.Y.dtype == np.float64
    assert single.data.X.tobytes() == double.data.X.tobytes()
    assert single.data.Y.tobytes() == double.data.Y.tobytes()
    # Training is that of the rounded arrays, from first weights that were rounded, too.
    record = single.model.training
    assert record is not None
    start = start_network(single.data, record.settings)
    rows = parted(single.data, record.settings)[0]
    first = start_network(double.data, replace(record.settings, dtype="float64"))
    for ours, theirs in zip(start.weights, first.weights, strict=True):
        assert ours.tobytes() == theirs.astype(np.float32).tobytes()
    names = {one.name for one in settings_of(Settings)}
    settings = {name: value for name, value in vars(record.settings).items() if name in names}
    X, Y = single.data.X[rows].astype(np.float32), single.data.Y[rows].astype(np.float32)
    result = chainrule.train(start, X, Y, **settings)
    for ours, theirs in zip(result.network.weights, single.model.network.weights, strict=True):
        assert ours.tobytes() == theirs.tobytes()


@each_case
def test_predictions_are_those_of_the_rounded_inputs(table: Path, given: dict[str, Any]) -> None:
    result = fit(table, given, "float32")
    model, used = result.model, result.data.table
    assert model.encoding is not None
    outputs = model.network(model.encoding.encode_inputs(used).astype(np.float32))
    assert outputs.dtype == np.float32
    (name,) = model.encoding.target_names
    found = model.predict(used)[name]
    assert found.tolist() == np.ravel(model.encoding.decode_outputs(outputs)).tolist()


@some_cases
def test_every_command_takes_such_a_model(table: Path, given: dict[str, Any], tmp_path: Path) -> None:
    out, options = tmp_path / "model.st", [f"--{name}={value}" for name, value in given.items()]
    fitted = run_command("fit", table, *options, "--dtype", "float32", "--out", out, "--json")
    assert fitted.code == 0
    assert json.loads(fitted.out)["dtype"] == "float32"
    again = run_command("fit", table, *options, "--dtype", "float32", "--out", out, "--force")
    assert "--dtype float32" in " ".join(again.out.split())
    shown = run_command("show", out)
    assert ", float32; " in shown.out
    assert "--dtype float32" in " ".join(shown.out.split())
    for command in (("predict",), ("score",), ("check",), ("trace", "--row", "1")):
        done = run_command(command[0], out, table, *command[1:])
        assert done.code == 0, done.err
    assert "Gradient check passed" in run_command("check", out, table).out
    # Nothing is said of the usual one.
    usual = run_command("fit", table, *options, "--out", tmp_path / "usual.st")
    assert "--dtype" not in usual.out


@pytest.mark.parametrize("rule", ["lbfgs", "levenberg_marquardt"])
def test_rules_that_compare_last_digits_have_float64_by_themselves(rule: str) -> None:
    given: dict[str, Any] = {
        "target": "species",
        "hidden": 3,
        "loss": "rss",
        "output": "identity",
        "epochs": 2,
        "rule": rule,
    }
    assert chainrule.fit(IRIS, **given).model.network.dtype == np.float64
    with pytest.raises(InputError, match=f"The network is float32 but the update rule {rule} needs float64"):
        chainrule.fit(IRIS, **given, dtype="float32")


@pytest.mark.parametrize("defaults", ["modern", "notes"])
def test_the_default_is_float64(defaults: str) -> None:
    """As decision 0031 says, with the figures."""
    assert FitSettings(rate=0.1, epochs=1).dtype == "float64"
    result = chainrule.fit(IRIS, target="species", epochs=1, defaults=defaults)
    assert result.model.network.dtype == np.float64
