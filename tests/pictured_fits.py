"""Fits that the tests of plots draw, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

import chainrule

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="session")
def of_classes() -> chainrule.FitResult:
    return chainrule.fit(
        EXAMPLES / "iris.csv",
        target="species",
        hidden=8,
        epochs=120,
        seed=1,
        rate=0.02,
        validation=0.25,
        patience=8,
    )


@pytest.fixture(scope="session")
def of_numbers() -> chainrule.FitResult:
    return chainrule.fit(
        EXAMPLES / "penguins.csv",
        target="body_mass_g",
        hidden=6,
        epochs=40,
        seed=1,
        validation=0.25,
        calibrate=True,
    )


@pytest.fixture(scope="session")
def of_two_targets() -> chainrule.FitResult:
    targets = ["body_mass_g", "flipper_length_mm"]
    return chainrule.fit(EXAMPLES / "penguins.csv", target=targets, hidden=6, epochs=40, seed=1)
