"""Streams are named after their causes: one more cause moves nothing that the others draw."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest
from strategies import NEVER, Cause, Law, Sketch, plan_of
from test_engines import tell_twice

from simulator.compile.compile import compile_plan
from simulator.numbers import streams
from simulator.numbers.chance import replication_key
from simulator.numbers.ledger import Column, Kind
from simulator.numbers.plan import Integers, Plan, Result, Stream
from simulator.scenario import parse_scenario

SEED = 14
NAMES = ("gpu", "network", "ghost")

# From the definition, and never to change: results that were kept hang on them.
KNOWN = {
    ("WEATHER", "gpu"): 127_862_402_212_248_524,
    ("LEMON", "gpu"): 1_786_432_900_874_771,
    ("WEATHER", ""): 27_903_399_544_747_163,
}


def streams_of(causes: Sequence[str]) -> Integers:
    return np.array(streams.streams_of(causes), np.int64)


def test_numbers_are_those_of_the_first_day() -> None:
    rows = streams_of(["network", "gpu"])
    found = {("WEATHER", "gpu"): rows[1, 0], ("LEMON", "gpu"): rows[1, Stream.LEMON], ("WEATHER", ""): rows[2, 0]}
    assert found == KNOWN


def test_numbers_differ_and_leave_room() -> None:
    numbers = streams_of([f"cause {number}" for number in range(1_000)])
    assert numbers.shape == (1_001, len(Stream)) and len(np.unique(numbers)) == numbers.size
    assert (numbers >= 0).all() and (numbers < 2**57).all(), "64 purposes of each, and members of domains"


@pytest.mark.parametrize("order", list(permutations(NAMES)))
def test_a_number_knows_no_neighbours(order: tuple[str, ...]) -> None:
    rows = dict(zip(order, streams_of(order), strict=False))
    for cause in order:
        assert rows[cause].tolist() == streams_of([cause])[0].tolist()
    assert streams_of(order)[-1].tolist() == streams_of(["other"])[-1].tolist()


SCENARIO = """
schema: 1
name: named
cluster: {{nodes: 12 nodes, hot_spares: 6 nodes}}
job: {{work: 20 d}}
failures:
{causes}
recovery: {{detection: {{p50: 1 min, p90: 8 min}}, diagnosis: 2 min, swap: 30 s, restart: 4 min,
  repair: {{p50: 12 h, p90: 2 d}}, cure: 60%, spares_exposed: true}}
maintenance: {{every: 5 d, length: {{p50: 2 h, p90: 5 h}}}}
checkpoint:
  interval: 10 min
  tiers: [{{to: host_memory, blocking: 5 s, restore: 20 s, peers: 1}},
    {{to: storage, every: 3, blocking: 5 s, lag: 5 min, restore: 2 min}}]
run: {{seed: 11, replications: 4}}
"""
CAUSES = {
    "gpu": "{part: node, rate: 0.05 /node/day, lemons: {share: 40%}}",
    "network": "{part: node, mtbf: 30 d, law: weibull, shape: 0.8, absorbed: 30%, stall: 8 s}",
    "power": "{part: node, rate: 0.02 /node/day}",
    "software": "{part: job, mtbf: 2 d}",
}
GHOST = "{part: node, rate: 0 /node/day, lemons: {share: 40%}}"


def named(causes: dict[str, str]) -> Plan:
    text = "\n".join(f"  {name}: {words}" for name, words in causes.items())
    return compile_plan(parse_scenario(SCENARIO.format(causes=text)))


def with_ghost(at: int) -> dict[str, str]:
    names = list(CAUSES)
    return {name: (CAUSES | {"ghost": GHOST})[name] for name in (*names[:at], "ghost", *names[at:])}


@pytest.mark.parametrize("at", range(len(CAUSES) + 1))
def test_a_cause_that_never_strikes_changes_nothing(at: int) -> None:
    """Weather, renewed units, benches, relapses, lemons and windows: record by record."""
    alone, beside = named(CAUSES), named(with_ghost(at))
    logs = []
    for replication in range(4):
        key = replication_key(SEED, replication)
        one, other = tell_twice(alone, key), tell_twice(beside, key)
        log = other.log.copy()
        assert not (log[:, Column.CAUSE] == at).any()
        log[:, Column.CAUSE] -= log[:, Column.CAUSE] > at
        assert np.array_equal(log, one.log) and np.array_equal(other.ledger, one.ledger)
        assert np.array_equal(other.tally, one.tally)
        logs.append(log)
    seen = np.concatenate(logs)
    assert {Kind.WINDOW_DUE, Kind.RETURN, Kind.STRIKE} <= set(seen[:, Column.KIND].tolist())
    assert (seen[:, Column.ORDINAL] >= 2**48).any(), "no node relapsed"
    assert ((seen[:, Column.ORDINAL] >> 32) & 0xFFFF > 0).any(), "no unit was renewed"
    assert ((seen[:, Column.PLACE] < 0) & (seen[:, Column.NODES] > 0)).any(), "no spare was struck"


def strikes_of(result: Result, cause: int) -> list[tuple[int, int]]:
    rows = result.log[result.log[:, Column.CAUSE] == cause]
    rows = rows[rows[:, Column.KIND] == Kind.STRIKE]
    return [(int(row[Column.TICK]), int(row[Column.ORDINAL])) for row in rows]


@pytest.mark.parametrize("at", range(3))
def test_a_cause_that_strikes_moves_no_candidate_of_the_others(at: int) -> None:
    """What slows the whole job is never void, so its log holds all candidates; another cause stops the job."""
    healed: dict[str, Law] = {"HEALED": ("FIXED", 5, 0)}
    slows = [Cause(per_place=0, span=0, effect="SLOW", mean=mean, laws=healed) for mean in (60, 90)]
    stops = Cause(mean=100, laws={"REPAIR": ("FIXED", 20, 0)})
    names, causes = ["first", "second"], list(slows)
    names.insert(at, "stops")
    causes.insert(at, stops)

    def planned(names: list[str], causes: list[Cause]) -> Plan:
        plan = plan_of(Sketch(needed=4, spares=2, work=NEVER // 10**9, horizon=3_000, causes=tuple(causes)))
        return plan._replace(streams=streams_of(names))

    key = replication_key(SEED, 9)
    alone, beside = tell_twice(planned(["first", "second"], slows), key), tell_twice(planned(names, causes), key)
    assert len(strikes_of(beside, at)) > 10
    for cause, name in enumerate(("first", "second")):
        assert len(strikes_of(alone, cause)) > 20
        assert strikes_of(beside, names.index(name)) == strikes_of(alone, cause)
