"""The bodies of webhooks, as each vendor fills them (reference jira.md, section 9.3).

Links, files and work have events of their own. Data Center tells of a link by nothing else, of work also by
``jira:worklog_updated``, and of files only by ``jira:issue_updated``; Cloud sends ``jira:issue_updated``
beside each (its name for work is unverified). The shapes are those that public code quotes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cmbot.sandbox.jira import history, issues
from cmbot.sandbox.jira.attachments import Attachment
from cmbot.sandbox.jira.comments import Comment
from cmbot.sandbox.jira.issuelinks import IssueLink
from cmbot.sandbox.jira.issueshapes import IssueShapes
from cmbot.sandbox.jira.worklogs import Worklog

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmbot.sandbox.jira.happenings import Happening
    from cmbot.sandbox.jira.history import Item
    from cmbot.sandbox.jira.issues import Issue
    from cmbot.sandbox.jira.shapes import Shapes
    from cmbot.sandbox.jira.site import Site

Json = dict[str, Any]
_SMALL = ("summary", "issuetype", "project", "assignee", "priority", "status")
_COMMENT_EVENTS = {
    "commented": ("comment_created", "issue_commented"),
    "comment edited": ("comment_updated", "issue_comment_edited"),
    "comment deleted": ("comment_deleted", "issue_comment_deleted"),
}
"""The event of the comment itself, and the type of Data Center's second event, about the issue."""
_WORK_EVENTS = {
    "work logged": ("worklog_created", "issue_work_logged"),
    "work edited": ("worklog_updated", "issue_worklog_updated"),
    "work deleted": ("worklog_deleted", "issue_worklog_deleted"),
}
"""The event of the work itself, and the type of Data Center's second event, about the issue."""
_LINK_EVENTS = {"linked": "issuelink_created", "unlinked": "issuelink_deleted"}
_FILE_EVENTS = {"attached": "attachment_created", "detached": "attachment_deleted"}
_ISSUE_EVENTS = {
    "created": ("jira:issue_created", "issue_created"),
    "deleted": ("jira:issue_deleted", "issue_deleted"),
}


@dataclass(frozen=True)
class Told:
    """A happening with what its bodies need."""

    site: Site
    """The site."""
    happening: Happening
    """What happened."""
    issue: Issue
    """The issue as it was just after."""
    shapes: Shapes
    """Renders for who did it, in whose zone the stamps are."""

    @property
    def items(self) -> tuple[Item, ...]:
        """What changed."""
        number = self.happening.entry
        found = (one for one in history.entries(self.site, self.issue.id) if one.id == number)
        return next((entry.items for entry in found), ())

    def head(self, event: str) -> Json:
        """How every body begins."""
        return {"timestamp": self.happening.at, "webhookEvent": event}

    def user(self) -> Json:
        """Who did it."""
        return {"user": self.shapes.user(self.happening.actor.name)}

    def subject(self) -> Json:
        """What it is about, under its name; nothing where it is about the issue itself."""
        match self.happening.about:
            case Comment() as comment:
                return {"comment": self.shapes.comment(comment)}
            case Worklog() as work:
                return {"worklog": self.shapes.worklog(work)}
            case Attachment() as file:
                return {"attachment": self.shapes.attachment(file)}
            case IssueLink() as link:
                return {"issueLink": _link(link)}
            case None:
                return {}

    def whole_issue(self, *leaving_out: str) -> Json:
        """The issue with all its fields."""
        fields = [field for field in self.site.config.fields.values() if field.id not in leaving_out]
        return {"issue": self._issue(fields)}

    def small_issue(self) -> Json:
        """The issue as Cloud's comment events carry it: six fields."""
        return {"issue": self._issue([self.site.config.fields[name] for name in _SMALL])}

    def changelog(self) -> Json:
        """The history entry; nothing without one."""
        if self.happening.entry is None:
            return {}
        items = [self.shapes.history_item(item) for item in self.items]
        return {"changelog": {"id": str(self.happening.entry), "items": items}}

    def _issue(self, fields: list[Any]) -> Json:
        issue = self.issue
        if self.happening.updated_before is not None:
            issue = replace(issue, updated=self.happening.updated_before)
        whole = IssueShapes(self.site, self.shapes, fields)(issue)
        return {name: whole[name] for name in ("id", "self", "key", "fields")}


