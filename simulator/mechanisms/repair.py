"""Repair: the shop, its crews, and nodes that come back as they were. Semantics 11."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from simulator.mechanisms import questions
from simulator.mechanisms.card import At, Card, Column, Draft, Lengths, Needs, Scalar, Words, own_or_usual, whole
from simulator.numbers.plan import Purpose, Tally
from simulator.words import laws
from simulator.words.drawn import BY_OPERATOR, Drawn, TimingOrNever, by_operator
from simulator.words.quantity import Like, Quantity, Share, default
from simulator.words.section import Fault, Section

if TYPE_CHECKING:
    from simulator.nouns.failures import Cause
    from simulator.scenario.model import Scenario
    from simulator.scenario.schema import Document
    from simulator.scenario.yaml_tree import Item


_RELAPSE = Drawn("exponential", (("mean", default("2 d", "d", why="matters only where repairs do not cure")),))


class OfRecovery(Section):
    """What recovery says of repairs."""

    repair_begins: Literal["at_the_failure", "after_diagnosis"] = Field(
        default="after_diagnosis", description="when a broken node enters the repair shop"
    )
    repair: TimingOrNever = Field(
        default=by_operator("h"), description="until a broken node is back in the pool, without the wait for a crew"
    )
    crews: Annotated[Quantity, Like("crews", whole=True, certain=True, choice=True, least=1)] | None = Field(
        default=None, description="repairs at a time; unlimited where absent"
    )
    cure: Share = Field(
        default=default("100%", "%", why=BY_OPERATOR),
        description="share of repairs that remove the fault; the other nodes come back and strike again",
    )
    relapse: TimingOrNever = Field(default=_RELAPSE, description="until an uncured node in the job strikes again [s]")


class OfCause(Section):
    """What a cause says of repairs."""

    repair: TimingOrNever | None = Field(
        default=None, description="of a node that it broke, or never; else as under recovery"
    )
    cure: Share | None = Field(
        default=None, description="share of repairs that remove the fault; else as under recovery"
    )
    relapse: TimingOrNever | None = Field(
        default=None, description="until an uncured node in the job strikes again; else as under recovery"
    )


def _useless(scenario: "Scenario", tree: "Item") -> Iterator[Fault]:
    """Yield what is said of repairs of which there are none, or that every cause says for itself."""
    document = scenario.document
    recovery, causes = document.recovery, list(document.failures.given.values())
    if not causes:
        return
    if recovery.crews is not None and (why := questions.no_repairs(document)):
        yield ("recovery", "crews"), why
    for name in ("repair", "cure"):
        # After a window of maintenance the job recovers as after a failure.
        own = all(questions.with_own(document, name)) and document.maintenance is None
        if own and tree.find(("recovery", name)) is not None:
            yield ("recovery", name), f"every cause has a {name} of its own, or needs none; leave it out"
    struck = any(questions.uncured(recovery, cause) for cause in causes if cause.relapse is None)
    usual = type(recovery).model_fields["relapse"].get_default()
    if tree.find(("recovery", "relapse")) is not None and not struck and not recovery.relapse.same_numbers(usual):
        text = f'every repair cures, so no node strikes again; write "cure: 80%", {questions.LEAVE}'
        yield ("recovery", "relapse"), text


def _useless_in_cause(document: "Document", cause: "Cause", written: "Item") -> Iterator[Fault]:
    if cause.manner.takes and cause.relapse is not None and not questions.uncured(document.recovery, cause):
        yield ("relapse",), f'every repair cures, so no node strikes again; write "cure: 80%", {questions.LEAVE}'


def _random(draft: Draft) -> None:
    draft.set(crews=draft.whole(0, 4), at_strike=draft.pick(0, 1))
    draft.set(cure=[draft.pick(0.3, 0.7, 1.0) for _ in draft.plan.units])
    draft.lengths(Purpose.REPAIR, 20, 200, 1_500)
    draft.lengths(Purpose.RELAPSE, 0, 100, 700)


CARD = Card(
    "repair",
    plan=(
        Scalar("crews", 0, lambda scenario: whole(scenario.document.recovery.crews)),
        Scalar("at_strike", 0, lambda scenario: int(scenario.document.recovery.repair_begins == "at_the_failure")),
        Column("cure", 1.0, own_or_usual("cure")),
        Lengths(Purpose.REPAIR, own_or_usual("repair"), At.EVERYWHERE),
        Lengths(Purpose.RELAPSE, own_or_usual("relapse"), At.EVERYWHERE, laws.never()),
    ),
    counts={
        Tally.REPAIRS: Words(
            "repairs",
            "repair jobs that entered the shop; all nodes that one strike took are one. Causes whose nodes never come "
            "back have none",
        ),
        Tally.CURES: Words(
            "  that cure",
            "of all repair jobs, those that remove the fault, and those of nodes that were blamed wrongly if they "
            "would",
        ),
    },
    purposes=(Purpose.CURE,),
    cause_keys=dict.fromkeys(("repair", "cure", "relapse"), Needs.NODE),
    useless=_useless,
    useless_in_cause=_useless_in_cause,
    random=_random,
)
