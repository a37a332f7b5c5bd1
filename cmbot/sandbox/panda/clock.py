"""The sandbox's clock: it runs, until somebody stops it, sets it or moves it on.

Everything that is stored, shown or waits goes by it; where it stands is kept with the rest.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from cmbot.sandbox.panda import schema

if TYPE_CHECKING:
    import sqlite3

_KEY = "clock"
_FIRST, _LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)


def _representable(instant: datetime) -> datetime:
    if not _FIRST <= instant <= _LAST:
        raise ValueError(f"the clock shows the years {_FIRST.year} to {_LAST.year - 1}")
    return instant


class ClockOrder(BaseModel):
    """Body of ``POST /sandbox/clock``: first set, then moved on, then stopped or started."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    now: Annotated[AwareDatetime, AfterValidator(_representable)] | None = None
    """Instant to set it to, with a zone."""
    advance: float = Field(default=0.0, ge=-1e9, le=1e9)
    """Seconds to move it on, or back."""
    running: bool | None = None
    """Whether it runs from now on; as before if not given."""


class Clock:
    """The clock of one store.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection, in which it becomes the function ``instant()``.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._lock = threading.Lock()
        found = schema.kept(db, _KEY) or {"ahead": 0.0, "stopped": None}
        self._ahead = timedelta(seconds=found["ahead"])
        self._stopped = found["stopped"] and datetime.fromisoformat(found["stopped"])
        db.create_function("instant", 0, lambda: self().isoformat(timespec="microseconds"))

    def __call__(self) -> datetime:
        """Present instant, UTC."""
        with self._lock:
            return self._stopped or datetime.now(UTC) + self._ahead

    def steer(self, db: sqlite3.Connection, order: ClockOrder) -> None:
        """Set, move, stop or start the clock.

        Parameters
        ----------
        db : `sqlite3.Connection`
            Connection inside a transaction.
        order : `ClockOrder`
            What is to be done; the years beyond the clock's are cut.
        """
        wanted = (order.now or self()) + timedelta(seconds=order.advance)
        instant = min(max(wanted.astimezone(UTC), _FIRST), _LAST)
        with self._lock:
            running = self._stopped is None if order.running is None else order.running
            self._ahead = instant - datetime.now(UTC)
            self._stopped = None if running else instant
            stopped = None if self._stopped is None else self._stopped.isoformat()
            schema.keep(db, _KEY, {"ahead": self._ahead.total_seconds(), "stopped": stopped})

    def report(self) -> dict[str, Any]:
        """Where it stands, as JSON."""
        return {"now": self().isoformat(timespec="milliseconds"), "running": self._stopped is None}
