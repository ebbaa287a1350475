"""The ensemble: replications of one scenario, how they came about, and how well they answer."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

from simulator.ensemble import stopping
from simulator.ensemble.crew import Crew, Progress
from simulator.ensemble.design import Design
from simulator.ensemble.provenance import model, policy_name
from simulator.ensemble.replicator import Chunk, Engine, Replicator
from simulator.ensemble.shards import WHOLE, Shard, ShardError
from simulator.ensemble.stopping import Precision
from simulator.ensemble.table import table
from simulator.nouns.experiment import Stop
from simulator.scenario import Scenario, standing_alone

if TYPE_CHECKING:
    from simulator.engines.reference import Policy


class Cancelled(RuntimeError):  # noqa: N818 - somebody wanted it
    """Somebody cancelled before the first replication was done."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Replications of a scenario in a table, one row each; see `table.py` for the columns."""

    scenario: Scenario
    table: pd.DataFrame = field(repr=False)
    planned: int  # replications of the whole ensemble, all shards together; under a stop rule at most
    shard: Shard = WHOLE
    engine: Engine = "kernel"
    policy: str = ""  # the name and digest of a policy of the user's; see provenance.py
    model: str = ""
    interrupted: bool = False  # by Ctrl-C or a cancel; the table holds what was done
    precision: Precision | None = None  # under a stop rule
    threads: int = 1
    wall_seconds: float = 0.0
    written: str = field(default="", repr=False)  # the scenario as its run folder has it; empty outside of one

    @property
    def resolved(self) -> str:
        """The scenario as YAML, with every default filled; it is written when it is asked for."""
        return self.written or self.scenario.resolved_yaml()

    @property
    def seed(self) -> int:
        """The seed of all draws."""
        return self.scenario.seed

    @property
    def replications(self) -> int:
        """How many there are."""
        return len(self.table)

    @property
    def causes(self) -> tuple[str, ...]:
        """The names of the causes of failure, in the order of the plan's rows."""
        return tuple(self.scenario.document.failures.causes)


def run_ensemble(
    scenario: Scenario,
    *,
    seed: int | None = None,
    replications: int | None = None,
    shard: Shard = WHOLE,
    engine: Engine = "kernel",
    policy: "type[Policy] | None" = None,
    threads: int | None = None,
    chunk: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    design: Design | None = None,
    twins: bool = True,
) -> Ensemble:
    """Return the replications of a scenario; a number of them given here replaces its own and its stop rule.

    Threads (default: one a core) and chunks (default: by time) do not change the answer. A policy makes the engine the
    reference one: the fast one knows the rules alone. Ctrl-C and `cancel` keep what is done. A design says which inputs
    and weather each replication gets; with one, and where they are not wanted, replications have no twins.

    Raises KeyboardInterrupt or Cancelled where nothing is done, ShardError for a shard under a stop rule.
    """
    begun = time.perf_counter()
    engine = engine if policy is None else "reference"
    scenario = settled(scenario, seed, replications)
    stop = scenario.document.run.stop
    if stop is not None and shard != WHOLE:
        raise ShardError("a stop rule decides by all replications; for shards give their number")
    crew = Crew(
        Replicator(scenario, engine, policy, design, twins),
        threads=threads,
        chunk=chunk,
        progress=progress,
        cancel=cancel,
    )
    planned = scenario.replications if stop is None else int(stop.max.median)
    chunks, precision = _block(crew, *shard.block(planned)) if stop is None else _rounds(crew, stop, planned)
    if crew.stopped and not chunks:
        raise KeyboardInterrupt if crew.from_keyboard else Cancelled("cancelled before the first replication was done")
    return Ensemble(
        scenario=scenario,
        table=table(scenario, chunks),
        planned=planned,
        shard=shard,
        engine=engine,
        policy=policy_name(policy),
        model=model(),
        interrupted=crew.stopped,
        precision=precision,
        threads=crew.threads,
        wall_seconds=time.perf_counter() - begun,
    )


# Whoever runs one scenario again and again, as a tornado does, has it compiled and written out once.
@lru_cache(maxsize=16)
def settled(scenario: Scenario, seed: int | None = None, replications: int | None = None) -> Scenario:
    """Return the scenario with a seed and a number of replications of its own, so that its YAML tells them."""
    if seed is None and replications is None:
        return scenario
    run = scenario.document.run
    if seed is not None:
        run = run.model_copy(update={"seed": replace(run.seed, median=float(seed))})
    if replications is not None:
        number = replace(run.replications, median=float(replications))
        run = run.model_copy(update={"replications": number, "stop": None})
    # What it was read of says another seed or number.
    return standing_alone(replace(scenario, document=scenario.document.model_copy(update={"run": run})))


def _block(crew: Crew, first: int, end: int) -> tuple[list[Chunk], None]:
    if first == end:
        raise ShardError("there are fewer replications than shards, and this shard would be empty")
    return crew.through(first, end), None


def _rounds(crew: Crew, stop: Stop, most: int) -> tuple[list[Chunk], Precision]:
    chunks: list[Chunk] = []
    done, target = 0, min(most, stopping.FIRST_ROUND)
    while True:
        chunks += crew.through(done, target)
        found = stopping.precision(stop, chunks)
        if crew.stopped or found.reached or target == most:
            return chunks, found
        done, target = target, stopping.next_target(target, most, found)
