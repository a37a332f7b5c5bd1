"""The sandbox's clock: it runs, until somebody stops it, sets it or moves it on."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from .asked import checked
from .errors import JiraError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .store import Clock, Store

_KEPT = "clock"
_FEWEST, _MOST = dt.datetime(1971, 1, 1, tzinfo=dt.UTC), dt.datetime(2999, 1, 1, tzinfo=dt.UTC)


class Order(BaseModel):
    """Body of ``PUT /sandbox/clock``: first set, then advanced, then stopped or started."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    now: AwareDatetime | None = None
    """Instant to set it to."""
    advance: Annotated[float, Field(ge=-1e9, le=1e9)] = 0.0
    """Seconds to move it on, or back."""
    running: bool | None = None
    """Whether it runs from now on; as before if not given."""


class SteerableClock:
    """A clock on top of another.

    Where it stands is kept in the store, so that time does not go back when the site starts again.

    Parameters
    ----------
    store : `Store`
        Whose clock it becomes.
    """

    def __init__(self, store: Store) -> None:
        self._base: Clock = store.clock
        self._store = store
        #: Called when it was moved.
        self.listeners: list[Callable[[], None]] = []
        self._ahead = dt.timedelta(0)
        self._stopped: dt.datetime | None = None
        self._recall()
        store.clock = self

    def __call__(self) -> dt.datetime:
        """The present instant."""
        return self._base() + self._ahead if self._stopped is None else self._stopped

    def steer(self, asked: Mapping[str, Any]) -> None:
        """Do what ``PUT /sandbox/clock`` asks.

        Raises
        ------
        JiraError
            Raised with 400 for what it does not know and for instants too far away.
        """
        order = checked(Order, asked)
        now = (order.now or self()) + dt.timedelta(seconds=order.advance)
        if not _FEWEST <= now <= _MOST:
            raise JiraError(400, f"The sandbox's clock shows the years {_FEWEST.year} to {_MOST.year - 1}.")
        running = self._stopped is None if order.running is None else order.running
        self._ahead = now - self._base()
        self._stopped = None if running else now.astimezone(dt.UTC)
        self._keep()
        self._tell()

    def report(self) -> dict[str, Any]:
        """Where it stands, as JSON."""
        now = self()
        return {
            "now": now.astimezone(dt.UTC).isoformat(timespec="milliseconds"),
            "epoch": int(now.timestamp() * 1000),
            "running": self._stopped is None,
        }

    def reset(self) -> None:
        """Show the real time again."""
        self._ahead, self._stopped = dt.timedelta(0), None
        self._store.run("DELETE FROM sandbox_state WHERE key = ?", _KEPT)
        self._tell()

    def _tell(self) -> None:
        for hear in self.listeners:
            hear()

    def _keep(self) -> None:
        stopped = None if self._stopped is None else self._stopped.isoformat()
        value = json.dumps({"ahead": self._ahead.total_seconds(), "stopped": stopped})
        self._store.run("INSERT OR REPLACE INTO sandbox_state (key, value) VALUES (?, ?)", _KEPT, value)

    def _recall(self) -> None:
        row = self._store.row("SELECT value FROM sandbox_state WHERE key = ?", _KEPT)
        if row is not None:
            kept = json.loads(row["value"])
            self._ahead = dt.timedelta(seconds=kept["ahead"])
            self._stopped = kept["stopped"] and dt.datetime.fromisoformat(kept["stopped"])
