"""Every plot looks as it did when somebody looked at it."""

from __future__ import annotations

import importlib.util
import itertools
import re
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.testing.compare import compare_images
from pictures import COLOURS, FOLDER, drawings, picture_of
from PIL import Image

import chainrule

# Root of the mean squared difference of colours, of 255. Another version of matplotlib sets letters otherwise
# (3.9 beside 3.11: 24 to 40), so that there is one. A line or a label that is missing is 1.1 at least.
VERSION = "3.11.2"
TOLERANCE = 1.0
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def drawn() -> dict[str, Any]:
    if mpl.__version__ != VERSION:
        pytest.skip(f"the pictures were kept by matplotlib {VERSION}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", chainrule.TrainingWarning)
        return drawings()


@pytest.mark.oracle
@pytest.mark.slow
def test_every_picture_is_as_it_was_kept(drawn: dict[str, Any], tmp_path: Path) -> None:
    assert sorted(drawn) == sorted(path.stem for path in FOLDER.glob("*.png"))
    found = []
    for name, figure in drawn.items():
        picture_of(figure).quantize(COLOURS).convert("RGB").save(tmp_path / f"{name}.png")
        kept = tmp_path / f"{name}-kept.png"
        Image.open(FOLDER / f"{name}.png").convert("RGB").save(kept)
        found.append(compare_images(str(kept), str(tmp_path / f"{name}.png"), TOLERANCE))
    assert [one for one in found if one] == []


@pytest.mark.oracle
@pytest.mark.slow
def test_a_picture_that_changed_would_be_seen(drawn: dict[str, Any]) -> None:
    pictures = {name: np.asarray(picture_of(figure), np.float64) for name, figure in drawn.items()}
    alike = [
        (one, other)
        for one, other in itertools.combinations(pictures, 2)
        if pictures[one].shape == pictures[other].shape
    ]
    assert len(alike) > 5
    for one, other in alike:
        assert np.sqrt(np.mean((pictures[one] - pictures[other]) ** 2)) > TOLERANCE, (one, other)


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")
def test_pictures_of_the_page_are_what_its_script_draws(tmp_path: Path) -> None:
    if mpl.__version__ != VERSION:
        pytest.skip(f"the pictures were kept by matplotlib {VERSION}")
    script_of_the_page().main(tmp_path)
    drawn = {path.name: content_of(path) for path in tmp_path.iterdir()}
    assert drawn == {path.name: content_of(path) for path in DOCS.glob("plots_*.svg")}


def test_pictures_of_the_page_are_labelled_by_its_words() -> None:
    told = script_of_the_page().labels()
    pictures = {path.stem.removeprefix("plots_"): path.read_bytes() for path in DOCS.glob("plots_*.svg")}
    assert sorted(told) == sorted(pictures)
    for name, words in told.items():
        assert f'aria-label="{words}"'.encode() in pictures[name]


def script_of_the_page() -> Any:
    spec = importlib.util.spec_from_file_location("plots_pictures", DOCS / "plots_pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def content_of(picture: Path) -> bytes:
    """A picture without what is compressed within it, as the machine's zlib does it."""
    return re.sub(b'data:image/png;base64,[^"]*', b"", picture.read_bytes())


def test_kept_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in FOLDER.glob("*.png")}
    assert sizes
    assert {name: size for name, size in sizes.items() if size > 25_000} == {}
