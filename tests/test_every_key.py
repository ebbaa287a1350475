"""Every key of the schema does something, or is refused, or told: none is silent.

The answer is what `derisk run` reports: all columns of the replications but the inputs, the summary with its money and
dates, and what decides how many replications there are. The chance is the same, so a key without effect leaves every
number of it as it was. The keys come from the schema: a new one is walked as it is, and needs a value in `leaves.py`
where its type tells none, and a scenario in `every_key/` in which it acts.
"""

import functools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.compile.compile import compile_plan
from simulator.ensemble import run_ensemble
from simulator.metrics import summarise
from simulator.scenario import Scenario, ScenarioErrors, parse_scenario
from simulator.scenario.loader import _Base
from simulator.scenario.merge import _ALTERNATIVES, layered_text
from simulator.scenario.number_paths import document
from tests.leaves import Leaf, leaves

FOLDER = Path(__file__).parent / "every_key"
BASES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yaml"))}
REPLICATIONS = 6
ENOUGH = 6  # values of a key that are refused, before it is taken to be refused whatever it says
# Keys for people, and keys that have one word only.
LABELS = {
    "name": "what a scenario is called",
    "question": "what a planner wants to know",
    "sweep": "what `derisk sweep` runs it for; a run is the scenario as it stands",
    "recovery.ladder.*.rung": "what a rung is called",
}
# What acts where a bound is reached or two things meet, which is rare in a short run: the plan of a run must differ.
RARE = {
    "run.max_events": "a replication ends there if it gets so far",
    "maintenance.planned": "a window comes once a day",
    "failures.*.common.domain": "which domain is struck shows where enough of them fail",
    "checkpoint.overlap": "two saves overlap only where a lag is longer than the interval",
}
# What is said to be off is off, and may be said.
OFF = ("false", "never")
# What no single change can show: another word needs other keys beside it, which the walk has on either side.
PAIRED = {
    "job.parallel.head_counts": "it counts for a cut that is even with embedding and head, and not without",
    "job.ranks.law": "a Pareto law has an index, a normal one has none",
    "checkpoint.tiers.*.to": "memory and storage have keys of their own",
    "operator.classes.*": "shares sum to 100%, so that two change together",
    "operator.filled": "it stands beside classes of one's own, in what a run writes down",
    "run.stop.quantity": "its half-width is a time or a share",
}
# Two words for the same: what is set there can be what holds without it, or one name of two.
ALIKE = {
    "job.shape.gated": "as the known model has it",
    "job.shape.top_k": "as the known model has it",
    "failures.*.spares_exposed": "as under recovery",
    "cluster.radix": "from some number of ports on one switch has enough",
    "cluster.fabric": "two profiles that are built alike differ in their speed, which counts where a step is predicted",
}
LONG = ("blocks", "everything", "mixture", "phases")  # to walk; the others are four scenarios too
# All tests of one scenario stand together, so that one worker walks it for all of them.
every_base = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in LONG else []) for name in BASES], scope="module"
)


def is_label(leaf: Leaf) -> bool:
    return leaf.key in LABELS or leaf.key.split(".")[-1] == "source"  # for the reader, wherever it stands


def is_off(leaf: Leaf, value: str) -> bool:
    return value in OFF or (leaf.key.startswith("job.parallel.") and value == "1")


def answer(scenario: Scenario) -> str:
    ensemble = run_ensemble(scenario, replications=REPLICATIONS, threads=1, twins=False)
    table, summary, run = ensemble.table, summarise(ensemble), scenario.document.run
    columns = {name: table[name].tolist() for name in table if not name.startswith("input:")}
    return repr((columns, summary | {"scenario": ""}, run.replications.median, document(run.stop)))


def plans(scenario: Scenario) -> list[bytes]:
    """The plan at the medians and that of a replication, as bytes."""
    drawn = scenario.draw_inputs(7, 1)
    return [np.asarray(field).tobytes() for values in (None, drawn) for field in compile_plan(scenario, values)]


