"""Pages over HTTP: read-only, escaped, and without anything from elsewhere."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from cmbot.exceptions import CmbotError, RemoteError, UserError
from cmbot.pages.query import NoSuchPage
from cmbot.resources import resource
from cmbot.web import metrics, overviews, rendering, site
from cmbot.web.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from cmbot.settings import Settings
    from cmbot.web.desk import Reading, Version

_LOG = logging.getLogger(__name__)
_POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
}
"""A page loads its own style sheet and icon and nothing else; there are no scripts."""

_Key = tuple["Version", str, tuple[tuple[str, str], ...]]
_LASTS = timedelta(seconds=10)
"""How long a page is good if the mirror does not change: what is overdue depends on the time too."""
_MOST = 16
"""Pages that are kept."""


class Pages:
    """Shows campaigns.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.
    now : `~collections.abc.Callable`
        Gives the time.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        web = settings.web
        self._desk = Desk(settings, now)
        self._rendering = rendering.Rendering(settings)
        self._lock = Lock()
        self._made: OrderedDict[_Key, tuple[datetime, site.Page]] = OrderedDict()
        self._assets = {name: (resource("templates/web") / name).read_bytes() for name in rendering.ASSETS}
        own = (web.host, *web.names) if web else ()
        self._names = {"localhost", "127.0.0.1", "[::1]", *(name.lower() for name in own)}

    def show(self, request: Request, path: str) -> Response:
        """Answer with a page, its twin, or a file that pages share.

        Parameters
        ----------
        request : `fastapi.Request`
            What is asked for.
        path : `str`
            Its address.

        Returns
        -------
        answer : `fastapi.Response`
            400 or 404 for what is not there, 421 for a name that is not this service's, 503 before the
            first pass.
        """
        if _host(request) not in self._names:
            return self._message(421, UserError("Host", "is not this service's name", "see web.names"), path)
        if path in self._assets:
            return Response(self._assets[path], media_type=rendering.ASSETS[path])
        as_json = path.endswith(".json")
        name = path.removesuffix(".json")
        words = dict(request.query_params)
        try:
            with self._desk.reading() as reading:
                made = self._page(reading, "" if as_json and name == "index" else name, words)
                if as_json:
                    return Response(rendering.json(made.model), media_type="application/json")
                text = self._rendering.html(made.template, made.model, path, words, live=True)
                return Response(text, media_type="text/html", headers=_POLICY)
        except CmbotError as error:
            return self._message(_status(error), error, path)
        except Exception:  # noqa: BLE001 - a defect is logged whole, and nothing of it is shown
            _LOG.exception("%s cannot be shown", path[:200])
            return self._message(500, CmbotError("cmbot", "cannot show this page", "see its log"), path)

    def _page(self, reading: Reading, path: str, words: Mapping[str, str]) -> site.Page:
        """Make a page, unless the same was made a moment ago and the mirror has not changed since."""
        key = (reading.version, path, tuple(sorted(words.items())))
        with self._lock:
            at, made = self._made.get(key, (reading.now, None))
        if made is None or not timedelta() <= reading.now - at < _LASTS:
            made = site.page(reading, path, words)
            with self._lock:
                self._made[key] = reading.now, made
                self._made.move_to_end(key)
                if len(self._made) > _MOST:
                    self._made.popitem(last=False)
        return replace(made, model=replace(made.model, fresh=reading.fresh))

    def metrics(self) -> Response:
        """Answer Prometheus, under any name: there is nothing of a campaign in it.

        Returns
        -------
        answer : `fastapi.Response`
            In its text format; 503 before the first pass.
        """
        try:
            with self._desk.reading() as reading:
                return Response(metrics.text(overviews.itself(reading, {})), media_type=CONTENT_TYPE_LATEST)
        except CmbotError as error:
            return Response(str(error), 503, media_type="text/plain")

    def _message(self, status: int, error: CmbotError, path: str) -> Response:
        if status >= 500:
            _LOG.warning("a page cannot be shown: %s", error)
        text = self._rendering.html("message", {"status": status, "text": str(error)}, path, {}, live=True)
        return Response(text, status, media_type="text/html", headers=_POLICY)


def _host(request: Request) -> str:
    name, _, port = request.headers.get("Host", "").lower().rpartition(":")
    return name if port.isdecimal() and name else request.headers.get("Host", "").lower()


def _status(error: CmbotError) -> int:
    if isinstance(error, RemoteError):
        return 503
    return 404 if isinstance(error, NoSuchPage) else 400
