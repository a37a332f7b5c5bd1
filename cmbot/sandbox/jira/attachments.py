"""Files attached to issues; they live in the store, so that no file name ever meets a path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import caps, history
from .errors import JiraError

if TYPE_CHECKING:
    import sqlite3

    from .configuration import User
    from .site import Site

SIZE_LIMIT = 10 * 1024 * 1024
"""Bytes in one file, Jira's default."""


@dataclass(frozen=True)
class Attachment:
    """What is known of a file."""

    id: int
    """Number."""
    issue: int
    """Id of its issue."""
    author: str
    """Login name of who attached it."""
    created: int
    """Milliseconds."""
    name: str
    """File name, for people only."""
    media_type: str
    """MIME type as the client said."""
    size: int
    """Bytes."""


def add(site: Site, user: User, issue: int, name: str, media_type: str, content: bytes) -> Attachment:
    """Attach a file; the same name twice makes two attachments."""
    if len(content) > SIZE_LIMIT:
        raise JiraError(413, f"The file is larger than the allowed {SIZE_LIMIT} bytes.")
    safe = re.sub(r"[\x00-\x1f\x7f/\\:*?\"<>|]", "_", name).strip(" .")[:255] or "file"
    with site.store.transaction():
        caps.check(site, "attachments", issue)
        number = site.store.insert(
            "attachments",
            issue_id=issue,
            author=user.name,
            created=site.store.now(),
            name=safe,
            media_type=media_type,
            size=len(content),
            content=content,
        )
        item = history.Item("Attachment", "jira", "attachment", (None, None), (str(number), safe))
        made = find(site, str(number))
        history.record(site, issue, user, [item], kind="attached", about=made)
    return made


def listed(site: Site, issue: int) -> list[Attachment]:
    """The attachments of an issue."""
    sql = f"SELECT {_COLUMNS} FROM attachments WHERE issue_id = ? ORDER BY id"  # noqa: S608 - fixed columns
    return [_from_row(row) for row in site.store.rows(sql, issue)]


def find(site: Site, number: str) -> Attachment:
    """The attachment of that number."""
    row = site.store.row(f"SELECT {_COLUMNS} FROM attachments WHERE id = ?", number)  # noqa: S608 - fixed columns
    if row is None:
        raise JiraError(404, f"The attachment with id '{number}' does not exist")
    return _from_row(row)


def content(site: Site, attachment: Attachment) -> bytes:
    """The file itself."""
    row = site.store.row("SELECT content FROM attachments WHERE id = ?", attachment.id)
    return b"" if row is None else bytes(row["content"])


def delete(site: Site, user: User, attachment: Attachment) -> None:
    """Remove a file."""
    with site.store.transaction():
        site.store.run("DELETE FROM attachments WHERE id = ?", attachment.id)
        trace = (str(attachment.id), attachment.name)
        item = history.Item("Attachment", "jira", "attachment", trace, (None, None))
        history.record(site, attachment.issue, user, [item], kind="detached", about=attachment)


_COLUMNS = "id, issue_id, author, created, name, media_type, size"


def _from_row(row: sqlite3.Row) -> Attachment:
    return Attachment(*row)
