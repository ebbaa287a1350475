"""More of a good thing is never worse: the paired mean over many replications under the same weather.

Single replications do differ the other way (docs/semantics.md 17.2): a spare more can end a wait early, and a strike
that would have merged with it now stops a job at work.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import NEVER, Cause, Law, Sketch, plan_of

from simulator.engines.kernel import run_batch
from simulator.numbers.plan import Plan

SEED, REPLICATIONS = 31_337, 300


@st.composite
def sketches(draw: st.DrawFn) -> Sketch:
    """Jobs that spares, looks, rates and crews all matter to, with repairs by hand that queue."""

    def laws(detection: int, repair: int) -> dict[str, Law]:
        return {
            "DETECTION": ("EXPONENTIAL", detection, 0), "DIAGNOSIS": ("FIXED", 10, 0), "SWAP": ("FIXED", 5, 0),
            "RESTART": ("FIXED", 20, 0), "REPAIR": ("EXPONENTIAL", repair, 0), "MANUAL": ("EXPONENTIAL", 2 * repair, 0),
        }  # fmt: skip

    detection, repair = draw(st.sampled_from([10, 60])), draw(st.sampled_from([300, 1_000]))
    mean, blast = draw(st.sampled_from([800, 2_000])), draw(st.sampled_from([1, 2]))
    hazard = draw(st.sampled_from([("EXPONENTIAL", 1.0), ("WEIBULL", 0.7)]))
    cause = Cause(mean=mean, blast=blast, hazard=hazard[0], shape=hazard[1], laws=laws(detection, repair))
    return Sketch(
        needed=draw(st.sampled_from([4, 12])), spares=draw(st.integers(2, 4)), work=20_000, horizon=NEVER,
        interval=draw(st.sampled_from([50, 200])), save=2, save_storage=2, lag=draw(st.sampled_from([0, 30])),
        crews=draw(st.integers(1, 3)), max_records=10**7, causes=(cause,),
    )  # fmt: skip


def more_spares(sketch: Sketch) -> Sketch:
    return replace(sketch, spares=sketch.spares + 2)


def more_crews(sketch: Sketch) -> Sketch:
    return replace(sketch, crews=sketch.crews + 2)


def shorter_detection(sketch: Sketch) -> Sketch:
    cause = sketch.causes[0]
    family, mean, shape = cause.laws["DETECTION"]
    return replace(sketch, causes=(replace(cause, laws=cause.laws | {"DETECTION": (family, mean / 2, shape)}),))


def lower_rate(sketch: Sketch) -> Sketch:
    cause = sketch.causes[0]
    return replace(sketch, causes=(replace(cause, mean=2 * cause.mean),))


def better_cures(sketch: Sketch) -> Sketch:
    return replace(sketch, causes=(replace(sketch.causes[0], cure=1.0),))


def worse_cures(sketch: Sketch) -> Sketch:
    cause = sketch.causes[0]
    return replace(sketch, causes=(replace(cause, cure=0.6, laws=cause.laws | {"RELAPSE": ("FIXED", 200, 0)}),))


def escalated(plan: Plan) -> Plan:
    """Some repairs go on by hand, with one crew."""
    return plan._replace(escalate=np.array([0.3, 0.0]), crews_manual=1)


@pytest.mark.parametrize("better", [more_spares, more_crews, shorter_detection, lower_rate, better_cures])
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(sketch=sketches())
def test_more_of_a_good_thing_is_never_worse(better: Callable[[Sketch], Sketch], sketch: Sketch) -> None:
    if better is better_cures:
        sketch = worse_cures(sketch)
    before, _ = run_batch(escalated(plan_of(sketch)), SEED, 0, REPLICATIONS)
    after, _ = run_batch(escalated(plan_of(better(sketch))), SEED, 0, REPLICATIONS)
    saved = (before.finish - after.finish).astype(float)
    assert saved.mean() > -4 * saved.std(ddof=1) / math.sqrt(REPLICATIONS) - 1e-9, saved.mean()
