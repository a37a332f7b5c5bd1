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


KEPT = frozenset({"status comment", "fields", "property"})
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
    """``status comment``, ``comment``, ``fields``, ``move`` or ``group``."""
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


def pending(mirror: Mirror, now: datetime) -> tuple[Row, ...]:
    """Read what is to be told now, in order; an issue waits behind its oldest untold row.

    What concerns an issue that is gone, hidden or elsewhere waits until it is back.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    rows : `tuple` [`Row`, ...]
        Oldest first.
    """
    rows = mirror.connection.execute(
        """SELECT * FROM outbox WHERE state IN ('pending', 'refused')
        AND issue_id NOT IN (SELECT id FROM unread WHERE silent) ORDER BY id"""
    ).fetchall()
    waiting: set[str] = set()
    due = []
    for row in rows:
        if row["not_before"] > stamp(now):
            # A status comment that rests for its interval holds up nobody, nor what Jira has refused.
            if row["error"] and row["state"] == "pending":
                waiting.add(row["issue_id"])
        elif row["issue_id"] not in waiting:
            due.append(row)
    # What is kept up to date comes last, the longest due first: nothing else waits for it.
    due.sort(key=lambda row: row["not_before"] if row["kind"] in KEPT else "")
    return tuple(
        Row(
            row["id"],
            row["issue_id"],
            row["issue_key"],
            row["kind"],
            row["marker"],
            json.loads(row["body"]),
            row["sends"],
            row["result"],
        )
        for row in due
    )


def sending(connection: Connection, row: Row, not_before: datetime) -> None:
    """Write down that a row is about to be sent, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    row : `Row`
        Which.
    not_before : `datetime.datetime`
        When to try again, should cmbot not live to see what became of it.
    """
    connection.execute(
        "UPDATE outbox SET sends = sends + 1, not_before = ? WHERE id = ?", (stamp(not_before), row.id)
    )


def told(connection: Connection, row: Row, result: str, now: datetime) -> None:
    """Write down that a row arrived, unless it has changed since, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    row : `Row`
        Which.
    result : `str`
        Id of what was made.
    now : `datetime.datetime`
        The time.
    """
    connection.execute(
        """UPDATE outbox SET state = 'told', told_at = ?, result = ?, error = '', sends = 0
        WHERE id = ? AND body = ?""",
        (stamp(now), result, row.id, json.dumps(row.body)),
    )


def failed(connection: Connection, row: Row, error: str, again: datetime | None) -> None:
    """Write down that a row could not be told, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    row : `Row`
        Which.
    error : `str`
        Why.
    again : `datetime.datetime` or `None`
        When to try again; `None` for never.
    """
    connection.execute(
        "UPDATE outbox SET error = ?, state = ?, not_before = ? WHERE id = ?",
        (error, "pending" if again else "dropped", stamp(again) if again else "", row.id),
    )


def refused(connection: Connection, row: Row, error: str, again: datetime) -> None:
    """Write down that Jira does not take a row as it is, inside a transaction.

    It is tried again, for somebody may mend the project; what comes after it does not wait.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    row : `Row`
        Which.
    error : `str`
        Why.
    again : `datetime.datetime`
        When to try again.
    """
    connection.execute(
        "UPDATE outbox SET error = ?, state = 'refused', not_before = ? WHERE id = ?",
        (error, stamp(again), row.id),
    )
