"""Project roles, and the schemes that projects follow."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import permissionschemes, projects, projectshapes, roles
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import administer, in_level, need
from cmbot.sandbox.jira.projectshapes import GROUP_ACTOR, USER_ACTOR

from .call import Call, SignedIn, answer, nothing
from .setup import find_project

router = APIRouter()
# For clients that read it before they create a project.
NOTIFICATIONS = {
    "id": 10000,
    "name": "Default Notification Scheme",
    "description": "The sandbox sends no mail.",
    "expand": "notificationSchemeEvents,user,group,projectRole,field,all",
}
_EVENTS = {
    1: "Issue created",
    2: "Issue updated",
    3: "Issue assigned",
    4: "Issue resolved",
    6: "Issue commented",
}
_TOLD = ("CurrentAssignee", "Reporter", "AllWatchers")


@router.get("/role")
def all_roles(call: Call) -> Response:
    """The roles that every project has."""
    return answer([projectshapes.role(call.shapes, one) for one in call.site.config.roles.values()])


@router.post("/role")
def add_role(call: Call) -> Response:
    """Add a role."""
    number = roles.put_role(call.site, call.user, call.object, None)
    return answer(projectshapes.role(call.shapes, roles.role(call.site, str(number))), 200)


@router.get("/role/{number}")
def one_role(call: Call, number: str) -> Response:
    """One role."""
    return answer(projectshapes.role(call.shapes, roles.role(call.site, number)))


@router.put("/role/{number}")
def change_role(call: Call, number: str) -> Response:
    """Change a role."""
    roles.put_role(call.site, call.user, call.object, roles.role(call.site, number))
    return answer(projectshapes.role(call.shapes, roles.role(call.site, number)))


@router.delete("/role/{number}")
def delete_role(call: Call, number: str) -> Response:
    """Delete a role."""
    roles.drop_role(call.site, call.user, roles.role(call.site, number))
    return nothing()


@router.get("/project/{key}/role")
def project_roles(call: Call, key: str) -> Response:
    """The addresses of a project's roles by name."""
    place = find_project(call, key)
    found = call.site.config.roles.values()
    return answer({one.name: call.shapes.link(f"project/{place.id}/role/{one.id}") for one in found})


@router.get("/project/{key}/role/{number}")
def members(call: Call, key: str, number: str) -> Response:
    """Who has a role in a project."""
    place = find_project(call, key)
    return answer(projectshapes.role(call.shapes, roles.role(call.site, number), place))


@router.post("/project/{key}/role/{number}")
def add_members(call: Call, key: str, number: str) -> Response:
    """Add people or groups to a role in a project."""
    sent = {kind: _names(call.object.get(kind)) for kind in ("user", "group")}
    return _set_members(call, key, number, sent, whole=False)


@router.put("/project/{key}/role/{number}")
def set_members(call: Call, key: str, number: str) -> Response:
    """Replace all who have a role in a project."""
    actors = call.object.get("categorisedActors")
    if not isinstance(actors, dict):
        raise JiraError(400, "'categorisedActors' is expected.")
    sent = {"user": _names(actors.get(USER_ACTOR)), "group": _names(actors.get(GROUP_ACTOR))}
    return _set_members(call, key, number, sent, whole=True)


@router.delete("/project/{key}/role/{number}")
def remove_member(call: Call, key: str, number: str) -> Response:
    """Take a person or a group out of a role in a project."""
    kind = "user" if call.text("user") else "group"
    place, one = find_project(call, key), roles.role(call.site, number)
    roles.drop_member(call.site, call.user, place, one, kind, call.text(kind))
    return nothing()


@router.get("/permissionscheme")
def schemes(call: Call) -> Response:
    """All permission schemes."""
    whole = bool(set(call.words("expand")) & {"permissions", "all"})
    found = call.site.config.permission_schemes.values()
    return answer(
        {"permissionSchemes": [projectshapes.scheme(call.shapes, one, whole=whole) for one in found]}
    )


@router.post("/permissionscheme")
def add_scheme(call: Call) -> Response:
    """Add a permission scheme."""
    number = permissionschemes.add_scheme(call.site, call.user, call.object)
    return answer(_scheme(call, str(number)), 201)


@router.get("/permissionscheme/{number}")
def scheme(call: Call, number: str) -> Response:
    """One permission scheme."""
    return answer(_scheme(call, number))


@router.delete("/permissionscheme/{number}")
def delete_scheme(call: Call, number: str) -> Response:
    """Delete a permission scheme that no project uses."""
    permissionschemes.drop_scheme(call.site, call.user, permissionschemes.scheme(call.site, number))
    return nothing()


@router.get("/permissionscheme/{number}/permission")
def grants(call: Call, number: str) -> Response:
    """What a permission scheme grants."""
    return answer({"permissions": _scheme(call, number)["permissions"], "expand": "user,group,projectRole"})


@router.post("/permissionscheme/{number}/permission")
def add_grant(call: Call, number: str) -> Response:
    """Grant a permission."""
    one = permissionschemes.scheme(call.site, number)
    made = permissionschemes.add_grant(call.site, call.user, one, call.object)
    found = next(g for g in permissionschemes.scheme(call.site, number).grants if g.id == made)
    return answer(projectshapes.grant(call.shapes, one, found), 201)


