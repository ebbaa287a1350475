"""The reference engine meets the cases that were worked out by hand, and its ledger sums, whatever happens."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from simulator.chance import Purpose, replication_key
from simulator.durations import LAW_COLUMNS, NEVER, Family
from simulator.engines.reference import simulate
from simulator.ledger import Account, Effect, Outcome
from simulator.plan import Line, Overlap, Plan

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
    whole = np.zeros(causes, np.int64)
    share = np.zeros(causes)
    return Plan(
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
        warm_up=0,
        window_period=0,
        **dict.fromkeys("units per_place span effect blast exposed renewal bench retire".split(), whole),
        **dict.fromkeys("hidden cure lemon_share".split(), share),
        hazard_kind=whole,
        hazard=np.zeros((causes, 3)),
        laws=fixed_laws(causes, written),
        table=np.zeros((0, 3)),
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
    assert result.ledger.sum() == result.finish and len(result.log) == result.records
