"""The addresses of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from cmbot.sandbox.jira import archiving, attachments, statusscheme, views
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import may_open
from cmbot.sandbox.jira.rest.files import file_answer

from . import lanes, view
from .templates import PAGES
from .visit import HEADERS, Posted, Visit, Visiting

if TYPE_CHECKING:
    from cmbot.sandbox.jira.configuration import Project
    from cmbot.sandbox.jira.issues import Issue

router = APIRouter()
STATIC = {"style.css": "text/css", "board.js": "text/javascript", "icon.svg": "image/svg+xml"}


@router.get("/static/{name}")
def static(name: str) -> Response:
    """Style, script and icon."""
    if name not in STATIC:
        raise JiraError(404, "No such file.")
    return Response((PAGES / name).read_bytes(), media_type=STATIC[name], headers=HEADERS)


@router.get("/projects")
def projects(visit: Visiting) -> Response:
    """All projects with their leads and how many issues they have."""
    sql = "SELECT project_id, COUNT(*) AS n FROM issues WHERE archived IS NULL GROUP BY project_id"
    counts = {row["project_id"]: row["n"] for row in visit.site.store.rows(sql)}
    config = visit.site.config
    archived = [
        one
        for one in config.projects.values()
        if one.archived is not None and may_open(config, visit.user, one)
    ]
    return visit.page(
        "projects.html", "Projects", counts=counts, people=config.users, hue=view.hue, archived=archived
    )


@router.post("/projects/{key}/restore")
def restore(visit: Visiting, form: Posted, key: str) -> Response:
    """Restore a project that is archived."""
    del form
    archiving.turn_project(visit.site, visit.user, _project(visit, key), archived=False)
    return visit.to(f"/projects/{key}/board")


@router.get("/projects/{key}/board")
def board(visit: Visiting, key: str) -> Response:
    """The board of a project."""
    project = _project(visit, key)
    cards = lanes.board(visit.site, visit.user, project)
    return visit.page("board.html", project.name, hue=view.hue, board=cards)


def _project(visit: Visit, key: str) -> Project:
    project = visit.site.config.project(key)
    if project is None or not may_open(visit.site.config, visit.user, project):
        raise JiraError(404, f"No project could be found with key '{key}'.")
    return project


@router.get("/browse/{key}")
def browse(visit: Visiting, key: str) -> Response:
    """The page of an issue; a script that refreshes it does not look at it."""
    issue = visit.issue(key)
    if visit.request.headers.get("sec-fetch-dest", "document") == "document":
        views.look(visit.site, visit.user, issue)
    return _issue_page(visit, issue)


@router.get("/changes.json")
def changes(visit: Visiting) -> Response:
    """A number that moves when something was written."""
    return JSONResponse({"changes": visit.site.store.changes}, headers=HEADERS)


@router.post("/browse/{key}/move")
def move(visit: Visiting, form: Posted, key: str) -> Response:
    """Make a transition: the operation behind REST's ``transitions``."""
    issue = visit.issue(key)
    number = form.get("transition") or _leading_to(visit, issue, form.get("status"))
    if _asks_first(visit, issue, number):
        path = f"/browse/{issue.key}/transition/{number}"
        return JSONResponse({"screen": path}) if _is_script(visit) else visit.to(path)
    statusscheme.move(visit.site, visit.user, issue, {"transition": {"id": number}})
    if _is_script(visit):
        return Response(status_code=204)
    return visit.to(f"/browse/{issue.key}")


@router.get("/browse/{key}/file/{number}")
def download(visit: Visiting, key: str, number: str) -> Response:
    """An attachment, for the browser."""
    found = attachments.find(visit.site, number)
    if found.issue != visit.issue(key).id:
        raise JiraError(404, "The attachment belongs to another issue.")
    return file_answer(found, attachments.content(visit.site, found))


def _is_script(visit: Visit) -> bool:
    return "application/json" in visit.request.headers.get("accept", "")


def _asks_first(visit: Visit, issue: Issue, number: str) -> bool:
    """Whether a transition that is possible has a screen."""
    possible = statusscheme.available(visit.site, visit.user, issue)
    return any(str(one.id) == number and one.screen for one in possible)


def _issue_page(visit: Visit, issue: Issue) -> Response:
    values = view.issue_page(visit.site, visit.user, visit.shapes, issue)
    return visit.page("issue.html", f"{issue.key} {issue.values['summary']}", hue=view.hue, **values)


def _leading_to(visit: Visit, issue: Issue, status: str) -> str:
    """The transition for a card that was dropped on a column: one that is possible, if there is one."""
    leading = [one for one in issue.project.status_scheme.transitions if str(one.to.id) == status]
    possible = [one for one in leading if one in statusscheme.available(visit.site, visit.user, issue)]
    if not leading:
        raise JiraError(400, f"No transition of {issue.project.key} leads there.")
    return str((possible or leading)[0].id)
