"""Troubles made on purpose, from outside: requests held or dropped, and outages.

Tests of whoever speaks to PanDA use them to stop the world at a chosen instant, without a switch in the
product.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from starlette.responses import HTMLResponse, Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

log = logging.getLogger(__name__)

When = Literal["before", "after"]
Then = Literal["answer", "drop"]
Kind = Literal["down", "html", "idds_down", "idds_db_down"]

_REFUSED = (
    "Connection exception.: {}\nDetails: ConnectionError: HTTPConnectionPool(host='localhost', port=25081): "
    'Max retries exceeded with url: /idds/ (Caused by NewConnectionError("Failed to establish a new '
    'connection: [Errno 111] Connection refused"))'
)
_NO_OBJECT = (
    'No object  exception.: {}\nDetails: {"msg": "No object  exception.: {}\\nDetails: request cannot be '
    'found: connection to the database was lost"}'
)


def plain(text: str, status_code: int = 200) -> Response:
    """Make an answer of the server's: text, also where it is JSON, without a charset."""
    return Response(text, status_code, headers={"content-type": "text/plain"})


class Dropped(Response):
    """An answer that breaks off: the client sees a lost connection, not a status."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Announce a body and end without it; the server then closes the connection."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})


@dataclass
class Hold:
    """An order to hold requests."""

    command: str
    """Relay command it matches."""
    when: When
    """Before or after the command takes effect."""
    then: Then
    """What happens to a matching request: wait and be answered, or be dropped at once."""
    left: int
    """How many more requests it matches."""


@dataclass
class _Held:
    """A request that is being held."""

    command: str
    when: When
    released: asyncio.Future[Then]


@dataclass
class Faults:
    """The troubles in force; used from the event loop only."""

    holds: list[Hold] = field(default_factory=list)
    """Orders that match further requests."""
    outage: Kind | None = None
    """The outage, if any."""
    _held: list[_Held] = field(default_factory=list)

    @property
    def held(self) -> list[dict[str, str]]:
        """What is held at this moment: command and when."""
        return [{"command": held.command, "when": held.when} for held in self._held]

    async def gate(self, command: str, when: When) -> Then:
        """Let a request through, or hold it until it is released.

        Parameters
        ----------
        command : `str`
            Relay command.
        when : `str`
            ``before`` or ``after`` its effect.

        Returns
        -------
        then : `str`
            ``answer`` or ``drop``.
        """
        order = next((h for h in self.holds if h.left > 0 and (h.command, h.when) == (command, when)), None)
        if order is None:
            return "answer"
        order.left -= 1
        self.holds = [hold for hold in self.holds if hold.left > 0]
        log.info("%s %s its effect: %s", command, when, "held" if order.then == "answer" else "dropped")
        if order.then == "drop":
            return "drop"
        held = _Held(command, when, asyncio.get_running_loop().create_future())
        self._held.append(held)
        try:
            return await held.released
        finally:
            self._held.remove(held)

    def release(self, then: Then) -> int:
        """Let everything go that is held, and forget the orders.

        Parameters
        ----------
        then : `str`
            Whether what is held goes on, or is dropped where it stands.

        Returns
        -------
        released : `int`
            How many requests were held.
        """
        self.holds = []
        waiting = [held for held in self._held if not held.released.done()]
        for held in waiting:
            held.released.set_result(then)
        return len(waiting)

    def outage_answer(self, command: str | None) -> Response | None:
        """Answer of the relay during an outage.

        Parameters
        ----------
        command : `str` or `None`
            Command asked for; `None` when it is not known yet.

        Returns
        -------
        response : `starlette.responses.Response` or `None`
            `None` when the command is carried out as usual: ping does not notice a lost database.
        """
        if self.outage == "down":
            return plain("Service Unavailable", status_code=503)
        if self.outage == "html":
            return HTMLResponse(
                "<!DOCTYPE html><html><head><title>Maintenance</title></head><body></body></html>"
            )
        if command is None or self.outage is None or (self.outage == "idds_db_down" and command == "ping"):
            return None
        text = _REFUSED if self.outage == "idds_down" else _NO_OBJECT
        return plain(json.dumps([True, [False, text]]))
