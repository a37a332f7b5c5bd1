"""Issues that cannot be followed now: gone, hidden, moved, converted or unreadable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cmbot.mirror.database import stamp

if TYPE_CHECKING:
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror


_PASSING = 3
"""Readings that may fail before it is said: most failures are over at the next."""


def freeze(
    connection: Connection,
    issue_id: str,
    key: str,
    error: str,
    now: datetime,
    *,
    parent: str = "",
    silent: bool,
    absent: bool = False,
) -> None:
    """Stop following an issue until something shows that it may be back, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue_id, key : `str`
        The issue.
    error : `str`
        Why.
    now : `datetime.datetime`
        The time.
    parent : `str`, optional
        Key of its parent, for an issue that was never read.
    silent : `bool`
        Whether nothing may be written there either.
    absent : `bool`, optional
        Whether any search that finds it shows that it is back, unchanged as it may be.
    """
    connection.execute(
        """INSERT INTO unread (id, key, version, since, not_before, error, parent, silent)
        VALUES (:id, :key, '', :now, '', :error, :parent, :silent)
        ON CONFLICT (id) DO UPDATE
        SET since = CASE error WHEN '' THEN :now ELSE since END,
        version = CASE WHEN :absent THEN '' ELSE version END,
        key = :key, not_before = '', tries = 0, error = :error, parent = :parent, silent = :silent""",
        {
            "id": issue_id,
            "key": key,
            "now": stamp(now),
            "error": error,
            "parent": parent,
            "silent": silent,
            "absent": absent,
        },
    )


def try_again(connection: Connection, now: datetime) -> None:
    """Have all that is frozen looked at once more, inside a transaction: settings may be others now.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    now : `datetime.datetime`
        The time.
    """
    connection.execute("UPDATE unread SET not_before = ? WHERE not_before = ''", (stamp(now),))


@dataclass(frozen=True)
class Trouble:
    """An issue that is not followed now."""

    id: str
    """Jira's id."""
    key: str
    """Its key."""
    error: str
    """Why, and what to do."""
    since: datetime
    """Since when."""


def troubled(mirror: Mirror) -> tuple[Trouble, ...]:
    """List the issues that are not followed now.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    issues : `tuple` [`Trouble`, ...]
        In the order of their ids.
    """
    rows = mirror.connection.execute(
        """SELECT id, key, error, since FROM unread
        WHERE error <> '' AND (not_before = '' OR tries >= ? OR silent) ORDER BY CAST(id AS INTEGER)""",
        (_PASSING,),
    )
    return tuple(
        Trouble(row["id"], row["key"], row["error"], datetime.fromisoformat(row["since"])) for row in rows
    )


def troubles(mirror: Mirror) -> dict[str, str]:
    """Say which issues are not followed now.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    troubles : `dict` [`str`, `str`]
        Issue id -> why, and since when.
    """
    return {each.id: f"{each.error} (since {each.since:%Y-%m-%dT%H:%M} UTC)" for each in troubled(mirror)}


def strangers(mirror: Mirror, parent: str) -> tuple[tuple[str, str], ...]:
    """List issues of a parent that could never be read.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    parent : `str`
        Key of the parent.

    Returns
    -------
    issues : `tuple` [`tuple` [`str`, `str`], ...]
        Key and reason of each.
    """
    rows = mirror.connection.execute(
        """SELECT key, error FROM unread WHERE parent = ? AND error <> ''
        AND id NOT IN (SELECT id FROM issues) ORDER BY CAST(id AS INTEGER)""",
        (parent,),
    )
    return tuple((row["key"], row["error"]) for row in rows)
