"""Strikes: what a failure does to the job, the nodes it takes, and the phases in which it can come. Semantics 7."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.mechanisms import questions
from simulator.mechanisms.card import Card, Column, Draft, LeftOut, Manner, some
from simulator.numbers.ledger import Exposed
from simulator.numbers.plan import Effect
from simulator.words.section import Fault

if TYPE_CHECKING:
    from simulator.nouns.clocks import Row
    from simulator.nouns.failures import Cause
    from simulator.scenario.model import Scenario
    from simulator.scenario.schema import Document
    from simulator.scenario.yaml_tree import Item


def _blast(scenario: "Scenario", row: "Row") -> int:
    return 0 if row.cause.blast is None else int(row.cause.blast.median)


def _useless_in_cause(document: "Document", cause: "Cause", written: "Item") -> Iterator[Fault]:
    # One that is filled in is written out with the rest of a scenario, and says nothing then.
    units = questions.units_of(document.cluster, cause.part)
    usual = 0 if units is None else units.span or min(1, units.per_place)
    if cause.effect != "stop" and cause.blast is not None and cause.blast.median != usual:
        yield ("blast",), f"is what a stop takes; the effect is {cause.effect}, so leave it out"


def _random(draft: Draft) -> None:
    effects = [manner for manner in draft.effects if manner != Effect.STOP]
    some = [draft.pick(Effect.STOP, Effect.STOP, *effects) for _ in range(2)]
    draft.set(effect=[some[0], Effect.STOP, draft.pick(*effects), Effect.SLOW, Effect.STOP, Effect.STOP, some[1]])
    # A unit without a place takes no node.
    blast = [1, draft.whole(1, 3), 1, 1, draft.whole(0, 6), 1, int(draft.plan.per_place[6])]
    draft.set(blast=blast, exposed=[draft.pick(*Exposed) for _ in blast])


CARD = Card(
    "strikes",
    plan=(
        Column("effect", int(Effect.STOP), lambda scenario, row: int(row.cause.manner.effect)),
        Column("blast", 1, _blast),
        Column("exposed", int(Exposed.ALWAYS), lambda scenario, row: int(Exposed[row.cause.exposed.upper()])),
    ),
    manners={"stop": Manner(Effect.STOP, stops=True)},
    useless_in_cause=_useless_in_cause,
    left_out=(LeftOut("phases that cannot be struck", lambda plan: some(plan, plan.exposed != Exposed.ALWAYS)),),
    random=_random,
)
