"""Which definitions the attempts of steps used (requirement B19)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cmbot.mirror.database import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror


@dataclass(frozen=True)
class Used:
    """A definition that an attempt of a step used."""

    hash: str
    """Hash of the whole definition."""
    fields: Mapping[str, Mapping[str, Any]]
    """Values by field, of the ``campaign`` and of the ``step``."""
    at: datetime
    """When it was first used."""


def keep(
    connection: Connection, step_id: str, spec: str, fields: Mapping[str, Mapping[str, Any]], now: datetime
) -> None:
    """Keep the definition that an attempt uses, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    step_id, spec : `str`
        The step and the hash of its definition.
    fields : `~collections.abc.Mapping`
        See `Used`.
    now : `datetime.datetime`
        The time.
    """
    connection.execute(
        "INSERT OR IGNORE INTO definitions VALUES (?, ?, ?, ?)",
        (step_id, spec, json.dumps(fields), stamp(now)),
    )


def of(mirror: Mirror, step_id: str) -> tuple[Used, ...]:
    """Read the definitions that the attempts of a step used.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.

    Returns
    -------
    used : `tuple` [`Used`, ...]
        In the order of their first use.
    """
    rows = mirror.connection.execute(
        "SELECT * FROM definitions WHERE step_id = ? ORDER BY at, rowid", (step_id,)
    )
    return tuple(
        Used(row["hash"], json.loads(row["fields"]), datetime.fromisoformat(row["at"])) for row in rows
    )


def newest(mirror: Mirror, step_id: str) -> Used | None:
    """Read the definition that the newest attempt of a step uses.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.

    Returns
    -------
    used : `Used` or `None`
        With the time of that attempt; `None` before the first one.
    """
    row = mirror.connection.execute(
        """SELECT definitions.hash, fields, created_at FROM definitions
        JOIN attempts ON attempts.step_id = definitions.step_id AND attempts.hash = definitions.hash
        WHERE definitions.step_id = ? ORDER BY created_at DESC, id DESC LIMIT 1""",
        (step_id,),
    ).fetchone()
    if row is None:
        return None
    return Used(row["hash"], json.loads(row["fields"]), datetime.fromisoformat(row["created_at"]))
