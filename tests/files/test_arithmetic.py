"""Files say by which arithmetic they came about, and going on by another one is never silent."""

from __future__ import annotations

import json
import math
import pickle
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from kept_cases import FIGURES, FIT_TO_MANY, KEPT, TRAININGS, TRAININGS_ON_MANY_ROWS, many_rows

import chainrule
from chainrule import InputError, ModelFileError, Network, TrainingWarning, load_state, save
from chainrule.arithmetic import ARITHMETIC, ends_alike
from chainrule.files import model_from_bytes, model_to_bytes
from command_line import run_command
from model_documents import of_format, with_document

if TYPE_CHECKING:
    from pathlib import Path

    from chainrule import TrainingState

KEPT_FIGURES = json.loads(FIGURES.read_text(encoding="utf-8"))["arithmetic_1"]
FIRST = KEPT / "arithmetic_1"
CHECKPOINT = FIRST / "checkpoint_number.st"
SAYS = f"was kept by arithmetic 1, and this version of chainrule has arithmetic {ARITHMETIC}"
# A dozen epochs learn little.
LITTLE = "ignore:(The loss|loss_goal|.*epoch|.*held-out|.*learn):chainrule.TrainingWarning"


def state_of(name: str) -> TrainingState:
    return load_state(FIRST / f"state_{name}.st")


def said_of_arithmetic(caught: list[warnings.WarningMessage]) -> list[str]:
    return [str(one.message) for one in caught if "arithmetic" in str(one.message)]


def went_on(name: str) -> tuple[chainrule.TrainingResult, list[str]]:
    """Training that goes on from a kept state, and what was said of its arithmetic."""
    training = (TRAININGS_ON_MANY_ROWS | TRAININGS)[name]
    folder = FIRST if name in TRAININGS_ON_MANY_ROWS else KEPT / "format_2"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = training.from_kept(load_state(folder / f"state_{name}.st"))
    return result, said_of_arithmetic(caught)


# The version


def test_batches_of_up_to_512_rows_are_the_same_by_every_version_so_far() -> None:
    assert [ends_alike(1, rows) for rows in (1, 512, 513, 10**6)] == [True, True, False, False]
    assert all(ends_alike(ARITHMETIC, rows) for rows in (1, 512, 513))
    assert not any(ends_alike(ARITHMETIC + 1, rows) for rows in (1, 512, 513))


# Going on in Python


@pytest.mark.parametrize("name", TRAININGS_ON_MANY_ROWS)
def test_large_batches_go_on_by_another_arithmetic_and_say_so(name: str) -> None:
    result, said = went_on(name)
    (words,) = said
    assert SAYS in words
    assert words.endswith("the training goes on by new bits.")
    assert result.history.arithmetic == result.state.arithmetic == (1, ARITHMETIC)
    # Before, to the bit; after, the same numbers but for the order of their sums.
    kept = [float.fromhex(loss) for loss in KEPT_FIGURES[f"state_{name}"]["losses"]]
    found, n = [*result.history.loss, result.history.loss_after], len(state_of(name).epochs)
    assert found[:n] == kept[:n]
    assert len(found) == len(kept)
    assert found == pytest.approx(kept, rel=1e-5 if "float32" in name else 1e-9)


@pytest.mark.parametrize("name", ["batches_of_512", "narrow_batches_of_512", "lbfgs", "descent", "adam"])
def test_others_go_on_to_the_same_bits_and_nothing_is_said(name: str) -> None:
    result, said = went_on(name)
    assert said == []
    assert result.history.arithmetic == result.state.arithmetic == (ARITHMETIC,)


def test_a_batch_is_no_larger_than_the_table() -> None:
    state = load_state(KEPT / "format_2" / "state_descent.st")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        chainrule.train(
            state.network, *TRAININGS["descent"].samples(), rate=0.25, epochs=9, batch_size=10_000,
            resume=state.elsewhere(),
        )  # fmt: skip
    assert said_of_arithmetic(caught) == []


