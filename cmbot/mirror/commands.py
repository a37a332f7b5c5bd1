"""Commands that people wrote in comments, each consumed once, and what they moved (requirement W22).

What was begun is written here and, before anything is done, in the issue property ``cmbot.commands``: neither
a crash nor a lost mirror has a command carried out twice (docs/decisions/0013).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from cmbot.mirror import acts, outbox
from cmbot.mirror.database import stamp
from cmbot.models.attempts import Cause
from cmbot.models.commands import Heard
from cmbot.models.issues import Person, Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection, Row

    from cmbot.mirror.database import Mirror

PROPERTY = "cmbot.commands"
_MOST = 100
"""Commands that the property names; older ones are too old to be carried out."""
_MOST_ACTS, _WORDS = 30, 200
"""Acts that the property holds, and characters of their words: it has room for 32,768."""


class _Act(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    cause: Annotated[str, Field(pattern=r"^(comment|request):[0-9a-f:]{1,60}$")]
    account: Annotated[str, Field(min_length=1)]
    name: str
    at: AwareDatetime
    what: str
    source: Status
    target: Status
    after: int


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    since: AwareDatetime
    taken: tuple[Annotated[str, Field(pattern=r"^[0-9]{1,20}$")], ...] = ()
    acts: tuple[_Act, ...] = ()


@dataclass(frozen=True)
class Remembered:
    """What Jira keeps of the commands on an issue."""

    since: datetime | None = None
    """When the issue was seen first; `None` if nothing is kept."""
    taken: frozenset[str] = frozenset()
    """Ids of the comments that were begun."""
    acts: tuple[_Act, ...] = ()
    """What counts as a move."""


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
    counting = [
        {
            "cause": act.cause,
            "account": act.by.account,
            "name": act.by.name,
            "at": act.at.isoformat(),
            "what": act.words[:_WORDS],
            "source": act.source,
            "target": act.target,
            "after": act.history_id,
        }
        for act in acts.of(mirror, issue_id, "")[-_MOST_ACTS:]
    ]
    return {
        "since": since.isoformat() if since else None,
        "taken": [row["comment_id"] for row in rows],
        "acts": counting,
    }


def keep_said(mirror: Mirror, connection: Connection, issue: tuple[str, str], now: datetime) -> None:
    """Keep the property as it should be now, inside a transaction, if it is more than what was begun.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue : `tuple` [`str`, `str`]
        Id and key of the issue.
    now : `datetime.datetime`
        The time.
    """
    value, marker = to_property(mirror, issue[0]), f"property:{issue[0]}:{PROPERTY}"
    # What was begun is written at once, and must not be overwritten by what was to be told before.
    if value["acts"] or outbox.markers(mirror, [marker]):
        body = {"key": PROPERTY, "value": value}
        outbox.keep_said(connection, issue, "property", marker, body, now, timedelta(0))


def remembered(value: object) -> Remembered:
    """Read what the property of an issue says; hostile until checked.

    Parameters
    ----------
    value : `object`
        What Jira holds.

    Returns
    -------
    remembered : `Remembered`
        Nothing if cmbot cannot have written it.
    """
    try:
        kept = _Kept.model_validate(value)
    except ValidationError:
        return Remembered()
    return Remembered(kept.since, frozenset(kept.taken), kept.acts)


def recall(connection: Connection, issue_id: str, kept: Remembered, authors: Mapping[str, str]) -> None:
    """Bring back what Jira keeps, inside a transaction; only at the first reading of an issue by itself.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue_id : `str`
        Which.
    kept : `Remembered`
        Something only if a mirror was lost.
    authors : `~collections.abc.Mapping` [`str`, `str`]
        Accounts of those who wrote the comments of the issue, by comment: nobody acts under another name.
    """
    cursor = connection.execute(
        "UPDATE arrivals SET at = coalesce(?, at), asked = 1 WHERE issue_id = ? AND NOT asked",
        (stamp(kept.since) if kept.since else None, issue_id),
    )
    for act in kept.acts if cursor.rowcount else ():
        kind, *where = act.cause.split(":")
        written = len(where) > 1 and where[0] == issue_id and authors.get(where[1]) == act.account
        if written or kind == "request":
            cause = Cause(act.cause, Person(act.account, act.name), act.at, act.what)
            acts.restore(connection, issue_id, (act.source, act.target, act.after), cause)


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
