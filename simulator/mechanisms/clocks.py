"""Clocks: how many units of a cause can fail, and when. Semantics 6.1 to 6.10."""

from typing import TYPE_CHECKING

import numpy as np

from simulator.ledger import Purpose
from simulator.mechanisms.card import Card, Column, Number, Scalar, Values
from simulator.times import Hazard

if TYPE_CHECKING:
    from simulator.clocks import Row
    from simulator.scenario.model import Scenario


def _hazard(scenario: "Scenario", row: "Row") -> Number:
    return Number(row.hazard_at, scenario.shares_a_spread or row.cause.moves)


def _table(scenario: "Scenario") -> Number:
    """Return the steps of the rates that change with age, of all causes below each other."""
    stepped = [row for row in scenario.rows if row.cause.intensity is not None]

    def build(values: Values) -> np.ndarray:
        return np.array([step for row in stepped for step in row.steps_at(values)]).reshape(-1, 3)

    return Number(build, scenario.shares_a_spread or any(row.cause.moves for row in stepped))


CARD = Card(
    "clocks",
    plan=(
        Column("units", 0, lambda scenario, row: row.units if row.cause.happens else 0),
        Column("per_place", 1, lambda scenario, row: row.per_place),
        Column("span", 0, lambda scenario, row: row.span),
        Column("renewal", 0, lambda scenario, row: int(row.cause.renews)),
        Column("hazard_kind", int(Hazard.EXPONENTIAL), lambda scenario, row: int(row.hazard_kind)),
        Column("hazard", 0.0, _hazard, slice(0, 3)),
        Scalar("table", np.zeros((0, 3)), _table),
    ),
    purposes=(Purpose.BUDGET, Purpose.UNIT),
)
