"""Lemons: nodes that fail much more often than their like. Semantics 6.11."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field

from simulator.mechanisms import questions
from simulator.mechanisms.card import Card, Column, Draft, LeftOut, Number, Scalar, fixed_ticks, some
from simulator.numbers.plan import Odds, Purpose
from simulator.words.quantity import Factor, Like, Quantity, Share
from simulator.words.section import Fault, Section

if TYPE_CHECKING:
    from simulator.nouns.clocks import Row
    from simulator.nouns.failures import Cause
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


class OfCause(Section):
    """What a cause says of bad nodes."""

    lemons: Lemons | None = Field(default=None, description="bad nodes: the cause strikes these only, at its rate")

    @property
    def tells_nodes_apart(self) -> bool:
        """Whether nodes differ in how often the cause strikes them."""
        return self.lemons is not None

    def on_all_nodes(self) -> Self:
        """Return the cause as if it struck all nodes alike."""
        return self.model_copy(update={"lemons": None})


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


def _faults(scenario: "Scenario") -> Iterator[Fault]:
    """Yield bad nodes of a part that is of no node, and periods in which nodes turn bad that differ: there is one."""
    document, first = scenario.document, None
    for name, cause in document.failures.given.items():
        if cause.lemons is None:
            continue
        if not questions.in_places(document.cluster, cause.part):
            text = f"the part '{cause.part}' is of no single node, so no node is bad; name a part of a node"
            yield ("failures", name, "lemons"), text
        if (again := cause.lemons.again) is None:
            continue
        if first is not None and again.every.median != first.median:
            place = ("failures", name, "lemons", "again", "every")
            yield place, f"{again.every.text()}, but another cause has {first.text()}; write the same for both"
        first = again.every


def _wrong_in_cause(cause: "Cause") -> Iterator[Fault]:
    if cause.renews and cause.lemons is not None and cause.lemons.times is None:
        text = "is what a repair cures or leaves as it was, so nothing is renewed"
        yield ("lemons",), f'{text}; write "on_replacement: minimal_repair" beside it, or give times'


def _rows(name: str, cause: "Cause") -> "dict[str, Cause]":
    """Return the rows of a cause that strikes all nodes, and bad ones more often on top."""
    lemons = cause.lemons
    if lemons is None or lemons.times is None:
        return {name: cause}
    # What makes a node bad is cured or stays; it is not replaced by something new.
    alone = {"lemons": lemons.model_copy(update={"times": None}), "on_replacement": "minimal_repair", "common": None}
    return {name: cause.on_all_nodes(), f"{name}_bad": cause.portion(alone, lemons.times)}


def _random(draft: Draft) -> None:
    """One cause strikes bad nodes only."""
    draft.set(lemon_share=[0.0, 0.0, 0.0, 0.0, 0.0, draft.pick(0.3, 0.5), 0.0], lemon_period=draft.pick(0, 500, 3_000))
    draft.column("odds", Odds.LEMON_AGAIN, 0.0, 0.1)


CARD = Card(
    "lemons",
    plan=(
        Column("lemon_share", 0.0, _share),
        Column("odds", 0.0, _again, Odds.LEMON_AGAIN),
        Scalar("lemon_period", 0, _period),
    ),
    purposes=(Purpose.LEMON,),
    wrong_in_cause=_wrong_in_cause,
    rows=_rows,
    faults=_faults,
    stops=lambda plan, cause: plan.lemon_share[cause] or 1.0,
    left_out=(LeftOut("lemons", lambda plan: some(plan, plan.lemon_share > 0)),),
    random=_random,
)
