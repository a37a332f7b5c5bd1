"""The addresses of the pages."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from cmbot.sandbox.jira import attachments, comments, statusscheme
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import browsable, may
from cmbot.sandbox.jira.rest.files import file_answer

from . import view
from .templates import PAGES, render
from .visit import HEADERS, Posted, Visit, Visiting

if TYPE_CHECKING:
    from cmbot.sandbox.jira.access import Access
    from cmbot.sandbox.jira.issues import Issue

log = logging.getLogger(__name__)
router = APIRouter()
STATIC = {"style.css": "text/css", "board.js": "text/javascript", "icon.svg": "image/svg+xml"}


@router.get("/")
def front(request: Request) -> Response:
    """Sign in with ``?token=`` and go to ``next`` in this site, or to the board."""
    access: Access = request.app.state.access
    root: str = request.app.state.context_path
    token = request.query_params.get("token")
    if token is None and access.session(request.cookies.get(access.cookie)) is not None:
        return RedirectResponse(f"{root}/projects", 303, HEADERS)
    name = None if token is None else access.by_token(token.strip())
    if name is None:
        return sign_in_page(request, wrong=token is not None)
    answer = RedirectResponse(root + _local(request.query_params.get("next", "")), 303, HEADERS)
    cookie = access.open_session(name)
    answer.set_cookie(access.cookie, cookie, path=root or "/", httponly=True, samesite="strict")
    log.info("%s signed in with a browser", name)
    return answer


def sign_in_page(request: Request, *, wrong: bool) -> Response:
    """Ask for a token."""
    root = request.app.state.context_path
    page = render("signin.html", visit=None, root=root, title="Sign in", wrong=wrong)
    return HTMLResponse(page, 401, HEADERS)


@router.get("/static/{name}")
def static(name: str) -> Response:
    """Style, script and icon."""
    if name not in STATIC:
        raise JiraError(404, "No such file.")
    return Response((PAGES / name).read_bytes(), media_type=STATIC[name], headers=HEADERS)


@router.get("/projects")
def projects(visit: Visiting) -> Response:
    """All projects; with only one, its board."""
    found = browsable(visit.site.config, visit.user)
    if len(found) == 1:
        return visit.to(f"/projects/{found[0].key}/board")
    return visit.page("projects.html", "Projects", projects=found)


@router.get("/projects/{key}/board")
def board(visit: Visiting, key: str) -> Response:
    """The board of a project."""
    project = visit.site.config.project(key)
    if project is None or not may(visit.site.config, visit.user, "BROWSE_PROJECTS", project):
        raise JiraError(404, f"No project could be found with key '{key}'.")
    cards = view.board(visit.site, visit.user, project)
    return visit.page("board.html", project.name, hue=view.hue, board=cards)


@router.get("/browse/{key}")
def browse(visit: Visiting, key: str) -> Response:
    """The page of an issue."""
    issue = visit.issue(key)
    return _issue_page(visit, issue)


@router.get("/changes.json")
def changes(visit: Visiting) -> Response:
    """A number that moves when something was written."""
    return JSONResponse({"changes": visit.site.store.changes}, headers=HEADERS)


@router.post("/browse/{key}/move")
def move(visit: Visiting, form: Posted, key: str) -> Response:
    """Make a transition: the operation behind REST's ``transitions``."""
    issue = visit.issue(key)
    number = form.get("transition") or _leading_to(visit, issue, form.get("status", ""))
    statusscheme.move(visit.site, visit.user, issue, {"transition": {"id": number}})
    if "application/json" in visit.request.headers.get("accept", ""):
        return Response(status_code=204)
    return visit.to(f"/browse/{issue.key}")


@router.post("/browse/{key}/comment")
def comment(visit: Visiting, form: Posted, key: str) -> Response:
    """Write a comment."""
    issue = visit.issue(key, "ADD_COMMENTS")
    body = form.get("body", "").replace("\r\n", "\n")
    comments.add(visit.site, visit.user, issue.id, {"body": body})
    return visit.to(f"/browse/{issue.key}#comments")


@router.post("/act-as")
def act_as(visit: Visiting, form: Posted) -> Response:
    """Act as another user from now on."""
    chosen = visit.site.config.user(form.get("user", ""))
    if chosen is None:
        raise JiraError(404, "There is no such user.")
    visit.access.act_as(visit.request.cookies[visit.access.cookie], chosen.name)
    return visit.to(_local(form.get("back", "")))


@router.get("/browse/{key}/file/{number}")
def download(visit: Visiting, key: str, number: str) -> Response:
    """An attachment, for the browser."""
    found = attachments.find(visit.site, number)
    if found.issue != visit.issue(key).id:
        raise JiraError(404, "The attachment belongs to another issue.")
    return file_answer(found, attachments.content(visit.site, found))


def _issue_page(visit: Visit, issue: Issue) -> Response:
    values = view.issue_page(visit.site, visit.user, visit.shapes, issue)
    return visit.page("issue.html", f"{issue.key} {issue.values['summary']}", hue=view.hue, **values)


def _leading_to(visit: Visit, issue: Issue, status: str) -> str:
    """The transition for a card that was dropped on a column: one that is possible, if there is one."""
    leading = [one for one in issue.project.transitions if str(one.to.id) == status]
    possible = [one for one in leading if one in statusscheme.available(visit.site, visit.user, issue)]
    if not leading:
        raise JiraError(400, f"No transition of {issue.project.key} leads there.")
    return str((possible or leading)[0].id)


def _local(path: str) -> str:
    """A path of this site to go back to; nothing that another host could be."""
    return path if path.startswith("/") and not path.startswith("//") and "\\" not in path else "/projects"
