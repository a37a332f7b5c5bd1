"""Components and versions of projects, and what projects are filed under."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING

from . import adminparts
from .errors import FieldProblem, JiraError, missing
from .permissions import administer, need

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .adminparts import Body
    from .configuration import Project, User
    from .projectparts import Component, ProjectCategory, Version
    from .site import Site

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def component(site: Site, number: str) -> tuple[Project, Component]:
    """A component and its project, or 404."""
    for project in site.config.projects.values():
        for one in project.components:
            if str(one.id) == number:
                return project, one
    raise JiraError(404, f"The component with id {number} does not exist.")


def put_component(site: Site, caller: User, project: Project, body: Body, old: Component | None) -> int:
    """Add a component, or change one; returns its number."""
    need(site.config, caller, "ADMINISTER_PROJECTS", project)
    name = adminparts.name(body, None if old is None else old.name)
    taken = [one.name.casefold() for one in project.components if old is None or one.id != old.id]
    if name.casefold() in taken:
        raise JiraError(
            400, errors={"name": f"A component with the name {name} already exists in this project."}
        )
    try:
        lead = _lead(site, body, None if old is None else old.lead)
    except FieldProblem as problem:
        raise JiraError(400, errors={"leadUserName": str(problem)}) from None
    values = {
        "name": name,
        "description": str(body.get("description", old.description if old else "") or ""),
        "lead": lead,
        "assignee_type": str(body.get("assigneeType", old.assignee_type if old else "PROJECT_DEFAULT")),
    }
    return adminparts.put(site, "components", project, values, None if old is None else old.id)


def version(site: Site, number: str) -> tuple[Project, Version]:
    """A version and its project, or 404."""
    for project in site.config.projects.values():
        for one in project.versions:
            if str(one.id) == number:
                return project, one
    raise JiraError(404, f"Could not find version for id '{number}'")


def put_version(site: Site, caller: User, project: Project, body: Body, old: Version | None) -> int:
    """Add a version, or change one; returns its number."""
    need(site.config, caller, "ADMINISTER_PROJECTS", project)
    name = adminparts.name(body, None if old is None else old.name)
    taken = [one.name.casefold() for one in project.versions if old is None or one.id != old.id]
    if name.casefold() in taken:
        raise JiraError(400, errors={"name": "A version with this name already exists in this project."})
    values = {
        "name": name,
        "description": str(body.get("description", old.description if old else "") or ""),
        "started": _date(body, "startDate", old.started if old else None),
        "due": _date(body, "releaseDate", old.due if old else None),
        "released": bool(body.get("released", old.released if old else False)),
        "archived": bool(body.get("archived", old.archived if old else False)),
    }
    return adminparts.put(site, "versions", project, values, None if old is None else old.id)


def drop(site: Site, caller: User, project: Project, table: str, number: int, instead: int | None) -> None:
    """Delete a component or a version; issues that have it get another, or none.

    Parameters
    ----------
    site, caller, project
        Where, and who.
    table : `str`
        ``components`` or ``versions``.
    number : `int`
        Which.
    instead : `int`, optional
        What issues get in its place.
    """
    need(site.config, caller, "ADMINISTER_PROJECTS", project)
    with site.administering():
        for field in (one for one in site.config.fields.values() if one.type == table):
            sql = "SELECT id, json_extract(fields, ?) AS v FROM issues WHERE project_id = ? AND v IS NOT NULL"
            for row in site.store.rows(sql, f"$.{field.id}", project.id):
                _replace(site, row["id"], field.id, row["v"], number, instead)
        site.store.run(f"DELETE FROM {table} WHERE id = ?", number)  # noqa: S608 - one of two words


def count(
    site: Site, project: Project, fields: Sequence[str], number: int, *, unresolved: bool = False
) -> int:
    """How many issues name a component or a version in one of some fields; of those without a resolution."""
    named = " OR ".join("EXISTS (SELECT 1 FROM json_each(fields, ?) WHERE value = ?)" for _ in fields)
    values = [value for field in fields for value in (f"$.{field}", number)]
    sql = f"SELECT COUNT(*) AS n FROM issues WHERE project_id = ? AND ({named})"  # noqa: S608 - fixed words
    if unresolved:
        sql += " AND resolved IS NULL"
    (row,) = site.store.rows(sql, project.id, *values)
    return int(row["n"])


def _replace(site: Site, issue: int, field: str, packed: str, number: int, instead: int | None) -> None:
    before = json.loads(packed)
    if number not in before:
        return
    after = [one for one in before if one != number]
    if instead is not None and instead not in after:
        after.append(instead)
    value = json.dumps(sorted(after)) if after else None
    sql = "UPDATE issues SET fields = json_set(fields, ?, json(?)) WHERE id = ?"
    if value is None:
        site.store.run("UPDATE issues SET fields = json_remove(fields, ?) WHERE id = ?", f"$.{field}", issue)
    else:
        site.store.run(sql, f"$.{field}", value, issue)


def category(site: Site, number: str) -> ProjectCategory:
    """A project category, or 404."""
    for one in site.config.categories.values():
        if str(one.id) == number:
            return one
    raise missing(f"The project category with id '{number}' does not exist.")


def put_category(site: Site, caller: User, body: Body, old: ProjectCategory | None) -> int:
    """Add a project category, or change one; returns its number."""
    administer(caller, "edit project categories")
    name = adminparts.name(body, None if old is None else old.name)
    if any(name.casefold() == one.name.casefold() for one in site.config.categories.values() if one != old):
        raise JiraError(409, f"The project category name '{name}' already exists")
    values = {"name": name, "description": str(body.get("description", old.description if old else "") or "")}
    return adminparts.put(site, "project_categories", None, values, None if old is None else old.id)


def drop_category(site: Site, caller: User, one: ProjectCategory) -> None:
    """Delete a project category; its projects have none then."""
    administer(caller, "edit project categories")
    with site.administering():
        site.store.run("DELETE FROM project_categories WHERE id = ?", one.id)


def _date(body: Body, name: str, old: str | None) -> str | None:
    found = body.get(name, old)
    if found is None or found == "":
        return None
    try:
        if not isinstance(found, str) or not DATE.fullmatch(found):
            raise ValueError(found)
        return dt.date.fromisoformat(found).isoformat()
    except ValueError:
        raise JiraError(400, errors={name: "Invalid date format: expected yyyy-MM-dd."}) from None


def _lead(site: Site, body: Body, old: str | None) -> str | None:
    if body.get("leadAccountId") is not None:
        return site.flavour.read_user(site.config, {"accountId": body["leadAccountId"]})
    if "leadUserName" in body:
        name = body["leadUserName"]
        return site.flavour.read_user(site.config, {"name": name}) if name else None
    return old
