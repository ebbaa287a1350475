"""`derisk step`: how long does a training step take, and of what does it consist?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import SET, AsJson, Overrides
from simulator.cli.terminal import Code, Refusal, say, width, write_json, write_text

if TYPE_CHECKING:
    from simulator.scenario.cases import Batch

CasesFile = Annotated[
    str,
    typer.Argument(metavar="FILE", help="A file of cases, or a scenario, or the name of a preset.", show_default=False),
]
ShowParts = Annotated[bool, typer.Option("--parts", help="Show of what each step consists.")]


def step(file: CasesFile, overrides: Overrides = None, parts: ShowParts = False, json: AsJson = False) -> None:
    """Predict the time of training steps.

    A file of cases has a list under "cases:", as scenarios/step_time/published_runs.yaml; what a case leaves out was
    not published, and all plausible values are weighed. Of a scenario it is the step of its job. Where a case cannot be
    evaluated the others are, and the exit code is 3.
    """
    from simulator.report.machine import step_sheet
    from simulator.scenario.named import find_scenario

    batch = _read(find_scenario(file), overrides)

    told = step_sheet.evaluate(batch)
    if json:
        write_json(step_sheet.as_json(batch, told))
    else:
        write_text(step_sheet.as_text(told, width(), parts))
        for remark in (*batch.remarks, *(remark for each in told for remark in each.remarks)):
            say(remark)
    wrong = [each for each in told if each.errors]
    for each in wrong:
        for error in each.errors:
            say(error)
    if wrong:
        say(f"{len(wrong)} of {len(told)} case{'' if len(told) == 1 else 's'} could not be evaluated")
        raise typer.Exit(Code.SCENARIO)


def _read(path: Path, overrides: list[str] | None) -> "Batch":
    """Return the cases of a file, or the one of a scenario. Raises ScenarioErrors and Refusal."""
    from simulator.scenario import load_scenario
    from simulator.scenario.cases import NoStepError, batch_at, batch_of

    batch = batch_at(path)
    if batch is not None and overrides:
        raise Refusal(f"{SET} changes scenarios, and {path} is a file of cases", Code.USAGE)
    try:
        return batch_of(load_scenario(path, overrides)) if batch is None else batch
    except NoStepError as error:
        raise Refusal(f"{path}: {error}", Code.SCENARIO) from None
