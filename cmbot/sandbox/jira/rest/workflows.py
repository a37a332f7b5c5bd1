"""Status schemes under Jira's name for them: workflows, and the schemes by which projects follow them.

Every status scheme has a workflow scheme of its own, with the same number, that gives it to all issue types.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import projects, workflowcreation
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import administer
from cmbot.sandbox.jira.workflowcreation import CATEGORY_WORDS, REQUIRED_RULE, ROLES_RULE, SCREEN_RULE

from .call import Call, SignedIn, answer, nothing
from .paging import bean
from .search import words_of
from .setup import find_project

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmbot.sandbox.jira.shapes import Json
    from cmbot.sandbox.jira.statusparts import Status, StatusScheme, Transition

router = APIRouter()
cloud = APIRouter()
INITIAL = "1"
"""Id of the transition by which issues begin; the numbers of the others are greater."""


@router.get("/workflow")
def workflows(call: Call) -> Response:
    """All status schemes, or the one of a name."""
    named = call.text("workflowName")
    found = [
        {
            "name": one.name,
            "description": one.description,
            "steps": len(one.statuses()),
            "default": False,
        }
        for one in call.site.config.status_schemes.values()
        if named in ("", one.name)
    ]
    return answer(found)


@cloud.get("/workflow/search")
def search(call: Call) -> Response:
    """Status schemes by name, page by page."""
    administer(call.user, "see workflows")
    names, text, expand = (
        call.words("workflowName"),
        call.text("queryString").casefold(),
        call.words("expand"),
    )
    found = [
        _summary(call, one, expand)
        for one in call.site.config.status_schemes.values()
        if (not names or one.name in names) and text in one.name.casefold()
    ]
    return answer(bean(call, found))


@cloud.post("/workflows")
def read(call: Call) -> Response:
    """Status schemes by name, id, or project and issue type."""
    asked = call.object
    names, ids = words_of(asked, "workflowNames"), words_of(asked, "workflowIds")
    pairs = asked.get("projectAndIssueTypes") or []
    if not isinstance(pairs, list) or not all(isinstance(one, dict) for one in pairs):
        raise JiraError(400, "'projectAndIssueTypes' must be a list of objects.")
    places = [find_project(call, str(one.get("projectId")), 400).status_scheme for one in pairs]
    if not (names or ids or places):
        raise JiraError(400, "Provide one of 'workflowNames', 'workflowIds' or 'projectAndIssueTypes'.")
    found = [
        one
        for one in call.site.config.status_schemes.values()
        if one.name in names or _entity(one) in ids or one in places
    ]
    return answer(_documents(found))


@cloud.post("/workflows/create")
def create(call: Call) -> Response:
    """Make status schemes, with the statuses that are new."""
    return answer(_documents(workflowcreation.create(call.site, call.user, call.object)))


@cloud.get("/workflowscheme")
def schemes(call: Call) -> Response:
    """The schemes by which projects follow status schemes."""
    administer(call.user, "see workflow schemes")
    return answer(bean(call, [_scheme(call, one) for one in call.site.config.status_schemes.values()]))


@cloud.get("/workflowscheme/project")
def schemes_of_projects(call: Call) -> Response:
    """Which scheme each project follows."""
    administer(call.user, "see workflow schemes")
    numbers = call.words("projectId")
    if not numbers:
        raise JiraError(400, "The projectId query parameter was not provided")
    found: dict[int, list[str]] = {}
    for number in numbers:
        place = find_project(call, number, 400)
        found.setdefault(place.status_scheme.id, []).append(str(place.id))
    schemes = call.site.config.status_schemes
    values = [
        {"projectIds": several, "workflowScheme": _scheme(call, schemes[number])}
        for number, several in found.items()
    ]
    return answer({"values": values})


@cloud.put("/workflowscheme/project")
def follow(call: Call) -> Response:
    """Let a project without issues follow another scheme."""
    asked = call.object
    place = find_project(call, str(asked.get("projectId")), 400)
    projects.follow(call.site, call.user, place, asked.get("workflowSchemeId"))
    return nothing()


@cloud.get("/workflowscheme/{number}")
def scheme(call: Call, number: str) -> Response:
    """One scheme."""
    administer(call.user, "see workflow schemes")
    for one in call.site.config.status_schemes.values():
        if str(one.id) == number:
            return answer(_scheme(call, one))
    raise JiraError(404, f"The workflow scheme with id {number} was not found.")


def _entity(one: StatusScheme) -> str:
    """The id by which Cloud knows a workflow; the same in every store with this number."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"workflow {one.id}"))


