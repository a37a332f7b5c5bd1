"""What the page of an issue shows, gathered from the store."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmbot.sandbox.jira import (
    attachments,
    comments,
    durations,
    history,
    issuelinks,
    issues,
    properties,
    remotelinks,
    votes,
    watchers,
    worklogs,
)
from cmbot.sandbox.jira.permissions import may
from cmbot.sandbox.jira.restriction import readable

from .fieldtext import TRACKED, rendered, shown_fields, title
from .lanes import card

if TYPE_CHECKING:
    from markupsafe import Markup

    from cmbot.sandbox.jira.comments import Comment
    from cmbot.sandbox.jira.configuration import LinkType, User
    from cmbot.sandbox.jira.issues import Issue
    from cmbot.sandbox.jira.shapes import Shapes
    from cmbot.sandbox.jira.site import Site


@dataclass(frozen=True)
class Remark:
    """A comment with its rendered text."""

    comment: Comment
    """The comment."""
    author: User
    """Who wrote it."""
    html: Markup
    """Its text."""
    editable: bool
    """Whether the viewer may change it."""
    deletable: bool
    """Whether the viewer may remove it."""


def issue_page(site: Site, user: User, shapes: Shapes, issue: Issue) -> dict[str, Any]:
    """Everything about an issue, for its page."""
    users = site.config.users
    return {
        "issue": issue,
        "card": card(site, user, issue, issues.subtasks(site, issue)),
        "parents": _seen(site, user, _above(site, issue)),
        "children": _seen(site, user, _in_epic(site, issue)),
        "fields": shown_fields(site, shapes, issue),
        "description": rendered(issue.values.get("description"), shapes),
        "links": _links(site, user, issue),
        "remote": [(link, title(link)) for link in remotelinks.listed(site, issue.id)],
        "attachments": attachments.listed(site, issue.id),
        "comments": [
            _remark(site, user, shapes, issue, comment)
            for comment in comments.listed(site, issue.id)
            if readable(site, user, issue.project, comment.visibility)
        ],
        "entries": [(entry, users[entry.author]) for entry in reversed(history.entries(site, issue.id))],
        "properties": [
            (key, properties.get(site, "issue", issue.id, key))
            for key in properties.keys(site, "issue", issue.id)
        ],
        "reporter": users.get(issue.values.get("reporter") or ""),
        "archiver": users.get(issue.archived_by or issue.project.archived_by or ""),
        **_done_here(site, user, shapes, issue),
    }


def _remark(site: Site, user: User, shapes: Shapes, issue: Issue, comment: Comment) -> Remark:
    def allowed(verb: str) -> bool:
        whose = ("ALL", "OWN") if comment.author == user.name else ("ALL",)
        return any(may(site.config, user, f"{verb}_{word}_COMMENTS", issue.project, issue) for word in whose)

    html = rendered(comment.body, shapes)
    return Remark(comment, site.config.users[comment.author], html, allowed("EDIT"), allowed("DELETE"))


def _done_here(site: Site, user: User, shapes: Shapes, issue: Issue) -> dict[str, Any]:
    """What the viewer may do and did, and the work that was logged."""
    watching, voting = watchers.of_issue(site, issue.id), votes.of_issue(site, issue.id)
    kinds = [kind for kind in issue.project.issue_types if kind.level == issue.type.level - 1]
    allowed = {
        word: may(site.config, user, permission, issue.project, issue)
        for word, permission in (
            ("may_edit", "EDIT_ISSUES"),
            ("may_attach", "CREATE_ATTACHMENTS"),
            ("may_comment", "ADD_COMMENTS"),
            ("may_link", "LINK_ISSUES"),
        )
    }
    creating = may(site.config, user, "CREATE_ISSUES", issue.project, issue)
    return {
        **allowed,
        "link_words": [
            (f"{kind.id}:{way}", words)
            for kind in site.config.link_types.values()
            for way, words in _ways(kind)
        ],
        "may_archive": user.admin and not issue.type.subtask and issue.project.archived is None,
        "may_vote": issue.values.get("reporter") != user.name and issue.resolved is None,
        "child_type": kinds[0] if kinds and creating else None,
        "watchers": len(watching),
        "watching": user in watching,
        "votes": len(voting),
        "voted": user in voting,
        "work": [
            (one, site.config.users[one.author], rendered(one.body, shapes))
            for one in worklogs.listed(site, user, issue)
        ],
        "tracking": [
            (word, durations.written(issue.values[name]))
            for name, word in TRACKED.items()
            if name in issue.values
        ],
    }


def _seen(site: Site, user: User, found: list[Issue]) -> list[Issue]:
    return [one for one in found if may(site.config, user, "BROWSE_PROJECTS", one.project, one)]


def _above(site: Site, issue: Issue) -> list[Issue]:
    """Epic and parent, from the top."""
    if issue.parent is not None:
        parent = issues.find(site, str(issue.parent))
        return [*_above(site, parent), parent]
    link = site.config.field_of_type("epic-link")
    key = issue.values.get(link.id) if link else None
    return [issues.find(site, key)] if key else []


def _in_epic(site: Site, issue: Issue) -> list[Issue]:
    link = site.config.field_of_type("epic-link")
    if link is None or issue.type.level != 1:
        return []
    sql = "SELECT * FROM issues WHERE json_extract(fields, ?) = ? ORDER BY id"
    return [issues.from_row(site, row) for row in site.store.rows(sql, f"$.{link.id}", issue.key)]


def _ways(kind: LinkType) -> list[tuple[str, str]]:
    """How a link of a kind is read from its ends; once if that is the same."""
    both = [("outward", kind.outward), ("inward", kind.inward)]
    return both if kind.inward != kind.outward else both[:1]


def _links(site: Site, user: User, issue: Issue) -> list[tuple[str, Issue, int]]:
    found = []
    for link in issuelinks.of_issue(site, issue.id):
        outgoing = link.inward == issue.id
        other = link.outward if outgoing else link.inward
        words = link.type.outward if outgoing else link.type.inward
        linked = issues.find(site, str(other))
        if may(site.config, user, "BROWSE_PROJECTS", linked.project, linked):
            found.append((words, linked, link.id))
    return found


def hue(name: str) -> int:
    """One of six colours for a person."""
    return zlib.crc32(name.encode()) % 6
