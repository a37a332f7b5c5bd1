"""What differs between Jira's deployments (reference/jira.md section 3).

Everything that differs is asked of a `Dialect`; the rest of the room speaks what both understand:
REST v2 with wiki markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from cmbot.exceptions import RemoteError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmbot.jira.wire import Wire

EPIC_LINK = "Epic Link"
EPIC_NAME = "Epic Name"
ORDER = "ORDER BY updated ASC, key ASC"


class Dialect(Protocol):
    """How one kind of deployment wants to be spoken to."""

    #: Custom fields that this deployment itself provides: name -> key of the field's type.
    own_fields: Mapping[str, str]

    def pages(self, wire: Wire, clause: str, fields: str, size: int) -> Iterator[list[dict[str, Any]]]:
        """Search in the order of change, page by page, without losing an issue that changes meanwhile."""
        ...

    def histories(self, issue: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Give the whole history of an issue that was read with it, oldest first."""
        ...

    def in_epic(self, epic_key: str) -> dict[str, Any]:
        """Give the fields that put an issue into an epic."""
        ...

    def named_epic(self, name: str) -> dict[str, Any]:
        """Give the fields that an epic needs for its name."""
        ...


class DataCenter:
    """Jira Data Center and Server, 9 and 10."""

    #: The keys are those of Jira Software's own field types, which no translation changes.
    own_fields: Mapping[str, str] = {
        EPIC_LINK: "com.pyxis.greenhopper.jira:gh-epic-link",
        EPIC_NAME: "com.pyxis.greenhopper.jira:gh-epic-label",
    }
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

    def histories(self, issue: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Take the changelog that came with the issue; Data Center gives all of it."""
        log = issue.get("changelog") or {}
        entries = list(log.get("histories") or ())
        if len(entries) < int(log.get("total") or 0):
            raise RemoteError(str(issue.get("key")), "Jira left out part of the history", "cmbot tries again")
        return sorted(entries, key=lambda entry: int(entry["id"]))

    def in_epic(self, epic_key: str) -> dict[str, Any]:
        """Use the Epic Link field."""
        return {EPIC_LINK: epic_key}

    def named_epic(self, name: str) -> dict[str, Any]:
        """Use the Epic Name field, which an epic needs."""
        return {EPIC_NAME: name}


def choose(server_info: Mapping[str, Any], url: str) -> Dialect:
    """Choose by what the server says of itself, never by its address.

    Parameters
    ----------
    server_info : `~collections.abc.Mapping`
        Answer of ``serverInfo``.
    url : `str`
        For messages.

    Returns
    -------
    dialect : `Dialect`
        The one to speak; anything that does not call itself Cloud is Data Center
        (reference/jira.md section 4).

    Raises
    ------
    UserError
        If the deployment is not supported.
    """
    deployment = str(server_info.get("deploymentType") or "")
    if deployment == "Cloud":
        raise UserError(
            url,
            f"is a Jira {deployment} ({server_info.get('version')}), which is not supported yet",
            "use a Jira Data Center",
        )
    return DataCenter()


def _page(answer: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[tuple[str, str]], int]:
    try:
        issues = list(answer["issues"])
        rows = [(str(issue["id"]), str(issue["fields"]["updated"])) for issue in issues]
        return issues, rows, int(answer["total"])
    except (KeyError, TypeError, ValueError):
        raise RemoteError("Jira", "the search was answered in an unknown form", "check jira.url") from None
