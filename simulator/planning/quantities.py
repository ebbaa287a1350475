"""What is compared, swept and broken down: the finish, goodput, and money where it has a price, by replication."""

from typing import NamedTuple

from simulator import metrics
from simulator.ensemble import Ensemble
from simulator.metrics.columns import column
from simulator.numbers.plan import Floats


class Measure(NamedTuple):
    """A quantity of a replication that planners decide by."""

    name: str  # as in summary.json, with its unit
    label: str
    unit: str  # "d", "USD", or "" for a share

    @property
    def more_is_better(self) -> bool:
        """Whether a higher value is the better one."""
        return self.name == "goodput"


FINISH = Measure("finish_days", "finish", "d")
GOODPUT = Measure("goodput", "goodput", "")
COST = Measure("cost_usd", "cost", "USD")
DELAY_COST = Measure("delay_cost_usd", "cost of the delay", "USD")


def measures(ensemble: Ensemble) -> tuple[Measure, ...]:
    """Return the measures that an ensemble has: those of money only where something has a price."""
    return tuple(
        measure for measure in (FINISH, GOODPUT, COST, DELAY_COST) if _found(ensemble, measure.name) is not None
    )


def values(ensemble: Ensemble, name: str) -> Floats:
    """Return a measure in each replication, (replications,); what is not done by its horizon finishes at infinity.

    Raises KeyError for a measure that the ensemble does not have.
    """
    found = _found(ensemble, name)
    if found is None:
        raise KeyError(name)
    return found


def _found(ensemble: Ensemble, name: str) -> Floats | None:
    if name in (FINISH.name, GOODPUT.name):
        return column(ensemble, name)
    if name == COST.name:
        return metrics.cost_per_replication(ensemble)
    return metrics.delay_per_replication(ensemble) if name == DELAY_COST.name else None
