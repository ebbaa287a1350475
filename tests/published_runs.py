"""Published runs as scenarios, what was published of each, and how well the forecast of each scores.

A scenario says what was published of its run, and leaves the rest to the defaults of its sections, so that a forecast
here is the one that a planner gets who knows no more. Nothing in it may be chosen for what comes out.
"""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Literal, NamedTuple

import pandas as pd
from scores import Observed, Score, printed, score

from simulator import resources
from simulator.ensemble import Ensemble, run_ensemble
from simulator.numbers import theory
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Floats
from simulator.scenario import Scenario, load_scenario, parse_scenario

SEED = 20_240_731
REPLICATIONS = 1_000
FEW = 200  # of a run whose inputs are all known, so that chance alone moves it

LLAMA = "arXiv 2407.21783 (The Llama 3 Herd of Models), section 3.3.4 and table 5"
RSC = "arXiv 2410.21680 (Kokolis et al., Revisiting Reliability in Large-Scale ML Research Clusters)"
MEGASCALE = "MegaScale, NSDI 2024"
BYTEROBUST = "arXiv 2509.16293 (Robust LLM Training Infrastructure at ByteDance), abstract"
C4 = "arXiv 2406.04594 (C4, Alibaba)"
GEMINI = "arXiv 2312.11805 (Gemini), section on training infrastructure"
HSDP = "arXiv 2602.00277 (fault-tolerant HSDP on 100,000 GPUs), abstract"

# What makes the window of 54 days of the preset: it trains on, and the horizon ends it.
WINDOW = ("job.work=54 d", "run.horizon=54 d")

RSC_SCENARIO = """\
schema: 1
name: RSC, {nodes} nodes
cluster: {{nodes: {nodes} nodes}}
job: {{work: {days} d}}
failures:
  node: {{part: node, rate: {rate} /node/day, blast: 0 nodes}}
recovery: {{detection: 0 s, diagnosis: 0 s, restart: {restart} min, repair: 0 s}}
checkpoint:
  interval: {interval} s
  tiers: [{{to: storage, blocking: {save} min, lag: 0 s, restore: 0 s}}]
"""

# A run of which hardly more than size and length is known. Its rate of failures spans the published clusters.
FLEET_SCENARIO = """\
schema: 1
name: {name}
cluster:
  gpus: {gpus} GPUs
  hot_spares: {{value: {spares} nodes, source: "ASSUMED: 1.5 % of the nodes, as in the preset of Llama 3"}}
job: {{work: {days} d}}
failures:
  node:
    part: node
    rate: {{p10: 1.1e-3 /node/day, p50: 3.8e-3 /node/day, p90: 6.5e-3 /node/day, source: "ASSUMED: published clusters"}}
run: {{horizon: {days} d}}
"""
FLEET = (
    "1.1e-3 to 6.5e-3 failures a node and day, the range of published clusters, 1.5 % hot spares, and the defaults for "
    "recovery and checkpoints: ASSUMED"
)


class Rsc(NamedTuple):
    """A projection of the RSC paper; times in minutes, the rate per node and day."""

    use: str
    nodes: int
    rate: float
    restart: float
    save: float
    every: float | None  # None: the Young-Daly interval
    ettr: float

    @property
    def interval(self) -> float:
        """The interval between saves [s]."""
        seconds = 86_400 / (self.nodes * self.rate)
        return 60 * self.every if self.every else theory.young_interval(1 / seconds, 60 * self.save)


RSC_CASES = (
    Rsc("unit", 2_000, 6.5e-3, 5, 0, 5, 0.93),
    Rsc("unit", 1_500, 1.0e-3, 5, 5, None, 0.90),
    Rsc("validate", 1_500, 6.5e-3, 5, 0.1667, None, 0.90),
)


def rsc(nodes: int, rate: float, restart: float, save: float, interval: float) -> Scenario:
    """Return a job whose failures take no node, with up to 2,000 of them a replication."""
    days = min(400, round(2_000 / (nodes * rate)))
    return parse_scenario(
        RSC_SCENARIO.format(nodes=nodes, rate=rate, restart=restart, save=save, interval=f"{interval:.3f}", days=days)
    )


def hsdp() -> Scenario:
    """Return a synchronous job that fails every 18 minutes and stands still for 10."""
    return parse_scenario(
        RSC_SCENARIO.format(nodes=1, rate=80, restart=10, save=0, interval="1.000", days=20)  # every 18 min
    )


Operator = Literal["by_hand", "automatic", "best"]


def fleet(name: str, gpus: int, days: int, operator: Operator) -> Scenario:
    """Return a run of which size and length are known, on nodes of eight GPUs.

    The operator is the class that its publication describes.
    """
    spares = math.ceil(0.015 * gpus / 8)
    text = FLEET_SCENARIO.format(name=name, gpus=gpus, spares=spares, days=days)
    return parse_scenario(text + f"operator: {operator}\n")


