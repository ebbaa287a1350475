"""Waits: the job stands still until there are enough nodes. Semantics 12.2 and 12.3."""

from simulator.mechanisms.card import Card, LeftOut, Words, some
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Effect, Tally

CARD = Card(
    "waiting for nodes",
    counts={Tally.WAITS: Words("waits for a repair", "times that the job began to wait for a repair")},
    accounts={
        Account.WAITING: Words(
            "waiting for nodes", "swapping nodes in, and waiting for nodes", "INFRASTRUCTURE_RECOVERY_FROM_DISRUPTION"
        )
    },
    left_out=(LeftOut("waiting for nodes", lambda plan: some(plan, (plan.effect == Effect.STOP) & (plan.blast > 0))),),
)
