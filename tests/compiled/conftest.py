"""Arithmetic is what these tests look at: whether a network learnt anything from random numbers is not."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/compiled" in item.path.as_posix():
            item.add_marker(pytest.mark.filterwarnings("ignore::chainrule.errors.TrainingWarning"))
