"""A display read back: as XML, which is stricter than a browser, so that nothing in it can be left open."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from chainrule.displays.style import SECOND

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST = 100_000  # characters of a display
TAGS = {
    "div", "style", "p", "span", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "dl",
    "dt", "dd", "b", "sub", "sup", "svg", "title", "text", "tspan", "path", "circle",
}  # fmt: skip
ATTRIBUTES = {
    "class", "open", "scope", "aria-label", "role", "width", "height", "viewBox", "d", "fill", "stroke",
    "stroke-width", "stroke-dasharray", "stroke-opacity", "opacity", "cx", "cy", "r", "x", "y", "text-anchor",
}  # fmt: skip


def read(page: str) -> Element:
    """The elements of a display, of which none can do or load anything, and all say what they are."""
    root = ET.fromstring(page)  # noqa: S314 (what this package has written)
    for one in root.iter():
        assert one.tag in TAGS, one.tag
        assert set(one.attrib) <= ATTRIBUTES, one.attrib
    style = root.find("style")
    assert style is not None
    assert style.text is not None
    assert "url(" not in style.text
    assert "@import" not in style.text
    for head in root.iter("th"):
        assert head.get("scope") in {"row", "col"}
    for drawn in root.iter("svg"):
        assert drawn.get("role") == "img"
        title = drawn.find("title")
        assert title is not None
        assert title.text == drawn.get("aria-label") != ""
    for line in root.iter("path"):  # what one colour says, a dash says as well
        if line.get("stroke") == SECOND:
            assert line.get("stroke-dasharray")
    return root


def text_of(one: Element) -> str:
    """Everything that is read in an element, but for the style."""
    return "".join(_texts(one))


def _texts(one: Element) -> list[str]:
    if one.tag == "style":
        return []
    found = [one.text or ""]
    for child in one:
        found += [*_texts(child), child.tail or ""]
    return found


def tables_of(root: Element) -> dict[str, list[list[str]]]:
    """The rows of each table, the head first, by what the table is called."""
    return {
        table.get("aria-label", ""): [[text_of(cell) for cell in row] for row in table.iter("tr")]
        for table in root.iter("table")
    }


def facts_of(root: Element) -> dict[str, str]:
    """Words, and what they are."""
    pairs = (
        (text_of(term), text_of(what))
        for one in root.iter("dl")
        for term, what in zip(one.findall("dt"), one.findall("dd"), strict=True)
    )
    return dict(pairs)


def shown(thing: object) -> Element:
    """What a thing shows, read back; the same each time, and not large."""
    page, again = (thing._repr_html_() for _ in range(2))  # type: ignore[attr-defined]
    assert isinstance(page, str)
    assert len(page) < MOST
    assert page == again
    return read(page)
