"""Whether passes succeed: told by the service, asked by whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_POLLS = 3
"""Passes in a row that may fail before the service counts as failing (requirement V8)."""
_LEAST = timedelta(minutes=1)
"""However short the interval between passes is."""


def patience(poll: timedelta) -> timedelta:
    """Say how long passes may fail.

    Parameters
    ----------
    poll : `datetime.timedelta`
        Time between passes.

    Returns
    -------
    length : `datetime.timedelta`
        After it the service fails, and what pages show is stale (requirement V8).
    """
    return max(_POLLS * poll, _LEAST)


@dataclass(frozen=True)
class _State:
    started: datetime
    connected: bool = False
    stopping: bool = False
    succeeded: datetime | None = None
    delivered: datetime | None = None
    refused: int = 0
    trouble: str = ""


class Health:
    """What is known of the passes; may be used by several threads.

    Parameters
    ----------
    poll : `datetime.timedelta`
        Time between passes.
    now : `~collections.abc.Callable`
        Gives the time.
    """

    def __init__(self, poll: timedelta, now: Callable[[], datetime]) -> None:
        self._now = now
        self._patience = patience(poll)
        self._lock = Lock()
        self._state = _State(now())

    def passed(self, trouble: str) -> None:
        """Take note of a pass.

        Parameters
        ----------
        trouble : `str`
            What kept it from doing its work, without secrets; empty if it succeeded. What is wrong with
            single campaigns is no trouble of the service.
        """
        with self._lock:
            self._state = replace(self._state, trouble=trouble)
            if not trouble:
                self._state = replace(self._state, succeeded=self._now(), connected=True)

    def delivered(self) -> None:
        """Take note of a webhook of this Jira."""
        with self._lock:
            self._state = replace(self._state, delivered=self._now())

    def refused(self) -> int:
        """Take note of a webhook without the right signature.

        Returns
        -------
        count : `int`
            How many there were, with this one.
        """
        with self._lock:
            self._state = replace(self._state, refused=self._state.refused + 1)
            return self._state.refused

    def stopping(self) -> None:
        """Take note that no more passes are made."""
        with self._lock:
            self._state = replace(self._state, stopping=True)

    def report(self) -> tuple[bool, dict[str, Any]]:
        """Say whether passes succeed.

        Returns
        -------
        well : `bool`
            `False` once none has for three intervals.
        report : `dict`
            For people and scripts.
        """
        state = self._state
        since = state.succeeded or state.started
        well = self._now() - since < self._patience
        return well, {
            "status": "ok" if well and not state.trouble else "degraded" if well else "failing",
            "started": state.started.isoformat(),
            "last_success": state.succeeded.isoformat() if state.succeeded else None,
            "last_webhook": state.delivered.isoformat() if state.delivered else None,
            "refused_webhooks": state.refused,
            "trouble": state.trouble,
        }

    def ready(self) -> tuple[bool, dict[str, Any]]:
        """Say whether a first pass succeeded, and passes go on.

        Returns
        -------
        ready : `bool`
            Whether.
        report : `dict`
            With the reason if not.
        """
        state = self._state
        why = "stopping" if state.stopping else "" if state.connected else state.trouble or "starting"
        return not why, {"status": "not ready" if why else "ready", "trouble": why}
