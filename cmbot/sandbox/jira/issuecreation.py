"""Creating issues."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from . import history, issues, parents, permissions, security
from .configuration import DEFAULT_PRIORITY, IssueType, Project
from .errors import JiraError, refused
from .happenings import Happening
from .screens import edit_screen, permitted, read_values, required, section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .configuration import User
    from .fieldinput import Stored
    from .issues import Issue
    from .site import Site

log = logging.getLogger(__name__)


def create(site: Site, user: User, body: Mapping[str, Any]) -> Issue:
    """Create an issue from a request's body; everything or nothing.

    Raises
    ------
    JiraError
        Raised with 400 and one message for each field that is refused.
    """
    fields = section(body, "fields")
    with site.store.transaction():
        project, issue_type = (
            _project(site, user, fields.get("project")),
            _issue_type(site, fields.get("issuetype")),
        )
        permissions.need(site.config, user, "CREATE_ISSUES", project)
        if issue_type not in project.issue_types:
            raise refused("issuetype", "The issue type selected is invalid.")
        parent = _parent(site, project, fields.get("parent")) if issue_type.subtask else None
        epic = {} if parent or fields.get("parent") is None else parents.taken(site, issue_type, body)[0]
        screen = permitted(site.config, user, project, None, edit_screen(site.config, project, issue_type))
        rest = {name: raw for name, raw in fields.items() if name not in ("project", "issuetype", "parent")}
        given = read_values(site, screen, {**body, "fields": rest}, {}) | epic
        given = issues.expanded(given)
        level = _security_level(project, parent)
        values = {"priority": DEFAULT_PRIORITY, "reporter": user.name, security.FIELD: level, **given}
        lacking = {
            f.id: f"{f.name} is required." for f in screen.values() if required(f) and not values.get(f.id)
        }
        if lacking:
            raise JiraError(400, errors=lacking)
        issues.assignable(site, project, values)
        key = _next_key(site, project)
        now = site.store.now()
        number = site.store.insert(
            "issues",
            key=key,
            project_id=project.id,
            number=int(key.rpartition("-")[2]),
            type_id=issue_type.id,
            status_id=project.status_scheme.initial.id,
            parent_id=None if parent is None else parent.id,
            creator=user.name,
            created=now,
            updated=now,
            category_changed=now,
            fields=issues.packed(values),
        )
        site.store.insert("watchers", issue_id=number, user=user.name)
        if site.flavour.creation_is_history:
            items = _first_items(site, project, values)
            history.record(
                site, number, user, items, section(body, "historyMetadata") or None, now, "created"
            )
        else:
            site.announce(Happening("created", number, user, now))
        issues.besides(site, user, issues.find(site, key), body)
        log.info("%s created by %s: %s", key, user.name, values["summary"])
        return issues.find(site, key)


def _first_items(site: Site, project: Project, values: Mapping[str, Stored]) -> list[history.Item]:
    """What the creation changed from nothing, in the order of the names."""
    items = [
        item
        for name, value in values.items()
        if value is not None
        for item in history.items(site, project, site.config.field(name), None, value)
    ]
    status = project.status_scheme.initial
    items.append(history.Item("Status", "jira", "status", (None, None), (str(status.id), status.name)))
    return sorted(items, key=lambda item: item.field.casefold())


def _security_level(project: Project, parent: Issue | None) -> int | None:
    """The level of the parent of a sub-task, else that of new issues."""
    if parent is not None:
        return parent.values.get(security.FIELD)
    return None if project.security is None else project.security.default


def _next_key(site: Site, project: Project) -> str:
    site.store.run("UPDATE projects SET last_number = last_number + 1 WHERE id = ?", project.id)
    row = site.store.row("SELECT last_number FROM projects WHERE id = ?", project.id)
    return f"{project.key}-{row['last_number'] if row else 0}"


def _named(raw: Any, *words: str) -> str | None:
    if not isinstance(raw, dict):
        return None
    return next((str(raw[word]) for word in words if raw.get(word)), None)


def _project(site: Site, user: User, raw: Any) -> Project:
    name = _named(raw, "key", "id")
    if name is None:
        raise refused("project", "project is required")
    project = site.config.project(name)
    if project is None or not permissions.may(site.config, user, "BROWSE_PROJECTS", project):
        raise refused("project", "valid project is required")
    return project


def _issue_type(site: Site, raw: Any) -> IssueType:
    name = _named(raw, "id", "name")
    found = None if name is None else site.config.first_type(name)
    if found is None:
        raise refused("issuetype", "valid issue type is required")
    return found


def _parent(site: Site, project: Project, raw: Any) -> Issue:
    """The issue that a sub-task is created under."""
    name = _named(raw, "key", "id")
    if name is None:
        raise refused("parent", "Issue type is a sub-task but parent issue key or id not specified.")
    try:
        parent = issues.find(site, name)
    except JiraError:
        raise refused("parent", "Could not find issue by id or key.") from None
    if parent.type.subtask or parent.project != project:
        raise refused("parent", "Given parent issue is not a standard issue of the same project.")
    if parent.read_only:
        raise refused("parent", f"{parent.key} is archived: it can only be read.")
    return parent
