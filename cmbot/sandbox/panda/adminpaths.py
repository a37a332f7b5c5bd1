"""Paths that no PanDA has: how this one behaves, and what goes wrong in it.

All below ``/sandbox``, all with the token of the start; bodies and answers are JSON, a wrong body is a 422,
an unknown id or name a 404. What is set here is kept in the store, but for holds and outages of the relay.

=======================================  ================================================================
``GET /requests``, ``/requests/{id}``    what was submitted: states, tasks, jobs, attempts
``POST /requests/{id}/hide``             ``{"hidden": true}``: lost from the monitor; iDDS still knows it
``POST /requests/{id}/archive``          ``{"archived": true}``: iDDS has lost or archived it: no status, no
                                         look-up, no command, no row of the monitor's; PanDA's jobs go on
``POST /requests/{id}/reopen``           ``{"jobs": "failed"}`` or ``"all"``: a person retries it in PanDA
``POST /requests/{id}/status``           ``{"status": "Suspended"}``: any iDDS status, as by hand in its table
``POST /tasks/{id}/status``              ``{"status": "broken", "dialog": "..."}``: what the monitor shows of
                                         a task, by its jeditaskid; null for what its jobs say
``GET, POST /settings``                  limits and oddities (`~cmbot.sandbox.panda.settings.Settings`)
``GET, POST, DELETE /troubles``          failures on demand (`~cmbot.sandbox.panda.troubles.Trouble`);
                                         ``DELETE /troubles/{id}`` for one
``GET, POST /queues``, ``DELETE /queues/{name}``  queues (`~cmbot.sandbox.panda.queues.Queue`)
``GET, POST /clock``                     the clock (`~cmbot.sandbox.panda.clock.ClockOrder`)
``GET, DELETE /asked``                   what the monitor was asked, by host; forget it
``POST, DELETE /tokens``                 id and refresh tokens (`~cmbot.sandbox.panda.issuer.Claims`);
                                         revoke all refresh tokens
``GET /controls``, ``POST /hold``, ``/release``, ``/outage``, ``/executor``
                                         troubles of the relay (`cmbot.sandbox.panda.controls`)
=======================================  ================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Body, HTTPException, Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cmbot.sandbox.panda import queues, settings, steering, troubles
from cmbot.sandbox.panda.clock import ClockOrder
from cmbot.sandbox.panda.issuer import Claims
from cmbot.sandbox.panda.queues import Queue
from cmbot.sandbox.panda.rows import task_id_of
from cmbot.sandbox.panda.settings import Settings
from cmbot.sandbox.panda.troubles import Trouble
from cmbot.sandbox.panda.vocabulary import REQUEST_STATUS, TASK_STATUS

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmbot.sandbox.panda.issuer import Issuer
    from cmbot.sandbox.panda.store import Store

Id = Annotated[int, Path(ge=1, lt=2**63)]
_Settings = Annotated[Settings, Body()]
_Clock = Annotated[ClockOrder, Body()]
_Claims = Annotated[Claims, Body()]
_Queue = Annotated[Queue, Body()]
_Trouble = Annotated[Trouble, Body()]


def _status(name: str) -> str:
    if name not in REQUEST_STATUS:
        raise ValueError(f"{name!r:.40} is no status of an iDDS request")
    return name


class HideOrder(BaseModel):
    """Body of ``POST /sandbox/requests/{id}/hide``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hidden: bool
    """Whether the monitor has lost it."""


class ArchiveOrder(BaseModel):
    """Body of ``POST /sandbox/requests/{id}/archive``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    archived: bool
    """Whether iDDS has it in its archive."""


class ReopenOrder(BaseModel):
    """Body of ``POST /sandbox/requests/{id}/reopen``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    jobs: Literal["failed", "all"] = "failed"
    """Which jobs run again."""


def _task_status(name: str) -> str:
    if name not in TASK_STATUS:
        raise ValueError(f"{name!r:.40} is no status of a PanDA task")
    return name


class TaskOrder(BaseModel):
    """Body of ``POST /sandbox/tasks/{id}/status``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Annotated[str, AfterValidator(_task_status)] | None
    """Name of a PanDA task status; null for that of its jobs again."""
    dialog: str | None = Field(default=None, max_length=500)
    """The reason in words, for ``errordialog``."""


class StatusOrder(BaseModel):
    """Body of ``POST /sandbox/requests/{id}/status``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Annotated[str, AfterValidator(_status)]
    """Name of an iDDS request status."""


def router(store: Store, issuer: Issuer, wake: Callable[[], None]) -> APIRouter:
    """Make the routes.

    Parameters
    ----------
    store : `Store`
        The store.
    issuer : `Issuer`
        The issuer.
    wake : callable
        Called after something changed that lets jobs begin.

    Returns
    -------
    router : `fastapi.APIRouter`
        The routes.
    """
    routes = APIRouter(prefix="/sandbox")
    _add_settings(routes, store, wake)
    _add_requests(routes, store, wake)
    _add_tasks(routes, store)
    _add_troubles(routes, store, wake)
    _add_queues(routes, store, wake)

    @routes.post("/tokens")
    def grant(claims: _Claims) -> dict[str, Any]:
        return issuer.grant(claims)

    @routes.delete("/tokens")
    def revoke() -> dict[str, int]:
        return {"revoked": issuer.revoke()}

    return routes


