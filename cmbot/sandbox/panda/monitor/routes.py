"""Routes of the monitor: each answers with JSON or with the page of the same address."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse

from cmbot.sandbox.panda import settings as kept_settings
from cmbot.sandbox.panda.monitor import (
    door,
    errors,
    jobpage,
    jobrows,
    jobs,
    oddities,
    reading,
    taskpage,
    tasks,
    workflows,
)
from cmbot.sandbox.panda.monitor.question import BadQuestion, Question, read
from cmbot.sandbox.panda.rows import task_id_of

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
_HOURS = 12
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


class _NotFound(Exception):
    """There is no such task or job: the real one answers with a page, and 200."""


@dataclass(frozen=True)
class _Asking:
    """What a view works with."""

    db: sqlite3.Connection
    question: Question
    settings: Settings
    logs: str


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
        views: dict[str, Callable[[_Asking], object]] = {
            "/idds/wfprogress/": _workflows,
            "/tasks/": _tasks,
            "/jobs/": _jobs,
            "/errors/": _errors,
            "/idds/getiddsfortask/": _idds_for_task,
            "/filebrowser/": _files,
            "/api/joberrordescriptions/": lambda _: {"error_descriptions": []},
            "/job": _job,
            "/task/{number}/": _task,
            "/job/{number}/": _job,
            "/taskstatuslog/{number}/": _task_log,
            "/jobstatuslog/{number}/": _job_log,
            "/idds/daggraph/": _no_json,
            _LOGIN: _no_json,
        }
        for path, view in views.items():
            routes.add_api_route(path, self._route(view), methods=["GET", "POST"])
        for path in _WITHOUT_SLASH:
            routes.add_api_route(path, _with_slash, methods=["GET"])
        return routes

    def _route(self, view: Callable[[_Asking], object]) -> Callable[[Request], Any]:
        async def route(request: Request) -> Response:
            body = await _body(request)
            answer, settings = await run_in_threadpool(self._answer, request, body, view)
            await asyncio.sleep(settings.latency)
            return answer

        return route

    def _answer(
        self, request: Request, body: bytes, view: Callable[[_Asking], object]
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
                or self._seen(request, _Asking(db, asked, settings, self._logs), view)
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

    def _seen(self, request: Request, asking: _Asking, view: Callable[[_Asking], object]) -> Response:
        """Page, or JSON, with the monitor's mistakes."""
        question = asking.question
        try:
            if not question.wants_json or view is _no_json:
                return self._pages.page(request.url.path, question, asking.settings, asking.db)
            payload = view(asking)
        except BadQuestion as error:
            return door.answer({"error": str(error)}, 400)
        except _NotFound:
            return self._pages.unknown(request.url.path)
        if isinstance(payload, Response):
            return payload
        headers = _CACHED if view in {_tasks, _jobs, _errors} else None
        found = door.answer(payload, headers=headers)
        if asking.settings.monitor == "cut":
            body = bytes(found.body)
            return Response(body[: len(body) // 2], media_type="application/json")
        return found


def _workflows(asking: _Asking) -> object:
    rows = workflows.rows(asking.db, asking.question, asking.settings)
    return oddities.disturbed(rows, asking.settings)


def _tasks(asking: _Asking) -> object:
    extra = asking.question.parameters.get("extra", "")
    if "jobstatecount" in extra:  # fails on PostgreSQL, and always has (reference/panda.md 3.2)
        return HTMLResponse("<!DOCTYPE html><html><head><title>Server Error (500)</title></head></html>", 500)
    rows = tasks.rows(asking.db, asking.question, asking.settings)
    return oddities.disturbed(rows[:100] if "metastruct" in extra else rows, asking.settings)


def _jobs(asking: _Asking) -> object:
    answer = jobs.answer(asking.db, asking.question, asking.settings, asking.logs)
    listed = answer.get("jobs")
    if isinstance(listed, list):
        answer["jobs"] = oddities.disturbed(listed, asking.settings)
    return answer


def _errors(asking: _Asking) -> object:
    failed = jobs.failed(asking.db, asking.question, asking.settings, _HOURS)
    listed = [
        jobrows.listed_job(row, asking.question.now, asking.logs, memory_as_text=False) for row in failed
    ]
    blocks: dict[str, object] = {
        "jobSummary": jobs.summary(listed, errors.SUMMED),
        "errsByCount": errors.by_count(failed),
        "errsBySite": errors.grouped(failed, lambda row: row["place"]),
        "errsByUser": errors.grouped(failed, lambda row: row["username"]),
        "errsByTask": errors.grouped(failed, errors.task),
    }
    wanted = set(asking.question.parameters.get("fields", "").split(",")) - {""}
    return {name: block for name, block in blocks.items() if not wanted or name in wanted}


def _one_task(asking: _Asking) -> reading.Task:
    number = asking.question.integer("jeditaskid")
    known = reading.known_before(asking.settings, asking.question.now)
    found = [] if number is None else reading.tasks(asking.db, known, ids=[task_id_of(number)])
    if not found:
        raise _NotFound
    return found[0]


def _one_attempt(asking: _Asking) -> sqlite3.Row:
    number = asking.question.integer("pandaid")
    known = reading.known_before(asking.settings, asking.question.now)
    found = [] if number is None else reading.attempts(asking.db, known, ids=[number])
    if not found:
        raise _NotFound
    return found[0]


def _task(asking: _Asking) -> object:
    return taskpage.single_task(_one_task(asking), asking.question)


def _task_log(asking: _Asking) -> object:
    return taskpage.status_log(_one_task(asking))


def _job(asking: _Asking) -> object:
    return jobpage.single_job(_one_attempt(asking), asking.question.now, asking.logs)


def _job_log(asking: _Asking) -> object:
    return jobpage.status_log(_one_attempt(asking))


def _idds_for_task(asking: _Asking) -> object:
    number = asking.question.integer("jeditaskid")
    ids = [] if number is None else [task_id_of(number)]
    found = reading.tasks(asking.db, reading.known_before(asking.settings, asking.question.now), ids=ids)
    return {"data": [tasks.idds(task) for task in found]}


def _files(asking: _Asking) -> object:
    del asking
    return {"error": "Log provider is not supported: only rucio and s3 are"}


def _no_json(_: _Asking) -> object:
    """Mark addresses that are pages whatever is asked."""
    raise _NotFound


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
