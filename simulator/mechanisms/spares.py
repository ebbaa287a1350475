"""Spares: nodes that stand by, break too where they are exposed, and fill the places of broken ones. Semantics 12."""

from typing import TYPE_CHECKING

from simulator.ledger import Tally
from simulator.mechanisms.card import Card, Column, Scalar, Words

if TYPE_CHECKING:
    from simulator.clocks import Row
    from simulator.scenario.model import Scenario


def _burn(scenario: "Scenario", row: "Row") -> int:
    own = row.cause.spares_exposed
    wanted = scenario.document.recovery.spares_exposed if own is None else own
    return int(bool(wanted) and row.per_place > 0 and row.cause.effect == "stop")


CARD = Card(
    "spares",
    plan=(Scalar("spares", 0, lambda scenario: scenario.spares), Column("bench", 0, _burn)),
    counts={
        Tally.SWAPS: Words("places of the job filled anew", "nodes put where a node had been taken out of the job"),
    },
)
