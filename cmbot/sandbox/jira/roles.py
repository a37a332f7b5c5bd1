"""Project roles and who has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import adminparts
from .errors import JiraError
from .permissions import administer, need

if TYPE_CHECKING:
    from .adminparts import Body
    from .configuration import Project, User
    from .grants import Role
    from .site import Site


def role(site: Site, number: str) -> Role:
    """A role by number, or 404."""
    for one in site.config.roles.values():
        if str(one.id) == number:
            return one
    raise JiraError(404, f"Can not retrieve a project role for id: {number}")


def put_role(site: Site, caller: User, body: Body, old: Role | None) -> int:
    """Add a project role, or change one; returns its number."""
    administer(caller, "edit project roles")
    name = adminparts.name(body, None if old is None else old.name)
    if any(name.casefold() == one.name.casefold() for one in site.config.roles.values() if one != old):
        raise JiraError(409, f"A project role with name '{name}' already exists.")
    values = {"name": name, "description": str(body.get("description", old.description if old else "") or "")}
    return adminparts.put(site, "roles", None, values, None if old is None else old.id)


def drop_role(site: Site, caller: User, one: Role) -> None:
    """Delete a role with its members everywhere."""
    administer(caller, "edit project roles")
    with site.administering():
        site.store.run("DELETE FROM grants WHERE holder = 'projectRole' AND parameter = ?", str(one.id))
        site.store.run("DELETE FROM roles WHERE id = ?", one.id)


def set_members(
    site: Site, caller: User, project: Project, chosen: Role, members: dict[str, list[str]], *, whole: bool
) -> None:
    """Add members to a role in a project, or replace them all.

    Parameters
    ----------
    site, caller, project
        Where, and who.
    chosen : `Role`
        The role.
    members : `dict`
        Names under ``user`` and ``group``.
    whole : `bool`
        Whether these are all of them from now on.
    """
    need(site.config, caller, "ADMINISTER_PROJECTS", project)
    found = [("user", adminparts.person(site, name)) for name in members.get("user", [])]
    found += [("group", adminparts.group(site, name)) for name in members.get("group", [])]
    with site.administering():
        if whole:
            sql = "DELETE FROM role_actors WHERE project_id = ? AND role_id = ?"
            site.store.run(sql, project.id, chosen.id)
        for kind, name in found:
            sql = "INSERT OR IGNORE INTO role_actors (project_id, role_id, kind, name) VALUES (?, ?, ?, ?)"
            site.store.run(sql, project.id, chosen.id, kind, name)


def drop_member(site: Site, caller: User, project: Project, chosen: Role, kind: str, name: str) -> None:
    """Take a person or a group out of a role, or 404."""
    need(site.config, caller, "ADMINISTER_PROJECTS", project)
    known = adminparts.person(site, name) if kind == "user" else adminparts.group(site, name)
    with site.administering():
        sql = "DELETE FROM role_actors WHERE project_id = ? AND role_id = ? AND kind = ? AND name = ?"
        if not site.store.run(sql, project.id, chosen.id, kind, known):
            raise JiraError(404, f"'{name}' is not a member of the project role {chosen.name}.")
