"""Faults on purpose: for the next requests that match, the wire misbehaves."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from .errors import JiraError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)
HeaderText = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]


class ConnectionDropped(Exception):
    """The connection was to be dropped where there is none (an application called in-process)."""


class Match(BaseModel):
    """Which requests are meant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Annotated[str, AfterValidator(str.upper)] | None = None
    """HTTP method; any if not given."""
    path: re.Pattern[str] = re.compile("")
    """Regular expression, searched in the path."""


class Disturbance(BaseModel):
    """A fault, as ``POST /sandbox/disturb`` describes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["lost_answer", "refused", "hang", "status"]
    """Applied, then dropped; dropped before effect; never answered; answered with ``status``."""
    match: Match = Match()
    """Which requests are meant."""
    count: Annotated[int, Field(ge=1, le=10_000)] = 1
    """How many of them."""
    status: Annotated[int, Field(ge=400, le=599)] = 503
    """For kind ``status``: the answer."""
    headers: dict[HeaderText, HeaderText] = {}
    """For kind ``status``: its headers."""
    body: str = ""
    """For kind ``status``: its body."""

    @model_validator(mode="before")
    @classmethod
    def _number_as_kind(cls, asked: Any) -> Any:
        """Let ``"kind": "503"`` stand for the status."""
        kind = asked.get("kind") if isinstance(asked, dict) else None
        if isinstance(kind, str) and kind.isdigit():
            return {**asked, "kind": "status", "status": int(kind)}
        return asked

    def meets(self, scope: Scope) -> bool:
        """Whether a request is meant."""
        return (
            self.match.method in (None, scope["method"]) and self.match.path.search(scope["path"]) is not None
        )


class Disturber:
    """The faults that wait for their request."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Disturbance, int]] = []

    def add(self, asked: Mapping[str, Any]) -> None:
        """Arm a fault.

        Raises
        ------
        JiraError
            Raised with 400 for what it does not know.
        """
        try:
            disturbance = Disturbance.model_validate(asked)
        except ValidationError as error:
            problems = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise JiraError(400, *problems) from None
        self._waiting.append((disturbance, disturbance.count))

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
    headers |= {name.casefold(): value for name, value in disturbance.headers.items()}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": disturbance.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
