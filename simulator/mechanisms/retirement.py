"""Retirement: a node that was taken too often does not come back. Semantics 11.8."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StrictBool

from simulator.mechanisms import questions
from simulator.mechanisms.card import Card, Column, Draft, Needs, Scalar, Words, fixed_ticks, whole
from simulator.numbers.plan import Tally
from simulator.numbers.times import NEVER
from simulator.words.quantity import Like, Quantity
from simulator.words.section import Fault, Section

if TYPE_CHECKING:
    from simulator.nouns.failures import Cause
    from simulator.numbers.plan import Plan
    from simulator.scenario.model import Scenario
    from simulator.scenario.schema import Document
    from simulator.scenario.yaml_tree import Item


class Retirement(Section):
    """When a node does not come back: taken out too often in a time, or too high a score."""

    after: Annotated[Quantity, Like("", whole=True, certain=True, choice=True, least=1)] | None = Field(
        default=None, description="times that it was taken out of the job or the pool"
    )
    within: Annotated[Quantity, Like("d", above=0, certain=True, choice=True)] | None = Field(
        default=None, description="the time in which these count [s]"
    )
    score: Annotated[Quantity, Like("", above=0, certain=True, choice=True)] | None = Field(
        default=None, description="each time counts 1, and less and less later on"
    )
    memory: Annotated[Quantity, Like("d", above=0, certain=True, choice=True)] | None = Field(
        default=None, description="the time in which a score falls to 1/e [s]"
    )

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the retirement."""
        if self.after is None and self.score is None:
            yield (), 'when is a node retired? write "after: 3" and "within: 7 d", or "score: 2.5" and "memory: 30 d"'
        for one, other, example in (("after", "within", "7 d"), ("score", "memory", "30 d")):
            if getattr(self, one) is not None and getattr(self, other) is None:
                yield (one,), f'needs a time; write "{other}: {example}"'
            if getattr(self, one) is None and getattr(self, other) is not None:
                yield (other,), f"belongs to {one}; give that too"


class OfRecovery(Section):
    """What recovery says of it."""

    retirement: Retirement | None = Field(default=None, description="which nodes never come back; none")

    @property
    def counts_takings(self) -> bool:
        """Whether it matters how often a node was taken."""
        return self.retirement is not None


class OfCause(Section):
    """What a cause says of it."""

    retire: StrictBool = Field(default=False, description="nodes that it broke do not come back")

    @property
    def comes_back(self) -> bool:
        """Whether the nodes that it takes can come back from repair."""
        return not self.retire


class OfLine(Section):
    """What a line of a script says of it."""

    retire: StrictBool = False


def _count(scenario: "Scenario") -> int | None:
    policy = scenario.document.recovery.retirement
    return None if policy is None else whole(policy.after)


def _window(scenario: "Scenario") -> int | None:
    policy = scenario.document.recovery.retirement
    return None if policy is None else fixed_ticks(policy.within)


def _score(scenario: "Scenario") -> tuple[float, float] | None:
    policy = scenario.document.recovery.retirement
    if policy is None or policy.score is None or policy.memory is None:
        return None
    return policy.score.median, policy.memory.median


def _useless(scenario: "Scenario", tree: "Item") -> Iterator[Fault]:
    """Yield a policy where no node ever comes back, that it could keep."""
    document = scenario.document
    if document.recovery.retirement is None or not document.failures.given:
        return
    # A node whose fault nobody finds comes back without a repair, and may be retired then.
    usual = document.recovery.missed
    missed = any((usual if row.missed is None else row.missed) is not None for row in questions.taken(document))
    if not missed and (why := questions.no_repairs(document)):
        yield ("recovery", "retirement"), why


def _useless_in_cause(document: "Document", cause: "Cause", written: "Item") -> Iterator[Fault]:
    for name in ("repair", "cure") if cause.retire else ():
        yield (name,), "the nodes that it broke do not come back; leave it out, or leave out retire"


def _keeps_back(plan: "Plan", cause: int | None) -> bool:
    if cause is None:
        return plan.retire_count > 0 or bool(plan.retire_score[0] > 0)
    return bool(plan.retire[cause])


def _random(draft: Draft) -> None:
    draft.set(retire=[int(draft.happens(0.1)) for _ in draft.plan.units])
    draft.set(retire_count=draft.pick(0, 0, 1, 2, 4), retire_window=draft.pick(100, 3_000, NEVER))
    draft.set(retire_score=[draft.pick(0.0, 0.0, 1.5, 3.0), draft.pick(5e-4, 2e-2)])


CARD = Card(
    "retirement",
    plan=(
        Column("retire", 0, lambda scenario, row: int(row.cause.retire)),
        Scalar("retire_count", 0, _count),
        Scalar("retire_window", 0, _window),
        Scalar("retire_score", (0.0, 0.0), _score),
    ),
    counts={
        Tally.RETIRED: Words(
            "nodes retired for failing too often",
            "nodes that never come back because they were taken too often; those that a cause retires are not counted",
        ),
    },
    cause_keys={"retire": Needs.NODE},
    useless=_useless,
    useless_in_cause=_useless_in_cause,
    keeps_back=_keeps_back,
    random=_random,
)
