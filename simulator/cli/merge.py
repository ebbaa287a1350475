"""`derisk merge`: shards of a run, done apart, put together to the run that they are parts of."""

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.findings import Finding, tell
from simulator.cli.options import AsJson, OutputFolder, refuse_others
from simulator.cli.terminal import Code, Refusal, say

RunFolders = Annotated[
    list[Path], typer.Argument(metavar="RUNDIR", help="The run folders of all shards.", show_default=False)
]


def merge(folders: RunFolders, output: OutputFolder = Path("runs"), json: AsJson = False) -> None:
    """Put the shards of a run together.

    The result is the same as if it had been run in one piece.
    """
    for one in folders:
        refuse_others(one)
    from simulator.ensemble import ShardError
    from simulator.report.run import folder
    from simulator.report.run.integrity import summary_of
    from simulator.report.run.story import ReplayError

    try:
        merged = folder.merge_folders(folders, output, say)
    except ShardError as error:
        raise Refusal(str(error), Code.USAGE) from None
    except folder.OldRunError as error:
        raise Refusal(str(error), Code.SCENARIO) from None
    except ReplayError as error:
        raise Refusal(f"the shards do not come out again: {error}; run them again", Code.SCENARIO) from None
    called = str(merged / "scenario.resolved.yaml")
    tell([Finding(called, folder.load(merged), summary_of(merged), merged)], json)
