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


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile both engines before several workers start, which share them on disk: it is half a minute for each."""
    several = bool(session.config.getoption("numprocesses", None))
    if not several or hasattr(session.config, "workerinput"):
        return
    from random_plans import random_plan

    from simulator.engines import kernel, reference
    from simulator.numbers.chance import replication_key

    plan, key = random_plan(1), replication_key(1, 0)
    kernel.run(plan, key)
    reference.simulate(plan, key)


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
