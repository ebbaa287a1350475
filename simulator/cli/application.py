"""All commands by name. What they need to run is imported when they run, so that `--help` comes at once."""

from typing import Annotated

import typer

from simulator.cli.app import app
from simulator.cli.bench_gpu import bench_gpu
from simulator.cli.break_even import break_even
from simulator.cli.calibrate import calibrate
from simulator.cli.check import check
from simulator.cli.compare import compare
from simulator.cli.explain import explain
from simulator.cli.fabric import fabric
from simulator.cli.merge import merge
from simulator.cli.presets import presets
from simulator.cli.profiles import profiles
from simulator.cli.replay import replay
from simulator.cli.report import report
from simulator.cli.run import run
from simulator.cli.schema import schema
from simulator.cli.script import script
from simulator.cli.sensitivity import sensitivity
from simulator.cli.step import step
from simulator.cli.sweep import sweep
from simulator.cli.terminal import TRACEBACK, Border

EXIT_CODES = (
    "Exit codes: 0 well, 1 internal or output error, 2 usage, 3 scenario or profile not valid, "
    "4 precision not reached, 5 a gate or expectation failed, 130 interrupted."
)

application = typer.Typer(
    name="derisk",
    cls=Border,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain text comes in half the time
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from simulator import __version__

        print(f"derisk {__version__}")
        raise typer.Exit


@application.callback(epilog=EXIT_CODES)
def derisk(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    traceback: Annotated[bool, typer.Option(TRACEBACK, help="Show where an internal error happened.")] = False,
) -> None:
    """Forecast a large training run: finish date, goodput, and where the time goes."""


for command in (run, check, compare, sweep, replay, merge, script, presets, explain, schema, step, fabric, bench_gpu):
    application.command()(command)
application.command()(sensitivity)
application.command()(report)
application.command()(break_even)
application.command()(app)
application.add_typer(profiles, name="profiles")
application.add_typer(calibrate, name="calibrate")


def main() -> None:
    """Run the command line."""
    application(prog_name="derisk")  # by whichever name it was started
