"""The control for the parent of an issue, which is no field of a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmbot.sandbox.jira import parents

from .candidates import listed
from .forms import Control

if TYPE_CHECKING:
    from cmbot.sandbox.jira.configuration import IssueType, Project
    from cmbot.sandbox.jira.issues import Issue

    from .visit import Form, Visit

NAME = "parent"


def controls(visit: Visit, project: Project, kind: IssueType, chosen: str = "") -> list[Control]:
    """The control for the parent of a new issue, if such an issue has one."""
    if kind.subtask:
        found = listed(visit, 0, chosen, project)
    elif visit.site.flavour.parents and kind.level == 0:
        found = listed(visit, 1, chosen)
    else:
        return []
    values = (chosen,) if chosen in dict(found) else ()
    return [Control(NAME, "Parent", "one", values, tuple(found), required=kind.subtask)]


def as_epic(visit: Visit, kind: IssueType, parent: str) -> dict[str, str]:
    """The parent as the value of Data Center's Epic Link, where that is what it is."""
    link = visit.site.config.field_of_type("epic-link")
    if (
        link is None
        or visit.site.flavour.parents
        or kind.level != 0
        or parent not in dict(listed(visit, 1, parent))
    ):
        return {}
    return {link.id: parent}


def of_issue(visit: Visit, issue: Issue) -> list[Control]:
    """The control for the parent of an issue, if it can be changed: Cloud's epics."""
    if issue.type.subtask or not visit.site.flavour.parents:
        return []
    epic = issue.values.get(parents.field(visit.site).id)
    return controls(visit, issue.project, issue.type, epic or "")


def read(before: list[Control], form: Form) -> dict[str, Any]:
    """What a request says of a parent that was changed."""
    if not before or NAME not in form or form.get(NAME) == before[0].value:
        return {}
    return {NAME: {"key": form.get(NAME)} if form.get(NAME) else None}
