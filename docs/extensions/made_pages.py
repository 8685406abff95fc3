"""Pages that go on, behind what is written by hand, with what is made from the code at each build."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from equations_page import equations_page
from errors_page import errors_page
from options_page import options_page

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["MADE", "setup"]

MADE = {"options": options_page, "equations": equations_page, "errors": errors_page}


def add_what_is_made(_app: Sphinx, docname: str, source: list[str]) -> None:
    """Let a page go on with what is made of it."""
    if docname in MADE:
        source[0] = f"{source[0]}\n{MADE[docname]()}\n"


def read_again(*_: Any) -> list[str]:
    """Name the pages that may have changed though their files have not."""
    return list(MADE)


def setup(app: Sphinx) -> dict[str, Any]:
    """Let Sphinx make them."""
    app.connect("source-read", add_what_is_made)
    app.connect("env-get-outdated", read_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
