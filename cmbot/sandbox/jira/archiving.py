"""Archiving: issues and projects that can only be read until they are restored.

Documented for both deployments: what is archived is read-only, is reached by its key and by links, and is
found by no search and shown on no board; sub-tasks go with their parent (Data Center's page "Archiving API",
Cloud's description of ``issue/archive``). Data Center's issues have ``archiveddate`` and ``archivedby``.

Only likely: that a write is refused with the status that its operation has for a missing permission, that
``transitions`` and ``editmeta`` are empty, that neither the history nor ``updated`` nor a webhook tells of it
(none is documented). Data Center has permissions of their own for it; here it is for who administers the
project.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import issues
from .errors import JiraError
from .permissions import administer, need

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .configuration import Project, User
    from .issues import Issue
    from .site import Site

log = logging.getLogger(__name__)
AT_ONCE = 1000
"""Most issues in one request to Cloud."""
REASONS = {
    "issueIsSubtask": "Issue is subtask.",
    "issuesInArchivedProjects": "Issue exists in archived project.",
    "issuesNotFound": "Issue not found.",
}
"""Why an issue is left out of such a request, with Cloud's words and texts."""


@dataclass(frozen=True)
class Report:
    """What became of several issues that were to be archived or restored."""

    changed: int
    """How many were, with their sub-tasks."""
    left_out: dict[str, list[str]]
    """Ids or keys as they were sent, by a word of `REASONS`."""


def turn(site: Site, user: User, issue: Issue, *, archived: bool) -> None:
    """Archive or restore one issue with its sub-tasks: Data Center's way.

    Raises
    ------
    JiraError
        Raised with 403 without the right to it, for a sub-task, and if it is so already.
    """
    need(site.config, user, "ADMINISTER_PROJECTS", issue.project, issue)
    word = "archived" if archived else "restored"
    if issue.type.subtask:
        raise JiraError(403, f"{issue.key} is a sub-task: it is {word} with its parent.")
    if issue.project.archived is not None:
        raise JiraError(403, f"{issue.key} is in a project that is archived.")
    if (issue.archived is not None) is archived:
        raise JiraError(403, f"{issue.key} is {'already' if archived else 'not'} archived.")
    _write(site, user, issue, archived=archived)


def turn_several(site: Site, user: User, names: Iterable[str], *, archived: bool) -> Report:
    """Archive or restore issues by id or key, with their sub-tasks: Cloud's way.

    Raises
    ------
    JiraError
        Raised with 403 for who is no administrator, 400 if there is none of which it can be done, 412 if
        there are more than `AT_ONCE`: those before are done.
    """
    if not user.admin:
        raise JiraError(403, "Only admins can archive or unarchive issues. Access denied.")
    chosen = list(dict.fromkeys(names))
    left_out: dict[str, list[str]] = {}
    valid: list[Issue] = []
    with site.store.transaction():
        for name in chosen[:AT_ONCE]:
            issue = _found(site, user, name)
            obstacle = "issuesNotFound" if issue is None else _obstacle(issue)
            if issue is None or obstacle:
                left_out.setdefault(obstacle, []).append(name)
            else:
                valid.append(issue)
        changed = sum(_write(site, user, issue, archived=archived) for issue in valid)
    if len(chosen) > AT_ONCE:
        raise JiraError(
            412,
            f"The number of issues to archive or unarchive exceeds the hard limit of {AT_ONCE}. "
            "Precondition failed.",
        )
    if not valid:
        raise JiraError(400, "No valid issue to archive or unarchive. Bad request.")
    return Report(changed, left_out)


def turn_project(site: Site, user: User, project: Project, *, archived: bool) -> Project:
    """Archive or restore a project; its issues can only be read then.

    Raises
    ------
    JiraError
        Raised with 403 for who is no administrator, 400 if it is so already.
    """
    administer(user, "archive or restore projects")
    if (project.archived is not None) is archived:
        raise JiraError(400, f"Project '{project.key}' is {'already' if archived else 'not'} archived.")
    with site.administering():
        sql = "UPDATE projects SET archived = ?, archived_by = ? WHERE id = ?"
        site.store.run(sql, *_stamp(site, user, archived=archived), project.id)
    log.info("project %s %s by %s", project.key, "archived" if archived else "restored", user.name)
    return site.config.projects[project.id]


def _found(site: Site, user: User, name: str) -> Issue | None:
    try:
        return issues.seen(site, user, name)
    except JiraError:
        return None


def _obstacle(issue: Issue) -> str:
    if issue.type.subtask:
        return "issueIsSubtask"
    return "issuesInArchivedProjects" if issue.project.archived is not None else ""


def _write(site: Site, user: User, issue: Issue, *, archived: bool) -> int:
    """Write it down, for the sub-tasks too; returns how many issues are different now."""
    sql = (
        "UPDATE issues SET archived = ?, archived_by = ? "
        "WHERE (id = ? OR parent_id = ?) AND (archived IS NOT NULL) != ?"
    )
    changed = site.store.run(sql, *_stamp(site, user, archived=archived), issue.id, issue.id, archived)
    log.info("%s %s by %s", issue.key, "archived" if archived else "restored", user.name)
    return changed


def _stamp(site: Site, user: User, *, archived: bool) -> tuple[int | None, str | None]:
    return (site.store.now(), user.name) if archived else (None, None)
