"""Links to other systems, upserted by ``globalId``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import caps, history
from .errors import JiraError, refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .configuration import User
    from .site import Site

PARTS = ("application", "relationship", "object")


@dataclass(frozen=True)
class RemoteLink:
    """A link to something outside."""

    id: int
    """Number."""
    global_id: str | None
    """What makes a later write replace this one."""
    body: Mapping[str, Any]
    """``application``, ``relationship`` and ``object``, as they were sent."""


def listed(site: Site, issue: int) -> list[RemoteLink]:
    """The remote links of an issue."""
    return [
        RemoteLink(row["id"], row["global_id"], json.loads(row["body"]))
        for row in site.store.rows("SELECT * FROM remote_links WHERE issue_id = ? ORDER BY id", issue)
    ]


def find(site: Site, issue: int, number: str | None = None, global_id: str | None = None) -> RemoteLink:
    """One remote link, by number or global id."""
    for link in listed(site, issue):
        if str(link.id) == number or (global_id is not None and link.global_id == global_id):
            return link
    raise JiraError(404, f"No remote issue link with id '{number or global_id}' exists for the issue.")


def put(site: Site, user: User, issue: int, body: Mapping[str, Any]) -> tuple[int, bool]:
    """Add a link, or replace the one with the same global id; returns its number and whether it is new.

    What a request leaves out becomes null, as the vendor says.
    """
    global_id, content = read(body)
    with site.store.transaction():
        row = site.store.row(
            "SELECT id FROM remote_links WHERE issue_id = ? AND global_id = ?", issue, global_id
        )
        if row is not None:
            replace(site, row["id"], body)
            history.touch(site, issue)
            return row["id"], False
        caps.check(site, "remote_links", issue)
        number = site.store.insert(
            "remote_links", issue_id=issue, global_id=global_id, body=json.dumps(content)
        )
        title = content["object"]["title"]
        trace = (str(number), f'This issue links to "{title}"')
        history.record(
            site, issue, user, [history.Item("RemoteIssueLink", "jira", None, (None, None), trace)]
        )
        return number, True


def replace(site: Site, number: int, body: Mapping[str, Any]) -> None:
    """Overwrite a link whole."""
    global_id, content = read(body)
    sql = "UPDATE remote_links SET global_id = ?, body = ? WHERE id = ?"
    site.store.run(sql, global_id, json.dumps(content), number)


def delete(site: Site, user: User, issue: int, link: RemoteLink) -> None:
    """Remove a link."""
    with site.store.transaction():
        site.store.run("DELETE FROM remote_links WHERE id = ?", link.id)
        trace = (str(link.id), f'This issue links to "{link.body["object"]["title"]}"')
        history.record(
            site, issue, user, [history.Item("RemoteIssueLink", "jira", None, trace, (None, None))]
        )


def read(body: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Global id and content of a request."""
    target = body.get("object")
    target = target if isinstance(target, dict) else {}
    for name in ("title", "url"):
        if not isinstance(target.get(name), str) or not target[name].strip():
            raise refused(name, f"'{name}' is required.")
    global_id = body.get("globalId")
    if global_id is not None and (not isinstance(global_id, str) or len(global_id) > 255):
        raise refused("globalId", "'globalId' must have at most 255 characters.")
    return global_id or None, {name: body.get(name) for name in PARTS}
