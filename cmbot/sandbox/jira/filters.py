"""Saved queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import adminparts
from .errors import JiraError
from .jql import compile_query
from .projectparts import Filter

if TYPE_CHECKING:
    from .adminparts import Body
    from .configuration import User
    from .site import Site

_SELECT = "SELECT id, name, description, jql, owner, favourite FROM filters"


def listed(site: Site) -> list[Filter]:
    """All saved queries: who can sign in sees them."""
    rows = site.store.rows(f"{_SELECT} ORDER BY name")
    return [Filter(**{**dict(row), "favourite": bool(row["favourite"])}) for row in rows]


def find(site: Site, number: str) -> Filter:
    """One saved query, or 404."""
    found = next((one for one in listed(site) if str(one.id) == number), None)
    if found is None:
        raise JiraError(404, f"The selected filter with id '{number}' does not exist.")
    return found


def put(site: Site, caller: User, body: Body, old: Filter | None) -> int:
    """Save a query, or change one's own; returns its number.

    Raises
    ------
    JiraError
        Raised with 400 for a query that is not understood, a name that is taken, or somebody else's filter.
    """
    _own(caller, old)
    name = adminparts.name(body, None if old is None else old.name)
    jql = body.get("jql", old.jql if old else "")
    if not isinstance(jql, str):
        raise JiraError(400, errors={"jql": "A query is expected."})
    compile_query(site, caller, jql)
    mine = [one for one in listed(site) if one.owner == caller.name and one != old]
    if any(one.name.casefold() == name.casefold() for one in mine):
        raise JiraError(400, errors={"filterName": "Filter with same name already exists."})
    values = {
        "name": name,
        "description": str(body.get("description", old.description if old else "") or ""),
        "jql": jql,
        "favourite": bool(body.get("favourite", old.favourite if old else True)),
    }
    if old is None:
        return site.store.insert("filters", owner=caller.name, **values)
    return adminparts.put(site, "filters", None, values, old.id)


def delete(site: Site, caller: User, old: Filter) -> None:
    """Forget one's own saved query."""
    _own(caller, old)
    site.store.run("DELETE FROM filters WHERE id = ?", old.id)


def _own(caller: User, old: Filter | None) -> None:
    if old is not None and old.owner != caller.name and not caller.admin:
        raise JiraError(400, "You do not own this filter.")
