"""A signed-in browser, as the pages see it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qs

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from cmbot.sandbox.jira import issues
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import browsable
from cmbot.sandbox.jira.rest.call import base_url, limited_body

from .templates import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.sandbox.jira.access import Access, Session
    from cmbot.sandbox.jira.configuration import Project, User
    from cmbot.sandbox.jira.issues import Issue
    from cmbot.sandbox.jira.shapes import Shapes
    from cmbot.sandbox.jira.site import Site

# Everything comes from here, nothing runs that is not a file of this room.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers send "Origin: null" with forms
    "Cache-Control": "no-store",
}


class NotSignedIn(Exception):
    """No session: the page to sign in is shown instead."""


@dataclass(frozen=True)
class Visit:
    """Who looks at a page."""

    request: Request
    """The request itself."""
    site: Site
    """The site."""
    session: Session
    """The browser's session."""
    user: User
    """The acting user."""
    root: str
    """Context path, before every link."""

    @property
    def access(self) -> Access:
        """Tokens and sessions."""
        found: Access = self.request.app.state.access
        return found

    @property
    def shapes(self) -> Shapes:
        """Renders for the acting user."""
        return self.site.shapes(base_url(self.request), self.user)

    @property
    def projects(self) -> list[Project]:
        """The projects that the acting user sees."""
        return browsable(self.site.config, self.user)

    def issue(self, key: str, *needed: str) -> Issue:
        """An issue, if the acting user may see it and do what is needed; see `issues.seen`."""
        return issues.seen(self.site, self.user, key, *needed)

    def page(self, template: str, title: str, status: int = 200, **values: Any) -> Response:
        """An HTML page."""
        html = render(template, visit=self, title=title, **values)
        return HTMLResponse(html, status, HEADERS)

    def to(self, path: str) -> Response:
        """Lead the browser elsewhere in the site."""
        return RedirectResponse(self.root + path, 303, HEADERS)


async def visiting(request: Request) -> Visit:
    """Recognise the browser.

    Raises
    ------
    NotSignedIn
        Raised without a session.
    """
    access: Access = request.app.state.access
    site: Site = request.app.state.site
    session = access.session(request.cookies.get(access.cookie))
    if session is None:
        raise NotSignedIn
    user = site.config.users.get(session.user)
    if user is None or not user.active:
        raise NotSignedIn
    request.state.user = user.name
    return Visit(request, site, session, user, request.app.state.context_path)


Visiting = Annotated[Visit, Depends(visiting)]


@dataclass(frozen=True)
class Form:
    """What was filled in."""

    values: Mapping[str, list[str]]
    """By name of the field; several values of one name in their order."""

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str) -> str:
        """The value of a field; empty if it is not there."""
        return self.values.get(name, [""])[-1]

    def many(self, name: str) -> list[str]:
        """All values of a field."""
        return self.values.get(name, [])


async def posted(request: Request, visit: Visiting) -> Form:
    """The fields of a posted form that carries its session's token.

    Raises
    ------
    JiraError
        Raised with 403 without that token.
    """
    raw = await limited_body(request)
    try:
        values = parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        raise JiraError(400, "The form has too many fields.") from None
    form = Form(values)
    if not hmac.compare_digest(form.get("csrf").encode(), visit.session.csrf.encode()):
        raise JiraError(403, "XSRF check failed: reload the page and try again.")
    return form


Posted = Annotated[Form, Depends(posted)]
