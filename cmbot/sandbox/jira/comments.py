"""Comments."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import caps, history, properties, restriction
from .errors import JiraError, refused
from .fieldinput import TEXT_LIMIT
from .happenings import Happening

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from .configuration import User
    from .happenings import Kind
    from .site import Site

log = logging.getLogger(__name__)
ORDERS = {"created": "id", "+created": "id", "-created": "id DESC"}


@dataclass(frozen=True)
class Comment:
    """A comment."""

    id: int
    """Number."""
    issue: int
    """Id of its issue."""
    author: str
    """Login name of who wrote it."""
    update_author: str
    """Login name of who edited it last."""
    body: str
    """Wiki markup."""
    visibility: Mapping[str, Any] | None
    """Role or group that may see it, as it was sent."""
    created: int
    """Milliseconds."""
    updated: int
    """Milliseconds."""


def listed(site: Site, issue: int, order: str = "created") -> list[Comment]:
    """All comments of an issue."""
    if order not in ORDERS:
        raise JiraError(400, f"Invalid orderBy value '{order}'.")
    sql = f"SELECT * FROM comments WHERE issue_id = ? ORDER BY {ORDERS[order]}"  # noqa: S608 - from the table above
    return [_from_row(row) for row in site.store.rows(sql, issue)]


def find(site: Site, issue: int | None, number: str) -> Comment:
    """One comment, by its number; of that issue, if one is named."""
    row = site.store.row("SELECT * FROM comments WHERE id = ?", number)
    if row is None or issue not in (None, row["issue_id"]):
        raise JiraError(404, f"Can not find a comment for the id: {number}.")
    return _from_row(row)


def add(site: Site, user: User, issue: int, body: Any) -> int:
    """Write a comment with its properties; returns its number."""
    now = site.store.now()
    with site.store.transaction():
        text, visibility = _read(site, user, issue, body)
        caps.check(site, "comments", issue)
        number = site.store.insert(
            "comments",
            issue_id=issue,
            author=user.name,
            update_author=user.name,
            body=text,
            visibility=visibility,
            created=now,
            updated=now,
        )
        properties.put_unless_ignored(site, "comment", number, body.get("properties"))
        _tell(site, "commented", user, find(site, issue, str(number)))
    log.info("issue %s: comment %s by %s", issue, number, user.name)
    return number


def edit(site: Site, user: User, comment: Comment, body: Any) -> None:
    """Replace a comment's text and visibility."""
    text, visibility = _read(site, user, comment.issue, body)
    sql = "UPDATE comments SET body = ?, visibility = ?, update_author = ?, updated = ? WHERE id = ?"
    with site.store.transaction():
        site.store.run(sql, text, visibility, user.name, site.store.now(), comment.id)
        properties.put_unless_ignored(site, "comment", comment.id, body.get("properties"))
        _tell(site, "comment edited", user, find(site, comment.issue, str(comment.id)))


def delete(site: Site, user: User, comment: Comment) -> None:
    """Delete a comment."""
    with site.store.transaction():
        site.store.run("DELETE FROM comments WHERE id = ?", comment.id)
        _tell(site, "comment deleted", user, comment)


def _tell(site: Site, kind: Kind, user: User, comment: Comment) -> None:
    """Move the issue's ``updated`` and tell, with the ``updated`` of before."""
    row = site.store.row("SELECT updated FROM issues WHERE id = ?", comment.issue)
    before = None if row is None else row["updated"]
    history.touch(site, comment.issue)
    now = site.store.now()
    site.announce(Happening(kind, comment.issue, user, now, about=comment, updated_before=before))


def _read(site: Site, user: User, issue: int, body: Any) -> tuple[str, str | None]:
    text = body.get("body") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise refused("comment", "Comment body can not be empty!")
    if len(text) > TEXT_LIMIT:
        raise refused(
            "comment",
            f"The entered text is too long. It exceeds the allowed limit of {TEXT_LIMIT:,} characters.",
        )
    (project,) = site.store.rows("SELECT project_id FROM issues WHERE id = ?", issue)
    return text, restriction.read(site, user, site.config.projects[project[0]], body.get("visibility"))


def _from_row(row: sqlite3.Row) -> Comment:
    return Comment(
        id=row["id"],
        issue=row["issue_id"],
        author=row["author"],
        update_author=row["update_author"],
        body=row["body"],
        visibility=None if row["visibility"] is None else json.loads(row["visibility"]),
        created=row["created"],
        updated=row["updated"],
    )