def _scheme(call: SignedIn, one: StatusScheme) -> Json:
    return {
        "id": one.id,
        "name": f"{one.name} Scheme",
        "description": "",
        "defaultWorkflow": one.name,
        "issueTypeMappings": {},
        "self": call.shapes.link(f"workflowscheme/{one.id}"),
    }


def _summary(call: SignedIn, one: StatusScheme, expand: Iterable[str]) -> Json:
    parts: Json = {
        "transitions": [
            {"id": INITIAL, "name": "Create", "from": [], "to": str(one.initial.id), "type": "initial"},
            *map(_brief_transition, one.transitions),
        ],
        "statuses": [
            {"id": str(status.id), "name": status.name, "properties": {"issueEditable": True}}
            for status in one.statuses()
        ],
        "default": False,
        "schemes": [{"id": str(one.id), "name": f"{one.name} Scheme"}],
        "projects": [
            call.shapes.project(place)
            for place in call.site.config.projects.values()
            if place.status_scheme == one
        ],
    }
    shown = {"isDefault" if name == "default" else name: parts[name] for name in expand if name in parts}
    about = {"id": {"name": one.name, "entityId": _entity(one)}, "description": one.description}
    return {**about, **shown}


def _brief_transition(one: Transition) -> Json:
    found: Json = {
        "id": str(one.id),
        "name": one.name,
        "description": "",
        "from": [str(status.id) for status in one.sources],
        "to": str(one.to.id),
        "type": "directed" if one.sources else "global",
    }
    return found if one.screen_id is None else {**found, "screen": {"id": str(one.screen_id)}}


def _documents(several: list[StatusScheme]) -> Json:
    statuses = {status.id: status for one in several for status in one.statuses()}
    return {
        "statuses": [_status(status) for status in statuses.values()],
        "workflows": [_document(one) for one in several],
    }


def _status(status: Status) -> Json:
    return {
        "id": str(status.id),
        "name": status.name,
        "statusReference": str(status.id),
        "statusCategory": CATEGORY_WORDS[status.category.key],
        "description": "",
        "scope": {"type": "GLOBAL"},
    }


def _document(one: StatusScheme) -> Json:
    beginning = {"id": INITIAL, "name": "Create", "type": "INITIAL", "links": []}
    return {
        "id": _entity(one),
        "name": one.name,
        "description": one.description,
        "isEditable": True,
        "scope": {"type": "GLOBAL"},
        "version": {"id": _entity(one), "versionNumber": 1},
        "statuses": [
            {"statusReference": str(status.id), "deprecated": False, "properties": {}}
            for status in one.statuses()
        ],
        "transitions": [
            {**beginning, "description": "", "toStatusReference": str(one.initial.id), "properties": {}},
            *map(_transition, one.transitions),
        ],
    }


def _transition(one: Transition) -> Json:
    found: Json = {
        "id": str(one.id),
        "name": one.name,
        "type": "DIRECTED" if one.sources else "GLOBAL",
        "description": "",
        "toStatusReference": str(one.to.id),
        "links": [{"fromStatusReference": str(status.id)} for status in one.sources],
        "actions": [],
        "validators": [],
        "triggers": [],
        "properties": {},
    }
    if required := [item.field.id for item in one.screen if item.required]:
        about = {"ruleType": "fieldRequired", "fieldsRequired": ",".join(required)}
        found["validators"] = [{"ruleKey": REQUIRED_RULE, "parameters": about}]
    if one.roles:
        rule = {"ruleKey": ROLES_RULE, "parameters": {"roleIds": ",".join(map(str, one.roles))}}
        found["conditions"] = {"operation": "ALL", "conditions": [rule], "conditionGroups": []}
    if one.screen_id is not None:
        found["transitionScreen"] = {
            "ruleKey": SCREEN_RULE,
            "parameters": {"screenId": str(one.screen_id)},
        }
    return found
