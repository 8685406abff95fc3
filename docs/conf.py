"""Sphinx configuration."""

import chainrule

project = "chainrule"
author = "The chainrule developers"
copyright = "the chainrule developers"
version = release = chainrule.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.napoleon"]
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"  # the docstrings give shapes and units, which say more
napoleon_google_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = "chainrule"
exclude_patterns = ["_build"]
