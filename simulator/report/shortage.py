"""Spares that will not do: nodes out of service against the nodes that stand by, before any run."""

import math
from typing import NamedTuple

from simulator.chance import Purpose
from simulator.compile import compile_plan
from simulator.interval import stop_rate
from simulator.ledger import Effect
from simulator.plan import Odds, Plan
from simulator.report import text
from simulator.report.expected import mean_of
from simulator.scenario import Scenario

SIGMAS = 2.0  # above the mean: about one moment in fifty has more nodes out of service
_NOBODY_ASKED = 0.05  # nodes out of service in the mean that are not worth a word


class OutOfService(NamedTuple):
    """Nodes out of service at a moment of the run, at the medians of the inputs: M/G/infinity, by batches."""

    mean: float  # [nodes]; infinite where nodes never come back
    sigma: float  # standard deviation [nodes]
    idle: int  # nodes that stand by: hot and cold spares, spares of blocks, nodes of other jobs

    @property
    def short(self) -> bool:
        """Whether the mean and two standard deviations exceed the nodes that stand by."""
        return self.mean > _NOBODY_ASKED and self.mean + SIGMAS * self.sigma > self.idle

    @property
    def enough(self) -> int:
        """Nodes that would do [nodes]."""
        return math.ceil(self.mean + SIGMAS * self.sigma)


def out_of_service(scenario: Scenario) -> OutOfService:
    """Return how many nodes are out of service, where repairs wait for no crew.

    Arrivals times the mean time out of service, and its variance: Takacs (1962), Introduction to the Theory of Queues,
    chapter 3, for batches that stay together.
    """
    plan = compile_plan(scenario)
    mean = variance = 0.0
    for row in range(len(plan.units)):
        nodes = float(plan.blast[row] * plan.odds[row, Odds.MEMBERS]) if plan.effect[row] == Effect.STOP else 1.0
        rate = _taken(plan, row) * nodes
        if rate > 0.0:
            out = rate * _time_out(plan, row)
            mean, variance = mean + out, variance + out * nodes
    cluster = scenario.document.cluster
    return OutOfService(mean, math.sqrt(variance), cluster.idle_nodes + cluster.others)


def warning(scenario: Scenario) -> str:
    """Return what is said of spares that will not do, with the remedy; empty where they will."""
    found = out_of_service(scenario)
    if not found.short:
        return ""
    stand_by = f"{text.plural(found.idle, 'node')} stand by" if found.idle != 1 else "1 node stands by"
    if math.isinf(found.mean):
        return f"Spares are short: broken nodes never come back, and {stand_by}; the job waits once they are used up."
    known = f"{text.number(found.mean)} ± {text.number(found.sigma)} nodes"
    return (
        f"Spares are short: {known} are out of service at the medians (mean and standard deviation), and {stand_by}; "
        f"the job will wait for repairs. "
        f'Write "hot_spares: {found.enough:_} nodes" under cluster, or shorten the repair.'
    )


def _taken(plan: Plan, row: int) -> float:
    """Return how often a cause takes nodes out [1/s], with what its repairs do not cure."""
    if plan.effect[row] not in (Effect.STOP, Effect.CORRUPT) or (
        plan.effect[row] == Effect.STOP and not plan.blast[row]
    ):
        return 0.0
    alone = plan.units * 0
    alone[row] = plan.units[row]
    rate = stop_rate(plan._replace(units=alone), alarms=True)
    relapses = math.isfinite(mean_of(plan, row, Purpose.RELAPSE))
    return rate / max(float(plan.cure[row]), 0.05) if relapses and not plan.retire[row] else rate


def _time_out(plan: Plan, row: int) -> float:
    """Return the mean time that a node is out of service [s], stage by stage."""
    if plan.retire[row]:
        return math.inf
    second, third = (float(share) for share in plan.escalate)
    stages = (
        (1.0, Purpose.DETECTION), (1.0, Purpose.DIAGNOSIS), (1.0, Purpose.REPAIR),
        (second, Purpose.MANUAL), (second * third, Purpose.VENDOR),
    )  # fmt: skip
    return math.fsum(share * mean_of(plan, row, purpose) for share, purpose in stages if share > 0.0)
