"""serverInfo, myself, users, permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from cmbot.sandbox.jira import durations
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissionkeys import GLOBAL_PERMISSIONS, PERMISSIONS
from cmbot.sandbox.jira.permissions import can_be_assigned, may

from .call import Call, SignedIn, answer, base_url
from .people import assignable_to_all, memberships, who_may_see
from .setup import find_project

if TYPE_CHECKING:
    from cmbot.sandbox.jira.configuration import User
    from cmbot.sandbox.jira.shapes import Json
    from cmbot.sandbox.jira.site import Site

router = APIRouter()
application_links = APIRouter()


@router.get("/serverInfo")
def server_info(request: Request) -> Response:
    """What this server is; needs no credentials."""
    site: Site = request.app.state.site
    base = base_url(request)
    now = site.shapes(base, None).instant(site.store.now())
    return answer(site.flavour.server_info(base, str(now)))


@router.get("/configuration")
def configuration(call: Call) -> Response:
    """What is switched on."""
    del call
    return answer(
        {
            "votingEnabled": True,
            "watchingEnabled": True,
            "unassignedIssuesAllowed": True,
            "subTasksEnabled": True,
            "issueLinkingEnabled": True,
            "timeTrackingEnabled": True,
            "attachmentsEnabled": True,
            "timeTrackingConfiguration": {
                "workingHoursPerDay": durations.SECONDS["d"] / 3600,
                "workingDaysPerWeek": durations.SECONDS["w"] / durations.SECONDS["d"],
                "timeFormat": "pretty",
                "defaultUnit": "minute",
            },
        }
    )


@router.get("/myself")
def myself(call: Call) -> Response:
    """The caller."""
    return answer({**call.shapes.person(call.user), "locale": "en_US", **memberships(call, call.user)})


@router.get("/mypermissions")
def my_permissions(call: Call) -> Response:
    """What the caller may do: in a project, on an issue, or anywhere."""
    config, issue = call.site.config, None
    projects = list(config.projects.values())
    if named := call.text("issueKey") or call.text("issueId"):
        issue = call.issue(named)
        projects = [issue.project]
    elif named := call.text("projectKey") or call.text("projectId"):
        project = config.project(named)
        if project is None or not may(config, call.user, "BROWSE_PROJECTS", project):
            raise JiraError(404, f"No project could be found with key '{named}'.")
        projects = [project]
    held = {key: any(may(config, call.user, key, one, issue) for one in projects) for key in PERMISSIONS}
    held |= {key: call.user.admin or "ADMIN" not in key for key in GLOBAL_PERMISSIONS}
    if call.site.flavour.permissions_are_named and not call.text("permissions"):
        raise JiraError(400, "The 'permissions' query parameter is required.")
    wanted = call.words("permissions") or list(held)
    unknown = [key for key in wanted if key not in held]
    if unknown:
        raise JiraError(400, f"Unrecognized permission: {', '.join(unknown)}.")
    shown = {key: {**_permission(key), "havePermission": held[key]} for key in wanted}
    return answer({"permissions": shown})


@router.get("/permissions")
def permissions(call: Call) -> Response:
    """All permissions there are."""
    del call
    return answer({"permissions": {key: _permission(key) for key in [*PERMISSIONS, *GLOBAL_PERMISSIONS]}})


def _permission(key: str) -> Json:
    names = PERMISSIONS | GLOBAL_PERMISSIONS
    return {
        "id": str(list(names).index(key)),
        "key": key,
        "name": names[key],
        "type": "GLOBAL" if key in GLOBAL_PERMISSIONS else "PROJECT",
        "description": "",
    }


@router.get("/user")
def user(call: Call) -> Response:
    """One user by name or key."""
    name = call.text("username") or call.text("key")
    found = call.site.config.user(name)
    if found is None:
        raise JiraError(404, f"The user named '{name}' does not exist")
    expanded = memberships(call, found) if "groups" in call.words("expand") else {}
    return answer({**call.shapes.person(found), **expanded})


@router.get("/user/search")
def user_search(call: Call) -> Response:
    """Users whose name, display name or e-mail begins with the text; ``.`` finds everybody."""
    if not call.text("username"):
        raise JiraError(400, "The username query parameter was not provided")
    wanted = {True: call.flag("includeActive", default=True), False: call.flag("includeInactive")}
    return _people(call, [person for person in _matching(call) if wanted[person.active]])


@router.get("/user/assignable/search")
def assignable(call: Call) -> Response:
    """Users who can be given an issue, or the issues of a project."""
    issue = call.issue(call.text("issueKey")) if call.text("issueKey") else None
    if issue is None and not call.text("project"):
        raise JiraError(404, "A project or an issue key is expected.")
    place = find_project(call, call.text("project")) if issue is None else issue.project
    found = [one for one in _matching(call) if can_be_assigned(call.site.config, one, place, issue)]
    return _people(call, found)


@router.get("/user/assignable/multiProjectSearch")
def assignable_everywhere(call: Call) -> Response:
    """Users who can be given issues in each of several projects."""
    return _people(call, assignable_to_all(call, _matching(call)))


@router.get("/user/viewissue/search")
def viewers(call: Call) -> Response:
    """Users who may see an issue, or the issues of a project."""
    return _people(call, who_may_see(call, _matching(call)))


def _matching(call: SignedIn) -> list[User]:
    wanted = call.text("username").casefold()
    return [
        person
        for person in call.site.config.users.values()
        if wanted in (".", "%")
        or any(
            word.casefold().startswith(wanted)
            for word in (person.name, person.email, person.display_name, *person.display_name.split())
        )
    ]


def _people(call: SignedIn, found: list[User]) -> Response:
    start = max(0, call.number("startAt", 0))
    chosen = found[start : start + max(0, call.number("maxResults", 50))]
    return answer([call.shapes.user(person.name) for person in chosen])


@application_links.get("/rest/applinks/latest/listApplicationlinks")
def no_application_links(call: Call) -> Response:
    """The links to other Atlassian products, of which there are none; clients ask before a remote link."""
    if not call.user.admin:
        raise JiraError(403, "Only administrators may see application links.")
    return answer({"list": []})
