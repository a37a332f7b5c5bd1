"""Paths that no Jira has, for administrators.

``/sandbox/requests``, ``/webhooks`` (what was asked and sent), ``/disturb``, ``/strange`` (what goes wrong),
``/clock``, ``/export`` and ``/reset``.
"""

from __future__ import annotations

import logging

from fastapi import APIRouter, Response

from . import beginnings, snapshot
from .access import new_tokens
from .errors import JiraError
from .rest.call import Call, SignedIn, answer, nothing

log = logging.getLogger(__name__)
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


@router.get("/export")
def export(call: Call) -> Response:
    """The whole site, as a seed."""
    _administrator(call)
    return Response(snapshot.take(call.site.store).model_dump_json(), media_type="application/json")


@router.post("/reset")
def reset(call: Call) -> Response:
    """Begin again: with the ``seed`` of the body, in either form, or with what the site began with last.

    The clock and strange mode stay as they are; what waited to be sent is dropped. The answer holds the
    tokens of all users.
    """
    _administrator(call)
    asked = call.object if call.raw else {}
    if unknown := sorted(set(asked) - {"seed"}):
        raise JiraError(400, f"Unknown: {', '.join(unknown)}; 'seed' is all that is taken.")
    try:
        beginnings.start_over(call.site.store, beginnings.read(asked["seed"]) if "seed" in asked else None)
    except ValueError as error:
        raise JiraError(400, *str(error).splitlines()) from None
    finally:
        call.site.reread()
    fresh = new_tokens([name for name, user in call.site.config.users.items() if user.active])
    for tell in call.site.common.begun_again:
        tell(fresh)
    log.info("begun again by %s", call.user.name)
    return answer({"tokens": call.request.app.state.access.tokens})


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
