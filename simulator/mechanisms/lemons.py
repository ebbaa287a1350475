"""Lemons: nodes that fail much more often than their like. Semantics 6.11."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from simulator.ledger import Purpose
from simulator.mechanisms.card import Card, Column, Number, Scalar, fixed_ticks
from simulator.plan import Odds
from simulator.quantity import Factor, Like, Quantity, Share
from simulator.section import Section

if TYPE_CHECKING:
    from simulator.clocks import Row
    from simulator.scenario.model import Scenario


class Again(Section):
    """Good nodes turn bad: so many of all at the end of each period."""

    share: Share = Field(description="nodes that turn bad at the end of each period, of all")
    every: Annotated[Quantity, Like("d", above=0, certain=True)] = Field(description="the period")


class Lemons(Section):
    """Bad nodes: the cause strikes these only, at its rate; or all nodes at its rate, and these `times` that on top.

    A repair cures a bad node or leaves it as it was, so what makes it bad ages with the calendar and is never renewed.
    """

    share: Share = Field(description="nodes that are bad, of all")
    times: Factor | None = Field(
        default=None,
        description="bad nodes fail at so many times the rate on top of what all do; else nobody but they fails",
    )
    again: Again | None = Field(default=None, description="good nodes that turn bad as time goes by")


_NEXT_TO_NOTHING = 1e-300  # no number that is drawn lies below it


def _share(scenario: "Scenario", row: "Row") -> Number | None:
    lemons = row.cause.lemons
    if lemons is None:
        return None
    # Where no node is bad, a share of 0 would mean that all are.
    return Number(lambda values: max(lemons.share.at(values), _NEXT_TO_NOTHING), lemons.share.uncertain)


def _again(scenario: "Scenario", row: "Row") -> Quantity | None:
    lemons = row.cause.lemons
    return None if lemons is None or lemons.again is None else lemons.again.share


def _period(scenario: "Scenario") -> int:
    again = [row.cause.lemons.again for row in scenario.rows if row.cause.lemons is not None]
    return max((fixed_ticks(each.every) or 0 for each in again if each is not None), default=0)


CARD = Card(
    "lemons",
    plan=(
        Column("lemon_share", 0.0, _share),
        Column("odds", 0.0, _again, Odds.LEMON_AGAIN),
        Scalar("lemon_period", 0, _period),
    ),
    purposes=(Purpose.LEMON,),
)
