"""Registering webhooks: one resource, at the paths of each deployment (reference jira.md, section 9.1).

Data Center up to 9 and Cloud's administrators use the first address, Data Center from 10 on the second.
The sandbox's Data Center answers at both, since clients choose by the version they find or expect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response

from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.webhooks import registration

from .call import Call, SignedIn, answer, nothing

if TYPE_CHECKING:
    from cmbot.sandbox.jira.webhooks.registration import Webhook

OLD = "/rest/webhooks/1.0/webhook"
NEW = "/rest/jira-webhook/1.0/webhooks"
PATHS = {"data-center": (OLD, NEW), "cloud": (OLD,)}
router = APIRouter()


@router.get("")
def webhooks(call: Call) -> Response:
    """All webhooks."""
    _administrator(call)
    return answer([_shape(call, one) for one in registration.listed(call.site) if one.app is None])


@router.post("")
def register(call: Call) -> Response:
    """Register a webhook."""
    _administrator(call)
    return answer(_shape(call, registration.register(call.site, call.user, call.object)), 201)


@router.get("/{number}")
def webhook(call: Call, number: str) -> Response:
    """One webhook."""
    _administrator(call)
    return answer(_shape(call, registration.find(call.site, number)))


@router.put("/{number}")
def change(call: Call, number: str) -> Response:
    """Change a webhook."""
    _administrator(call)
    found = registration.find(call.site, number)
    return answer(_shape(call, registration.change(call.site, call.user, found, call.object)))


@router.delete("/{number}")
def remove(call: Call, number: str) -> Response:
    """Remove a webhook."""
    _administrator(call)
    registration.remove(call.site, registration.find(call.site, number))
    return nothing()


def _administrator(call: SignedIn) -> None:
    if not call.user.admin:
        raise JiraError(403, "Only administrators may see and register webhooks.")


def _shape(call: SignedIn, one: Webhook) -> dict[str, Any]:
    """A webhook at the address that was asked: what it is called differs, and secrets never leave."""
    root = call.request.url.path.partition("/rest/")[0]
    about = {
        "name": one.name,
        "url": one.url,
        "excludeBody": one.exclude_body,
        "filters": {registration.ISSUE_FILTER: one.jql},
        "events": sorted(one.events),
    }
    if NEW in call.request.url.path:
        settings = {"EXCLUDE_BODY": str(one.exclude_body).lower()}
        return {
            **about,
            "id": one.id,
            "active": one.enabled,
            "scopeType": "global",
            "configuration": settings,
        }
    address = f"http://{call.request.headers['host']}{root}{OLD}/{one.id}"
    person = call.site.config.users[one.updated_by]
    changed = {"lastUpdatedUser": person.key, "lastUpdatedDisplayName": person.display_name}
    return {**about, "enabled": one.enabled, "self": address, **changed, "lastUpdated": one.updated}
