"""What is known of each try, by kind: the newest of its reports."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cmbot.mirror.database import stamp
from cmbot.models.attempts import AttemptState
from cmbot.models.data_report import FailedQuantum

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror

UNREGISTERED = "unregistered"
"""Kind of the report that says that nothing of a submission is in the Butler's registry."""
MONITOR = "monitor"
"""Kind of the report that holds what the WMS's monitor itself said of a submission when it had ended."""
_MADE = AttemptState.SUCCEEDED, AttemptState.PARTIAL
_MAY_HAVE_MADE = AttemptState.CANCELLED, AttemptState.FAILED
ARCHIVED = "archive"
"""Kind of the report that says what the archive holds of a try: its stage, and the hash of its manifest."""

SHARED = "shared"
"""Kind of the report that holds what a try should have in common with the others of its step: its hash, and
the values by path."""
EDITS = "edits"
"""Kind of the report that says what a person changed in the prepared file that a try was submitted with."""


def save(connection: Connection, try_id: int, kind: str, body: Mapping[str, Any], now: datetime) -> None:
    """Keep the newest report of a kind, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    try_id : `int`
        Of which try.
    kind : `str`
        ``wms`` or ``data``.
    body : `~collections.abc.Mapping`
        What JSON can hold.
    now : `datetime.datetime`
        The time.
    """
    connection.execute(
        "INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?)", (try_id, kind, stamp(now), json.dumps(body))
    )


def drop(connection: Connection, try_id: int, kind: str) -> None:
    """Forget a report, so that it is made again, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    try_id : `int`
        Of which try.
    kind : `str`
        Which.
    """
    connection.execute("DELETE FROM reports WHERE try_id = ? AND kind = ?", (try_id, kind))


def read(mirror: Mirror, try_id: int, kind: str) -> Mapping[str, Any] | None:
    """Read the newest report of a kind.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    try_id : `int`
        Of which try.
    kind : `str`
        ``wms`` or ``data``.

    Returns
    -------
    body : `~collections.abc.Mapping` or `None`
        `None` if there is none.
    """
    row = mirror.connection.execute(
        "SELECT body FROM reports WHERE try_id = ? AND kind = ?", (try_id, kind)
    ).fetchone()
    return json.loads(row["body"]) if row else None


def failed_quanta(mirror: Mirror, try_id: int) -> tuple[FailedQuantum, ...]:
    """Read the quanta that failed, as the data report has them.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    try_id : `int`
        Of which try.

    Returns
    -------
    quanta : `tuple` [`~cmbot.models.data_report.FailedQuantum`, ...]
        In the order of the report; empty while there is none.
    """
    report = (read(mirror, try_id, "data") or {}).get("report", {})
    return tuple(FailedQuantum(**each) for each in report.get("failed_quanta", ()))


def read_all(mirror: Mirror, try_id: int) -> dict[str, Mapping[str, Any]]:
    """Read the newest reports of a try.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    try_id : `int`
        Of which try.

    Returns
    -------
    bodies : `dict` [`str`, `~collections.abc.Mapping`]
        By kind.
    """
    rows = mirror.db["reports"].rows_where("try_id = ?", [try_id], order_by="kind")
    return {row["kind"]: json.loads(row["body"]) for row in rows}


def registered(mirror: Mirror, step_id: str) -> frozenset[int]:
    """Tell which tries of a step have outputs in the Butler's registry.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.

    Returns
    -------
    tries : `frozenset` [`int`]
        Of attempts that have ended, also cancelled, with something made.
    """
    rows = mirror.connection.execute(
        """SELECT tries.id FROM attempts JOIN tries ON attempt_id = attempts.id
        LEFT JOIN reports AS data ON data.try_id = tries.id AND data.kind = 'data'
        LEFT JOIN reports AS gone ON gone.try_id = tries.id AND gone.kind = ?
        WHERE step_id = ? AND gone.try_id IS NULL AND (attempts.state IN (?, ?)
        OR attempts.state IN (?, ?) AND json_extract(data.body, '$.counts.done') > 0)""",
        (UNREGISTERED, step_id, *_MADE, *_MAY_HAVE_MADE),
    )
    return frozenset(row["id"] for row in rows)


def shared(mirror: Mirror, step_id: str) -> dict[int, str]:
    """Read which tries of a step were submitted with the same configuration, beside names and data (B16).

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.

    Returns
    -------
    hashes : `dict` [`int`, `str`]
        Hash of the shared part by try.
    """
    rows = mirror.connection.execute(
        """SELECT tries.id, json_extract(body, '$.sha256') AS sha256 FROM attempts
        JOIN tries ON attempt_id = attempts.id JOIN reports ON try_id = tries.id
        WHERE step_id = ? AND kind = ?""",
        (step_id, SHARED),
    )
    return {row["id"]: row["sha256"] for row in rows}


def of_step(mirror: Mirror, step_id: str, kind: str) -> dict[int, Mapping[str, Any]]:
    """Read the newest reports of a kind of all tries of a step.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.
    kind : `str`
        Which.

    Returns
    -------
    bodies : `dict` [`int`, `~collections.abc.Mapping`]
        By try.
    """
    rows = mirror.connection.execute(
        """SELECT tries.id, body FROM attempts
        JOIN tries ON attempt_id = attempts.id JOIN reports ON try_id = tries.id
        WHERE step_id = ? AND kind = ?""",
        (step_id, kind),
    )
    return {row["id"]: json.loads(row["body"]) for row in rows}


def archived(mirror: Mirror, step_id: str) -> dict[int, str]:
    """Read how far the archive of the tries of a step is.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.

    Returns
    -------
    stages : `dict` [`int`, `str`]
        Stage of the newest manifest by try; empty if it had ended and more was learnt since.
    """
    rows = mirror.connection.execute(
        """SELECT tries.id, json_extract(kept.body, '$.stage') AS stage, kept.at < max(reports.at) AS behind
        FROM attempts JOIN tries ON attempt_id = attempts.id
        JOIN reports AS kept ON kept.try_id = tries.id AND kept.kind = ?
        JOIN reports ON reports.try_id = tries.id
        WHERE step_id = ? GROUP BY tries.id""",
        (ARCHIVED, step_id),
    )
    return {row["id"]: "" if row["stage"] == "ended" and row["behind"] else row["stage"] for row in rows}


def manifests(mirror: Mirror) -> dict[str, str]:
    """Read which manifests the archive must hold.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    hashes : `dict` [`str`, `str`]
        Hash of the newest manifest, by run name.
    """
    rows = mirror.connection.execute(
        """SELECT name, json_extract(body, '$.manifest') AS sha256
        FROM reports JOIN tries ON tries.id = try_id WHERE kind = ?""",
        (ARCHIVED,),
    )
    return {row["name"]: row["sha256"] for row in rows}


def changed_at(mirror: Mirror, try_id: int, kind: str) -> datetime | None:
    """Tell when a report last said something new.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    try_id : `int`
        Of which try.
    kind : `str`
        Which report.

    Returns
    -------
    at : `datetime.datetime` or `None`
        `None` if there is none.
    """
    row = mirror.connection.execute(
        "SELECT at FROM reports WHERE try_id = ? AND kind = ?", (try_id, kind)
    ).fetchone()
    return datetime.fromisoformat(row["at"]) if row else None
