"""Pictures of the docs: told in words, drawn as SVG, and with colours of their own for the dark."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.joinpath("docs").rglob("*.md")]
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
CODE = re.compile(r"^(```+|~~~+).*?^\1$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
# Names of XML look like addresses and are none.
FOREIGN = re.compile(r"""(?:href|src)\s*=\s*["']?https?:|url\(["']?https?:""")


def images() -> list[tuple[Path, str, str]]:
    """Each image of each page: the page, the words and the address."""
    pages = ((page, CODE.sub("", page.read_text(encoding="utf-8"))) for page in PAGES)
    return [(page, words, address) for page, text in pages for words, address in IMAGE.findall(text)]


def test_every_image_is_told_in_words_and_is_there() -> None:
    assert len(images()) >= 5
    for page, words, address in images():
        assert len(words.split()) > 3, f"{page}: {address}"
        assert page.parent.joinpath(address).is_file(), f"{page}: {address}"


@pytest.mark.parametrize("path", sorted(ROOT.joinpath("docs").rglob("*.svg")), ids=lambda path: path.name)
def test_every_drawing_scales_and_stands_alone(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    root = ET.fromstring(text)  # noqa: S314 (a file of this repository)
    assert root.get("viewBox")
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert not FOREIGN.search(text)
    if path.name.startswith("performance_"):
        assert set(re.findall(r"text\{[^}]*fill:(#\w+)", text)) == {
            "#777"
        }  # legible on light and on dark paper
    elif path.name.startswith("plots_"):  # as the program draws it, on paper of its own
        assert "fill: #ffffff" in text
    else:
        assert 'class="paper"' in text
        assert "prefers-color-scheme:dark" in text
