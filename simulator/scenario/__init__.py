"""Scenarios: YAML in, a frozen `Scenario` out; every error names file, line, column, path, value and remedy."""

from simulator.scenario.errors import ScenarioError, ScenarioErrors
from simulator.scenario.loader import load_scenario, load_variants, parse_scenario, reload_scenario, standing_alone
from simulator.scenario.model import Row, Scenario
from simulator.scenario.schema import json_schema

__all__ = [
    "Row",
    "Scenario",
    "ScenarioError",
    "ScenarioErrors",
    "json_schema",
    "load_scenario",
    "load_variants",
    "parse_scenario",
    "reload_scenario",
    "standing_alone",
]
