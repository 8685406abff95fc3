"""The example notebook: run, beside its outputs as they are kept, and looked at in a browser."""

from __future__ import annotations

import os
import re
import shutil
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

# Things of packages that have no types.
Notebook: TypeAlias = Any
Cell: TypeAlias = Any
Browser: TypeAlias = Any
Colour: TypeAlias = tuple[float, ...]

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "examples/notebook.ipynb"
WIDTHS = (1280, 390)
# It is of this machine and of scikit-learn's version; what stands behind is our own.
TIME = re.compile(r'<span class="chainrule-time">[^<]*</span>')
OF_SCIKIT_LEARN = re.compile(r"^<style>.*(?=<div class=\"chainrule )", re.DOTALL)

pytestmark = [
    pytest.mark.oracle,
    # What Jupyter's packages warn of is theirs.
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture(scope="module")
def kept() -> Notebook:
    """The notebook as it is kept."""
    return pytest.importorskip("nbformat").read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def run(kept: Notebook, tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    """The notebook as it is when it has been run, in a folder that has the examples, by this Python."""
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    pytest.importorskip("sklearn")
    folder = tmp_path_factory.mktemp("examples")
    for table in NOTEBOOK.parent.glob("*.csv"):
        shutil.copy(table, folder)
    again = deepcopy(kept)
    with pytest.MonkeyPatch.context() as patch:
        sources = os.pathsep.join([str(ROOT / "src"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
        patch.setenv("PYTHONPATH", sources)
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        nbclient.NotebookClient(
            again, kernel_name="python3", timeout=300, record_timing=False,
            resources={"metadata": {"path": str(folder)}},
        ).execute()  # fmt: skip
    return again


def outputs(cell: Cell) -> list[dict[str, str]]:
    """What is shown below a cell, but for lines that are empty at the end, and what differs by machine."""
    found = []
    for one in cell.outputs:
        if one.output_type == "stream" and "compiling kernels" in one.text:  # where none are kept yet
            continue
        assert one.output_type in {"execute_result", "display_data"}, one
        data = dict(one.data)
        if data == {"text/plain": ""}:  # where the training took longer than a second
            continue
        page = TIME.sub("", data.get("text/html", ""))
        found.append(data | {"text/html": OF_SCIKIT_LEARN.sub("", page)})
    return found


def test_its_outputs_are_those_that_are_kept(kept: Notebook, run: Notebook) -> None:
    pairs = [(a, b) for a, b in zip(kept.cells, run.cells, strict=True) if a.cell_type == "code"]
    assert len(pairs) > 15
    for before, after in pairs:
        assert outputs(after) == outputs(before), before.source
    assert [cell.execution_count for cell, _ in pairs] == [*range(1, len(pairs) + 1)]


def test_every_kind_of_display_is_in_it(run: Notebook) -> None:
    cells = [cell for cell in run.cells if cell.cell_type == "code"]
    shown = "".join(one["text/html"] for cell in cells for one in outputs(cell))
    titles = re.findall(r'<span class="chainrule-title">([^<]*)</span>', shown)
    assert {
        "Table", "Fit", "Gain", "Score of 83 rows", "Predictions", "Model", "Encoding", "Report", "Network",
        "Training", "History", "One step of back-propagation", "Gradient check passed", "Diagnosis",
        "Ensemble", "Cross-validation",
    } <= set(titles)  # fmt: skip


# What is written in a display: its colour, how far it is seen through, and the grounds from the page to it.
INKS = """
[...document.querySelectorAll('.chainrule :is(p, td, th, dt, dd, summary), .chainrule svg text')].map(one => {
    const style = getComputedStyle(one), grounds = []
    let opacity = 1
    for (let at = one; at; at = at.parentElement) {
        opacity *= Number(getComputedStyle(at).opacity)
        grounds.unshift(getComputedStyle(at).backgroundColor)
    }
    return [one.tagName == 'text' ? style.fill : style.color, opacity, grounds]
})
"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_page_needs_no_network_and_is_not_too_wide(
    kept: Notebook, browser: Browser, tmp_path: Path, theme: str, width: int
) -> None:
    exporter = pytest.importorskip("nbconvert").HTMLExporter(
        template_name="lab", theme=theme, mathjax_url="", require_js_url="", jquery_url=""
    )
    written = tmp_path / "notebook.html"
    written.write_text(exporter.from_notebook_node(kept)[0], encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.context.set_offline(True)
    page.goto(written.as_uri())
    page.evaluate("document.querySelectorAll('.chainrule details').forEach(one => one.open = true)")
    assert asked == [written.as_uri()]
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    displays = page.evaluate(
        "[...document.querySelectorAll('.chainrule')].map(one => [one.clientWidth, one.scrollWidth])"
    )
    assert len(displays) > 15
    assert [one for one in displays if one[1] > one[0]] == []
    # Words and what is behind them differ as much as they must (WCAG 2, 4.5 to 1), in both themes.
    inks = {(colour, opacity, tuple(grounds)) for colour, opacity, grounds in page.evaluate(INKS)}
    assert min(opacity for _, opacity, _ in inks) < 1  # as that of small print
    for colour, opacity, grounds in inks:
        behind = seen(grounds)
        assert contrast(seen([colour], behind, opacity), behind) >= 4.5, (colour, opacity, grounds)
    page.close()


def seen(colours: Iterable[str], behind: Colour = (255.0,) * 3, opacity: float = 1.0) -> Colour:
    """What is seen of colours, each upon those before it, upon what is behind them all."""
    for one in colours:
        *parts, alpha = [*map(float, re.findall(r"[\d.]+", one)), 1.0][:4]
        share = alpha * opacity
        behind = tuple(share * part + (1 - share) * below for part, below in zip(parts, behind, strict=True))
    return behind


def contrast(one: Colour, other: Colour) -> float:
    """Ratio of two colours' luminances, as WCAG 2 defines it."""

    def luminance(colour: Colour) -> float:
        parts = [part / 255 for part in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_of_two_colours_is_known() -> None:
    white = (255.0,) * 3
    assert contrast((0.0,) * 3, white) == pytest.approx(21)
    assert contrast((119.0,) * 3, white) == pytest.approx(4.48, abs=0.01)
    assert seen(["rgb(0, 0, 0)"], white, 0.8) == pytest.approx((51.0,) * 3)
    assert seen(["rgb(10, 20, 30)", "rgba(0, 0, 0, 0)", "rgba(110, 120, 130, 0.5)"]) == pytest.approx(
        (60, 70, 80)
    )
