"""Paths that no Jira has, for administrators: requests, webhooks sent, strange mode, the clock."""

from __future__ import annotations

from fastapi import APIRouter, Response

from .errors import JiraError
from .rest.call import Call, SignedIn, answer, nothing

router = APIRouter(prefix="/sandbox")


def _administrator(call: SignedIn) -> None:
    if not call.user.admin:
        raise JiraError(403, "Only an administrator may use the sandbox's own paths.")


@router.get("/requests")
def requests(call: Call) -> Response:
    """What was asked, counted and bounded."""
    _administrator(call)
    return answer(call.request.app.state.requests.report())


@router.delete("/requests")
def forget_requests(call: Call) -> Response:
    """Empty the log; the count goes on."""
    _administrator(call)
    call.request.app.state.requests.clear()
    return nothing()


@router.get("/webhooks")
def deliveries(call: Call) -> Response:
    """What became of the webhooks that were sent, and what waits to be sent."""
    _administrator(call)
    return answer(call.request.app.state.deliverer.report())


@router.delete("/webhooks")
def forget_deliveries(call: Call) -> Response:
    """Send nothing of what waits, and forget the past."""
    _administrator(call)
    call.request.app.state.deliverer.forget()
    return nothing()


@router.post("/disturb")
def disturb(call: Call) -> Response:
    """Let something go wrong for the next matching requests."""
    _administrator(call)
    call.request.app.state.strange.disturb(call.object)
    return nothing()


@router.delete("/disturb")
def calm(call: Call) -> Response:
    """Take back the faults that were armed one by one."""
    _administrator(call)
    call.request.app.state.strange.calm()
    return nothing()


@router.get("/strange")
def strangeness(call: Call) -> Response:
    """How the site misbehaves."""
    _administrator(call)
    return answer(call.request.app.state.strange.report())


@router.put("/strange")
def become_strange(call: Call) -> Response:
    """Misbehave like this from now on."""
    _administrator(call)
    call.request.app.state.strange.become(call.object)
    return answer(call.request.app.state.strange.report())


@router.delete("/strange")
def behave(call: Call) -> Response:
    """Let nothing go wrong any more."""
    _administrator(call)
    call.request.app.state.strange.become({})
    return nothing()


@router.get("/clock")
def clock(call: Call) -> Response:
    """Where the sandbox's clock stands."""
    _administrator(call)
    return answer(call.request.app.state.clock.report())


@router.put("/clock")
def steer_clock(call: Call) -> Response:
    """Set, advance, stop or start the clock."""
    _administrator(call)
    call.request.app.state.clock.steer(call.object)
    return answer(call.request.app.state.clock.report())


@router.delete("/clock")
def reset_clock(call: Call) -> Response:
    """Show the real time again."""
    _administrator(call)
    call.request.app.state.clock.reset()
    return answer(call.request.app.state.clock.report())
