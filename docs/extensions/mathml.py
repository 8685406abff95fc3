"""Formulas as MathML, made when the pages are built: no page needs a script or the network to show them.

latex2mathml turns LaTeX into MathML; what it leaves open is settled here as TeX has it: which letters are
one name, which signs are signs and which are letters, and where space stands. A formula that it does not
understand ends the build with its place.
"""

from __future__ import annotations

import html
import re
from functools import cache
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, tostring

from docutils import nodes
from docutils.utils import get_source_line
from latex2mathml.converter import convert_to_element
from sphinx.errors import SphinxError
from sphinx.util.math import get_node_equation_number

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

__all__ = ["FormulaError", "mathml", "setup"]

# Two commands of one sign: until they are signs again, characters stand for them that nothing else uses.
BARS = {"\\lvert": "\ue000", "\\rvert": "\ue001"}
LETTERS = set("\u2202\u221e\u22a4\u2026\u2207")  # of partial slopes, infinity and the like are no operators
SIGNS = set(":;\u00b1\u2032")  # nor are colons and primes letters
OPENING, CLOSING = set("([{\u230a\u2308\ue000"), set(")]}\u230b\u2309\ue001")
UNARY = set("+\u2212\u00b1")
SPACES = {",": "0.25em", ";": "0.25em", "/": "0"}  # after a sign, with none before it
LINES = {"\u2015", "\u00af"}  # above a letter
PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
SCRIPTS = set(PARTS) - {"mfrac", "mroot"}
LARGE = set("\u2211\u220f")  # ∑ ∏
SUMMED = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
THIN = "0.167em"


class FormulaError(SphinxError):
    """A formula that cannot be shown."""

    category = "Formula error"


@cache
def mathml(latex: str, *, is_block: bool) -> str:
    """MathML of a formula; its LaTeX stands in `alttext`, for what reads no MathML.

    Raises
    ------
    FormulaError
        It has what cannot be converted.
    """
    text = source = " ".join(latex.split())
    for command, sign in BARS.items():
        source = re.sub(rf"{re.escape(command)}(?![A-Za-z])", sign, source)
    source = re.sub(r"\\mathrm\{(\w)\}", r"\\mathrm{ \1 }", source)  # else it is a letter like any other
    if is_block and ("\\\\" in source or "&" in source):
        source = rf"\begin{{split}}{source}\end{{split}}"
    try:
        formula = convert_to_element(source, display="block" if is_block else "inline")
    except Exception as error:
        raise FormulaError(f"{text}: {type(error).__name__} {error}") from error
    _refuse_what_is_lost(formula, text)
    for mend in (_mark_function, _join_letters, _settle, _set_signs, _set_functions, _draw_together):
        for one in list(formula.iter()):
            mend(one)
    formula.set("alttext", text)
    return tostring(formula, encoding="unicode")


def _refuse_what_is_lost(formula: Element, text: str) -> None:
    """Raise FormulaError for what latex2mathml passes over, or hands on as it stands."""
    if text.count("{") != text.count("}"):
        raise FormulaError(f"{text}: a brace is missing")
    for one in formula.iter():
        one.text = html.unescape(one.text or "")
        if one.text.startswith("\\") or one.text == "&":
            raise FormulaError(f"{text}: there is no way to show {one.text}")
        if len(one) != PARTS.get(one.tag, len(one)):
            raise FormulaError(f"{text}: a part is missing")


def _mark_function(one: Element) -> None:
    """Mark what came as a name of several letters, as ln and sign do: those of mathrm come one by one."""
    if one.tag in {"mi", "mo"} and len(one.text or "") > 1 and (one.text or "").isalpha():
        one.tag = "mi"
        one.set("class", "function")


def _join_letters(row: Element) -> None:
    """Make one name of upright letters that stand side by side, as in RSS."""
    before: Element | None = None
    for one in list(row):
        is_letter = one.tag == "mi" and one.get("mathvariant") == "normal"
        if is_letter and before is not None:
            before.text = f"{before.text}{one.text}"
            before.attrib.pop("mathvariant", None)  # several letters are upright by themselves
            row.remove(one)
        else:
            before = one if is_letter else None


