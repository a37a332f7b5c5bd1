"""API tokens of Cloud accounts, made on a page of the account there and at a path of its own here."""

from __future__ import annotations

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import personaltokens
from cmbot.sandbox.jira.cloudshapes import email
from cmbot.sandbox.jira.errors import JiraError

from .call import Call, answer

router = APIRouter()


@router.post("/sandbox/tokens")
def make(call: Call) -> Response:
    """Make an API token for anybody: ``email``, ``name`` and ``expirationDuration`` in days.

    Raises
    ------
    JiraError
        Raised with 403 for who is no administrator, 400 for an unknown e-mail or an unusable duration.
    """
    if not call.user.admin:
        raise JiraError(403, "Only an administrator may use the sandbox's own paths.")
    asked = call.object
    person = call.site.flavour.signing_in(call.site.config, str(asked.get("email")))
    if person is None:
        raise JiraError(400, errors={"email": "Nobody has this e-mail."})
    made, secret = personaltokens.create(call.site, person, asked)
    found = {"id": made.id, "email": email(person), "name": made.name, "token": secret}
    return answer({**found, "expiringAt": call.shapes.instant(made.expires)}, 201)
