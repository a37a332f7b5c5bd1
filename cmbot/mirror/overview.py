"""How much the mirror holds, and what waits in it: for whoever runs cmbot (requirement V7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cmbot.mirror.database import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.mirror.database import Mirror

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Overview:
    """What is in the mirror."""

    issues: Mapping[str, int]
    """Issues by level."""
    attempts: Mapping[str, int]
    """Attempts by state."""
    outbox: Mapping[str, int]
    """What is to be told, or was, by state."""
    oldest: datetime | None
    """Since when the oldest of what is still to be told waits."""
    requests: Mapping[str, int]
    """Requests of the last hour by host, of those that are counted."""
    left_alone: Mapping[str, datetime]
    """Hosts that asked to be left alone, and until when."""
    commands: int
    """Commands in comments that are not carried out yet."""
    unread: int
    """Issues that are still to be read."""
    version: int
    """Version of its tables."""
    size: int
    """Bytes of the database."""


def overview(mirror: Mirror, now: datetime) -> Overview:
    """Look at a mirror.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    overview : `Overview`
        What is in it.
    """
    pending = "SELECT min(created_at) FROM outbox WHERE state = 'pending'"
    (oldest,) = mirror.connection.execute(pending).fetchone()
    (pages,) = mirror.connection.execute("PRAGMA page_count").fetchone()
    (length,) = mirror.connection.execute("PRAGMA page_size").fetchone()
    hosts = mirror.connection.execute(
        "SELECT host, not_before FROM hosts WHERE not_before > ?", (stamp(now),)
    )
    return Overview(
        issues=_counts(mirror, "SELECT level, count(*) FROM issues GROUP BY level"),
        attempts=_counts(mirror, "SELECT state, count(*) FROM attempts GROUP BY state"),
        outbox=_counts(mirror, "SELECT state, count(*) FROM outbox GROUP BY state"),
        oldest=datetime.fromisoformat(oldest) if oldest else None,
        requests=_counts(
            mirror, "SELECT host, count(*) FROM requests WHERE at > ? GROUP BY host", stamp(now - _HOUR)
        ),
        left_alone={row["host"]: datetime.fromisoformat(row["not_before"]) for row in hosts},
        commands=_counts(mirror, "SELECT '', count(*) FROM commands WHERE state <> 'done'")[""],
        unread=_counts(mirror, "SELECT '', count(*) FROM unread WHERE error = ''")[""],
        version=int(mirror.connection.execute("PRAGMA user_version").fetchone()[0]),
        size=pages * length,
    )


def _counts(mirror: Mirror, query: str, *values: str) -> dict[str, int]:
    return {str(name): int(number) for name, number in mirror.connection.execute(query, values)}
