"""Pages that only the sandbox has, and its own JSON about what was submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Response

from cmbot.sandbox.panda import logs, overview, queues, rendering
from cmbot.sandbox.panda.monitor import jobrows
from cmbot.sandbox.panda.vocabulary import ENDED

if TYPE_CHECKING:
    from cmbot.sandbox.panda.processes import Site
    from cmbot.sandbox.panda.store import Store

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
    _add_requests(routes, store)
    _add_queues(routes, store)

    @routes.get("/read/{panda_id}/{name}")
    def log(panda_id: Id, name: str) -> Response:
        attempt = logs.find(store, panda_id)
        if attempt is None or name not in logs.NAMES:
            raise HTTPException(404, "no such log")
        text = logs.text(site, attempt, name).decode(errors="replace")
        place = jobrows.log_place(attempt)
        return rendering.page("log.html", attempt=attempt, name=name, text=text, place=place)

    @routes.get("/style.css")
    def style() -> Response:
        return rendering.style()

    return routes


def _add_requests(routes: APIRouter, store: Store) -> None:
    def known(request_id: int) -> dict[str, Any]:
        with store.transaction() as db:
            request = overview.request(db, request_id)
        if request is None:
            raise HTTPException(404, f"no request {request_id}")
        return request

    @routes.get("/")
    def workflows() -> Response:
        return rendering.page("workflows.html", refresh=True, requests=list_requests()[::-1])

    @routes.get("/workflows/{request_id}")
    def workflow(request_id: Id) -> Response:
        request = known(request_id)
        return rendering.page("workflow.html", refresh=request["status"] not in ENDED, request=request)

    @routes.get("/sandbox/requests")
    def list_requests() -> list[dict[str, Any]]:
        with store.transaction() as db:
            return overview.requests(db)

    @routes.get("/sandbox/requests/{request_id}")
    def one_request(request_id: Id) -> dict[str, Any]:
        return known(request_id)


def _add_queues(routes: APIRouter, store: Store) -> None:
    @routes.get("/queues")
    def list_queues() -> Response:
        with store.transaction() as db:
            table = list(queues.load(db).values())
            found = db.execute(
                "SELECT queue, count(*) FROM attempts WHERE state = 'running' GROUP BY queue"
            ).fetchall()
        return rendering.page("queues.html", refresh=True, queues=table, busy=dict(found))

    @routes.get("/cache/schedconfig/pandaqueues.json")
    def queue_table() -> dict[str, dict[str, object]]:
        with store.transaction() as db:
            return queues.table(queues.load(db).values())
