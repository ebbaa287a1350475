"""The app as a planner meets it: a server of its own on a free port, and a page that has been drawn."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 300_000  # [ms] for a run, should the engine have to be compiled


@contextmanager
def app(runs: Path) -> Iterator[str]:
    """Serve the app, with its run folders under `runs`; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "simulator", "app", "--port", str(port), "--no-browser", "-o", str(runs)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/_stcore/health")
        yield address
    finally:
        subprocess.run(["pkill", "-TERM", "-s", str(server.pid)], check=False)
        server.wait(10)


def _wait_for(address: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{address} does not answer")


def settled(page: Any) -> None:
    """Wait until the page has been drawn to its end and no job is under way."""
    page.wait_for_function(
        """() => {
            const app = document.querySelector('[data-testid="stApp"]');
            const busy = document.querySelector('[data-testid="stProgress"], [class*="st-key-job-"]');
            return app && app.dataset.testScriptState !== 'running' && !busy;
        }""",
        timeout=PATIENCE,
    )
    page.wait_for_timeout(700)


def open_page(page: Any, name: str) -> None:
    """Turn to a page by its name in the navigation."""
    page.get_by_role("link", name=name).first.click()
    page.wait_for_timeout(1_500)
    settled(page)


def press(page: Any, key: str) -> None:
    """Press a button, where it is there, and wait for what it starts."""
    button = page.locator(f".st-key-{key} button")
    if button.count():
        button.first.click(timeout=PATIENCE)
    page.wait_for_timeout(1_500)
    settled(page)


def fill(page: Any, role: str, label: str, value: str) -> None:
    """Write into a field, or choose from a list by its words."""
    field = page.locator('[data-testid="stMain"]').get_by_role(role, name=label).first
    field.fill(value)
    field.press("Enter")
    page.wait_for_timeout(1_200)
    settled(page)
