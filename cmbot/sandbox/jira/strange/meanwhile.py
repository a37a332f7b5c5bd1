"""Somebody else acts at the same time: a person moves the issue, another bot edits the comment.

A request of another user is made inside the sandbox just before, or just after, a request that a fault
matches. The client learns of it as in life: from what it reads afterwards.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)


class Act(BaseModel):
    """What somebody else does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str
    """Login name of who does it."""
    method: Literal["POST", "PUT", "DELETE"]
    """HTTP method."""
    path: Annotated[str, Field(pattern=r"^/[\x21-\x7e]*/rest/api/[\x21-\x7e]+$|^/rest/api/[\x21-\x7e]+$")]
    """Path with its context path; with ``after``, ``{id}`` is the id in the answer of the other request."""
    body: Any = None
    """JSON body."""
    after: bool = False
    """Whether it comes just after the other request, before its answer leaves; else just before it."""


async def act_around(
    act: Act, credentials: str, app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    """Let the other act, and the request happen.

    Parameters
    ----------
    act : `Act`
        What the other does.
    credentials : `str`
        The other's ``Authorization`` header.
    app, scope, receive, send
        The application and the request that is disturbed.
    """
    if not act.after:
        await _do(act, act.path, credentials, app, scope)
        await app(scope, receive, send)
        return
    answer: list[Message] = []

    async def keep(message: Message) -> None:
        answer.append(message)

    await app(scope, receive, keep)
    await _do(act, act.path.replace("{id}", _id(answer)), credentials, app, scope)
    for message in answer:
        await send(message)


async def _do(act: Act, path: str, credentials: str, app: ASGIApp, scope: Scope) -> None:
    host = next((value for name, value in scope["headers"] if name == b"host"), b"localhost")
    inner: MutableMapping[str, Any] = {
        **scope,
        "method": act.method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [
            (b"host", host),
            (b"authorization", credentials.encode()),
            (b"content-type", b"application/json"),
        ],
        "state": {},
    }
    body = b"" if act.body is None else json.dumps(act.body).encode()
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(inner, receive, send)
    level = logging.INFO if statuses and statuses[0] < 400 else logging.WARNING
    log.log(level, "meanwhile %s: %s %s -> %s", act.user, act.method, path, statuses)


def _id(answer: list[Message]) -> str:
    try:
        found = json.loads(b"".join(message.get("body", b"") for message in answer))
    except ValueError:
        found = None
    return str(found.get("id", "")) if isinstance(found, dict) else ""
