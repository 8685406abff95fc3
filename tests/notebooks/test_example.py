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
    from collections.abc import Iterator

# Things of packages that have no types.
Notebook: TypeAlias = Any
Cell: TypeAlias = Any
Browser: TypeAlias = Any

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "examples/notebook.ipynb"
WIDTHS = (1280, 390)
WITHOUT_SANDBOX = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser that reaches nothing."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engines:
        found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        if found is None and not Path(engines.chromium.executable_path).exists():
            pytest.skip("there is no Chromium")
        browser = engines.chromium.launch(executable_path=found, args=WITHOUT_SANDBOX)
        yield browser
        browser.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_page_needs_no_network_and_is_not_too_wide(
    kept: Notebook, chromium: Browser, tmp_path: Path, theme: str, width: int
) -> None:
    exporter = pytest.importorskip("nbconvert").HTMLExporter(
        template_name="lab", theme=theme, mathjax_url="", require_js_url="", jquery_url=""
    )
    written = tmp_path / "notebook.html"
    written.write_text(exporter.from_notebook_node(kept)[0], encoding="utf-8")
    page = chromium.new_page(viewport={"width": width, "height": 900})
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
    colours = page.evaluate(
        "[...document.querySelectorAll('.chainrule p, .chainrule td, .chainrule svg text')].map("
        "one => one.tagName == 'text' ? getComputedStyle(one).fill : getComputedStyle(one).color)"
    )
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert {round(contrast(colour, ground)) >= 4.5 for colour in set(colours)} == {True}
    page.close()


def contrast(one: str, other: str) -> float:
    """Ratio of two colours' luminances, as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_of_two_colours_is_known() -> None:
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)
    assert contrast("rgb(119, 119, 119)", "rgb(255, 255, 255)") == pytest.approx(4.48, abs=0.01)
