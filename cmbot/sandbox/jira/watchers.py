"""Who wants to hear of an issue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import JiraError

if TYPE_CHECKING:
    from .configuration import User
    from .site import Site


def of_issue(site: Site, issue: int) -> list[User]:
    """The watchers of an issue."""
    sql = "SELECT user FROM watchers WHERE issue_id = ? ORDER BY user"
    return [site.config.users[row["user"]] for row in site.store.rows(sql, issue)]


def add(site: Site, issue: int, name: str) -> None:
    """Let a user watch."""
    sql = "INSERT OR IGNORE INTO watchers (issue_id, user) VALUES (?, ?)"
    site.store.run(sql, issue, _user(site, name).name)


def remove(site: Site, issue: int, name: str) -> None:
    """Let a user watch no longer."""
    site.store.run("DELETE FROM watchers WHERE issue_id = ? AND user = ?", issue, _user(site, name).name)


def _user(site: Site, name: str) -> User:
    found = site.flavour.identified(site.config, name)
    if found is None:
        raise JiraError(404, f"The user '{name}' does not exist")
    return found
