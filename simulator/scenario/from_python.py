"""A scenario from what Python has of it: a name, a path or a mapping, with overrides on top."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator.scenario.errors import MAPPING, ScenarioErrors, Spot, error_at
from simulator.scenario.loader import load_scenario, tree_scenario
from simulator.scenario.merge import layered_tree
from simulator.scenario.model import Scenario
from simulator.scenario.named import find_scenario
from simulator.scenario.python_values import texts_of, tree_of

Source = str | Path | Mapping[str, Any] | Scenario


def scenario_of(source: Source, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """Return the scenario that a preset's name, a path, a mapping or a scenario means, with overrides on top.

    Files that a mapping names are relative to the working directory. Raises ScenarioErrors: all that are found.
    """
    texts = texts_of(overrides or {})
    if isinstance(source, Scenario):
        return source.changed(texts) if texts else source
    if isinstance(source, Mapping):
        return tree_scenario(layered_tree(tree_of(source), Path(), MAPPING), Path(), MAPPING, texts)
    if isinstance(source, str | Path):
        return load_scenario(find_scenario(str(source)), texts)
    words = f"{source!r:.80} is no scenario; give the name of a preset, a path, a mapping or a scenario"
    raise ScenarioErrors([error_at(Spot(MAPPING), "", words)])
