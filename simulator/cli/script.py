"""`derisk script`: replications whose failures are given instead of drawn, through both engines."""

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import AsJson, announce_compilation
from simulator.cli.terminal import Code, width, write_json, write_text

ScriptFile = Annotated[Path, typer.Argument(metavar="FILE", help="A file of cases.", show_default=False)]


def script(file: ScriptFile, json: AsJson = False) -> None:
    """Run given failures through both engines.

    Where the file says what to expect, it must hold in both, and the engines must agree; else the exit code is 5.
    """
    from simulator.compile.script import load_script

    cases = load_script(file)
    announce_compilation()
    from simulator.report.machine import script_check

    verdicts = [script_check.judge(case) for case in cases]
    if json:
        write_json(script_check.as_json(str(file), verdicts))
    else:
        write_text(script_check.as_text(str(file), verdicts, width()))
    if any(verdict.holds is False or not verdict.agree for verdict in verdicts):
        raise typer.Exit(Code.GATE)
