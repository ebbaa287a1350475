"""`derisk app`: the pages in a browser."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.border import Code, Refusal, say

Port = Annotated[int, typer.Option("--port", metavar="N", min=1, max=65_535, help="The port that it listens to.")]
Host = Annotated[
    str, typer.Option("--host", metavar="ADDRESS", help="The address that it listens to; others are not let in.")
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")]
Runs = Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Run folders are written in this folder.")]
Jobs = Annotated[
    int, typer.Option("--jobs", metavar="N", min=1, max=64, help="Runs at a time; others wait in a queue.")
]
Most = Annotated[
    int, typer.Option("--most-replications", metavar="N", min=1, max=10_000_000, help="Replications a run may have.")
]


def app(
    port: Port = 8501,
    host: Host = "127.0.0.1",
    no_browser: NoBrowser = False,
    output: Runs = Path("runs"),
    jobs: Jobs = 2,
    most_replications: Most = 20_000,
) -> None:
    """Open the app in a browser: forecasts, comparisons and reports without a command line.

    It asks nobody for a password, so it listens to this computer only unless told otherwise. Ctrl-C ends it.
    """
    if host not in ("127.0.0.1", "localhost", "::1"):
        say(f"whoever reaches {host}:{port} can run simulations here; there is no password")
    say(f"the app is at http://{host}:{port}; Ctrl-C ends it")
    given = {
        "DERISK_APP_RUNS": str(output.absolute()),
        "DERISK_APP_JOBS": str(jobs),
        "DERISK_APP_REPLICATIONS": str(most_replications),
    }
    with suppress(KeyboardInterrupt):
        code = subprocess.call(command(port, host, no_browser), env=os.environ | given)
        if code not in (0, -2, 130):
            raise Refusal(f"the app ended with {code}; is another program using port {port}? --port names another")
    raise typer.Exit(Code.OK)


def command(port: int, host: str, no_browser: bool) -> list[str]:
    """Return the command that starts the server: it says nothing to anybody, and takes no large files."""
    from simulator import resources

    # The app stands beside the command line, on one floor: it is a program of its own, and is started as one.
    folder = Path(resources.__file__).parent / "app"
    options = {
        "server.address": host,
        "server.port": port,
        "server.headless": str(no_browser).lower(),
        "server.maxUploadSize": 1,
        "server.fileWatcherType": "none",
        "server.showEmailPrompt": "false",
        "browser.gatherUsageStats": "false",
        "client.showErrorDetails": "none",
        "client.toolbarMode": "minimal",
        "theme.base": folder / "theme.toml",
    }
    told = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", str(folder / "entry.py"), *told]
