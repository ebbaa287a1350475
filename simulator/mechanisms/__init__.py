"""Mechanisms: one card each. What is said of all of them together is derived from the cards, in this order."""

from typing import TYPE_CHECKING

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
from simulator.mechanisms.card import Card, Manner

if TYPE_CHECKING:
    from simulator.numbers.plan import Plan

CARDS: tuple[Card, ...] = tuple(
    module.CARD
    for module in (
        job, pace, saves, clocks, strikes, elements, layers, lemons, slow_nodes, eviction, corruption, steps,
        slow_start, spares, blocks, pools, waits, repair, repair_stages, retirement, diagnosis, windows, scripts,
    )
)  # fmt: skip


def keeps_back(plan: "Plan", cause: int | None) -> bool:
    """Return whether nodes that a cause takes stay away for good; None: whether those of any cause may, by policy."""
    return any(card.keeps_back is not None and card.keeps_back(plan, cause) for card in CARDS)


MANNERS: dict[str, Manner] = {word: manner for card in CARDS for word, manner in card.manners.items()}


# What mechanisms let the sections of a scenario say; the keys of the last one come first.


class CauseKeys(
    lemons.OfCause, retirement.OfCause, repair.OfCause, diagnosis.OfCause, steps.OfCause, spares.OfCause,
    elements.OfCause, slow_nodes.OfCause, layers.OfCause,
):  # fmt: skip
    """What mechanisms let a cause say."""


class RecoveryKeys(
    spares.OfRecovery, retirement.OfRecovery, repair_stages.OfRecovery, repair.OfRecovery, eviction.OfRecovery,
    slow_start.OfRecovery, pools.OfRecovery, diagnosis.OfRecovery, steps.OfRecovery,
):  # fmt: skip
    """What mechanisms let recovery say."""


class LineKeys(retirement.OfLine):
    """What mechanisms let a line of a script say."""


class CheckpointKeys(corruption.OfCheckpoint):
    """What mechanisms let checkpoints say."""
