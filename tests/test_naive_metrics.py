"""Every number of a summary, and of the money in it, held to loops over the rows of its table: `tests/naive`."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.ensemble import Ensemble, run_ensemble
from simulator.metrics import summarise
from simulator.scenario import parse_scenario
from tests.naive.summary import naive_summary

CLOSE = 1e-9  # relative: sums of squares lose digits
EVERY_KEY = Path(__file__).parent / "every_key"
HEAD = {"schema", "scenario", "seed", "replications", "engine"}
SMALL = """
schema: 1
name: small
cluster: {nodes: 40 nodes, hot_spares: 2 nodes, cold_spares: 1 nodes, nics_per_node: 8 NICs, peak: {bf16: 900 TFLOP/s}}
job: {work: {value: 3 d, spread: 10%}, mfu: {value: 40%, spread: 10%}, start: 2027-03-01, deadline: 2027-03-04}
failures:
  gpu: {part: gpu, rate: 4 /kGPU/day, spread: 40%}
  cable: {part: link, mtbf: 900 h, law: weibull, shape: 0.8, age: 10 d, absorbed: 80%, stall: 8 s}
recovery: {detection: {p50: 1 min, p90: 8 min}, restart: 4 min, repair: {mean: 12 h, shape: 0.5}, cure: 90%,
  manual: {share: 30%, time: 9 h}, vendor: {share: 50%, time: 2 d}}
checkpoint: {interval: 10 min, tiers: [{to: storage, blocking: 5 s, lag: 1 min, restore: 1 min}]}
maintenance: {every: 30 h, length: 1 h}
run: {seed: 11}
"""
RENTED = """
cost: {gpu: {p10: 1.5 USD/GPU/h, p50: 2 USD/GPU/h, p90: 3 USD/GPU/h}, network: 0.1 USD/GPU/h,
  storage: {size: 7 PB, price: {value: 20 USD/TB/month, spread: 20%}},
  staff: {people: 10 people, price: 900 USD/person/day}, set_up: {time: {value: 2 d, spread: 30%}, price: 1_000 USD},
  debugging: {price: 7_300 USD/month}, delay: 1_000 USD/day}
"""
OWNED = """
cost: {capital: {value: 30_000 USD/GPU, spread: 20%}, lifetime: 4 years, residual: 30%,
  electricity: {value: 0.08 USD/kWh, spread: 20%}, power: 1.25 kW/GPU, pue: {p10: 1.001, p50: 1.2, p90: 1.3},
  storage: {price: 9_000 USD/month}, staff: {price: 5_000 USD/day}, set_up: {price: 1_000 USD},
  debugging: {time: 2 h, price: {value: 150 USD/person/h, spread: 10%}}}
"""
CASES = {
    "rented": (SMALL + RENTED, (), 70),
    "owned": (SMALL + OWNED, (), 40),
    "half of them unfinished": (SMALL + RENTED, ("run.horizon=95 h",), 41),
    "a delay that costs nothing": (SMALL + "cost: {delay: 0 USD/day}\n", ("run.horizon=95 h",), 20),
    "only people": (SMALL + "cost: {staff: {price: 5_000 USD/day}, set_up: {time: 1 d}}\n", (), 7),
    "only hours of debugging": (SMALL + "cost: {debugging: {time: 2 h, price: 100 USD/person/h}}\n", (), 7),
    "little work for the money": (SMALL + RENTED, ("cluster.peak.bf16=1 GFLOP/s",), 9),
    "without prices": (SMALL, ("job.deadline=null",), 400),
    "certain": (SMALL, ("job.work=3 d", "job.mfu=40%", "failures.gpu.rate=4 /kGPU/day"), 12),
    "one replication": (SMALL + RENTED, (), 1),
    "nothing fails": (SMALL + RENTED, ("failures.gpu.times=0", "failures.cable.times=0"), 9),
}


def texts() -> Iterator[Any]:
    yield from (pytest.param(*case, id=name) for name, case in CASES.items())
    for path in sorted(EVERY_KEY.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        yield pytest.param(text, () if "cost:" in text else ("cost.gpu=2 USD/GPU/h",), 12, id=path.stem)


def differ(place: str, found: Any, naive: Any) -> Iterator[str]:
    if isinstance(found, dict) and isinstance(naive, dict) and found.keys() == naive.keys():
        for name in found:
            yield from differ(f"{place}.{name}", found[name], naive[name])
    elif isinstance(found, list) and isinstance(naive, list) and len(found) == len(naive):
        for number, (one, other) in enumerate(zip(found, naive, strict=True)):
            yield from differ(f"{place}.{number}", one, other)
    elif isinstance(found, float) and isinstance(naive, int | float):
        # A deviation of values that are all alike is the rounding of their sum.
        if not math.isclose(found, naive, rel_tol=CLOSE, abs_tol=1e-12):
            yield f"{place}: {found!r}, and naively {naive!r}"
    elif found != naive:
        yield f"{place}: {found!r}, and naively {naive!r}"


def differences(ensemble: Ensemble) -> list[str]:
    summary = {name: found for name, found in summarise(ensemble).items() if name not in HEAD}
    return list(differ("", summary, naive_summary(ensemble)))


@pytest.mark.parametrize(("text", "overrides", "replications"), list(texts()))
def test_a_summary_says_what_loops_over_its_rows_say(text: str, overrides: tuple[str, ...], replications: int) -> None:
    assert differences(run_ensemble(parse_scenario(text, overrides), replications=replications)) == []


@pytest.mark.parametrize(
    "stop",
    [
        "{quantity: goodput, quantile: 0.2, half_width: 3%, max: 300}",
        "{quantity: finish, quantile: 0.7, half_width: 1 s, max: 300}",
        "{quantity: finish, quantile: 0.99, half_width: 1 h, max: 20}",
    ],
    ids=["reached", "not reached", "not bounded"],
)
def test_what_a_stop_rule_found_is_that_of_its_rows(stop: str) -> None:
    ensemble = run_ensemble(parse_scenario(SMALL, [f"run.stop={stop}"]))
    assert ensemble.precision is not None and differences(ensemble) == []


def test_equal_finishes_stand_in_the_order_of_their_numbers() -> None:
    ensemble = run_ensemble(parse_scenario(SMALL + RENTED), replications=20)
    rows = ensemble.table.sample(frac=1.0, random_state=3).reset_index(drop=True)
    same = rows.assign(replication=range(20), wall_us=rows["wall_us"].max(), finish_days=rows["finish_days"].max())
    same = same.assign(wall_days=same["wall_us"] / 86_400e6, outcome="DONE")
    same["finish_days"] = same["wall_days"]
    found = summarise(replace(ensemble, table=same))["ledger_share_median"]
    assert list(differ("", found, naive_summary(replace(ensemble, table=same))["ledger_share_median"])) == []
