"""Pages for people, and what tests and scripts ask for beside the relay."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from cmbot.sandbox.panda.progress import state_counts, task_status
from cmbot.sandbox.panda.rows import workload_id
from cmbot.sandbox.panda.vocabulary import ENDED

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path as FilePath

    from cmbot.sandbox.panda.processes import Site
    from cmbot.sandbox.panda.store import Store

STATES = ("pending", "activated", "running", "finished", "failed", "missing", "cancelled")
"""States of a job, in the order of the tables."""

_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_REQUEST = ("id", "name", "status", "substatus", "created")
_INTEREST = ("failed", "running", "activated", "finished", "cancelled", "missing", "pending")
_SHOWN = 200  # jobs of one task on the page, the interesting ones first
_LOG_LIMIT = 4 * 2**20
_LOGS = ("stdout", "stderr")

Id = Annotated[int, Path(ge=1, lt=2**63)]


def router(store: Store, site: Site) -> APIRouter:
    """Make the pages.

    Parameters
    ----------
    store : `Store`
        The store.
    site : `Site`
        Where the logs are.

    Returns
    -------
    router : `fastapi.APIRouter`
        The routes.
    """
    routes = APIRouter()
    templates = Environment(
        loader=PackageLoader("cmbot.sandbox.panda", "pages"), autoescape=True, undefined=StrictUndefined
    )

    def page(name: str, **values: object) -> HTMLResponse:
        return HTMLResponse(templates.get_template(name).render(states=STATES, **values), headers=_HEADERS)

    @routes.get("/")
    def workflows() -> HTMLResponse:
        return page("workflows.html", requests=_requests(store)[::-1], refresh=True)

    @routes.get("/workflows/{request_id}")
    def workflow(request_id: Id) -> HTMLResponse:
        request = _request(store, request_id)
        for task in request["tasks"]:
            task["shown"] = sorted(task["jobs"], key=lambda job: _INTEREST.index(job["state"]))[:_SHOWN]
        return page("workflow.html", request=request, logs=_LOGS, refresh=request["status"] not in ENDED)

    @routes.get("/style.css")
    def style() -> Response:
        return Response(templates.get_template("style.css").render(), media_type="text/css", headers=_HEADERS)

    @routes.get("/sandbox/requests")
    def list_requests() -> list[dict[str, Any]]:
        return _requests(store)

    @routes.get("/sandbox/requests/{request_id}")
    def one_request(request_id: Id) -> dict[str, Any]:
        return _request(store, request_id)

    @routes.get("/sandbox/jobs/{panda_id}/{name}")
    def job_log(panda_id: Id, name: str) -> Response:
        found = store.rows(
            "SELECT request_id FROM attempts JOIN jobs ON jobs.id = job_id JOIN tasks ON tasks.id = task_id"
            " WHERE attempts.id = ?",
            panda_id,
        )
        if name not in _LOGS or not found:
            raise HTTPException(404, f"job {panda_id} has no {name}")
        path = site.directory(found[0]["request_id"], panda_id) / name
        return PlainTextResponse(_tail(path) if path.exists() else b"", headers=_HEADERS)

    return routes


def _requests(store: Store) -> list[dict[str, Any]]:
    """All requests with their jobs by state."""
    listed = []
    with store.transaction() as db:
        for row in db.execute("SELECT * FROM requests ORDER BY id").fetchall():
            total: Counter[str] = sum(state_counts(db, row["id"]).values(), Counter())
            listed.append(_columns(row, *_REQUEST) | {"jobs": {state: total[state] for state in STATES}})
    return listed


def _request(store: Store, request_id: int) -> dict[str, Any]:
    """One request with its tasks, jobs and attempts."""
    with store.transaction() as db:
        row = db.execute("SELECT * FROM requests WHERE id = ?", (request_id,)).fetchone()
        if row is None:
            raise HTTPException(404, f"no request {request_id}")
        counts = state_counts(db, request_id)
        found = db.execute(
            "SELECT * FROM tasks WHERE request_id = ? ORDER BY number", (request_id,)
        ).fetchall()
        tasks = [_task(db, task, counts[task["id"]]) for task in found]
    return _columns(row, *_REQUEST) | {"tasks": tasks}


def _task(db: sqlite3.Connection, task: sqlite3.Row, counts: Counter[str]) -> dict[str, Any]:
    """One task with its jobs; an attempt's id is its PandaID."""
    jobs = {
        row["id"]: _columns(row, "id", "name", "state") | {"attempts": []}
        for row in db.execute("SELECT * FROM jobs WHERE task_id = ? ORDER BY id", (task["id"],))
    }
    for row in db.execute(
        "SELECT attempts.* FROM attempts JOIN jobs ON jobs.id = job_id"
        " WHERE task_id = ? ORDER BY attempts.id",
        (task["id"],),
    ):
        attempt = dict(row)
        jobs[attempt.pop("job_id")]["attempts"].append(attempt)
    return _columns(task, "id", "name", "label", "memory", "max_attempt", "site", "queue") | {
        "workload_id": workload_id(task["id"]),
        "status": task_status(counts),
        "states": {state: counts[state] for state in STATES},
        "jobs": list(jobs.values()),
    }


def _tail(path: FilePath) -> bytes:
    """End of a log that may still grow."""
    with path.open("rb") as stream:
        stream.seek(max(stream.seek(0, os.SEEK_END) - _LOG_LIMIT, 0))
        return stream.read(_LOG_LIMIT)


def _columns(row: sqlite3.Row, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}
