"""Diagnosis: how long it takes to find the broken node, and how it errs. Semantics 7.9."""

import math
from typing import TYPE_CHECKING, Any

from simulator import laws
from simulator.ledger import Account, Purpose, Tally
from simulator.mechanisms.card import At, Card, Column, Lengths, Number, Words, own_or_usual
from simulator.plan import Odds

if TYPE_CHECKING:
    from simulator.clocks import Row
    from simulator.scenario.model import Scenario

_given = own_or_usual("diagnosis")


def _length(scenario: "Scenario", row: "Row | None") -> Any:
    """Return the law of a diagnosis; of a search, each test halves the nodes among which the broken one is."""
    if row is None or (test := row.cause.bisection) is None:
        return _given(scenario, row)
    tests = math.ceil(math.log2(max(2, scenario.nodes)))
    return Number(lambda values: laws.fixed(tests * test.at(values)), moves=True)


CARD = Card(
    "diagnosis",
    plan=(
        Lengths(Purpose.DIAGNOSIS, _length, At.EVERYWHERE),
        Column("odds", 0.0, own_or_usual("missed"), Odds.MISSED),
        Column("odds", 0.0, own_or_usual("blamed"), Odds.BLAMED),
    ),
    counts={
        Tally.MISSED: Words("diagnoses that found nothing", "the broken nodes went back to the spares as they were"),
        Tally.BLAMED: Words(
            "diagnoses that blamed another node", "an innocent node was taken, and the broken one stayed"
        ),
    },
    accounts={Account.DIAGNOSIS: Words("diagnosis", "from the alarm until the broken nodes are known")},
    purposes=(Purpose.MISSED, Purpose.BLAMED, Purpose.INNOCENT),
)
