"""The docs as a visitor gets them: built once, and opened in a browser that reaches their files alone."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urldefrag

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Page", "browser_page", "pages_of", "site"]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that SITE names, or the docs built in a new one."""
    if folder := os.environ.get("SITE"):
        return Path(folder)
    for package in ("sphinx", "furo", "myst_parser", "latex2mathml"):
        pytest.importorskip(package)
    built = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs", str(built)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return built


@pytest.fixture(scope="module")
def browser_page(browser: Any) -> Any:
    """A page of a browser without a window."""
    return browser.new_page()


def pages_of(folder: Path) -> list[str]:
    """Every page, by its path in the folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))


@dataclass
class Page(HTMLParser):
    """What a page has that others can link to, and what it links to."""

    path: Path
    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 (its parent's)
        """Keep anchors and links."""
        for name, value in attrs:
            if name == "id" and value:
                self.twice += [value] * (value in self.anchors)
                self.anchors.add(value)
            elif (
                name in {"href", "src"}
                and value
                and "//" not in value
                and not value.startswith(("data:", "mailto:"))
            ):
                self.links.append(value)

    def targets(self) -> Iterator[tuple[str, Path, str]]:
        """Each link with the file and the anchor that it leads to."""
        for link in self.links:
            address, anchor = urldefrag(link)
            place = unquote(address.partition("?")[0])
            yield link, (self.path.parent / place).resolve() if place else self.path, unquote(anchor)
