"""Slow start: the first steps after a restart take longer. Semantics 4.6."""

from simulator.mechanisms.card import Card, Scalar, moving_ticks

CARD = Card(
    "slow start",
    plan=(Scalar("slow_start", 0, lambda scenario: moving_ticks(scenario.document.recovery.slow_start)),),
)
