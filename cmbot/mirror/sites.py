"""Sites at which people hold new work (requirement F5)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cmbot.mirror.database import stamp

if TYPE_CHECKING:
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror

_PREFIX = "site held "


@dataclass(frozen=True)
class Held:
    """Nothing new starts at a site."""

    site: str
    """Its name."""
    by: str
    """Who said so."""
    at: datetime
    """When."""
    reason: str
    """Why."""

    def __str__(self) -> str:
        return f"held by {self.by} since {self.at:%Y-%m-%d %H:%M} UTC: {self.reason}"


def hold(connection: Connection, held: Held) -> None:
    """Keep that nothing new starts at a site, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    held : `Held`
        Which, who and why.
    """
    told = json.dumps({"by": held.by, "at": stamp(held.at), "reason": held.reason})
    connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (f"{_PREFIX}{held.site}", told))


def release(connection: Connection, site: str) -> None:
    """Let work start again at a site, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    site : `str`
        Its name.
    """
    connection.execute("DELETE FROM notes WHERE name = ?", (f"{_PREFIX}{site}",))


def held(mirror: Mirror) -> dict[str, Held]:
    """Read at which sites nothing new starts.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    held : `dict` [`str`, `Held`]
        By site.
    """
    rows = mirror.connection.execute(
        "SELECT name, value FROM notes WHERE name LIKE ? ORDER BY name", (f"{_PREFIX}%",)
    ).fetchall()
    found: dict[str, Held] = {}
    for row in rows:
        name, told = row["name"].removeprefix(_PREFIX), json.loads(row["value"])
        found[name] = Held(name, told["by"], datetime.fromisoformat(told["at"]), told["reason"])
    return found
