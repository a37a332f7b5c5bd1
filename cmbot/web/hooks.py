"""Jira's webhooks: they only wake (requirement W14, reference/jira.md section 9)."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from fastapi import Request, Response

from cmbot.exceptions import RemoteError
from cmbot.jira_schema import webhooks
from cmbot.web.bodies import TooLarge, whole

if TYPE_CHECKING:
    from collections.abc import Callable

_LOG = logging.getLogger(__name__)
_IDENTIFIER = "X-Atlassian-Webhook-Identifier"
_REMEMBERED = 10_000
"""Deliveries that are known again."""
LARGEST = 4 * 1024 * 1024
"""Bytes of a body. A larger one is refused; what it tells is found by the next search."""


class Hooks:
    """Takes deliveries and wakes.

    Parameters
    ----------
    secret : `str`
        What Jira signs with.
    wake : `~collections.abc.Callable`
        Given what a delivery names; must return at once.
    refused : `~collections.abc.Callable`
        Counts a delivery without the right signature; the first is logged as a warning, the others only at
        DEBUG: anybody may send them.
    """

    def __init__(
        self, secret: str, wake: Callable[[webhooks.Told], None], refused: Callable[[], int]
    ) -> None:
        self._secret = secret.encode()
        self._wake = wake
        self._refused = refused
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, ...], None] = OrderedDict()

    async def receive(self, request: Request) -> Response:
        """Answer a delivery.

        Parameters
        ----------
        request : `fastapi.Request`
            The delivery.

        Returns
        -------
        answer : `fastapi.Response`
            204 also for what is doubled or about something else; 401, 408, 413 and 400 for what is no
            delivery of this Jira.
        """
        try:
            raw = await whole(request, LARGEST)
        except TooLarge:
            return Response("too large", 413, headers={"Connection": "close"})
        except TimeoutError:
            return Response("too slow", 408, headers={"Connection": "close"})
        if not self._signed(raw, request.headers.get("X-Hub-Signature", "")):
            level = logging.WARNING if self._refused() == 1 else logging.DEBUG
            _LOG.log(level, "a webhook without the right signature was refused; compare its secret in Jira")
            return Response("not signed with the secret", 401)
        try:
            told = webhooks.parse(json.loads(raw))
        except (RemoteError, ValueError, RecursionError) as error:
            _LOG.warning("a signed webhook cannot be read: %s", error)
            return Response("not a webhook of Jira", 400)
        if told is not None and self._new(told, request.headers.get(_IDENTIFIER, "")):
            _LOG.debug("%s %s", told.issue_key or told.issue_id, told.event)
            self._wake(told)
        return Response(status_code=204)

    def _signed(self, raw: bytes, given: str) -> bool:
        algorithm, _, digest = given.partition("=")
        right = hmac.new(self._secret, raw, hashlib.sha256).hexdigest()
        return algorithm.lower() == "sha256" and hmac.compare_digest(
            digest.strip().lower().encode(), right.encode()
        )

    def _new(self, told: webhooks.Told, identifier: str) -> bool:
        """Whether neither this delivery nor another about the same change came before."""
        keys = [told.fold, *([("identifier", identifier[:200])] if identifier else [])]
        with self._lock:
            new = not any(key in self._known for key in keys)
            for key in keys:
                self._known[key] = None
                self._known.move_to_end(key)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return new
