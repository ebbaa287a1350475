"""Another simulator of the same cluster, told in our words: scenarios/oracles/airesim.yaml against its outputs."""

from typing import Any

import numpy as np
import pytest
from airesim import CASES, SEED, compare, scenario_of

from simulator.compile.compile import compile_plan
from simulator.engines.kernel import run_batch
from simulator.numbers.ledger import Outcome


@pytest.mark.parametrize("name", CASES)
def test_another_simulator_comes_to_the_same(name: str) -> None:
    scores = {row.output: row.score for row in compare(name)}
    assert len(scores) == 8 and all(abs(score) < 4 for score in scores.values()), scores


@pytest.mark.parametrize(
    "changes",
    [
        {"failure_distribution": "weibull", "weibull_shape": 0.8},
        {"failure_distribution": "lognormal", "lognormal_sigma": 1.3},
        {"diagnosis_uncertainty": 0.3},
        {"bad_server_regeneration": True, "bad_server_regen_interval": 7 * 1_440},
        {"working_pool_size": 72, "spare_pool_size": 0, "warm_standbys": 2},
    ],
    ids=str,
)
def test_its_other_parameters_can_be_set(changes: dict[str, Any]) -> None:
    """Those that no published case moves: they change the answer, and training still ends."""
    plain, changed = (compile_plan(scenario_of("small_64", **each)) for each in ({}, changes))
    before, after = (run_batch(plan, SEED, 0, 50)[0] for plan in (plain, changed))
    assert (after.outcome == Outcome.DONE).all()
    assert not np.array_equal(before.tally, after.tally)
