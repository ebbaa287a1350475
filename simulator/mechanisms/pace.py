"""Pace: what makes every step a little longer: ranks that differ, and pauses for evaluation. Semantics 1.6."""

from typing import TYPE_CHECKING, Any

from simulator import laws
from simulator.ledger import Account, Purpose
from simulator.mechanisms.card import At, Card, Lengths, Number, Scalar, Values, Words
from simulator.pauses import Ranks, pace_at
from simulator.times import SPEED_SCALE, Law

if TYPE_CHECKING:
    from simulator.clocks import Row
    from simulator.scenario.model import Scenario


def _evaluation_at(scenario: "Scenario", values: Values) -> int:
    """Return the ticks of pauses for Q ticks of training: they follow the time that it takes, longer than nominal."""
    job = scenario.document.job
    pauses = 0.0 if job.evaluation is None else job.evaluation.share_at(values)
    longer = 0.0 if job.ranks is None else job.ranks.noise_at(values, scenario.gpus)
    return min(SPEED_SCALE, int(pauses * (1.0 + longer) * SPEED_SCALE))


def _pace_at(scenario: "Scenario", values: Values) -> int:
    """Return the speed of the job [1/Q]: at most what leaves room for the pauses, whatever is rounded."""
    job = scenario.document.job
    speed = pace_at(values, job.ranks, job.evaluation, scenario.gpus)
    room = SPEED_SCALE * SPEED_SCALE // (SPEED_SCALE + _evaluation_at(scenario, values))
    return max(1, min(int(speed * SPEED_SCALE + 0.5), room))


def _spread(scenario: "Scenario", row: "Row | None") -> Number | None:
    """Return the law of how much longer the slowest of all ranks takes, for a whole run [1]."""
    ranks = scenario.document.job.ranks
    if ranks is None or ranks.spread is None:
        return None
    moves = ranks.spread.uncertain or (ranks.index is not None and ranks.index.uncertain)
    return Number(lambda values: _slowest(ranks, values, scenario.gpus), moves)


def _slowest(ranks: Ranks, values: Values, number: int) -> Law:
    scale = 0.0 if ranks.spread is None else ranks.spread.at(values)
    if scale == 0.0:
        return laws.fixed(0.0)
    if ranks.index is None:
        return laws.normal_maximum(scale, number)
    return laws.pareto_maximum(scale, ranks.index.at(values), number)


def _moving(value: Any) -> Any:
    return lambda scenario: Number(lambda values: value(scenario, values), scenario.size_moves)


CARD = Card(
    "pace",
    plan=(
        Scalar("pace", SPEED_SCALE, _moving(_pace_at)),
        Scalar("evaluation", 0, _moving(_evaluation_at)),
        Lengths(Purpose.SPREAD, _spread, At.JOB),
    ),
    accounts={
        Account.EVALUATION: Words("evaluation", "pauses of training that is kept, in which the model is evaluated"),
    },
)
