"""Who wants an issue done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import JiraError

if TYPE_CHECKING:
    from .configuration import User
    from .issues import Issue
    from .site import Site


def of_issue(site: Site, issue: int) -> list[User]:
    """Who voted for an issue."""
    rows = site.store.rows("SELECT user FROM votes WHERE issue_id = ? ORDER BY user", issue)
    return [site.config.users[row["user"]] for row in rows]


def cast(site: Site, user: User, issue: Issue) -> None:
    """Vote for an issue, which is not for its reporter nor for one that is resolved."""
    _open(user, issue)
    site.store.run("INSERT OR IGNORE INTO votes (issue_id, user) VALUES (?, ?)", issue.id, user.name)


def withdraw(site: Site, user: User, issue: Issue) -> None:
    """Take a vote back."""
    _open(user, issue)
    if not site.store.run("DELETE FROM votes WHERE issue_id = ? AND user = ?", issue.id, user.name):
        raise JiraError(404, "Cannot remove a vote for an issue that the user has not already voted for.")


def _open(user: User, issue: Issue) -> None:
    if issue.read_only:
        raise JiraError(404, f"{issue.key} is archived: it can only be read.")
    if issue.values.get("reporter") == user.name:
        raise JiraError(404, "You cannot vote for an issue you have reported.")
    if issue.resolved is not None:
        raise JiraError(404, "You cannot vote or change your vote on a resolved issue.")
