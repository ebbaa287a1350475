"""Diagnosis: how long it takes to find the broken node, and how it errs. Semantics 7.9."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from simulator.mechanisms import questions
from simulator.mechanisms.card import At, Card, Column, Draft, Lengths, Needs, Number, Words, own_or_usual
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Odds, Purpose, Tally
from simulator.words import laws
from simulator.words.drawn import Timing, by_operator
from simulator.words.quantity import Like, Quantity, Share
from simulator.words.section import Fault, Section

if TYPE_CHECKING:
    from simulator.nouns.clocks import Row
    from simulator.nouns.failures import Cause
    from simulator.scenario.model import Scenario
    from simulator.scenario.schema import Document
    from simulator.scenario.yaml_tree import Item


class OfRecovery(Section):
    """What recovery says of diagnoses."""

    diagnosis: Timing = Field(default=by_operator("min"), description="from the alarm until the broken nodes are known")
    missed: Share | None = Field(
        default=None,
        description="share of diagnoses that find nothing: the broken node goes back to the spares as it is",
    )
    blamed: Share | None = Field(
        default=None, description="share of diagnoses that take out another node, and leave the broken one in"
    )


class OfCause(Section):
    """What a cause says of diagnoses."""

    diagnosis: Timing | None = Field(
        default=None, description="from the alarm until the broken nodes are known; else as under recovery"
    )
    missed: Share | None = Field(
        default=None, description="share of diagnoses that find nothing: the node stays in use; else as under recovery"
    )
    blamed: Share | None = Field(
        default=None, description="share of diagnoses that take another node out; else as under recovery"
    )
    bisection: Annotated[Quantity, Like("min", above=0)] | None = Field(
        default=None,
        description="one test of half the nodes; to find the broken one takes log2(nodes) of them, one at least [s]",
    )


_given = own_or_usual("diagnosis")


def _length(scenario: "Scenario", row: "Row | None") -> Any:
    """Return the law of a diagnosis; of a search, each test halves the nodes among which the broken one is."""
    if row is None or (test := row.cause.bisection) is None:
        return _given(scenario, row)
    tests = math.ceil(math.log2(max(2, scenario.nodes)))
    return Number(lambda values: laws.fixed(tests * test.at(values)), moves=True)


def _useless(scenario: "Scenario", tree: "Item") -> Iterator[Fault]:
    """Yield a diagnosis that no cause needs, and errors where none can happen."""
    document = scenario.document
    if not document.failures.given:
        return
    own = all(questions.with_own(document, "bisection", "diagnosis")) and document.maintenance is None
    if own and tree.find(("recovery", "diagnosis")) is not None:
        yield ("recovery", "diagnosis"), "every cause has a diagnosis of its own, or needs none; leave it out"
    stopped = any(
        row.effect == "stop" and questions.takes_places(document.cluster, row.part)
        for row in document.failures.causes.values()
    )
    for name in ("missed", "blamed"):
        # A share of none is what it is without.
        if questions.happens(getattr(document.recovery, name)) and not stopped:
            text = "no cause stops the job and takes a node, so no diagnosis can err"
            yield ("recovery", name), f'{text}; give one with "effect: stop" and "part: gpu", {questions.LEAVE}'


def _useless_in_cause(document: "Document", cause: "Cause", written: "Item") -> Iterator[Fault]:
    if cause.effect == "stop" and questions.takes_several(document.cluster, cause) and questions.happens(cause.blamed):
        yield ("blamed",), "a diagnosis errs about a node that was struck alone; leave it out"


def _random(draft: Draft) -> None:
    draft.column("odds", Odds.MISSED, 0.0, 0.3)
    draft.column("odds", Odds.BLAMED, 0.0, 0.3)
    draft.lengths(Purpose.DIAGNOSIS, 0, 3, 10, 40)


CARD = Card(
    "diagnosis",
    plan=(
        Lengths(Purpose.DIAGNOSIS, _length, At.EVERYWHERE),
        Column("odds", 0.0, own_or_usual("missed"), Odds.MISSED),
        Column("odds", 0.0, own_or_usual("blamed"), Odds.BLAMED),
    ),
    counts={
        Tally.MISSED: Words(
            "diagnoses that found nothing", "diagnoses that found nothing: the nodes came back as they were"
        ),
        Tally.BLAMED: Words(
            "diagnoses that blamed another node", "places taken in place of the broken one, by a diagnosis that erred"
        ),
    },
    accounts={
        Account.DIAGNOSIS: Words(
            "diagnosis", "until the broken nodes are known", "INFRASTRUCTURE_RECOVERY_FROM_DISRUPTION"
        )
    },
    purposes=(Purpose.MISSED, Purpose.BLAMED, Purpose.INNOCENT),
    cause_keys=dict.fromkeys(("missed", "blamed"), Needs.NODE | Needs.STOP)
    | dict.fromkeys(("diagnosis", "bisection"), Needs.RECOVERY),
    useless=_useless,
    useless_in_cause=_useless_in_cause,
    random=_random,
)
