"""Slow nodes: one that makes all others wait, until it is found or fast again. Semantics 8.3 and 8.4."""

from simulator import laws
from simulator.ledger import Account, Purpose, Tally
from simulator.mechanisms.card import Card, Lengths, Words, own

CARD = Card(
    "slow nodes",
    plan=(
        Lengths(Purpose.FACTOR, own("speed")),
        Lengths(Purpose.FOUND, own("found"), neutral=laws.never()),
        Lengths(Purpose.HEALED, own("healed"), neutral=laws.never()),
    ),
    counts={
        Tally.SLOWED: Words(
            "strikes that slowed the job down",
            "slow nodes, and outages of the network in which a slower path carried on",
        ),
    },
    accounts={Account.SLOW: Words("slow training", "the extra time of kept training below nominal speed")},
)
