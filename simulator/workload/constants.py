"""What the step-time model takes from published runs: sixteen numbers, the same for every machine and model.

Fourteen are fitted, two stay at their prior for want of runs that would tell. `make calibrate` fits them on the rows
marked `fit` of `scenarios/step_time/published_runs.yaml` and writes `fitted.json`; nothing else moves them.
"""

import json
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

FITTED = Path(__file__).with_name("fitted.json")


class Prior(NamedTuple):
    """What is believed of a constant before any run is looked at: lognormal around a median."""

    median: float
    spread: float  # log-standard deviation
    unit: str
    meaning: str
    source: str
    free: bool = True  # whether it is fitted


class Constants(NamedTuple):
    """Constants of the step-time model. Shares are of what would be exposed if nothing overlapped."""

    matmul_ampere_16: float
    matmul_hopper_16: float
    matmul_hopper_8: float
    matmul_blackwell_8: float
    matmul_blackwell_4: float
    matmul_blackwell_ultra_8: float
    matmul_overhead: float  # [s]
    elementwise_traffic: float
    attention_speed: float
    tensor_exposed: float
    data_exposed: float
    pipeline_exposed: float
    step_overhead: float  # [s]
    jitter: float
    expert_exposed: float
    expert_imbalance: float


_IN_SITU = "of the best published matrix product of the chip: what a training step reaches of it"
_JUDGED = "judgement: a training step shares power, memory and clocks with all else"

PRIORS: Mapping[str, Prior] = {
    "matmul_ampere_16": Prior(0.83, 0.15, "1", f"16-bit products on Ampere, {_IN_SITU}", _JUDGED),
    "matmul_hopper_16": Prior(0.83, 0.15, "1", f"16-bit products on Hopper and any other chip, {_IN_SITU}", _JUDGED),
    "matmul_hopper_8": Prior(0.85, 0.15, "1", f"8-bit products on Hopper and any other chip, {_IN_SITU}", _JUDGED),
    "matmul_blackwell_8": Prior(0.80, 0.15, "1", f"8-bit products on Blackwell, {_IN_SITU}", _JUDGED),
    "matmul_blackwell_4": Prior(0.70, 0.20, "1", f"4-bit products on Blackwell, {_IN_SITU}", _JUDGED),
    "matmul_blackwell_ultra_8": Prior(0.80, 0.15, "1", f"8-bit products on Blackwell Ultra, {_IN_SITU}", _JUDGED),
    "matmul_overhead": Prior(14e-6, 0.5, "s", "of a matrix product, whatever its size", "launch and ramp of a kernel"),
    "elementwise_traffic": Prior(
        0.9, 0.4, "1", "memory traffic of element-wise work, of that with every tensor moved once", "fused kernels"
    ),
    "attention_speed": Prior(
        0.75, 0.3, "1", "speed of fused attention, of that of large 16-bit products", "Dao 2023, figure 5"
    ),
    "tensor_exposed": Prior(
        0.8, 0.3, "1", "tensor-parallel communication that computation does not hide, where overlap is on", "judgement"
    ),
    "data_exposed": Prior(
        0.4, 0.5, "1", "communication of gradients and weights that is not hidden, where overlap is on", "judgement"
    ),
    "pipeline_exposed": Prior(
        0.3, 0.7, "1", "transfers between interleaved stages that are not hidden, where overlap is on", "judgement"
    ),
    "step_overhead": Prior(17e-3, 0.7, "s", "of a step: scheduling, norms of gradients, scaling", "judgement"),
    "jitter": Prior(
        0.002, 0.7, "1", "of the step, for each doubling of accelerators beyond 64", "MLPerf logs, p90/p50"
    ),
    "expert_exposed": Prior(
        0.5, 0.5, "1", "traffic of tokens to and from experts that computation does not hide", "judgement", free=False
    ),
    "expert_imbalance": Prior(
        1.1, 0.05, "1", "tokens of the busiest rank's experts over the mean", "judgement", free=False
    ),
}
FREE = tuple(name for name, prior in PRIORS.items() if prior.free)


def constants_at(scores: Sequence[float]) -> Constants:
    """Return the constants at standard normal scores of the free ones' priors, in the order of FREE."""
    medians = {name: prior.median for name, prior in PRIORS.items()}
    for name, score in zip(FREE, scores, strict=True):
        medians[name] *= math.exp(PRIORS[name].spread * score)
    return Constants(**medians)


@lru_cache(maxsize=1)
def fitted() -> dict[str, Any]:
    """Return `fitted.json`: constants with their uncertainty, and the residuals that make the interval."""
    found: dict[str, Any] = json.loads(FITTED.read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=1)
def fitted_constants() -> Constants:
    """Return the constants as fitted."""
    return Constants(**{name: float(row["value"]) for name, row in fitted()["constants"].items()})
