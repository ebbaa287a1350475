"""Mechanisms: one card each. What is said of all of them together is derived from the cards, in this order."""

from simulator.mechanisms import (
    blocks,
    clocks,
    corruption,
    diagnosis,
    elements,
    eviction,
    job,
    layers,
    lemons,
    pace,
    pools,
    repair,
    repair_stages,
    retirement,
    saves,
    scripts,
    slow_nodes,
    slow_start,
    spares,
    steps,
    strikes,
    waits,
    windows,
)
from simulator.mechanisms.card import Card

CARDS: tuple[Card, ...] = tuple(
    module.CARD
    for module in (
        job, pace, saves, clocks, strikes, elements, lemons, layers, slow_nodes, eviction, corruption, steps,
        slow_start, spares, blocks, pools, waits, repair, repair_stages, retirement, diagnosis, windows, scripts,
    )
)  # fmt: skip
