"""Who looked at an issue when: the field ``lastViewed``, which everybody sees of oneself only.

A look is the issue's page, or a reading that says ``updateHistory=true``; others leave no trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .configuration import User
    from .issues import Issue
    from .site import Site


def look(site: Site, user: User, issue: Issue) -> None:
    """Note that somebody looks at an issue."""
    sql = "INSERT OR REPLACE INTO views (issue_id, user, at) VALUES (?, ?, ?)"
    site.store.run(sql, issue.id, user.name, site.store.now())


def last(site: Site, user: User | None, issue: Issue) -> int | None:
    """When somebody looked at an issue last, milliseconds."""
    if user is None:
        return None
    row = site.store.row("SELECT at FROM views WHERE issue_id = ? AND user = ?", issue.id, user.name)
    return None if row is None else row["at"]
