"""Cloud's dynamic webhooks: for apps that act for a user, not for a user's API token.

An app is who comes through the gateway with a bearer token, as an OAuth 2.0 app does. That expiration dates
are milliseconds is the specification's word; its examples differ. Deliveries carry no app's JWT.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.webhooks import dynamic

from .call import Call, SignedIn, answer, nothing
from .paging import bean

router = APIRouter(prefix="/webhook")
FAILURE_LIMIT = 100


@router.get("")
def webhooks(call: Call) -> Response:
    """The app's webhooks."""
    found = []
    for one in dynamic.listed(call.site, _app(call)):
        shown: dict[str, Any] = {"id": one.id, "jqlFilter": one.jql, "events": sorted(one.events)}
        if one.field_ids:
            shown["fieldIdsFilter"] = sorted(one.field_ids)
        found.append({**shown, "url": one.url, "expirationDate": one.expires})
    return answer(bean(call, found, 100))


@router.post("")
def register(call: Call) -> Response:
    """Register webhooks: each by itself, good ones beside refused ones."""
    app = _app(call)
    return answer({"webhookRegistrationResult": dynamic.register(call.site, app, call.object)})


@router.delete("")
def remove(call: Call) -> Response:
    """Remove webhooks; those of others are ignored."""
    dynamic.remove(call.site, _app(call), _numbers(call))
    return nothing(202)


@router.put("/refresh")
def refresh(call: Call) -> Response:
    """Let webhooks live for another 30 days."""
    return answer({"expirationDate": dynamic.refresh(call.site, _app(call), _numbers(call))})


@router.get("/failed")
def failed(call: Call) -> Response:
    """Deliveries that were given up in the last 72 hours, the oldest first."""
    most = max(1, min(call.number("maxResults", FAILURE_LIMIT), FAILURE_LIMIT))
    after = call.text("after", "0")
    if not after.isascii() or not after.isdigit() or len(after) > 15:
        raise JiraError(400, "'after' must be a time in milliseconds.")
    found = dynamic.failures(call.site, _app(call), int(after), most + 1)
    shown: dict[str, Any] = {"maxResults": most, "values": found[:most]}
    if len(found) > most:
        last = found[most - 1]["failureTime"]
        path = f"/rest/api/{call.shapes.version}/webhook/failed"
        shown["next"] = f"{call.shapes.base_url}{path}?after={last}&maxResults={most}"
    return answer(shown)


def _app(call: SignedIn) -> str:
    """The user for whom an app asks."""
    header = call.request.headers.get("authorization", "")
    if not (header.casefold().startswith("bearer ") and hasattr(call.request.state, "gateway")):
        raise JiraError(403, "Only Connect and OAuth 2.0 apps can use this operation.")
    return call.user.name


def _numbers(call: SignedIn) -> list[int]:
    found = call.object.get("webhookIds")
    if not isinstance(found, list) or not found or not all(type(one) is int for one in found):
        raise JiraError(400, "'webhookIds' must be a list of numbers.")
    return [one for one in found if abs(one) < 2**62]
