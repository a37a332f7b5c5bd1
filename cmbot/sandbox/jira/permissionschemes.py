"""Permission schemes and their grants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from . import adminparts, roles
from .errors import JiraError
from .grants import HOLDERS_WITH_PARAMETER, HolderKind
from .permissionkeys import PERMISSIONS
from .permissions import administer

if TYPE_CHECKING:
    from .adminparts import Body
    from .configuration import User
    from .grants import PermissionScheme
    from .site import Site


def scheme(site: Site, number: str) -> PermissionScheme:
    """A permission scheme, or 404."""
    for one in site.config.permission_schemes.values():
        if str(one.id) == number:
            return one
    raise JiraError(404, f"The permission scheme with id {number} does not exist.")


def add_scheme(site: Site, caller: User, body: Body) -> int:
    """Add a permission scheme with its grants; returns its number."""
    administer(caller, "edit permission schemes")
    name = adminparts.name(body, None)
    if any(name.casefold() == one.name.casefold() for one in site.config.permission_schemes.values()):
        raise JiraError(400, errors={"name": "A permission scheme with this name already exists."})
    grants = body.get("permissions") or []
    if not isinstance(grants, list):
        raise JiraError(400, errors={"permissions": "A list of grants is expected."})
    with site.administering():
        number = site.store.insert(
            "permission_schemes", name=name, description=str(body.get("description") or "")
        )
        for grant in grants:
            _insert_grant(site, number, grant)
    return number


def drop_scheme(site: Site, caller: User, one: PermissionScheme) -> None:
    """Delete a permission scheme that no project uses."""
    administer(caller, "edit permission schemes")
    if any(project.permission_scheme == one.id for project in site.config.projects.values()):
        raise JiraError(400, f"The permission scheme '{one.name}' is in use.")
    with site.administering():
        site.store.run("DELETE FROM permission_schemes WHERE id = ?", one.id)


def add_grant(site: Site, caller: User, one: PermissionScheme, body: Body) -> int:
    """Grant a permission; returns the grant's number."""
    administer(caller, "edit permission schemes")
    with site.administering():
        return _insert_grant(site, one.id, body)


def drop_grant(site: Site, caller: User, one: PermissionScheme, number: str) -> None:
    """Take a grant back, or 404."""
    administer(caller, "edit permission schemes")
    with site.administering():
        sql = "DELETE FROM grants WHERE scheme_id = ? AND CAST(id AS TEXT) = ?"
        if not site.store.run(sql, one.id, number):
            raise JiraError(404, f"The permission with id {number} does not exist.")


def _insert_grant(site: Site, number: int, raw: Any) -> int:
    holder = raw.get("holder") if isinstance(raw, dict) else None
    if not isinstance(holder, dict) or str(raw.get("permission")) not in PERMISSIONS:
        raise JiraError(400, errors={"permission": "A grant has a known permission and a holder."})
    kind, parameter = holder.get("type"), holder.get("parameter", holder.get("value"))
    if kind not in get_args(HolderKind):
        raise JiraError(400, errors={"holder": f"Unknown holder type '{kind}'."})
    if kind not in HOLDERS_WITH_PARAMETER:
        parameter = None
    elif kind == "projectRole":
        parameter = str(roles.role(site, str(parameter)).id)
    elif kind == "group":
        parameter = adminparts.group(site, str(parameter))
    else:
        parameter = adminparts.person(site, str(parameter))
    return site.store.insert(
        "grants", scheme_id=number, permission=raw["permission"], holder=kind, parameter=parameter
    )
