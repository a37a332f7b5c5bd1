"""Links between issues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import caps, comments, history
from .errors import JiraError, missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .configuration import LinkType, User
    from .site import Site


@dataclass(frozen=True)
class IssueLink:
    """A link: the inward issue *outward-text* the outward issue ("A blocks B")."""

    id: int
    """Number."""
    type: LinkType
    """Kind of link."""
    inward: int
    """Id of the issue that, for example, blocks."""
    outward: int
    """Id of the issue that is blocked."""


def of_issue(site: Site, issue: int) -> list[IssueLink]:
    """The links at an issue, either way."""
    sql = "SELECT * FROM issue_links WHERE inward_id = ? OR outward_id = ? ORDER BY id"
    return [
        IssueLink(row["id"], site.config.link_types[row["type_id"]], row["inward_id"], row["outward_id"])
        for row in site.store.rows(sql, issue, issue)
    ]


def find(site: Site, number: str) -> IssueLink:
    """The link of that number."""
    row = site.store.row("SELECT * FROM issue_links WHERE id = ?", number)
    if row is None:
        raise JiraError(404, f"No issue link with id '{number}' exists.")
    return IssueLink(row["id"], site.config.link_types[row["type_id"]], row["inward_id"], row["outward_id"])


def add(site: Site, user: User, body: Mapping[str, Any]) -> None:
    """Link two issues; a link that exists is not doubled, but its comment is written again."""
    kind = _type(site, body.get("type"))
    inward, outward = _end(site, body.get("inwardIssue")), _end(site, body.get("outwardIssue"))
    if inward == outward:
        raise JiraError(400, "You cannot link an issue to itself.")
    with site.store.transaction():
        sql = "SELECT 1 FROM issue_links WHERE type_id = ? AND inward_id = ? AND outward_id = ?"
        if site.store.row(sql, kind.id, inward[0], outward[0]) is None:
            for end, _ in (inward, outward):
                caps.check(site, "issue_links", end)
            number = site.store.insert(
                "issue_links", type_id=kind.id, inward_id=inward[0], outward_id=outward[0]
            )
            _record(site, user, find(site, str(number)), inward, outward, added=True)
        if body.get("comment"):
            comments.add(site, user, inward[0], body["comment"])


def add_from(site: Site, user: User, issue: int, link: Any) -> None:
    """Link an issue that is being written to another, as ``update.issuelinks`` asks."""
    if not isinstance(link, dict) or ("inwardIssue" in link) == ("outwardIssue" in link):
        raise JiraError(400, errors={"issuelinks": "Either inwardIssue or outwardIssue is expected."})
    other = "outwardIssue" if "inwardIssue" in link else "inwardIssue"
    add(site, user, {**link, other: {"id": issue}})


def delete(site: Site, user: User, link: IssueLink) -> None:
    """Remove a link."""
    with site.store.transaction():
        ends = [_end(site, {"id": number}) for number in (link.inward, link.outward)]
        site.store.run("DELETE FROM issue_links WHERE id = ?", link.id)
        _record(site, user, link, ends[0], ends[1], added=False)


def _type(site: Site, raw: Any) -> LinkType:
    if isinstance(raw, dict):
        for kind in site.config.link_types.values():
            if str(raw.get("id")) == str(kind.id) or str(raw.get("name")).casefold() == kind.name.casefold():
                return kind
        raise JiraError(404, f"No issue link type with name '{raw.get('name', raw.get('id'))}' found.")
    raise JiraError(400, "The issue link type is required.")


def _end(site: Site, raw: Any) -> tuple[int, str]:
    if not isinstance(raw, dict):
        raise JiraError(400, "Both inwardIssue and outwardIssue are required.")
    sql = "SELECT id, key FROM issues WHERE key = ? OR CAST(id AS TEXT) = ?"
    row = site.store.row(sql, str(raw.get("key")).upper(), str(raw.get("id")))
    if row is None:
        raise missing()
    return row["id"], row["key"]


def _record(
    site: Site, user: User, link: IssueLink, inward: tuple[int, str], outward: tuple[int, str], *, added: bool
) -> None:
    for issue, other, words in ((inward, outward, link.type.outward), (outward, inward, link.type.inward)):
        trace = (other[1], f"This issue {words} {other[1]}")
        empty = (None, None)
        item = history.Item("Link", "jira", None, empty if added else trace, trace if added else empty)
        about = link if issue is inward else None
        history.record(site, issue[0], user, [item], kind="linked" if added else "unlinked", about=about)
