"""`derisk replay`: what happened in one replication of a run, day by day."""

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import MANY_EVENTS, PolicyClass, announce_compilation, refuse_others
from simulator.cli.policies import load_policy
from simulator.cli.progress import progress_bar
from simulator.cli.terminal import Code, Refusal, say, write_text

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)]
Replication = Annotated[
    int, typer.Option("--replication", "-r", min=0, help="Its number in replications.parquet.", show_default=False)
]


def replay(run: RunFolder, replication: Replication, policy: PolicyClass = None) -> None:
    """Tell the story of one replication of a run.

    Day by day: what struck, what it cost, and how it ended.
    """
    refuse_others(run)
    from simulator.report.run import folder
    from simulator.report.run.story import ReplayError, replay_story

    ensemble = folder.load(run)
    if ensemble.engine == "kernel":
        announce_compilation()
    events = ensemble.table.loc[ensemble.table["replication"] == replication, "events"].max()
    if events > MANY_EVENTS:
        say(f"replication {replication} has {events:_} events: to run it again takes some seconds")
    try:
        with progress_bar(f"replication {replication}") as progress:
            words = replay_story(ensemble, replication, load_policy(policy) if policy else None, progress)
    except ReplayError as error:
        raise Refusal(f"{run}: {error}", Code.USAGE) from None
    write_text(words.rstrip("\n"))
