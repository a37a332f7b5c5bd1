"""When people were mentioned last, and for what (requirement V12)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cmbot.mirror.database import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Connection

    from cmbot.models.issues import Person

_PREFIX = "mentioned for "


def last(connection: Connection, reason: str) -> dict[str, datetime]:
    """Read when people were mentioned last, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    reason : `str`
        For what: `cmbot.handlers.mentions.reason`.

    Returns
    -------
    last : `dict` [`str`, `datetime.datetime`]
        By account.
    """
    prefix = _name(reason, "")
    rows = connection.execute(
        "SELECT name, value FROM notes WHERE substr(name, 1, ?) = ?", (len(prefix), prefix)
    )
    return {row["name"].removeprefix(prefix): datetime.fromisoformat(row["value"]) for row in rows}


def keep(connection: Connection, people: Iterable[Person], reason: str, now: datetime) -> None:
    """Keep that people are mentioned, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    people : `~collections.abc.Iterable` [`~cmbot.models.issues.Person`]
        Who.
    reason : `str`
        For what.
    now : `datetime.datetime`
        When.
    """
    rows = [(_name(reason, person.account), stamp(now)) for person in people]
    connection.executemany("INSERT OR REPLACE INTO notes VALUES (?, ?)", rows)


def _name(reason: str, account: str) -> str:
    return f"{_PREFIX}{reason} {account}"
