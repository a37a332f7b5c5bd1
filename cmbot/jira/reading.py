"""What the gateway reads: one issue or several, comments and properties."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from cmbot.exceptions import NotFound
from cmbot.jira.dialect import Asked
from cmbot.jira.failures import strange
from cmbot.jira.searching import PAGE
from cmbot.jira.wire import issue_path
from cmbot.jira_schema import values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from cmbot.jira.dialect import Dialect
    from cmbot.jira.fields import SiteFields
    from cmbot.jira.searching import Changed
    from cmbot.jira.wire import Wire

_AT_ONCE = 100
"""Issues in one request."""
_NEWEST = 100
"""Comments that are looked through for commands."""
COMMANDS = "cmbot.commands"
ATTEMPTS = "cmbot.attempts"
#: One property holds 32,768 characters, so what is longer goes on in numbered ones.
ATTEMPTS_KEYS = (ATTEMPTS, *(f"{ATTEMPTS}.{number}" for number in range(1, 10)))
READ_FIELDS = (
    "summary",
    "status",
    "issuetype",
    "project",
    "parent",
    "created",
    "updated",
    "assignee",
    "labels",
    "issuelinks",
    "description",
    # Data Center's, empty for what is not archived; Cloud has none and leaves it out.
    "archiveddate",
)


class Read(TypedDict):
    """One issue as Jira gives it."""

    id: str
    """Jira's id."""
    key: str
    """Its key now, which need not be the one that was asked for."""
    fields: dict[str, Any]
    """Raw values by the site's field ids."""
    histories: list[dict[str, Any]]
    """All entries of its history, oldest first."""
    properties: dict[str, Any]
    """Those of the properties in `ATTEMPTS_KEYS` and `COMMANDS` that exist."""
    read_only: bool
    """Whether it offers nothing: neither a transition nor a field to edit."""
    comments: NotRequired[list[dict[str, Any]]]
    """Its newest comments, oldest first; absent where several issues were read together."""


def issue(wire: Wire, dialect: Dialect, fields: SiteFields, id_or_key: str) -> Read:
    """Read one issue by id or key, which is never stale (reference/jira.md section 8.1).

    Parameters
    ----------
    wire, dialect
        As in `changed`.
    fields : `~cmbot.jira.fields.SiteFields`
        The custom fields to read.
    id_or_key : `str`
        The issue.

    Returns
    -------
    issue : `Read`
        Fields, whole history and properties of one moment.

    Raises
    ------
    NotFound
        If it is gone or hidden; Jira does not tell which.
    RemoteError
        Otherwise.
    """
    data = wire.read(
        wire.subject(id_or_key),
        "reading the issue",
        issue_path(id_or_key),
        fields=",".join((*READ_FIELDS, "comment", *fields.ids.values())),
        expand="changelog,transitions",
        properties=",".join((COMMANDS, *ATTEMPTS_KEYS)),
    )
    found = _read(wire, dialect, data, wire.subject(id_or_key))
    found["read_only"] = data.get("transitions") == [] and not _editable(wire, id_or_key)
    found["comments"] = _newest(wire, found["id"], found["fields"].pop("comment", None))
    return found


def _newest(wire: Wire, issue_id: str, page: Any) -> list[dict[str, Any]]:
    """Take the comments that came with the issue, or ask for the newest where that were not all."""
    subject = wire.subject(issue_id)
    try:
        if page is None or len(page["comments"]) < int(page["total"]):
            path = issue_path(issue_id, "comment")
            doing = "reading the newest comments"
            page = wire.read(subject, doing, path, orderBy="-created", maxResults=_NEWEST)
        return sorted(page["comments"], key=lambda comment: int(comment["id"]))[-_NEWEST:]
    except (KeyError, TypeError, ValueError):
        raise strange(subject, "the comments") from None


def _editable(wire: Wire, id_or_key: str) -> bool:
    """Tell whether some field can be edited: an archived issue of Cloud says nothing else of itself."""
    subject = wire.subject(id_or_key)
    data = wire.read(subject, "asking what can be edited", issue_path(id_or_key, "editmeta"))
    try:
        return bool(data["fields"])
    except (KeyError, TypeError):
        raise strange(subject, "what can be edited") from None


