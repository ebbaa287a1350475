"""What whoever starts the app decides: where runs lie, how many run at once, and how large they may be."""

import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from simulator.app.jobs import AT_ONCE, LONGEST, Registry

RUNS, JOBS, MOST = "DERISK_APP_RUNS", "DERISK_APP_JOBS", "DERISK_APP_REPLICATIONS"
MOST_REPLICATIONS = 20_000


class Settings(NamedTuple):
    """The settings of an app."""

    runs: Path
    at_once: int
    most_replications: int


def settings() -> Settings:
    """Return the settings, from the environment where they are given there; what is no number there does not count."""
    return Settings(
        Path(os.environ.get(RUNS) or "runs"),
        _number(JOBS, AT_ONCE),
        _number(MOST, MOST_REPLICATIONS),
    )


@lru_cache(maxsize=1)
def registry() -> Registry:
    """Return the jobs of this process: one registry for all sessions."""
    return Registry(settings().at_once, longest=LONGEST)


def _number(name: str, otherwise: int) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isdigit() and int(text) > 0 else otherwise
