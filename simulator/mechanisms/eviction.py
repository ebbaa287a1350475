"""Eviction: which slow nodes are taken out of the job, and when. Semantics 8.5 and 12.1."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from simulator.ledger import Tally
from simulator.mechanisms.card import Card, Column, Words, fixed_ticks
from simulator.plan import Rule
from simulator.quantity import Like, Quantity, chosen
from simulator.section import Section
from simulator.times import SPEED_SCALE

if TYPE_CHECKING:
    from simulator.clocks import Row
    from simulator.scenario.model import Scenario


class Eviction(Section):
    """Which slow nodes are taken out, and when. Without this: all that are found, at once."""

    slower_than: Annotated[Quantity, Like("%", above=0, most=1, certain=True, choice=True)] = Field(
        default=chosen("100%", "%"), description="nodes at least this fast stay [1]"
    )
    once_it_cost: Annotated[Quantity, Like("min", certain=True, choice=True)] = Field(
        default=chosen("0 s", "min"), description="time that the job must have lost to it; a restart's, say [s]"
    )


_ALL = SPEED_SCALE + 1  # every slow place is slower than that


def _below(scenario: "Scenario", row: "Row") -> int | None:
    eviction = scenario.document.recovery.eviction
    if eviction is None:
        return None
    slower = int(eviction.slower_than.median * SPEED_SCALE + 0.5)
    return slower if slower < SPEED_SCALE else _ALL


def _patience(scenario: "Scenario", row: "Row") -> int | None:
    eviction = scenario.document.recovery.eviction
    return None if eviction is None else fixed_ticks(eviction.once_it_cost)


CARD = Card(
    "eviction",
    plan=(Column("rules", _ALL, _below, Rule.EVICT_BELOW), Column("rules", 0, _patience, Rule.PATIENCE)),
    counts={
        Tally.EVICTIONS: Words("slow nodes taken out of the job", "slow nodes that were found and swapped for spares"),
    },
)
