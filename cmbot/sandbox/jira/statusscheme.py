"""Moving issues through their project's status scheme."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from . import history, issues, permissions, properties
from .comments import add as add_comment
from .errors import JiraError, refused
from .screens import added, read_values, section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .configuration import Project, User
    from .issues import Issue
    from .site import Site
    from .statusparts import Transition

log = logging.getLogger(__name__)


def available(site: Site, user: User, issue: Issue) -> list[Transition]:
    """What a user can do now: the transitions from this status and the global ones, if their roles allow."""
    if not permissions.may(site.config, user, "TRANSITION_ISSUES", issue.project, issue):
        return []
    return [
        t
        for t in issue.project.status_scheme.transitions
        if t.begins_in(issue.status) and _in_one_of(site, user, issue.project, t.roles)
    ]


def _in_one_of(site: Site, user: User, project: Project, roles: tuple[int, ...]) -> bool:
    return not roles or any(permissions.in_role(site.config, user, project, role) for role in roles)


def move(site: Site, user: User, issue: Issue, body: Mapping[str, Any]) -> None:
    """Make a transition: status, fields, comment, properties and history together.

    Raises
    ------
    JiraError
        Raised with 400 if the transition is not possible now, misses a required field or brings one that
        is not on its screen, or for an id that exists nowhere (500 on Data Center); on Cloud with 409 if
        somebody moved the issue since it was looked at.
    """
    with site.store.transaction():
        before, issue = issue, issues.seen(site, user, str(issue.id))
        if before.status != issue.status:
            issues.conflict(site, issue)
        transition = _chosen(site, user, issue, body.get("transition"))
        screen = {
            item.field.id: item.field.within(issue.project, issue.type) or item.field
            for item in transition.screen
        }
        values = read_values(site, screen, body, issue.values)
        for item in transition.screen:
            if item.required and values.get(item.field.id, issue.values.get(item.field.id)) is None:
                raise refused(item.field.id, f"{item.field.name} is required.")
        items = issues.apply(site, issue, values)
        if transition.to != issue.status:
            same = transition.to.category == issue.status.category
            sql = "UPDATE issues SET status_id = ?, category_changed = ? WHERE id = ?"
            changed = issue.category_changed if same else site.store.now()
            site.store.run(sql, transition.to.id, changed, issue.id)
            items.insert(
                0 if site.habits.status_first else len(items),
                history.Item(
                    "status",
                    "jira",
                    "status",
                    (str(issue.status.id), issue.status.name),
                    (str(transition.to.id), transition.to.name),
                ),
            )
        history.record(site, issue.id, user, items, section(body, "historyMetadata") or None)
        for comment in added(body, "comment"):
            permissions.need(site.config, user, "ADD_COMMENTS", issue.project, issue)
            add_comment(site, user, issue.id, comment)
        properties.put_unless_ignored(site, "issue", issue.id, body.get("properties"))
    log.info("%s moved by %s: %s -> %s", issue.key, user.name, issue.status.name, transition.to.name)


def _chosen(site: Site, user: User, issue: Issue, raw: Any) -> Transition:
    wanted = str(raw.get("id")) if isinstance(raw, dict) else str(raw)
    if raw is None or not wanted.isdigit():
        raise JiraError(400, "Missing 'transition' identifier")
    named = next((t for t in issue.project.status_scheme.transitions if t.id == int(wanted)), None)
    if named is None:
        raise JiraError(site.flavour.unknown_transition, f"There is no transition with id {wanted}.")
    if named not in available(site, user, issue):
        raise JiraError(
            400,
            f"It seems that you have tried to perform a workflow operation ({named.name}) that is not valid "
            f"for the current state of this issue ({issue.key}). The likely cause is that somebody has "
            "changed the issue recently, please look at the issue history for details.",
        )
    return named