def _settle(one: Element) -> None:
    """Make letters of what are letters, signs of what are signs, and lines and tables as TeX has them."""
    text = one.text or ""
    if one.tag == "mo" and text in LETTERS:
        one.tag = "mi"
    elif one.tag == "mi" and (text in SIGNS or text in OPENING | CLOSING):
        one.tag = "mo"
    if one.tag == "mo" and text in OPENING | CLOSING:
        form = "prefix" if text in OPENING else "postfix"
        one.attrib = {"form": form, "stretchy": "false"} | one.attrib
        one.text = "|" if text in BARS.values() else text
    elif one.tag == "mo" and text in SPACES:
        one.attrib |= {"lspace": "0", "rspace": SPACES[text]}
    if one.tag == "mover" and one[-1].tag == "mo":
        is_line = one[-1].text in LINES
        one.set("accent", "true")
        one[-1].text = "\u203e" if is_line else one[-1].text
        one[-1].attrib = {"stretchy": "true" if is_line else "false"}
    if one.tag in SUMMED and one[0].text in LARGE:
        one.tag = SUMMED[one.tag]  # they stand beside it by themselves where a line is low
    if one.tag == "mi" and "\u0391" <= text <= "\u03a9":
        one.set("mathvariant", "normal")  # large Greek letters are upright
    if one.tag == "mtable" and one.find("mtr/mtd[@columnalign='right']") is not None:
        one.attrib |= {"displaystyle": "true", "class": "aligned"}


def _set_signs(row: Element) -> None:
    """Join :=, and let a sign before a number stand close to it."""
    before: Element | None = None
    for one in [each for each in row if not _is_space(each)]:
        text, last = one.text or "", "" if before is None else before.text or ""
        if text == "=" and last == ":" and before is not None:
            row.remove(before)
            one.text = ":="
        elif text in UNARY and (before is None or (before.tag == "mo" and not _closes(before))):
            one.set("form", "prefix")
        before = one


def _set_functions(row: Element) -> None:
    """Set a thin space on either side of a function's name, where no bracket or sign stands there."""
    for one in list(row) if row.tag in {"mrow", "mtd", "mstyle"} else []:
        name = one[0] if one.tag in SCRIPTS else one
        if name.get("class") != "function":
            continue
        at = list(row).index(one)
        after = row[at + 1] if at + 1 < len(row) else None
        before = row[at - 1] if at else None
        if after is not None and after.tag != "mspace" and not _opens(after):
            row.insert(at + 1, Element("mspace", width=THIN))
        if before is not None and (before.tag not in {"mo", "mspace"} or _closes(before)):
            row.insert(at, Element("mspace", width=THIN))


def _draw_together(script: Element) -> None:
    """Set no space around the signs of indices and limits."""
    for small in script[1:] if script.tag in SCRIPTS else []:
        for one in small.iter("mo") if small.tag != "mo" else []:
            one.attrib |= {"lspace": "0", "rspace": "0"}


def _is_space(one: Element) -> bool:
    """Whether an element is nothing but space."""
    return one.tag == "mspace" or (one.tag == "mtext" and not (one.text or "").strip())


def _opens(one: Element) -> bool:
    """Whether an element begins with a bracket."""
    return next((each.get("form") == "prefix" for each in one.iter() if each.text), False)


def _closes(one: Element) -> bool:
    """Whether a sign is a bracket that closes."""
    return one.get("form") == "postfix"


def inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula of a line."""
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(f"{_placed(node, is_block=False)}</span>")
    raise nodes.SkipNode


def displayed(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula of its own, with its number; one that is too wide is moved within its box."""
    box = nodes.inline() if _has_ids_of(node.parent, node) else node  # a theme may put another box around
    self.body.append(self.starttag(box, "div", CLASS="math notranslate nohighlight"))
    self.body.append(f'<div class="formula">{_placed(node, is_block=True)}</div>')
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>")
    raise nodes.SkipNode


def _has_ids_of(box: nodes.Element, node: nodes.Element) -> bool:
    """Whether a box has the anchors of a formula already: each may be on a page once."""
    return bool(set(box["ids"]) & set(node["ids"]))


def _placed(node: nodes.Element, *, is_block: bool) -> str:
    """MathML of a node; an error says where it stands."""
    try:
        return mathml(node.astext(), is_block=is_block)
    except FormulaError as error:
        source, line = get_source_line(node)
        raise FormulaError(f"{source}:{line}: {error}") from error


def setup(app: Sphinx) -> dict[str, Any]:
    """Let Sphinx write formulas this way."""
    app.add_html_math_renderer("mathml", (inline, None), (displayed, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
