"""Verdicts that people commanded: who, when and why (requirements G1, G2)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cmbot.mirror.orders import keep_cause
from cmbot.models.issues import VERDICT, Edit, Person, Verdict

if TYPE_CHECKING:
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror
    from cmbot.models.attempts import Cause
    from cmbot.models.issues import Issue


def add(connection: Connection, issue: Issue, verdict: Verdict, reason: str, cause: Cause) -> None:
    """Keep a verdict, inside a transaction; earlier signatures count for nothing after it.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue : `~cmbot.models.issues.Issue`
        What is judged, as it is.
    verdict : `~cmbot.models.issues.Verdict`
        Good or bad.
    reason : `str`
        Why.
    cause : `~cmbot.models.attempts.Cause`
        The human act.
    """
    keep_cause(connection, cause)
    connection.execute("DELETE FROM signatures WHERE issue_id = ?", (issue.id,))
    after = max((edit.history_id for edit in issue.edits if edit.field == VERDICT), default=0)
    connection.execute(
        "INSERT OR IGNORE INTO verdicts (cause_id, issue_id, verdict, reason, after) VALUES (?, ?, ?, ?, ?)",
        (cause.id, issue.id, verdict, reason, after),
    )


def of(mirror: Mirror, issue_id: str) -> tuple[Edit, ...]:
    """Read the verdicts on an issue.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    issue_id : `str`
        Which.

    Returns
    -------
    verdicts : `tuple` [`~cmbot.models.issues.Edit`, ...]
        Oldest first.
    """
    rows = mirror.connection.execute(
        """SELECT verdicts.*, account, name, at FROM verdicts JOIN causes ON causes.id = verdicts.cause_id
        WHERE issue_id = ? ORDER BY verdicts.id""",
        (issue_id,),
    )
    return tuple(
        Edit(
            history_id=row["after"],
            at=datetime.fromisoformat(row["at"]),
            by=Person(row["account"], row["name"]),
            field=VERDICT,
            before="",
            after=row["verdict"],
            cause=row["cause_id"],
            reason=row["reason"],
        )
        for row in rows
    )


def sign(connection: Connection, issue_id: str, role: str, cause: Cause) -> None:
    """Keep that somebody signs for one role, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue_id : `str`
        What is signed.
    role : `str`
        For what, as the definition calls it.
    cause : `~cmbot.models.attempts.Cause`
        The human act.
    """
    keep_cause(connection, cause)
    connection.execute("INSERT OR REPLACE INTO signatures VALUES (?, ?, ?)", (issue_id, role, cause.id))


def signed(mirror: Mirror, issue_id: str) -> set[str]:
    """Read for which roles an issue is signed since its last verdict.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    issue_id : `str`
        Which.

    Returns
    -------
    roles : `set` [`str`]
        As the definition calls them.
    """
    rows = mirror.connection.execute("SELECT role FROM signatures WHERE issue_id = ?", (issue_id,))
    return {row["role"] for row in rows}
