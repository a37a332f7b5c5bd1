"""What we still have to say to Jira: one row per thing, found again by its marker (design.md rule 6)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cmbot.mirror.database import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror


KEPT = frozenset({"status comment", "fields", "property", "attachment", "link"})
"""Kinds that keep something in Jira up to date; the others are said once."""


@dataclass(frozen=True)
class Row:
    """One thing to tell Jira."""

    id: int
    """Order of writing; one issue is told in this order."""
    issue_id: str
    """Jira id of the issue."""
    issue_key: str
    """Its key, for logs."""
    kind: str
    """``status comment``, ``comment``, ``fields``, ``property``, ``attachment``, ``move`` or ``group``."""
    marker: str
    """What it is found by in Jira."""
    body: Mapping[str, Any]
    """What to tell."""
    sends: int
    """How often it was sent without an answer that says it arrived."""
    result: str
    """Id of what was made in Jira; empty before."""


def say(
    connection: Connection, issue: tuple[str, str], kind: str, marker: str, body: Any, now: datetime
) -> bool:
    """Add something that is told once, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue : `tuple` [`str`, `str`]
        Id and key of the issue.
    kind, marker : `str`
        See `Row`.
    body : `Any`
        What JSON can hold.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    new : `bool`
        `False` if something with this marker was said before.
    """
    cursor = connection.execute(
        """INSERT OR IGNORE INTO outbox
        (issue_id, issue_key, kind, marker, body, state, created_at, not_before)
        VALUES (?, ?, ?, ?, ?, 'pending', ?, ?)""",
        (*issue, kind, marker, json.dumps(body), stamp(now), stamp(now)),
    )
    return cursor.rowcount == 1


def keep_said(
    connection: Connection,
    issue: tuple[str, str],
    kind: str,
    marker: str,
    body: Any,
    now: datetime,
    interval: timedelta,
) -> bool:
    """Keep something in Jira as it should be now, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue : `tuple` [`str`, `str`]
        Id and key of the issue.
    kind, marker : `str`
        See `Row`.
    body : `Any`
        What JSON can hold; told again only if it differs (requirement W15).
    now : `datetime.datetime`
        The time.
    interval : `datetime.timedelta`
        Least time between two writes.

    Returns
    -------
    new : `bool`
        Whether there is something new to tell.
    """
    text = json.dumps(body)
    if say(connection, issue, kind, marker, body, now):
        return True
    row = connection.execute("SELECT body, told_at FROM outbox WHERE marker = ?", (marker,)).fetchone()
    if row["body"] == text:
        return False
    later = stamp(now)
    if row["told_at"]:
        later = max(later, stamp(datetime.fromisoformat(row["told_at"]) + interval))
    # A row that waits after a failure goes on waiting: Jira may have said until when.
    connection.execute(
        """UPDATE outbox SET body = ?, state = 'pending',
        not_before = CASE state WHEN 'pending' THEN max(not_before, ?) ELSE ? END WHERE marker = ?""",
        (text, later, later, marker),
    )
    return True


def markers(mirror: Mirror, wanted: Sequence[str]) -> set[str]:
    """Find which things were said, or are still to be said.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    wanted : `~collections.abc.Sequence` [`str`]
        Their markers.

    Returns
    -------
    known : `set` [`str`]
        Those that have a row.
    """
    places = ", ".join("?" * len(wanted))
    return {row["marker"] for row in mirror.db["outbox"].rows_where(f"marker IN ({places})", wanted)}


def was_told(
    connection: Connection,
    issue: tuple[str, str],
    kind: str,
    marker: str,
    said: tuple[str, str],
    now: datetime,
) -> None:
    """Write down a comment that was found to be told already, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue : `tuple` [`str`, `str`]
        Id and key of the issue.
    kind, marker : `str`
        See `Row`.
    said : `tuple` [`str`, `str`]
        Its id in Jira and its text.
    now : `datetime.datetime`
        The time.
    """
    comment_id, text = said
    if say(connection, issue, kind, marker, {"text": text}, now):
        connection.execute(
            "UPDATE outbox SET state = 'told', told_at = ?, result = ? WHERE marker = ?",
            (stamp(now), comment_id, marker),
        )


def count_told(mirror: Mirror) -> int:
    """Count what was told.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    count : `int`
        Rows that arrived.
    """
    row = mirror.connection.execute("SELECT count(*) AS n FROM outbox WHERE state = 'told'").fetchone()
    return int(row["n"])


@dataclass(frozen=True)
class Untold:
    """Something that Jira does not take."""

    issue_key: str
    """Key of the issue."""
    kind: str
    """See `Row`."""
    error: str
    """Why."""
    since: datetime
    """When it was to be told."""


def untold(mirror: Mirror) -> tuple[Untold, ...]:
    """List what Jira has not taken so far.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    untold : `tuple` [`Untold`, ...]
        Oldest first.
    """
    rows = mirror.connection.execute(
        """SELECT issue_key, kind, error, created_at FROM outbox
        WHERE state IN ('pending', 'refused') AND error <> '' ORDER BY id"""
    )
    return tuple(
        Untold(row["issue_key"], row["kind"], row["error"], datetime.fromisoformat(row["created_at"]))
        for row in rows
    )
