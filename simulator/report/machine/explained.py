"""Why a job's plan is what it is, of what its step consists, and what more of each resource would buy."""

import math
from collections.abc import Sequence
from typing import Any

from simulator.planning.elasticity import Effect, Slope
from simulator.report import text
from simulator.scenario.step import Step

NAMES = {
    "compute": "compute (speed of matrix products)",
    "memory_bandwidth": "memory bandwidth",
    "scale_up_bandwidth": "network within a domain",
    "scale_out_bandwidth": "network between domains",
    "latency": "latencies and fixed times (shorter)",
    "storage_bandwidth": "storage bandwidth",
}
_HEAD = ("resource", "step", "run time", "goodput")


def as_json(step: Step, effects: Sequence[Effect]) -> dict[str, Any]:
    """Return the explanation as `derisk explain --json` prints it; elasticities have no unit."""
    rows = [
        {
            "resource": effect.resource,
            "step": effect.step,
            "pairs": effect.pairs,
            **{name: _pair(slope) for name, slope in (("run_time", effect.run_time), ("goodput", effect.goodput))},
        }
        for effect in effects
    ]
    return {"schema": 1, "plan": list(step.explained), "elasticities": rows}


def as_text(step: Step, effects: Sequence[Effect], replications: int, width: int | None) -> str:
    """Return the explanation as `derisk explain` prints it."""
    rows = [
        (NAMES[effect.resource], _percent(effect.step), _with_error(effect.run_time), _with_error(effect.goodput))
        for effect in effects
    ]
    how = (
        "If there were 1 % more of a resource, the plan being the same: by how much each would change. Step as "
        f"predicted; run time and goodput from {replications:_} pairs of replications under the same chance, ± their "
        "standard error."
    )
    fewest = min((effect.pairs for effect in effects), default=replications)
    if fewest < replications:
        how += f" Of some resource only {fewest:_} pairs finished before the horizon, and these tell."
    return "\n\n".join(
        [
            "\n".join(text.paragraph(sentence, width) for sentence in step.explained),
            text.table([_HEAD, *rows], right=range(1, len(_HEAD)), indent=0),
            text.paragraph(how, width),
        ]
    )


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}%"


def _with_error(slope: Slope) -> str:
    return "unknown" if math.isnan(slope.value) else f"{slope.value:+.3f}% ± {slope.error:.3f}%"


def _pair(slope: Slope) -> dict[str, float | None]:
    known = not math.isnan(slope.value)
    return {"value": slope.value if known else None, "mc_error": slope.error if known else None}
