"""Strikes: what a failure does to the job, the nodes it takes, and the phases in which it can come. Semantics 7."""

from typing import TYPE_CHECKING

from simulator.ledger import Effect, Exposed
from simulator.mechanisms.card import Card, Column

if TYPE_CHECKING:
    from simulator.clocks import Row
    from simulator.scenario.model import Scenario


def _blast(scenario: "Scenario", row: "Row") -> int:
    return 0 if row.cause.blast is None else int(row.cause.blast.median)


CARD = Card(
    "strikes",
    plan=(
        Column("effect", int(Effect.STOP), lambda scenario, row: int(Effect[row.cause.effect.upper()])),
        Column("blast", 1, _blast),
        Column("exposed", int(Exposed.ALWAYS), lambda scenario, row: int(Exposed[row.cause.exposed.upper()])),
    ),
)
