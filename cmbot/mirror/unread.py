"""Issues that are to be read, and those that cannot be followed: frozen until they come back.

Whatever shows that an issue may have changed (a search, a webhook, its absence from a full listing) puts it
here, in the same transaction that moves the cursor on. It leaves when it was read. So a pass may be killed
anywhere, and an issue that cannot be read holds up nobody (requirement V26).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cmbot.mirror.database import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror

_LONGEST = timedelta(hours=1)
_PATIENCE = 5
"""Readings that may fail before an issue that was never seen holds up decisions no more."""


@dataclass(frozen=True)
class Row:
    """One issue."""

    id: str
    """Jira's id."""
    key: str
    """Its key, as far as it is known."""
    version: str
    """When it was changed, as the search said; empty if another reason led here."""
    tries: int
    """Readings that failed."""
    error: str
    """Why it is not followed; empty if it only was not read yet."""
    kind: str
    """The site's name of its type, as the search said; else empty."""
    parent: str
    """Key of its parent, for an issue that was never read; else empty."""
    silent: bool
    """Whether nothing may be written there either."""

    @property
    def frozen(self) -> bool:
        """Whether it was read, and could not be followed."""
        return bool(self.error) and (self.silent or not self.tries)


def add(
    connection: Connection, issue_id: str, key: str, now: datetime, version: str = "", kind: str = ""
) -> None:
    """Have an issue read, unless it failed or was frozen in this very version; inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue_id, key : `str`
        The issue.
    now : `datetime.datetime`
        Not before this instant.
    version, kind : `str`, optional
        See `Row`.
    """
    add_all(connection, [(issue_id, key, version, kind)], now)


def add_all(connection: Connection, issues: Iterable[tuple[str, str, str, str]], now: datetime) -> None:
    """Have issues read, as `add` does one, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issues : `~collections.abc.Iterable`
        ``id``, ``key``, ``version`` and ``kind`` of each, see `Row`.
    now : `datetime.datetime`
        Not before this instant.
    """
    at = stamp(now)
    connection.executemany(
        """INSERT INTO unread (id, key, version, kind, since, not_before) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET key = excluded.key, version = excluded.version,
        kind = excluded.kind, not_before = excluded.not_before
        WHERE excluded.version = '' OR excluded.version <> unread.version""",
        [(*issue, at, at) for issue in issues],
    )


def due(mirror: Mirror, now: datetime, most: int) -> tuple[Row, ...]:
    """List what is to be read now.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    now : `datetime.datetime`
        The time.
    most : `int`
        How many at most.

    Returns
    -------
    rows : `tuple` [`Row`, ...]
        Those first that did not fail.
    """
    rows = mirror.connection.execute(
        """SELECT * FROM unread WHERE not_before <> '' AND not_before <= ?
        ORDER BY tries, CAST(id AS INTEGER) LIMIT ?""",
        (stamp(now), most),
    )
    return tuple(_row(row) for row in rows)


def find(mirror: Mirror, issue_id: str) -> Row | None:
    """Find the row of an issue.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    issue_id : `str`
        The issue.

    Returns
    -------
    row : `Row` or `None`
        `None` if it was read and is followed.
    """
    return among(mirror, [issue_id]).get(issue_id)


def among(mirror: Mirror, ids: Iterable[str]) -> dict[str, Row]:
    """Find the rows of issues.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    ids : `~collections.abc.Iterable` [`str`]
        The issues, any number.

    Returns
    -------
    rows : `dict` [`str`, `Row`]
        By id; those that were read and are followed are left out.
    """
    rows = mirror.connection.execute(
        "SELECT * FROM unread WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)
    )
    return {row["id"]: _row(row) for row in rows}


def failed(connection: Connection, row: Row, error: str, now: datetime) -> None:
    """Write down that an issue could not be read, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    row : `Row`
        Which.
    error : `str`
        Why.
    now : `datetime.datetime`
        The time; it is tried again after a while that doubles.
    """
    again = now + min(timedelta(seconds=2 ** min(row.tries, 12)), _LONGEST)
    connection.execute(
        "UPDATE unread SET tries = tries + 1, error = ?, not_before = ? WHERE id = ?",
        (row.error if row.frozen else error, stamp(again), row.id),
    )


def done(connection: Connection, *issue_ids: str) -> None:
    """Write down that issues were read and are followed, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    *issue_ids : `str`
        Which.
    """
    connection.executemany("DELETE FROM unread WHERE id = ?", [(issue_id,) for issue_id in issue_ids])


def left(mirror: Mirror) -> tuple[tuple[str, str], ...]:
    """List the issues that are still to be read, or cannot be followed.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    issues : `tuple` [`tuple` [`str`, `str`], ...]
        Key and reason of each.
    """
    rows = mirror.connection.execute("SELECT key, error FROM unread ORDER BY CAST(id AS INTEGER)")
    return tuple((row["key"], row["error"] or "is still to be read") for row in rows)


def complete(mirror: Mirror) -> bool:
    """Tell whether everything that was listed has been read, or tried often enough.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    complete : `bool`
        As long as it is `False`, nothing may be concluded from what is not there.
    """
    row = mirror.connection.execute(
        """SELECT 1 FROM unread WHERE not_before <> '' AND tries < ? AND id NOT IN (SELECT id FROM issues)""",
        (_PATIENCE,),
    ).fetchone()
    return row is None


def _row(row: Any) -> Row:
    return Row(
        id=row["id"],
        key=row["key"],
        version=row["version"],
        tries=row["tries"],
        error=row["error"],
        kind=row["kind"],
        parent=row["parent"],
        silent=bool(row["silent"]),
    )
