"""The cells of a sweep, and what each came to: a flat row of its table."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import ENDS, SHARES, estimate, half_width
from simulator.metrics import deadline, never_finishes
from simulator.numbers.plan import Floats
from simulator.planning import quantities
from simulator.planning.quantities import FINISH
from simulator.scenario import Scenario
from simulator.scenario.number_paths import quantities as numbers_of
from simulator.scenario.sweep import Axis, factor_in
from simulator.words import units

_SCALED = "x"  # the unit of a column that holds factors on what the scenario says


class Cell(NamedTuple):
    """One combination of values: `number` counts from 1, and overrides are texts "PATH=VALUE" as after --set."""

    number: int
    overrides: tuple[str, ...]


class Outcome(NamedTuple):
    """What a cell came to: its row of the table, and its measures by replication."""

    row: dict[str, Any]
    values: dict[str, Floats]


def outcome(cell: Cell, axes: Sequence[Axis], ensemble: Ensemble) -> Outcome:
    """Return what a cell came to."""
    measured = {each.name: quantities.values(ensemble, each.name) for each in quantities.measures(ensemble)}
    return Outcome(row(cell, axes, ensemble), measured)


def row(cell: Cell, axes: Sequence[Axis], ensemble: Ensemble) -> dict[str, Any]:
    """Return a cell as a flat row: each axis as text and as a number [SI, its unit in the name], then what came out."""
    found: dict[str, Any] = {"cell": cell.number}
    for axis, override in zip(axes, cell.overrides, strict=True):
        text = override.partition("=")[2]
        found[axis.path] = text
        for unit, number in _number(ensemble.scenario, axis, text):
            found[f"{axis.path} [{unit}]"] = number
    found["replications"] = ensemble.replications
    found["unfinished"] = int(np.isinf(quantities.values(ensemble, FINISH.name)).sum())
    never = never_finishes(ensemble)
    found |= {"never_probability": never.probability, "never_low": never.low, "never_high": never.high}
    for measure in quantities.measures(ensemble):
        measured = quantities.values(ensemble, measure.name)
        told = estimate(measured)
        for name in (*SHARES, *ENDS, "mean", "mc_error"):
            found[f"{measure.name}_{name}"] = getattr(told, name)
        if measure == FINISH:
            found["finish_days_p90_half_width"] = half_width(np.sort(measured), 0.9)
    if (met := deadline(ensemble)) is not None:
        found |= {"deadline_probability": met.probability, "deadline_mc_error": met.mc_error}
        found |= {"deadline_low": met.low, "deadline_high": met.high}
    return found


def _number(scenario: Scenario, axis: Axis, text: str) -> Iterable[tuple[str, float]]:
    """Yield what a cell's input is in SI, and in which unit; nothing for what is no number."""
    for quantity in numbers_of(scenario.document):
        if quantity.path == axis.path:
            yield str(units.unit(quantity.like).dimension) or "1", quantity.median
            return
    if (factor := factor_in(text)) is not None:
        yield _SCALED, factor
