"""A planner's way through the app, in a real browser: `make e2e`."""

from pathlib import Path
from typing import Any

import pytest

from tests.browsers import CHROMIUM, chromium
from tests.e2e.browser import PATIENCE, app, fill, open_page, press, settled

pytest.importorskip("playwright", reason="the extra `e2e` is not installed: make e2e")
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")]


def headline(page: Any) -> str:
    """Return the answer's sentence."""
    words = page.locator(".derisk-answer").first
    words.wait_for(timeout=PATIENCE)
    return str(words.inner_text())


def test_preset_answer_spares_compare_report_link(tmp_path: Path) -> None:
    with app(tmp_path / "runs") as address, chromium() as browser:
        failures: list[str] = []
        strange: list[str] = []
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("request", lambda request: strange.append(request.url) if address not in request.url else None)
        page.goto(address)
        # preset -> answer, without typing
        page.locator('[class*="st-key-go-example"] button').click(timeout=PATIENCE)
        settled(page)
        first = headline(page)
        assert first.startswith("It finishes") and "goodput" in first
        # change spares: the answer is stale until it is run again
        spares = page.get_by_role("textbox", name="Hot spares").first
        spares.fill("0 nodes")
        spares.press("Enter")
        page.get_by_text("Older than the inputs").wait_for(timeout=PATIENCE)
        page.locator(".st-key-run button").click()
        page.get_by_text("Older than the inputs").wait_for(state="detached", timeout=PATIENCE)
        settled(page)
        assert headline(page) != first
        # compare with the preset as it was
        page.get_by_role("link", name="Compare").click()
        page.locator(".st-key-compare button").click(timeout=PATIENCE)
        page.locator('[class*="st-key-figure-paired"]').wait_for(timeout=PATIENCE)
        # the report
        page.get_by_role("link", name="Report & share").click()
        page.locator('[class*="st-key-make-report-html"] button').click(timeout=PATIENCE)
        button = page.locator('[class*="st-key-file-report-html"] button')
        button.wait_for(timeout=PATIENCE)
        with page.expect_download(timeout=PATIENCE) as download:
            button.click()
        report = Path(download.value.path()).read_text(encoding="utf-8")
        assert "0 nodes" in report and "cluster.hot_spares" in report
        # the link reopens the scenario in another session
        link = page.locator(".st-key-link code").first.inner_text()
        other = browser.new_context().new_page()
        other.goto(link)
        field = other.get_by_role("textbox", name="Hot spares").first
        field.wait_for(timeout=PATIENCE)
        assert field.input_value() == "0 nodes"
        # the report opens without a network, in a browser that has none
        offline = browser.new_context(offline=True).new_page()
        offline.on("pageerror", lambda error: failures.append(str(error)))
        saved = tmp_path / "report.html"
        saved.write_text(report, encoding="utf-8")
        offline.goto(saved.as_uri())
        offline.locator(".js-plotly-plot svg.main-svg").first.wait_for(timeout=PATIENCE)
        assert failures == []
        assert [url for url in strange if not url.startswith(("data:", "blob:"))] == []


def test_two_sessions_and_a_cancel(tmp_path: Path) -> None:
    with app(tmp_path / "runs") as address, chromium() as browser:
        one, two = (browser.new_context().new_page() for _ in range(2))
        for page in (one, two):
            page.goto(f"{address}/?preset=plan_100k&replications=5000")
        one.locator(".st-key-run button").click(timeout=PATIENCE)
        two.goto(f"{address}/?preset=example&replications=50")
        two.locator(".st-key-run button").click(timeout=PATIENCE)
        settled(two)
        assert headline(two).startswith("It finishes")
        one.get_by_text("replications;").first.wait_for(timeout=PATIENCE)
        one.locator('[class*="st-key-cancel"] button').click()
        one.get_by_text("Cancelled, partial").wait_for(timeout=PATIENCE)
        assert "replications were done and are kept" in one.locator('[class*="st-key-partial"]').inner_text()


def test_where_it_breaks_even_and_what_the_spread_comes_from(tmp_path: Path) -> None:
    with app(tmp_path / "runs") as address, chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/?preset=example&replications=50")
        page.locator(".st-key-run button").wait_for(timeout=PATIENCE)
        open_page(page, "Sensitivity")
        sections = page.locator(".st-key-sensitivity-section")
        sections.get_by_text("Shares of the variance").click()
        page.locator(".st-key-shares button").wait_for(timeout=PATIENCE)
        press(page, "shares")
        page.locator('[class*="st-key-figure-shares"]').wait_for(timeout=60_000)
        sections.get_by_text("Break-even").click()
        page.locator(".st-key-break-even button").wait_for(timeout=PATIENCE)
        # A typed name that is no input is told beside its field, and the button waits.
        fill(page, "combobox", "Input", "checkpoint.intervall")
        assert page.locator(".st-key-break-even button").first.is_disabled()
        fill(page, "combobox", "Input", "failures.gpu.rate")
        for label, value in (("From", "x1"), ("To", "x20")):
            fill(page, "textbox", label, value)
        assert page.locator(".st-key-break-even button").first.is_enabled()
        press(page, "break-even")
        page.locator('[class*="st-key-figure-break_even"]').wait_for(timeout=60_000)
        assert "break-even" in page.locator('[data-testid="stMain"]').inner_text()
