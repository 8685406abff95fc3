"""A setting is defined once: whatever speaks of it says what its definition says."""

from __future__ import annotations

import inspect
import math
import re
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

import pytest

import chainrule
from chainrule import InputError, UnknownNameError
from chainrule.models import TrainingRecord
from chainrule.settings import FitSettings, Setting, Settings, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable

OF_TRAINING, OF_FIT = list(settings_of(Settings)), list(settings_of(FitSettings))
each_setting = pytest.mark.parametrize("setting", OF_FIT, ids=lambda one: one.name)
WRONG: dict[str, list[Any]] = {
    "NUMBER": [-1.0, math.nan, math.inf, "x", True],
    "SHARE": [-0.1, 1.0, math.nan, "x"],
    "N": [-1, 1.5, "x", True],
    "NAME": ["no_such_name", 3],
    "UNITS": [0, (1, -1), "x"],
    "FACTORS": ["x", "ntp,", 0.0, [1.0, -1.0], math.nan, True, []],
    "WEIGHTS": ["x", {"a": 0.0}, 3],
    "LAYERS": ["no_such_layer", ("scale", 3), 3],
    "": ["x", 2, None],
}


def test_every_field_has_a_definition_and_a_record_no_other() -> None:
    assert [one.name for one in OF_FIT] == [field.name for field in fields(FitSettings)]
    facts = {
        "n_training_rows",
        "epochs_run",
        "stopped_by",
        "final_loss",
        "majority",
        "best_epoch",
        "beside",
        "arithmetic",
        "seed_of_rows",
        "choice",
    }
    assert {field.name for field in fields(TrainingRecord)} == {one.name for one in OF_FIT} | facts


@each_setting
def test_definition_says_everything(setting: Setting) -> None:
    assert setting.meaning.endswith(".")
    assert setting.values or not setting.takes
    assert setting.about in {"Network", "Training", "Rows"}
    is_off = setting.takes == "" and setting.default is True
    assert setting.option == f"--{'no-' * is_off}{setting.name.replace('_', '-')}"
    assert setting.is_switched_off == bool(setting.switch) == is_off


@each_setting
def test_what_is_out_of_range_is_refused_with_the_name_of_the_setting(setting: Setting) -> None:
    for value in WRONG[setting.takes]:
        given = {"epochs": 1, "rate": 0.1, setting.name: value}
        with pytest.raises(InputError) as caught:
            FitSettings(**given)
        assert caught.value.parameter == setting.name or isinstance(caught.value, UnknownNameError)


def test_arguments_of_train_have_the_defaults_of_the_definitions() -> None:
    parameters = inspect.signature(chainrule.train).parameters
    for one in OF_TRAINING:
        default = parameters[one.name].default
        assert default == (inspect.Parameter.empty if one.default is MISSING else one.default), one.name


@each_setting
def test_docstrings_and_help_are_made_from_it(
    setting: Setting, chainrule_command: Callable[..., Any]
) -> None:
    def words(text: str) -> str:
        return " ".join(re.sub("[│╭╰─╮╯]", " ", text).split())

    if setting.name not in {"seed", "held_out", "validation"}:  # which `fit` has arguments of its own for
        assert words(setting.text) in words(chainrule.fit.__doc__ or "")
    if setting in OF_TRAINING:
        assert words(setting.text) in words(chainrule.train.__doc__ or "")
    if setting.name == "recipe":  # which follows from the defaults
        return
    help_text = words(chainrule_command("fit", "--help").out)
    assert setting.option in help_text
    assert words(setting.switch or setting.meaning)[:25] in help_text


def test_a_name_that_is_no_setting_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(UnknownNameError, match=r"There is no setting 'epoch'\. Did you mean 'epochs'"):
        chainrule.fit("examples/iris.csv", target="species", epoch=3)
