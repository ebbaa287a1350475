"""Pools behind the hot spares: a selection of hosts, and nodes of other jobs. Semantics 12.1 and 12.6."""

from typing import TYPE_CHECKING

from simulator.ledger import Purpose, Tally
from simulator.mechanisms.card import At, Card, Lengths, Scalar, Words, fixed_ticks, usual, whole
from simulator.plan import Choice

if TYPE_CHECKING:
    from simulator.scenario.model import Scenario

_CHOICES = {"first": Choice.FIRST, "random": Choice.RANDOM, "fewest_failures": Choice.FEWEST}


def _fetch(scenario: "Scenario") -> int | None:
    return fixed_ticks(scenario.document.recovery.preemption) if scenario.document.cluster.selects else None


def _refill(scenario: "Scenario") -> int | None:
    return whole(scenario.document.recovery.resume_with) if scenario.document.cluster.selects else None


CARD = Card(
    "pools",
    plan=(
        Scalar("selects", 0, lambda scenario: int(scenario.document.cluster.selects)),
        Scalar("reserve", 0, lambda scenario: scenario.document.cluster.cold),
        Scalar("backup", 0, lambda scenario: scenario.document.cluster.others),
        Scalar("fetch", 0, _fetch),
        Scalar("refill", 0, _refill),
        Scalar("choice", int(Choice.FIRST), lambda scenario: int(_CHOICES[scenario.document.recovery.choice])),
        Lengths(Purpose.SELECTION, usual("host_selection"), At.EVERYWHERE),
    ),
    counts={
        Tally.SELECTIONS: Words(
            "selections of hosts", "the job's places were filled from the working pool, for the spares were too few"
        ),
        Tally.PREEMPTIONS: Words(
            "nodes fetched from other jobs", "nodes fetched because pool and reserve were too small"
        ),
    },
    purposes=(Purpose.CHOICE,),
)
