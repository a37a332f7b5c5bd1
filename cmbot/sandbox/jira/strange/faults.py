"""Faults on purpose: for the next requests that match, the wire misbehaves."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import re
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from .failures import FAILURES, Failure
from .meanwhile import Act, act_around

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from cmbot.sandbox.jira.store import Clock

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


class Fault(BaseModel):
    """A fault, as ``POST /sandbox/disturb`` and ``PUT /sandbox/strange`` describe it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    """``lost_answer`` (applied, then dropped), ``refused`` (dropped before effect), ``hang`` (never
    answered), ``slow`` (answered after ``seconds``), ``meanwhile`` (somebody else acts, see ``act``),
    ``status`` (answered with ``status``), a number (the same), or a word of `failures.FAILURES`."""
    match: Match = Match()
    """Which requests are meant."""
    count: Annotated[int, Field(ge=1, le=10_000)] = 1
    """How many of them; without meaning if there is a ``rate``."""
    rate: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of them, until it is taken back."""
    lasting: Annotated[float, Field(gt=0, le=1e7)] | None = None
    """Seconds of the sandbox's clock after which it is over."""
    seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    """For kind ``slow``: real seconds."""
    act: Act | None = None
    """For kind ``meanwhile``: what somebody else does."""
    status: Annotated[int, Field(ge=400, le=599)] = 503
    """For kind ``status``: the answer."""
    headers: dict[HeaderText, HeaderText] = {}
    """For kind ``status``: its headers; for a failure by name: more headers."""
    body: str = ""
    """For kind ``status``: its body."""

    @model_validator(mode="before")
    @classmethod
    def _number_as_kind(cls, asked: Any) -> Any:
        """Let ``"kind": "503"`` stand for the status."""
        kind = asked.get("kind") if isinstance(asked, dict) else None
        if isinstance(kind, str) and kind.isascii() and kind.isdigit():
            return {**asked, "kind": "status", "status": int(kind)}
        return asked

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        known = [*_WAYS, "meanwhile", "status", *FAILURES]
        if kind not in known:
            raise ValueError(f"unknown fault {kind!r}; known: {', '.join(known)}")
        return kind

    @model_validator(mode="after")
    def _complete(self) -> Fault:
        if (self.kind == "meanwhile") != (self.act is not None):
            raise ValueError("'act' belongs to kind 'meanwhile'")
        return self

    def meets(self, scope: Scope) -> bool:
        """Whether a request is meant."""
        return (
            self.match.method in (None, scope["method"]) and self.match.path.search(scope["path"]) is not None
        )

    def failure(self, now: dt.datetime) -> Failure:
        """The answer, for kinds that are one."""
        if self.kind == "status":
            return Failure(self.status, {"content-type": "text/html;charset=UTF-8"} | self._more(), self.body)
        found = FAILURES[self.kind](now)
        return replace(found, headers={**found.headers, **self._more()})

    def _more(self) -> dict[str, str]:
        return {name.casefold(): value for name, value in self.headers.items()}


@dataclass
class _Armed:
    """A fault that waits for its requests."""

    fault: Fault
    left: int
    until: dt.datetime | None

    def over(self, now: dt.datetime) -> bool:
        return self.left < 1 or (self.until is not None and now >= self.until)


class Disturber:
    """The faults that wait for their requests.

    Parameters
    ----------
    clock : `Clock`
        The sandbox's clock.
    credentials : `~collections.abc.Callable`
        From a login name to an ``Authorization`` header.
    meets : `~collections.abc.Callable`
        Whether strange mode meets the one who makes a request.
    """

    def __init__(
        self, clock: Clock, credentials: Callable[[str], str], meets: Callable[[Scope], bool]
    ) -> None:
        self._credentials = credentials
        self._meets = meets
        self._chance = Random("0")  # noqa: S311 - faults, not secrets
        self._clock = clock
        self._armed: list[_Armed] = []

    def seed(self, seed: str) -> None:
        """Decide anew about faults with a rate."""
        self._chance = Random(seed)  # noqa: S311 - faults, not secrets

    def arm(self, fault: Fault) -> None:
        """Let a fault wait for its requests."""
        ends = None if fault.lasting is None else self._clock() + dt.timedelta(seconds=fault.lasting)
        # a fault that lasts for a while does so for all requests, unless it says for how many
        endless = fault.rate is not None or (ends is not None and "count" not in fault.model_fields_set)
        self._armed.append(_Armed(fault, 10**9 if endless else fault.count, ends))

    def clear(self) -> None:
        """Disarm everything."""
        self._armed.clear()

    def take(self, scope: Scope) -> Fault | None:
        """The fault for this request, if there is one; it is then used up by one."""
        now = self._clock()
        self._armed = [one for one in self._armed if not one.over(now)]
        # what was asked for comes before what is left to chance
        for one in sorted(self._armed, key=lambda one: one.fault.rate is not None):
            rate = one.fault.rate
            if one.fault.meets(scope) and (rate is None or self._chance.random() < rate):
                one.left -= 1
                return one.fault
        return None

    def around(self, app: ASGIApp) -> ASGIApp:
        """Let the faults happen around an application."""

        async def disturbed(scope: Scope, receive: Receive, send: Send) -> None:
            own = scope["type"] != "http" or "/sandbox/" in scope["path"]
            fault = None if own or not self._meets(scope) else self.take(scope)
            if fault is None:
                await app(scope, receive, send)
                return
            log.info("disturbed: %s %s: %s", scope["method"], scope["path"], fault.kind)
            if fault.act is not None:
                await act_around(fault.act, self._credentials(fault.act.user), app, scope, receive, send)
            elif fault.kind in _WAYS:
                await _WAYS[fault.kind](fault, app, scope, receive, send)
            else:
                await _answer(fault.failure(self._clock()), send)

        return disturbed


async def _lose(_: Fault, app: ASGIApp, scope: Scope, receive: Receive, __: Send) -> None:
    await app(scope, receive, _nowhere)
    await _drop(scope, receive)


async def _refuse(_: Fault, __: ASGIApp, scope: Scope, receive: Receive, ___: Send) -> None:
    await _drop(scope, receive)


async def _hang(_: Fault, __: ASGIApp, ___: Scope, receive: Receive, ____: Send) -> None:
    await _until_gone(receive)


async def _delay(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(fault.seconds)
    await app(scope, receive, send)


_WAYS: dict[str, Callable[[Fault, ASGIApp, Scope, Receive, Send], Awaitable[None]]] = {
    "lost_answer": _lose,
    "refused": _refuse,
    "hang": _hang,
    "slow": _delay,
}


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


async def _answer(failure: Failure, send: Send) -> None:
    body = failure.body.encode()
    headers = {**failure.headers, "content-length": str(len(body))}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": failure.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
