"""Spares and crews that will not do: nodes out of service against those that stand by, before any run."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from simulator.compile.compile import compile_plan
from simulator.compile.interval import stop_rate, stopping
from simulator.mechanisms import keeps_back
from simulator.numbers import theory
from simulator.numbers.plan import Effect, Odds, Plan, Purpose
from simulator.numbers.times import TICKS_PER_SECOND, Law
from simulator.report import text
from simulator.report.run.expected import DAY, mean_of
from simulator.scenario import Scenario
from simulator.words import laws

SIGMAS = 2.0  # above the mean: about one moment in fifty has more nodes out of service
_RARE = 1 / 50  # of the time: what is out of service less often lies beyond these moments
_TOO_MANY = 0.25  # of the nodes of the job: ASSUMED to be more than a sensible number of spares
_NOBODY_ASKED = 0.05  # nodes out of service in the mean that are not worth a word
_CREWS = {"recovery": "crews", "recovery.manual": "crews_manual", "recovery.vendor": "crews_vendor"}


class Cause(NamedTuple):
    """What one cause sends to repair: jobs, each of the nodes that go down together."""

    row: int  # of the plan
    rate: float  # of repair jobs [1/s]
    nodes: float  # of a job
    away: float  # mean time out of service where no crew is waited for [s]; infinite where nodes never come back


class Stage(NamedTuple):
    """A stage of the repair shop with its crews, and the queue for them in repair jobs."""

    section: str  # of the scenario, which has its crews
    crews: int
    rate: float  # of jobs [1/s]
    load: float  # crews that they keep busy: rate times mean repair
    waiting: float = 0.0  # jobs that wait for a crew, in the mean
    variance: float = 0.0  # what these add to the variance of jobs in the stage

    @property
    def behind(self) -> bool:
        """Whether repairs come at least as fast as the crews can do them."""
        return self.load >= self.crews

    @property
    def enough(self) -> int:
        """Crews with which about one repair in forty waits: two square roots above the load.

        Halfin and Whitt (1981), Operations Research 29:567.
        """
        return math.floor(self.load + 2.0 * math.sqrt(self.load)) + 1


class OutOfService(NamedTuple):
    """Nodes out of service at a moment of the run, at the medians of the inputs, by batches that go down together."""

    mean: float  # [nodes]; infinite where nodes never come back
    sigma: float  # standard deviation [nodes]
    idle: int  # nodes that stand by: hot and cold spares, spares of blocks, nodes of other jobs
    waiting: float = 0.0  # of the mean: nodes that wait for a crew
    stages: tuple[Stage, ...] = ()  # that have a number of crews
    beyond: float = math.inf  # nodes of the smallest batch that is left out: spares are not for it
    beyond_share: float = 0.0  # of the time in which such a batch, or a larger one, is out of service

    @property
    def short(self) -> bool:
        """Whether the mean and two standard deviations exceed the nodes that stand by."""
        return self.mean > _NOBODY_ASKED and self.mean + SIGMAS * self.sigma > self.idle

    @property
    def enough(self) -> int:
        """Nodes that would do [nodes]."""
        return math.ceil(self.mean + SIGMAS * self.sigma)


def out_of_service(scenario: Scenario) -> OutOfService:
    """Return how many nodes are out of service, with those that wait for a crew.

    Arrivals times the mean time out of service, and its variance: Takacs (1962), Introduction to the Theory of Queues,
    chapter 3, for batches that stay together. On top the queue of each stage, see `_queue`.
    """
    cluster = scenario.document.cluster
    return _found(compile_plan(scenario), cluster.idle_nodes + cluster.others)


def warning(scenario: Scenario) -> str:
    """Return what is said of spares and crews that will not do, with the remedy; empty where they will."""
    found = out_of_service(scenario)
    return " ".join(filter(None, (_told(compile_plan(scenario), found), _told_beyond(found))))


def _found(plan: Plan, idle: int) -> OutOfService:
    causes = [cause for row in range(len(plan.units)) if (cause := _cause(plan, row)).rate * cause.nodes > 0.0]
    if not all(math.isfinite(cause.away) for cause in causes):
        return OutOfService(math.inf, math.inf, idle)
    stages = tuple(_stages(plan, causes))
    found = OutOfService(0.0, 0.0, idle, stages=stages)
    for nodes in sorted({cause.nodes for cause in causes}):
        share = _share(stages, causes, nodes)
        # A batch larger than all that the smaller ones need is met by no number of spares in between. It is left out
        # where it is so seldom that two deviations say nothing of it, and where as many spares make no sense.
        if 1.0 < nodes > found.enough and (share < _RARE or nodes > _TOO_MANY * plan.needed):
            return found._replace(beyond=nodes, beyond_share=share)
        found = _moments(causes, nodes, found)
    return found


def _share(stages: tuple[Stage, ...], causes: list[Cause], nodes: float) -> float:
    """Return the share of the time in which a batch of so many nodes or more is out of service: one at least, M/G/∞."""
    jobs = math.fsum(cause.rate for cause in causes)
    wait = math.fsum(stage.waiting for stage in stages) / jobs  # of a job, in all stages [s]
    return -math.expm1(-math.fsum(cause.rate * (cause.away + wait) for cause in causes if cause.nodes >= nodes))


def _moments(causes: list[Cause], most: float, found: OutOfService) -> OutOfService:
    """Return the mean and the deviation of the nodes that batches of at most so many have out of service."""
    jobs = math.fsum(cause.rate for cause in causes)
    causes = [cause for cause in causes if cause.nodes <= most]
    mean = math.fsum(cause.rate * cause.nodes * cause.away for cause in causes)
    variance = math.fsum(cause.rate * cause.nodes**2 * cause.away for cause in causes)
    first = math.fsum(cause.rate * cause.nodes for cause in causes) / jobs
    second = math.fsum(cause.rate * cause.nodes**2 for cause in causes) / jobs
    waiting = first * math.fsum(stage.waiting for stage in found.stages)
    for stage in found.stages:
        # A sum of so many batches as jobs wait; and what is said in `_queue` of those that do not.
        variance += second * stage.waiting + first**2 * (stage.variance - stage.waiting)
    return found._replace(mean=mean + waiting, sigma=math.sqrt(max(variance, 0.0)), waiting=waiting)


def _stages(plan: Plan, causes: list[Cause]) -> Iterator[Stage]:
    """Yield the stages of the repair shop that have a number of crews and something to do."""
    second, third = (float(share) for share in plan.escalate)
    for purpose, section, crews, share in (
        (Purpose.REPAIR, "recovery", plan.crews, 1.0),
        (Purpose.MANUAL, "recovery.manual", plan.crews_manual, second),
        (Purpose.VENDOR, "recovery.vendor", plan.crews_vendor, second * third),
    ):
        rate = share * math.fsum(cause.rate for cause in causes)
        if not crews or rate <= 0.0:
            continue
        moments = [laws.moments(Law(*plan.laws[cause.row, purpose].tolist())) for cause in causes]
        rates = [share * cause.rate for cause in causes]
        load = math.fsum(often * mean for often, (mean, _) in zip(rates, moments, strict=True))
        squares = math.fsum(
            often * (spread + mean * mean) for often, (mean, spread) in zip(rates, moments, strict=True)
        )
        if load > 0.0:
            # The variance of a repair over the square of its mean.
            varies = max(0.0, squares * rate / load**2 - 1.0)
            yield _queue(Stage(section, crews, rate, load), varies, plan.work / TICKS_PER_SECOND)


def _queue(stage: Stage, varies: float, work: float) -> Stage:
    """Return a stage with its queue, from the squared coefficient of variation of its service and the run's work [s].

    M/G/c: the queue of Erlang's M/M/c times (1 + varies) / 2, and where there is one its length is geometric (Allen
    (1990), Probability, Statistics and Queueing Theory, section 5.3, after Cunneen; exact for M/M/c). Jobs go to later
    stages as a Poisson stream. Whatever the load a queue takes its time to grow: at most its drift and the reflected
    Brownian motion without drift, from an empty shop (Harrison (1985), Brownian Motion and Stochastic Flow Systems).
    """
    crews, load, jobs = stage.crews, stage.load, stage.rate * work
    drift = max(0.0, jobs * (1.0 - crews / load))
    wander = jobs * (1.0 + min(1.0, crews / load) * varies)
    most, most_variance = drift + math.sqrt(2.0 * wander / math.pi), wander
    if stage.behind:
        return stage._replace(waiting=most, variance=most_variance)
    busy = theory.crews_tail(load, crews, crews)
    length = (1.0 + varies) / 2.0 * load / (crews - load)
    waiting = min(busy * length, most)
    variance = min(busy * (length + 2.0 * length**2) - (busy * length) ** 2, most_variance)
    # Where jobs wait all crews are busy, and otherwise fewer: a positive covariance. Crews at work vary by load x
    # (1 - busy), less than the load that `_moments` takes.
    return stage._replace(waiting=waiting, variance=variance + 2.0 * waiting * (crews - load) - load * busy)


def _told(plan: Plan, found: OutOfService) -> str:
    """Return what is said of the spares, and of crews where they are the reason."""
    if not found.short:
        return ""
    stand_by = f"{text.plural(found.idle, 'node')} stand by" if found.idle != 1 else "1 node stands by"
    if math.isinf(found.mean):
        return f"Spares are short: broken nodes never come back, and {stand_by}; the job waits once they are used up."
    few = [stage for stage in found.stages if stage.crews < stage.enough]
    if behind := [stage for stage in few if stage.behind]:
        loads = "; ".join(map(_load, behind))
        return (
            f"Repairs never catch up: {loads}. Broken nodes pile up, {stand_by}, and once they are used up the job "
            f"waits for repairs. {_remedy(plan, found, few)}"
        )
    known = f"{text.number(found.mean)} ± {text.number(found.sigma)} nodes"
    queue = f", {text.number(found.waiting)} of them waiting for a crew" if few else ""
    return (
        f"Spares are short: {known} are out of service at the medians (mean and standard deviation){queue}, and "
        f"{stand_by}; the job will wait for repairs. {_remedy(plan, found, few)}"
    )


def _load(stage: Stage) -> str:
    repairs = f"{text.number(stage.rate * DAY)} repairs a day of {text.duration(stage.load / stage.rate)} each"
    return f"{repairs} keep {text.number(stage.load)} crews busy, and {stage.section} has {stage.crews:_}"


def _remedy(plan: Plan, found: OutOfService, few: list[Stage]) -> str:
    """Return what to write: crews where they are too few, spares where these alone will do or are missing too."""
    more = " and ".join(f'"crews: {stage.enough:_} crews" under {stage.section}' for stage in few)
    crews: dict[str, Any] = {_CREWS[stage.section]: stage.enough for stage in few}
    mended = _found(plan._replace(**crews), found.idle)
    behind = any(stage.behind for stage in few)
    if behind and not mended.short:
        return f"Write {more}, or shorten the repair."
    # Spares alone hold what waits where the queue has an end; else they come with the crews.
    spares = f'"hot_spares: {(mended if mended.short else found).enough:_} nodes" under cluster'
    if not few:
        return f"Write {spares}, or shorten the repair."
    return f"Write {more}{' and' if mended.short else ', or'} {spares}, or shorten the repair."


def _told_beyond(found: OutOfService) -> str:
    """Return what is said of batches that no spares are for, where they cost a part of the time that counts."""
    if found.beyond_share < _RARE or found.beyond <= found.idle:
        return ""
    often, nodes = text.share(found.beyond_share), text.plural(round(found.beyond), "node")
    return (
        f"No number of spares helps during {often} of the time: {nodes} or more, which went down at once, are "
        f"out of service then, and the job waits for their repair."
    )


def _cause(plan: Plan, row: int) -> Cause:
    nodes = float(plan.blast[row] * plan.odds[row, Odds.MEMBERS]) if plan.effect[row] == Effect.STOP else 1.0
    rate = _taken(plan, row)
    return Cause(row, rate, nodes, _time_out(plan, row) if rate > 0.0 else 0.0)


def _taken(plan: Plan, row: int) -> float:
    """Return how often a cause takes nodes out [1/s], with what its repairs do not cure."""
    if plan.effect[row] not in stopping(later=True) or (plan.effect[row] == Effect.STOP and not plan.blast[row]):
        return 0.0
    alone = plan.units * 0
    alone[row] = plan.units[row]
    rate = stop_rate(plan._replace(units=alone), later=True)
    relapses = math.isfinite(mean_of(plan, row, Purpose.RELAPSE))
    return rate / max(_cured(plan, row), 0.05) if relapses and not keeps_back(plan, row) else rate


def _cured(plan: Plan, row: int) -> float:
    """Return the share of repairs that cure: each ends in a stage, which has its own."""
    second, third = (float(share) for share in plan.escalate)
    by_hand = (1.0 - third) * plan.odds[row, Odds.CURE_MANUAL] + third * plan.odds[row, Odds.CURE_VENDOR]
    return float((1.0 - second) * plan.cure[row] + second * by_hand)


def _time_out(plan: Plan, row: int) -> float:
    """Return the mean time that a node is out of service [s], stage by stage."""
    if keeps_back(plan, row):
        return math.inf
    second, third = (float(share) for share in plan.escalate)
    stages = (
        (1.0, Purpose.DETECTION), (1.0, Purpose.DIAGNOSIS), (1.0, Purpose.REPAIR),
        (second, Purpose.MANUAL), (second * third, Purpose.VENDOR),
    )  # fmt: skip
    return math.fsum(share * mean_of(plan, row, purpose) for share, purpose in stages if share > 0.0)
