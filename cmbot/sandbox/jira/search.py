"""Searching issues."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .errors import JiraError
from .grants import ON_ISSUES
from .issues import Issue, from_row
from .jql import Compiled, compile_query
from .permissions import browsable, in_level
from .security import FIELD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .configuration import Configuration, Project, User
    from .grants import Holder
    from .site import Site

_TABLES = "{} i JOIN statuses s ON s.id = i.status_id JOIN projects p ON p.id = i.project_id"
Sql = tuple[str, list[Any]]
PAGE_LIMIT = 1000
"""What ``maxResults`` is silently lowered to."""


@dataclass(frozen=True)
class Page:
    """A page of a search."""

    issues: list[Issue]
    """Those on the page."""
    start: int
    """Number of issues before it."""
    limit: int
    """Most issues it can hold."""
    total: int
    """How many the query found."""


def search(
    site: Site, user: User, jql: str, start: int = 0, limit: int = 50, current: Sequence[int] = ()
) -> Page:
    """Find issues.

    Parameters
    ----------
    site : `Site`
        The site.
    user : `User`
        Who asks.
    jql : `str`
        The query; empty finds everything.
    start, limit : `int`, optional
        The page.
    current : `~collections.abc.Sequence` [`int`], optional
        Ids of issues that are to be right whatever the index does (Cloud's ``reconcileIssues``).

    Raises
    ------
    JiraError
        Raised with 400 for a query that is not understood.
    """
    compiled = visible(site, user, compile_query(site, user, jql))
    start, limit = max(0, start), PAGE_LIMIT if limit < 0 else min(limit, PAGE_LIMIT)
    try:
        return _page(site, user, compiled, start, limit, current)
    except sqlite3.OperationalError as error:
        raise _too_complex(error) from None


def matching(site: Site, user: User, jql: str, ids: Sequence[int]) -> list[int]:
    """Those of some issues that a query finds, as they are now and not as the index has them.

    Raises
    ------
    JiraError
        Raised with 400 for a query that is not understood.
    """
    compiled = visible(site, user, compile_query(site, user, jql))
    where = f"({compiled.where}) AND i.id IN (SELECT value FROM json_each(?))"  # noqa: S608 - compiled here
    sql = f"SELECT i.id FROM {_TABLES.format('issues')} WHERE {where} ORDER BY i.id"  # noqa: S608 - the same
    try:
        rows = site.store.rows(sql, *compiled.values, json.dumps(ids))
    except sqlite3.OperationalError as error:
        raise _too_complex(error) from None
    return [row["id"] for row in rows]


def visible(site: Site, user: User, compiled: Compiled) -> Compiled:
    """A query narrowed to what its caller may see."""
    narrowing = [("i.archived IS NULL", []), _browsed(site.config, user), cleared(site.config, user)]
    where = " AND ".join(f"({sql})" for sql in [compiled.where, *(sql for sql, _ in narrowing)])
    values = [*compiled.values, *(value for _, several in narrowing for value in several)]
    return replace(compiled, where=where, values=tuple(values))


def _browsed(config: Configuration, user: User) -> Sql:
    """Issues of the projects that a user may browse."""
    whole = [project.id for project in browsable(config, user)]
    if len(whole) == len(config.projects):
        return "1", []
    parts: list[Sql] = [(f"i.project_id IN ({', '.join('?' * len(whole))})", whole)]
    parts += [
        _named(project, "1", grant.holder, user)
        for project in config.projects.values()
        for grant in config.permission_schemes[project.permission_scheme].grants
        if project.archived is None
        and grant.permission == "BROWSE_PROJECTS"
        and grant.holder.kind in ON_ISSUES
    ]
    return _any(parts)


def cleared(config: Configuration, user: User) -> Sql:
    """Condition for issues ``i`` whose security level a user is in, or that have none."""
    places = [project for project in config.projects.values() if project.levels]
    level = f"json_extract(i.fields, '$.{FIELD}')"
    parts: list[Sql] = [(f"{level} IS NULL", [])]
    for project in places:
        for one in project.levels:
            here = f"{level} = {one.id:d}"
            if in_level(config, user, project, one):
                parts.append((f"i.project_id = ? AND {here}", [project.id]))
            parts += [
                _named(project, here, holder, user) for holder in one.holders if holder.kind in ON_ISSUES
            ]
    return _any(parts) if places else ("1", [])


def _named(project: Project, condition: str, holder: Holder, user: User) -> Sql:
    """Issues of a project on which a user is the reporter or the assignee."""
    person = f"json_extract(i.fields, '$.{holder.kind}')"
    return f"i.project_id = ? AND {condition} AND {person} = ?", [project.id, user.name]


def _any(parts: list[Sql]) -> Sql:
    return " OR ".join(sql for sql, _ in parts), [value for _, values in parts for value in values]


def _page(site: Site, user: User, compiled: Compiled, start: int, limit: int, current: Sequence[int]) -> Page:
    strange = site.is_strange_to(user.name)
    with site.store.transaction():
        table = site.index.table(current) if strange else "issues"
        where = f"FROM {_TABLES.format(table)} WHERE ({compiled.where})"
        if strange and site.index.trouble.regress:
            missed = site.index.missed(site.store.rows(f"SELECT i.id {where}", *compiled.values), current)
            where += "" if missed is None else f" AND i.id != {missed:d}"
        counted = site.store.row(f"SELECT COUNT(*) AS n {where}", *compiled.values)
        rows = site.store.rows(
            f"SELECT i.* {where} ORDER BY {compiled.order} LIMIT ? OFFSET ?",
            *compiled.values,
            limit,
            start,
        )
    return Page([from_row(site, row) for row in rows], start, limit, counted["n"] if counted else 0)


def _too_complex(error: sqlite3.OperationalError) -> JiraError:
    """SQLite bounds the depth and the values of an expression."""
    return JiraError(400, f"The JQL query is too complex: {error}.")
