"""Questions about several runs, each as the command of the same name asks it."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.api.forecast import called_of, check_counts
from simulator.api.messages import announce_compilation, say, say_remarks
from simulator.api.study import Study
from simulator.api.words import Words
from simulator.planning import choices, goal
from simulator.planning import sweep as sweeps
from simulator.planning.break_even import BreakEven
from simulator.planning.break_even import break_even as searched
from simulator.planning.compare import CompareError, Comparison, compare_scenarios
from simulator.planning.differences import differing
from simulator.planning.sensitivity import MOST_ROWS, Sensitivity
from simulator.planning.sensitivity import sensitivity as hanging_on
from simulator.report.machine import fabric_sheet, step_sheet
from simulator.report.study import break_even_sheet, compare_sheet, sensitivity_sheet, sweep_sheet
from simulator.scenario import Scenario, ScenarioErrors
from simulator.scenario.cases import NoStepError, batch_at, batch_of
from simulator.scenario.errors import OVERRIDE, Spot, error_at
from simulator.scenario.from_python import Source, scenario_of
from simulator.scenario.named import find_scenario
from simulator.scenario.python_values import texts_of
from simulator.scenario.sweep import Axis, AxisError, axis_of

LEAST = 10  # replications of each end of a bar, or at each value
Values = Mapping[str, Any]  # by the path of an input: texts with units, or numbers where a key has none


def compare(
    scenarios: Mapping[str, Source] | Sequence[Source],
    *,
    replications: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
) -> Study[Comparison]:
    """Return what scenarios change against the first of them, pair by pair, as `derisk compare` does.

    Parameters:
        scenarios: By names of your own, or one after the other; each a scenario, or what `load` takes.
        replications: Of each; the first scenario's number by default.
        seed: Of all, so that chance is the same and cancels; the first scenario's by default.
        threads: Threads, one a core by default.

    Raises:
        ScenarioErrors: All that is wrong with the scenarios, or with what is asked.
    """
    check_counts(replications=replications, seed=seed, threads=threads)
    read = _named(scenarios)
    for scenario in read.values():
        say_remarks(scenario)
    usual = next((scenario.replications for scenario in read.values()), 0)
    if replications is None and any(scenario.document.run.stop is not None for scenario in read.values()):
        say(f"stop rules are not followed here, for pairs need the same number: {usual:_} each, or give replications")
    announce_compilation()
    try:
        found = compare_scenarios(read, replications, seed=seed, threads=threads)
    except CompareError as error:
        raise _wrong("scenarios", str(error)) from None
    inputs = differing(list(read.values()))
    summary = compare_sheet.as_json(found, inputs, usual)
    rows = [
        {"scenario": other["name"], "measure": measure, "pairs": other["pairs"], **_flat(numbers)}
        for other in summary["alternatives"]
        for measure, numbers in other["differences"].items()
    ]
    return Study(found, Words(compare_sheet.as_text(found, inputs, None, usual)), summary, pd.DataFrame(rows))


def sweep(
    source: Source,
    axes: Mapping[str, str | Sequence[Any]] | None = None,
    overrides: Values | None = None,
    *,
    replications: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
) -> Study[sweeps.Grid]:
    """Return a scenario at all combinations of values of some inputs, as `derisk sweep` does.

    Parameters:
        source: A scenario, or what `load` takes.
        axes: Values by path, such as {"cluster.hot_spares": ["0 nodes", "32 nodes"]}, or a range such as
            "0..128 nodes/5"; by default those of the scenario.
        overrides: Values by path, as for `load`.
        replications: Of each cell; the scenario's number by default.
        seed: Of all cells, so that their differences are not chance.
        threads: Threads, one a core by default.

    Raises:
        ScenarioErrors: All that is wrong, with the cells in which it is.
        KeyboardInterrupt: Stopped before all cells were done.
    """
    check_counts(replications=replications, seed=seed, threads=threads)
    scenario = scenario_of(source, overrides)
    try:
        grid = sweeps.prepare(scenario, [], _axes(scenario, axes), seed=seed, replications=replications)
    except AxisError as error:
        raise _wrong("axes", str(error)) from None
    say_remarks(scenario)
    if grid.stop_rule and replications is None:
        number = f"{grid.replications:_} each, or give replications"
        say(f"the stop rule is not followed, for cells need the same number: {number}")
    if grid.same:
        say(f"{grid.same:_} of {len(grid.cells):_} cells are the same scenario as one before them; is that meant?")
    announce_compilation()
    outcomes: dict[int, sweeps.Outcome] = {}

    def keep(cell: sweeps.Cell, outcome: sweeps.Outcome) -> None:
        outcomes[cell.number] = outcome

    if not sweeps.run(grid, grid.cells, keep, threads=threads):
        raise KeyboardInterrupt
    table = sweeps.table(grid, outcomes)
    return Study(grid, Words(sweep_sheet.as_text(grid, table, None)), sweep_sheet.as_json(grid, table), table)


def sensitivity(
    source: Source,
    overrides: Values | None = None,
    *,
    options: Mapping[str, Values] | None = None,
    replications: int = 200,
    rows: int = 0,
    seed: int | None = None,
    threads: int | None = None,
) -> Study[Sensitivity]:
    """Return which uncertain inputs the answer hangs on, and what to measure next, as `derisk sensitivity` does.

    Parameters:
        source: A scenario, or what `load` takes.
        overrides: Values by path, as for `load`.
        options: Changes to choose between by names of your own, beside the scenario as it is; by default some are
            suggested.
        replications: For each end of a bar; an option has 5 times as many.
        rows: Of the variance-based indices, a power of two; none of them by default.
        seed: The seed of all draws, instead of the scenario's.
        threads: Threads, one a core by default.

    Raises:
        ScenarioErrors: All that is wrong with the scenario or an option.
    """
    check_counts(LEAST, replications=replications, seed=seed, threads=threads)
    if rows and not (isinstance(rows, int) and 16 <= rows <= MOST_ROWS and rows & (rows - 1) == 0):
        raise _wrong("rows", f"{rows!r} is no power of two from 16 on; write 512")
    scenario = _seeded(scenario_of(source, overrides), seed)
    wanted = {name: texts_of(changes) for name, changes in (options or {}).items()}
    named = choices.options(scenario, wanted)
    for each in named.values():
        say_remarks(each)
    announce_compilation()
    found = hanging_on(scenario, named, suggested=not wanted, replications=replications, rows=rows, threads=threads)
    if found.stopped:
        say(f"interrupted; {found.stopped}")
    table = pd.read_csv(io.StringIO(sensitivity_sheet.as_csv(found)))
    summary = sensitivity_sheet.as_json(found, scenario.seed)
    return Study(found, Words(sensitivity_sheet.as_text(found, None)), summary, table)


def break_even(
    source: Source,
    path: str,
    between: tuple[Any, Any],
    *,
    alternative: Values | None = None,
    target: str | None = None,
    quantity: str = "finish",
    overrides: Values | None = None,
    replications: int = 200,
    seed: int | None = None,
    threads: int | None = None,
) -> Study[BreakEven]:
    """Return the value of an input at which an alternative equals the scenario, or a target is just met.

    Parameters:
        source: A scenario, or what `load` takes.
        path: The input to vary, such as "cluster.hot_spares".
        between: The range, such as ("0 nodes", "64 nodes").
        alternative: Values by path of what the scenario is compared with; or give a target.
        target: Such as "finish.p90=60 d" or "goodput.p50=80%".
        quantity: finish, goodput or cost (with its delay), in the mean; finish.p90 for its P90.
        overrides: Values by path, as for `load`.
        replications: At each value, of each option.
        seed: The seed of all draws, instead of the scenario's.
        threads: Threads, one a core by default.

    Raises:
        ScenarioErrors: All that is wrong with the scenario, or with what is asked.
    """
    check_counts(LEAST, replications=replications, seed=seed, threads=threads)
    base, texts = _seeded(scenario_of(source, overrides), seed), texts_of(alternative or {})
    low, high = (texts_of({path: end})[0].partition("=")[2] for end in between)
    called = " and ".join(texts)
    try:
        question = goal.asked(path, texts, target, quantity)
        pairs = choices.pairs(base, path, texts, OVERRIDE)
        say_remarks(base)
        announce_compilation()
        found = searched(path, pairs, (low, high), question, replications=replications, threads=threads)
    except goal.BreakEvenError as error:
        raise _wrong(path if error.about in ("", "input") else error.about, str(error)) from None
    table = pd.read_csv(io.StringIO(break_even_sheet.as_csv(found)))
    summary = break_even_sheet.as_json(found, base.name, called, base.seed)
    return Study(found, Words(break_even_sheet.as_text(found, base.name, called, None)), summary, table)


def step(source: Source, overrides: Values | None = None) -> Study[list[step_sheet.Told]]:
    """Return how long training steps take and of what they consist, as `derisk step` does.

    Parameters:
        source: A scenario, or what `load` takes, for the step of its job; or the path of a file of cases.
        overrides: Values by path, as for `load`; of a scenario only.

    Raises:
        ScenarioErrors: All that is wrong, also for a job that says too little to predict its step.
    """
    batch = batch_at(find_scenario(str(source))) if isinstance(source, str | Path) else None
    if batch is not None and overrides:
        raise _wrong("", f"overrides change scenarios, and {source} is a file of cases")
    if batch is None:
        scenario = scenario_of(source, overrides)
        try:
            batch = batch_of(scenario)
        except NoStepError as error:
            raise ScenarioErrors([error_at(Spot(called_of(source, scenario)), "job", str(error))]) from None
    told = step_sheet.evaluate(batch)
    summary = step_sheet.as_json(batch, told)
    table = pd.json_normalize(summary["cases"], sep=".")
    return Study(told, Words(step_sheet.as_text(told, None, parts=True)), summary, table)


def fabric(
    profile: str,
    nodes: int,
    node: str | None = None,
    *,
    kind: str | None = None,
    radix: int | None = None,
    nodes_per_leaf: int | None = None,
    wan: str | None = None,
) -> Study[fabric_sheet.Sheet]:
    """Return a fabric's elements, bisection and hops, and what each failure cuts off or slows, as `derisk fabric` does.

    Parameters:
        profile: A fabric of hardware_profiles, or the path of a YAML file.
        nodes: How many nodes.
        node: The profile of a node; by default one that has such a fabric.
        kind: fat_tree, rail, nvl_rail, dragonfly, torus_3d or two_sites; by default as the profile says.
        radix: Ports of a switch.
        nodes_per_leaf: Nodes under a leaf; as many as fit by default.
        wan: The bandwidth between two sites, such as "10 Tb/s".

    Raises:
        ScenarioErrors: What is wrong with a profile, or cannot be built.
    """
    check_counts(nodes=nodes, radix=radix, nodes_per_leaf=nodes_per_leaf)
    try:
        told = fabric_sheet.asked(profile, nodes, node, kind=kind, radix=radix, nodes_per_leaf=nodes_per_leaf, wan=wan)
    except ValueError as error:
        raise _wrong(profile, str(error)) from None
    summary = fabric_sheet.as_json(told)
    return Study(told, Words(fabric_sheet.as_text(told, None)), summary, pd.DataFrame(summary["elements"]))


def _named(scenarios: Mapping[str, Source] | Sequence[Source]) -> dict[str, Scenario]:
    """Return scenarios by name, all that is wrong with them at once. Raises ScenarioErrors."""
    if isinstance(scenarios, str | Scenario) or not isinstance(scenarios, Mapping | Sequence):
        raise _wrong("scenarios", "are several, in a list or by name; write {'as it is': a, 'changed': b}")
    read: dict[str, Scenario] = {}
    errors = []
    pairs = scenarios.items() if isinstance(scenarios, Mapping) else ((None, each) for each in scenarios)
    for number, (name, source) in enumerate(pairs, start=1):
        try:
            scenario = scenario_of(source)
        except ScenarioErrors as failed:
            errors += failed.errors
            continue
        usual = str(source) if isinstance(source, str | Path) else scenario.name
        called = usual if name is None else str(name)
        read[f"{called} ({number})" if called in read else called] = scenario
    if errors:
        raise ScenarioErrors(errors)
    return read


def _axes(scenario: Scenario, axes: Mapping[str, str | Sequence[Any]] | None) -> tuple[Axis, ...]:
    """Return the axes that are asked for, or those of the scenario. Raises AxisError and ScenarioErrors."""
    if axes is None:
        section = scenario.document.sweep
        return () if section is None else section.axes
    found = []
    for path, values in axes.items():
        listed = [values] if isinstance(values, str) else list(values)
        texts = [texts_of({path: value})[0].partition("=")[2] for value in listed]
        found.append(axis_of(path, texts, OVERRIDE))
    return tuple(found)


def _seeded(scenario: Scenario, seed: int | None) -> Scenario:
    return scenario if seed is None else scenario.changed([f"run.seed={seed}"])


def _flat(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of a difference in one row; those of the two sides with the side before."""
    flat: dict[str, Any] = {}
    for name, value in numbers.items():
        flat |= {f"{name}_{each}": one for each, one in value.items()} if isinstance(value, Mapping) else {name: value}
    return flat


def _wrong(path: str, text: str) -> ScenarioErrors:
    """Return the error of what was asked, not of a file."""
    return ScenarioErrors([error_at(Spot(OVERRIDE), path, text)])
