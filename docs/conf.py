"""Sphinx configuration."""

import sys
from pathlib import Path
from typing import Any

from sphinx.domains.math import MathDomain

import chainrule

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "chainrule"
author = "The chainrule developers"
copyright = "the chainrule developers"
version = release = chainrule.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "mathml", "made_pages"]
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"  # the docstrings give shapes and units, which say more
napoleon_google_docstring = False
napoleon_use_rtype = False
suppress_warnings = ["ref.python"]  # of the letters in shapes, which several classes have as fields

html_theme = "furo"
html_title = "chainrule"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["chainrule.css"]
html_js_files = [("scrolling.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
exclude_patterns = ["_build"]


class NumberedByLabel(MathDomain):
    """Equations have the number of their label, eq-60, on whatever page and in whatever order they stand."""

    def note_equation(self, docname: str, labelid: str, location: Any = None) -> None:  # noqa: ANN401 (Sphinx)
        """Keep the number of a label, which Sphinx would count on each page from 1."""
        super().note_equation(docname, labelid, location)
        self.equations[labelid] = (docname, int(labelid.removeprefix("eq-")))


def setup(app: Any) -> None:  # noqa: ANN401 (Sphinx)
    """Hook the above into Sphinx."""
    app.add_domain(NumberedByLabel, override=True)
