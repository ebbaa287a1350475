"""`derisk sensitivity`: which inputs matter, inputs or chance, and what to measure next."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.border import Code, say, width, write_json, write_text
from simulator.cli.meter import progress_bar
from simulator.cli.options import AsJson, Overrides, ScenarioName, announce_compilation, read_scenario
from simulator.cli.output import new_file
from simulator.cli.run import Seed, Threads

if TYPE_CHECKING:
    from simulator.report.sensitivity_sheet import Sensitivity
    from simulator.scenario import Scenario

OPTION = "--option"
CHOICE_TIMES = 5  # replications of an option for each of a bar's end: a choice hangs on small differences

EndReplications = Annotated[
    int,
    typer.Option(
        "--replications",
        "-n",
        metavar="N",
        min=10,
        max=100_000,
        help="For each end of a bar; an option has 5 times as many.",
    ),
]
WithIndices = Annotated[
    bool, typer.Option("--indices", help="Variance-based indices too: first order and total, with chance as a factor.")
]
RowNumber = Annotated[
    int, typer.Option("--rows", metavar="N", min=16, max=2**20, help="Rows of the indices: a power of two.")
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        OPTION,
        metavar="PATH=VALUE",
        help="An option to choose between, beside the scenario as it is; ';' joins several changes. May be repeated.",
        show_default=False,
    ),
]
ResultFile = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write a table (.csv) or everything (.json).", show_default=False
    ),
]


def sensitivity(
    scenario: ScenarioName,
    overrides: Overrides = None,
    replications: EndReplications = 200,
    seed: Seed = None,
    indices: WithIndices = False,
    rows: RowNumber = 512,
    option: Options = None,
    threads: Threads = None,
    output: ResultFile = None,
    json: AsJson = False,
) -> None:
    """Show which uncertain inputs the answer hangs on, and what to measure next.

    A tornado (each input at its P10 and P90), the split of the variance into ignorance and chance, and what it is worth
    to know an input before choosing among options.
    """
    if rows & (rows - 1):
        raise typer.BadParameter(f"{rows} is no power of two; write {2 ** rows.bit_length()}", param_hint="--rows")
    check_suffix(output)
    given = [*(overrides or []), *seed_override(seed)]
    read = read_scenario(scenario, given)
    named = _options(scenario, given, read, option)
    announce_compilation()
    if output is None:
        found, code = _computed(read, named, not option, replications, rows if indices else 0, threads)
    else:
        with new_file(output) as write:
            found, code = _computed(read, named, not option, replications, rows if indices else 0, threads)
            _write(write, output, found, read.seed)
    from simulator.report import sensitivity_sheet

    if json:
        write_json(sensitivity_sheet.as_json(found, read.seed))
    else:
        write_text(sensitivity_sheet.as_text(found, width()))
    raise typer.Exit(code)


def seed_override(seed: int | None) -> list[str]:
    """Return a seed as `--set` would give it."""
    return [] if seed is None else [f"run.seed={seed}"]


def check_suffix(output: Path | None) -> None:
    """Raise a usage error for a file whose name does not say what to write, before the work begins."""
    if output is not None and output.suffix not in (".csv", ".json"):
        words = f"'{output}' is neither; name a file that ends in .csv or .json"
        raise typer.BadParameter(words, param_hint="--output")


def _write(write: Callable[[str], None], output: Path, found: "Sensitivity", seed: int) -> None:
    import json as json_module

    from simulator.report import sensitivity_sheet

    if output.suffix == ".csv":
        write(sensitivity_sheet.as_csv(found))
    else:
        content = sensitivity_sheet.as_json(found, seed)
        write(json_module.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _options(name: str, given: list[str], base: "Scenario", texts: list[str] | None) -> "dict[str, Scenario]":
    """Return the options to choose between, the base first. Raises ScenarioErrors for one of the user's."""
    from simulator.planning.choices import AS_IT_IS, suggested
    from simulator.scenario import ScenarioErrors
    from simulator.scenario.errors import given_as

    if texts:
        changed = {text.strip(): [part.strip() for part in text.split(";") if part.strip()] for text in texts}
        for text, parts in changed.items():
            if not parts or any("=" not in part for part in parts):
                words = f"'{text}' gives no value; write {OPTION} 'cluster.hot_spares=32 nodes'"
                raise typer.BadParameter(words, param_hint=OPTION)
        return {
            AS_IT_IS: base,
            **{text: read_scenario(name, [*given, *given_as(OPTION, parts)]) for text, parts in changed.items()},
        }
    options = {}
    for text, changes in suggested(base).items():
        try:
            options[text] = read_scenario(name, [*given, *changes])
        except ScenarioErrors:
            continue  # ours, not the user's: this scenario does not allow it
    return options


def _computed(
    scenario: "Scenario",
    options: "dict[str, Scenario]",
    suggested: bool,
    replications: int,
    rows: int,
    threads: int | None,
) -> "tuple[Sensitivity, Code]":
    """Return what could be computed, and the exit code: stopped by Ctrl-C, what is done is kept."""
    from simulator.planning.indices import variance_indices
    from simulator.planning.information import information
    from simulator.planning.tornado import tornado
    from simulator.report.sensitivity_sheet import Sensitivity

    with progress_bar("tornado") as progress:
        found = Sensitivity(tornado(scenario, replications, threads=threads, progress=progress), suggested=suggested)
    if found.tornado.interrupted:
        say(f"interrupted; {len(found.tornado.bars)} of {len(scenario.inputs)} inputs are kept")
        return found, Code.INTERRUPTED
    try:
        if len(options) > 1 and scenario.inputs:
            with progress_bar("options") as progress:
                worth = information(options, CHOICE_TIMES * replications, threads=threads, progress=progress)
            found = found._replace(information=worth)
        if rows and scenario.inputs:
            with progress_bar("indices") as progress:
                shares = variance_indices(scenario, rows, threads=threads, progress=progress)
            found = found._replace(indices=shares)
            if shares[0].interrupted:
                say(f"interrupted; {shares[0].rows} of {rows} rows are kept")
                return found, Code.INTERRUPTED
    except KeyboardInterrupt:
        say("interrupted; what was done is kept")
        return found, Code.INTERRUPTED
    return found, Code.OK
