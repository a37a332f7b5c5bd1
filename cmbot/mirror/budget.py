"""How many requests each host is sent in an hour: one budget for all its uses (requirement H1)."""

from __future__ import annotations

import logging
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cmbot.exceptions import Limited
from cmbot.mirror.database import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cmbot.mirror.database import Mirror

_LOG = logging.getLogger(__name__)
HOUR = timedelta(hours=1)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=5), HOUR
_LOOKS = 10
"""A look may cost this part of what is left: many small looks instead of one and then an hour without."""


class Budget:
    """Requests of the last hour, as the BigPanDA monitor counts them too (reference/panda.md section 2).

    Kept in the mirror, so that it survives a restart and is shared by all processes.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    limits : `~collections.abc.Mapping` [`str`, `int`]
        Host -> requests in an hour; other hosts are counted and not limited.
    reserve : `int`
        How many of them are kept for people's own commands.
    person : `bool`, optional
        Whether it is a person's command that asks, which may use the reserve.
    clock : `~collections.abc.Callable`, optional
        Gives the time.
    """

    def __init__(
        self,
        mirror: Mirror,
        limits: Mapping[str, int],
        reserve: int,
        *,
        person: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._mirror = mirror
        self._limits = {host: limit - (0 if person else reserve) for host, limit in limits.items()}
        self.clock = clock

    def spend(self, host: str) -> None:
        """Count one request; see `~cmbot.panda.wire.Budget.spend`."""
        now = self.clock()
        if (until := self.waits_until(host)) is not None:
            raise Limited(host, f"asked to be left alone until {_instant(until)}", until)
        limit = self._limits.get(host)
        if limit is not None and self.spent(host) >= limit:
            raise Limited(host, f"cmbot has sent the {limit} requests that it may send in an hour")
        with self._mirror.writing() as connection:
            connection.execute("INSERT INTO requests VALUES (?, ?)", (host, stamp(now)))
            connection.execute("DELETE FROM requests WHERE at < ?", (stamp(now - HOUR),))

    def spent(self, host: str) -> int:
        """Count the requests of the last hour.

        Parameters
        ----------
        host : `str`
            Of which host.

        Returns
        -------
        count : `int`
            Also those sent before a restart, and by other commands.
        """
        query = "SELECT count(*) AS n FROM requests WHERE host = ? AND at > ?"
        row = self._mirror.connection.execute(query, (host, stamp(self.clock() - HOUR))).fetchone()
        return int(row["n"])

    def share(self, host: str) -> int:
        """Tell what one look may cost; see `~cmbot.panda.wire.Budget.share`."""
        if self.waits_until(host) is not None:
            return 0
        left = self._limits.get(host, 10**6) - self.spent(host)
        return max(0, -(-left // _LOOKS))

    def refused(self, host: str) -> None:
        """Back off, longer each time; see `~cmbot.panda.wire.Budget.refused`."""
        row = self._row(host)
        refusals = int(row["refusals"]) + 1 if row else 1
        wait = min(_FIRST_WAIT * 2 ** min(refusals - 1, 10), _LONGEST_WAIT)
        # Others behind the same address were refused at the same moment.
        until = self.clock() + wait * random.uniform(1, 1.2)  # noqa: S311 - no secret
        with self._mirror.writing() as connection:
            values = (host, refusals, stamp(until))
            connection.execute("INSERT OR REPLACE INTO hosts VALUES (?, ?, ?)", values)
        _LOG.warning("%s refuses more requests: it is left alone until %s", host, _instant(until))

    def answered(self, host: str) -> None:
        """Forget refusals; see `~cmbot.panda.wire.Budget.answered`."""
        if self._row(host) is not None:
            with self._mirror.writing() as connection:
                connection.execute("DELETE FROM hosts WHERE host = ?", (host,))
            _LOG.info("%s answers again", host)

    def waits_until(self, host: str) -> datetime | None:
        """Tell until when a host is left alone.

        Parameters
        ----------
        host : `str`
            Which.

        Returns
        -------
        until : `datetime.datetime` or `None`
            `None` if it may be asked.
        """
        row = self._row(host)
        until = datetime.fromisoformat(row["not_before"]) if row else None
        return until if until is not None and until > self.clock() else None

    def _row(self, host: str) -> Mapping[str, str] | None:
        query = "SELECT refusals, not_before FROM hosts WHERE host = ?"
        row = self._mirror.connection.execute(query, (host,)).fetchone()
        return {key: str(row[key]) for key in ("refusals", "not_before")} if row else None


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
