"""Search for what changed; what it finds is where to look, and is read by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from cmbot.exceptions import Refused
from cmbot.jira.failures import strange
from cmbot.jira_schema import values

if TYPE_CHECKING:
    from datetime import datetime

    from cmbot.jira.dialect import Dialect
    from cmbot.jira.wire import Wire


PAGE = 1000
"""Rows on a page; the server may give fewer."""


class Changed(TypedDict):
    """One issue that changed."""

    id: str
    """Jira's id."""
    key: str
    """Its key now."""
    updated: datetime
    """Jira's time of the last change, with its zone."""
    status: str
    """The site's name of its status."""
    issuetype: str
    """The site's name of its type."""


def changed(wire: Wire, dialect: Dialect, project: str, since_ms: int | None) -> list[Changed]:
    """Find the issues that changed (reference/jira.md section 8).

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    dialect : `~cmbot.jira.dialect.Dialect`
        For the form of the search.
    project : `str`
        Key of the project.
    since_ms : `int` or `None`
        Instant in milliseconds of the Unix epoch, by Jira's clock; `None` for a full listing.

    Returns
    -------
    issues : `list` [`Changed`]
        Each issue once, the longest unchanged first.

    Raises
    ------
    RemoteError
        If the search does not succeed completely.
    """
    bound = "" if since_ms is None else f" AND updated >= {since_ms:d}"
    clause = f"project = {quoted(project)}{bound}"
    found: dict[str, Changed] = {}
    try:
        for page in dialect.pages(wire, clause, "updated,status,issuetype", PAGE):
            for data in page:
                item = _changed(data)
                wire.keys[item["id"]] = item["key"]
                # A later row of the same issue is newer.
                found[item["id"]] = item
    except Refused as error:
        remedy = f"check jira.project, and that cmbot's account may browse {project}"
        raise Refused(error.subject, error.problem, remedy) from error
    return sorted(found.values(), key=lambda item: item["updated"])


def quoted(text: str) -> str:
    """Quote a value for JQL.

    Parameters
    ----------
    text : `str`
        Any text.

    Returns
    -------
    literal : `str`
        A JQL string literal.
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _changed(data: dict[str, Any]) -> Changed:
    try:
        fields = data["fields"]
        return {
            "id": str(data["id"]),
            "key": str(data["key"]),
            "updated": values.time(fields["updated"]),
            "status": str(fields["status"]["name"]),
            "issuetype": str(fields["issuetype"]["name"]),
        }
    except (KeyError, TypeError, ValueError):
        raise strange(str(data.get("key")), "a row of the search") from None
