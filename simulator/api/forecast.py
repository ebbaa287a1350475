"""Loading a scenario and running it: the first two of the three lines."""

from collections.abc import Mapping
from typing import Any

from simulator.api.messages import announce_compilation, say_remarks
from simulator.api.result import Result
from simulator.ensemble import run_ensemble
from simulator.scenario import Scenario, ScenarioError, ScenarioErrors
from simulator.scenario.errors import OVERRIDE, Spot
from simulator.scenario.from_python import Source, scenario_of

MOST_SEED = 2**53


def load(source: Source, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """Return a scenario, frozen, every value of it checked.

    Parameters:
        source: The name of a preset, such as "plan_100k", with or without .yaml; the path of a scenario file; or a
            mapping of the same keys.
        overrides: Values by path, such as {"cluster.hot_spares": "64 nodes", "failures.gpu.rate": "x2"}: texts with
            their unit, or numbers where a key has none.

    Raises:
        ScenarioErrors: All that is wrong, each with the path of its key.
    """
    return scenario_of(source, overrides)


def run(
    source: Source,
    overrides: Mapping[str, Any] | None = None,
    *,
    replications: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
) -> Result:
    """Return the forecast of a scenario: the answer of `derisk run`, to the last digit.

    Parameters:
        source: A scenario, or what `load` takes.
        overrides: Values by path, as for `load`.
        replications: How many, instead of the scenario's number or stop rule.
        seed: The seed of all draws, instead of the scenario's.
        threads: Threads, one a core by default; they do not change the answer.

    Raises:
        ScenarioErrors: All that is wrong with the scenario.
        KeyboardInterrupt: Stopped before the first replication was done; later, what is done is kept.
    """
    check_counts(replications=replications, seed=seed, threads=threads)
    scenario = scenario_of(source, overrides)
    say_remarks(scenario)
    announce_compilation()
    ensemble = run_ensemble(scenario, seed=seed, replications=replications, threads=threads)
    return Result(ensemble, scenario, called_of(source, scenario))


def called_of(source: Source, scenario: Scenario) -> str:
    """Return what a scenario is called in commands: what was given, or its file."""
    return scenario.file if isinstance(source, Scenario | Mapping) else str(source)


def check_counts(least_replications: int = 1, **given: int | None) -> None:
    """Raise ScenarioErrors for replications, seeds, threads and other counts that are no whole number, or too small."""
    errors = []
    for name, value in given.items():
        least = {"seed": 0, "replications": least_replications}.get(name, 1)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and least <= value <= MOST_SEED):
            continue
        path = f"run.{name}" if name in ("seed", "replications") else name
        errors.append(ScenarioError(Spot(OVERRIDE), path, f"{value!r} is no whole number from {least} on"))
    if errors:
        raise ScenarioErrors(errors)
