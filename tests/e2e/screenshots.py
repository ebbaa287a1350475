"""The pictures of every page, light and dark, in docs/images/: `make screenshots`. Somebody has to look at them."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.browsers import chromium
from tests.e2e.browser import PATIENCE, app, fill, open_page, press

IMAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "images"
SCENARIO = "plan_100k"
REPLICATIONS = 400
WIDTH, HEIGHT = 1280, 860


def take(page: Any, name: str, scheme: str, *, folder: Path) -> None:
    page.wait_for_timeout(600)
    main = page.locator('[data-testid="stMain"]')
    tall = int(main.evaluate("element => element.scrollHeight"))
    page.set_viewport_size({"width": page.viewport_size["width"], "height": max(HEIGHT, min(tall, 2_400))})
    page.wait_for_timeout(900)
    page.screenshot(path=str(folder / f"{name}-{scheme}.png"))
    page.set_viewport_size({"width": page.viewport_size["width"], "height": HEIGHT})


def other_sections(page: Any, scheme: str, folder: Path) -> None:
    """Take the sections of the page Sensitivity that it does not begin with."""
    sections = page.locator(".st-key-sensitivity-section")
    sections.get_by_text("Shares of the variance").click()
    page.wait_for_timeout(1_500)
    press(page, "shares")
    take(page, "sensitivity-shares", scheme, folder=folder)
    sections.get_by_text("Break-even").click()
    page.wait_for_timeout(1_500)
    # How long may a save block, if half of all runs shall be done in 160 days?
    fill(page, "combobox", "Input", "checkpoint.tiers.0.blocking")
    for label, value in (("From", "1 s"), ("To", "60 s"), ("Target", "160 d")):
        fill(page, "textbox", label, value)
    fill(page, "combobox", "Of the replications", "P50")
    press(page, "break-even")
    take(page, "sensitivity-break-even", scheme, folder=folder)


def journey(page: Any, address: str, scheme: str, folder: Path) -> None:
    page.goto(address)
    page.locator('[class*="st-key-go-"]').last.wait_for(timeout=PATIENCE)
    take(page, "welcome", scheme, folder=folder)
    page.goto(f"{address}/?preset={SCENARIO}&replications={REPLICATIONS}")
    page.locator(".st-key-run button").wait_for(timeout=PATIENCE)
    press(page, "run")
    take(page, "answer", scheme, folder=folder)
    open_page(page, "Scenario")
    take(page, "scenario", scheme, folder=folder)
    for name, title, button in (
        ("compare", "Compare", "compare"),
        ("spares", "Spares & checkpoints", "find-spares"),
        ("sensitivity", "Sensitivity", "tornado"),
        ("scale", "Scale", "find-scale"),
    ):
        open_page(page, title)
        press(page, button)
        take(page, name, scheme, folder=folder)
        if name == "sensitivity":
            other_sections(page, scheme, folder)
    for name, title in (
        ("fabric", "Fabric"),
        ("timeline", "Timeline"),
        ("validation", "Validation"),
        ("share", "Report & share"),
    ):
        open_page(page, title)
        if name == "timeline":
            press(page, "draw-progress")
        take(page, name, scheme, folder=folder)


def main() -> None:
    schemes = sys.argv[1].split(",") if len(sys.argv) > 1 else ["light", "dark"]
    width = int(sys.argv[2]) if len(sys.argv) > 2 else WIDTH
    folder = Path(sys.argv[3]) if len(sys.argv) > 3 else IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    # A folder that may be seen: its path stands on the pages.
    runs = Path(tempfile.gettempdir()) / "derisk" / "runs"
    with app(runs) as address, chromium() as browser:
        for scheme in schemes:
            page = browser.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)
            journey(page, address, scheme, folder)
            print(f"{scheme}: done")


if __name__ == "__main__":
    main()
