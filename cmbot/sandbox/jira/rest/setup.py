"""What an administrator set up: fields, projects, types, statuses, create metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from cmbot.sandbox.jira.configuration import PRIORITIES, RESOLUTIONS, IssueType, Project
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import may_open
from cmbot.sandbox.jira.screens import edit_screen, permitted, required
from cmbot.sandbox.jira.statusparts import CATEGORIES

from .call import Call, SignedIn, answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.sandbox.jira.shapes import Json

router = APIRouter()


@router.get("/field")
def fields(call: Call) -> Response:
    """All fields."""
    return answer([call.shapes.field(field) for field in call.site.config.fields.values()])


@router.get("/project/{key}")
def project(call: Call, key: str) -> Response:
    """One project."""
    return answer(call.shapes.project_details(find_project(call, key)))


@router.get("/project/{key}/statuses")
def project_statuses(call: Call, key: str) -> Response:
    """The statuses of each issue type of a project."""
    found = find_project(call, key)
    statuses = [call.shapes.status(status) for status in found.status_scheme.statuses()]
    return answer(
        [
            {
                "self": call.shapes.link(f"issuetype/{kind.id}"),
                "id": str(kind.id),
                "name": kind.name,
                "subtask": kind.subtask,
                "statuses": statuses,
            }
            for kind in found.issue_types
        ]
    )


@router.get("/issuetype")
def issue_types(call: Call) -> Response:
    """All issue types."""
    return answer([call.shapes.issue_type(kind) for kind in call.site.config.issue_types.values()])


@router.get("/status")
def statuses(call: Call) -> Response:
    """All statuses."""
    return answer([call.shapes.status(status) for status in call.site.config.statuses.values()])


@router.get("/status/{name}")
def status(call: Call, name: str) -> Response:
    """One status by name or number."""
    for found in call.site.config.statuses.values():
        if name in (found.name, str(found.id)):
            return answer(call.shapes.status(found))
    raise JiraError(404, f"The status with id '{name}' does not exist")


@router.get("/statuscategory")
def status_categories(call: Call) -> Response:
    """All status categories."""
    return answer([call.shapes.category(category) for category in CATEGORIES.values()])


@router.get("/priority")
def priorities(call: Call) -> Response:
    """All priorities."""
    return answer([call.shapes.named("priority", number, name) for number, name in PRIORITIES.items()])


@router.get("/resolution")
def resolutions(call: Call) -> Response:
    """All resolutions."""
    return answer([call.shapes.named("resolution", number, name) for number, name in RESOLUTIONS.items()])


@router.get("/priority/{number}")
def priority(call: Call, number: str) -> Response:
    """One priority."""
    return _one_of(call, "priority", number, PRIORITIES)


@router.get("/resolution/{number}")
def resolution(call: Call, number: str) -> Response:
    """One resolution."""
    return _one_of(call, "resolution", number, RESOLUTIONS)


def _one_of(call: SignedIn, what: str, number: str, table: Mapping[str, str]) -> Response:
    if number not in table:
        raise JiraError(404, f"The {what} with id '{number}' does not exist")
    return answer(call.shapes.named(what, number, table[number]))


@router.get("/issueLinkType")
def link_types(call: Call) -> Response:
    """All kinds of issue links."""
    found = [call.shapes.link_type(kind) for kind in call.site.config.link_types.values()]
    return answer({"issueLinkTypes": found})


@router.get("/issue/createmeta/{key}/issuetypes")
def creatable_types(call: Call, key: str) -> Response:
    """The issue types that can be created in a project."""
    found = [call.shapes.issue_type(kind) for kind in find_project(call, key, status=400).issue_types]
    return answer(_metadata(call, "issueTypes", found))


@router.get("/issue/createmeta/{key}/issuetypes/{number}")
def creatable_fields(call: Call, key: str, number: str) -> Response:
    """The fields of the create screen of one issue type."""
    place = find_project(call, key, status=400)
    kind = next((kind for kind in place.issue_types if str(kind.id) == number), None)
    if kind is None:
        raise JiraError(400, "The issue type selected is invalid.")
    return answer(_metadata(call, "fields", create_screen(call, place, kind)))


def find_project(call: SignedIn, key: str, status: int = 404) -> Project:
    """The project of that key or number."""
    found = call.site.config.project(key)
    if found is None or not may_open(call.site.config, call.user, found):
        raise JiraError(status, f"No project could be found with key '{key}'.")
    return found


def create_screen(call: SignedIn, place: Project, kind: IssueType) -> list[Json]:
    """The fields of the create screen of one issue type, with what must be chosen first."""
    config, shapes = call.site.config, call.shapes
    chosen = {"project": [shapes.project(place)], "issuetype": [shapes.issue_type(kind)]}
    found = []
    for name, allowed in chosen.items():
        field = shapes.field_metadata(config.fields[name], required=True)
        found.append({**field, "operations": ["set"], "allowedValues": allowed})
    if above := shapes.parent_metadata(kind):
        found.append(above)
    screen = permitted(config, call.user, place, None, edit_screen(config, place, kind)).values()
    return found + [shapes.field_metadata(field, required=required(field)) for field in screen]


def _metadata(call: SignedIn, name: str, values: list[Json]) -> Json:
    start, most = max(0, call.number("startAt", 0)), max(1, call.number("maxResults", 50))
    return call.shapes.metadata_page(name, values, start, most)
