"""What people commanded that counts as a move of an issue: launch, pause (design.md section 3)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cmbot.mirror.orders import keep_cause
from cmbot.models.issues import Move, Person, Status

if TYPE_CHECKING:
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror
    from cmbot.models.attempts import Cause
    from cmbot.models.issues import Issue


def add(connection: Connection, issue: Issue, target: Status, cause: Cause) -> None:
    """Keep what was commanded, inside a transaction; it acts once.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue : `~cmbot.models.issues.Issue`
        As it is.
    target : `~cmbot.models.issues.Status`
        The status that it is to have.
    cause : `~cmbot.models.attempts.Cause`
        The human act.
    """
    after = issue.last_move.history_id if issue.last_move else 0
    restore(connection, issue.id, (issue.status, target, after), cause)


def restore(connection: Connection, issue_id: str, move: tuple[Status, Status, int], cause: Cause) -> None:
    """Keep what was commanded, as Jira remembers it, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue_id : `str`
        Which issue.
    move : `tuple`
        Status before, status after, and id of the newest entry of the history before it.
    cause : `~cmbot.models.attempts.Cause`
        The human act.
    """
    keep_cause(connection, cause)
    connection.execute(
        "INSERT OR IGNORE INTO acts (cause_id, issue_id, source, target, after) VALUES (?, ?, ?, ?, ?)",
        (cause.id, issue_id, *move),
    )


def take_back(connection: Connection, issue_id: str) -> None:
    """Take back the newest act on an issue, which could not be followed, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue_id : `str`
        Which.
    """
    connection.execute(
        """UPDATE acts SET refused = 1 WHERE id =
        (SELECT max(id) FROM acts WHERE issue_id = ? AND NOT refused)""",
        (issue_id,),
    )


def unnoticed(mirror: Mirror) -> set[str]:
    """Find the issues of which something was commanded, or judged, since the last time that this was asked.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    issue_ids : `set` [`str`]
        Their ids.
    """
    rows = mirror.connection.execute(
        """SELECT issue_id FROM acts WHERE NOT noticed
        UNION SELECT issue_id FROM verdicts WHERE NOT noticed"""
    )
    found = {row["issue_id"] for row in rows}
    if found:
        with mirror.writing() as connection:
            for issue_id in found:
                connection.execute("UPDATE acts SET noticed = 1 WHERE issue_id = ?", (issue_id,))
                connection.execute("UPDATE verdicts SET noticed = 1 WHERE issue_id = ?", (issue_id,))
    return found


def of(mirror: Mirror, issue_id: str, key: str) -> tuple[Move, ...]:
    """Read what was commanded of an issue and not taken back.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    issue_id, key : `str`
        Which.

    Returns
    -------
    acts : `tuple` [`~cmbot.models.issues.Move`, ...]
        Oldest first.
    """
    rows = mirror.connection.execute(
        """SELECT acts.*, account, name, at, what FROM acts JOIN causes ON causes.id = acts.cause_id
        WHERE issue_id = ? AND NOT refused ORDER BY acts.id""",
        (issue_id,),
    )
    return tuple(
        Move(
            issue_id=issue_id,
            issue_key=key,
            history_id=row["after"],
            at=datetime.fromisoformat(row["at"]),
            by=Person(row["account"], row["name"]),
            source=Status(row["source"]),
            target=Status(row["target"]),
            cause=row["cause_id"],
            words=row["what"],
        )
        for row in rows
    )
