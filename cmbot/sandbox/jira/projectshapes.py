"""Parts of projects as the JSON of Jira's REST."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from .configuration import Project
    from .grants import Actor, Grant, PermissionScheme, Role
    from .projectparts import Component, Filter, ProjectCategory, Version
    from .security import SecurityScheme
    from .setupshapes import Json, SetupShapes

USER_ACTOR, GROUP_ACTOR = "atlassian-user-role-actor", "atlassian-group-role-actor"


def component(shapes: SetupShapes, project: Project, one: Component) -> Json:
    """A component."""
    lead = {} if one.lead is None else {"lead": shapes.user(one.lead)}
    return {
        "self": shapes.link(f"component/{one.id}"),
        "id": str(one.id),
        "name": one.name,
        "description": one.description,
        **lead,
        "assigneeType": one.assignee_type,
        "realAssigneeType": one.assignee_type,
        "isAssigneeTypeValid": False,
        "project": project.key,
        "projectId": project.id,
        "archived": False,
        "deleted": False,
    }


def version(shapes: SetupShapes, project: Project, one: Version) -> Json:
    """A version."""
    found: Json = {
        "self": shapes.link(f"version/{one.id}"),
        "id": str(one.id),
        "description": one.description,
        "name": one.name,
        "archived": one.archived,
        "released": one.released,
        "projectId": project.id,
    }
    if one.started is not None:
        found["startDate"] = one.started
    if one.due is not None:
        found["releaseDate"] = one.due
    return found


def category(shapes: SetupShapes, one: ProjectCategory) -> Json:
    """A project category."""
    return {
        "self": shapes.link(f"projectCategory/{one.id}"),
        "id": str(one.id),
        "name": one.name,
        "description": one.description,
    }


def role(shapes: SetupShapes, one: Role, project: Project | None = None) -> Json:
    """A role; with its members where a project is named."""
    place = f"role/{one.id}" if project is None else f"project/{project.id}/role/{one.id}"
    actors = [] if project is None else [actor for actor in project.actors if actor.role == one.id]
    return {
        "self": shapes.link(place),
        "name": one.name,
        "id": one.id,
        "description": one.description,
        "actors": [_actor(shapes, actor) for actor in actors],
    }


def _actor(shapes: SetupShapes, actor: Actor) -> Json:
    found: Json = {"id": actor.id, "name": actor.name, "avatarUrl": shapes.pictures["16x16"]}
    if actor.kind == "group":
        named = {"displayName": actor.name, "type": GROUP_ACTOR}
        return {**found, **named, "actorGroup": {"name": actor.name, "displayName": actor.name}}
    person = shapes.user(actor.name) or {}
    found |= {"displayName": person.get("displayName"), "type": USER_ACTOR}
    if account := person.get("accountId"):
        # Cloud has no names of users: an object with the account id stands instead
        del found["name"]
        found["actorUser"] = {"accountId": account}
    return found


def scheme(shapes: SetupShapes, one: PermissionScheme, *, whole: bool) -> Json:
    """A permission scheme."""
    found: Json = {
        "expand": "permissions,user,group,projectRole,field,all",
        "id": one.id,
        "self": shapes.link(f"permissionscheme/{one.id}"),
        "name": one.name,
        "description": one.description,
    }
    return {**found, "permissions": [grant(shapes, one, each) for each in one.grants]} if whole else found


def grant(shapes: SetupShapes, one: PermissionScheme, each: Grant) -> Json:
    """A grant of a permission scheme."""
    parameter = each.holder.parameter
    holder = {"type": each.holder.kind} | ({} if parameter is None else {"parameter": parameter})
    return {
        "id": each.id,
        "self": shapes.link(f"permissionscheme/{one.id}/permission/{each.id}"),
        "holder": holder,
        "permission": each.permission,
    }


def security(shapes: SetupShapes, one: SecurityScheme, *, whole: bool = False) -> Json:
    """An issue security scheme."""
    found: Json = {
        "self": shapes.link(f"issuesecurityschemes/{one.id}"),
        "id": one.id,
        "name": one.name,
        "description": one.description,
    }
    if one.default is not None:
        found["defaultSecurityLevelId"] = one.default
    return {**found, "levels": [shapes.security_level(level) for level in one.levels]} if whole else found


def saved_filter(shapes: SetupShapes, one: Filter) -> Json:
    """A saved query."""
    return {
        "self": shapes.link(f"filter/{one.id}"),
        "id": str(one.id),
        "name": one.name,
        "description": one.description,
        "owner": shapes.user(one.owner),
        "jql": one.jql,
        "viewUrl": f"{shapes.base_url}/issues/?filter={one.id}",
        "searchUrl": shapes.link(f"search?jql={quote(one.jql)}"),
        "favourite": one.favourite,
        "sharePermissions": [{"id": one.id, "type": "loggedin"}],
        "editable": shapes.viewer is not None and shapes.viewer.name == one.owner,
        "sharedUsers": {"size": 0, "items": [], "max-results": 1000, "start-index": 0, "end-index": 0},
        "subscriptions": {"size": 0, "items": [], "max-results": 1000, "start-index": 0, "end-index": 0},
    }
