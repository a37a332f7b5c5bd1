"""What every change by an administrator begins and ends with: a name, people, a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import JiraError

if TYPE_CHECKING:
    from .configuration import Project
    from .site import Site

Body = dict[str, Any]


def put(site: Site, table: str, project: Project | None, values: dict[str, Any], number: int | None) -> int:
    """Write a row, new or known by its number; returns the number."""
    with site.administering():
        if number is None:
            place = {} if project is None else {"project_id": project.id}
            return site.store.insert(table, **place, **values)
        columns = ", ".join(f"{name} = ?" for name in values)
        site.store.run(f"UPDATE {table} SET {columns} WHERE id = ?", *values.values(), number)  # noqa: S608 - names from the code
        return number


def name(body: Body, old: str | None) -> str:
    """The name in a request, or the one there was; 400 without one."""
    found = body.get("name", old)
    if not isinstance(found, str) or not found.strip() or len(found) > 255:
        raise JiraError(400, errors={"name": "You must specify a valid name of at most 255 characters."})
    return found.strip()


def person(site: Site, name: str) -> str:
    """Login name of who is named, or 404."""
    found = site.flavour.named_user(site.config, name)
    if found is None:
        raise JiraError(404, f"The user '{name}' does not exist.")
    return found.name


def group(site: Site, name: str) -> str:
    """The group of that name as it is written, or 404."""
    found = site.config.group(name)
    if found is None:
        raise JiraError(404, f"The group '{name}' does not exist.")
    return found