def not_lost_to_errors(table: pd.DataFrame) -> Floats:
    """Return the share of the wall clock that failures did not take; pauses of saves are not among what they take."""
    taken = (
        Account.LOST_WORK, Account.CHECKPOINT_RESTORE, Account.DETECTION, Account.DIAGNOSIS, Account.RESTART,
        Account.WAITING,
    )  # fmt: skip
    lost = sum(table[f"{account.name.lower()}_us"] for account in taken)
    return 1.0 - (lost / table["wall_us"]).to_numpy(float)


MEASURES: Mapping[str, Callable[[pd.DataFrame], Floats]] = {
    "goodput": lambda table: table["goodput"].to_numpy(float),
    "ETTR": lambda table: table["ettr"].to_numpy(float),
    "time not lost to errors": not_lost_to_errors,
}


class Run(NamedTuple):
    """A run, and the share of its time that was published."""

    name: str
    measure: str
    published: str
    observed: Observed
    scenario: Callable[[], Scenario]
    source: str
    given: str  # the inputs, and which of them are ASSUMED
    measured: bool = True  # or computed by its authors, from inputs that the scenario has too
    replications: int = REPLICATIONS


ABOVE_90 = Observed(0.9, 1.0)


def runs() -> dict[str, Run]:
    """Return the runs that can be scored, by a short name."""
    found = measured() | {f"rsc_{case.nodes}_{60 * case.save:.0f}s": _rsc_run(case) for case in RSC_CASES}
    found["hsdp"] = Run(
        "synchronous job, 100,000 GPUs", "ETTR", "0.44", printed(0.44, 2), hsdp, HSDP,
        "a failure every 18 min, a stall of 10 min each: published; that a failure can strike the stall: ASSUMED",
        measured=False, replications=FEW,
    )  # fmt: skip
    return found


def measured() -> dict[str, Run]:
    """Return the runs whose published share was measured, by a short name."""
    return {
        "llama3_405b": Run(
            "Llama 3 405B, 16,384 H100, 54 days", "goodput", "> 90 %", ABOVE_90,
            lambda: load_scenario(resources.scenarios() / "presets" / "llama3_405b_16k.yaml", list(WINDOW)), LLAMA,
            "counts by cause, storage bandwidth, windows: published; recovery, spares, checkpoints: ASSUMED",
        ),
        "megascale": Run(
            "MegaScale, over 10,000 GPUs", "goodput", "> 90 %", ABOVE_90,
            lambda: fleet("MegaScale", 12_288, 30, "automatic"), MEGASCALE,
            f"Over 10,000 GPUs: published; 12,288 of them, 30 d, {FLEET}. That detection and diagnosis took "
            "less than 10 min in the mean, and catching up less than 15, is published and not told to the forecast",
        ),
        "byterobust": Run(
            "ByteRobust, 9,600 GPUs, three months", "goodput", "97 %", printed(0.97, 2),
            lambda: fleet("ByteRobust", 9_600, 90, "best"), BYTEROBUST,
            f"GPUs, 90 d: published; {FLEET}. That it saves in every step is published and not told to the forecast",
        ),
        "c4_june": Run(
            "C4, 2,400 GPUs, June 2023", "time not lost to errors", "68.81 %", printed(0.6881, 4),
            lambda: fleet("C4 in June", 2_400, 30, "by_hand"), C4,
            f"GPUs, a month: published; {FLEET}",
        ),
        "c4_december": Run(
            "C4, 2,400 GPUs, December 2023", "time not lost to errors", "98.84 %", printed(0.9884, 4),
            lambda: fleet("C4 in December", 2_400, 30, "automatic"), C4,
            f"GPUs, a month: published; {FLEET}",
        ),
    }  # fmt: skip


def _rsc_run(case: Rsc) -> Run:
    given = (
        f"{case.nodes:,} nodes, {case.rate:g} failures a node and day, restart {case.restart:g} min, saves of "
        f"{60 * case.save:.0f} s: published; Poisson failures, no lag, no restore: ASSUMED"
    )
    return Run(
        f"RSC, {8 * case.nodes:,} GPUs, saves of {60 * case.save:.0f} s", "ETTR", f"{case.ettr:.2f}",
        printed(case.ettr, 2), lambda: rsc(case.nodes, case.rate, case.restart, case.save, case.interval), RSC, given,
        measured=False, replications=FEW,
    )  # fmt: skip


# Published shares of time for which no scenario can be built, and why.
NOT_SCORED = (
    ("Gemini, TPU v4", "goodput, 85 % and 97 %", "Chips, failure rate and recovery times are not published", GEMINI),
    (
        "Unicron, 256 GPUs", "68 min down after one failure", "It is one failure, and no share of a run's time",
        "Unicron, Alibaba",
    ),
    (
        "RSC, 1,024 to 131,072 GPUs", "MTTF of the job", "It is no share of time; the first table has it", RSC,
    ),
)  # fmt: skip


def simulate(run: Run) -> Ensemble:
    """Return the ensemble of a run."""
    return run_ensemble(run.scenario(), seed=SEED, replications=run.replications, threads=1)


@cache
def now() -> Mapping[str, Score]:
    """Return the scores of this version by the short name of the run."""
    return {key: score(MEASURES[run.measure](simulate(run).table), run.observed) for key, run in runs().items()}
