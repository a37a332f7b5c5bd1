"""The door: loopback names only, no foreign pages, and a bounded log of what was asked."""

from __future__ import annotations

import json
import logging
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LOG_LIMIT = 10_000


@dataclass(frozen=True)
class Asked:
    """A request that was answered."""

    number: int
    """Counted from 1."""
    method: str
    """HTTP method."""
    path: str
    """Path without its query."""
    status: int | None
    """Status of the answer; None if none left."""
    user: str | None
    """Login name, if somebody was recognised."""


class RequestLog:
    """The latest requests and how many there were in all."""

    def __init__(self) -> None:
        self._latest: deque[Asked] = deque(maxlen=LOG_LIMIT)
        self.count = 0

    def add(self, method: str, path: str, status: int | None, user: str | None) -> None:
        """Note a request."""
        self.count += 1
        self._latest.append(Asked(self.count, method, path, status, user))

    def report(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {"count": self.count, "requests": [asdict(one) for one in self._latest]}

    def clear(self) -> None:
        """Forget what was asked; the count goes on."""
        self._latest.clear()


class Guard:
    """ASGI middleware: refuses foreign Host and Origin headers, logs the rest.

    Parameters
    ----------
    app : ``ASGIApp``
        What is guarded.
    requests : `RequestLog`
        Where requests are noted.
    """

    def __init__(self, app: ASGIApp, requests: RequestLog) -> None:
        self.app = app
        self.requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        problem = foreign(headers.get(b"host", b"").decode("latin-1"), headers.get(b"origin"))
        if problem:
            log.warning("refused: %s", problem)
            await refuse(send, problem)
            return
        # ASGI has no way to drop a connection; uvicorn's transport is behind its ``send``
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        scope["state"] = {**scope.get("state", {}), "transport": transport}
        status: int | None = None

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            self.requests.add(scope["method"], scope["path"], status, scope["state"].get("user"))


def foreign(host: str, origin: bytes | None) -> str | None:
    """What is wrong with a request's names; None if it comes from this machine's own pages or tools."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        name = None
    if name not in LOOPBACK:
        return f"Host {host!r} is not this machine's loopback"
    if origin is not None and origin.decode("latin-1") != f"http://{host}":
        return f"Origin {origin!r} is foreign"
    return None


async def refuse(send: Send, problem: str) -> None:
    """Answer 403."""
    body = json.dumps({"errorMessages": [problem], "errors": {}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
