"""Settings that all tests share."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: the first example may have to wait for a compilation, and no test asserts anything about time.
settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True)
# The examples are the same everywhere, so that a test that fails does so for everybody; EXPLORE=1 looks for new ones.
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("explore" if os.environ.get("EXPLORE") else "fixed")

# A shell without job control has what it runs in the background ignore Ctrl-C, and every process started from there
# too. The tests press it, so they listen.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def file(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A file of the small scenario, SMALL, of the module that asks for it."""
    path = tmp_path / "small.yaml"
    path.write_text(request.module.SMALL, encoding="utf-8")
    return path


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of an app's runs, with jobs of its own."""
    from simulator.app import settings as of_app

    monkeypatch.setenv(of_app.RUNS, str(tmp_path / "runs"))
    of_app.registry.cache_clear()
    yield tmp_path / "runs"
    of_app.registry.cache_clear()
