"""Orders for tests and demonstrations: hold, release, outage, pause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from cmbot.sandbox.panda.faults import Faults, Hold, Kind, Then, When

if TYPE_CHECKING:
    from cmbot.sandbox.panda.executor import Executor


class _Order(BaseModel):
    """Body of an order; an unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HoldOrder(_Order):
    """Body of ``POST /sandbox/hold``."""

    command: str
    """Relay command to hold, for example ``submit``."""
    when: When = "before"
    """Before or after it takes effect."""
    then: Then = "answer"
    """``answer``: wait for the release; ``drop``: break the connection at once."""
    count: int = Field(default=1, ge=1)
    """How many requests."""


class ReleaseOrder(_Order):
    """Body of ``POST /sandbox/release``."""

    then: Then = "answer"
    """Whether what is held goes on, or is dropped where it stands."""


class OutageOrder(_Order):
    """Body of ``POST /sandbox/outage``."""

    kind: Kind | None
    """``down`` (503), ``html``, ``idds_down``, ``idds_db_down``; null ends the outage."""


class ExecutorOrder(_Order):
    """Body of ``POST /sandbox/executor``."""

    paused: bool
    """Whether to accept requests without working on them."""


def router(faults: Faults, executor: Executor) -> APIRouter:
    """Make the routes of the controls.

    Parameters
    ----------
    faults : `Faults`
        Troubles in force.
    executor : `Executor`
        The executor.

    Returns
    -------
    router : `fastapi.APIRouter`
        The routes; each answers with the state after the order.
    """
    routes = APIRouter(prefix="/sandbox")

    def state() -> dict[str, Any]:
        return {"held": faults.held, "outage": faults.outage, "paused": executor.paused}

    # coroutines: the troubles belong to the event loop
    @routes.get("/controls")
    async def controls() -> dict[str, Any]:
        return state()

    @routes.post("/hold")
    async def hold(order: HoldOrder) -> dict[str, Any]:
        faults.holds.append(Hold(order.command, order.when, order.then, order.count))
        return state()

    @routes.post("/release")
    async def release(order: ReleaseOrder | None = None) -> dict[str, Any]:
        return {"released": faults.release(order.then if order else "answer")}

    @routes.post("/outage")
    async def outage(order: OutageOrder) -> dict[str, Any]:
        faults.outage = order.kind
        return state()

    @routes.post("/executor")
    async def set_executor(order: ExecutorOrder) -> dict[str, Any]:
        executor.pause(paused=order.paused)
        return state()

    return routes
