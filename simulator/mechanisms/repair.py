"""Repair: the shop, its crews, and nodes that come back as they were. Semantics 11."""

from simulator import laws
from simulator.ledger import Purpose, Tally
from simulator.mechanisms.card import At, Card, Column, Lengths, Scalar, Words, own_or_usual, whole

CARD = Card(
    "repair",
    plan=(
        Scalar("crews", 0, lambda scenario: whole(scenario.document.recovery.crews)),
        Scalar("at_strike", 0, lambda scenario: int(scenario.document.recovery.repair_begins == "at_the_failure")),
        Column("cure", 1.0, own_or_usual("cure")),
        Lengths(Purpose.REPAIR, own_or_usual("repair"), At.EVERYWHERE),
        Lengths(Purpose.RELAPSE, own_or_usual("relapse"), At.EVERYWHERE, laws.never()),
    ),
    counts={
        Tally.REPAIRS: Words("repairs", "repair jobs; all nodes that one failure took are one"),
        Tally.CURES: Words("  that cure", "repairs after which the fault is gone"),
    },
    purposes=(Purpose.CURE,),
)
