"""Every page of the site, in a browser without a network: whole, and legible, on a telephone too."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from built_site import Page, browser_page, pages_of, site

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["browser_page", "site"]

pytestmark = pytest.mark.oracle

SCREEN, TELEPHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
OTHER_WIDTHS = (1450, 1400, 1190, 1024)  # on either side of the theme's own bounds
# Pages in the dark, on a telephone: each has what others have not, such as formulas, code or pictures.
IN_THE_DARK = {
    f"{name}.html"
    for name in (
        "index",
        "derivation",
        "options",
        "errors",
        "getting-started",
        "performance",
        "symmetry",
        "tables",
    )
}
# What axe-core looks at: a whole page, its text, or of a page that would take long a section like the others.
PAGE, TEXT_ALONE, SECTIONS = "html", "[role=main], main", {"reference.html": "#first-weights"}
LATEX = re.compile(r"\\[a-zA-Z(\[]+|\$\$|\$[^\s$]+\$")
TEXT = """() => {
    const copy = document.body.cloneNode(true);
    copy.querySelectorAll("pre, code, script, style").forEach(one => one.remove());
    return copy.textContent;
}"""
WIDTHS = "() => [document.scrollingElement.scrollWidth, innerWidth]"
AXE = """async (part) => {
    // What follows a change of the window is done before the next frame is drawn.
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const found = await axe.run(part, {resultTypes: ["violations"], preload: false});
    return found.violations.filter(one => ["serious", "critical"].includes(one.impact)).map(
        one => `${one.id}: ${one.nodes.slice(0, 3).map(node => node.html.slice(0, 200)).join(" | ")}`);
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The checks of axe-core, from the file that AXE_CORE names."""
    path = os.environ.get("AXE_CORE")
    if not path:
        pytest.skip("AXE_CORE names no axe.min.js")
    return Path(path).read_text(encoding="utf-8")


def test_every_page_is_whole_and_legible(site: Path, browser_page: Any, axe: str) -> None:
    heard: list[str] = []
    browser_page.on(
        "console", lambda one: heard.append(one.text) if one.type in {"error", "warning"} else None
    )
    browser_page.on("pageerror", lambda error: heard.append(str(error)))
    browser_page.on(
        "request", lambda one: None if one.url.startswith(("file:", "data:")) else heard.append(one.url)
    )
    faults = []
    assert IN_THE_DARK | set(SECTIONS) <= set(pages_of(site))
    for name in pages_of(site):
        faults += [
            f"{name}: {fault}"
            for fault in faults_of(site / name, browser_page, axe, dark=name in IN_THE_DARK)
        ]
        faults += [f"{name}: {words}" for words in heard]
        heard.clear()
    assert not faults, "\n".join(faults)


def faults_of(path: Path, page: Any, axe: str, *, dark: bool) -> Iterator[str]:
    """What is wrong with a page: in the light on a screen, and on a telephone, maybe in the dark."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(SCREEN)
    page.goto(path.as_uri())
    yield from (f"LaTeX as it is typed: {latex}" for latex in LATEX.findall(page.evaluate(TEXT)))
    yield from _too_wide(page)
    page.evaluate(axe)
    yield from page.evaluate(AXE, PAGE if dark else SECTIONS.get(path.name, TEXT_ALONE))
    page.set_viewport_size(TELEPHONE)
    yield from _too_wide(page)
    if dark:
        for width in OTHER_WIDTHS:
            page.set_viewport_size({**SCREEN, "width": width})
            yield from _too_wide(page)
        page.set_viewport_size(TELEPHONE)
        page.emulate_media(color_scheme="dark")
        yield from (f"in the dark, {fault}" for fault in page.evaluate(AXE, PAGE))


def _too_wide(page: Any) -> Iterator[str]:
    needs, has = page.evaluate(WIDTHS)
    if needs > has:
        yield f"is {needs} wide on a screen of {has}"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (r"<p>a formula \(x\)</p>", "LaTeX"),
        (r"<p>as in $\frac{1}{2}$</p>", "LaTeX"),
        ("<div style='width: 1300px'>wide</div>", "is 1300 wide on a screen of 1280"),
        ("<div style='width: 1030px'>wide</div>", "is 1030 wide on a screen of 1024"),
        ("<div style='width: 400px'>wide</div>", "is 400 wide on a screen of 390"),
        ("<p style='color: #999; background: #fff'>pale</p>", "color-contrast"),
        (
            "<style>@media (prefers-color-scheme: dark) {p {color: #333; background: #000}}</style><p>it</p>",
            "in the dark",
        ),
        ("<img src='data:,'>", "image-alt"),
    ],
)
def test_faults_are_found(written: str, found: str, tmp_path: Path, browser_page: Any, axe: str) -> None:
    page = tmp_path / "page.html"
    begin = "<!doctype html><html lang=en><title>t</title><meta name=viewport content='width=device-width'>"
    page.write_text(
        f"{begin}<body style='margin: 0'><main><h1>t</h1>{written}</main></body></html>", encoding="utf-8"
    )
    faults = list(faults_of(page, browser_page, axe, dark=True))
    assert any(found in fault for fault in faults), faults


def test_no_link_leads_nowhere(site: Path) -> None:
    pages = {(site / name).resolve(): Page(site / name) for name in pages_of(site)}
    lost = [
        f"{path.name}: {link}"
        for path, page in pages.items()
        for link, file, anchor in page.targets()
        if not file.is_file() or (anchor and file in pages and anchor not in pages[file].anchors)
    ]
    assert len(pages) > 50
    assert sum(len(page.links) for page in pages.values()) > 5000
    assert not lost
    assert not [f"{path.name}: {page.twice}" for path, page in pages.items() if page.twice]


def test_links_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p id=a><p id=a><a href='#b'>b</a><a href='other.html#c'>c</a>", encoding="utf-8")
    found = Page(page)
    assert found.twice == ["a"]
    assert [(file.name, anchor) for _, file, anchor in found.targets()] == [
        ("page.html", "b"),
        ("other.html", "c"),
    ]


def test_every_number_of_an_equation_is_that_of_its_label(site: Path) -> None:
    shown: dict[str, str] = {}
    for name in pages_of(site):
        text = (site / name).read_text(encoding="utf-8")
        shown |= dict(re.findall(r'id="equation-eq-(\d+)".*?<span class="eqno">\((\d+)\)<', text, re.DOTALL))
        references = re.findall(r'href="[^"]*#equation-eq-(\d+)"[^>]*>\((\d+)\)<', text)
        assert all(label == number for label, number in references), name
    assert list(shown.items()) == [(number, number) for number in shown]
    assert sorted(map(int, shown)) == list(range(1, len(shown) + 1))
    assert len(shown) > 70
