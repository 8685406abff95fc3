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
smartquotes = False  # a value in quotes, and a message, can be copied as it stands
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

    def note_equation(self, docname: str, labelid: str, location: Any = None) -> None:
        """Keep the number of a label, which Sphinx would count on each page from 1."""
        super().note_equation(docname, labelid, location)
        self.equations[labelid] = (docname, int(labelid.removeprefix("eq-")))


def give_headings_a_level(
    _app: Any,
    _page: str,
    _template: str,
    context: dict[str, Any],
    _doctree: Any,
) -> None:
    """Say of which level the headings of the sidebar are, for who hears the page."""
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')


def leave_decisions_out_of_the_search(_app: Any, env: Any) -> None:
    """Let the search find pages for users, and not the reasons behind them, which have the same words."""
    for page in env.found_docs:
        if page.startswith("decisions/"):
            env.metadata[page]["no-search"] = "true"


def setup(app: Any) -> None:
    """Hook the above into Sphinx."""
    app.add_domain(NumberedByLabel, override=True)
    app.connect("env-updated", leave_decisions_out_of_the_search)
    app.connect("html-page-context", give_headings_a_level, priority=900)  # after the theme
