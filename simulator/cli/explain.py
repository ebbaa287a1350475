"""`derisk explain`: what a field means; and of a scenario, its plan and what more of each resource would buy."""

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import AsJson, Overrides, announce_compilation
from simulator.cli.terminal import Code, Refusal, width, write_json, write_text

FieldName = Annotated[
    str,
    typer.Argument(
        metavar="FIELD", help="Such as goodput, LOST_WORK or cluster.hot_spares; or a scenario.", show_default=False
    ),
]
Pairs = Annotated[
    int,
    typer.Option("--replications", "-n", min=2, max=100_000, help="Of a scenario: pairs of replications a resource."),
]


def explain(field: FieldName, overrides: Overrides = None, replications: Pairs = 200, json: AsJson = False) -> None:
    """Define a field of a scenario or of a result; or explain a scenario.

    Of a scenario whose step is predicted: why its parallelism plan was chosen, and the elasticities of step, run time
    and goodput to compute, memory bandwidth, networks, latencies and storage.
    """
    from simulator.report import glossary

    found = glossary.find(field)
    if not found:
        path = _scenario(field)
        if path is not None:
            _explain_scenario(path, overrides, replications, json)
            return
        hint = glossary.suggestion(field) or "; derisk schema lists what a scenario may say"
        raise Refusal(f"there is no field '{field}'{hint}", Code.USAGE)
    if json:
        write_json({"schema": 1, "fields": [entry._asdict() for entry in found]})
    else:
        write_text(glossary.as_text(found, width()))


def _scenario(name: str) -> Path | None:
    """Return the scenario that a word means, or None; one that ends in .yaml can mean nothing else."""
    from simulator.scenario import ScenarioErrors
    from simulator.scenario.named import find_scenario

    try:
        return find_scenario(name)
    except ScenarioErrors:
        if name.endswith(".yaml"):
            raise
        return None


def _explain_scenario(path: Path, overrides: list[str] | None, replications: int, json: bool) -> None:
    from simulator.planning.elasticity import follows_its_step, resource_effects
    from simulator.report.machine import explained
    from simulator.scenario import load_scenario

    scenario = load_scenario(path, overrides)
    if scenario.step is None or not follows_its_step(scenario):
        text = "its step is not predicted; write model, tokens and global_batch under job, and node under cluster"
        raise Refusal(f"{path}: {text}", Code.SCENARIO)
    announce_compilation()
    effects = resource_effects(scenario, replications)
    if json:
        write_json(explained.as_json(scenario.step, effects))
    else:
        write_text(explained.as_text(scenario.step, effects, replications, width()))