@functools.cache
def walked(name: str) -> dict[str, tuple[Leaf, str]]:
    """What each leaf of a scenario does, by its path: acts, moves (the plan alone), refused, told, or silent."""
    file = _Base(layered_text(BASES[name], FOLDER, name), FOLDER, name)  # read once, as for a sweep
    base = file.scenario([])
    assert base.inert == ()
    before, plan = answer(base), plans(base)
    found = {}
    for leaf in leaves(base):
        states: set[str] = set()
        refusals = 0
        for value in leaf.values if not is_label(leaf) else ():
            try:
                changed = file.scenario([f"{leaf.path}={value}"])
            except ScenarioErrors:
                states.add("refused")
                refusals += 1
                if refusals == ENOUGH:
                    break
                continue
            if changed.inert:
                states.add("told")
            elif answer(changed) != before:
                states.add("acts")
                break
            elif plans(changed) != plan:
                states.add("moves")
            else:
                states.add("off" if is_off(leaf, value) or leaf.key in ALIKE else "silent")
        best = next(
            (state for state in ("acts", "moves", "silent", "off", "told", "refused") if state in states), "no value"
        )
        found[leaf.path] = leaf, "label" if is_label(leaf) else best
    return found


@every_base
def test_no_key_is_silent(name: str) -> None:
    silent = [path for path, (_, state) in walked(name).items() if state == "silent"]
    assert silent == []


@every_base
def test_every_key_has_another_value_to_try(name: str) -> None:
    assert [path for path, (_, state) in walked(name).items() if state == "no value"] == []


@pytest.mark.slow
def test_every_key_acts_somewhere() -> None:
    """What is refused everywhere would pass the walk whatever it does."""
    states: dict[str, set[str]] = {}
    for name in BASES:
        for leaf, state in walked(name).values():
            states.setdefault(leaf.key, set()).add(state)
    idle = {key for key, found in states.items() if not found & {"acts", "label"}}
    assert idle == {*RARE, *PAIRED}
    assert all("moves" in states[key] for key in RARE)


# Several at once


def essence(scenario: Scenario) -> tuple[Any, ...]:
    """What the answer follows from: the plan, prices, FLOP, dates, and how the run is done."""
    plain, drawn = scenario.document, scenario.draw_inputs(7, 1)
    step = None if scenario.step is None else scenario.step.prediction.step_s
    counted = [(scenario.flop(values), scenario.job_peak(values), scenario.work(values)) for values in (None, drawn)]
    rest = [document(getattr(plain, name)) for name in ("cost", "run")]
    return plans(scenario), counted, rest, scenario.provisioned_gpus, scenario.start, scenario.deadline, step


def fuzzed(count: int) -> Iterator[tuple[str, list[str]]]:
    """Yield scenarios with one to three keys changed, any of them."""
    chance = random.Random(20_270_301)
    known = {
        name: [leaf for leaf in leaves(parse_scenario(text)) if leaf.values and not is_label(leaf)]
        for name, text in BASES.items()
    }
    for _ in range(count):
        name = chance.choice(list(BASES))
        chosen = chance.sample(known[name], chance.randint(1, 3))
        values = [(leaf, chance.choice(leaf.values)) for leaf in chosen]
        yield name, [f"{leaf.path}={value}" for leaf, value in values if not is_off(leaf, value)]


def alike(override: str) -> bool:
    words = override.partition("=")[0].split(".")
    key = ".".join(["failures", "*", *words[2:]] if words[0] == "failures" else words)
    return key in ALIKE


def displaced(override: str, others: list[str]) -> bool:
    """Whether another override says the same in another way: the last one holds, as of two for one key."""
    *section, key = override.partition("=")[0].split(".")
    beside = {words[-1] for other in others if (words := other.partition("=")[0].split("."))[:-1] == section}
    return any(key in keys and keys & beside for where, keys in _ALTERNATIVES if where == section[0])


def loaded(name: str, overrides: list[str]) -> Scenario | None:
    try:
        return parse_scenario(BASES[name], overrides)
    except ScenarioErrors:
        return None


@pytest.mark.parametrize("count", [100, pytest.param(1_000, marks=pytest.mark.slow)])
def test_fuzzed_scenarios_are_taken_or_refused_and_none_has_a_silent_key(count: int) -> None:
    taken, silent = 0, []
    for name, overrides in fuzzed(count):
        scenario = loaded(name, overrides)
        if scenario is None or scenario.inert:
            continue
        taken += 1
        whole = essence(scenario)
        for left_out in overrides:
            rest = [each for each in overrides if each != left_out]
            other = None if displaced(left_out, rest) else loaded(name, rest)
            # Where the rest cannot stand without it, or would be idle, it does something.
            if other is not None and not other.inert and not alike(left_out) and essence(other) == whole:
                silent.append((name, left_out, rest))
        if taken % 50 == 0:
            run_ensemble(scenario, replications=1, threads=1)
    assert silent == []
    assert taken > count / 10
