"""Derisk in Python: what `import simulator` offers. Thin, over the functions that the command line and the app call."""

from simulator.api.estimates import Estimate, Finish
from simulator.api.forecast import load, run
from simulator.api.result import Result
from simulator.api.studies import break_even, compare, fabric, sensitivity, step, sweep
from simulator.api.study import Study
from simulator.report.figures import Figure
from simulator.scenario import Scenario, ScenarioError, ScenarioErrors

__all__ = [
    "Estimate",
    "Figure",
    "Finish",
    "Result",
    "Scenario",
    "ScenarioError",
    "ScenarioErrors",
    "Study",
    "break_even",
    "compare",
    "fabric",
    "load",
    "run",
    "sensitivity",
    "step",
    "sweep",
]
