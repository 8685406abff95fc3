"""Formulas of the docs as MathML: what TeX would set, and nothing that is lost without a word."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

pytestmark = pytest.mark.oracle

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def mathml() -> Any:
    """The module that converts them."""
    for package in ("sphinx", "latex2mathml"):
        pytest.importorskip(package)
    sys.path.insert(0, str(ROOT / "docs" / "extensions"))
    try:
        module: Any = importlib.import_module("mathml")
    finally:
        sys.path.pop(0)
    return module


def inner(mathml: Any, latex: str, *, is_block: bool = False) -> str:
    """What stands in the outer row of a formula, without attributes of its signs."""
    text: str = mathml.mathml(latex, is_block=is_block)
    return re.sub(r"^<math[^>]*><mrow>|</mrow></math>$", "", text)


THIN, OPEN, CLOSE = (
    '<mspace width="0.167em" />',
    '<mo form="prefix" stretchy="false"',
    '<mo form="postfix" stretchy="false"',
)
CLOSER = ' lspace="0" rspace="0">'
OPEN_ROW, CLOSE_ROW = f"<mrow>{OPEN}{CLOSER}(</mo>", f"{CLOSE}{CLOSER})</mo></mrow>"


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\mathrm{RSS}", "<mrow><mi>RSS</mi></mrow>"),
        (r"\mathrm{i}", '<mrow><mi mathvariant="normal">i</mi></mrow>'),
        (r"\Delta", '<mi mathvariant="normal">Δ</mi>'),
        (r"g'", "<msup><mi>g</mi><mo>\u2032</mo></msup>"),
        (r"W := 3", "<mi>W</mi><mo>:=</mo><mn>3</mn>"),
        (r"\partial L", "<mi>∂</mi><mi>L</mi>"),
        (r"= -3", '<mo>=</mo><mo form="prefix">−</mo><mn>3</mn>'),
        (r"\text{one} + 3", "<mtext>one</mtext><mo>+</mo><mn>3</mn>"),
        (r"=\ -3", '<mo>=</mo><mtext>\xa0</mtext><mo form="prefix">−</mo><mn>3</mn>'),
        (r"2 - 3", "<mn>2</mn><mo>−</mo><mn>3</mn>"),
        (r"2 \ln x", f'<mn>2</mn>{THIN}<mi class="function">ln</mi>{THIN}<mi>x</mi>'),
        (r"\ln(x)", f'<mi class="function">ln</mi>{OPEN}>(</mo><mi>x</mi>{CLOSE}>)</mo>'),
        (r"\operatorname{sign} w", f'<mi class="function">sign</mi>{THIN}<mi>w</mi>'),
        (r"\lvert x \rvert", f"{OPEN}>|</mo><mi>x</mi>{CLOSE}>|</mo>"),
        (
            r"W^{(m-1)}",
            f"<msup><mi>W</mi>{OPEN_ROW}<mi>m</mi><mo{CLOSER}−</mo><mn>1</mn>{CLOSE_ROW}</msup>",
        ),
        (r"\hat y", '<mover accent="true"><mi>y</mi><mo stretchy="false">^</mo></mover>'),
        (r"\overline{W}", '<mover accent="true"><mrow><mi>W</mi></mrow><mo stretchy="true">‾</mo></mover>'),
    ],
)
def test_signs_and_letters_are_what_they_are_in_tex(latex: str, expected: str, mathml: Any) -> None:
    assert inner(mathml, latex) == expected


def test_lines_are_aligned_and_as_large_as_any_other(mathml: Any) -> None:
    text = mathml.mathml(r"z &= \sum_{j=0}^{n} W_j \\ &\text{for } n", is_block=True)
    table = ET.fromstring(text).find(".//{*}mtable")  # noqa: S314 (made here)
    assert table is not None
    assert (table.get("class"), table.get("displaystyle"), len(table)) == ("aligned", "true", 2)
    assert [cell.get("columnalign") for cell in table[0]] == ["right", "left"]
    assert "<munderover><mo>∑</mo>" in text
    assert 'display="block"' in text


def test_latex_is_kept_for_what_reads_no_mathml(mathml: Any) -> None:
    formula = ET.fromstring(mathml.mathml("a &< \\frac{1}{2}\n\\\\ b", is_block=True))  # noqa: S314 (made here)
    assert formula.get("alttext") == r"a &< \frac{1}{2} \\ b"


@pytest.mark.parametrize(
    "latex", [r"\unknown x", r"\frac{a", r"\frac{a}", "x_", "a & b", r"\mathrm{a", "x^{a}}"]
)
def test_what_cannot_be_shown_is_refused(latex: str, mathml: Any) -> None:
    with pytest.raises(mathml.FormulaError, match=re.escape(latex)):
        mathml.mathml(latex, is_block=False)


def test_a_page_with_such_a_formula_fails_the_build_with_its_place(tmp_path: Path, mathml: Any) -> None:
    source = tmp_path / "source"
    source.mkdir()
    extensions = str(Path(mathml.__file__).parent)
    source.joinpath("conf.py").write_text(
        f"import sys\nsys.path.insert(0, {extensions!r})\n"
        "extensions, html_math_renderer = ['mathml'], 'mathml'\n",
        encoding="utf-8",
    )
    page = source / "index.rst"
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(source), str(tmp_path / "built")]
    for formula, code in ((":math:`x`", 0), (r":math:`\unknown`", 2)):
        page.write_text(f"Title\n=====\n\nText.\n\nHere is {formula}.\n", encoding="utf-8")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert ("index.rst:6: \\unknown: there is no way to show \\unknown" in done.stderr) == (code == 2)
