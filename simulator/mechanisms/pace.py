"""Pace: what makes every step a little longer: ranks that differ, and pauses for evaluation. Semantics 1.6."""

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from simulator.mechanisms.card import At, Card, Draft, LeftOut, Lengths, Number, Scalar, Values, Words, varies
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Purpose
from simulator.numbers.times import SPEED_SCALE, Family, Law
from simulator.words import laws
from simulator.words.quantity import Duration, Like, PositiveDuration, Quantity
from simulator.words.section import Fault, Section

if TYPE_CHECKING:
    from simulator.nouns.clocks import Row
    from simulator.scenario.model import Scenario


_Spread = Annotated[Quantity, Like("%", most=3)]


class Evaluation(Section):
    """Training pauses every so often while the model is evaluated."""

    every: PositiveDuration = Field(description="training between two pauses [s]")
    takes: Duration = Field(description="how long one lasts [s]")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the evaluation."""
        if self.takes.median > self.every.median:
            yield ("takes",), "must not be longer than the training between two of them"

    def share_at(self, values: Mapping[str, float] | None) -> float:
        """Return the time of pauses for a unit of training time [1]."""
        return min(1.0, self.takes.at(values) / self.every.at(values))


class Ranks(Section):
    """How much longer than the usual rank a rank takes for a step: always (spread), and in each step anew (noise).

    A step waits for the slowest of all ranks. With a Normal law both are standard deviations; with a Pareto law both
    are scales, and the tail index decides how far the slowest is behind.
    """

    law: Literal["normal", "pareto"] = Field(default="normal", description="of both: light tails, or heavy ones")
    index: Annotated[Quantity, Like("", above=1, most=100)] | None = Field(
        default=None, description="of the Pareto tail: the smaller, the heavier"
    )
    spread: _Spread | None = Field(
        default=None, description="between ranks, for the whole run; drawn anew for each run"
    )
    noise: _Spread | None = Field(default=None, description="of a rank between steps; its mean over steps counts")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the ranks."""
        if self.spread is None and self.noise is None:
            yield (), 'how unlike are they? write "spread: 1%", "noise: 2%", or both'
        if self.law == "pareto" and self.index is None:
            yield ("law",), 'a Pareto law needs its tail; write "index: 3"'
        if self.law == "normal" and self.index is not None:
            yield ("index",), 'belongs to a Pareto law; write "law: pareto"'

    def noise_at(self, values: Mapping[str, float] | None, ranks: int) -> float:
        """Return how much longer the slowest of so many ranks takes in a step, in the mean over steps [1]."""
        if self.noise is None:
            return 0.0
        return self.noise.at(values) * _expected_maximum(ranks, None if self.index is None else self.index.at(values))


@lru_cache(maxsize=256)
def _expected_maximum(ranks: int, index: float | None) -> float:
    from simulator.numbers import theory  # brings scipy, which few scenarios need

    if index is None:
        return theory.expected_maximum_of_normals(ranks)
    return theory.expected_maximum_of_paretos(ranks, index)


def pace_at(
    values: Mapping[str, float] | None, ranks: Ranks | None, evaluation: Evaluation | None, number: int
) -> float:
    """Return the speed of a job of so many ranks, of its nominal one [1], before the spread between ranks."""
    longer = 0.0 if ranks is None else ranks.noise_at(values, number)
    pauses = 0.0 if evaluation is None else evaluation.share_at(values)
    return 1.0 / ((1.0 + longer) * (1.0 + pauses)) if math.isfinite(longer) else 0.0


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


def _random(draft: Draft) -> None:
    evaluation = draft.pick(0, 10_000, SPEED_SCALE)  # pauses take their share of the pace
    pace = min(draft.pick(SPEED_SCALE, 77_777, 50_000), SPEED_SCALE * SPEED_SCALE // (SPEED_SCALE + evaluation))
    draft.set(pace=pace, evaluation=evaluation)
    draft.law(-1, Purpose.SPREAD, Law(Family.UNIFORM, 0.0, draft.pick(0.0, 0.5)))


CARD = Card(
    "pace",
    plan=(
        Scalar("pace", SPEED_SCALE, _moving(_pace_at)),
        Scalar("evaluation", 0, _moving(_evaluation_at)),
        Lengths(Purpose.SPREAD, _spread, At.JOB),
    ),
    accounts={
        Account.EVALUATION: Words(
            "evaluation",
            "pauses of training that is kept, in which the model is evaluated: a share of PRODUCTIVE. Those of "
            "training that is lost are LOST_WORK",
            "CUSTOM_BADPUT_EVENTS",
        ),
    },
    left_out=(LeftOut("ranks that are slower than others", lambda plan: varies(plan.laws[-1:, Purpose.SPREAD, 0])),),
    random=_random,
)
