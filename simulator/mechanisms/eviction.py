"""Eviction: which slow nodes are taken out of the job, and when. Semantics 8.5 and 12.1."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from simulator.mechanisms import questions
from simulator.mechanisms.card import Card, Column, Draft, Words, fixed_ticks
from simulator.numbers.plan import Rule, Tally
from simulator.numbers.times import SPEED_SCALE
from simulator.words.quantity import Like, Quantity, chosen
from simulator.words.section import Fault, Section

if TYPE_CHECKING:
    from simulator.nouns.clocks import Row
    from simulator.nouns.failures import Cause
    from simulator.scenario.model import Scenario
    from simulator.scenario.yaml_tree import Item


class Eviction(Section):
    """Which slow nodes are taken out, and when. Without this: all that are found, at once."""

    slower_than: Annotated[Quantity, Like("%", above=0, most=1, certain=True, choice=True)] = Field(
        default=chosen("100%", "%"), description="nodes at least this fast stay [1]"
    )
    once_it_cost: Annotated[Quantity, Like("min", certain=True, choice=True)] = Field(
        default=chosen("0 s", "min"), description="time that the job must have lost to it; a restart's, say [s]"
    )


class OfRecovery(Section):
    """What recovery says of it."""

    eviction: Eviction | None = Field(
        default=None, description="which slow nodes are taken out, and when; all that are found, at once"
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


def _useless(scenario: "Scenario", tree: "Item") -> Iterator[Fault]:
    """Yield an eviction of slow nodes of which there are none, which are never found, or for which none stands by."""
    document = scenario.document
    cluster, place = document.cluster, ("recovery", "eviction")
    if document.recovery.eviction is None:
        return
    if not cluster.idle_nodes + cluster.others:
        text = f"without spares no slow node is ever evicted; give hot_spares under cluster, {questions.LEAVE}"
        yield place, text
    given = document.failures.given
    slowing = [name for name, cause in given.items() if cause.slows and questions.takes_places(cluster, cause.part)]
    if not slowing and given:
        text, remedy = "no cause makes a node slow, so none is evicted", 'give one with "effect: slow" and "found: 1 h"'
        yield place, f"{text}; {remedy}, {questions.LEAVE}"
    elif given and not any(_is_found(given[name], tree.find(("failures", name, "found"))) for name in slowing):
        remedy = f'write "found: 1 h" under failures.{slowing[0]}'
        yield place, f"no slow node is ever found, so none is evicted; {remedy}, {questions.LEAVE}"


def _is_found(cause: "Cause", written: "Item | None") -> bool:
    return cause.found.family != "never" or written is not None


def _random(draft: Draft) -> None:
    draft.column("rules", Rule.EVICT_BELOW, _ALL, 60_000)
    draft.column("rules", Rule.PATIENCE, 0, 0, 50)


CARD = Card(
    "eviction",
    plan=(Column("rules", _ALL, _below, Rule.EVICT_BELOW), Column("rules", 0, _patience, Rule.PATIENCE)),
    counts={
        Tally.EVICTIONS: Words(
            "slow nodes taken out of the job", "slow nodes that were found and taken out of the job"
        ),
    },
    useless=_useless,
    random=_random,
)
