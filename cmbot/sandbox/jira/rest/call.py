"""A signed-in request, as the resources see it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse

from cmbot.sandbox.jira import comments, issues, restriction
from cmbot.sandbox.jira.errors import JiraError

if TYPE_CHECKING:
    from cmbot.sandbox.jira.access import Access
    from cmbot.sandbox.jira.comments import Comment
    from cmbot.sandbox.jira.configuration import User
    from cmbot.sandbox.jira.issues import Issue
    from cmbot.sandbox.jira.shapes import Shapes
    from cmbot.sandbox.jira.site import Site

BODY_LIMIT = 12 * 1024 * 1024
DEPTH_LIMIT = 100
SESSION_COOKIE = "JSESSIONID"
"""What a REST client's session is kept in; the pages have another."""
TRUE = frozenset({"true", "1", "yes"})


@dataclass(frozen=True)
class SignedIn:
    """Who asks for what."""

    request: Request
    """The request itself."""
    site: Site
    """The site."""
    user: User
    """The caller."""
    shapes: Shapes
    """Renders for the caller."""
    raw: bytes
    """Body as it came; empty for multipart, which is read elsewhere."""

    @property
    def body(self) -> Any:
        """The body as JSON."""
        return parsed(self.raw)

    @property
    def object(self) -> dict[str, Any]:
        """The body as a JSON object."""
        found = self.body
        if not isinstance(found, dict):
            raise JiraError(400, "Unexpected body: a JSON object is expected.")
        return found

    @property
    def afresh(self) -> Shapes:
        """Renders for the caller, knowing what was just changed in the configuration."""
        return self.site.shapes(self.shapes.base_url, self.user, self.shapes.version)

    def issue(self, id_or_key: str, *needed: str, refusal: int | None = None) -> Issue:
        """The issue in a path, if the caller may see it and do what is needed; see `issues.seen`."""
        return issues.seen(self.site, self.user, id_or_key, *needed, refusal=refusal)

    def comment(self, issue: Issue, number: str) -> Comment:
        """A comment of an issue, if the caller may read it; else 404."""
        found = comments.find(self.site, issue.id, number)
        if not restriction.readable(self.site, self.user, issue.project, found.visibility):
            raise JiraError(404, f"Can not find a comment for the id: {number}.")
        return found

    def text(self, name: str, default: str = "") -> str:
        """A query parameter."""
        return str(self.request.query_params.get(name, default))

    def number(self, name: str, default: int) -> int:
        """A query parameter that is a number."""
        return integer(name, self.request.query_params.get(name, default))

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A query parameter that is true or false."""
        return self.text(name, str(default)).casefold() in TRUE

    def words(self, name: str) -> list[str]:
        """A query parameter that is a list, written with commas or repeated."""
        return [word for text in self.request.query_params.getlist(name) for word in text.split(",") if word]


def integer(name: str, raw: Any) -> int:
    """A number a caller sent."""
    try:
        found = int(raw)
    except (TypeError, ValueError, OverflowError):
        raise JiraError(400, f"'{name}' must be a number, got {raw!r}.") from None
    return max(-(10**9), min(found, 10**9))


def parsed(raw: bytes) -> Any:
    """JSON that can be kept: UTF-8, no NaN, no half characters.

    Raises
    ------
    JiraError
        Raised with 400 otherwise.
    """
    try:
        found = json.loads(raw.decode(), parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
        if _deeper(found, DEPTH_LIMIT):
            raise ValueError(f"nested more than {DEPTH_LIMIT} deep")
    except (ValueError, RecursionError) as error:
        raise JiraError(400, f"Unexpected character or end of the JSON body: {error}") from None
    return found


def _deeper(value: Any, limit: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return limit < 0 or any(_deeper(one, limit - 1) for one in inner)


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def base_url(request: Request) -> str:
    """The site's address as the caller wrote it; the guard has looked at the Host header."""
    gateway = getattr(request.state, "gateway", "")
    return f"http://{request.headers['host']}{request.app.state.context_path}{gateway}"


async def signed_in(request: Request) -> SignedIn:
    """Recognise the caller and read the body.

    Raises
    ------
    JiraError
        Raised with 401 without valid credentials, 413 for a body that is too large.
    """
    access: Access = request.app.state.access
    site: Site = request.app.state.site
    header = request.headers.get("authorization")
    cookie = request.cookies.get(SESSION_COOKIE)
    name = (
        access.client_session(cookie) if header is None else access.by_header(header, bearer=_bearer(request))
    )
    user = None if name is None else site.config.users.get(name)
    if user is None or not user.active:
        raise JiraError(
            401,
            "You are not authenticated. Authentication required to perform this operation.",
            headers={
                "WWW-Authenticate": 'Basic realm="Sandbox Jira"',
                "X-Seraph-LoginReason": "AUTHENTICATED_FAILED",
            },
        )
    request.state.user = user.name
    request.state.limits = request.app.state.strange.limiter.admit(
        user.name, request.method, request.url.path
    )
    version = 3 if "/rest/api/3/" in request.url.path else 2
    shapes = site.shapes(base_url(request), user, version)
    return SignedIn(request, site, user, shapes, await limited_body(request))


def _bearer(request: Request) -> bool:
    """Whether a bearer token is good here: for REST of Cloud only through its gateway."""
    site: Site = request.app.state.site
    return site.flavour.bearer or hasattr(request.state, "gateway") or "/rest/" not in request.url.path


async def limited_body(request: Request) -> bytes:
    """The body, unless it is multipart."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        return b""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT:
            raise JiraError(413, f"The request is larger than {BODY_LIMIT} bytes.")
        parts.append(part)
    return b"".join(parts)


Call = Annotated[SignedIn, Depends(signed_in)]


def answer(content: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return JSONResponse(content, status_code=status)


def nothing(status: int = 204) -> Response:
    """An answer without a body."""
    return Response(status_code=status)


def page(values: list[Any], call: SignedIn, name: str, limit: int = 50) -> dict[str, Any]:
    """A page of a list under a name, as ``startAt`` and ``maxResults`` ask."""
    start, most = max(0, call.number("startAt", 0)), call.number("maxResults", limit)
    chosen = values[start:] if most < 0 else values[start : start + most]
    return {"startAt": start, "maxResults": most, "total": len(values), name: chosen}


def whole_page(call: SignedIn, values: list[Any]) -> dict[str, Any]:
    """A page of a list that says whether it is the last."""
    found = page(values, call, "values")
    return {**found, "isLast": found["startAt"] + len(found["values"]) >= found["total"]}
