"""Elasticities: Euler's sum, signs, what tuning anew adds, and that the model is smooth enough to have any."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from step_plans import case_of, layouts, machines, models

from simulator.workload.case import stack
from simulator.workload.constants import fitted_constants
from simulator.workload.elasticity import RESOURCES, case_elasticities, elasticities, retuned, with_more
from simulator.workload.layout import Layout
from simulator.workload.machine import Machine
from simulator.workload.predict import machine_for
from simulator.workload.search import search
from simulator.workload.step import step_time
from simulator.workload.transformer import Transformer

CONSTANTS = fitted_constants()
MODEL_SIZES = ("hidden", "ffn", "sequence", "vocabulary", "head_size", "expert_ffn")
MACHINE_SIZES = ("speed", "speed_16", "attention_speed", "overhead", "memory_bandwidth", "step_overhead")
NETWORK_SIZES = ("up_bandwidth", "out_bandwidth", "up_latency", "out_latency", "base_latency")


@given(models(), layouts(), machines())
def test_elasticities_sum_to_minus_one(model: Transformer, layout: Layout, machine: Machine) -> None:
    found = elasticities(model, layout, machine, CONSTANTS)
    assert tuple(found) == RESOURCES
    assert sum(found.values()) == pytest.approx(-1.0, abs=1e-6)


@given(models(), layouts(), machines())
def test_more_of_a_resource_is_never_slower(model: Transformer, layout: Layout, machine: Machine) -> None:
    # Of memory bandwidth in particular: what hides behind slower work must not come out on top of it.
    for resource, slope in elasticities(model, layout, machine, CONSTANTS).items():
        assert slope <= 1e-9, resource


@settings(max_examples=300)
@given(models(), layouts(), machines())
def test_a_step_has_no_jumps(model: Transformer, layout: Layout, machine: Machine) -> None:
    """A thousandth more of anything that is no whole number changes a step by less than a hundredth."""
    rows = [(model, machine)]
    rows += [(model._replace(**{name: getattr(model, name) * 1.001}), machine) for name in MODEL_SIZES]
    rows += [(model, machine._replace(**{name: getattr(machine, name) * 1.001})) for name in MACHINE_SIZES]
    network = machine.network
    networks = [network._replace(**{name: getattr(network, name) * 1.001}) for name in NETWORK_SIZES]
    rows += [(model, machine._replace(network=other)) for other in networks]
    columns = stack([model for model, _ in rows]), layout, stack([machine for _, machine in rows])
    steps = np.asarray(step_time(*columns, CONSTANTS).total)
    changes = np.abs(np.log(steps[1:] / steps[0]))
    names = (*MODEL_SIZES, *MACHINE_SIZES, *NETWORK_SIZES)
    assert changes.max() < 0.01, names[int(changes.argmax())]


def test_twice_of_everything_is_half_the_time() -> None:
    case = case_of("llama3_8b", "h100_sxm", 64, 128)
    machine, layout = machine_for(case, CONSTANTS), Layout(2, 2, 1, 1, 16, 2, 1, 128)
    twice = machine
    for resource in RESOURCES:
        twice = with_more(twice, resource, 2.0)
    once, half = (float(step_time(case.model, layout, each, CONSTANTS).total) for each in (machine, twice))
    assert half == pytest.approx(once / 2, rel=1e-12)


def test_an_unknown_resource_is_refused() -> None:
    with pytest.raises(KeyError, match="power"):
        with_more(machine_for(case_of("llama3_8b", "h100_sxm", 8, 8), CONSTANTS), "power", 2.0)


def test_elasticity_is_the_slope_of_what_is_predicted() -> None:
    case = case_of("llama3_70b", "h100_sxm", 256, 256)
    machine, layout = machine_for(case, CONSTANTS), Layout(8, 4, 1, 1, 8, 5, 1, 256)
    found = elasticities(case.model, layout, machine, CONSTANTS)
    before = float(step_time(case.model, layout, machine, CONSTANTS).total)
    for resource, slope in found.items():
        after = float(step_time(case.model, layout, with_more(machine, resource, 1.01), CONSTANTS).total)
        assert math.log(after / before) / math.log(1.01) == pytest.approx(slope, abs=2e-3), resource


def test_elasticities_of_a_case_are_means_over_what_is_open() -> None:
    plans = {"tensor": 8, "pipeline": 4, "context": 1, "expert": 1}
    unknown = case_of("llama3_70b", "h100_sxm", 256, 256, **plans)
    found = case_elasticities(unknown)
    assert sum(found.values()) == pytest.approx(-1.0, abs=1e-6)
    known = unknown._replace(interleaving=5, micro_batch=1, recompute=0, gradient_bytes=2.0)
    layout = Layout(8, 4, 1, 1, 8, 5, 1, 256, gradient_bytes=2.0)
    alone = elasticities(known.model, layout, machine_for(known, CONSTANTS), CONSTANTS)
    assert case_elasticities(known) == pytest.approx(alone, abs=1e-9)


def test_tuning_anew_never_loses() -> None:
    case = case_of("llama3_70b", "h100_sxm", 256, 256)
    found = retuned(case)
    assert tuple(found) == RESOURCES
    slopes = elasticities(case.model, search(case).plans[0].layout, machine_for(case, CONSTANTS), CONSTANTS)
    for resource, one in found.items():
        assert one.best_plan <= one.same_plan <= 0.0
        # What is bought shrinks, as what is bought is less and less what takes time.
        assert math.log1p(one.same_plan) >= slopes[resource] * math.log(1.1) - 1e-9, resource
        assert math.log1p(one.same_plan) == pytest.approx(slopes[resource] * math.log(1.1), abs=0.01)


def test_a_faster_network_changes_the_plan() -> None:
    case = case_of("llama3_405b", "h100_sxm", 16_384, 2_048)
    before = search(case).plans[0].layout
    found = retuned(case, gain=30.0)["scale_up_bandwidth"]
    assert found.best_plan < found.same_plan
    assert found.layout != before


def test_nothing_to_tune_where_nothing_fits() -> None:
    with pytest.raises(ValueError, match="no plan of llama3_405b fits in memory"):
        retuned(case_of("llama3_405b", "h100_sxm", 16, 16))
