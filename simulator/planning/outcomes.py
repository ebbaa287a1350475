"""What a replication comes to, as a number that is finite: for means, variances and decisions."""

from dataclasses import replace

import numpy as np

from simulator.ensemble import Ensemble
from simulator.ensemble.table import INPUT
from simulator.metrics.columns import column
from simulator.numbers.plan import Floats
from simulator.planning import quantities
from simulator.words.quantity import ASSUMED, Quantity

GENERATOR = 20_260_301  # the key of all resampling here: results are the same each time

COST_WITH_DELAY = "cost with its delay"  # what `dollars` is, for people; the cost of a summary is without delay

WHY_WALL = "An unfinished run counts with the length of its horizon, so differences that it hides are not seen."


def days(ensemble: Ensemble) -> Floats:
    """Return the wall clock of each replication [days]; one that does not finish ends at its horizon."""
    return column(ensemble, "wall_days")


def dollars(ensemble: Ensemble) -> Floats | None:
    """Return the cost of each replication and of its delay [USD], as far as there are prices; None without any.

    What does not finish costs what it cost until its horizon, and is as late as if it had finished then.
    """
    ended = replace(ensemble, table=ensemble.table.assign(finish_days=ensemble.table["wall_days"]))
    known = {measure.name for measure in quantities.measures(ended)}
    parts = [quantities.values(ended, name) for name in ("cost_usd", "delay_cost_usd") if name in known]
    return np.sum(parts, axis=0) if parts else None


def unfinished(ensemble: Ensemble) -> int:
    """Return how many replications did not finish."""
    return int(np.isinf(column(ensemble, "finish_days")).sum())


def assumed(quantity: Quantity) -> bool:
    """Return whether nothing backs an input; a choice that somebody made but nobody told counts too."""
    return quantity.backing.startswith(ASSUMED)


def inputs(ensemble: Ensemble) -> dict[str, Floats]:
    """Return the uncertain inputs as they were drawn [SI], by path."""
    names = [quantity.path for quantity in ensemble.scenario.inputs]
    return {name: column(ensemble, f"{INPUT}{name}") for name in names}


def resamples(count: int, times: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return rows drawn with replacement for a bootstrap, (times, count); always the same ones."""
    return np.random.default_rng(GENERATOR).integers(0, count, size=(times, count), dtype=np.int64)
