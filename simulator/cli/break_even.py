"""`derisk break-even`: the value of an input at which two options are equal, or a target is just met."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import AsJson, Overrides, ScenarioName, announce_compilation, read_scenario, tell_remarks
from simulator.cli.output import new_file
from simulator.cli.progress import progress_bar
from simulator.cli.run import Seed, Threads
from simulator.cli.sensitivity import ResultFile, check_suffix, seed_override
from simulator.cli.terminal import Code, Refusal, say, width, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.planning.break_even import BreakEven, Pair
    from simulator.planning.goal import Question

InputPath = Annotated[
    str,
    typer.Option("--input", metavar="PATH", help="The input to vary, such as cluster.hot_spares.", show_default=False),
]
Between = Annotated[
    tuple[str, str],
    typer.Option(
        "--between", metavar="LOW HIGH", help="The range, as in '0 nodes' '64 nodes', or x0.5 x2.", show_default=False
    ),
]
With = Annotated[
    list[str] | None,
    typer.Option("--with", metavar="PATH=VALUE", help="The alternative. May be repeated.", show_default=False),
]
Target = Annotated[
    str | None,
    typer.Option(
        "--target", metavar="QUANTITY=VALUE", help="As in 'finish.p90=60 d' or 'goodput.p50=80%'.", show_default=False
    ),
]
QuantityName = Annotated[
    str,
    typer.Option(
        "--quantity",
        metavar="NAME",
        help="finish, goodput or cost (with its delay); finish.p90 for its P90, else the mean.",
    ),
]
EachReplications = Annotated[
    int, typer.Option("--replications", "-n", metavar="N", min=10, max=100_000, help="At each value, of each option.")
]


def break_even(
    scenario: ScenarioName,
    path: InputPath,
    between: Between,
    alternative: With = None,
    target: Target = None,
    quantity: QuantityName = "finish",
    overrides: Overrides = None,
    replications: EachReplications = 200,
    seed: Seed = None,
    threads: Threads = None,
    output: ResultFile = None,
    json: AsJson = False,
) -> None:
    """Find the value of an input at which an alternative (--with) equals the scenario, or a --target is just met.

    Differences are taken under common random numbers; the interval is that of their Monte Carlo error.
    """
    check_suffix(output)
    question = _question(path, quantity, alternative, target)
    given = [*(overrides or []), *seed_override(seed)]
    said: set[str] = set()
    base = read_scenario(scenario, given, said)

    from simulator.planning.break_even import break_even as search
    from simulator.planning.choices import pairs
    from simulator.planning.goal import BreakEvenError
    from simulator.scenario.errors import given_as

    scenarios = _telling(pairs(base, path, given_as("--with", alternative or []), "--between"), said)

    def searched() -> "BreakEven":
        announce_compilation()
        with progress_bar(base.name) as progress:
            try:
                return search(
                    path,
                    scenarios,
                    between,
                    question,
                    replications=replications,
                    threads=threads,
                    progress=progress,
                )
            except BreakEvenError as error:
                raise Refusal(str(error), Code.USAGE) from None

    called = " and ".join(alternative or [])
    if output is None:
        found = searched()
    else:
        with new_file(output) as write:
            found = searched()
            write(_file_text(found, output, base.name, called, base.seed))
    _print(found, base.name, called, base.seed, json)
    if found.interrupted:
        say(f"interrupted; {len(found.evaluated)} values that were tried are kept")
        raise typer.Exit(Code.INTERRUPTED)


def _telling(made: "Callable[[str], Pair]", said: set[str]) -> "Callable[[str], Pair]":
    """Return what makes the same scenarios, and says of each what was not said before."""

    def scenarios(value: str) -> "Pair":
        pair = made(value)
        for one in pair:
            if one is not None:
                tell_remarks(one, said)
        return pair

    return scenarios


def _question(path: str, quantity: str, alternative: list[str] | None, target: str | None) -> "Question":
    """Return what is to be equal. Raises a usage error."""
    from simulator.planning.goal import BreakEvenError, asked

    try:
        return asked(path, alternative or [], target, quantity)
    except BreakEvenError as error:
        hint = ", ".join(f"--{part}" for part in error.about.split(", "))
        raise typer.BadParameter(str(error), param_hint=hint) from None


def _file_text(found: "BreakEven", output: Path, name: str, called: str, seed: int) -> str:
    import json as json_module

    from simulator.report.study import break_even_sheet

    if output.suffix == ".csv":
        return break_even_sheet.as_csv(found)
    content = break_even_sheet.as_json(found, name, called, seed)
    return json_module.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _print(found: "BreakEven", name: str, called: str, seed: int, json: bool) -> None:
    from simulator.report.study import break_even_sheet

    if json:
        write_json(break_even_sheet.as_json(found, name, called, seed))
    else:
        write_text(break_even_sheet.as_text(found, name, called, width()))
