"""Issue types and link types, and create metadata in one answer, which only Cloud still gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import kinds
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import browsable, may

from .call import Call, SignedIn, answer, nothing
from .setup import create_screen, find_project

if TYPE_CHECKING:
    from cmbot.sandbox.jira.configuration import IssueType, LinkType, Project
    from cmbot.sandbox.jira.shapes import Json

router = APIRouter()
cloud = APIRouter()


@router.post("/issuetype")
def add_issue_type(call: Call) -> Response:
    """Add an issue type."""
    number = kinds.add_issue_type(call.site, call.user, call.object)
    return answer(call.afresh.issue_type(call.site.config.issue_types[number]), 201)


@cloud.get("/issuetype/project")
def types_of_project(call: Call) -> Response:
    """The issue types of a project."""
    found = find_project(call, call.text("projectId")).issue_types
    return answer([call.shapes.issue_type(kind) for kind in found])


@router.get("/issuetype/{number}")
def issue_type(call: Call, number: str) -> Response:
    """One issue type."""
    for kind in call.site.config.issue_types.values():
        if str(kind.id) == number:
            return answer(call.shapes.issue_type(kind))
    raise JiraError(404, f"The issue type with id '{number}' does not exist")


@router.post("/issueLinkType")
def add_link_type(call: Call) -> Response:
    """Add a kind of issue link."""
    number = kinds.put_link_type(call.site, call.user, call.object, None)
    return answer(call.shapes.link_type(call.site.config.link_types[number]), 201)


@router.get("/issueLinkType/{number}")
def link_type(call: Call, number: str) -> Response:
    """One kind of issue link."""
    return answer(call.shapes.link_type(_link_type(call, number)))


@router.put("/issueLinkType/{number}")
def change_link_type(call: Call, number: str) -> Response:
    """Change a kind of issue link."""
    kinds.put_link_type(call.site, call.user, call.object, _link_type(call, number))
    return answer(call.shapes.link_type(_link_type(call, number)))


@router.delete("/issueLinkType/{number}")
def drop_link_type(call: Call, number: str) -> Response:
    """Delete a kind of issue link with all its links."""
    kinds.drop_link_type(call.site, call.user, _link_type(call, number))
    return nothing()


@cloud.get("/issue/createmeta")
def whole_metadata(call: Call) -> Response:
    """Create metadata of several projects in one answer."""
    config = call.site.config
    keys, numbers = call.words("projectKeys"), call.words("projectIds")
    found = [
        project
        for project in browsable(config, call.user)
        if may(config, call.user, "CREATE_ISSUES", project)
        and (not (keys or numbers) or project.key in keys or str(project.id) in numbers)
    ]
    return answer({"expand": "projects", "projects": [_project_metadata(call, project) for project in found]})


def _project_metadata(call: SignedIn, project: Project) -> Json:
    names, numbers = call.words("issuetypeNames"), call.words("issuetypeIds")
    shown = [
        kind
        for kind in project.issue_types
        if not (names or numbers) or kind.name in names or str(kind.id) in numbers
    ]
    brief = call.shapes.project(project)
    return {
        "expand": "issuetypes",
        **{name: brief[name] for name in ("self", "id", "key", "name", "avatarUrls")},
        "issuetypes": [_type_metadata(call, project, kind) for kind in shown],
    }


def _type_metadata(call: SignedIn, project: Project, kind: IssueType) -> Json:
    found = call.shapes.issue_type(kind)
    if "projects.issuetypes.fields" not in call.words("expand"):
        return found
    fields = create_screen(call, project, kind)
    return {
        **found,
        "expand": "fields",
        "fields": {field["fieldId"]: {**field, "key": field["fieldId"]} for field in fields},
    }


def _link_type(call: SignedIn, number: str) -> LinkType:
    for kind in call.site.config.link_types.values():
        if str(kind.id) == number:
            return kind
    raise JiraError(404, f"No issue link type with id '{number}' found.")
