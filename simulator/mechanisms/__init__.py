"""Mechanisms: one card each. What is said of all of them together is derived from the cards, in this order."""

import numpy as np

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
from simulator.mechanisms.card import Card, Column, Lengths, Scalar
from simulator.plan import ODDS, RULES, Plan
from simulator.times import LAW_COLUMNS, LAW_FIELDS

CARDS: tuple[Card, ...] = tuple(
    module.CARD
    for module in (
        job, pace, saves, clocks, strikes, elements, lemons, layers, slow_nodes, eviction, corruption, steps,
        slow_start, spares, blocks, pools, waits, repair, repair_stages, retirement, diagnosis, windows, scripts,
    )
)  # fmt: skip
# Fields that hold several numbers of each cause, and how many.
WIDTHS: dict[str, tuple[int, ...]] = {
    "hazard": (3,), "rules": (RULES,), "odds": (ODDS,), "laws": (LAW_COLUMNS, LAW_FIELDS)
}  # fmt: skip


def neutral(causes: int) -> Plan:
    """Return the plan in which no mechanism does anything, with so many causes; each array is its own."""
    fields: dict[str, object] = {"laws": np.zeros((causes + 1, *WIDTHS["laws"]))}
    for card in CARDS:
        for part in card.plan:
            if isinstance(part, Scalar):
                usual = part.neutral
                fields[part.name] = np.array(usual) if isinstance(usual, tuple | np.ndarray) else usual
            elif isinstance(part, Lengths):
                fields["laws"][:, part.purpose] = part.neutral  # type: ignore[index]
            else:
                kind = np.int64 if isinstance(part.neutral, int) else np.float64
                array = fields.setdefault(part.name, np.zeros((causes, *WIDTHS.get(part.name, ())), kind))
                array[_place(part)] = part.neutral  # type: ignore[index]
    return Plan(**fields)  # type: ignore[arg-type]


def _place(column: Column) -> object:
    return slice(None) if column.at is None else (slice(None), column.at)