def test_what_numpy_adds_has_no_version() -> None:
    state = state_of("all_rows")
    training = TRAININGS_ON_MANY_ROWS["all_rows"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        given = training.given() | {"engine": "reference"}
        chainrule.train(state.network, *training.samples(), **given, resume=state)
    assert said_of_arithmetic(caught) == []


def test_it_is_said_once_for_each_crossing(tmp_path: Path) -> None:
    training = TRAININGS_ON_MANY_ROWS["all_rows"]
    result, _ = went_on("all_rows")
    save(result.state, tmp_path / "state.st")
    state = load_state(tmp_path / "state.st")
    assert state.arithmetic == (1, ARITHMETIC)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        given = training.given() | {"epochs": 9}
        longer = chainrule.train(state.network, *training.samples(), **given, resume=state)
    assert said_of_arithmetic(caught) == []
    assert longer.state.arithmetic == (1, ARITHMETIC)


def test_a_trainer_says_it_at_the_first_large_step() -> None:
    state, (X, Y) = state_of("all_rows"), TRAININGS_ON_MANY_ROWS["all_rows"].samples()
    trainer = chainrule.Trainer(state.network, rate=0.5, rule="momentum", resume=state)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trainer.step(X[:512], Y[:512])
        assert trainer.state.arithmetic == (1,)
        trainer = pickle.loads(pickle.dumps(trainer))  # noqa: S301 (its own)
    with pytest.warns(TrainingWarning, match=SAYS):
        trainer.step(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trainer.step(X, Y)
    assert trainer.state.arithmetic == (1, ARITHMETIC)


def test_a_new_training_is_by_the_arithmetic_of_today() -> None:
    trainer = chainrule.Trainer(Network.random((1, 1)), rate=0.1)
    assert trainer.state.arithmetic == (ARITHMETIC,)
    result = chainrule.train(Network.random((1, 1)), [[0.0]], [[1.0]], rate=0.1, epochs=1)
    assert result.history.arithmetic == result.state.arithmetic == (ARITHMETIC,)


# Fits


@pytest.mark.filterwarnings(LITTLE)
def test_a_fit_goes_on_and_says_so_and_strict_refuses(tmp_path: Path) -> None:
    table = many_rows(tmp_path)
    with pytest.raises(InputError, match=rf"{SAYS}.* Leave out strict to go on by new bits") as caught:
        chainrule.fit(table, resume=CHECKPOINT, strict=True)
    assert caught.value.parameter == "resume"
    with pytest.warns(TrainingWarning, match=SAYS):
        model = chainrule.fit(table, resume=CHECKPOINT).model
    assert model.training is not None
    assert model.training.arithmetic == (1, ARITHMETIC)
    state = load_state(CHECKPOINT)
    with pytest.raises(InputError, match=SAYS):
        chainrule.fit(table, **FIT_TO_MANY, dates=[], resume=state, strict=True)
    with pytest.raises(InputError, match="strict is 'maybe'"):
        chainrule.fit(table, resume=CHECKPOINT, strict="maybe")


@pytest.mark.filterwarnings(LITTLE)
def test_a_fit_of_today_goes_on_under_strict(tmp_path: Path) -> None:
    table = many_rows(tmp_path)
    half = chainrule.fit(
        table, **FIT_TO_MANY, on_epoch=lambda one: one.stop() if len(one.epochs) == 3 else None
    )
    save(replace(half.model, state=half.training.state), tmp_path / "half.st")
    whole = chainrule.fit(table, **FIT_TO_MANY)
    again = chainrule.fit(table, resume=tmp_path / "half.st", strict=True)
    assert again.model.training is not None
    assert again.model.training.arithmetic == (ARITHMETIC,)
    for ours, theirs in zip(again.model.network.weights, whole.model.network.weights, strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_the_command_goes_on_and_says_so(tmp_path: Path) -> None:
    table, out = many_rows(tmp_path), tmp_path / "model.st"
    copy = tmp_path / "many.checkpoint.st"
    copy.write_bytes(CHECKPOINT.read_bytes())
    refused = run_command("fit", table, "--resume", copy, "--out", out, "--strict")
    assert refused.code == 2
    assert SAYS in refused.err
    assert "Leave out --strict to go on by new bits, or --resume to start anew" in refused.err
    assert not out.exists()
    done = run_command("fit", table, "--resume", copy, "--out", out, "--json")
    assert done.code == 0
    assert done.err.count(SAYS) == 1
    assert json.loads(done.out)["arithmetic"] == [1, ARITHMETIC]
    kept = [float.fromhex(loss) for loss in KEPT_FIGURES["checkpoint_number"]["losses"]]
    found = json.loads(done.out)
    assert [*found["loss_of_epochs"], found["loss"]] == pytest.approx(kept, rel=1e-9)


def test_show_tells_the_arithmetic(tmp_path: Path) -> None:
    table, out = many_rows(tmp_path), tmp_path / "model.st"
    assert "for `chainrule fit --resume`" in run_command("show", CHECKPOINT).out
    assert "after 3 epochs, by arithmetic 1, for" in run_command("show", CHECKPOINT).out
    assert "after 3 epochs, by arithmetic 1, for" in run_command("show", FIRST / "state_all_rows.st").out
    run_command("fit", table, "--resume", CHECKPOINT, "--out", out)
    assert f"seed 0, by arithmetic 1, then {ARITHMETIC}\n" in run_command("show", out).out
    repeated = run_command("show", "--command", out)
    assert f"was trained by arithmetic 1, and this version has arithmetic {ARITHMETIC}" in repeated.err
    run_command(
        "fit", table, "--target", "y", "--epochs", "2", "--batch-size", "1000", "--out", out, "--force"
    )
    assert f"seed 0, by arithmetic {ARITHMETIC}\n" in run_command("show", out).out
    assert json.loads(run_command("show", "--json", out).out)["training"]["arithmetic"] == [ARITHMETIC]
    assert "arithmetic" not in run_command("show", "--command", out).err


# Files


def tiny() -> TrainingState:
    return chainrule.train(Network.random((1, 1)), [[0.0], [1.0]], [[1.0], [0.0]], rate=0.1, epochs=2).state


def test_a_file_that_does_not_say_so_is_of_the_first() -> None:
    content = model_to_bytes(tiny())
    older = with_document(content, lambda document: of_format(document, 4))
    state = model_from_bytes(older).state
    assert state is not None
    assert state.arithmetic == (1,)


@pytest.mark.parametrize("value", [None, 1, "1", [], [0], [-1], [1.5], [True], ["1"], [[1]], {}, [2, None]])
def test_versions_that_are_none_are_refused(value: Any) -> None:  # noqa: ANN401 (JSON)
    content = model_to_bytes(tiny())
    with pytest.raises(ModelFileError):
        model_from_bytes(with_document(content, lambda document: document["state"].update(arithmetic=value)))
    content = CHECKPOINT.read_bytes()
    with pytest.raises(ModelFileError):
        model_from_bytes(
            with_document(content, lambda document: document["training"].update(arithmetic=value))
        )


def test_the_arithmetic_of_a_later_version_is_read_and_is_another_one() -> None:
    def later(document: dict[str, Any]) -> None:
        document["state"]["arithmetic"] = [ARITHMETIC + 1]

    state = model_from_bytes(with_document(model_to_bytes(tiny()), later)).state
    assert state is not None
    X, Y = np.array([[0.0], [1.0]]), np.array([[1.0], [0.0]])
    with pytest.warns(TrainingWarning, match=rf"arithmetic {ARITHMETIC + 1}, and this version"):
        result = chainrule.train(state.network, X, Y, rate=0.1, epochs=4, resume=state)
    assert result.state.arithmetic == (ARITHMETIC + 1, ARITHMETIC)
    assert math.isfinite(result.history.loss_after)
