"""Commands that people wrote in comments, each consumed once, and what they moved (requirement W22).

What was begun is written here and, before anything is done, in the issue property ``cmbot.commands``: neither
a crash nor a lost mirror has a command carried out twice (docs/decisions/0013).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from cmbot.mirror.database import stamp
from cmbot.models.commands import Heard
from cmbot.models.issues import Person

if TYPE_CHECKING:
    from sqlite3 import Connection, Row

    from cmbot.mirror.database import Mirror

PROPERTY = "cmbot.commands"
_MOST = 100
"""Commands that the property names; older ones are too old to be carried out."""


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    since: AwareDatetime
    taken: tuple[Annotated[str, Field(pattern=r"^[0-9]{1,20}$")], ...]


def hear(connection: Connection, heard: Heard) -> bool:
    """Keep a comment with commands, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    heard : `~cmbot.models.commands.Heard`
        The comment.

    Returns
    -------
    new : `bool`
        `False` if it was heard before; what it says now, after an edit, does not matter then.
    """
    cursor = connection.execute(
        """INSERT OR IGNORE INTO commands (comment_id, issue_id, account, name, at, lines, restricted, unfit)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            heard.comment_id,
            heard.issue_id,
            heard.by.account,
            heard.by.name,
            stamp(heard.at),
            json.dumps(heard.lines),
            heard.restricted,
            heard.unfit,
        ),
    )
    return cursor.rowcount == 1


def take(connection: Connection, comment_id: str) -> None:
    """Write down that a comment is about to be carried out, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    comment_id : `str`
        Which.
    """
    connection.execute("UPDATE commands SET state = 'taken' WHERE comment_id = ?", (comment_id,))


def finish(connection: Connection, comment_id: str) -> None:
    """Write down that a comment was carried out and answered, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    comment_id : `str`
        Which.
    """
    connection.execute("UPDATE commands SET state = 'done' WHERE comment_id = ?", (comment_id,))


def waiting(mirror: Mirror) -> tuple[Heard, ...]:
    """List what is to be carried out and answered.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    heard : `tuple` [`~cmbot.models.commands.Heard`, ...]
        Oldest first.
    """
    rows = mirror.connection.execute(
        "SELECT * FROM commands WHERE state <> 'done' ORDER BY at, CAST(comment_id AS INTEGER)"
    )
    return tuple(_heard(row) for row in rows)


def arrived(mirror: Mirror, issue_id: str) -> datetime | None:
    """Say when an issue was seen first, by Jira's clock: older comments command nothing.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    issue_id : `str`
        Which.

    Returns
    -------
    at : `datetime.datetime` or `None`
        Its last change at that time; `None` if it was never seen.
    """
    row = mirror.connection.execute("SELECT at FROM arrivals WHERE issue_id = ?", (issue_id,)).fetchone()
    return datetime.fromisoformat(row["at"]) if row else None


def to_property(mirror: Mirror, issue_id: str) -> dict[str, Any]:
    """Write what was begun of an issue's commands as its property.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    issue_id : `str`
        Which.

    Returns
    -------
    value : `dict`
        What JSON can hold.
    """
    rows = mirror.connection.execute(
        "SELECT comment_id FROM commands WHERE issue_id = ? AND state <> 'new' ORDER BY at DESC LIMIT ?",
        (issue_id, _MOST),
    )
    since = arrived(mirror, issue_id)
    return {"since": since.isoformat() if since else None, "taken": [row["comment_id"] for row in rows]}


def remembered(value: object) -> tuple[datetime | None, frozenset[str]]:
    """Read what the property of an issue says; hostile until checked.

    Parameters
    ----------
    value : `object`
        What Jira holds.

    Returns
    -------
    since, taken
        When the issue was seen first, and ids of the comments that were begun; nothing if cmbot cannot have
        written it.
    """
    try:
        kept = _Kept.model_validate(value)
    except ValidationError:
        return None, frozenset()
    return kept.since, frozenset(kept.taken)


def recall(connection: Connection, issue_id: str, since: datetime | None) -> None:
    """Bring back when an issue was seen first, inside a transaction; only at its first reading by itself.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue_id : `str`
        Which.
    since : `datetime.datetime` or `None`
        As `remembered` says: it is known only from before a mirror was lost.
    """
    connection.execute(
        "UPDATE arrivals SET at = coalesce(?, at), asked = 1 WHERE issue_id = ? AND NOT asked",
        (stamp(since) if since else None, issue_id),
    )


def _heard(row: Row) -> Heard:
    return Heard(
        issue_id=row["issue_id"],
        comment_id=row["comment_id"],
        by=Person(row["account"], row["name"]),
        at=datetime.fromisoformat(row["at"]),
        lines=tuple(json.loads(row["lines"])),
        restricted=bool(row["restricted"]),
        unfit=row["unfit"],
    )
