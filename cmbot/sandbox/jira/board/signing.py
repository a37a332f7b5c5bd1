"""Signing in with a browser, out again, and acting as somebody else."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.rest.call import limited_body

from .templates import render
from .visit import HEADERS, Posted, Visiting

if TYPE_CHECKING:
    from cmbot.sandbox.jira.access import Access
    from cmbot.sandbox.jira.site import Site

log = logging.getLogger(__name__)
router = APIRouter()
WRONG_TOKEN = "That token is not valid. Tokens of address.json change with every start."  # noqa: S105 - words for people
WRONG_PASSWORD = "That name and password do not fit."  # noqa: S105 - words for people


@router.get("/")
def front(request: Request) -> Response:
    """Sign in with ``?token=`` and go to ``next`` in this site, or to the projects."""
    access: Access = request.app.state.access
    token, wanted = request.query_params.get("token"), request.query_params.get("next", "")
    if token is None and access.session(request.cookies.get(access.cookie)) is not None:
        return RedirectResponse(f"{request.app.state.context_path}/start", 303, HEADERS)
    name = None if token is None else access.by_token(token.strip())
    if name is None:
        return sign_in_page(request, WRONG_TOKEN if token is not None else "")
    return _signed_in(request, name, local(wanted) if wanted else "/start")


@router.post("/login")
async def sign_in(request: Request) -> Response:
    """Sign in with name and password."""
    access: Access = request.app.state.access
    form = parse_qs((await limited_body(request)).decode("utf-8", "replace"))
    name, password = (form.get(one, [""])[-1] for one in ("username", "password"))
    user = access.sign_in(name, password)
    if user is None:
        return sign_in_page(request, WRONG_PASSWORD)
    return _signed_in(request, user.name, "/start")


@router.post("/logout")
def sign_out(visit: Visiting, form: Posted) -> Response:
    """End the browser's session."""
    del form
    visit.access.close_session(visit.request.cookies.get(visit.access.cookie))
    return visit.to("/")


@router.get("/start")
def start(visit: Visiting) -> Response:
    """Where one begins: the board, if there is only one, or the projects."""
    found = visit.projects
    return visit.to(f"/projects/{found[0].key}/board" if len(found) == 1 else "/projects")


@router.post("/act-as")
def act_as(visit: Visiting, form: Posted) -> Response:
    """Act as another user from now on."""
    chosen = visit.site.config.user(form.get("user"))
    if chosen is None or not chosen.active:
        raise JiraError(404, "There is no such user.")
    visit.access.act_as(visit.request.cookies[visit.access.cookie], chosen.name)
    return visit.to(local(form.get("back")))


def sign_in_page(request: Request, problem: str = "") -> Response:
    """Ask for a name and password, or a token."""
    root = request.app.state.context_path
    site: Site = request.app.state.site
    usual = site.config.users.get("admin")
    page = render(
        "signin.html",
        visit=None,
        root=root,
        title="Sign in",
        problem=problem,
        flavour=site.flavour,
        usual=None if usual is None else site.flavour.login(usual),
    )
    return HTMLResponse(page, 401, HEADERS)


def local(path: str) -> str:
    """A path of this site to go back to; nothing that another host could be."""
    return path if path.startswith("/") and not path.startswith("//") and "\\" not in path else "/projects"


def _signed_in(request: Request, name: str, path: str) -> Response:
    access: Access = request.app.state.access
    root: str = request.app.state.context_path
    answer = RedirectResponse(root + path, 303, HEADERS)
    cookie = access.open_session(name)
    answer.set_cookie(access.cookie, cookie, path=root or "/", httponly=True, samesite="strict")
    log.info("%s signed in with a browser", name)
    return answer
