"""Experiments of one's own: which inputs and which weather each replication gets, instead of draws by the seed."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from simulator.scenario import Scenario


class Draw(NamedTuple):
    """What a replication is given: its uncertain inputs, and the weather that another run would name so."""

    inputs: Mapping[str, float]  # by path [SI]; what is not named stays at its median
    seed: int
    replication: int  # of that seed


Design = Callable[[int], Draw]  # from the number of a replication


def drawn(scenario: Scenario) -> Design:
    """Return the design that every run follows unless told otherwise: inputs and weather by the seed."""
    seed = scenario.seed
    return lambda replication: Draw(scenario.draw_inputs(seed, replication), seed, replication)


def pinned(scenario: Scenario, values: Mapping[str, float]) -> Design:
    """Return the design in which some uncertain inputs have one value [SI] in all replications, and the rest is drawn.

    Raises KeyError for a path that is no uncertain input of the scenario.
    """
    paths = {quantity.path for quantity in scenario.inputs}
    if strange := sorted(values.keys() - paths):
        raise KeyError(f"no uncertain input: {', '.join(strange)}")
    seed = scenario.seed
    return lambda replication: Draw(scenario.draw_inputs(seed, replication, values), seed, replication)
