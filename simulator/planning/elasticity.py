"""What more of a resource would buy: elasticities of a step, and through paired runs of goodput and the run time."""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.ensemble import Ensemble, run_ensemble
from simulator.scenario import Scenario
from simulator.scenario.step import Step
from simulator.words.quantity import Quantity
from simulator.workload.constants import fitted_constants
from simulator.workload.elasticity import RESOURCES, case_elasticities, with_more
from simulator.workload.predict import grid_of, machines_of
from simulator.workload.step import step_time

STORAGE = "storage_bandwidth"
GAIN = 1.1  # a resource is taken this many times better, and this many times worse


class Slope(NamedTuple):
    """An elasticity, and the standard error that replications leave [1]."""

    value: float
    error: float


class Effect(NamedTuple):
    """Elasticities to one resource: 0.2 says that one per cent more of it raises the quantity by 0.2 per cent."""

    resource: str
    step: float | None  # of the training step; None for what has no part in it
    pairs: int  # of replications that both finished: those that tell
    goodput: Slope  # of the share of wall-clock time that became kept training
    run_time: Slope  # of the wall clock


def resource_effects(scenario: Scenario, replications: int) -> list[Effect]:
    """Return the elasticities of a scenario whose step can be predicted, by resource; a given speed moves alike.

    Both sides of a difference are run under the same chance, so that it cancels. Faster steps alone leave the share of
    time lost as it is, and shorten what can fail: run time tells more than goodput. Raises ValueError without a step.
    """
    step = scenario.step
    if step is None or not follows_its_step(scenario):
        raise ValueError("the step of the job is not predicted")
    of_step = case_elasticities(step.case)
    effects = []
    for resource in (*RESOURCES, STORAGE):
        better, worse = (_changed(scenario, step, resource, factor) for factor in (GAIN, 1.0 / GAIN))
        if better is None or worse is None:
            continue
        up, down = (run_ensemble(each, replications=replications) for each in (better, worse))
        slopes = (_slope(up, down, column) for column in ("goodput", "wall_days"))
        pairs = sum(_finished(up) & _finished(down))
        effects.append(Effect(resource, of_step.get(resource), int(pairs), *slopes))
    return effects


def follows_its_step(scenario: Scenario) -> bool:
    """Return whether the step of a job can be predicted, and the speed of its run is that of steps or of an MFU."""
    job = scenario.document.job
    return scenario.step is not None and job.work is None and (job.step_time is not None or job.mfu is not None)


def _changed(scenario: Scenario, step: Step, resource: str, factor: float) -> Scenario | None:
    """Return a scenario with so many times a resource; None where it has no such."""
    document = scenario.document
    if resource == STORAGE:
        tiers = tuple(
            tier if tier.bandwidth is None else tier.model_copy(update={"bandwidth": _times(tier.bandwidth, factor)})
            for tier in document.checkpoint.tiers
        )
        if all(tier.bandwidth is None for tier in tiers):
            return None
        checkpoint = document.checkpoint.model_copy(update={"tiers": tiers})
        return replace(scenario, document=document.model_copy(update={"checkpoint": checkpoint}))
    job, ratio = document.job, _step_ratio(step, resource, factor)
    if job.step_time is not None:
        update = {"step_time": _times(job.step_time, ratio)}
    else:
        assert job.mfu is not None  # asked before
        update = {"mfu": _times(job.mfu, 1.0 / ratio)}
    return replace(scenario, document=document.model_copy(update={"job": job.model_copy(update=update)}))


def _step_ratio(step: Step, resource: str, factor: float) -> float:
    """Return the step with so many times a resource over the step as it is [1]."""
    grid, constants = grid_of([step.case]), fitted_constants()
    machine = machines_of([step.case], constants)
    before, after = (
        step_time(grid.model, grid.layout, each, constants).total
        for each in (machine, with_more(machine, resource, factor))
    )
    return float(np.mean(after / before))


def _times(quantity: Quantity, factor: float) -> Quantity:
    """Return a quantity so many times as large, with what is not known about it."""
    low, high = (None if edge is None else edge * factor for edge in (quantity.p10, quantity.p90))
    return replace(quantity, median=quantity.median * factor, p10=low, p90=high)


def _finished(ensemble: Ensemble) -> npt.NDArray[np.bool_]:
    return np.isfinite(np.asarray(ensemble.table["finish_days"], dtype=np.float64))


def _slope(up: Ensemble, down: Ensemble, column: str) -> Slope:
    """Return d ln(column) / d ln(resource), the mean over pairs of which both replications finished."""
    above, below = (np.asarray(each.table[column], dtype=np.float64) for each in (up, down))
    usable = _finished(up) & _finished(down) & (above > 0) & (below > 0)
    count = int(usable.sum())
    if count < 2:
        return Slope(math.nan, math.nan)
    differences = np.log(above[usable] / below[usable]) / (2.0 * math.log(GAIN))
    return Slope(float(differences.mean()), float(differences.std(ddof=1) / math.sqrt(count)))