def _link(link: IssueLink) -> Json:
    """A link as its events carry it, on both deployments: numbers for ids, and no keys."""
    kind = {
        "id": link.type.id,
        "name": link.type.name,
        "outwardName": link.type.outward,
        "inwardName": link.type.inward,
        "isSubTaskLinkType": False,
        "isSystemLinkType": False,
    }
    ends = {"sourceIssueId": link.inward, "destinationIssueId": link.outward}
    return {"id": link.id, **ends, "issueLinkType": kind, "systemLink": False}


def told(site: Site, base_url: str, happening: Happening) -> Told:
    """Gather what bodies need, while the issue is as the happening left it."""
    issue = issues.find(site, str(happening.issue))
    return Told(site, happening, issue, site.shapes(base_url, happening.actor))


def bodies(told: Told) -> list[tuple[str, Json]]:
    """The events of a happening with their bodies, in the order in which the vendor sends them."""
    return _DIALECTS[told.site.flavour.name](told)


def _data_center(told: Told) -> list[tuple[str, Json]]:
    kind = told.happening.kind
    if kind in _COMMENT_EVENTS:
        event, about_issue = _COMMENT_EVENTS[kind]
        alone = told.head(event) | ({} if kind == "commented" else told.user()) | told.subject()
        second = told.head("jira:issue_updated") | {"issue_event_type_name": about_issue}
        second |= told.user() | told.whole_issue()
        if kind != "comment deleted":
            second |= told.subject()
        return [(event, alone), ("jira:issue_updated", second)]
    if kind in _LINK_EVENTS:  # the ends' histories are not told
        return _alone(told, _LINK_EVENTS[kind])
    if kind in _WORK_EVENTS:
        event, about_issue = _WORK_EVENTS[kind]
        return [*_alone(told, event), _about_issue(told, "jira:worklog_updated", about_issue)]
    return [_about_issue(told, *_ISSUE_EVENTS.get(kind, ("jira:issue_updated", _kind_of_change(told))))]


def _alone(told: Told, event: str) -> list[tuple[str, Json]]:
    """The event of a link, a file or a piece of work: nothing else is in it; of a link, one end tells."""
    subject = told.subject()
    return [(event, told.head(event) | subject)] if subject else []


def _about_issue(told: Told, event: str, name: str, *leaving_out: str) -> tuple[str, Json]:
    body = told.head(event) | {"issue_event_type_name": name} | told.user()
    return event, body | told.whole_issue(*leaving_out) | told.changelog()


def _kind_of_change(told: Told) -> str:
    """Data Center's word for a change; that of a move depends on the status scheme, here on categories."""
    move = next((item for item in told.items if item.field_id == "status"), None)
    if move is None:
        return "issue_updated"
    if move.new[1] == "Closed":
        return "issue_closed"
    statuses = told.site.config.statuses
    before, after = (statuses[int(side[0] or 0)].category.key for side in (move.old, move.new))
    if after == "done":
        return "issue_resolved"
    if before == "done":
        return "issue_reopened"
    return "issue_work_started" if after == "indeterminate" else "issue_generic"


def _cloud(told: Told) -> list[tuple[str, Json]]:
    kind = told.happening.kind
    if kind in _COMMENT_EVENTS:
        event, _ = _COMMENT_EVENTS[kind]
        body = told.head(event) | told.subject() | told.small_issue()
        if kind == "comment deleted":  # a real site leaves a part of the address out
            body["issue"]["self"] = told.shapes.link(str(told.issue.id))
        return [(event, body)]
    own = {**_LINK_EVENTS, **_FILE_EVENTS, **{word: events[0] for word, events in _WORK_EVENTS.items()}}
    event, name = _ISSUE_EVENTS.get(kind, ("jira:issue_updated", _cloud_change(told)))
    found = _alone(told, own[kind]) if kind in own else []
    return [*found, _about_issue(told, event, name, "comment")]


def _cloud_change(told: Told) -> str:
    fields = [item.field_id for item in told.items]
    if "status" in fields:
        return "issue_generic"
    return "issue_assigned" if fields == ["assignee"] else "issue_updated"


_DIALECTS: dict[str, Callable[[Told], list[tuple[str, Json]]]] = {
    "data-center": _data_center,
    "cloud": _cloud,
}
