"""Slow start: the first steps after a restart take longer. Semantics 4.6."""

from typing import Annotated

from pydantic import Field

from simulator.mechanisms.card import Card, Draft, Scalar, moving_ticks
from simulator.words.quantity import Like, Quantity
from simulator.words.section import Section


class OfRecovery(Section):
    """What recovery says of it."""

    slow_start: Annotated[Quantity, Like("s")] | None = Field(
        default=None,
        description="what the first steps after a restart take longer, all in all [s]",
    )


def _random(draft: Draft) -> None:
    draft.set(slow_start=draft.pick(0, 7))


CARD = Card(
    "slow start",
    plan=(Scalar("slow_start", 0, lambda scenario: moving_ticks(scenario.document.recovery.slow_start)),),
    recovery=lambda plan: plan.slow_start,
    random=_random,
)
