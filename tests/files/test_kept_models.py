"""Files that earlier versions wrote are read for good: they predict and train on to the same bits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from kept_cases import (
    FIGURES,
    FITS,
    KEPT,
    SHOPS,
    TRAININGS,
    facts,
    facts_of_fit,
    keeps_its_bits,
    numbers,
    predicted,
    sha256,
)

import chainrule
from chainrule import Model, Network, TrainingState
from model_documents import of_format, with_document

if TYPE_CHECKING:
    from pathlib import Path

# That trainings of a dozen epochs learnt little, or that L-BFGS goes on by new bits.
pytestmark = pytest.mark.filterwarnings("ignore::chainrule.errors.TrainingWarning")

KEPT_FIGURES: dict[str, dict[str, Any]] = json.loads(FIGURES.read_text(encoding="utf-8"))
FIRST, SECOND = KEPT_FIGURES["format_1"], KEPT_FIGURES["format_2"]
BY_LBFGS = [name for name in TRAININGS if "lbfgs" in name]
FITS_BY_LBFGS = [name for name in FITS if "lbfgs" in name]
FILES = [
    f"{folder}/{name}"
    for folder in ("format_1", "format_2", "format_3", "format_4", "format_5", "lbfgs", "arithmetic_1")
    for name in KEPT_FIGURES[folder]
]
# Of format 2, since L-BFGS keeps its steps.
WITH_STEPS = KEPT_FIGURES["lbfgs"]


def path_of(file: str) -> Path:
    return KEPT / f"{file}.st"


def figures_of(file: str) -> dict[str, Any]:
    folder, name = file.split("/")
    return KEPT_FIGURES[folder][name]  # type: ignore[no-any-return]


def test_no_file_is_without_figures() -> None:
    assert sorted(FILES) == sorted(
        path.relative_to(KEPT).with_suffix("").as_posix() for path in KEPT.rglob("*.st")
    )


# Loading and predicting


@pytest.mark.parametrize("file", [file for file in FILES if "outputs" in figures_of(file)])
def test_a_network_gives_the_outputs_that_it_gave(file: str) -> None:
    net = chainrule.load_model(path_of(file)).network
    name = file.rpartition("/state_")[-1]
    X = TRAININGS[name].samples()[0] if name in TRAININGS else numbers(20, net.sizes[0])
    assert sha256([net(X)]) == figures_of(file)["outputs"]


@pytest.mark.parametrize("file", [file for file in FILES if "predicted" in figures_of(file)])
def test_a_model_predicts_what_it_predicted(file: str) -> None:
    assert predicted(chainrule.load_model(path_of(file))) == figures_of(file)["predicted"]


@pytest.mark.filterwarnings("ignore::chainrule.errors.TableWarning")
@pytest.mark.parametrize("file", [file for file in FILES if "predicted_shops" in figures_of(file)])
def test_a_model_predicts_what_it_predicted_of_shops(file: str) -> None:
    model = chainrule.load_model(path_of(file))
    assert predicted(model, SHOPS) == figures_of(file)["predicted_shops"]


@pytest.mark.parametrize("file", FILES)
def test_a_file_gives_back_what_was_saved_in_it(file: str) -> None:
    kinds = {"network": Network, "model": Model, "checkpoint": Model, "state": TrainingState}
    assert type(chainrule.load(path_of(file))) is kinds[file.rpartition("/")[2].partition("_")[0]]


def test_a_record_keeps_what_was_given_beside_the_table() -> None:
    record = chainrule.load_model(path_of("format_4/model_of_rows_that_count")).training
    assert record is not None
    assert (record.dtype, record.engine, record.beside) == ("float32", "reference", ("sample_weight",))
    older = chainrule.load_model(path_of("format_3/model_shops_1")).training
    assert older is not None
    assert (older.dtype, older.engine, older.beside) == ("float64", "compiled", ())


# Saving again


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_an_older_format_is_saved_in_today_s_and_says_the_same(file: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.st", tmp_path / "second.st"
    model = chainrule.load_model(path_of(file))
    chainrule.save(model, first)
    again = chainrule.load_model(first)
    chainrule.save(again, second)
    assert first.read_bytes() == second.read_bytes()
    assert sha256(again.network.weights) == sha256(model.network.weights)
    assert (again.encoding, again.training, again.report) == (model.encoding, model.training, model.report)


# Training on


@pytest.mark.parametrize("name", [name for name in TRAININGS if name not in BY_LBFGS])
def test_a_training_goes_on_as_it_did(name: str) -> None:
    training, exact = TRAININGS[name], keeps_its_bits(TRAININGS[name].settings)
    result = training.from_kept(chainrule.load_state(path_of(f"format_2/state_{name}")))
    assert_as_kept(facts(result, exact=exact), SECOND[f"state_{name}"]["went_on"], exact=exact)


@pytest.mark.parametrize("name", [name for name in FITS if name not in FITS_BY_LBFGS])
def test_the_command_goes_on_with_a_fit_as_it_did(name: str, tmp_path: Path) -> None:
    exact = keeps_its_bits(FITS[name].settings)
    found = facts_of_fit(path_of(f"format_2/checkpoint_{name}"), tmp_path / "model.st", exact=exact)
    assert_as_kept(found, SECOND[f"checkpoint_{name}"]["went_on"], exact=exact)


@pytest.mark.parametrize("name", BY_LBFGS)
def test_l_bfgs_goes_on_to_a_loss_that_is_no_higher(name: str) -> None:
    state = chainrule.load_state(path_of(f"format_2/state_{name}"))
    with pytest.warns(chainrule.TrainingWarning, match="goes on from its weights, by new bits"):
        history = TRAININGS[name].from_kept(state).history
    assert history.loss[: len(state.epochs)] == tuple(epoch.loss for epoch in state.epochs)
    assert len(history.epochs) > len(state.epochs)
    assert history.loss_after < state.epochs[-1].loss


@pytest.mark.parametrize("name", FITS_BY_LBFGS)
def test_the_command_goes_on_by_l_bfgs_to_a_loss_that_is_no_higher(name: str, tmp_path: Path) -> None:
    path = path_of(f"format_2/checkpoint_{name}")
    state, found = chainrule.load_state(path), facts_of_fit(path, tmp_path / "model.st", exact=False)
    assert found["epochs_run"] > len(state.epochs)
    assert float.fromhex(found["losses"][0]) < state.epochs[-1].loss


@pytest.mark.parametrize("name", WITH_STEPS)
def test_l_bfgs_goes_on_from_its_steps_as_it_did(name: str, tmp_path: Path) -> None:
    path = path_of(f"lbfgs/{name}")
    state = chainrule.load_state(path)
    found = facts(TRAININGS[name.removeprefix("state_")].from_kept(state), exact=True)
    assert_as_kept(found, WITH_STEPS[name]["went_on"], exact=True)
    chainrule.save(state, tmp_path / "again.st")  # in the format of today
    again = (tmp_path / "again.st").read_bytes()
    assert with_document(again, lambda document: of_format(document, 2)) == path.read_bytes()


def assert_as_kept(found: dict[str, Any], kept: dict[str, Any], *, exact: bool) -> None:
    """The same bits; but for rounding the same numbers where the machine's NumPy has computed them."""
    assert found.keys() == kept.keys()
    for name, value in kept.items():
        if name == "scores" or (not exact and isinstance(value, list)):
            assert floats(found[name]) == pytest.approx(floats(value), rel=1e-9, abs=1e-12)
        else:
            assert found[name] == value


def floats(values: Any) -> list[float]:  # noqa: ANN401 (numbers, or text that has all bits of one, in lists)
    if isinstance(values, list):
        return [number for part in values for number in floats(part)]
    if values is None:
        return []
    return [float.fromhex(values) if isinstance(values, str) else values]
