"""The compile held to a second one, written apart and slowly in `tests/naive`: every field, array by array.

Whole numbers must be the same, other numbers to 1e-12. Both engines begin with a plan, so nothing else compares it.
"""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import resources
from simulator.compile.compile import compile_plan
from simulator.compile.interval import best_interval, pace, stop_rate
from simulator.numbers.plan import Odds, Plan, Rule
from simulator.numbers.times import Family, Hazard
from simulator.scenario import Scenario, load_scenario, parse_scenario
from tests.naive import interval
from tests.naive.compare import CLOSE, differences, is_neighbour
from tests.naive.plan import FIELDS, naive_plan
from tests.naive.scenarios import random_scenarios

SHIPPED = {path.stem: path for path in resources.scenario_files()}
EVERY_KEY = {path.stem: path for path in sorted((Path(__file__).parent / "every_key").glob("*.yaml"))}
SEED = 5
DRAWN = (None, 0, 1, 2)  # replications; None: the medians
FEW = 60  # random trees, of which some 40 make a scenario


def plans(scenario: Scenario) -> Iterator[tuple[Plan, dict[str, Any]]]:
    """Yield the plan and the naive one, at the medians and for some replications."""
    for replication in DRAWN:
        values = None if replication is None else scenario.draw_inputs(SEED, replication)
        yield compile_plan(scenario, values), naive_plan(scenario, values)


@functools.cache
def some_random() -> tuple[tuple[int, Scenario], ...]:
    return tuple(random_scenarios(0, FEW))


def test_every_field_of_a_plan_has_a_naive_counterpart() -> None:
    assert tuple(FIELDS) == Plan._fields


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scenarios_make_the_naive_plan(name: str) -> None:
    for plan, naive in plans(load_scenario(SHIPPED[name])):
        assert differences(plan, naive) == []


@pytest.mark.parametrize("name", EVERY_KEY)
def test_scenarios_of_every_key_make_the_naive_plan(name: str) -> None:
    for plan, naive in plans(parse_scenario(EVERY_KEY[name].read_text(encoding="utf-8"))):
        assert differences(plan, naive) == []


def test_random_scenarios_make_the_naive_plan() -> None:
    found = {seed: [differences(*pair) for pair in plans(scenario)] for seed, scenario in some_random()}
    assert {seed: lists for seed, lists in found.items() if any(lists)} == {}


@pytest.mark.slow
def test_many_random_scenarios_make_the_naive_plan() -> None:
    found = {}
    for seed, scenario in random_scenarios(FEW, 1_000):
        found[seed] = [each for pair in plans(scenario) for each in differences(*pair)]
    assert {seed: different for seed, different in found.items() if different} == {}
    assert len(found) > 500


def test_random_scenarios_switch_every_mechanism_on() -> None:
    """A field that is the same in all of them would be compared in vain."""
    made = [compile_plan(scenario, scenario.draw_inputs(SEED, 1)) for _, scenario in some_random()]
    alike = {
        name for name in Plan._fields if len({np.asarray(getattr(plan, name)).tobytes() for plan in made}) < 2
    }  # slices: those of shipped scenarios; scripts come from elsewhere
    assert alike == {"slices", "script", "script_order"}
    assert {int(kind) for plan in made for kind in plan.laws[:, :, 0].ravel()} == set(Family)
    assert {int(kind) for plan in made for kind in plan.hazard_kind} == set(Hazard)
    for column in Odds:
        assert len({float(number) for plan in made for number in plan.odds[:, column]}) > 2, column
    for column in set(Rule) - {Rule.SLICE}:
        assert len({int(number) for plan in made for number in plan.rules[:, column]}) > 1, column


def test_best_intervals_are_those_found_by_trying() -> None:
    for seed, scenario in some_random():
        for plan, naive in plans(scenario):
            found, tried = best_interval(plan), interval.best(naive)
            assert found == tried or is_neighbour(plan.work, found, tried), seed
            assert stop_rate(plan, later=True) == pytest.approx(interval.stops_a_second(naive), rel=CLOSE), seed
            assert pace(plan) == interval.keeps_up(naive), seed


def test_where_no_node_is_bad_a_cause_tells_nodes_apart_strikes_none() -> None:
    """A lemon share of 0 in a plan would mean that the cause is none of bad nodes."""
    text = """
schema: 1
name: no lemons
cluster: {nodes: 8 nodes}
job: {work: 9 d}
failures: {node: {part: node, rate: 0.1 /node/day, lemons: {share: 0%, again: {share: 1%, every: 1 d}}}}
"""
    shares = compile_plan(parse_scenario(text)).lemon_share
    assert ((shares > 0) & (shares < 2.0**-53)).all(), "no number that is drawn lies below"
