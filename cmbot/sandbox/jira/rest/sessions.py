"""Signing in as a client: cookie sessions, and personal access tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from cmbot.sandbox.jira import personaltokens
from cmbot.sandbox.jira.errors import JiraError

from .call import SESSION_COOKIE, Call, SignedIn, answer, base_url, limited_body, nothing, parsed

if TYPE_CHECKING:
    from cmbot.sandbox.jira.access import Access, LoginInfo
    from cmbot.sandbox.jira.personaltokens import PersonalToken
    from cmbot.sandbox.jira.shapes import Json, Shapes
    from cmbot.sandbox.jira.site import Site

router = APIRouter()
SESSION = "/rest/auth/1/session"


@router.post(SESSION)
async def sign_in(request: Request) -> Response:
    """Open a session with a name and a password."""
    access: Access = request.app.state.access
    site: Site = request.app.state.site
    sent = parsed(await limited_body(request))
    name, password = (sent.get("username"), sent.get("password")) if isinstance(sent, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(password, str):
        raise JiraError(400, "A username and a password are expected.")
    user = access.sign_in(name, password)
    if user is None:
        raise JiraError(401, "Login failed", headers={"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"})
    request.state.user = user.name
    cookie = access.open_client_session(user.name)
    shapes = site.shapes(base_url(request), user)
    found = {
        "session": {"name": SESSION_COOKIE, "value": cookie},
        "loginInfo": _login_info(shapes, access.login_info(user.name)),
    }
    signed = answer(found)
    root = request.app.state.context_path or "/"
    signed.set_cookie(SESSION_COOKIE, cookie, path=root, httponly=True, samesite="strict")
    return signed


@router.get(SESSION)
def session(call: Call) -> Response:
    """Who is signed in."""
    access: Access = call.request.app.state.access
    person = call.shapes.user(call.user.name) or {}
    info = _login_info(call.shapes, access.login_info(call.user.name))
    return answer({"self": person["self"], "name": call.user.name, "loginInfo": info})


@router.delete(SESSION)
def sign_out(call: Call) -> Response:
    """End the session."""
    access: Access = call.request.app.state.access
    access.close_client_session(call.request.cookies.get(SESSION_COOKIE))
    gone = nothing()
    gone.delete_cookie(SESSION_COOKIE, path=call.request.app.state.context_path or "/")
    return gone


def _login_info(shapes: Shapes, info: LoginInfo) -> Json:
    found: Json = {"failedLoginCount": info.bad, "loginCount": info.good}
    if info.last_bad is not None:
        found["lastFailedLoginTime"] = shapes.instant(info.last_bad)
    if info.previous_good is not None:
        found["previousLoginTime"] = shapes.instant(info.previous_good)
    return found


@router.get("/rest/pat/{version}/tokens")
def tokens(call: Call, version: str) -> Response:
    """One's own tokens, without their secrets."""
    _versioned(version)
    return answer([_token(call, one) for one in personaltokens.listed(call.site, call.user)])


@router.post("/rest/pat/{version}/tokens")
def make_token(call: Call, version: str) -> Response:
    """Make a token; its secret is in this answer and nowhere else."""
    _versioned(version)
    made, secret = personaltokens.create(call.site, call.user, call.object)
    return answer({**_token(call, made), "rawToken": secret}, 201)


@router.get("/rest/pat/{version}/tokens/{number}")
def token(call: Call, version: str, number: str) -> Response:
    """One token."""
    _versioned(version)
    return answer(_token(call, personaltokens.find(call.site, call.user, number)))


@router.put("/rest/pat/{version}/tokens/{number}")
def rename_token(call: Call, version: str, number: str) -> Response:
    """Give a token another name."""
    _versioned(version)
    personaltokens.rename(call.site, personaltokens.find(call.site, call.user, number), call.object)
    return answer(_token(call, personaltokens.find(call.site, call.user, number)))


@router.delete("/rest/pat/{version}/tokens/{number}")
def revoke_token(call: Call, version: str, number: str) -> Response:
    """End a token."""
    _versioned(version)
    personaltokens.revoke(call.site, personaltokens.find(call.site, call.user, number))
    return nothing()


def _versioned(version: str) -> None:
    if version not in ("latest", "1.0"):
        raise JiraError(404, f"There is no version {version} of this resource.")


def _token(call: SignedIn, one: PersonalToken) -> Json:
    found: Json = {"id": one.id, "name": one.name, "createdAt": call.shapes.instant(one.created)}
    if one.expires is not None:
        found["expiringAt"] = call.shapes.instant(one.expires)
    if one.used is not None:
        found["lastAccessedAt"] = call.shapes.instant(one.used)
    return found