def _add_settings(routes: APIRouter, store: Store, wake: Callable[[], None]) -> None:
    @routes.get("/settings")
    def show() -> dict[str, Any]:
        with store.transaction() as db:
            return settings.load(db).model_dump()

    @routes.post("/settings")
    def change(changes: _Settings) -> dict[str, Any]:
        with store.transaction() as db:
            return settings.change(db, changes).model_dump()

    @routes.get("/clock")
    def clock() -> dict[str, Any]:
        return store.clock.report()

    @routes.post("/clock")
    def steer(order: _Clock) -> dict[str, Any]:
        with store.transaction() as db:
            store.clock.steer(db, order)
        wake()
        return store.clock.report()

    @routes.get("/asked")
    def asked() -> dict[str, dict[str, int]]:
        rows = store.rows(
            "SELECT host, count(*) AS asked, sum(refused) AS refused FROM asked GROUP BY host ORDER BY host"
        )
        return {row["host"]: {"asked": row["asked"], "refused": row["refused"]} for row in rows}

    @routes.delete("/asked")
    def forget() -> dict[str, int]:
        with store.transaction() as db:
            return {"forgotten": db.execute("DELETE FROM asked").rowcount}


def _add_requests(routes: APIRouter, store: Store, wake: Callable[[], None]) -> None:
    def steered(request_id: int, *, known: bool) -> dict[str, Any]:
        if not known:
            raise HTTPException(404, f"no request {request_id}")
        wake()
        (row,) = store.rows(
            "SELECT id, status, substatus, hidden, archived FROM requests WHERE id = ?", request_id
        )
        return dict(row) | {flag: bool(row[flag]) for flag in ("hidden", "archived")}

    @routes.post("/requests/{request_id}/hide")
    def hide(request_id: Id, order: HideOrder) -> dict[str, Any]:
        with store.transaction() as db:
            known = steering.hide(db, request_id, hidden=order.hidden)
        return steered(request_id, known=known)

    @routes.post("/requests/{request_id}/archive")
    def archive(request_id: Id, order: ArchiveOrder) -> dict[str, Any]:
        with store.transaction() as db:
            known = steering.archive(db, request_id, archived=order.archived)
        return steered(request_id, known=known)

    @routes.post("/requests/{request_id}/reopen")
    def reopen(request_id: Id, order: ReopenOrder | None = None) -> dict[str, Any]:
        with store.transaction() as db:
            known = steering.reopen(db, request_id, everything=order is not None and order.jobs == "all")
        return steered(request_id, known=known)

    @routes.post("/requests/{request_id}/status")
    def force(request_id: Id, order: StatusOrder) -> dict[str, Any]:
        with store.transaction() as db:
            known = steering.force(db, request_id, order.status)
        return steered(request_id, known=known)


def _add_tasks(routes: APIRouter, store: Store) -> None:
    @routes.post("/tasks/{number}/status")
    def force(number: Id, order: TaskOrder) -> dict[str, Any]:
        with store.transaction() as db:
            known = steering.force_task(db, task_id_of(number), order.status, order.dialog)
        if not known:
            raise HTTPException(404, f"no task {number}")
        return {"id": number, **order.model_dump()}


def _add_troubles(routes: APIRouter, store: Store, wake: Callable[[], None]) -> None:
    @routes.get("/troubles")
    def show() -> list[dict[str, object]]:
        with store.transaction() as db:
            return troubles.report(db)

    @routes.post("/troubles")
    def add(trouble: _Trouble) -> dict[str, int]:
        with store.transaction() as db:
            number = troubles.add(db, trouble)
        wake()
        return {"id": number}

    @routes.delete("/troubles")
    def clear() -> dict[str, int]:
        with store.transaction() as db:
            removed = db.execute("DELETE FROM troubles").rowcount
        wake()
        return {"removed": removed}

    @routes.delete("/troubles/{number}")
    def remove(number: Id) -> dict[str, int]:
        with store.transaction() as db:
            removed = db.execute("DELETE FROM troubles WHERE id = ?", (number,)).rowcount
        if not removed:
            raise HTTPException(404, f"no trouble {number}")
        wake()
        return {"removed": removed}


def _add_queues(routes: APIRouter, store: Store, wake: Callable[[], None]) -> None:
    @routes.get("/queues")
    def show() -> list[dict[str, Any]]:
        with store.transaction() as db:
            return [queue.model_dump() for queue in queues.load(db).values()]

    @routes.post("/queues")
    def put(queue: _Queue) -> dict[str, Any]:
        with store.transaction() as db:
            queues.put(db, queue)
        wake()
        return queue.model_dump()

    @routes.delete("/queues/{name}")
    def remove(name: str) -> dict[str, int]:
        with store.transaction() as db:
            removed = db.execute("DELETE FROM queues WHERE name = ?", (name,)).rowcount
        if not removed:
            raise HTTPException(404, f"no queue {name[:60]}")
        wake()
        return {"removed": removed}
