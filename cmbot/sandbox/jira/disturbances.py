"""Faults on purpose: for the next requests that match, the wire misbehaves."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import JiraError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)
KINDS = ("lost_answer", "refused", "hang", "status")
COUNT_LIMIT = 10_000


class ConnectionDropped(Exception):
    """The connection was to be dropped where there is none (an application called in-process)."""


@dataclass(frozen=True)
class Disturbance:
    """A fault and the requests it is meant for."""

    kind: str
    """Word of `KINDS`."""
    method: str | None
    """HTTP method; None is any."""
    path: re.Pattern[str]
    """Searched in the path."""
    status: int = 503
    """For kind ``status``: the answer."""
    headers: Mapping[str, str] | None = None
    """For kind ``status``: its headers."""
    body: str = ""
    """For kind ``status``: its body."""

    def meets(self, scope: Scope) -> bool:
        """Whether a request is meant."""
        return self.method in (None, scope["method"]) and self.path.search(scope["path"]) is not None


class Disturber:
    """The faults that wait for their request."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Disturbance, int]] = []

    def add(self, asked: Mapping[str, Any]) -> None:
        """Arm a fault as ``POST /sandbox/disturb`` describes it.

        Raises
        ------
        JiraError
            Raised with 400 for what it does not know.
        """
        known = {"match", "kind", "count", "status", "headers", "body"}
        match = asked.get("match", {})
        if set(asked) - known or not isinstance(match, dict) or set(match) - {"method", "path"}:
            raise JiraError(400, f"Known: {', '.join(sorted(known))}; in match: method, path.")
        kind, status = asked.get("kind"), asked.get("status", 503)
        if isinstance(kind, str) and re.fullmatch(r"[45]\d\d", kind):
            kind, status = "status", int(kind)
        count = asked.get("count", 1)
        if kind not in KINDS or not isinstance(status, int) or not 400 <= status <= 599:
            raise JiraError(
                400, f"kind must be one of {', '.join(KINDS)}, or an HTTP status from 400 to 599."
            )
        if not isinstance(count, int) or not 1 <= count <= COUNT_LIMIT:
            raise JiraError(400, f"count must be 1 to {COUNT_LIMIT}.")
        try:
            path = re.compile(str(match.get("path", "")))
        except re.error as error:
            raise JiraError(400, f"match.path is no regular expression: {error}") from None
        method = match.get("method")
        headers = {str(name): str(value) for name, value in (asked.get("headers") or {}).items()}
        disturbance = Disturbance(
            kind,
            None if method is None else str(method).upper(),
            path,
            status,
            headers,
            str(asked.get("body", "")),
        )
        self._waiting.append((disturbance, count))

    def clear(self) -> None:
        """Disarm everything."""
        self._waiting.clear()

    def take(self, scope: Scope) -> Disturbance | None:
        """The fault for this request, which is then used up."""
        for position, (disturbance, count) in enumerate(self._waiting):
            if disturbance.meets(scope):
                self._waiting[position : position + 1] = [(disturbance, count - 1)] if count > 1 else []
                return disturbance
        return None

    def around(self, app: ASGIApp) -> ASGIApp:
        """Let the faults happen around an application."""

        async def disturbed(scope: Scope, receive: Receive, send: Send) -> None:
            own = scope["type"] != "http" or "/sandbox/" in scope["path"]
            disturbance = None if own else self.take(scope)
            if disturbance is None:
                await app(scope, receive, send)
            else:
                log.info("disturbed: %s %s: %s", scope["method"], scope["path"], disturbance.kind)
                await _happen(disturbance, app, scope, receive, send)

        return disturbed


async def _happen(disturbance: Disturbance, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    match disturbance.kind:
        case "lost_answer":
            await app(scope, receive, _nowhere)
            await _drop(scope, receive)
        case "refused":
            await _drop(scope, receive)
        case "hang":
            await _until_gone(receive)
        case _:
            await _answer(disturbance, send)


async def _nowhere(message: Message) -> None:
    del message


async def _drop(scope: Scope, receive: Receive) -> None:
    """Cut the connection without an answer."""
    transport = scope["state"].get("transport")
    if transport is None:
        raise ConnectionDropped
    transport.abort()
    await _until_gone(receive)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(disturbance: Disturbance, send: Send) -> None:
    body = disturbance.body.encode()
    headers = {"content-type": "text/html;charset=UTF-8", "content-length": str(len(body))}
    headers |= {name.casefold(): value for name, value in (disturbance.headers or {}).items()}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": disturbance.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
