"""Retirement: a node that was taken too often does not come back. Semantics 11.8."""

from typing import TYPE_CHECKING

import numpy as np

from simulator.ledger import Tally
from simulator.mechanisms.card import Card, Column, Scalar, Words, fixed_ticks, whole
from simulator.plan import Floats

if TYPE_CHECKING:
    from simulator.scenario.model import Scenario


def _count(scenario: "Scenario") -> int | None:
    policy = scenario.document.recovery.retirement
    return None if policy is None else whole(policy.after)


def _window(scenario: "Scenario") -> int | None:
    policy = scenario.document.recovery.retirement
    return None if policy is None else fixed_ticks(policy.within)


def _score(scenario: "Scenario") -> Floats | None:
    policy = scenario.document.recovery.retirement
    if policy is None or policy.score is None or policy.memory is None:
        return None
    return np.array([policy.score.median, policy.memory.median])


CARD = Card(
    "retirement",
    plan=(
        Column("retire", 0, lambda scenario, row: int(row.cause.retire)),
        Scalar("retire_count", 0, _count),
        Scalar("retire_window", 0, _window),
        Scalar("retire_score", (0.0, 0.0), _score),
    ),
    counts={
        Tally.RETIRED: Words("nodes retired for failing too often", "nodes that come back no more, by policy"),
    },
)
