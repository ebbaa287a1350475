"""Derisk: goodput forecasts for large training clusters.

    import simulator

    plan = simulator.load("plan_100k", {"cluster.hot_spares": "64 nodes"})
    simulator.run(plan, replications=200)

What is named here is imported when it is first used; docs/notebook.md walks through an answer.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.api import (
        Estimate,
        Figure,
        Finish,
        Result,
        Scenario,
        ScenarioError,
        ScenarioErrors,
        Study,
        break_even,
        compare,
        fabric,
        load,
        run,
        sensitivity,
        step,
        sweep,
    )

__version__ = "0.1.0"
__all__ = [
    "Estimate",
    "Figure",
    "Finish",
    "Result",
    "Scenario",
    "ScenarioError",
    "ScenarioErrors",
    "Study",
    "__version__",
    "break_even",
    "compare",
    "fabric",
    "load",
    "run",
    "sensitivity",
    "step",
    "sweep",
]


def __getattr__(name: str) -> Any:
    """Return a name of the API, imported now: `import simulator` alone is quick. Raises AttributeError."""
    if name not in __all__:
        raise AttributeError(f"module 'simulator' has no attribute '{name}'")
    from simulator import api

    return getattr(api, name)


def __dir__() -> list[str]:
    """Return all names, for an editor and a notebook to complete."""
    return sorted({*globals(), *__all__})
