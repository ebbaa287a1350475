"""The scenarios that ship with the package, as they are listed on the command line and in the app."""

from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from simulator import resources
from simulator.scenario.errors import ScenarioErrors
from simulator.scenario.merge import layered
from simulator.scenario.named import name_of


class Preset(NamedTuple):
    """A scenario that ships with the package."""

    name: str  # by which it can be run
    title: str
    question: str
    shelf: str  # the folder under scenarios/ in which it stands
    file: Path


@lru_cache(maxsize=1)
def presets() -> tuple[Preset, ...]:
    """Return the scenarios that ship, shelf by shelf, from their heads: to predict the step of a job takes seconds."""
    found = []
    for file in resources.scenario_files():
        with suppress(ScenarioErrors, KeyError):  # one file that cannot be read hides itself, not all others
            head = layered(file, str(file)).data()
            found.append(Preset(name_of(file), head["name"], head.get("question") or "", resources.shelf(file), file))
    return tuple(found)
