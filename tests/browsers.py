"""A browser for the tests that look at pages: one place that finds it, and that keeps it from the network."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The Chromium that CHROMIUM names, that of the system, or Playwright's own, without a window."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as engines:
        found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
        if found is None and not Path(engines.chromium.executable_path).exists():
            pytest.skip("there is no Chromium")
        opened = engines.chromium.launch(executable_path=found, args=QUIET)
        yield opened
        opened.close()
