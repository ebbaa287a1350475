"""What several commands ask for in the same words."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.terminal import Code, Refusal, say

if TYPE_CHECKING:
    from simulator.report.run.expected import Expected
    from simulator.scenario import Scenario

ScenarioName = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A scenario file, or the name of a preset.", show_default=False)
]
ScenarioNames = Annotated[
    list[str], typer.Argument(metavar="SCENARIO", help="Scenario files, or names of presets.", show_default=False)
]
SET = "--set"
MANY_EVENTS = 1_000_000  # of a replication: what is done with its log takes seconds


def _with_equals_sign(overrides: list[str] | None) -> list[str] | None:
    """Refuse `--set a.b 32` at once: the 32 would be taken for a scenario."""
    for override in overrides or ():
        if "=" not in override:
            words = f"'{override}' gives no value; write {SET} '{override}=VALUE', with = and without a space around it"
            raise typer.BadParameter(words, param_hint=SET)
    return overrides


Overrides = Annotated[
    list[str] | None,
    typer.Option(
        SET,
        metavar="PATH=VALUE",
        callback=_with_equals_sign,
        help="Change a value, as in cluster.hot_spares='96 nodes' or failures.gpu.rate=x2. May be repeated.",
        show_default=False,
    ),
]
OutputFolder = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="Run folders are written in this folder.")
]
PolicyClass = Annotated[
    str | None,
    typer.Option(
        "--policy",
        metavar="FILE.PY:CLASS",
        help="A policy of your own, in Python, for the reference engine.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else there.")]


def refuse_others(folder: Path) -> None:
    """Raise Refusal for what is no run folder, before anything heavy is imported to read it."""
    from simulator.report.run.manifest import MANIFEST, read_manifest

    if read_manifest(folder) is None:
        what = "there is no such folder"
        with suppress(OSError, ValueError):  # a name that is too long for any folder
            what = f"is no run folder: it has no {MANIFEST} that can be read" if folder.exists() else what
        raise Refusal(f"{folder}: {what}; derisk run writes run folders, into runs/ unless told otherwise", Code.USAGE)


def read_scenario(name: str, overrides: list[str] | None, said: set[str] | None = None) -> "Scenario":
    """Return the scenario that a path or the name of a preset means, with `--set` on top. Raises ScenarioErrors.

    What is without effect or doubtful is told, and once only to those who keep what was `said`.
    """
    from simulator.scenario import load_scenario
    from simulator.scenario.named import find_scenario

    scenario = load_scenario(find_scenario(name), overrides)
    tell_remarks(scenario, set() if said is None else said)
    return scenario


def tell_remarks(scenario: "Scenario", said: set[str]) -> None:
    """Say on stderr what is without effect in a scenario and what is doubtful, unless it was `said` before."""
    from simulator.scenario.cautions import remarks

    for remark in remarks(scenario):
        if remark not in said:
            say(remark)
            said.add(remark)


def warn_of_no_progress(called: str, scenario: "Scenario", theory: "Expected | None" = None) -> None:
    """Say on stderr, before it is run, that theory expects a scenario not to come to an end."""
    from simulator.report.run.expected import expected, trouble

    if words := trouble(scenario, expected(scenario) if theory is None else theory):
        say(f"{called}: {words}")


def announce_compilation() -> None:
    """Say so on stderr if the engine is about to be compiled, which otherwise looks like a program that hangs."""
    from simulator.ensemble.compilation import notice

    if words := notice():
        say(words)
