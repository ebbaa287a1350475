"""The steps of a recovery: detection, swap, restart, and the rungs tried before it. Semantics 4."""

from typing import TYPE_CHECKING, Any

from simulator import laws
from simulator.ledger import Account, Purpose
from simulator.mechanisms.card import At, Card, Lengths, Number, Values, Words, own_or_usual, usual
from simulator.times import Law

if TYPE_CHECKING:
    from simulator.clocks import Row
    from simulator.scenario.model import Scenario

_last = own_or_usual("restart")


def _restart(scenario: "Scenario", row: "Row | None") -> Any:
    """Return the law of a restart, after the rungs of the ladder that did not end the stop."""
    last = _last(scenario, row)
    if row is None or not row.cause.tried:
        return last
    drawn = [*(rung.time for rung in row.cause.tried), last]

    def in_turn(values: Values) -> Law:
        return laws.sum_of([laws.build(each.family, each.at(values)) for each in drawn])

    return Number(in_turn, any(each.uncertain for each in drawn))


CARD = Card(
    "steps of a recovery",
    plan=(
        Lengths(Purpose.DETECTION, own_or_usual("detection"), At.EVERYWHERE),
        Lengths(Purpose.SWAP, usual("swap"), At.EVERYWHERE),
        Lengths(Purpose.RESTART, _restart, At.EVERYWHERE),
    ),
    accounts={
        Account.DETECTION: Words("detection", "from the failure until somebody or something notices"),
        Account.RESTART: Words("restart", "process start and communicator set-up"),
    },
)
