"""The rows of the outbox on their way to Jira."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cmbot.mirror.database import stamp
from cmbot.mirror.outbox import KEPT, Row

if TYPE_CHECKING:
    from datetime import datetime
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror


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
