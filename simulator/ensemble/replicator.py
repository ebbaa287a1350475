"""From a scenario to replications: draws the uncertain inputs, compiles the plan, calls an engine."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from simulator.compile.compile import compile_plan
from simulator.ensemble.design import Design, drawn
from simulator.numbers.chance import replication_key
from simulator.numbers.ledger import ACCOUNTS, Account
from simulator.numbers.plan import TALLIES, Floats, Integers, Plan, Result, out_bins
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from simulator.engines.reference import Policy

Engine = Literal["kernel", "reference"]

TWINS = 400  # so many replications have a twin, from the first on: enough for shares to a few percent
# A twin has the same inputs and other weather. Seeds of scenarios are below 2^53, so no other run has its weather.
OTHER_WEATHER = 2**61


class Chunk(NamedTuple):
    """Replications first, first+1, ...: one row each."""

    first: int
    outcome: Integers
    finish: Integers  # [ticks]
    records: Integers
    ledger: Integers  # (n, accounts) [ticks]
    failures: Integers  # (n, causes)
    interruptions: Integers  # (n, causes)
    tally: Integers  # (n, tallies)
    out_seen: list[Integers]  # without zeros at the end
    inputs: Floats  # (n, inputs) [SI]
    mfu: Floats  # (n,) while training at nominal speed; NaN where unknown
    twin: Integers  # (n, 3): outcome, finish and productive time of the twin [ticks]; -1 where there is none


class _Outcomes(NamedTuple):
    """What an engine returns for a few replications under one plan; the fields of the same names in `Chunk`."""

    outcome: Integers
    finish: Integers
    records: Integers
    ledger: Integers
    failures: Integers
    interruptions: Integers
    tally: Integers
    out_seen: Integers


class Replicator:
    """Simulates replications of one scenario with one engine, by its own draws or by a design."""

    def __init__(
        self,
        scenario: Scenario,
        engine: Engine = "kernel",
        policy: "type[Policy] | None" = None,
        design: Design | None = None,
        twins: bool = True,
    ) -> None:
        self.scenario = scenario
        self._simulated = _Simulated(engine, policy)
        self._draw_by_draw = bool(scenario.inputs) or design is not None
        self._design = drawn(scenario) if design is None else design
        self._twins = TWINS if twins and design is None else 0

    def chunk(self, first: int, count: int, world: Any) -> tuple[Chunk, Any]:
        """Return replications first..first+count-1, and the engine's world, to be passed in again."""
        if not self._draw_by_draw:
            plan = compile_plan(self.scenario)
            outcomes, world = self._simulated(plan, self.scenario.seed, first, count, world)
            return _chunk(first, [outcomes], [[]] * count, [self._mfu(None)] * count, [_NO_TWIN] * count), world
        parts, inputs, mfu, twins = [], [], [], []
        for replication in range(first, first + count):
            values, seed, weather = self._design(replication)
            plan = compile_plan(self.scenario, values)
            outcomes, world = self._simulated(plan, seed, weather, 1, world)
            parts.append(outcomes)
            inputs.append([quantity.at(values) for quantity in self.scenario.inputs])
            mfu.append(self._mfu(values))
            if replication < self._twins:
                other, world = self._simulated(plan, seed ^ OTHER_WEATHER, weather, 1, world)
                productive = other.ledger[0, Account.PRODUCTIVE]
                twins.append((int(other.outcome[0]), int(other.finish[0]), int(productive)))
            else:
                twins.append(_NO_TWIN)
        return _chunk(first, parts, inputs, mfu, twins), world

    def _mfu(self, values: Mapping[str, float] | None) -> float:
        """Return the MFU of training at nominal speed, NaN where unknown."""
        flop, peak = self.scenario.flop(values), self.scenario.job_peak(values)
        if flop is None or peak is None:
            return float("nan")
        return flop / (peak * self.scenario.work(values))


_NO_TWIN = (-1, -1, -1)


def _chunk(
    first: int, parts: list[_Outcomes], inputs: list[list[float]], mfu: list[float], twins: list[tuple[int, int, int]]
) -> Chunk:
    together = parts[0]
    if len(parts) > 1:
        together = _Outcomes(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    return Chunk(
        first,
        *together[:-1],
        out_seen=[_trimmed(row) for row in together.out_seen],
        inputs=np.array(inputs, np.float64),
        mfu=np.array(mfu, np.float64),
        twin=np.array(twins, np.int64),
    )


def _trimmed(row: Integers) -> Integers:
    seen = np.flatnonzero(row)
    return row[: seen[-1] + 1].copy() if len(seen) else row[:0].copy()


class _Simulated(NamedTuple):
    """An engine, and the policy that takes decisions in the reference one."""

    engine: Engine
    policy: "type[Policy] | None"

    def __call__(self, plan: Plan, seed: int, first: int, count: int, world: Any) -> tuple[_Outcomes, Any]:
        """Return replications under one plan, and the world, if the engine has one to be used again."""
        if self.engine == "reference":
            return _told(plan, seed, first, count, self.policy), None
        from simulator.engines.kernel import run_batch

        batch, world = run_batch(plan, seed, first, count, world)
        return _Outcomes(*(getattr(batch, name) for name in _Outcomes._fields)), world


def _told(plan: Plan, seed: int, first: int, count: int, policy: "type[Policy] | None") -> _Outcomes:
    """Return what the reference engine says."""
    from simulator.engines.reference import simulate

    causes = len(plan.units)
    shapes = {"ledger": ACCOUNTS, "failures": causes, "interruptions": causes, "tally": TALLIES}
    shapes["out_seen"] = out_bins(plan)
    outcomes = _Outcomes(
        *(np.zeros((count, shapes[name]) if name in shapes else count, np.int64) for name in _Outcomes._fields)
    )
    for row in range(count):
        key = np.uint64(replication_key(seed, first + row))
        result = simulate(plan, key, policy=None if policy is None else policy())
        for name in _Outcomes._fields:
            getattr(outcomes, name)[row] = getattr(result, name)
    return outcomes


def replay(
    scenario: Scenario,
    replication: int,
    engine: Engine = "kernel",
    policy: "type[Policy] | None" = None,
    watch: Callable[[int], None] | None = None,
) -> tuple[Plan, Result]:
    """Return a replication again, with its event log: the plan that it had, and what it came to.

    The reference engine, which takes minutes for millions of events, tells `watch` how many it has by now.
    """
    plan = compile_plan(scenario, scenario.draw_inputs(scenario.seed, replication) if scenario.inputs else None)
    key = np.uint64(replication_key(scenario.seed, replication))
    if engine == "reference":
        from simulator.engines.reference import simulate

        return plan, simulate(plan, key, log=True, policy=None if policy is None else policy(), watch=watch)
    from simulator.engines.kernel import run

    return plan, run(plan, key, log=True)
