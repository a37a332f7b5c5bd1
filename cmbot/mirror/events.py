"""Who did what and why, for ever: append-only (requirements E8, E9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cmbot.mirror.database import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror


@dataclass(frozen=True)
class Event:
    """One thing that happened."""

    at: datetime
    """When."""
    issue_key: str
    """Which issue it concerns."""
    who: str
    """A person, or ``cmbot``."""
    what: str
    """In a sentence."""
    why: str
    """The cause."""


def add(connection: Connection, at: datetime, issue_key: str, who: str, what: str, why: str = "") -> None:
    """Append an event, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    at : `datetime.datetime`
        When.
    issue_key, who, what, why : `str`
        See `Event`.
    """
    add_all(connection, [Event(at, issue_key, who, what, why)])


def add_all(connection: Connection, events: Iterable[Event]) -> None:
    """Append events, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    events : `~collections.abc.Iterable` [`Event`]
        In the order in which they are kept.
    """
    connection.executemany(
        "INSERT INTO events (at, issue_key, who, what, why) VALUES (?, ?, ?, ?, ?)",
        [(stamp(event.at), event.issue_key, event.who, event.what, event.why) for event in events],
    )


def of(mirror: Mirror, keys: tuple[str, ...]) -> tuple[Event, ...]:
    """Read the events of issues.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    keys : `tuple` [`str`, ...]
        Keys of the issues.

    Returns
    -------
    events : `tuple` [`Event`, ...]
        Oldest first.
    """
    return newest(mirror, keys, -1)


def newest(mirror: Mirror, keys: tuple[str, ...], most: int) -> tuple[Event, ...]:
    """Read the newest events of issues.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    keys : `tuple` [`str`, ...]
        Keys of the issues.
    most : `int`
        How many; -1 for all.

    Returns
    -------
    events : `tuple` [`Event`, ...]
        Oldest first.
    """
    marks = ", ".join("?" * len(keys))
    # What happened under a former key happened to the same issue.
    query = f"""SELECT * FROM events WHERE issue_key IN ({marks}) OR issue_key IN (
        SELECT former_keys.key FROM former_keys JOIN issues USING (id) WHERE issues.key IN ({marks}))
        ORDER BY at DESC, id DESC LIMIT ?"""  # noqa: S608 - only question marks
    rows = mirror.connection.execute(query, (*keys, *keys, most)).fetchall()
    return tuple(
        Event(datetime.fromisoformat(row["at"]), row["issue_key"], row["who"], row["what"], row["why"])
        for row in reversed(rows)
    )