@router.delete("/permissionscheme/{number}/permission/{grant}")
def delete_grant(call: Call, number: str, grant: str) -> Response:
    """Take a grant back."""
    permissionschemes.drop_grant(call.site, call.user, permissionschemes.scheme(call.site, number), grant)
    return nothing()


@router.get("/project/{key}/permissionscheme")
def project_scheme(call: Call, key: str) -> Response:
    """The permission scheme of a project, for who administers it."""
    place = find_project(call, key)
    need(call.site.config, call.user, "ADMINISTER_PROJECTS", place)
    one = call.site.config.permission_schemes[place.permission_scheme]
    return answer(projectshapes.scheme(call.shapes, one, whole="permissions" in call.words("expand")))


@router.put("/project/{key}/permissionscheme")
def set_project_scheme(call: Call, key: str) -> Response:
    """Let a project follow another permission scheme."""
    sent = {"permissionScheme": call.object.get("id")}
    projects.change(call.site, call.user, find_project(call, key), sent)
    return project_scheme(call, key)


@router.get("/notificationscheme")
def notification_schemes(call: Call) -> Response:
    """The one notification scheme."""
    page = {"maxResults": 50, "startAt": 0, "total": 1, "isLast": True}
    return answer({**page, "values": [_notifications(call)]})


@router.get("/notificationscheme/{number}")
def notification_scheme(call: Call, number: str) -> Response:
    """A notification scheme."""
    if number != str(NOTIFICATIONS["id"]):
        raise JiraError(404, f"The notification scheme with id {number} does not exist.")
    return answer(_notifications(call))


@router.get("/project/{key}/notificationscheme")
def project_notifications(call: Call, key: str) -> Response:
    """The notification scheme of a project."""
    find_project(call, key)
    return answer(_notifications(call))


@router.get("/issuesecurityschemes")
def security_schemes(call: Call) -> Response:
    """All issue security schemes."""
    administer(call.user, "see issue security schemes")
    found = call.site.config.security_schemes.values()
    return answer({"issueSecuritySchemes": [projectshapes.security(call.shapes, one) for one in found]})


@router.get("/issuesecurityschemes/{number}")
def security_scheme(call: Call, number: str) -> Response:
    """An issue security scheme with its levels."""
    administer(call.user, "see issue security schemes")
    for one in call.site.config.security_schemes.values():
        if str(one.id) == number:
            return answer(projectshapes.security(call.shapes, one, whole=True))
    raise JiraError(404, f"The issue security scheme with id {number} does not exist.")


@router.get("/securitylevel/{number}")
def security_level(call: Call, number: str) -> Response:
    """A level of issue security."""
    for one in call.site.config.security_schemes.values():
        for level in one.levels:
            if str(level.id) == number:
                return answer(call.shapes.security_level(level))
    raise JiraError(404, f"The security level with id '{number}' does not exist.")


@router.get("/project/{key}/securitylevel")
def security_levels(call: Call, key: str) -> Response:
    """The levels of issue security of a project that the caller is in."""
    place = find_project(call, key)
    mine = [one for one in place.levels if in_level(call.site.config, call.user, place, one)]
    return answer({"levels": [call.shapes.security_level(one) for one in mine]})


@router.get("/project/{key}/issuesecuritylevelscheme")
def project_security(call: Call, key: str) -> Response:
    """The issue security scheme of a project, for who administers it."""
    place = find_project(call, key)
    need(call.site.config, call.user, "ADMINISTER_PROJECTS", place)
    if place.security is None:
        raise JiraError(404, f"No issue security scheme is set for project '{place.key}'.")
    return answer(projectshapes.security(call.shapes, place.security, whole=True))


def _set_members(
    call: SignedIn, key: str, number: str, sent: dict[str, list[str]], *, whole: bool
) -> Response:
    place, one = find_project(call, key), roles.role(call.site, number)
    roles.set_members(call.site, call.user, place, one, sent, whole=whole)
    # not looked for again: the caller may have given away the right to see it
    return answer(projectshapes.role(call.afresh, one, call.site.config.projects[place.id]))


def _scheme(call: SignedIn, number: str) -> dict[str, Any]:
    return projectshapes.scheme(call.shapes, permissionschemes.scheme(call.site, number), whole=True)


def _notifications(call: SignedIn) -> dict[str, Any]:
    """The scheme, with who is told of what if that is asked."""
    found = {**NOTIFICATIONS, "self": call.shapes.link(f"notificationscheme/{NOTIFICATIONS['id']}")}
    if not set(call.words("expand")) & {"all", "notificationSchemeEvents"}:
        return found
    told = [{"id": number, "notificationType": kind} for number, kind in enumerate(_TOLD, start=1)]
    events = [
        {"event": {"id": number, "name": name, "description": ""}, "notifications": told}
        for number, name in _EVENTS.items()
    ]
    return {**found, "notificationSchemeEvents": events}


def _names(raw: Any) -> list[str]:
    if raw is None:
        return []
    if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
        raise JiraError(400, "A list of names is expected.")
    return raw
