"""The job: its places, its work, and where a replication ends. Semantics 3 and 14."""

from typing import TYPE_CHECKING

from simulator.mechanisms.card import Card, Draft, LeftOut, Number, Scalar, Words, fixed_ticks, moving_ticks, whole
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Purpose
from simulator.numbers.times import NEVER, ticks

if TYPE_CHECKING:
    from simulator.scenario.model import Scenario

MOST_WORK = 2.9 * 365 * 86_400.0  # [s] counted in 1/100,000 tick it still fits int64


def _work(scenario: "Scenario") -> Number:
    return Number(lambda values: max(1, ticks(min(MOST_WORK, scenario.work(values)))), scenario.size_moves)


def _start_up(scenario: "Scenario") -> Number:
    drawn = scenario.document.job.start_up
    return Number(lambda values: ticks(drawn.at(values)["value"]), drawn.uncertain)


def _random(draft: Draft) -> None:
    draft.set(needed=draft.whole(1, 13), work=draft.whole(500, 60_000), start_up=draft.pick(0, 30))
    draft.set(horizon=draft.pick(60_000, 200_000), warm_up=draft.pick(0, 1_000))
    draft.set(max_records=draft.pick(40, 3_000, 10**6), max_candidates=draft.pick(*[NEVER] * 8, 1, 40))


CARD = Card(
    "job",
    plan=(
        Scalar("needed", 1, lambda scenario: scenario.nodes),
        Scalar("work", 1, _work),
        Scalar("start_up", 0, _start_up),
        Scalar("horizon", NEVER, lambda scenario: fixed_ticks(scenario.document.run.horizon)),
        Scalar("max_records", NEVER, lambda scenario: whole(scenario.document.run.max_events)),
        Scalar("max_candidates", NEVER, lambda scenario: whole(scenario.document.run.max_events)),
        Scalar("warm_up", 0, lambda scenario: moving_ticks(scenario.document.run.warm_up)),
    ),
    accounts={
        Account.PRODUCTIVE: Words(
            "productive training", "training that is kept, at nominal speed", "productive training time (goodput)"
        ),
        Account.LOST_WORK: Words(
            "lost work", "training that was done and then rolled back", "WASTED_PROGRESS_FROM_DISRUPTION"
        ),
    },
    purposes=(Purpose.INPUT,),
    left_out=(
        LeftOut("failures during the start", lambda plan: plan.start_up > 0),
        LeftOut("the horizon", lambda plan: plan.horizon < NEVER and plan.horizon <= plan.work),
    ),
    random=_random,
)
