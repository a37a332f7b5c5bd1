"""Campaigns that programs and schedules asked for, each once by its key (requirements B27, V24)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cmbot.mirror.database import stamp

if TYPE_CHECKING:
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror


@dataclass(frozen=True)
class Creation:
    """One campaign that was asked for."""

    key: str
    """What it is known by: asked for again by the same key it is the same one."""
    source: str
    """Who asked: ``schedule nightly``, or ``program``."""
    due_at: datetime
    """The instant of the schedule, or when it was asked for."""
    definition: str
    """What was asked for, as YAML; empty if that could not even be read."""
    campaign: str
    """Key of the epic; empty while it is not made."""
    problem: str
    """Why it is not made, until a person changes something; empty if nothing is wrong."""

    @property
    def open(self) -> bool:
        """Whether it is still to be made."""
        return not self.campaign and not self.problem


def find(mirror: Mirror, key: str) -> Creation | None:
    """Read what was asked for by a key.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    key : `str`
        The key.

    Returns
    -------
    creation : `Creation` or `None`
        `None` if nothing was.
    """
    return next(iter(_read(mirror, "key = ?", key)), None)


def of(mirror: Mirror, source: str) -> tuple[Creation, ...]:
    """Read what somebody asked for.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    source : `str`
        Who.

    Returns
    -------
    creations : `tuple` [`Creation`, ...]
        Newest first.
    """
    return _read(mirror, "source = ?", source)


def begin(mirror: Mirror, wanted: Creation) -> None:
    """Write down what is about to be made, before anything of it is; what was refused is tried anew.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    wanted : `Creation`
        What was asked for; with a problem, what cannot be made.
    """
    with mirror.writing() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO creations VALUES (?, ?, ?, ?, '', ?)",
            (wanted.key, wanted.source, stamp(wanted.due_at), wanted.definition, wanted.problem),
        )


def made(connection: Connection, key: str, campaign: str) -> None:
    """Keep which campaign it became, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    key, campaign : `str`
        The key, and that of the epic.
    """
    connection.execute("UPDATE creations SET campaign = ?, problem = '' WHERE key = ?", (campaign, key))


def _read(mirror: Mirror, where: str, value: str) -> tuple[Creation, ...]:
    rows = mirror.connection.execute(
        f"SELECT * FROM creations WHERE {where} ORDER BY due_at DESC",  # noqa: S608 - `where` is written here
        (value,),
    )
    return tuple(
        Creation(
            row["key"],
            row["source"],
            datetime.fromisoformat(row["due_at"]),
            row["definition"],
            row["campaign"],
            row["problem"],
        )
        for row in rows
    )
