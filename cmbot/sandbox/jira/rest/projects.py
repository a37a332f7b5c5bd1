"""Projects: create, change, delete; components, versions and categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import projectcontents, projects, projectshapes
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import may, may_open

from .call import Call, SignedIn, answer, nothing
from .setup import find_project

if TYPE_CHECKING:
    from cmbot.sandbox.jira.configuration import Project
    from cmbot.sandbox.jira.projectparts import Component, Version
    from cmbot.sandbox.jira.shapes import Json

router = APIRouter()


@router.get("/project")
def listed(call: Call) -> Response:
    """All projects; with ``includeArchived`` also those, if the caller can open them."""
    config, archived = call.site.config, call.flag("includeArchived")
    found = [
        call.shapes.project(one)
        for one in config.projects.values()
        if may_open(config, call.user, one) and (archived or one.archived is None)
    ]
    return answer(found)


@router.post("/project")
def create(call: Call) -> Response:
    """Make a project."""
    made = projects.create(call.site, call.user, call.object)
    found = {"self": call.shapes.link(f"project/{made.id}"), "id": made.id, "key": made.key}
    return answer(found, 201)


@router.put("/project/{key}")
def change(call: Call, key: str) -> Response:
    """Change what a project says of itself."""
    changed = projects.change(call.site, call.user, find_project(call, key), call.object)
    return answer(call.afresh.project_details(changed))


@router.delete("/project/{key}")
def delete(call: Call, key: str) -> Response:
    """Delete a project with all its issues."""
    projects.delete(call.site, call.user, find_project(call, key))
    return nothing()


@router.get("/project/{key}/components")
def components(call: Call, key: str) -> Response:
    """The components of a project."""
    place = find_project(call, key)
    return answer([projectshapes.component(call.shapes, place, one) for one in place.components])


@router.post("/component")
def add_component(call: Call) -> Response:
    """Add a component."""
    place = _named_project(call)
    number = projectcontents.put_component(call.site, call.user, place, call.object, None)
    return answer(_component(call, str(number)), 201)


@router.get("/component/{number}")
def component(call: Call, number: str) -> Response:
    """One component."""
    _visible_component(call, number)
    return answer(_component(call, number))


@router.put("/component/{number}")
def change_component(call: Call, number: str) -> Response:
    """Change a component."""
    place, one = _visible_component(call, number)
    projectcontents.put_component(call.site, call.user, place, call.object, one)
    return answer(_component(call, number))


@router.delete("/component/{number}")
def delete_component(call: Call, number: str) -> Response:
    """Delete a component; ``moveIssuesTo`` names what its issues get instead."""
    place, one = _visible_component(call, number)
    instead = call.text("moveIssuesTo")
    other = projectcontents.component(call.site, instead)[1].id if instead else None
    projectcontents.drop(call.site, call.user, place, "components", one.id, other)
    return nothing()


@router.get("/component/{number}/relatedIssueCounts")
def component_issues(call: Call, number: str) -> Response:
    """How many issues have a component."""
    place, one = _visible_component(call, number)
    count = projectcontents.count(call.site, place, ("components",), one.id)
    return answer({"self": call.shapes.link(f"component/{one.id}"), "issueCount": count})


@router.get("/project/{key}/versions")
def versions(call: Call, key: str) -> Response:
    """The versions of a project."""
    place = find_project(call, key)
    return answer([projectshapes.version(call.shapes, place, one) for one in place.versions])


@router.get("/project/{key}/version")
def versions_page(call: Call, key: str) -> Response:
    """The versions of a project, page by page."""
    place = find_project(call, key)
    start, most = max(0, call.number("startAt", 0)), max(1, call.number("maxResults", 50))
    found = [projectshapes.version(call.shapes, place, one) for one in place.versions]
    return answer(
        {
            "self": call.shapes.link(f"project/{place.id}/version?maxResults={most}&startAt={start}"),
            "maxResults": most,
            "startAt": start,
            "total": len(found),
            "isLast": start + most >= len(found),
            "values": found[start : start + most],
        }
    )


@router.post("/version")
def add_version(call: Call) -> Response:
    """Add a version."""
    place = _named_project(call)
    number = projectcontents.put_version(call.site, call.user, place, call.object, None)
    return answer(_version(call, str(number)), 201)


@router.get("/version/{number}")
def version(call: Call, number: str) -> Response:
    """One version."""
    _visible_version(call, number)
    return answer(_version(call, number))


@router.get("/version/{number}/relatedIssueCounts")
def version_issues(call: Call, number: str) -> Response:
    """How many issues are fixed in a version, and how many are affected by it."""
    place, one = _visible_version(call, number)
    fixed, affected = (
        projectcontents.count(call.site, place, (field,), one.id) for field in ("fixVersions", "versions")
    )
    return answer(
        {
            "self": call.shapes.link(f"version/{one.id}"),
            "issuesFixedCount": fixed,
            "issuesAffectedCount": affected,
            "issueCountWithCustomFieldsShowingVersion": 0,
            "customFieldUsage": [],
        }
    )


@router.get("/version/{number}/unresolvedIssueCount")
def unresolved_issues(call: Call, number: str) -> Response:
    """How many of the issues of a version are not resolved."""
    place, one = _visible_version(call, number)
    fields = ("fixVersions", "versions")
    return answer(
        {
            "self": call.shapes.link(f"version/{one.id}"),
            "issuesUnresolvedCount": projectcontents.count(call.site, place, fields, one.id, unresolved=True),
            "issuesCount": projectcontents.count(call.site, place, fields, one.id),
        }
    )


@router.put("/version/{number}")
def change_version(call: Call, number: str) -> Response:
    """Change a version."""
    place, one = _visible_version(call, number)
    projectcontents.put_version(call.site, call.user, place, call.object, one)
    return answer(_version(call, number))


@router.delete("/version/{number}")
def delete_version(call: Call, number: str) -> Response:
    """Delete a version; ``moveFixIssuesTo`` names what its issues get instead."""
    place, one = _visible_version(call, number)
    instead = call.text("moveFixIssuesTo") or call.text("moveAffectedIssuesTo")
    other = projectcontents.version(call.site, instead)[1].id if instead else None
    projectcontents.drop(call.site, call.user, place, "versions", one.id, other)
    return nothing()


@router.get("/projectCategory")
def categories(call: Call) -> Response:
    """What projects can be filed under."""
    found = call.site.config.categories.values()
    return answer([projectshapes.category(call.shapes, one) for one in found])


@router.post("/projectCategory")
def add_category(call: Call) -> Response:
    """Add a project category."""
    number = projectcontents.put_category(call.site, call.user, call.object, None)
    return answer(_category(call, str(number)), 201)


@router.get("/projectCategory/{number}")
def category(call: Call, number: str) -> Response:
    """One project category."""
    return answer(_category(call, number))


@router.put("/projectCategory/{number}")
def change_category(call: Call, number: str) -> Response:
    """Change a project category."""
    one = projectcontents.category(call.site, number)
    projectcontents.put_category(call.site, call.user, call.object, one)
    return answer(_category(call, number))


@router.delete("/projectCategory/{number}")
def delete_category(call: Call, number: str) -> Response:
    """Delete a project category."""
    projectcontents.drop_category(call.site, call.user, projectcontents.category(call.site, number))
    return nothing()


def _named_project(call: SignedIn) -> Project:
    raw: Any = call.object.get("project") or call.object.get("projectId")
    if raw is None:
        raise JiraError(400, errors={"project": "Project must be specified."})
    return find_project(call, str(raw))


def _visible_component(call: SignedIn, number: str) -> tuple[Project, Component]:
    place, one = projectcontents.component(call.site, number)
    if not may(call.site.config, call.user, "BROWSE_PROJECTS", place):
        raise JiraError(404, f"The component with id {number} does not exist.")
    return place, one


def _visible_version(call: SignedIn, number: str) -> tuple[Project, Version]:
    place, one = projectcontents.version(call.site, number)
    if not may(call.site.config, call.user, "BROWSE_PROJECTS", place):
        raise JiraError(404, f"Could not find version for id '{number}'")
    return place, one


def _component(call: SignedIn, number: str) -> Json:
    return projectshapes.component(call.afresh, *projectcontents.component(call.site, number))


def _version(call: SignedIn, number: str) -> Json:
    return projectshapes.version(call.afresh, *projectcontents.version(call.site, number))


def _category(call: SignedIn, number: str) -> Json:
    return projectshapes.category(call.shapes, projectcontents.category(call.site, number))
