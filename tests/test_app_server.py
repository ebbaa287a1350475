"""The server of the app: it ends when it is told to, answers under its own name only, and asks no other computer."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from simulator.app.hosts import is_own
from simulator.cli import app as cli
from simulator.cli.app import command, serve

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0  # [s] until a server answers, or has ended
FILE = "derisk.txt"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def asked(port: int, text: str, body: bytes = b"") -> str:
    """Send a raw request, and return the first line of what comes back; empty where nothing listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(text.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
            return connection.recv(4096).split(b"\r\n")[0].decode()
    except OSError:
        return ""


def answers(port: int) -> bool:
    return " 200 " in asked(port, f"GET /_stcore/health HTTP/1.1\nHost: 127.0.0.1:{port}\nConnection: close")


def until(condition: object, port: int) -> None:
    end = time.monotonic() + PATIENCE
    while answers(port) is not condition:
        assert time.monotonic() < end, f"answers: {not condition}"
        time.sleep(0.05)


@contextmanager
def served(*more: str, folder: Path, watched: str = "") -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Start `derisk app` in a process group of its own, and see to it that nothing of it is left."""
    port = free_port()
    words = [sys.executable, "-m", "simulator", "app", "--no-browser", "--port", str(port), "-o", str(folder), *more]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (watched, str(ROOT))))}
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, start_new_session=True,
        cwd=folder,
    )  # fmt: skip
    try:
        until(True, port)
        yield process, port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_server_ends_with_the_command(number: signal.Signals, tmp_path: Path) -> None:
    with served(folder=tmp_path) as (process, port):
        process.send_signal(number)  # to the command alone, as a supervisor does
        assert process.wait(PATIENCE) == 0
        assert not answers(port), "an orphan"
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)


def test_a_signal_while_it_starts_leaves_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def signalled(*words: object, **more: object) -> "subprocess.Popen[bytes]":
        os.kill(os.getpid(), signal.SIGTERM)
        begun.append(popen(*words, **more))  # type: ignore[call-overload]
        return begun[0]

    monkeypatch.setattr(cli.subprocess, "Popen", signalled)
    before = signal.getsignal(signal.SIGTERM)
    assert serve([sys.executable, "-c", "import time; time.sleep(600)"], dict(os.environ)) == 0
    assert begun[0].poll() == -signal.SIGTERM and signal.getsignal(signal.SIGTERM) is before


def test_a_server_that_does_not_listen_is_ended_by_force(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    deaf = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"open({str(tmp_path / 'ready')!r}, 'w').close(); os.kill(os.getppid(), signal.SIGTERM); time.sleep(600)"
    )
    monkeypatch.setattr(cli, "GRACE", 0.2)
    assert serve([sys.executable, "-c", deaf], dict(os.environ)) == 0
    assert (tmp_path / "ready").exists()


def test_a_server_that_fails_is_told() -> None:
    assert serve([sys.executable, "-c", "raise SystemExit(7)"], dict(os.environ)) == 7


# Who may ask


def test_a_name_that_was_made_to_lead_here_is_refused_everywhere(tmp_path: Path) -> None:
    with served(folder=tmp_path) as (_, port):
        script = next((ROOT / "simulator" / "app").glob("*.py")).name
        pages = ["/", "/scenario", "/static/js/index.js", "/_stcore/health", "/_stcore/host-config", f"/{script}"]
        for path in (*pages, "/media/x", "/component/x/y"):
            for host in ("evil.example", f"evil.example:{port}", f"127.0.0.1.evil.example:{port}", "", "10.1.2.3"):
                assert " 403 " in asked(port, f"GET {path} HTTP/1.1\nHost: {host}\nConnection: close"), (path, host)
        for host in (f"127.0.0.1:{port}", f"localhost:{port}", "localhost:9999"):
            assert " 200 " in asked(port, f"GET / HTTP/1.1\nHost: {host}\nConnection: close"), host
        upload = "PUT /_stcore/upload_file/a/b HTTP/1.1\nContent-Length: 1\nConnection: close\nHost: "
        assert " 403 " in asked(port, f"{upload}evil.example:{port}", b"x")
        assert " 403 " in asked(port, f"{upload}127.0.0.1:{port}\nOrigin: http://evil.example", b"x")
        handshake = (
            "GET /_stcore/stream HTTP/1.1\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nHost: "
        )
        assert " 403 " in asked(port, f"{handshake}evil.example:{port}\nOrigin: http://evil.example:{port}")
        for origin in ("http://evil.example", f"http://localhost:{port + 1}", "null", f"http://localhost:{port}"):
            assert " 403 " in asked(port, f"{handshake}127.0.0.1:{port}\nOrigin: {origin}"), origin
        assert " 101 " in asked(port, f"{handshake}127.0.0.1:{port}\nOrigin: http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("address", "hosts", "origins", "own"),
    [
        ("127.0.0.1", ["localhost:8501"], [], True),
        ("127.0.0.1", ["LOCALHOST:8501"], ["http://localhost:8501"], True),
        ("127.0.0.1", ["localhost."], [], True),
        ("::1", ["[::1]:8501"], ["http://[::1]:8501"], True),
        ("127.0.0.1", ["localhost:8501", "evil.example"], [], False),
        ("127.0.0.1", [], [], False),
        ("127.0.0.1", ["localhost:x"], [], False),
        ("127.0.0.1", ["user@localhost"], [], False),
        ("127.0.0.1", ["localhost/evil"], [], False),
        ("127.0.0.1", ["[::1"], [], False),
        ("127.0.0.1", ["192.168.0.7:8501"], [], False),
        ("127.0.0.1", ["localhost:8501"], ["http://localhost:8501", "http://localhost:8501"], False),
        ("127.0.0.1", ["localhost:8501"], ["file://localhost:8501"], False),
        ("127.0.0.1", ["localhost:8501"], ["http://[::1"], False),
        ("192.168.0.7", ["192.168.0.7:8501"], ["http://192.168.0.7:8501"], True),
        ("192.168.0.7", ["localhost:8501"], [], False),
        ("planner.example", ["planner.example:8501"], [], True),
        ("0.0.0.0", ["192.168.0.7:8501"], [], True),
        ("0.0.0.0", [f"{socket.gethostname()}:8501"], [], True),
        ("0.0.0.0", ["evil.example:8501"], [], False),
        ("::", ["[fe80::1]:8501"], [], True),
    ],
)
def test_own_is_what_cannot_be_made_to_lead_here(address: str, hosts: list[str], origins: list[str], own: bool) -> None:
    assert is_own(hosts, origins, address) is own


def test_it_asks_no_other_computer_for_its_address(tmp_path: Path) -> None:
    watch = tmp_path / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(
        "import sys\n"
        f"log = {str(tmp_path / 'asked.txt')!r}\n"
        "def told(event, arguments):\n"
        "    if event in ('socket.getaddrinfo', 'socket.gethostbyname', 'socket.connect'):\n"
        "        with open(log, 'a') as file:\n"
        "            print(event, arguments[-1] if event == 'socket.connect' else arguments[0], file=file)\n"
        "sys.addaudithook(told)\n",
        "utf-8",
    )
    for host in ("127.0.0.1", "0.0.0.0"):
        with served("--host", host, folder=tmp_path, watched=str(watch)) as (process, port):
            own = f"127.0.0.1:{port}"
            assert " 200 " in asked(port, f"GET / HTTP/1.1\nHost: {own}\nConnection: close")
            assert " 403 " in asked(
                port, f"GET / HTTP/1.1\nHost: {own}\nOrigin: http://evil.example\nConnection: close"
            )
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=PATIENCE)[0]
            assert "Network URL" not in said and "External URL" not in said
    found = (tmp_path / "asked.txt").read_text("utf-8") if (tmp_path / "asked.txt").exists() else ""
    names = {line.split()[-1] for line in found.splitlines()}
    assert {name for name in names if name not in ("127.0.0.1", "0.0.0.0", "localhost", "None")} == set(), found


def test_no_option_lets_streamlit_ask_or_tell() -> None:
    for host, reached in (("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "localhost"), ("::", "localhost")):
        words = command(8501, host)
        assert f"--browser.serverAddress={reached}" in words and f"--server.address={host}" in words
        assert "--browser.gatherUsageStats=false" in words


# A page, by way of the door


@pytest.mark.parametrize("way", ["command", "checkout"])
def test_the_first_page_is_drawn_over_the_websocket(way: str, tmp_path: Path) -> None:
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.sync.client import connect

    with served(folder=tmp_path) if way == "command" else in_the_checkout() as (_, port):
        own = f"127.0.0.1:{port}"
        ask = BackMsg()
        ask.rerun_script.query_string = ""
        drawn, ended = [], None
        with connect(f"ws://{own}/_stcore/stream", origin=f"http://{own}", subprotocols=["streamlit"]) as stream:  # type: ignore[arg-type, list-item]
            stream.send(ask.SerializeToString())
            while ended is None:
                found = ForwardMsg.FromString(bytes(stream.recv(PATIENCE)))  # type: ignore[arg-type]
                kind = found.WhichOneof("type")
                drawn.append(str(found.delta))
                ended = found.script_finished if kind == "script_finished" else None
        words = "".join(drawn)
        assert ended == ForwardMsg.FINISHED_SUCCESSFULLY and "exception" not in words
        assert "Press Run" in words or "Forecast" in words or "Derisk" in words, words[:2000]


@contextmanager
def in_the_checkout() -> Iterator[tuple["subprocess.Popen[str]", int]]:
    port = free_port()
    words = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
    try:
        until(True, port)
        assert " 403 " in asked(port, f"GET / HTTP/1.1\nHost: evil.example:{port}\nConnection: close")
        yield process, port
    finally:
        process.terminate()
        process.wait(PATIENCE)
