"""Digests of answers: what must not change is written down before a change, and compared after it.

    python -m tests.digests write FILE      # before
    python -m tests.digests compare FILE    # after: names what differs

Twenty replications of every shipped scenario with the logs of two, 500 random plans and the scripts of the oracles.
Everything is read by its name, so columns, phases and counts that get other numbers, or come on top, change no digest.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from simulator import resources
from simulator.compile.script import load_script
from simulator.engines.kernel import run
from simulator.ensemble import replay, run_ensemble
from simulator.numbers.chance import replication_key
from simulator.numbers.ledger import Account, Column, Kind, Outcome, Phase
from simulator.numbers.plan import Plan, Result, Tally
from simulator.scenario import load_scenario
from tests.random_plans import random_plan

SEED = 12
PLANS = 500
REPLICATIONS = 20
# The names by which a log is read; those that came later do not count.
PHASES = ("TRAINING", "SAVING", "CLOSING", "STALL", "RESTART", "RESTORE", "DETECTION", "DIAGNOSIS", "SWAP", "WAIT",
          "MAINTENANCE", "DONE", "OUT_OF_TIME", "DIVERGED")  # fmt: skip
KINDS = ("PHASE_END", "RETURN", "SLOW_END", "WINDOW_DUE", "STRIKE", "PLANNED_STOP", "END")
COLUMNS = ("TICK", "KIND", "CAUSE", "ORDINAL", "PLACE", "PHASE_AFTER", "WORK", "KEPT")
ACCOUNTS = ("PRODUCTIVE", "SLOW", "LOST_WORK", "CHECKPOINT_SAVE", "CHECKPOINT_RESTORE", "DETECTION", "DIAGNOSIS",
            "RESTART", "WAITING", "NETWORK_STALL", "MAINTENANCE", "EVALUATION")  # fmt: skip
TALLIES = ("STALLS", "REBUILDS", "SLOWED", "CORRUPTIONS", "ALARMS", "CHECKPOINTS_LOST", "EVICTIONS", "REPAIRS",
           "MANUAL_REPAIRS", "VENDOR_REPAIRS", "CURES", "MISSED", "BLAMED", "RETIRED", "SWAPS", "SELECTIONS",
           "PREEMPTIONS", "WAITS", "TRAYS", "BLOCKS")  # fmt: skip


def digests() -> dict[str, str]:
    """Return a digest by the name of what it is of."""
    return dict((*_scenarios(), *_plans(), *_scripts()))


def _digest(parts: Iterable[object]) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


def _scenarios() -> Iterator[tuple[str, str]]:
    for path in resources.scenario_files():
        scenario = load_scenario(path)
        table = run_ensemble(scenario, replications=REPLICATIONS, threads=1).table
        columns = sorted(name for name in table.columns if not name.startswith("input:"))
        yield f"scenario {path.stem}", _digest([name, *table[name]] for name in columns)
        for replication in (0, 1):
            yield f"log {path.stem} {replication}", _of(replay(scenario, replication)[1])


def _plans() -> Iterator[tuple[str, str]]:
    for seed in range(PLANS):
        yield f"plan {seed}", _of_plan(random_plan(seed), seed)


def _scripts() -> Iterator[tuple[str, str]]:
    for file in sorted((Path(__file__).parent / "oracles").glob("*cases*.yaml")):
        for case in load_script(file):
            yield f"script {file.stem} {case.id}", _of_plan(case.plan, 0)


def _of_plan(plan: Plan, replication: int) -> str:
    return _of(run(plan, np.uint64(replication_key(SEED, replication)), log=True))


def _of(result: Result) -> str:
    log = result.log[:, [Column[name] for name in COLUMNS]].copy()
    for name, known, names in (("PHASE_AFTER", Phase, PHASES), ("KIND", Kind, KINDS)):
        column = log[:, COLUMNS.index(name)]
        column[:] = [names.index(known(int(number)).name) for number in column]
    ledger = {name: int(result.ledger[Account[name]]) for name in ACCOUNTS}
    tally = {name: int(result.tally[Tally[name]]) for name in TALLIES}
    numbers = (
        Outcome(result.outcome).name,
        result.finish,
        result.work,
        result.kept,
        result.records,
        list(result.failures),
    )
    counts = (list(result.interruptions), list(result.out_seen))
    return _digest([hashlib.sha256(log.tobytes()).hexdigest(), ledger, tally, *numbers, *counts])


def main(what: str, file: str) -> int:
    """Write the digests, or compare with those that were written; returns the exit code."""
    found = digests()
    if what == "write":
        Path(file).write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")
        print(f"{len(found)} digests")
        return 0
    before = json.loads(Path(file).read_text(encoding="utf-8"))
    differ = [name for name in before if found.get(name) != before[name]]
    print(f"{len(before) - len(differ)} of {len(before)} digests are the same", *differ[:20], sep="\n  ")
    return int(bool(differ))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
