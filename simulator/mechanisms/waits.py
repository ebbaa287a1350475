"""Waits: the job stands still until there are enough nodes. Semantics 12.2 and 12.3."""

from simulator.ledger import Account, Tally
from simulator.mechanisms.card import Card, Words

CARD = Card(
    "waiting for nodes",
    counts={Tally.WAITS: Words("waits for a repair", "times that the job could not go on until nodes were repaired")},
    accounts={Account.WAITING: Words("waiting for nodes", "swapping nodes in, or waiting for nodes to come")},
)
