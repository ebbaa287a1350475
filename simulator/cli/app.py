"""`derisk app`: the pages in a browser."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from simulator.cli.terminal import Code, Refusal, say

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

GRACE = 5.0  # [s] for open pages to be told; then the server is ended
ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


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
    say(f"the app is at {_address(_reached_at(host), port)}; Ctrl-C ends it")
    given = {
        "DERISK_APP_RUNS": str(output.absolute()),
        "DERISK_APP_JOBS": str(jobs),
        "DERISK_APP_REPLICATIONS": str(most_replications),
    }
    code = serve(command(port, host), os.environ | given, None if no_browser else (_reached_at(host), port))
    if code:
        raise Refusal(f"the app ended with {code}; is another program using port {port}? --port names another")
    raise typer.Exit(Code.OK)


def serve(words: list[str], environment: dict[str, str], opened: tuple[str, int] | None = None) -> int:
    """Run the server until it ends, and return its exit code: 0 where it was told to end, as this process is.

    A signal to this process ends the server too, which would go on without it. `opened`: where a browser is sent.
    """
    told: list[int] = []
    servers: list[subprocess.Popen[bytes]] = []

    def end(number: int, frame: FrameType | None) -> None:
        told.append(number)
        for server in servers:
            _end(server, at_once=len(told) > 1)

    before = {number: signal.signal(number, end) for number in ENDING}
    try:
        servers.append(subprocess.Popen(words, env=environment))
        if told:
            _end(servers[0])  # the signal came as it began
        if opened is not None:
            threading.Thread(target=_open, args=(*opened, servers[0]), daemon=True).start()
        code = servers[0].wait()
    finally:
        for server in servers:
            server.kill()
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0 if told else code


def _end(server: "subprocess.Popen[bytes]", at_once: bool = False) -> None:
    """Have a server end, by force if it takes long."""
    if at_once:
        server.kill()
        return
    server.terminate()
    late = threading.Timer(GRACE, server.kill)
    late.daemon = True
    late.start()


def _open(host: str, port: int, server: "subprocess.Popen[bytes]") -> None:
    """Send a browser to the app as soon as it answers."""
    import webbrowser

    while server.poll() is None:
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            webbrowser.open(_address(host, port))
            return
        time.sleep(0.1)


def _reached_at(host: str) -> str:
    """Return where this computer reaches the app."""
    return "localhost" if host in ("0.0.0.0", "::") else host


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def command(port: int, host: str) -> list[str]:
    """Return the command that starts the server: it says nothing to anybody, and takes no large files."""
    from simulator import resources

    # The app stands beside the command line, on one floor: it is a program of its own, and is started as one.
    folder = Path(resources.__file__).parent / "app"
    options = {
        "server.address": host,
        "server.port": port,
        "server.headless": "true",  # the browser is opened here
        "server.maxUploadSize": 1,
        "server.fileWatcherType": "none",
        "server.showEmailPrompt": "false",
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": _reached_at(host),  # else Streamlit asks the internet for it
        "client.showErrorDetails": "none",
        "client.toolbarMode": "minimal",
        "theme.base": folder / "theme.toml",
    }
    told = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", str(folder / "served.py"), *told]
