"""`derisk sensitivity`: which inputs matter, inputs or chance, and what to measure next."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import AsJson, Overrides, ScenarioName, announce_compilation, read_scenario, tell_remarks
from simulator.cli.output import new_file
from simulator.cli.progress import progress_bar
from simulator.cli.run import Seed, Threads
from simulator.cli.terminal import Code, say, width, write_json, write_text

if TYPE_CHECKING:
    from simulator.planning.sensitivity import Sensitivity

OPTION = "--option"

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
    said: set[str] = set()
    read = read_scenario(scenario, given, said)
    from simulator.planning.choices import options
    from simulator.planning.sensitivity import sensitivity as computed
    from simulator.report.study import sensitivity_sheet

    named = options(read, _wanted(option))
    for each in named.values():
        tell_remarks(each, said)
    announce_compilation()
    with nullcontext() if output is None else new_file(output) as write:
        found = computed(
            read,
            named,
            suggested=not option,
            replications=replications,
            rows=rows if indices else 0,
            threads=threads,
            progress=progress_bar,
        )
        if output is not None and write is not None:
            _write(write, output, found, read.seed)
    if found.stopped:
        say(f"interrupted; {found.stopped}")

    if json:
        write_json(sensitivity_sheet.as_json(found, read.seed))
    else:
        write_text(sensitivity_sheet.as_text(found, width()))
    raise typer.Exit(Code.INTERRUPTED if found.stopped else Code.OK)


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

    from simulator.report.study import sensitivity_sheet

    if output.suffix == ".csv":
        write(sensitivity_sheet.as_csv(found))
    else:
        content = sensitivity_sheet.as_json(found, seed)
        write(json_module.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _wanted(texts: list[str] | None) -> dict[str, list[str]]:
    """Return the changes of each option that the user names. Raises a usage error."""
    from simulator.scenario.errors import given_as

    changed = {text.strip(): [part.strip() for part in text.split(";") if part.strip()] for text in texts or ()}
    for text, parts in changed.items():
        if not parts or any("=" not in part for part in parts):
            words = f"'{text}' gives no value; write {OPTION} 'cluster.hot_spares=32 nodes'"
            raise typer.BadParameter(words, param_hint=OPTION)
    return {text: given_as(OPTION, parts) for text, parts in changed.items()}
