"""Who may ask: pages of this app under its own address. Any other name or page gets 403, before Streamlit sees it.

A page elsewhere can have its own name lead to this computer (DNS rebinding) and then read what the app says as if that
were its own; but its requests bear that name as their Host. And a page can send requests across, but they bear its
Origin.
"""

import ipaddress
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from streamlit import config

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

ENTRY = Path(__file__).resolve().with_name("entry.py")
REFUSED = b"403: this app answers under its own address only; open the one that derisk app has printed\n"
HERE = frozenset(("127.0.0.1", "localhost", "::1"))


class OwnHostOnly:
    """Passes on what was asked of the app by its own pages, and refuses the rest; an ASGI middleware."""

    def __init__(self, app: Application, address: str) -> None:
        self._app = app
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one handshake of a websocket."""
        asks = scope["type"] in ("http", "websocket")
        if not asks or is_own(headers(scope, b"host"), headers(scope, b"origin"), self._address):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the server says 403
        else:
            head = [(b"content-type", b"text/plain"), (b"content-length", str(len(REFUSED)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": head})
            await send({"type": "http.response.body", "body": REFUSED})


def door() -> list[Middleware]:
    """Return what stands before the pages of an app that listens to the address in Streamlit's settings."""
    return [Middleware(OwnHostOnly, address=str(config.get_option("server.address") or "127.0.0.1"))]


def headers(scope: Scope, name: bytes) -> list[str]:
    """Return all headers of a name."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def is_own(hosts: list[str], origins: list[str], address: str) -> bool:
    """Whether a request with these headers comes from a page of the app that listens to an address.

    Ports are left to the browser, so that a tunnel (`ssh -L 9000:localhost:8501`) works: an Origin has to be the Host.
    """
    if len(hosts) != 1 or len(origins) > 1 or not _is_name_of(_name(f"//{hosts[0]}"), address):
        return False
    return not origins or _place(origins[0]) == hosts[0].lower()


def _place(origin: str) -> str:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return parts.netloc.lower() if parts.scheme in ("http", "https") else ""


def _name(url: str) -> str:
    """Return the name in a URL, empty where there is none, or more than a name and a port."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return ""
    plain = parts.username is None and parts.password is None and not (parts.path or parts.query or parts.fragment)
    return (parts.hostname or "").lower().rstrip(".") if plain else ""


def _is_name_of(name: str, address: str) -> bool:
    """Whether a name is one of an address: of this computer, the address itself, or where all are listened to any."""
    if not name:
        return False
    own = address.lower().strip("[]")
    if name == own or (own in HERE and name in HERE):
        return True
    if own not in ("0.0.0.0", "::", ""):
        return False
    # A name that leads elsewhere today may lead here tomorrow; an address cannot.
    return name in HERE or name in (socket.gethostname().lower(), socket.getfqdn().lower()) or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
