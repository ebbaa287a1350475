"""The reference engine meets the cases that were worked out by hand, and its ledger sums, whatever happens."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_plans import CAUSES, random_plan
from ruamel.yaml import YAML

from simulator.engines.reference import JobView, Policy, simulate
from simulator.mechanisms.neutral import neutral
from simulator.numbers.chance import replication_key
from simulator.numbers.ledger import Account, Column, Kind, Outcome, Phase
from simulator.numbers.plan import Effect, Line, Overlap, Plan, Purpose, Result, Tally
from simulator.numbers.times import LAW_COLUMNS, NEVER, SPEED_SCALE, Family

Row = dict[str, Any]
HAND: Row = YAML(typ="safe").load(Path(__file__).parent / "oracles" / "hand_cases.yaml")
KEY = replication_key(1, 0)

LAWS_OF_A_SCRIPT = {
    "detection": Purpose.DETECTION,
    "diagnosis": Purpose.DIAGNOSIS,
    "repair": Purpose.REPAIR,
    "swap": Purpose.SWAP,
    "restart": Purpose.RESTART,
    "restore": Purpose.RESTORE,
    "restore_memory": Purpose.RESTORE_MEMORY,
}
COLUMNS_OF_A_SCRIPT = {
    "heal" if line is Line.HEALED else line.name.lower(): line for line in Line if line is not Line.EFFECT
}


def fixed_laws(causes: int, written: Row) -> np.ndarray:
    laws = np.zeros((causes + 1, LAW_COLUMNS, 4))
    laws[:, :, 0] = Family.NEVER
    laws[:, Purpose.SPREAD, 0] = Family.FIXED
    for name, purpose in LAWS_OF_A_SCRIPT.items():
        laws[:, purpose] = (Family.FIXED, written[name] / 1e6, 0.0, 0.0)
    return laws


def script_of(lines: list[Row]) -> np.ndarray:
    script = np.full((len(lines), len(Line)), -1, np.int64)
    for row, line in enumerate(lines):
        script[row, Line.CAUSE] = 0
        script[row, Line.EFFECT] = Effect[line.get("effect", "stop").upper()]
        for name, column in COLUMNS_OF_A_SCRIPT.items():
            if name in line:
                script[row, column] = int(line[name])
    return script


def plan_of(case: Row) -> Plan:
    written = HAND["defaults"] | case.get("plan", {})
    memory = written.get("memory", {})
    script = script_of(case.get("script", []))
    causes = 1 + max(script[:, Line.CAUSE], default=0)
    windows = np.array(written.get("maintenance", []), np.int64).reshape(-1, 2)
    return neutral(causes)._replace(
        needed=written["needed"],
        spares=written["spares"],
        work=written["work"],
        interval=written["tau"],
        save=written["delta"],
        save_storage=written.get("delta_storage", written["delta"]),
        storage_every=written["every"],
        lag=written["lag"],
        overlap=Overlap[written["overlap"].upper()],
        memory_group=memory.get("group", memory["peers"] + 1) if memory else 0,
        memory_peers=memory.get("peers", 0),
        memory_apart=int(memory.get("apart", False)),
        start_up=written["start_up"],
        horizon=written.get("horizon", NEVER),
        max_records=written.get("max_records", 10**6),
        crews=written.get("crews", 0),
        laws=fixed_laws(causes, written),
        window_due=windows[:, 0],
        window_length=windows[:, 1],
        script=script,
        script_order=np.lexsort((script[:, Line.CAUSE], script[:, Line.AT])),
    )


@pytest.mark.parametrize("case", HAND["cases"], ids=lambda case: case["id"])
def test_a_case_worked_out_by_hand(case: Row) -> None:
    result = simulate(plan_of(case), KEY, log=True)
    booked = {account.name: int(result.ledger[account]) for account in Account if result.ledger[account]}
    assert (Outcome(result.outcome).name, result.finish) == (case["expect"]["outcome"], case["expect"]["finish"])
    assert booked == case["expect"]["ledger"]
    check_laws(plan_of(case), result)


# laws that hold whatever happens

ACCOUNTS_OF_THE_LOG = {
    Phase.STALL: Account.NETWORK_STALL,
    Phase.RESTART: Account.RESTART,
    Phase.RESTORE: Account.CHECKPOINT_RESTORE,
    Phase.DETECTION: Account.DETECTION,
    Phase.DIAGNOSIS: Account.DIAGNOSIS,
    Phase.SWAP: Account.WAITING,
    Phase.WAIT: Account.WAITING,
    Phase.MAINTENANCE: Account.MAINTENANCE,
}


def check_laws(plan: Plan, result: Result) -> None:
    """What must be true of every replication, read from its log where that says it too."""
    ledger, log = result.ledger, result.log
    assert ledger.sum() == result.finish and (ledger >= 0).all()
    assert ledger[[Account.PRODUCTIVE, Account.EVALUATION, Account.SLOW]].sum() == result.kept
    assert (result.outcome == Outcome.DONE) == (result.work >= plan.work * SPEED_SCALE)
    assert (result.interruptions <= result.failures).all() and result.out_seen.sum() <= result.failures.sum()
    assert len(log) == result.records <= plan.max_records and (np.diff(log[:, Column.TICK]) >= 0).all()
    assert tuple(log[-1, [Column.TICK, Column.WORK, Column.KEPT]]) == (result.finish, result.work, result.kept)
    # What the events lost, took and did is what was counted.
    assert log[:, Column.LOST].sum() == ledger[Account.LOST_WORK] and (log[:, [Column.LOST, Column.NODES]] >= 0).all()
    strikes = log[:, Column.KIND] == Kind.STRIKE
    assert ((log[:, Column.EFFECT] >= 0) == strikes).all()
    counted = {Effect.STALL: Tally.STALLS, Effect.SLOW: Tally.SLOWED, Effect.CORRUPT: Tally.CORRUPTIONS}
    assert all((log[:, Column.EFFECT] == effect).sum() == result.tally[tally] for effect, tally in counted.items())
    stops = log[log[:, Column.EFFECT] == Effect.STOP]
    assert np.bincount(stops[:, Column.CAUSE], minlength=len(plan.units)).tolist() == result.failures.tolist()
    assert log[~strikes, Column.NODES].sum() == result.tally[Tally.EVICTIONS]
    assert not log[strikes & (log[:, Column.EFFECT] != Effect.STOP), Column.NODES].any()
    # Only saves change the phase without a record, so the time between two records went where the first one says.
    first = Phase.RESTART if plan.start_up else Phase.TRAINING
    phases = np.concatenate([[first], log[:-1, Column.PHASE_AFTER]])
    lengths = np.diff(log[:, Column.TICK], prepend=0)
    told = np.zeros(len(ledger), np.int64)
    for phase, account in ACCOUNTS_OF_THE_LOG.items():
        told[account] += lengths[phases == phase].sum()
    accounts = sorted(set(ACCOUNTS_OF_THE_LOG.values()))
    assert told[accounts].tolist() == ledger[accounts].tolist()


def fingerprint(seeds: Iterable[int]) -> str:
    """One word for everything that the engine says about some random plans."""
    state = hashlib.sha256()
    for seed in seeds:
        result = simulate(random_plan(seed), replication_key(2, seed), log=True)
        state.update(np.array(result[:5], np.int64).tobytes())
        for column in result[5:]:
            state.update(np.ascontiguousarray(column, np.int64).tobytes())
    return state.hexdigest()


@pytest.mark.parametrize("seed", range(200))
def test_a_random_plan_runs_to_an_end_and_its_ledger_sums(seed: int) -> None:
    for plan in (random_plan(seed), random_plan(seed + 10**6)):
        check_laws(plan, simulate(plan, replication_key(2, seed), log=True))


def test_random_plans_use_every_mechanism() -> None:
    plans = [random_plan(seed) for seed in range(120)]
    logs = [simulate(plan, replication_key(2, seed), log=True) for seed, plan in enumerate(plans)]
    seen = np.concatenate([result.log for result in logs])
    assert set(seen[:, Column.KIND]) == set(Kind)
    assert set(seen[:, Column.PHASE_AFTER]) == set(Phase)
    assert {result.outcome for result in logs} == set(Outcome)
    strikes = seen[seen[:, Column.KIND] == Kind.STRIKE]
    assert set(strikes[:, Column.CAUSE]) == set(range(CAUSES))
    assert (strikes[:, Column.ORDINAL] >= 2**48).any(), "no node relapsed"
    assert (strikes[:, Column.ORDINAL] % 2**48 >= 2**33).any(), "no unit broke twice"
    assert (sum(result.ledger for result in logs) > 0).all(), "an account stayed empty"
    assert (np.diff(seen[:, Column.TICK]) == 0).mean() > 0.1, "ties are rare"


def test_a_replication_is_a_function_of_plan_and_key() -> None:
    plan, key = random_plan(3), replication_key(2, 3)
    silent, told = simulate(plan, key), simulate(plan, key, log=True)
    assert silent[:5] == told[:5] and silent.ledger.tolist() == told.ledger.tolist()
    assert len(silent.log) == 0 and len(told.log) == told.records
    assert fingerprint([3]) == fingerprint([3]) != fingerprint([4])


def test_compiled_and_plain_samplers_give_the_same_replications() -> None:
    other_way = {"NUMBA_DISABLE_JIT": "0" if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0" else "1"}
    here = Path(__file__).parent
    command = [sys.executable, "-c", "import test_reference as t; print(t.fingerprint(range(40)))"]
    path = os.pathsep.join([str(here), str(here.parent)])
    environment = os.environ | other_way | {"PYTHONPATH": path}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == fingerprint(range(40))


def test_what_can_never_end_is_given_up() -> None:
    plan = plan_of({"script": [{"at": 100, "place": 0}]})
    plan.laws[:, Purpose.DETECTION, 0] = Family.NEVER
    result = simulate(plan, KEY, log=True)
    assert (result.outcome, result.finish, result.records) == (Outcome.DIVERGED, 100, 2)


# policies


class Hasty(Policy):
    """Saves twice as often as the plan."""

    def interval(self, job: JobView) -> int:
        return max(1, job.plan.interval // 2)


class Patient(Policy):
    """Never evicts."""

    def evict(self, job: JobView, place: int, speed: int) -> bool:
        return False


class LastIn(Policy):
    """Takes the node that came last."""

    def node(self, job: JobView, place: int, pool: Sequence[int]) -> int:
        return len(pool) - 1


class Careful(Policy):
    """Sends every save to storage once work has been lost, or nodes are out."""

    def save_to_storage(self, job: JobView, number: int) -> bool:
        return job.nodes_out > 0 or job.tick > job.kept


class Moody(Hasty, LastIn, Careful):
    """Decides by what it sees."""

    def evict(self, job: JobView, place: int, speed: int) -> bool:
        return speed < 60_000 or job.work % 2 == 0


def case_named(number: str, **changed: object) -> Plan:
    case = next(case for case in HAND["cases"] if case["id"].startswith(number))
    return plan_of(case | {"plan": case.get("plan", {}) | changed})


def test_a_policy_chooses_the_interval() -> None:
    result = simulate(case_named("01"), KEY, policy=Hasty())
    assert result.finish == 900 + 5 * 10 == result.ledger.sum()


def test_a_policy_chooses_whom_to_evict() -> None:
    plan = case_named("19")
    result = simulate(plan, KEY, log=True, policy=Patient())
    check_laws(plan, result)
    # Slow from tick 100 on, at half the speed: three saves in the way, no stop.
    assert result.finish == 100 + 2 * 900 + 3 * 10
    assert result.ledger[Account.WAITING] == 0 < simulate(plan, KEY).ledger[Account.WAITING]


def test_a_policy_chooses_the_node() -> None:
    uncured = {"at": 100, "place": 0, "repair": 100, "relapse": 50}
    plan = plan_of({"plan": {"spares": 2}, "script": [uncured, {"at": 300, "place": 1}]})
    assert simulate(plan, KEY).failures.tolist() == [2], "the oldest node of the pool was never struck"
    assert simulate(plan, KEY, policy=LastIn()).failures.tolist() == [3], "the node that just came back relapses"


def test_a_policy_chooses_what_goes_to_storage() -> None:
    plan = case_named("13")
    result = simulate(plan, KEY, log=True, policy=Careful())
    check_laws(plan, result)
    # The first save is ordinary; the time it took is no training, so that the others go to storage.
    assert result.ledger[Account.CHECKPOINT_SAVE] == 2 + 10 + 10 + 10


@pytest.mark.parametrize("seed", range(60))
def test_the_ledger_sums_under_any_policy(seed: int) -> None:
    plan, key = random_plan(seed), replication_key(2, seed)
    check_laws(plan, simulate(plan, key, log=True, policy=Moody()))


def test_an_impossible_answer_is_refused() -> None:
    class Lazy(Policy):
        def interval(self, job: JobView) -> int:
            return 0

    class Greedy(Policy):
        def node(self, job: JobView, place: int, pool: Sequence[int]) -> int:
            return len(pool)

    with pytest.raises(ValueError, match=r"Lazy.interval returned 0; it must be at least 1 tick"):
        simulate(case_named("01"), KEY, policy=Lazy())
    with pytest.raises(ValueError, match=r"Greedy.node returned 1; the pool has 1 nodes"):
        simulate(case_named("02"), KEY, policy=Greedy())


def test_a_policy_cannot_change_the_job() -> None:
    class Meddler(Policy):
        def interval(self, job: JobView) -> int:
            job.work = 0  # type: ignore[misc]
            return 1

    with pytest.raises(AttributeError):
        simulate(case_named("01"), KEY, policy=Meddler())
