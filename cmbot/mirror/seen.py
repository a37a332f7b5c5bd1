"""What we saw: the issues as Jira showed them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json, to_json

from cmbot.mirror.database import stamp
from cmbot.models.issues import Level, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror
    from cmbot.models.issues import Issue


def save_issue(connection: Connection, issue: Issue, body: Mapping[str, Any]) -> None:
    """Keep an issue as it was read, inside a transaction; the id is its identity, not the key.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue : `~cmbot.models.issues.Issue`
        The parsed issue.
    body : `~collections.abc.Mapping`
        What Jira sent, to be parsed again.
    """
    row = connection.execute("SELECT key FROM issues WHERE id = ?", (issue.id,)).fetchone()
    if row is not None and row["key"] != issue.key:
        connection.execute("INSERT OR REPLACE INTO former_keys VALUES (?, ?)", (row["key"], issue.id))
        connection.execute("DELETE FROM former_keys WHERE key = ?", (issue.key,))
        connection.execute("UPDATE issues SET parent = ? WHERE parent = ?", (issue.key, row["key"]))
    save_new(connection, [(issue, body)])


def save_new(connection: Connection, issues: Iterable[tuple[Issue, Mapping[str, Any]]]) -> None:
    """Keep issues that have no former key, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issues : `~collections.abc.Iterable`
        Each as for `save_issue`.
    """
    connection.executemany(
        "INSERT OR REPLACE INTO issues VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                issue.id,
                issue.key,
                issue.level,
                issue.status,
                issue.parent,
                stamp(issue.updated),
                to_json(body).decode(),
            )
            for issue, body in issues
        ],
    )


def versions(mirror: Mirror, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Say in which state issues were seen last.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    ids : `~collections.abc.Iterable` [`str`]
        Jira's ids, any number.

    Returns
    -------
    versions : `dict` [`str`, `tuple` [`str`, `str`]]
        Id -> key and stamp of the last change; those that were never seen are left out.
    """
    rows = mirror.connection.execute(
        "SELECT id, key, updated FROM issues WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )
    return {issue_id: (key, updated) for issue_id, key, updated in rows}


def version(mirror: Mirror, issue_id: str) -> tuple[str, str] | None:
    """Say in which state an issue was seen last.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    issue_id : `str`
        Jira's id.

    Returns
    -------
    version : `tuple` [`str`, `str`] or `None`
        Its key and the stamp of its last change; `None` if it was never seen.
    """
    return versions(mirror, [issue_id]).get(issue_id)


def knows(mirror: Mirror, key: str) -> bool:
    """Tell whether an issue was ever seen.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    key : `str`
        Its key now, or one that it had.

    Returns
    -------
    known : `bool`
        Whether.
    """
    query = "SELECT 1 FROM issues WHERE key = :key UNION SELECT 1 FROM former_keys WHERE key = :key"
    return mirror.connection.execute(query, {"key": key}).fetchone() is not None


def keys_by_id(mirror: Mirror) -> dict[str, str]:
    """List every issue that was seen.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    keys : `dict` [`str`, `str`]
        By id.
    """
    return {row["id"]: row["key"] for row in mirror.connection.execute("SELECT id, key FROM issues")}


def renamed(mirror: Mirror) -> dict[str, str]:
    """List the keys that issues had before; normally there are none.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    keys : `dict` [`str`, `str`]
        Former key -> key now.
    """
    rows = mirror.connection.execute(
        "SELECT former_keys.key AS former, issues.key AS now FROM former_keys JOIN issues USING (id)"
    )
    return {row["former"]: row["now"] for row in rows}


def body(mirror: Mirror, issue_id: str) -> Mapping[str, Any] | None:
    """Read one issue as Jira sent it.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    issue_id : `str`
        Jira's id.

    Returns
    -------
    body : `~collections.abc.Mapping` or `None`
        `None` if it was never seen.
    """
    return next(bodies(mirror, id=issue_id), None)


def bodies(mirror: Mirror, **where: str) -> Iterator[Mapping[str, Any]]:
    """Read issues as Jira sent them.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    **where : `str`
        Columns and the values they must have: ``level``, ``key``, ``parent`` …

    Yields
    ------
    body : `~collections.abc.Mapping`
        In the order of their ids.
    """
    clause = " AND ".join(f"[{name}] = :{name}" for name in where) or "1"
    for row in mirror.db["issues"].rows_where(clause, where, order_by="CAST(id AS INTEGER)"):
        yield from_json(row["body"])


def campaigns_since(mirror: Mirror, since: datetime) -> tuple[str, ...]:
    """Find the campaigns that are active, or changed lately, or had a step that did (requirement F4).

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    since : `datetime.datetime`
        What is lately.

    Returns
    -------
    ids : `tuple` [`str`, ...]
        The last changed first.
    """
    rows = mirror.connection.execute(
        # Each part has an index of its own: what is old and closed costs nothing.
        """SELECT id, updated FROM issues WHERE level = :campaign AND status IN (:launch, :running, :paused)
        UNION SELECT id, updated FROM issues WHERE level = :campaign AND updated >= :since
        UNION SELECT epic.id, epic.updated FROM issues AS step JOIN issues AS epic ON epic.key = step.parent
            WHERE step.level = :step AND step.updated >= :since AND epic.level = :campaign
        ORDER BY updated DESC, id DESC""",
        {
            "campaign": Level.CAMPAIGN,
            "step": Level.STEP,
            "launch": Status.LAUNCH,
            "running": Status.RUNNING,
            "paused": Status.PAUSED,
            "since": stamp(since),
        },
    )
    return tuple(row["id"] for row in rows)


def campaigns_before(mirror: Mirror, before: tuple[str, str] | None) -> Iterator[tuple[str, str]]:
    """List campaigns by their last change, from one on: however many there are, it costs the same.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    before : `tuple` [`str`, `str`] or `None`
        Stamp and id of the one after which to begin; `None` for the beginning.

    Yields
    ------
    stamp, id : `str`
        The last changed first.
    """
    rows = mirror.connection.execute(
        """SELECT updated, id FROM issues WHERE level = ? AND (updated, id) < (?, ?)
        ORDER BY updated DESC, id DESC""",
        (Level.CAMPAIGN, *(before or ("~", "~"))),
    )
    yield from ((row["updated"], row["id"]) for row in rows)


def earlier_campaigns_with(mirror: Mirror, epic_id: str, field_id: str, value: str) -> tuple[str, ...]:
    """Find older campaigns, abandoned ones apart, that have a value in a field.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    epic_id : `str`
        Older than which.
    field_id : `str`
        The site's id of the field.
    value : `str`
        The value.

    Returns
    -------
    keys : `tuple` [`str`, ...]
        In the order of their ids.
    """
    rows = mirror.connection.execute(
        """SELECT key FROM issues WHERE level = ? AND status <> ? AND CAST(id AS INTEGER) < ?
        AND trim(json_extract(body, '$.fields."' || ? || '"')) = ? ORDER BY CAST(id AS INTEGER)""",
        (Level.CAMPAIGN, Status.ABANDONED, int(epic_id), field_id, value),
    )
    return tuple(row["key"] for row in rows)


def parents(mirror: Mirror, *, keys: set[str], ids: set[str]) -> set[str]:
    """Find the parents of issues.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    keys, ids : `set` [`str`]
        Keys and ids of the issues.

    Returns
    -------
    keys : `set` [`str`]
        Keys of their parents, as far as they have any.
    """
    found = set()
    for column, wanted in (("key", keys), ("id", ids)):
        for value in wanted:
            for row in mirror.db["issues"].rows_where(f"[{column}] = ?", [value]):
                found.add(row["parent"])
    return found - {""}
