"""How many requests each host was sent: the budget all uses share (requirement H1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cmbot.mirror.database import stamp

if TYPE_CHECKING:
    from cmbot.mirror.database import Mirror

HOUR = timedelta(hours=1)


def spend(mirror: Mirror, host: str) -> None:
    """Write down one request.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    host : `str`
        Which host was asked.
    """
    now = datetime.now(UTC)
    with mirror.writing() as connection:
        connection.execute("INSERT INTO requests VALUES (?, ?)", (host, stamp(now)))
        connection.execute("DELETE FROM requests WHERE at < ?", (stamp(now - HOUR),))


def spent(mirror: Mirror, host: str, now: datetime) -> int:
    """Count the requests of the last hour.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    host : `str`
        Of which host.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    count : `int`
        Also those sent before a restart.
    """
    row = mirror.connection.execute(
        "SELECT count(*) AS n FROM requests WHERE host = ? AND at > ?", (host, stamp(now - HOUR))
    ).fetchone()
    return int(row["n"])
