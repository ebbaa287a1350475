"""Slow nodes: one that makes all others wait, until it is found or fast again. Semantics 8.3 and 8.4."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from simulator.mechanisms.card import At, Card, Draft, LeftOut, Lengths, Manner, Words, own, some
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Effect, Purpose, Tally
from simulator.numbers.times import NEVER, Family, Law
from simulator.words import laws
from simulator.words.drawn import Drawn, Speed, TimingOrNever
from simulator.words.section import Fault, Section

if TYPE_CHECKING:
    from simulator.nouns.failures import Cause


class OfCause(Section):
    """What a cause says of slow nodes."""

    speed: Speed | None = Field(default=None, description="share of nominal speed that a slow node keeps")
    found: TimingOrNever = Field(
        default=Drawn("never"), description="from when a node becomes slow, or begins to corrupt, until that is noticed"
    )
    healed: TimingOrNever = Field(
        default=Drawn("never"), description="from when a node becomes slow until it is fast again by itself"
    )


def _wrong_in_cause(cause: "Cause") -> Iterator[Fault]:
    """Yield what belongs to slow nodes and stands beside another effect."""
    if cause.effect == "slow" and cause.speed is None:
        yield (), 'how slow is it? write "speed: {from: 70%, to: 95%}"'
    if not cause.slows and cause.speed is not None:
        yield from _belongs(cause, "speed")
    if not cause.slows and not cause.manner.found_later and cause.found.family != "never":
        yield from _belongs(cause, "found")
    # An element of a fabric that stops nothing makes the network narrower until it is healed: see the door.
    if cause.effect not in ("slow", "stop") and cause.healed.family != "never":
        yield from _belongs(cause, "healed")


def _belongs(cause: "Cause", name: str) -> Iterator[Fault]:
    yield (name,), f'belongs to the effect slow, not {cause.effect}; write "effect: slow" or leave it out'


def _random(draft: Draft) -> None:
    draft.lengths(Purpose.FOUND, 0, 100, 700, at=At.CAUSES)
    draft.lengths(Purpose.HEALED, 50, 100, NEVER, at=At.CAUSES)
    for cause in range(len(draft.plan.units)):
        draft.law(cause, Purpose.FACTOR, Law(Family.UNIFORM, 0.2, 1.0))
        if draft.happens(0.3):
            draft.law(cause, Purpose.FOUND, Law(Family.CHECKS, 1e-4, 0.6))


CARD = Card(
    "slow nodes",
    plan=(
        Lengths(Purpose.FACTOR, own("speed")),
        Lengths(Purpose.FOUND, own("found"), neutral=laws.never()),
        Lengths(Purpose.HEALED, own("healed"), neutral=laws.never()),
    ),
    counts={
        Tally.SLOWED: Words(
            "strikes that slowed the job down",
            "strikes that slowed the job: slow nodes, and stops of the network in which a slower path carried on",
        ),
    },
    accounts={
        Account.SLOW: Words(
            "slow training",
            "the extra time of kept training below nominal speed",
            "none: there it counts as productive",
        )
    },
    manners={"slow": Manner(Effect.SLOW, found_later=True)},
    wrong_in_cause=_wrong_in_cause,
    left_out=(LeftOut("slow nodes", lambda plan: some(plan, plan.effect == Effect.SLOW)),),
    random=_random,
)