def issues(
    wire: Wire, dialect: Dialect, fields: SiteFields, rows: Iterable[Changed], with_attempts: str
) -> Iterator[Read]:
    """Read many issues, a hundred at once where the deployment can do that.

    Parameters
    ----------
    wire, dialect, fields
        As in `issue`.
    rows : `~collections.abc.Iterable` [`Changed`]
        Which.
    with_attempts : `str`
        The site's name of the issue type that holds attempts as properties.

    Yields
    ------
    issue : `Read`
        In no particular order. One that is gone or hidden is left out.

    Raises
    ------
    RemoteError
        If they cannot be read.
    """
    known = (*READ_FIELDS, *fields.ids.values())
    parts: dict[bool, list[str]] = {True: [], False: []}
    for row in rows:
        parts[row["issuetype"].casefold() == with_attempts.casefold()].append(row["id"])
    for attempts, ids in parts.items():
        asked = Asked(known, (COMMANDS, *ATTEMPTS_KEYS) if attempts else ())
        for start in range(0, len(ids), _AT_ONCE):
            yield from _several(wire, dialect, fields, ids[start : start + _AT_ONCE], asked)


def _several(
    wire: Wire, dialect: Dialect, fields: SiteFields, ids: Sequence[str], asked: Asked
) -> Iterator[Read]:
    left = dict.fromkeys(ids)
    for data in dialect.fetch(wire, ids, asked):
        left.pop(str(data.get("id")), None)
        yield _read(wire, dialect, data, str(data.get("key")))
    for issue_id in left:
        with suppress(NotFound):
            yield issue(wire, dialect, fields, issue_id)


def _read(wire: Wire, dialect: Dialect, data: Mapping[str, Any], subject: str) -> Read:
    try:
        read: Read = {
            "id": str(data["id"]),
            "key": str(data["key"]),
            "fields": data["fields"],
            "histories": dialect.histories(wire, data),
            "properties": data.get("properties") or {},
            "read_only": False,
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise strange(subject, "the issue") from None
    wire.keys[read["id"]] = read["key"]
    return read


def server_time(wire: Wire, subject: str) -> datetime:
    """Ask for Jira's own clock, the only one to compare its time stamps with.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    subject : `str`
        For messages.

    Returns
    -------
    now : `datetime.datetime`
        With its zone.

    Raises
    ------
    RemoteError
        If it does not answer.
    """
    info = wire.read(subject, "asking for its time", "serverInfo")
    try:
        return values.time(str(info["serverTime"]))
    except (KeyError, ValueError):
        raise strange(subject, "its time") from None


def children(wire: Wire, key: str, summary: str) -> list[str]:
    """Find sub-tasks by their summary, however far the index lags.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    key : `str`
        The issue above them.
    summary : `str`
        What they are called.

    Returns
    -------
    keys : `list` [`str`]
        Their keys.

    Raises
    ------
    RemoteError
        If they cannot be read.
    """
    data = wire.read(key, "reading the sub-tasks", issue_path(key), fields="subtasks")
    try:
        found = data["fields"].get("subtasks") or ()
        return [str(child["key"]) for child in found if child["fields"]["summary"] == summary]
    except (KeyError, TypeError, AttributeError):
        raise strange(key, "the sub-tasks") from None


def comments(wire: Wire, issue_id: str) -> list[dict[str, Any]]:
    """Read all comments of an issue.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    issue_id : `str`
        The issue.

    Returns
    -------
    comments : `list` [`dict`]
        Jira's JSON, oldest first.

    Raises
    ------
    RemoteError
        If they cannot be read completely.
    """
    subject = wire.subject(issue_id)
    found: dict[int, dict[str, Any]] = {}
    start = 0
    while True:
        data = wire.read(
            subject,
            "reading the comments",
            issue_path(issue_id, "comment"),
            startAt=start,
            maxResults=PAGE,
            orderBy="created",
        )
        before = len(found)
        try:
            page, total = list(data["comments"]), int(data["total"])
            found.update((int(comment["id"]), comment) for comment in page)
        except (KeyError, TypeError, ValueError):
            raise strange(subject, "the list of comments") from None
        start += len(page)
        if start >= total or len(found) == before:
            return [found[number] for number in sorted(found)]


def properties(wire: Wire, issue_id: str, prefix: str) -> dict[str, Any]:
    """Read the properties of an issue whose keys begin with a prefix.

    Parameters
    ----------
    wire, issue_id
        As in `comments`.
    prefix : `str`
        Beginning of the keys.

    Returns
    -------
    properties : `dict` [`str`, `Any`]
        Key -> value.

    Raises
    ------
    RemoteError
        If they cannot be read.
    """
    subject = wire.subject(issue_id)
    data = wire.read(subject, "reading the properties", issue_path(issue_id, "properties"))
    try:
        keys = [str(entry["key"]) for entry in data["keys"]]
    except (KeyError, TypeError):
        raise strange(subject, "the list of properties") from None
    found = {}
    for key in sorted(key for key in keys if key.startswith(prefix)):
        answer = wire.read(subject, f"reading the property {key}", issue_path(issue_id, "properties", key))
        found[key] = answer.get("value")
    return found
