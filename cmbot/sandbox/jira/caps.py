"""How much one issue may hold: Cloud answers 413 where Data Center goes on (reference jira.md, section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .errors import JiraError

if TYPE_CHECKING:
    from .site import Site

Thing = Literal["comments", "worklogs", "attachments", "issue_links", "remote_links"]


def check(site: Site, thing: Thing, issue: int) -> None:
    """Refuse one more thing on an issue that is full.

    Raises
    ------
    JiraError
        Raised with 413.
    """
    most: int | None = getattr(site.caps, thing)
    if most is None:
        return
    where = "? IN (inward_id, outward_id)" if thing == "issue_links" else "issue_id = ?"
    row = site.store.row(f"SELECT COUNT(*) AS n FROM {thing} WHERE {where}", issue)  # noqa: S608 - fixed words
    if row is not None and row["n"] >= most:
        words = thing.replace("_", " ")
        raise JiraError(413, f"The issue has reached its limit of {most} {words}.")
