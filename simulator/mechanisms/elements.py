"""Elements of the fabric: the nodes that one cuts off when it fails, or how far it slows the job. Semantics 6.2."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import Field

from simulator.mechanisms import questions
from simulator.mechanisms.card import (
    SLOWER_PATH,
    Card,
    Column,
    Draft,
    LeftOut,
    Needs,
    Number,
    Scalar,
    Table,
    Values,
    own,
    some,
)
from simulator.numbers.plan import Effect, Odds, Purpose, Rule, Slice
from simulator.numbers.times import SPEED_SCALE
from simulator.words.quantity import Share
from simulator.words.section import Fault, Section

if TYPE_CHECKING:
    from simulator.nouns.clocks import Row
    from simulator.nouns.failures import Cause
    from simulator.numbers.plan import Plan
    from simulator.scenario.model import Scenario
    from simulator.scenario.schema import Document
    from simulator.scenario.yaml_tree import Item


class OfCause(Section):
    """What a cause says of the nodes of a domain."""

    members: Share | None = Field(
        default=None, description="share of the nodes of its domain that a stop takes, each alone with this probability"
    )


_NONE = Table(len(Slice), whole=True)
_MOVED_BY = ("job.exposed_network", "job.exposed_scale_up")  # these make the speed of a job whose network is narrower


def _of(scenario: "Scenario", row: "Row", values: Values = None) -> Any:
    return scenario.document.cluster.slices_of(row.cause.part, values)


def _slices(scenario: "Scenario") -> Number | None:
    """Return the elements that causes strike, of all causes below each other."""
    struck = [row for row in scenario.rows if _of(scenario, row) is not None]
    if not struck:
        return None

    def build(values: Values) -> list[Any]:
        return [element for row in struck for element in _of(scenario, row, values)]

    return Number(build, any(quantity.path in _MOVED_BY for quantity in scenario.inputs))


def _first(scenario: "Scenario", row: "Row") -> int | None:
    """Return the first row of a cause among all elements."""
    own_ones = _of(scenario, row)
    if own_ones is None:
        return None
    above = (_of(scenario, other) for other in scenario.rows[: row.number])
    return sum(len(each) for each in above if each is not None)


def _useless(scenario: "Scenario", tree: "Item") -> Iterator[Fault]:
    """Yield shares of a step that a narrower network would make longer, where none gets narrower."""
    document = scenario.document
    narrower = {each.field for each in document.cluster.elements.values()}
    for name in ("exposed_network", "exposed_scale_up"):
        if document.failures.given and getattr(document.job, name) is not None and name not in narrower:
            text = "no cause strikes an element of the fabric that makes this network narrower"
            yield ("job", name), f"{text}; give one of a part such as spine, {questions.LEAVE}"


def _useless_in_cause(document: "Document", cause: "Cause", written: "Item") -> Iterator[Fault]:
    if cause.members is not None and not questions.takes_several(document.cluster, cause):
        yield ("members",), f"a {cause.part} that fails takes one node or none; leave it out"
    struck = document.cluster.elements.get(cause.part)
    if struck is not None and not struck.field:
        yield ("healed",), f"a {cause.part} of this fabric cuts off nodes and makes nothing narrower; leave it out"


def _cutting(plan: "Plan", cause: int) -> int:
    """Return the units of a cause that stop the job when they fail: elements that cut off no node only slow it."""
    first, units = int(plan.rules[cause, Rule.SLICE]), int(plan.units[cause])
    return units if first < 0 else int((plan.slices[first : first + units, Slice.NODES] != 0).sum())


def _some_only_slow(plan: "Plan", cause: int) -> bool:
    return _cutting(plan, cause) < int(plan.units[cause])


def _random(draft: Draft) -> None:
    """Make the units of the job elements of a fabric, now and then."""
    draft.column("odds", Odds.MEMBERS, 1.0, 1.0, 0.5)
    if draft.happens(0.75):
        return
    needed, number = draft.plan.needed, draft.whole(1, 5)
    first = sorted(draft.whole(0, needed) for _ in range(number))
    nodes = [min(draft.whole(0, 4), needed - place) for place in first]
    speeds = [draft.whole(1, SPEED_SCALE + 1) for _ in first]
    found = [(place if cut else -1, cut, speed) for place, cut, speed in zip(first, nodes, speeds, strict=True)]
    plan = draft.plan
    plan.rules[2, Rule.SLICE], plan.effect[2], plan.blast[2] = 0, Effect.STOP, 0
    plan.units[2] = number if plan.units[2] else 0
    draft.set(slices=found)


CARD = Card(
    "elements of the fabric",
    plan=(
        Scalar("slices", _NONE, _slices),
        Column("rules", -1, _first, Rule.SLICE),
        Column("odds", 1.0, own("members"), Odds.MEMBERS),
    ),
    purposes=(Purpose.MEMBER,),
    cause_keys={"members": Needs.STOP | Needs.RECOVERY},
    useless=_useless,
    useless_in_cause=_useless_in_cause,
    units=_cutting,
    left_out=(LeftOut(SLOWER_PATH, lambda plan: some(plan, plan.effect == Effect.STOP, _some_only_slow)),),
    random=_random,
)
