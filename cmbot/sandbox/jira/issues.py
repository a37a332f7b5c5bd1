"""Issues: find, create, edit, delete."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import comments, history, issuelinks, parents, permissions, properties, security
from .errors import JiraError, missing, refused
from .happenings import Happening
from .screens import added, edit_screen, permitted, read_values, required, section

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from .configuration import IssueType, Project, User
    from .fieldinput import Stored
    from .site import Site
    from .statusparts import Status

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Issue:
    """An issue as it is now."""

    id: int
    """Number, for ever the same."""
    key: str
    """Key."""
    project: Project
    """Its project."""
    type: IssueType
    """Its type."""
    status: Status
    """Its status."""
    parent: int | None
    """Id of the issue it is a sub-task of."""
    creator: str
    """Login name of who created it."""
    created: int
    """Milliseconds."""
    updated: int
    """Milliseconds."""
    resolved: int | None
    """When the resolution was set, milliseconds."""
    category_changed: int
    """When its status last came into another category, milliseconds."""
    archived: int | None
    """When it was archived, milliseconds."""
    archived_by: str | None
    """Login name of who archived it."""
    values: Mapping[str, Stored]
    """Stored values by field id."""

    @property
    def read_only(self) -> bool:
        """Whether it, or its whole project, is archived."""
        return self.archived is not None or self.project.archived is not None


def from_row(site: Site, row: sqlite3.Row) -> Issue:
    """The issue in a row of the table."""
    return Issue(
        id=row["id"],
        key=row["key"],
        project=site.config.projects[row["project_id"]],
        type=site.config.issue_types[row["type_id"]],
        status=site.config.statuses[row["status_id"]],
        parent=row["parent_id"],
        creator=row["creator"],
        created=row["created"],
        updated=row["updated"],
        resolved=row["resolved"],
        category_changed=row["category_changed"],
        archived=row["archived"],
        archived_by=row["archived_by"],
        values=json.loads(row["fields"]),
    )


def find(site: Site, id_or_key: str) -> Issue:
    """The issue of that number or key.

    Raises
    ------
    JiraError
        Raised with 404 if there is none.
    """
    wanted = str(id_or_key)
    sql = "SELECT * FROM issues WHERE key = ? OR id = ?"
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 18 else -1
    row = site.store.row(sql, wanted.upper(), number)
    if row is None:
        raise missing()
    return from_row(site, row)


def seen(site: Site, user: User, id_or_key: str, *needed: str, refusal: int | None = None) -> Issue:
    """The issue of that number or key, if the user may see it and do what is needed.

    Parameters
    ----------
    site : `Site`
        The site.
    user : `User`
        Who asks.
    id_or_key : `str`
        Number or key.
    *needed : `str`
        Keys of the permissions that are needed besides browsing.
    refusal : `int`, optional
        Status of the refusal, if not the permission's own.

    Raises
    ------
    JiraError
        Raised with 404 if there is none or it is hidden, else with the permission's own refusal.
    """
    issue = find(site, id_or_key)
    if not visible(site, user, issue):
        raise missing()
    for permission in needed:
        permissions.need(site.config, user, permission, issue.project, issue, refusal)
    return issue


def visible(site: Site, user: User | None, issue: Issue) -> bool:
    """Whether a user may see an issue; nobody in particular may."""
    return user is None or permissions.may(site.config, user, "BROWSE_PROJECTS", issue.project, issue)


def subtasks(site: Site, issue: Issue) -> list[Issue]:
    """The issues below this one."""
    return [
        from_row(site, row)
        for row in site.store.rows("SELECT * FROM issues WHERE parent_id = ? ORDER BY id", issue.id)
    ]


def edit(site: Site, user: User, issue: Issue, body: Mapping[str, Any]) -> None:
    """Change fields of an issue; one history entry."""
    with site.store.transaction():
        before, issue = issue, seen(site, user, str(issue.id), "EDIT_ISSUES")
        if before.values != issue.values:
            conflict(site, issue)
        epic, body = parents.taken(site, issue.type, body)
        screen = edit_screen(site.config, issue.project, issue.type)
        screen = permitted(site.config, user, issue.project, issue, screen)
        values = read_values(site, screen, body, issue.values) | epic
        items = apply(site, issue, values)
        history.record(site, issue.id, user, items, section(body, "historyMetadata") or None)
        besides(site, user, issue, body)
        if items:
            log.info("%s edited by %s: %s", issue.key, user.name, ", ".join(one.field for one in items))


def assign(site: Site, user: User, issue: Issue, raw: Any) -> None:
    """Assign an issue, which needs no right to edit it."""
    with site.store.transaction():
        issue = seen(site, user, str(issue.id), "ASSIGN_ISSUES")
        screen = {"assignee": site.config.fields["assignee"]}
        values = read_values(site, screen, {"fields": {"assignee": raw}}, issue.values)
        history.record(site, issue.id, user, apply(site, issue, values))


def apply(site: Site, issue: Issue, values: Mapping[str, Stored]) -> list[history.Item]:
    """Write values into the issue and return what changed for the history."""
    values = expanded(values)
    changed = {name: value for name, value in values.items() if value != issue.values.get(name)}
    for name, value in changed.items():
        if required(site.config.field(name)) and value is None:
            raise refused(name, f"{site.config.field(name).name} is required.")
    if not changed:
        return []
    assignable(site, issue.project, changed)
    resolved = issue.resolved
    if "resolution" in changed:
        resolved = None if changed["resolution"] is None else site.store.now()
    if security.FIELD in changed:  # a sub-task has the level of its parent
        sql = "UPDATE issues SET fields = json_set(fields, ?, ?) WHERE parent_id = ?"
        site.store.run(sql, f"$.{security.FIELD}", changed[security.FIELD], issue.id)
    sql = "UPDATE issues SET fields = ?, resolved = ? WHERE id = ?"
    site.store.run(sql, packed({**issue.values, **changed}), resolved, issue.id)
    return [
        item
        for name, value in changed.items()
        for item in history.items(site, issue.project, site.config.field(name), issue.values.get(name), value)
    ]


def assignable(site: Site, project: Project, values: Mapping[str, Stored]) -> None:
    """Refuse to give an issue to somebody who cannot be given issues of the project."""
    name = values.get("assignee")
    if name is not None and not permissions.can_be_assigned(site.config, site.config.users[name], project):
        raise refused("assignee", f"User '{name}' cannot be assigned issues.")


def expanded(values: Mapping[str, Stored]) -> dict[str, Stored]:
    """Values as they are kept: time tracking is several of them."""
    found = dict(values)
    return found | (found.pop("timetracking", None) or {})


def delete(site: Site, user: User, issue: Issue, *, with_subtasks: bool) -> None:
    """Delete an issue for ever, with what hangs on it."""
    with site.store.transaction():
        permissions.need(site.config, user, "DELETE_ISSUES", issue.project, issue)
        below = subtasks(site, issue)
        if below and not with_subtasks:
            raise JiraError(
                400,
                f"The issue '{issue.key}' has subtasks.  You must specify the 'deleteSubtasks' parameter to "
                "delete this issue and all its subtasks.",
            )
        for child in below:
            delete(site, user, child, with_subtasks=True)
        site.announce(Happening("deleted", issue.id, user, site.store.now()))
        link = site.config.field_of_type("epic-link")
        if link:
            sql = "UPDATE issues SET fields = json_remove(fields, ?) WHERE json_extract(fields, ?) = ?"
            site.store.run(sql, f"$.{link.id}", f"$.{link.id}", issue.key)
        site.store.run("DELETE FROM issues WHERE id = ?", issue.id)
        log.info("%s deleted by %s", issue.key, user.name)


def besides(site: Site, user: User, issue: Issue, body: Mapping[str, Any]) -> None:
    """What a create or edit may carry besides fields, in the same transaction."""
    for comment in added(body, "comment"):
        permissions.need(site.config, user, "ADD_COMMENTS", issue.project, issue)
        comments.add(site, user, issue.id, comment)
    for link in added(body, "issuelinks"):
        permissions.need(site.config, user, "LINK_ISSUES", issue.project, issue)
        issuelinks.add_from(site, user, issue.id, link)
    properties.put_all(site, "issue", issue.id, body.get("properties"))


def parent(site: Site, issue: Issue) -> Issue | None:
    """The issue above this one; on Data Center only that of a sub-task."""
    if issue.parent is not None:
        return find(site, str(issue.parent))
    key = issue.values.get(parents.field(site).id) if site.flavour.parents else None
    return None if key is None else find(site, key)


def conflict(site: Site, issue: Issue) -> None:
    """Refuse a write to an issue that somebody changed since it was looked at, where Jira does."""
    if site.flavour.conflict:
        raise JiraError(site.flavour.conflict, f"{issue.key} was changed by another request; read it again.")


def packed(values: Mapping[str, Stored]) -> str:
    """Values as the table keeps them."""
    return json.dumps({name: value for name, value in values.items() if value is not None})
