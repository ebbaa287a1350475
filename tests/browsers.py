"""The browser of the machine, of Chromium's kind: it draws figures, and plays the planner."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Chromium calls home unless it is told not to, and needs no graphics card.
_QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
CHROMIUM = next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser of Playwright's kind. Raises RuntimeError where the machine has none."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        raise RuntimeError(f"there is no browser; install one of {', '.join(_NAMES)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_QUIET))
        yield browser
        browser.close()
