"""Examples of a page, such as the README, run in a folder of their own: what they save is gone with it."""

from __future__ import annotations

from pathlib import Path

import pytest

__all__ = ["folder_of_a_page"]

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def folder_of_a_page(request: pytest.FixtureRequest) -> None:
    """Change into a folder that has the examples and nothing else."""
    if request.node.path.suffix == ".md":
        folder: Path = request.getfixturevalue("tmp_path")
        folder.joinpath("examples").symlink_to(ROOT / "examples")
        request.getfixturevalue("monkeypatch").chdir(folder)
