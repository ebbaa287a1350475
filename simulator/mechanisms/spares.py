"""Spares: nodes that stand by, break too where they are exposed, and fill the places of broken ones. Semantics 12."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field, StrictBool

from simulator.mechanisms import questions
from simulator.mechanisms.card import Card, Column, Draft, Needs, Scalar, Words
from simulator.numbers.plan import Effect, Tally
from simulator.words.section import Fault, Section

if TYPE_CHECKING:
    from simulator.nouns.clocks import Row
    from simulator.nouns.failures import Cause
    from simulator.scenario.model import Scenario
    from simulator.scenario.schema import Document
    from simulator.scenario.yaml_tree import Item


class OfRecovery(Section):
    """What recovery says of spares."""

    spares_exposed: StrictBool = Field(default=False, description="spares break too, as nodes in the job do")


class OfCause(Section):
    """What a cause says of spares."""

    spares_exposed: StrictBool | None = Field(
        default=None, description="whether it strikes spares too; else as under recovery"
    )


def _burn(scenario: "Scenario", row: "Row") -> int:
    own = row.cause.spares_exposed
    wanted = scenario.document.recovery.spares_exposed if own is None else own
    return int(bool(wanted) and row.per_place > 0 and row.cause.effect == "stop")


def _none_could(document: "Document") -> str:
    """Return in words why no spare can break, with a remedy; empty where one can."""
    # Bad nodes that come back from repair stand in the pool too, whether or not it began with spares.
    if document.cluster.spares or any(cause.tells_nodes_apart for cause in document.failures.given.values()):
        return ""
    return f"there are no hot spares that could break; give hot_spares under cluster, {questions.LEAVE}"


def _useless(scenario: "Scenario", tree: "Item") -> Iterator[Fault]:
    """Yield spares that are said to break, of which there are none, or which nothing breaks."""
    document = scenario.document
    cluster, given = document.cluster, document.failures.given
    if not document.recovery.spares_exposed:
        return
    if why := _none_could(document):
        yield ("recovery", "spares_exposed"), why
    struck = (
        row.effect == "stop" and questions.in_places(cluster, row.part) for row in document.failures.causes.values()
    )
    if given and cluster.spares and not any(struck):
        text = "no cause stops a part of a node, so no spare breaks"
        yield ("recovery", "spares_exposed"), f'{text}; give one with "effect: stop" and "part: gpu", {questions.LEAVE}'


def _useless_in_cause(document: "Document", cause: "Cause", written: "Item") -> Iterator[Fault]:
    if cause.spares_exposed and cause.effect == "stop" and (why := _none_could(document)):
        yield ("spares_exposed",), why
    if cause.spares_exposed and cause.effect == "stop" and questions.takes_places(document.cluster, cause.part) and (
        not questions.in_places(document.cluster, cause.part) and cause.part not in document.cluster.elements
    ):  # fmt: skip
        text = f"the part '{cause.part}' is of no single node, so no spare has it; leave it out"
        yield ("spares_exposed",), text


def _random(draft: Draft) -> None:
    burn = draft.pick(0, 1)
    placed = (draft.plan.per_place > 0) & (draft.plan.effect == Effect.STOP)
    draft.set(spares=draft.whole(0, 7), bench=[burn * draft.pick(0, 1) * bool(each) for each in placed])


CARD = Card(
    "spares",
    plan=(Scalar("spares", 0, lambda scenario: scenario.spares), Column("bench", 0, _burn)),
    counts={
        Tally.SWAPS: Words("places of the job filled anew", "places of the job filled anew, from wherever"),
    },
    cause_keys={"spares_exposed": Needs.NODE | Needs.STOP},
    useless=_useless,
    useless_in_cause=_useless_in_cause,
    random=_random,
)
