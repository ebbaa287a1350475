"""A tab of the app without a browser: opening it, turning its pages, pressing its buttons, reading what it says."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from simulator.app import settings
from simulator.app.hosts import ENTRY
from simulator.app.main import PAGES
from simulator.planning import progress

ROOT = Path(__file__).resolve().parent.parent
SMALL = {"preset": "example", "replications": "20"}
PATIENCE = 240.0  # [s] for a run in a thread, should the engine have to be compiled


def cancelled_in(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever asked several runs of a question cancel it as this one of them begins."""
    calls, whole = [], progress.run_ensemble

    def until(scenario: Any, *, cancel: threading.Event, **more: Any) -> Any:
        calls.append(scenario.name)
        if len(calls) == number:
            cancel.set()
        return whole(scenario, cancel=cancel, **more)

    monkeypatch.setattr(progress, "run_ensemble", until)


def opened(**parameters: str) -> AppTest:
    """Return a new tab with these parameters in its address."""
    tab = AppTest.from_file(str(ENTRY), default_timeout=PATIENCE)
    for name, value in {**SMALL, **parameters}.items():
        tab.query_params[name] = value
    return healthy(tab.run())


def healthy(tab: AppTest) -> AppTest:
    assert not tab.exception
    assert not any("failed, which is our fault" in error.value for error in tab.error), [
        each.value for each in tab.error
    ]
    return tab


def turned(tab: AppTest, page: str) -> AppTest:
    tab.switch_page(str((PAGES / f"{page}.py").relative_to(ENTRY.parent)))
    return healthy(tab.run())


def pressed(tab: AppTest, key: str) -> AppTest:
    return healthy(tab.button(key=key).click().run())


def finished(tab: AppTest) -> AppTest:
    """Wait for all jobs, and draw the page as its fragment would let it be drawn."""
    until = time.monotonic() + PATIENCE
    while settings.registry().counts() != (0, 0):
        assert time.monotonic() < until, "a job does not end"
        time.sleep(0.05)
    return healthy(tab.run())


def ran(**parameters: str) -> AppTest:
    return finished(pressed(opened(**parameters), "run"))


def words(tab: AppTest) -> str:
    """Return all that a page says."""
    kinds: list[Any] = [tab.title, tab.subheader, tab.markdown, tab.caption, tab.error, tab.warning, tab.info, tab.code]
    said = [str(element.value) for kind in kinds for element in kind]
    return "\n".join([*said, *(str(element.proto.body) for element in tab.get("html"))])
