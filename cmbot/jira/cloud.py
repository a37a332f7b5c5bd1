"""Jira Cloud (reference/jira.md section 3)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import RemoteError
from cmbot.jira.dialect import ORDER
from cmbot.jira.failures import strange
from cmbot.jira.wire import issue_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cmbot.jira.dialect import Asked
    from cmbot.jira.wire import Wire

_CHANGELOG_PAGE = 100
_HISTORY_PAGE = 10_000
_MOST_PROPERTIES = 5


class Cloud:
    """Search by tokens over an index that lags, people by account id, epics as parents."""

    own_fields: Mapping[str, str] = {}
    account_key = account_parameter = "accountId"
    mention_prefix = "accountid:"
    settling = timedelta(minutes=3)
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
            "reconcileIssues": wire.written.newest(),
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

    def fetch(self, wire: Wire, ids: Sequence[str], asked: Asked) -> Iterator[dict[str, Any]]:
        """Read by ids, which is never stale, and the histories by a request of their own."""
        body = {
            "issueIdsOrKeys": list(ids),
            "fields": list(asked.fields),
            "properties": list(asked.properties[:_MOST_PROPERTIES]),
        }
        answer = wire.query("Jira", "reading several issues", "issue/bulkfetch", body)
        histories = _histories(wire, ids)
        try:
            for issue in answer["issues"]:
                entries = histories.get(str(issue["id"]), [])
                issue["changelog"] = {"total": len(entries), "histories": entries}
                last_asked = asked.properties[_MOST_PROPERTIES - 1 : _MOST_PROPERTIES]
                # There may be more than could be asked for.
                if not set(last_asked) & set(issue.get("properties") or ()):
                    yield issue
        except (KeyError, TypeError, AttributeError):
            raise strange("Jira", "several issues") from None

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

    def content(self, attachment_id: int) -> tuple[str, dict[str, str]]:
        """Give the path and parameters by which a file is read without being sent elsewhere."""
        return f"attachment/content/{attachment_id}", {"redirect": "false"}

    def in_epic(self, epic_key: str) -> dict[str, Any]:
        """Use ``parent``, as at every level."""
        return {"parent": {"key": epic_key}}

    def named_epic(self, name: str) -> dict[str, Any]:
        """Use nothing: the summary is the name."""
        del name
        return {}


def _histories(wire: Wire, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    body: dict[str, Any] = {"issueIdsOrKeys": list(ids), "maxResults": _HISTORY_PAGE}
    found: dict[str, list[dict[str, Any]]] = {}
    tokens: set[str] = set()
    while True:
        answer = wire.query("Jira", "reading several histories", "changelog/bulkfetch", body)
        try:
            for log in answer["issueChangeLogs"]:
                found.setdefault(str(log["issueId"]), []).extend(log["changeHistories"])
        except (KeyError, TypeError, ValueError):
            raise strange("Jira", "several histories") from None
        token = answer.get("nextPageToken")
        if not token:
            return found
        if token in tokens:
            raise RemoteError("Jira", "the histories give the same page again", "cmbot tries again")
        tokens.add(token)
        body["nextPageToken"] = token


def _page(answer: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str]:
    try:
        issues, token = list(answer["issues"]), answer.get("nextPageToken")
    except (KeyError, TypeError):
        raise strange("Jira", "the search") from None
    return issues, str(token or "")
