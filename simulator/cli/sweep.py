"""`derisk sweep`: one scenario at all combinations of values of some inputs."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import AsJson, OutputFolder, Overrides, ScenarioName, announce_compilation
from simulator.cli.progress import progress_bar
from simulator.cli.run import Replications, Seed, Threads, refuse_unwritable
from simulator.cli.terminal import Code, Refusal, say, width, write_json, write_text

if TYPE_CHECKING:
    from simulator.planning.sweep import Axis, Cell, Grid, Outcome
    from simulator.report.study.sweep_folder import SweepFolder

AXIS = "--axis"
Axes = Annotated[
    list[str] | None,
    typer.Option(
        AXIS,
        metavar="PATH=V1,V2,...",
        help="An input and its values, as in cluster.hot_spares='0 nodes,32 nodes' or failures.gpu.rate=x0.5,x1,x2, or "
        "a range: '0..128 nodes/5' is five values at equal distances, '10 s..10 min/8 log' eight at equal ratios "
        "(whole for what is counted). May be repeated: all combinations are run. Instead of sweep: in the scenario.",
        show_default="sweep: of the scenario",
    ),
]


def sweep(
    scenario: ScenarioName,
    axes: Axes = None,
    overrides: Overrides = None,
    seed: Seed = None,
    replications: Replications = None,
    threads: Threads = None,
    output: OutputFolder = Path("runs"),
    json: AsJson = False,
) -> None:
    """Run a scenario at all combinations of values of some inputs.

    All cells are checked before the first runs, and all have the same seed and number of replications, so that their
    differences are not chance. What is done is kept: after Ctrl-C the same command goes on. The table is left as
    sweep.csv and sweep.parquet.
    """
    from simulator.report.study import sweep_sheet
    from simulator.report.study.sweep_folder import SweepFolder
    from simulator.scenario.named import find_scenario

    path = find_scenario(scenario)
    grid = _checked(scenario, path, _axes(path, axes, overrides or []), overrides or [], seed, replications)
    for told, cells in Counter(told for each in grid.scenarios for told in each.inert).items():
        say(f"without effect in {cells:_} of {len(grid.cells):_} cells: {told}")
    refuse_unwritable(output)
    folder = SweepFolder(grid, output)
    outcomes = folder.kept()
    reused = len(outcomes)
    folder.begin()
    if reused:
        say(f"{scenario}: {reused:_} of {len(grid.cells):_} cells were done before and are reused; {folder.path}")
    if not _run(grid, folder, outcomes, threads):
        done = f"{len(outcomes):_} of {len(grid.cells):_} cells are done and kept in {folder.path}"
        say(f"{scenario}: interrupted; {done}; the same command goes on from there")
        raise typer.Exit(Code.INTERRUPTED)
    frame = folder.finish(outcomes)
    for told in folder.told:
        say(told)
    if json:
        write_json(sweep_sheet.as_json(grid, frame))
    else:
        write_text(sweep_sheet.as_text(grid, frame, width()))
        write_text(f"Results: {folder.path}, sweep.csv and sweep.parquet.")


def _run(grid: "Grid", folder: "SweepFolder", outcomes: "dict[int, Outcome]", threads: int | None) -> bool:
    """Run the cells that are not done, and keep each as it comes; return whether all are done."""
    from simulator.planning.sweep import run

    todo = [cell for cell in grid.cells if cell.number not in outcomes]
    if not todo:
        return True

    def keep(cell: "Cell", outcome: "Outcome") -> None:
        folder.keep(cell, outcome)
        outcomes[cell.number] = outcome

    announce_compilation()
    with progress_bar(grid.own.name) as progress:
        run(grid, todo, keep, threads=threads, progress=progress)
    return len(outcomes) == len(grid.cells)


def _axes(path: Path, texts: list[str] | None, overrides: list[str]) -> "tuple[Axis, ...]":
    """Return the axes of the command line, or where none is given those of the scenario. Raises Refusal."""
    from simulator.scenario import load_scenario
    from simulator.scenario.sweep import AxisError, read_axis

    if not texts:
        section = load_scenario(path, overrides).document.sweep
        return () if section is None else section.axes
    axes, faults = [], []
    for text in texts:
        try:
            axes.append(read_axis(text))
        except AxisError as error:
            faults.append(f"{AXIS} {error}")
    if faults:
        raise Refusal("\nderisk: ".join(faults), Code.USAGE)
    return tuple(axes)


def _checked(
    called: str,
    path: Path,
    axes: "tuple[Axis, ...]",
    overrides: list[str],
    seed: int | None,
    replications: int | None,
) -> "Grid":
    """Return the grid, every cell of it valid. Raises Refusal and ScenarioErrors."""
    from simulator.planning.sweep import prepare
    from simulator.scenario.sweep import AxisError

    try:
        with progress_bar("checking the cells") as progress:
            grid = prepare(path, overrides, axes, seed=seed, replications=replications, progress=progress)
    except AxisError as error:
        raise Refusal(str(error), Code.USAGE) from None
    if grid.stop_rule and replications is None:
        say(f"the stop rule is not followed, for cells need the same number: {grid.replications:_} each, or give -n")
    if grid.same:
        cells = f"{grid.same:_} of {len(grid.cells):_} cells"
        say(f"{called}: {cells} are the same scenario as one before them; is that meant?")
    return grid
