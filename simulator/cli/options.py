"""What several commands ask for in the same words."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.border import say

if TYPE_CHECKING:
    from simulator.scenario import Scenario

ScenarioName = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A scenario file, or the name of a preset.", show_default=False)
]
ScenarioNames = Annotated[
    list[str], typer.Argument(metavar="SCENARIO", help="Scenario files, or names of presets.", show_default=False)
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
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


def find_scenario(name: str) -> Path:
    """Return the file that a path or the name of a preset means. Raises ScenarioErrors."""
    from simulator import resources

    given = Path(name)
    shipped = resources.scenarios()
    # In a checkout the folder is written before the name; elsewhere the same words mean the files that were installed.
    inside = given.relative_to("scenarios") if given.parts[:1] == ("scenarios",) else given
    places = [given]
    if not given.is_absolute():
        places += [root / f"{inside}{end}" for root in (shipped / "presets", shipped) for end in ("", ".yaml")]
    for place in places:
        try:
            if place.is_file():
                return place
        except (OSError, ValueError):
            break
    if given.exists():
        return given  # a folder, say: the loader has the words
    raise _missing(name, sorted(file.stem for file in (shipped / "presets").glob("*.yaml")))


def _missing(name: str, presets: list[str]) -> Exception:
    from simulator.scenario import ScenarioError, ScenarioErrors
    from simulator.scenario.errors import Spot
    from simulator.section import did_you_mean

    hint = did_you_mean(name, presets).removeprefix("; ") or f"the presets are {', '.join(presets)}"
    return ScenarioErrors([ScenarioError(Spot(name), "", "there is no such file or preset", hint)])


def read_scenario(name: str, overrides: list[str] | None) -> "Scenario":
    """Return the scenario that a path or the name of a preset means, with `--set` on top. Raises ScenarioErrors."""
    path = find_scenario(name)
    from simulator.scenario import load_scenario

    return load_scenario(path, overrides)


def announce_compilation() -> None:
    """Say so on stderr if the engine is about to be compiled, which otherwise looks like a program that hangs."""
    import simulator.engines.kernel  # noqa: F401 - the kernels are known once they are imported
    from simulator import jit

    if jit.cache_is_cold():
        say("compiling the fast engine: this happens once and takes about half a minute")
