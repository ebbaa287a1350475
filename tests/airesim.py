"""AIReSim, another simulator of the same cluster: its cases in our words, and how far the answers are apart."""

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ruamel.yaml import YAML

from simulator import resources
from simulator.compile.compile import compile_plan
from simulator.engines.kernel import run_batch
from simulator.numbers.ledger import Account, Outcome
from simulator.numbers.plan import Tally
from simulator.scenario import Scenario, load_scenario

FILE = Path(__file__).parent / "oracles" / "airesim.yaml"
CASES: dict[str, dict[str, Any]] = YAML(typ="safe").load(FILE)["cases"]
SEED, REPLICATIONS = 20_260, 400
FEW = 20  # with fewer replications than these its own standard deviation is too rough to be used
HOUR = 3_600 * 10**6


def overrides(params: dict[str, Any]) -> list[str]:
    """Its parameters as ours, as the table in the scenario's comment says."""
    cold = params["working_pool_size"] - params["job_size"] - params["warm_standbys"]
    again = 0.1 * params["systematic_failure_fraction"] if params["bad_server_regeneration"] else 0.0
    law = params["failure_distribution"]
    shape = {"weibull": params["weibull_shape"], "lognormal": params["lognormal_sigma"]}
    return [
        f"failures.random.rate={params['random_failure_rate']!r} /node/min",
        f"failures.random.lemons.share={params['systematic_failure_fraction']!r}",
        f"failures.random.lemons.times={params['systematic_failure_rate_multiplier']!r}",
        f"failures.random.lemons.again.share={again!r}",
        f"failures.random.lemons.again.every={params['bad_server_regen_interval']} min",
        f"failures.random.law={law}",
        *([f"failures.random.shape={shape[law]!r}"] if law in shape else []),
        f"recovery.diagnosis={params['recovery_time']!r} min",
        f"recovery.host_selection={params['host_selection_time']!r} min",
        f"job.start_up={params['host_selection_time']!r} min",
        f"cluster.nodes={params['job_size']} nodes",
        f"job.work={params['job_length']!r} min",
        f"cluster.hot_spares={params['warm_standbys']} nodes",
        f"recovery.resume_with={params['warm_standbys']} nodes",
        f"cluster.cold_spares={cold} nodes",
        f"cluster.preemptible={params['spare_pool_size']} nodes",
        f"recovery.preemption={params['preemption_wait_time']!r} min",
        f"recovery.repair.mean={params['auto_repair_time']!r} min",
        f"recovery.manual.time.mean={params['manual_repair_time']!r} min",
        f"recovery.manual.share={params['prob_auto_to_manual']!r}",
        f"recovery.cure={1 - params['auto_repair_fail_prob']!r}",
        f"recovery.manual.cure={1 - params['manual_repair_fail_prob']!r}",
        f"recovery.missed={1 - params['diagnosis_probability']!r}",
        f"recovery.blamed={params['diagnosis_uncertainty']!r}",
    ]


def scenario_of(name: str, **changes: Any) -> Scenario:
    """The scenario of a case."""
    params = {**CASES[name]["params"], **changes}
    return load_scenario(resources.scenarios() / "oracles" / "airesim.yaml", overrides(params))


def found(name: str) -> dict[str, np.ndarray]:
    """What our replications of a case say, under the names that its outputs have."""
    scenario = scenario_of(name)
    replications = 60 if scenario.nodes > 2_000 else REPLICATIONS
    batch, _ = run_batch(compile_plan(scenario), SEED, 0, replications)
    assert (batch.outcome == Outcome.DONE).all()
    hours = {"training_time_hrs": batch.finish, "recovery_hrs": batch.ledger[:, Account.DIAGNOSIS]}
    tallies = {
        "auto_repairs": Tally.REPAIRS,
        "manual_repairs": Tally.MANUAL_REPAIRS,
        "successful_repairs": Tally.CURES,
        "host_selection_count": Tally.SELECTIONS,
        "preemption_count": Tally.PREEMPTIONS,
    }
    counts = {key: batch.tally[:, column].astype(float) for key, column in tallies.items()}
    # Its first selection, at tick 0, is our start-up.
    counts["host_selection_count"] += 1
    failures = {"total_failures": batch.failures.sum(axis=1).astype(float)}
    return {key: value / HOUR for key, value in hours.items()} | counts | failures


class Comparison(NamedTuple):
    """One output of a case: its mean, ours, and how far they are apart in standard errors of both."""

    output: str
    theirs: float
    ours: float
    score: float


def compare(name: str) -> list[Comparison]:
    """Every output of a case that both simulators have."""
    case, rows = CASES[name], []
    for key, values in found(name).items():
        theirs = case["results"][key]
        spread = values.std(ddof=1) if case["replications"] < FEW else theirs["std"]
        error = math.sqrt(spread**2 / case["replications"] + values.var(ddof=1) / len(values))
        apart = float(values.mean()) - theirs["mean"]
        rows.append(Comparison(key, theirs["mean"], float(values.mean()), apart / error if error > 0 else apart))
    return rows
