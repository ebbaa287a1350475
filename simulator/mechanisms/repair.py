"""Repair: the shop, its crews, and nodes that come back as they were. Semantics 11."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator import laws
from simulator.ledger import Purpose, Tally
from simulator.mechanisms import asking
from simulator.mechanisms.card import At, Card, Column, Lengths, Needs, Scalar, Words, own_or_usual, whole
from simulator.section import Fault

if TYPE_CHECKING:
    from simulator.failures import Cause
    from simulator.scenario.model import Scenario
    from simulator.scenario.schema import Document
    from simulator.scenario.source import Item


def _useless(scenario: "Scenario", tree: "Item") -> Iterator[Fault]:
    """Yield what is said of repairs of which there are none, or that every cause says for itself."""
    document = scenario.document
    recovery, causes = document.recovery, list(document.failures.given.values())
    if not causes:
        return
    if recovery.crews is not None and (why := asking.no_repairs(document)):
        yield ("recovery", "crews"), why
    for name in ("repair", "cure"):
        # After a window of maintenance the job recovers as after a failure.
        own = all(asking.with_own(document, name)) and document.maintenance is None
        if own and tree.find(("recovery", name)) is not None:
            yield ("recovery", name), f"every cause has a {name} of its own, or needs none; leave it out"
    struck = any(asking.uncured(recovery, cause) for cause in causes if cause.relapse is None)
    usual = type(recovery).model_fields["relapse"].get_default()
    if tree.find(("recovery", "relapse")) is not None and not struck and not recovery.relapse.same_numbers(usual):
        text = f'every repair cures, so no node strikes again; write "cure: 80%", {asking.LEAVE}'
        yield ("recovery", "relapse"), text


def _useless_in_cause(document: "Document", cause: "Cause", written: "Item") -> Iterator[Fault]:
    if cause.effect != "stall" and cause.relapse is not None and not asking.uncured(document.recovery, cause):
        yield ("relapse",), f'every repair cures, so no node strikes again; write "cure: 80%", {asking.LEAVE}'


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
        Tally.REPAIRS: Words("repairs", "repair jobs; all nodes that one failure took are one"),
        Tally.CURES: Words("  that cure", "repairs after which the fault is gone"),
    },
    purposes=(Purpose.CURE,),
    cause_keys=dict.fromkeys(("repair", "cure", "relapse"), Needs.NODE),
    useless=_useless,
    useless_in_cause=_useless_in_cause,
)
