"""Jira Cloud (reference/jira.md section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmbot.exceptions import RemoteError
from cmbot.jira.dialect import ORDER
from cmbot.jira.wire import issue_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmbot.jira.wire import Wire

_CHANGELOG_PAGE = 100


class Cloud:
    """Search by tokens over an index that lags, people by account id, epics as parents."""

    own_fields: Mapping[str, str] = {}
    account_key = "accountId"
    mention_prefix = "accountid:"
    _most_pages = 5_000

    def pages(self, wire: Wire, clause: str, fields: str, size: int) -> Iterator[list[dict[str, Any]]]:
        """Search by tokens; a page may be short or empty and still not be the last.

        Issues that cmbot itself wrote recently are found as they are now, however far the index
        lags (reference/jira.md section 8.1); their list must be the same for every page.
        """
        asked = {
            "jql": f"{clause} {ORDER}",
            "fields": fields.split(","),
            "maxResults": size,
            "reconcileIssues": wire.recently_written(),
        }
        tokens: set[str] = set()
        for _ in range(self._most_pages):
            issues, token = _page(wire.query("Jira", "the search", "search/jql", asked))
            yield issues
            if not token:
                return
            if token in tokens:
                raise RemoteError("Jira", "the search gives the same page again", "cmbot tries again")
            tokens.add(token)
            asked["nextPageToken"] = token
        raise RemoteError("Jira", "the search does not come to an end", "narrow jira.project")

    def histories(self, wire: Wire, issue: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Take the changelog that came with the issue, or its own resource if that was cut off.

        With the issue it is newest first and capped (reference/jira.md section 8.4).
        """
        log = issue.get("changelog") or {}
        found = {int(entry["id"]): entry for entry in log.get("histories") or ()}
        if len(found) < int(log.get("total") or 0):
            found = self._changelog(wire, str(issue["id"]))
        return [found[number] for number in sorted(found)]

    def _changelog(self, wire: Wire, issue_id: str) -> dict[int, dict[str, Any]]:
        subject, path = wire.subject(issue_id), issue_path(issue_id, "changelog")
        found: dict[int, dict[str, Any]] = {}
        start = 0
        while True:
            page = wire.read(subject, "reading the history", path, startAt=start, maxResults=_CHANGELOG_PAGE)
            entries = list(page["values"])
            found.update((int(entry["id"]), entry) for entry in entries)
            start += len(entries)
            if not entries or page.get("isLast") or start >= int(page["total"]):
                return found

    def in_epic(self, epic_key: str) -> dict[str, Any]:
        """Use ``parent``, as at every level."""
        return {"parent": {"key": epic_key}}

    def named_epic(self, name: str) -> dict[str, Any]:
        """Use nothing: the summary is the name."""
        del name
        return {}


def _page(answer: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str]:
    try:
        issues, token = list(answer["issues"]), answer.get("nextPageToken")
    except (KeyError, TypeError):
        raise RemoteError("Jira", "the search was answered in an unknown form", "check jira.url") from None
    return issues, str(token or "")
