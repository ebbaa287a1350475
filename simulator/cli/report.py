"""`derisk report`: a run as one page to forward, and as a workbook."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import PolicyClass, announce_compilation, refuse_others
from simulator.cli.policies import load_policy
from simulator.cli.terminal import write_text

if TYPE_CHECKING:
    from simulator.engines.reference import Policy

SWEEP = "sweep.json"  # of report/sweep_folder.py, which brings more than it takes to look
RunFolder = Annotated[
    Path, typer.Argument(metavar="RUNDIR", help="The folder of a run or a sweep.", show_default=False)
]
ReportFolder = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="DIR", help="Write both files there.", show_default="the run folder"),
]


def report(run: RunFolder, output: ReportFolder = None, policy: PolicyClass = None) -> None:
    """Write report.html and report.xlsx of a run or a sweep, to be forwarded.

    The page is one file that needs no network; the workbook has the same numbers.
    """
    sweep = (run / SWEEP).is_file()
    if not sweep:
        refuse_others(run)
    if sweep:
        from simulator.report.run.publish import publish_sweep

        files = publish_sweep(run, output)
    else:
        files = report_of_run(run, output, load_policy(policy) if policy else None)
    for file in files:
        write_text(str(file))


def report_of_run(run: Path, output: Path | None, policy: "type[Policy] | None") -> tuple[Path, Path]:
    """Write report.html and report.xlsx of a run folder, there or elsewhere, and return both. Raises OutputError."""
    from simulator.report.run.publish import publish

    announce_compilation()
    return publish(run, output, policy)
