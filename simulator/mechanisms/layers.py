"""Layers of the network that keep an outage from the job: link, other path, transport, rebuild. Semantics 7.1."""

from typing import TYPE_CHECKING, Any

from simulator.ledger import Account, Purpose, Tally
from simulator.mechanisms.card import Card, Column, Lengths, Words, fixed_ticks, own
from simulator.plan import Odds, Rule

if TYPE_CHECKING:
    from simulator.clocks import Row
    from simulator.scenario.model import Scenario


def _rebuilt_within(scenario: "Scenario", row: "Row") -> int | None:
    return None if row.cause.rebuild is None else fixed_ticks(row.cause.rebuild.within)


def _rebuild(scenario: "Scenario", row: "Row | None") -> Any:
    return None if row is None or row.cause.rebuild is None else row.cause.rebuild.takes


CARD = Card(
    "layers of the network",
    plan=(
        Column("rules", 0, lambda scenario, row: fixed_ticks(row.cause.link_level), Rule.MASKED),
        Column("odds", 0.0, own("multipath"), Odds.MULTIPATH),
        Column("reach", 0, lambda scenario, row: fixed_ticks(row.cause.reach)),
        Column("rules", 0, _rebuilt_within, Rule.REBUILD),
        Column("hidden", 0.0, own("absorbed")),
        Lengths(Purpose.LENGTH, own("stall")),
        Lengths(Purpose.REBUILD, _rebuild),
    ),
    counts={
        Tally.STALLS: Words(
            "outages that the network got over", "outages in which the job stood still, and after which it went on"
        ),
        Tally.REBUILDS: Words(
            "  by new communicators", "of the stalls, those that took a rebuild of the communicators"
        ),
    },
    accounts={Account.NETWORK_STALL: Words("network stalls", "the transport recovers below the application")},
    purposes=(Purpose.HIDDEN, Purpose.MULTIPATH),
)
