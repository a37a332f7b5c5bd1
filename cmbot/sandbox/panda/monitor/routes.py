"""Routes of the monitor: each answers with JSON or with the page of the same address."""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from cmbot.sandbox.panda import settings as kept_settings
from cmbot.sandbox.panda.monitor import door, views
from cmbot.sandbox.panda.monitor.question import BadQuestion, Question, read
from cmbot.sandbox.panda.monitor.views import Asking, NotFound

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime

    from cmbot.sandbox.panda.access import Access
    from cmbot.sandbox.panda.monitor.pages import MonitorPages
    from cmbot.sandbox.panda.settings import Settings
    from cmbot.sandbox.panda.store import Store

PATHS = (
    "/idds/",
    "/task",
    "/job",
    "/errors",
    "/api/joberrordescriptions",
    "/filebrowser",
    "/login/",
)
"""Beginnings of the monitor's paths: it checks tokens itself, in its own words."""

_BODY_LIMIT = 2**20
_CACHED = {"Cache-Control": "max-age=600"}
_LOGIN = "/login/"
_WITHOUT_SLASH = (
    "/idds/wfprogress",
    "/tasks",
    "/task/{number}",
    "/jobs",
    "/job/{number}",
    "/errors",
    "/idds/getiddsfortask",
    "/filebrowser",
)


class Monitor:
    """The monitor of one store.

    Parameters
    ----------
    store : `Store`
        The store.
    access : `Access`
        Who may ask.
    pages : `MonitorPages`
        The same for people.
    url : `str`
        Address of the server; logs are below it.
    """

    def __init__(self, store: Store, access: Access, pages: MonitorPages, url: str) -> None:
        self._store = store
        self._access = access
        self._pages = pages
        self._logs = f"{url}/logs"
        self._cache: dict[str, tuple[datetime, Response]] = {}

    def router(self) -> APIRouter:
        """Make the routes."""
        routes = APIRouter()
        answers: dict[str, Callable[[Asking], object]] = {
            "/idds/wfprogress/": views.all_workflows,
            "/tasks/": views.all_tasks,
            "/jobs/": views.all_jobs,
            "/errors/": views.all_errors,
            "/idds/getiddsfortask/": views.idds_for_task,
            "/filebrowser/": views.no_files,
            "/api/joberrordescriptions/": lambda _: {"error_descriptions": []},
            "/job": views.job,
            "/task/{number}/": views.task,
            "/job/{number}/": views.job,
            "/taskstatuslog/{number}/": views.task_log,
            "/jobstatuslog/{number}/": views.job_log,
            "/idds/daggraph/": views.no_json,
            _LOGIN: views.no_json,
        }
        for path, view in answers.items():
            routes.add_api_route(path, self._route(view), methods=["GET", "POST"])
        for path in _WITHOUT_SLASH:
            routes.add_api_route(path, _with_slash, methods=["GET"])
        return routes

    def _route(self, view: Callable[[Asking], object]) -> Callable[[Request], Any]:
        async def route(request: Request) -> Response:
            body = await _body(request)
            answer, settings = await run_in_threadpool(self._answer, request, body, view)
            await asyncio.sleep(settings.latency)
            return answer

        return route

    def _answer(
        self, request: Request, body: bytes, view: Callable[[Asking], object]
    ) -> tuple[Response, Settings]:
        """Answer of one request, from the cache in between or from the monitor."""
        headers, url = request.headers, str(request.url)
        query = request.url.query.encode()
        now = self._store.clock()
        asked = read(query, body, headers.get("content-type", ""), headers.get("accept", ""), now)
        number = request.path_params.get("number")
        if number is not None:
            name = "jeditaskid" if "task" in request.url.path else "pandaid"
            asked = Question({**asked.parameters, name: number}, asked.wants_json, now)
        with self._store.transaction() as db:
            settings = kept_settings.load(db)
            refusal = self._turned_away(request, settings, asked)
            old = self._cache.get(url)
            if not refusal and request.method == "GET" and old and _age(old[0], now) < settings.cache:
                return old[1], settings
            found = (
                refusal
                or self._overcome(request, db, settings, asked)
                or self._seen(request, Asking(db, asked, settings, self._logs), view)
            )
        if settings.cache and request.method == "GET" and found.status_code == 200:
            self._cache = dict(list(self._cache.items())[-100:]) | {url: (now, found)}
        return found, settings

    def _turned_away(self, request: Request, settings: Settings, asked: Question) -> Response | None:
        if request.url.path == _LOGIN:
            return None
        return door.turned_away(request, self._access, settings, wants_json=asked.wants_json)

    def _overcome(
        self, request: Request, db: sqlite3.Connection, settings: Settings, asked: Question
    ) -> Response | None:
        """Answer over the limit and in an outage; a person's browser meets neither."""
        if not asked.wants_json and "authorization" not in request.headers:
            return None
        free = request.url.path == "/idds/getiddsfortask/"
        limited = None if free else door.counted(db, door.host(request), settings)
        return limited or door.outage(settings)

    def _seen(self, request: Request, asking: Asking, view: Callable[[Asking], object]) -> Response:
        """Page, or JSON, with the monitor's mistakes."""
        question = asking.question
        try:
            if not question.wants_json or view is views.no_json:
                return self._pages.page(request.url.path, question, asking.settings, asking.db)
            payload = view(asking)
        except BadQuestion as error:
            return door.answer({"error": str(error)}, 400)
        except NotFound:
            return self._pages.unknown(request.url.path)
        if isinstance(payload, Response):
            return payload
        headers = _CACHED if view in {views.all_tasks, views.all_jobs, views.all_errors} else None
        found = door.answer(payload, headers=headers)
        if asking.settings.monitor == "cut":
            body = bytes(found.body)
            return Response(body[: len(body) // 2], media_type="application/json")
        return found


def _age(then: datetime, now: datetime) -> float:
    """Seconds between two instants; without end where the clock was set back."""
    return (now - then).total_seconds() if now >= then else inf


async def _with_slash(request: Request) -> Response:
    """Lead to the address with its slash; the query is lost on the way."""
    return RedirectResponse(f"{request.url.path}/", 301)


async def _body(request: Request) -> bytes:
    """Read the body as far as the limit."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT:
            break
    return bytes(body[:_BODY_LIMIT])
