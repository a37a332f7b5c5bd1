"""Jira Data Center and Server, 9 and 10 (reference/jira.md section 3)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import Refused, RemoteError
from cmbot.jira.dialect import EPIC_LINK, EPIC_NAME, ORDER
from cmbot.jira.failures import strange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cmbot.jira.dialect import Asked
    from cmbot.jira.wire import Wire


class DataCenter:
    """Search by offset, people by name, epics by a field."""

    #: The keys are those of Jira Software's own field types, which no translation changes.
    own_fields: Mapping[str, str] = {
        EPIC_LINK: "com.pyxis.greenhopper.jira:gh-epic-link",
        EPIC_NAME: "com.pyxis.greenhopper.jira:gh-epic-label",
    }
    account_key = "name"
    account_parameter = "username"
    mention_prefix = ""
    #: Another node's index may be some seconds behind.
    settling = timedelta(seconds=10)
    _overlap = 5
    _most_pages = 5_000

    def pages(self, wire: Wire, clause: str, fields: str, size: int) -> Iterator[list[dict[str, Any]]]:
        """Search by offset; each page begins with rows of the page before.

        An issue that changes while pages are read moves to the end of an ascending order, and all
        behind it move up. If a page begins with a row that was seen and has not changed since,
        all before it are known; if not, some may be lost, and the search goes back
        (reference/jira.md section 8.1). So ``fields`` must name ``updated``.
        """
        seen: dict[str, str] = {}
        start = overlap = 0
        for _ in range(self._most_pages):
            asked: dict[str, str | int] = {
                "jql": f"{clause} {ORDER}",
                "fields": fields,
                "startAt": start,
                "maxResults": size,
            }
            issues, rows, total = _page(wire.read("Jira", "the search", "search", **asked))
            if overlap and not (rows and seen.get(rows[0][0]) == rows[0][1]):
                start = max(0, start - size)
                overlap = min(overlap, start)
                continue
            seen.update(rows)
            yield issues
            if not issues or start + len(issues) >= total:
                return
            # The server may give fewer than asked for: go on from what came.
            overlap = min(self._overlap, len(issues) // 2)
            start += len(issues) - overlap
        raise RemoteError("Jira", "the search does not come to an end", "look at Jira's own log")

    def fetch(self, wire: Wire, ids: Sequence[str], asked: Asked) -> Iterator[dict[str, Any]]:
        """Search by ids; properties come only with an issue that is read by itself."""
        if asked.properties:
            return
        start, total = 0, len(ids)
        while start < total:
            try:
                # By POST, for so many ids make an address longer than some proxies take.
                body = {
                    "jql": f"id in ({','.join(ids)}) ORDER BY id",
                    "fields": list(asked.fields),
                    "expand": ["changelog"],
                    "startAt": start,
                    "maxResults": len(ids),
                }
                answer = wire.query("Jira", "reading several issues", "search", body)
                issues, total = list(answer["issues"]), int(answer["total"])
            except Refused:
                # A query that names an issue which is gone is refused as a whole.
                return
            except (KeyError, TypeError, ValueError):
                raise strange("Jira", "several issues") from None
            yield from issues
            if not issues:
                return
            start += len(issues)

    def histories(self, wire: Wire, issue: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Take the changelog that came with the issue; Data Center gives all of it."""
        del wire
        log = issue.get("changelog") or {}
        entries = list(log.get("histories") or ())
        if len(entries) < int(log.get("total") or 0):
            raise RemoteError(str(issue.get("key")), "Jira left out part of the history", "cmbot tries again")
        return sorted(entries, key=lambda entry: int(entry["id"]))

    def content(self, attachment_id: int) -> tuple[str, dict[str, str]]:
        """Give the path and parameters by which a file is read without being sent elsewhere."""
        # The name is only for people: Jira finds the file by its id.
        return f"/secure/attachment/{attachment_id}/file", {}

    def in_epic(self, epic_key: str) -> dict[str, Any]:
        """Use the Epic Link field."""
        return {EPIC_LINK: epic_key}

    def named_epic(self, name: str) -> dict[str, Any]:
        """Use the Epic Name field, which an epic needs."""
        return {EPIC_NAME: name}


def _page(answer: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[tuple[str, str]], int]:
    try:
        issues = list(answer["issues"])
        rows = [(str(issue["id"]), str(issue["fields"]["updated"])) for issue in issues]
        return issues, rows, int(answer["total"])
    except (KeyError, TypeError, ValueError):
        raise strange("Jira", "the search") from None
