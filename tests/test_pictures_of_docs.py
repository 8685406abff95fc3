"""The pictures of the docs that a script draws are what it draws."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
SCRIPTS = sorted(DOCS.glob("*_picture.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_picture_is_what_its_script_draws(script: Path, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location(script.stem, script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(tmp_path)
    drawn = list(tmp_path.iterdir())
    assert drawn
    for picture in drawn:
        assert picture.read_text(encoding="utf-8") == DOCS.joinpath(picture.name).read_text(encoding="utf-8")
